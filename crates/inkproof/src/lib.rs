//! The engine of inkproof: bytes → gray image → ink → embedding → score → decision.
//!
//! Each arrow is one function that can be read, tested and timed alone. The engine opens no
//! data set, no database and no socket, and builds for `wasm32-unknown-unknown` without the feature `rayon`.
#![forbid(unsafe_code)]

pub mod architecture;
pub mod atomic;
pub mod calibration;
pub mod decode;
pub mod digest;
mod embedding_bytes;
pub mod error;
pub mod explain;
pub mod gray;
pub mod inknet;
pub mod limits;
pub mod model;
pub mod onnx;
pub mod preprocess;
pub mod quality;
pub mod score;
pub mod speed;

pub use architecture::Architecture;
pub use atomic::write_atomically;
pub use calibration::{Calibration, Log10Lr, Support};
pub use decode::{GrayRule, decode, decode_with_digest, read_image_file};
pub use digest::ImageDigest;
pub use error::{Error, Result};
pub use explain::Explanation;
pub use gray::Gray;
pub use inkproof_nn::{Backbone, random};
pub use limits::Limits;
pub use model::Model;
pub use preprocess::{Frame, Ink, InkParameters, Prepared, Preprocess, SIDE, raw_resize};
pub use quality::Flaw;
pub use score::{Decision, Embedding, Score, Threshold};

/// The two siamese networks and their training, of [`inkproof_nn`].
pub mod network {
    pub use inkproof_nn::{
        Adam, Backbone, Batch, Device as Compute, EMBEDDING_LEN, Initialiser, Parameter, Step, Trainer, Weights,
    };
}
