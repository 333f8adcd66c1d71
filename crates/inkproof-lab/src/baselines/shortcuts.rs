//! `shortcuts`: everything but the shape. The forest of [`crate::leakage`] over tone, paper, stroke width, size and file of two images, fitted
//! on some writers of a data set and asked about others; what it reaches, a network can reach without any handwriting.
//!
//! Several references count by their mean.

use std::collections::BTreeSet;

use inkproof::Calibration;
use rayon::prelude::*;

use crate::dataset::{DataSet, WriterId};
use crate::error::Result;
use crate::evaluate::{ModelName, Verifier};
use crate::leakage::{CueValues, Pair, Pairs, Shortcuts};
use crate::progress::{Event, Progress};

/// How many images are read between two reports of progress.
const CHUNK: usize = 64;

/// A data set's images as the baseline sees them.
pub(crate) struct ShortcutImages {
    set: DataSet,
    values: Vec<CueValues>,
    pairs: Pairs,
}

impl ShortcutImages {
    /// Reads every image of `set`.
    ///
    /// # Errors
    /// The first image that cannot be read.
    pub(crate) fn read(set: DataSet, progress: &mut dyn Progress) -> Result<Self> {
        progress.report(Event::Stage { name: "reading cues", total: set.images.len() });
        let mut values = Vec::with_capacity(set.images.len());
        for chunk in set.images.chunks(CHUNK) {
            let of_chunk: Vec<_> = chunk.par_iter().map(|image| CueValues::read(&image.path)).collect();
            for read in of_chunk {
                values.push(read?);
            }
            progress.report(Event::Advance { done: values.len() });
        }
        let pairs = Pairs::from_set(&set);
        Ok(Self { set, values, pairs })
    }

    /// The forest fitted on these writers alone.
    ///
    /// # Errors
    /// [`crate::Error::Forest`] where they have no genuine or no forged pairs.
    pub(crate) fn fitted(&self, writers: &BTreeSet<WriterId>, seed: u64) -> Result<ShortcutVerifier<'_>> {
        let is_theirs = |pair: &&Pair| writers.contains(&self.set.images[pair.a].writer);
        let pairs: Vec<Pair> = self.pairs.list.iter().filter(is_theirs).copied().collect();
        let names: Vec<&str> = writers.iter().map(WriterId::as_str).collect();
        // The baseline's first name stays in what its fingerprint is made of.
        let description = format!("cues 1: seed {seed}, fitted on {}", names.join(" "));
        let name = ModelName { name: "shortcuts".to_owned(), digest: ModelName::fingerprint(&description) };
        Ok(ShortcutVerifier { shortcuts: Shortcuts::fit(&self.values, &pairs, seed)?, images: self, name })
    }
}

/// The baseline, fitted on some writers; only others may be asked about.
pub(crate) struct ShortcutVerifier<'a> {
    shortcuts: Shortcuts,
    images: &'a ShortcutImages,
    name: ModelName,
}

impl Verifier for ShortcutVerifier<'_> {
    fn name(&self) -> ModelName {
        self.name.clone()
    }

    fn set(&self) -> &DataSet {
        &self.images.set
    }

    fn score(&self, references: &[usize], questioned: usize) -> f64 {
        let values = |image: usize| &self.images.values[image];
        let pairs: Vec<_> = references.iter().map(|&reference| (values(reference), values(questioned))).collect();
        let scores = self.shortcuts.scores(&pairs).expect("the values are those of the cues that were fitted");
        scores.iter().sum::<f64>() / scores.len() as f64
    }

    fn threshold(&self, _references: usize) -> Option<f64> {
        None
    }

    fn calibration(&self) -> Option<&Calibration> {
        None
    }

    fn training_images(&self) -> usize {
        0
    }
}
