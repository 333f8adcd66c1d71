//! From one data set to another: train on some, calibrate on others, test on the rest.
//!
//! A figure within one set also measures what its scanner and its volunteers have in common; a bank has neither. So
//! everything that can be fitted is fixed first, in a [`Frozen`], and only [`Frozen::test`], which takes it by value, opens
//! the sets that are tested: nothing that a test set shows can flow back. Sets that share an image are refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use inkproof::{Calibration, ImageDigest};
use serde::Serialize;

use crate::calibrate::{self, FreezeOptions};
use crate::candidate::{Candidate, Judge};
use crate::dataset::{DataSet, OnBad, Skipped};
use crate::error::{Error, Result};
use crate::evaluate::{VerificationOptions, VerificationResult};
use crate::pictures::{Pictures, ReadOptions};
use crate::progress::{Event, Progress};
use crate::train;

/// What is compared, and how images are read.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossOptions {
    /// One run each.
    pub references: Vec<usize>,
    /// Draws of the references per writer.
    pub repeats: usize,
    /// Of the draws and the intervals.
    pub seed: u64,
    pub read: ReadOptions,
}

/// One test set's figures.
#[derive(Debug, Clone, Serialize)]
pub struct CrossResult {
    /// The sets that were trained on; none where nothing was trained.
    pub train: Vec<PathBuf>,
    /// The sets that fixed threshold and calibration; none where held-out writers of the training did.
    pub calibrate: Vec<PathBuf>,
    pub test: PathBuf,
    pub runs: Vec<VerificationResult>,
    /// What could not be read of the test set.
    #[serde(skip)]
    pub skipped: Vec<Skipped>,
}

/// Whatever judges, with everything fixed.
pub struct Frozen<'a> {
    candidate: Held<'a>,
    /// None where the candidate brings its own, or is never calibrated.
    calibration: Option<Calibration>,
    seen: Seen,
    train: Vec<PathBuf>,
    calibrate: Vec<PathBuf>,
}

/// A candidate that was there, or one that was trained here.
enum Held<'a> {
    Ready(&'a Candidate),
    Trained(Candidate),
}

/// The images that were looked at, and where each is.
type Seen = BTreeMap<ImageDigest, PathBuf>;

/// Each set in turn calibrates, or trains, and all others are tests: the table of all pairs.
///
/// # Errors
/// As [`freeze`] and [`Frozen::test`].
pub fn all_pairs(
    judge: Judge<'_>,
    sets: &[PathBuf],
    options: &CrossOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<CrossResult>> {
    let mut rows = Vec::new();
    for (place, set) in sets.iter().enumerate() {
        let others: Vec<PathBuf> = [&sets[..place], &sets[place + 1..]].concat();
        let alone = std::slice::from_ref(set);
        let (train, calibrate): (&[PathBuf], &[PathBuf]) = match judge {
            Judge::Ready(_) => (&[], alone),
            Judge::Trained(_) => (alone, &[]),
        };
        rows.extend(freeze(judge, train, calibrate, options, progress)?.test(&others, options, progress)?);
    }
    Ok(rows)
}

/// Trains on `train`, where the judge is to be trained, and fixes threshold and calibration on `calibrate`; without such
/// sets the candidate's own stay, which for one trained here are those of writers held out of `train`.
///
/// # Errors
/// [`Error::SharedImage`] when a set to train on and one to calibrate on share an image; as training and calibration.
pub fn freeze<'a>(
    judge: Judge<'a>,
    train: &[PathBuf],
    calibrate: &[PathBuf],
    options: &CrossOptions,
    progress: &mut dyn Progress,
) -> Result<Frozen<'a>> {
    let mut seen = Seen::new();
    let candidate = match judge {
        Judge::Ready(candidate) => Held::Ready(candidate),
        Judge::Trained(training) => {
            let mut set = open(train, options.read.bad)?;
            look_at(&Pictures::read(&mut set, &training.read, progress)?, &set, &mut seen)?;
            let name = format!("{}-{}", training.backbone, set.name());
            Held::Trained(Candidate::Network(Box::new(train::fit(set, &name, training, progress)?.model)))
        }
    };
    let mut frozen =
        Frozen { candidate, calibration: None, seen, train: train.to_vec(), calibrate: calibrate.to_vec() };
    if !calibrate.is_empty() {
        frozen.calibration = Some(frozen.calibrated(calibrate, options, progress)?);
    }
    Ok(frozen)
}

