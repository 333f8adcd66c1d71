//! The numbers of a network as plain data: what each tensor is called, its shape, how it starts, and its values.
//!
//! Names and shapes are those of the model file. Convolutions are `[out, in, height, width]` (depthwise:
//! `[channels, 1, height, width]`), dense layers `[in, out]`.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::Backbone;
use crate::{Error, Result};

/// How a tensor starts, as Keras does it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initialiser {
    /// All the same value.
    Constant(f32),
    /// Uniform in ±sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).
    GlorotUniform { fan_in: usize, fan_out: usize },
    /// Normal, cut at two standard deviations, such that the variance is 2 / fan_out (He et al. 2015).
    HeNormalFanOut { fan_out: usize },
}

/// One tensor of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub shape: Vec<usize>,
    pub initialiser: Initialiser,
    /// False for the moving statistics of batch normalisation, which training updates without a gradient.
    pub trainable: bool,
}

impl Parameter {
    pub(super) fn new(name: impl Into<String>, shape: &[usize], initialiser: Initialiser) -> Self {
        Self { name: name.into(), shape: shape.to_vec(), initialiser, trainable: true }
    }

    pub(super) fn statistic(name: impl Into<String>, channels: usize, start: f32) -> Self {
        let initialiser = Initialiser::Constant(start);
        Self { name: name.into(), shape: vec![channels], initialiser, trainable: false }
    }

    /// How many numbers the tensor has.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Never true: a network has no empty tensors.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// All tensors of a siamese network, in the order of [`Backbone::parameters`].
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    backbone: Backbone,
    parameters: Vec<Parameter>,
    values: Vec<Vec<f32>>,
}

impl Weights {
    /// Draws the starting values as Keras does; every tensor has a stream of its own, so that one more tensor changes
    /// nothing in the others.
    pub fn initialise(backbone: Backbone, seed: u64) -> Self {
        let parameters = backbone.parameters();
        let draw = |(stream, parameter): (usize, &Parameter)| {
            let mut rng = crate::random::stream(seed, "weights", stream as u64);
            (0..parameter.len()).map(|_| parameter.initialiser.draw(&mut rng)).collect()
        };
        let values = parameters.iter().enumerate().map(draw).collect();
        Self { backbone, parameters, values }
    }

    /// Takes tensors by name, as read from a file.
    ///
    /// # Errors
    /// Where a tensor is missing, too many, of another shape, or holds a NaN or an infinity.
    pub fn from_tensors(backbone: Backbone, mut tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>) -> Result<Self> {
        let parameters = backbone.parameters();
        let mut values = Vec::with_capacity(parameters.len());
        for parameter in &parameters {
            let (shape, numbers) = tensors
                .remove(&parameter.name)
                .ok_or_else(|| Error::Model(format!("tensor '{}' of {backbone} is missing", parameter.name)))?;
            if shape != parameter.shape {
                let (name, wanted) = (&parameter.name, &parameter.shape);
                return Err(Error::Model(format!("tensor '{name}' has shape {shape:?}; {backbone} has {wanted:?}")));
            }
            if numbers.iter().any(|number| !number.is_finite()) {
                return Err(Error::Model(format!("tensor '{}' holds a NaN or an infinity", parameter.name)));
            }
            values.push(numbers);
        }
        match tensors.into_keys().next() {
            Some(name) => Err(Error::Model(format!("tensor '{name}' is none of {backbone}"))),
            None => Ok(Self { backbone, parameters, values }),
        }
    }

    pub fn backbone(&self) -> Backbone {
        self.backbone
    }

    /// Every tensor with its values, in the order of [`Backbone::parameters`].
    pub fn iter(&self) -> impl Iterator<Item = (&Parameter, &[f32])> {
        self.parameters.iter().zip(self.values.iter().map(Vec::as_slice))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Parameter, &mut Vec<f32>)> {
        self.parameters.iter().zip(&mut self.values)
    }

    /// Whether every number is finite: false after a step that diverged.
    pub fn is_finite(&self) -> bool {
        self.values.iter().flatten().all(|value| value.is_finite())
    }
}

impl Initialiser {
    fn draw(self, rng: &mut impl rand::Rng) -> f32 {
        match self {
            Self::Constant(value) => value,
            Self::GlorotUniform { fan_in, fan_out } => {
                let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
                rng.random_range(-limit..=limit)
            }
            Self::HeNormalFanOut { fan_out } => {
                // The standard deviation of a normal that is cut at ±2, by which Keras divides.
                const CUT_NORMAL: f64 = 0.879_625_661_034_239_8;
                let deviation = (2.0 / fan_out as f64).sqrt() / CUT_NORMAL;
                let normal = std::iter::repeat_with(|| -> f64 { StandardNormal.sample(rng) });
                (cut(normal) * deviation) as f32
            }
        }
    }
}

/// The first number within two standard deviations.
fn cut(mut normal: impl Iterator<Item = f64>) -> f64 {
    normal.find(|x| x.abs() <= 2.0).expect("an endless iterator")
}
