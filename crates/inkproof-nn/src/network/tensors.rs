//! The numbers of a network as plain data: what each tensor is called, its shape, how it starts, and its values.
//!
//! Names and shapes are those of the model file. Convolutions are `[out, in, height, width]` (depthwise:
//! `[channels, 1, height, width]`), dense layers `[in, out]`.

use std::collections::{BTreeMap, HashMap};

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::{Error, Result};

/// How a tensor starts, as Keras does it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Initialiser {
    /// All the same value.
    Constant(f32),
    /// Uniform in ±sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).
    GlorotUniform {
        /// Inputs of each output.
        fan_in: usize,
        /// Outputs of each input.
        fan_out: usize,
    },
    /// Normal, cut at two standard deviations, such that the variance is 2 / fan_out (He et al. 2015).
    HeNormalFanOut {
        /// Outputs of each input.
        fan_out: usize,
    },
}

/// One tensor of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the model file.
    pub name: String,
    /// Rows, columns and so on; see the module.
    pub shape: Vec<usize>,
    /// How it starts.
    pub initialiser: Initialiser,
    /// False for statistics, which have no gradient: those of batch normalisation move in training, those of a detector's
    /// numbers stay.
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

/// Tensors by their names, each with its shape.
pub type NamedTensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Numbers for each tensor of a network that has some, in the order of its parameters.
pub(super) type EachTensor = Vec<Option<Vec<f32>>>;

/// All tensors of a network, in the order of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensors {
    parameters: Vec<Parameter>,
    values: Vec<Vec<f32>>,
    /// Where each tensor is, by name.
    places: HashMap<String, usize>,
}

impl Tensors {
    /// Draws the starting values as Keras does; every tensor has a stream of its own, so that one more tensor changes
    /// nothing in the others.
    pub(super) fn initialise(parameters: Vec<Parameter>, seed: u64) -> Self {
        let draw = |(stream, parameter): (usize, &Parameter)| {
            let mut rng = crate::random::stream(seed, "weights", stream as u64);
            (0..parameter.len()).map(|_| parameter.initialiser.draw(&mut rng)).collect()
        };
        let values = parameters.iter().enumerate().map(draw).collect();
        Self::new(parameters, values)
    }

    fn new(parameters: Vec<Parameter>, values: Vec<Vec<f32>>) -> Self {
        let places = parameters.iter().enumerate().map(|(place, parameter)| (parameter.name.clone(), place)).collect();
        Self { parameters, values, places }
    }

    /// Takes tensors of a network, whose name is for errors, by their names.
    ///
    /// # Errors
    /// Where a tensor is missing, too many, of another shape, or holds a NaN or an infinity.
    pub(super) fn from_named(
        network: &'static str,
        parameters: Vec<Parameter>,
        mut named: NamedTensors,
    ) -> Result<Self> {
        let mut values = Vec::with_capacity(parameters.len());
        for parameter in &parameters {
            let name = &parameter.name;
            let (shape, numbers) =
                named.remove(name).ok_or_else(|| Error::MissingTensor { network, name: name.clone() })?;
            if shape != parameter.shape || numbers.len() != parameter.len() {
                let expected = parameter.shape.clone();
                return Err(Error::TensorShape { network, name: name.clone(), shape, expected });
            }
            if numbers.iter().any(|number| !number.is_finite()) {
                return Err(Error::NotFinite(name.clone()));
            }
            values.push(numbers);
        }
        match named.into_keys().next() {
            Some(name) => Err(Error::UnknownTensor { network, name }),
            None => Ok(Self::new(parameters, values)),
        }
    }

    /// Where the tensor called `name` is.
    ///
    /// # Panics
    /// Where the network has no such tensor: its code and its list of parameters disagree.
    pub(crate) fn place(&self, name: &str) -> usize {
        *self.places.get(name).unwrap_or_else(|| panic!("the network has a tensor '{name}'"))
    }

    pub(super) fn shape(&self, place: usize) -> &[usize] {
        &self.parameters[place].shape
    }

    pub(crate) fn values(&self, place: usize) -> &[f32] {
        &self.values[place]
    }

    /// The values of the tensor called `name`; panics as [`Tensors::place`] does.
    pub(crate) fn named(&self, name: &str) -> &[f32] {
        self.values(self.place(name))
    }

    pub(super) fn set(&mut self, place: usize, values: Vec<f32>) {
        assert_eq!(values.len(), self.parameters[place].len(), "as many numbers as before");
        self.values[place] = values;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Parameter, &[f32])> {
        self.parameters.iter().zip(self.values.iter().map(Vec::as_slice))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Parameter, &mut Vec<f32>)> {
        self.parameters.iter().zip(&mut self.values)
    }

    /// Takes over the moving statistics of a step, in the order of the parameters.
    pub(super) fn keep_moved(&mut self, moved: EachTensor) {
        for (values, moved) in self.values.iter_mut().zip(moved) {
            if let Some(moved) = moved {
                *values = moved;
            }
        }
    }

    pub(super) fn is_finite(&self) -> bool {
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
