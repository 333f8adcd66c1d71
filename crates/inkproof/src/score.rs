//! Embeddings, and what is said about them: score, threshold, decision.

use serde::{Deserialize, Serialize};

use crate::network::EMBEDDING_LEN;
use crate::{Error, Result};

/// What a network keeps of one ink: a unit vector of 256 numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// # Errors
    /// Where the vector is not of unit length: a network can give zeros for an ink in which it sees nothing.
    pub(crate) fn new(vector: &[f32]) -> Result<Self> {
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        if vector.len() == EMBEDDING_LEN && (length - 1.0).abs() < 1e-3 {
            Ok(Self(vector.to_vec()))
        } else {
            Err(Error::NoEmbedding)
        }
    }

    /// The 256 numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}

/// How alike two signatures are: higher is more alike. Comparable only within one model.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(f64);

impl Score {
    pub fn new(value: f64) -> Self {
        Self(value)
    }

    pub fn get(self) -> f64 {
        self.0
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

    pub fn get(self) -> f64 {
        self.0
    }
}

/// What is said of a questioned signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Accepted,
    Rejected,
}

impl Decision {
    /// Accepted when the score reaches the threshold.
    pub fn of(score: Score, threshold: Threshold) -> Self {
        if score.get() >= threshold.get() { Self::Accepted } else { Self::Rejected }
    }
}
