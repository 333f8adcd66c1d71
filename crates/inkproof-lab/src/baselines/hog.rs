//! `hog`: the strokes' directions, place by place, without any training.
//!
//! Each ink becomes dense histograms of gradients (N. Dalal and B. Triggs, Histograms of oriented gradients for human
//! detection, CVPR 2005; see `places`). Two signatures are similar as far as each place of one finds a place like it in
//! the other nearby, both ways.
//!
//! The score is [relative](inknet::relative) to a cohort of strangers and to how much the writer varies.

mod places;

use inkproof::inknet::{self, LEAST_VARIATION, VariationPrior};
use inkproof::{Calibration, Ink, Preprocess};
use rayon::prelude::*;

use crate::dataset::DataSet;
use crate::error::Result;
use crate::evaluate::{ModelName, Similarities, Verifier};
use crate::loader::LoadedImages;
use crate::progress::{Event, Progress};
use crate::synth;
use places::LocalFeatures;

/// How many images are described between two reports of progress.
const CHUNK: usize = 64;

/// A single reference counts as like itself.
const PRIOR: VariationPrior = VariationPrior { similarity: 1.0, pairs: 0.0 };

/// A data set as `hog` sees it.
pub struct Hog {
    set: DataSet,
    places: Vec<LocalFeatures>,
    /// How similar each image is to the cohort, on average.
    to_cohort: Vec<f64>,
    /// How similar images of one writer are.
    within: Similarities<f32>,
}

impl Hog {
    /// What the baseline sees of an image.
    pub fn preprocess() -> Preprocess {
        Preprocess::ink()
    }

    /// Describes every image; `loaded` holds those of `set`, read with [`Hog::preprocess`].
    ///
    /// # Errors
    /// Where an image can no longer be read.
    pub fn new(set: DataSet, loaded: &LoadedImages, progress: &mut dyn Progress) -> Result<Self> {
        let cohort = Cohort::new();
        let total = set.images.len();
        progress.report(Event::Stage { name: "describing", total });
        let mut described: Vec<(LocalFeatures, f64)> = Vec::with_capacity(total);
        let indices: Vec<usize> = (0..total).collect();
        for chunk in indices.chunks(CHUNK) {
            let inks = loaded.inks(chunk)?;
            let describe = |ink: &std::borrow::Cow<'_, Ink>| {
                let places = LocalFeatures::from_ink(ink);
                let to_cohort = cohort.similarity(&places);
                (places, to_cohort)
            };
            described.par_extend(inks.par_iter().map(describe));
            progress.report(Event::Advance { done: described.len() });
        }
        let (places, to_cohort): (Vec<_>, Vec<_>) = described.into_iter().unzip();
        let within = Similarities::new(&set, &|a, b| places[a].similarity(&places[b]));
        Ok(Self { set, places, to_cohort, within })
    }

    fn similarity(&self, a: usize, b: usize) -> f64 {
        f64::from(self.within.get(a, b).unwrap_or_else(|| self.places[a].similarity(&self.places[b])))
    }
}

impl Verifier for Hog {
    fn name(&self) -> ModelName {
        ModelName { name: "hog".to_owned(), digest: digest() }
    }

    fn set(&self) -> &DataSet {
        &self.set
    }

    fn score(&self, references: &[usize], questioned: usize) -> f64 {
        inknet::relative(references, questioned, |a, b| self.similarity(a, b), |image| self.to_cohort[image], PRIOR)
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

/// A fingerprint of all that the scores depend on but the images: another one, other scores.
fn digest() -> String {
    let cohort = format!("strangers of generator {}, least variation {LEAST_VARIATION}", synth::GENERATOR);
    ModelName::fingerprint(&format!("hog 2: {}, {cohort}", places::describe()))
}

/// Signatures of nobody, to which everybody's are compared: the lab's own, so that the baseline needs no one's data.
struct Cohort(Vec<LocalFeatures>);

impl Cohort {
    fn new() -> Self {
        Self(synth::strangers(&Hog::preprocess()).par_iter().map(LocalFeatures::from_ink).collect())
    }

    fn similarity(&self, places: &LocalFeatures) -> f64 {
        mean(self.0.iter().map(|stranger| f64::from(stranger.similarity(places))))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / f64::from(count)
}

#[cfg(test)]
mod tests;
