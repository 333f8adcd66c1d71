//! The baseline `shortcuts`: it says how likely two images are by one writer without ever looking at the shape of a signature.
//!
//! What it reaches on a set is what a model can reach that has learned the scanner and no handwriting: shortcut learning (R. Geirhos et al., Shortcut learning in
//! deep neural networks, Nature Machine Intelligence 2020). Fit it on the
//! writers of the other folds, never on those it scores:
//!
//! ```no_run
//! use inkproof_lab::leakage::{Shortcuts, CueValues, Pairs};
//! # use inkproof_lab::dataset::{DataSet, OnBad};
//! # fn main() -> inkproof_lab::Result<()> {
//! # let (training, asked) = ("a".as_ref(), "b".as_ref());
//! let set = DataSet::open(training, None, OnBad::Stop)?;
//! let facts = set.images.iter().map(|image| CueValues::read(&image.path)).collect::<Result<Vec<_>, _>>()?;
//! let shortcuts = Shortcuts::fit(&facts, &Pairs::from_set(&set).list, 0)?;
//! let score = shortcuts.score(&CueValues::read(asked)?, &facts[0])?;
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

/// What an image shows other than its shape, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CueValues(pub(super) Vec<Value>);

impl CueValues {
    /// Of an image file.
    ///
    /// # Errors
    /// Where it cannot be read or decoded.
    pub fn read(path: &Path) -> Result<Self> {
        let limits = Limits::default();
        let bytes = read_image_file(path, &limits)?;
        let gray = decode(&bytes, GrayRule::OnWhite, &limits).map_err(|error| error.at(path))?;
        Ok(Self::from_image(&gray, &bytes))
    }

    /// Of a decoded image and the bytes of its file.
    pub fn from_image(gray: &Gray, bytes: &[u8]) -> Self {
        Self(stored::measure(gray, &FileFacts::from_bytes(bytes), bytes.len()))
    }
}

/// A fitted baseline.
pub struct Shortcuts(Forest);

impl Shortcuts {
    /// Fits on pairs of images, given as indices into `facts`. The same seed gives the same baseline.
    ///
    /// # Errors
    /// [`Error::Forest`](crate::Error::Forest) without pairs of both classes.
    pub fn fit(facts: &[CueValues], pairs: &[Pair], seed: u64) -> Result<Self> {
        let values: Vec<Vec<Value>> = facts.iter().map(|facts| facts.0.clone()).collect();
        Forest::fit(&stored::CUES, &values, pairs, seed).map(Self)
    }

    /// How likely two images are by one writer, 0..1, judged by everything but their shape.
    ///
    /// # Errors
    /// None that the facts of images can cause.
    pub fn score(&self, a: &CueValues, b: &CueValues) -> Result<f64> {
        Ok(self.scores(&[(a, b)])?[0])
    }

    /// The same of many pairs at once, which is faster.
    ///
    /// # Errors
    /// As [`Shortcuts::score`].
    pub fn scores(&self, pairs: &[(&CueValues, &CueValues)]) -> Result<Vec<f64>> {
        self.0.scores(pairs.iter().map(|(a, b)| (&a.0[..], &b.0[..])))
    }
}
