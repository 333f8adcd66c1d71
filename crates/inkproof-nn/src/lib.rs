//! The neural networks of inkproof: SIMD kernels, two siamese networks, their training, and the files they are exported
//! to. This crate knows pictures and numbers, and nothing of signatures.
//!
//! A network turns a picture of [`SIDE`] x [`SIDE`] numbers in 0..1 into a vector of [`EMBEDDING_LEN`] numbers. Two
//! calls of one network, compared by a head of one output, are a siamese network; a [`Trainer`] trains all of it.
//!
//! ```
//! use inkproof_nn::{Backbone, Batch, Embedder, SIDE, Trainer, Weights};
//!
//! let weights = Weights::initialise(Backbone::SimpleCnn, 1);
//! let mut trainer = Trainer::new(weights, Trainer::LEARNING_RATE, 1);
//! let picture = |from: usize| (0..SIDE * SIDE).map(move |at| f32::from(at / SIDE >= from));
//! // Two pairs: one of equal pictures, one of different ones.
//! let batch = Batch {
//!     a: picture(50).chain(picture(50)).collect(),
//!     b: picture(50).chain(picture(150)).collect(),
//!     labels: vec![1.0, 0.0],
//! };
//! let before = trainer.step(&batch).loss;
//! let after = trainer.step(&batch).loss;
//! assert!(after < before);
//!
//! let embedder = Embedder::new(trainer.weights);
//! let vector = embedder.embed(picture(50).collect());
//! assert_eq!(vector.len(), inkproof_nn::EMBEDDING_LEN);
//! ```
#![deny(unsafe_code)]

pub mod descriptors;
mod error;
#[cfg(feature = "keras")]
pub mod keras;
#[allow(unsafe_code)]
mod kernels;
mod network;
pub mod onnx;
pub mod parallel;
pub mod random;
pub mod speed;
mod tensor;

pub use error::{Error, Result};
pub use network::{
    Adam, Backbone, Batch, DETECTOR_CHANNELS, Detected, Detector, DetectorTrainer, Device, EMBEDDING_LEN, Embedder,
    Initialiser, NamedTensors, Parameter, SIDE, Seen, Step, Trainer, Weights,
};
