//! The networks: an ink becomes a unit vector, two vectors become a probability.
//!
//! `ink -> backbone -> dense 256, ReLU, L2 normalisation` is the embedding; the siamese head is
//! `|a - b| -> dense 1 -> sigmoid` on two embeddings of the same weights. Everything follows Keras, the golden tests
//! show how closely.

mod adam;
mod compute;
pub(crate) mod efficientnet;
mod layers;
mod ops;
mod pass;
mod simple_cnn;
mod stock;
mod trainer;
mod weights;

use std::fmt;
use std::str::FromStr;

use burn::tensor::Tensor;
use burn::tensor::activation::{relu, sigmoid};
use serde::{Deserialize, Serialize};

pub use adam::Adam;
pub use compute::Compute;
pub use trainer::{Batch, Step, Trainer};
pub use weights::{Initialiser, Parameter, Weights};

pub(crate) use pass::Pass;

use crate::{Error, SIDE};

/// How many numbers an embedding has.
pub const EMBEDDING_LEN: usize = 256;

/// The part of a network that turns an ink into features.
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

    /// `[batch, SIDE, SIDE, 1]` in [0, 1] to unit vectors `[batch, 256]`; a row of zeros stays zeros.
    pub(crate) fn embed(self, pass: &Pass, x: Tensor<4>) -> Tensor<2> {
        let features = match self {
            Self::SimpleCnn => simple_cnn::features(pass, x),
            Self::EfficientnetB0 => efficientnet::features(pass, x),
        };
        let dense = layers::dense(features, pass.get("embed.weight"), pass.get("embed.bias"));
        layers::l2_normalise(relu(dense))
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

/// The probability that the two embeddings are of one writer: `[batch, 256]` twice to `[batch, 1]`.
pub(crate) fn similarity(pass: &Pass, a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    sigmoid(layers::dense((a - b).abs(), pass.get("head.weight"), pass.get("head.bias")))
}

/// Embeds pictures for inference: `pixels` holds `SIDE * SIDE` numbers in [0, 1] for each, the result 256.
pub(crate) fn embed(weights: &Weights, pass: &Pass, pixels: Vec<f32>) -> Vec<f32> {
    let batch = pixels.len() / (SIDE * SIDE);
    let x = pass.input(pixels, [batch, SIDE, SIDE, 1]);
    pass::values(weights.backbone().embed(pass, x))
}

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod gradient_tests;
#[cfg(test)]
mod stock_tests;