impl Frozen<'_> {
    fn candidate(&self) -> &Candidate {
        match &self.candidate {
            Held::Ready(candidate) => candidate,
            Held::Trained(candidate) => candidate,
        }
    }

    fn calibrated(
        &mut self,
        sets: &[PathBuf],
        options: &CrossOptions,
        progress: &mut dyn Progress,
    ) -> Result<Calibration> {
        let mut set = open(sets, options.read.bad)?;
        let pictures = self.candidate().pictures(&mut set, &options.read, progress)?;
        look_at(&pictures, &set, &mut self.seen)?;
        let verifier = self.candidate().on(set, &pictures, progress)?;
        if verifier.training_images() > 0 {
            return Err(Error::TrainedOnThese {
                root: verifier.set().root.clone(),
                images: verifier.training_images(),
            });
        }
        let score = |references: &[usize], questioned| verifier.score(references, questioned);
        let freezing = FreezeOptions { repeats: options.repeats, seed: options.seed, ..FreezeOptions::default() };
        Ok(calibrate::freeze(verifier.set(), &score, &freezing, progress)?.calibration)
    }

    /// Opens each test set and judges it.
    ///
    /// # Errors
    /// [`Error::SharedImage`] when a test set holds an image that was looked at before; as verification.
    pub fn test(
        self,
        sets: &[PathBuf],
        options: &CrossOptions,
        progress: &mut dyn Progress,
    ) -> Result<Vec<CrossResult>> {
        let draws = VerificationOptions {
            repeats: options.repeats,
            seed: options.seed,
            calibration: self.calibration.clone(),
            ..VerificationOptions::default()
        };
        let test = |path: &PathBuf| {
            progress.report(Event::Note(&format!("testing {}", path.display())));
            let mut set = open(std::slice::from_ref(path), options.read.bad)?;
            let pictures = self.candidate().pictures(&mut set, &options.read, progress)?;
            look_at(&pictures, &set, &mut self.seen.clone())?;
            let verifier = self.candidate().on(set, &pictures, progress)?;
            Ok(CrossResult {
                train: self.train.clone(),
                calibrate: self.calibrate.clone(),
                test: path.clone(),
                runs: verifier.runs(&options.references, &draws, progress)?.runs,
                skipped: verifier.set().skipped.clone(),
            })
        };
        sets.iter().map(test).collect()
    }
}

/// Remembers the images of a set.
fn look_at(pictures: &Pictures, set: &DataSet, seen: &mut Seen) -> Result<()> {
    for (image, digest) in set.images.iter().zip(pictures.digests()) {
        if let Some(other) = seen.get(&digest) {
            return Err(Error::SharedImage { path: image.path.clone(), other: other.clone() });
        }
    }
    seen.extend(pictures.digests().zip(set.images.iter().map(|image| image.path.clone())));
    Ok(())
}

/// All images of one set, or of several as one, whose writers then have their set's name before their own.
fn open(paths: &[PathBuf], bad: OnBad) -> Result<DataSet> {
    let open = |path: &PathBuf| DataSet::open(path, None, bad);
    let sets = paths.iter().map(open).collect::<Result<Vec<_>>>()?;
    sets.iter().try_for_each(DataSet::require_disjoint_splits)?;
    Ok(DataSet::together(sets))
}

#[cfg(test)]
mod tests;
