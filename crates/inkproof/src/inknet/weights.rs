//! What a training gives `inknet`: the linear map from raw places, what forgeries have taught beyond it, and how similar two
//! signings of one writer are expected to be.

use inkproof_nn::descriptors::add_weighted;

use super::{RAW, WIDTH};
use crate::{Error, Result};

/// Units of the hidden layer of a [`Refinement`].
pub const HIDDEN: usize = 64;

/// The map from raw places, and the statistics that it was made from, so that a training can go on from there.
#[derive(Clone, Debug, PartialEq)]
pub struct InknetWeights {
    /// `[RAW]`: the mean of all raw places.
    pub mean: Vec<f32>,
    /// `[RAW, WIDTH]`, row-major: what a raw place less the mean is multiplied by.
    pub projection: Vec<f32>,
    /// `[RAW, RAW]`: mean products of the differences between matched places of one writer.
    pub within: Vec<f32>,
    /// `[RAW, RAW]`: the covariance of all raw places.
    pub total: Vec<f32>,
    /// What skilled forgeries have taught; None where there were none to learn from.
    pub refinement: Option<Refinement>,
    /// How similar two signings of one writer are expected to be.
    pub expected: Expected,
}

/// A residual layer on a projected place `v` of unit length: `v + back(relu(into(v) + offset))`, brought to unit length
/// again (K. He et al., Deep residual learning for image recognition, CVPR 2016).
#[derive(Clone, Debug, PartialEq)]
pub struct Refinement {
    /// `[WIDTH, HIDDEN]`, row-major.
    pub into: Vec<f32>,
    /// `[HIDDEN]`.
    pub offset: Vec<f32>,
    /// `[HIDDEN, WIDTH]`, row-major.
    pub back: Vec<f32>,
}

/// How similar two signings of one writer are expected to be, where nothing is known of the writer: the longer and the more
/// intricate a signature, the less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The likeness of two signings with [`Expected::TYPICAL`] places, 0..1.
    pub typical: f32,
}

impl Expected {
    /// A usual number of places.
    pub const TYPICAL: usize = 150;
    /// What the likeness changes by when there are e times as many places; fixed on the development writers, since
    /// synthetic ones do not show it (docs/model-card.md).
    pub const SLOPE: f64 = -0.1;
    /// Of models that were trained before this was learned.
    pub const CONSTANT: Self = Self { typical: 0.64 };

    /// Of how many times the usual number of places there are, the logarithm.
    pub fn logarithm(places: usize) -> f64 {
        (places.max(1) as f64 / Self::TYPICAL as f64).ln()
    }

    /// The likeness that is expected at this [logarithm](Expected::logarithm); within what occurs, 0.3..0.95.
    pub fn similarity(self, logarithm: f64) -> f64 {
        (f64::from(self.typical) + Self::SLOPE * logarithm).clamp(0.3, 0.95)
    }
}

impl InknetWeights {
    pub(super) fn check(&self) -> Result<()> {
        let mut parts = vec![
            ("mean", &self.mean, RAW),
            ("projection", &self.projection, RAW * WIDTH),
            ("within", &self.within, RAW * RAW),
            ("total", &self.total, RAW * RAW),
        ];
        if let Some(Refinement { into, offset, back }) = &self.refinement {
            parts.extend([
                ("refinement.into", into, WIDTH * HIDDEN),
                ("refinement.offset", offset, HIDDEN),
                ("refinement.back", back, HIDDEN * WIDTH),
            ]);
        }
        for (name, values, length) in parts {
            if values.len() != length {
                return Err(Error::Model(format!("'{name}' of inknet has {} numbers, not {length}", values.len())));
            }
            if values.iter().any(|value| !value.is_finite()) {
                return Err(Error::Model(format!("'{name}' of inknet holds a NaN or an infinity")));
            }
        }
        if !self.expected.typical.is_finite() {
            return Err(Error::Model("'expected' of inknet holds a NaN or an infinity".to_owned()));
        }
        Ok(())
    }

    /// A unit vector.
    pub(super) fn describe(&self, raw: &[f32; RAW]) -> [f32; WIDTH] {
        let projected = self.project(raw);
        self.refinement.as_ref().map_or(projected, |refinement| refinement.apply(&projected).place)
    }

    fn project(&self, raw: &[f32; RAW]) -> [f32; WIDTH] {
        let mut centred = *raw;
        centred.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value -= mean);
        let mut sums = [0.0; WIDTH];
        add_weighted(&mut sums, &centred, &self.projection, WIDTH);
        unit(sums).0
    }
}

/// What a [`Refinement`] makes of a place, and what its backward pass needs.
pub struct Refined {
    /// Of unit length.
    pub place: [f32; WIDTH],
    /// The hidden layer after its ReLU.
    pub hidden: [f32; HIDDEN],
    /// How long the place was before it was brought to unit length.
    pub length: f32,
}

impl Refinement {
    /// Changes nothing yet: the way back is zero.
    pub fn new(into: Vec<f32>) -> Self {
        Self { into, offset: vec![0.0; HIDDEN], back: vec![0.0; HIDDEN * WIDTH] }
    }

    /// What it makes of a projected place of unit length.
    pub fn apply(&self, projected: &[f32; WIDTH]) -> Refined {
        let mut hidden = [0.0; HIDDEN];
        hidden.copy_from_slice(&self.offset);
        add_weighted(&mut hidden, projected, &self.into, HIDDEN);
        let hidden = hidden.map(|value| value.max(0.0));
        let mut sums = *projected;
        add_weighted(&mut sums, &hidden, &self.back, WIDTH);
        let (place, length) = unit(sums);
        Refined { place, hidden, length }
    }
}

fn unit(values: [f32; WIDTH]) -> ([f32; WIDTH], f32) {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    (values.map(|value| value / length), length)
}
