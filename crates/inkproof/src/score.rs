//! Embeddings, and what is said about them: score, threshold, decision.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calibration::{Log10Lr, Support};
use crate::inknet::LocalFeatures;
use crate::{Error, Result};

/// What a model keeps of one ink; comparable only within one model.
#[derive(Clone, Debug, PartialEq)]
pub enum Embedding {
    /// Of a siamese network: 256 numbers of unit length, or zeros where it sees nothing.
    Vector(Vec<f32>),
    /// Of `inknet`: nothing where there is no stroke.
    LocalFeatures(LocalFeatures),
}

impl Embedding {
    /// The vector; None of places.
    pub fn vector(&self) -> Option<&[f32]> {
        match self {
            Self::Vector(vector) => Some(vector),
            Self::LocalFeatures(_) => None,
        }
    }

    /// The places; None of a vector.
    pub fn local_features(&self) -> Option<&LocalFeatures> {
        match self {
            Self::Vector(_) => None,
            Self::LocalFeatures(places) => Some(places),
        }
    }

    /// How similar two are, whoever signed: 1 for the same ink. Of vectors the cosine, of places [`LocalFeatures::similarity`].
    ///
    /// # Errors
    /// [`Error::OtherEmbedding`] for two of different kinds.
    pub fn similarity(&self, other: &Self) -> Result<f64> {
        match (self, other) {
            (Self::Vector(a), Self::Vector(b)) if a.len() == b.len() => {
                Ok(a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum())
            }
            (Self::LocalFeatures(a), Self::LocalFeatures(b)) => Ok(f64::from(a.similarity(b))),
            _ => Err(Error::OtherEmbedding),
        }
    }

    /// Itself, where the model saw something.
    ///
    /// # Errors
    /// [`Error::NoEmbedding`] where a vector is not of unit length, or there are no places.
    pub(crate) fn require_non_empty(self) -> Result<Self> {
        let sees = match &self {
            Self::Vector(vector) => (length(vector) - 1.0).abs() < 1e-3,
            Self::LocalFeatures(places) => !places.is_empty(),
        };
        if sees { Ok(self) } else { Err(Error::NoEmbedding) }
    }
}

fn length(vector: &[f32]) -> f64 {
    vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt()
}

/// How similar two signatures are: higher is more similar. Comparable only within one model.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(f64);

impl Score {
    /// Any number; see [`Model::score`](crate::Model::score) for what a model's scores mean.
    pub fn new(value: f64) -> Self {
        Self(value)
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The score from which a questioned signature is accepted.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Threshold(f64);

impl Threshold {
    /// The notebook's: the network's output is a probability, and more likely than not is enough.
    pub const NOTEBOOK: Self = Self(0.5);

    /// # Errors
    /// Where the value is not finite.
    pub fn new(value: f64) -> Result<Self> {
        if value.is_finite() { Ok(Self(value)) } else { Err(Error::Threshold(value)) }
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// What is said of a questioned signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It counts as signed by the writer of the references.
    Accepted,
    /// It does not count as signed by the writer of the references.
    Rejected,
    /// Left to a person.
    Undecided,
}

impl Decision {
    /// Undecided where the likelihood ratio supports neither proposition (between 1/2 and 2), else as
    /// [`Decision::from_score`].
    pub fn from_evidence(score: Score, threshold: Threshold, lr: Option<Log10Lr>) -> Self {
        match lr.map(Support::from_lr) {
            Some(Support::Neither) => Self::Undecided,
            _ => Self::from_score(score, threshold),
        }
    }

    /// What a score means where its threshold was fixed on genuine signatures alone: accepted from there on; below it rejected
    /// where the evidence supports somebody else, and otherwise left to a person.
    pub fn from_own_threshold(score: Score, threshold: Threshold, lr: Log10Lr) -> Self {
        match (Self::from_score(score, threshold), Support::from_lr(lr)) {
            (Self::Rejected, Support::Neither | Support::SameWriter(_)) => Self::Undecided,
            (by_score, _) => by_score,
        }
    }

    /// Accepted when the score reaches the threshold.
    pub fn from_score(score: Score, threshold: Threshold) -> Self {
        if score.get() >= threshold.get() { Self::Accepted } else { Self::Rejected }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Undecided => "undecided",
        })
    }
}
