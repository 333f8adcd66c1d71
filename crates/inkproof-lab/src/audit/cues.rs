//! The baseline `cues`: it says how likely two images are by one writer without ever looking at the shape of a signature.
//!
//! What it reaches on a set is what a model can reach that has learnt the scanner and no handwriting. Fit it on the
//! writers of the other folds, never on those it scores:
//!
//! ```no_run
//! use inkproof_lab::audit::{Cues, CueFacts, Pairs};
//! # use inkproof_lab::dataset::{DataSet, OnBad};
//! # fn main() -> inkproof_lab::Result<()> {
//! # let (training, asked) = ("a".as_ref(), "b".as_ref());
//! let set = DataSet::open(training, None, OnBad::Stop)?;
//! let facts = set.images.iter().map(|image| CueFacts::read(&image.path)).collect::<Result<Vec<_>, _>>()?;
//! let cues = Cues::fit(&facts, &Pairs::of(&set).list, 0)?;
//! let score = cues.score(&CueFacts::read(asked)?, &facts[0])?;
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use inkproof::{Gray, GrayRule, Limits, decode, read_image_file};

use super::cue::Value;
use super::file::FileFacts;
use super::forest::Forest;
use super::pairs::Pair;
use super::stored;
use crate::error::Result;

/// What an image shows beside its shape, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CueFacts(pub(super) Vec<Value>);

impl CueFacts {
    /// Of an image file.
    ///
    /// # Errors
    /// Where it cannot be read or decoded.
    pub fn read(path: &Path) -> Result<Self> {
        let limits = Limits::default();
        let bytes = read_image_file(path, &limits)?;
        let gray = decode(&bytes, GrayRule::OnWhite, &limits).map_err(|error| error.at(path))?;
        Ok(Self::of(&gray, &bytes))
    }

    /// Of a decoded image and the bytes of its file.
    pub fn of(gray: &Gray, bytes: &[u8]) -> Self {
        Self(stored::measure(gray, &FileFacts::of(bytes), bytes.len()))
    }
}

/// A fitted baseline.
pub struct Cues(Forest);

impl Cues {
    /// Fits on pairs of images, given as indices into `facts`. The same seed gives the same baseline.
    ///
    /// # Errors
    /// [`Error::Forest`](crate::Error::Forest) without pairs of both classes.
    pub fn fit(facts: &[CueFacts], pairs: &[Pair], seed: u64) -> Result<Self> {
        let values: Vec<Vec<Value>> = facts.iter().map(|facts| facts.0.clone()).collect();
        Forest::fit(&stored::CUES, &values, pairs, seed).map(Self)
    }

    /// How likely two images are by one writer, 0..1, judged by everything but their shape.
    ///
    /// # Errors
    /// None that the facts of images can cause.
    pub fn score(&self, a: &CueFacts, b: &CueFacts) -> Result<f64> {
        Ok(self.scores(&[(a, b)])?[0])
    }

    /// The same of many pairs at once, which is faster.
    ///
    /// # Errors
    /// As [`Cues::score`].
    pub fn scores(&self, pairs: &[(&CueFacts, &CueFacts)]) -> Result<Vec<f64>> {
        self.0.scores(pairs.iter().map(|(a, b)| (&a.0[..], &b.0[..])))
    }
}
