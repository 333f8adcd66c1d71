//! The networks: a picture becomes a unit vector, two vectors become a probability.
//!
//! `picture -> backbone -> dense 256, ReLU, L2 normalization` is the embedding; the siamese head is
//! `|a - b| -> dense 1 -> sigmoid` on two embeddings of the same weights. Everything follows Keras, the golden tests
//! show how closely.

mod adam;
#[cfg(any(test, feature = "gpu"))]
mod burn_network;
#[cfg(any(test, feature = "gpu"))]
mod burn_ops;
mod cpu;
mod detector;
mod device;
pub(crate) mod efficientnet;
mod layers;
mod ops;
mod simple_cnn;
mod tensors;
mod trainer;
mod weights;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use adam::Adam;
pub use cpu::Embedder;
pub use detector::{DETECTOR_CHANNELS, Detected, Detector, DetectorTrainer, Seen};
pub use device::Device;
pub use tensors::{Initialiser, NamedTensors, Parameter};
pub use trainer::{Batch, Step, Trainer};
pub use weights::Weights;

#[cfg(feature = "keras")]
pub(crate) use layers::{BATCH_NORM_MOMENTUM, zeros_before};
pub(crate) use ops::batch_norm::EPSILON as BATCH_NORM_EPSILON;

use crate::Error;
use layers::Layers;

/// Rows and columns of a picture.
pub const SIDE: usize = 224;

/// How many numbers an embedding has.
pub const EMBEDDING_LEN: usize = 256;

/// The part of a network that turns a picture into features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backbone {
    /// The notebook's two convolutions; 107,777 parameters with the head.
    SimpleCnn,
    /// Keras' EfficientNetB0 for one channel; 4,377,181 parameters with the head.
    EfficientnetB0,
}

impl Backbone {
    /// Every backbone there is.
    pub const ALL: [Self; 2] = [Self::SimpleCnn, Self::EfficientnetB0];

    /// All tensors of the siamese network: backbone, dense layer and head.
    pub fn parameters(self) -> Vec<Parameter> {
        let (mut list, features) = match self {
            Self::SimpleCnn => (simple_cnn::parameters(), simple_cnn::FEATURES),
            Self::EfficientnetB0 => (efficientnet::parameters(), efficientnet::FEATURES),
        };
        for (name, inside, out) in [("embed", features, EMBEDDING_LEN), ("head", EMBEDDING_LEN, 1)] {
            let initialiser = Initialiser::GlorotUniform { fan_in: inside, fan_out: out };
            list.push(Parameter::new(format!("{name}.weight"), &[inside, out], initialiser));
            list.push(Parameter::new(format!("{name}.bias"), &[out], Initialiser::Constant(0.0)));
        }
        list
    }

    fn name(self) -> &'static str {
        match self {
            Self::SimpleCnn => "simple-cnn",
            Self::EfficientnetB0 => "efficientnet-b0",
        }
    }

    /// `[batch, height, width, 1]` in [0, 1] to unit vectors `[batch, EMBEDDING_LEN]`; a row of zeros stays zeros.
    fn embed<L: Layers>(self, layers: &mut L, x: L::Pictures) -> L::Vectors {
        let features = match self {
            Self::SimpleCnn => simple_cnn::features(layers, x),
            Self::EfficientnetB0 => efficientnet::features(layers, x),
        };
        let dense = layers.dense("embed", features);
        let positive = layers.relu(dense);
        layers.unit_vectors(positive)
    }
}

impl fmt::Display for Backbone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backbone {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|backbone| backbone.name() == name)
            .ok_or_else(|| Error::UnknownBackbone(name.to_owned()))
    }
}

#[cfg(test)]
mod burn_ops_tests;
#[cfg(all(test, feature = "keras"))]
pub(crate) use golden_tests::pictures as golden_pictures;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod gradient_tests;
