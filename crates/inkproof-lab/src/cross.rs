//! From one data set to another: train on some, calibrate on others, test on the rest.
//!
//! A figure within one set also measures what its scanner and its volunteers have in common; a bank has neither. So
//! everything that can be fitted is fixed first, in a [`Fitted`], and only [`Fitted::test`], which takes it by value, opens
//! the sets that are tested: nothing that a test set shows can flow back. Sets that share an image are refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use inkproof::{Calibration, ImageDigest};
use serde::Serialize;

use crate::calibrate::{self, CalibrationOptions};
use crate::candidate::{Candidate, Judge};
use crate::dataset::{DataSet, OnBad, Skipped};
use crate::error::{Error, Result};
use crate::evaluate::{VerificationOptions, VerificationResult};
use crate::loader::{LoadedImages, Reading};
use crate::progress::{Event, Progress};
use crate::train;

/// Which sets are for what; all of each is read, also where it has `train` and `test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrossPlan {
    /// Each set in turn calibrates, or trains, and all others are tests.
    AllPairs(Vec<PathBuf>),
    /// Sets for each purpose.
    Apart {
        /// Trained on, together; for a judge that is trained at least one.
        train: Vec<PathBuf>,
        /// Fix threshold and calibration, together; without any the judge's own stay.
        calibrate: Vec<PathBuf>,
        /// Tested one by one; at least one.
        test: Vec<PathBuf>,
    },
}

/// What is compared, and how files are read; by default one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossOptions {
    /// One run each.
    pub references: Vec<usize>,
    /// Draws of the references per writer.
    pub repeats: usize,
    /// Of the draws and the intervals.
    pub seed: u64,
    /// How files are read.
    pub reading: Reading,
}

impl Default for CrossOptions {
    fn default() -> Self {
        let VerificationOptions { references, repeats, seed, .. } = VerificationOptions::default();
        Self { references: vec![references], repeats, seed, reading: Reading::default() }
    }
}

/// One test set's figures.
#[derive(Debug, Clone, Serialize)]
pub struct CrossResult {
    /// The sets that were trained on; none where nothing was trained.
    pub train: Vec<PathBuf>,
    /// The sets that fixed threshold and calibration; none where held-out writers of the training did.
    pub calibrate: Vec<PathBuf>,
    /// The set that was tested.
    pub test: PathBuf,
    /// One for each number of references.
    pub runs: Vec<VerificationResult>,
    /// What could not be read of the test set.
    #[serde(skip)]
    pub skipped: Vec<Skipped>,
}

/// Fits what the plan says and tests it; a row for each test.
///
/// # Errors
/// [`Error::NothingToTest`] and [`Error::NothingToTrainOn`] for a plan that lacks a set; as [`fit`] and [`Fitted::test`].
pub fn cross(
    judge: Judge<'_>,
    plan: &CrossPlan,
    options: &CrossOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<CrossResult>> {
    match plan {
        CrossPlan::AllPairs(sets) if sets.len() < 2 => Err(Error::NothingToTest),
        CrossPlan::AllPairs(sets) => all_pairs(judge, sets, options, progress),
        CrossPlan::Apart { test, .. } if test.is_empty() => Err(Error::NothingToTest),
        CrossPlan::Apart { train, .. } if train.is_empty() && matches!(judge, Judge::Trained(_)) => {
            Err(Error::NothingToTrainOn)
        }
        CrossPlan::Apart { train, calibrate, test } => {
            fit(judge, train, calibrate, options, progress)?.test(test, options, progress)
        }
    }
}

/// Whatever judges, with everything fixed.
pub struct Fitted<'a> {
    candidate: Held<'a>,
    /// None where the candidate brings its own, or is never calibrated.
    calibration: Option<Calibration>,
    known: KnownImages,
    train: Vec<PathBuf>,
    calibrate: Vec<PathBuf>,
}

/// A candidate that was there, or one that was trained here.
enum Held<'a> {
    Ready(&'a Candidate),
    Trained(Candidate),
}

/// The images that were looked at, and where each is.
type KnownImages = BTreeMap<ImageDigest, PathBuf>;

/// Each set in turn calibrates, or trains, and all others are tests: the table of all pairs.
fn all_pairs(
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
        rows.extend(fit(judge, train, calibrate, options, progress)?.test(&others, options, progress)?);
    }
    Ok(rows)
}

/// Trains on `train`, where the judge is to be trained, and fixes threshold and calibration on `calibrate`; without such
/// sets the candidate's own stay, which for one trained here are those of writers held out of `train`.
///
/// # Errors
/// [`Error::SharedImage`] when a set to train on and one to calibrate on share an image; as training and calibration.
pub fn fit<'a>(
    judge: Judge<'a>,
    train: &[PathBuf],
    calibrate: &[PathBuf],
    options: &CrossOptions,
    progress: &mut dyn Progress,
) -> Result<Fitted<'a>> {
    let mut known = KnownImages::new();
    let candidate = match judge {
        Judge::Ready(candidate) => Held::Ready(candidate),
        Judge::Trained(training) => {
            let mut set = open(train, options.reading.bad)?;
            look_at(&LoadedImages::read(&mut set, &training.read, progress)?, &set, &mut known)?;
            let name = format!("{}-{}", training.backbone, set.name());
            Held::Trained(Candidate::Network(Box::new(train::fit(set, &name, training, progress)?.model)))
        }
    };
    let mut fitted =
        Fitted { candidate, calibration: None, known, train: train.to_vec(), calibrate: calibrate.to_vec() };
    if !calibrate.is_empty() {
        fitted.calibration = Some(fitted.calibrated(calibrate, options, progress)?);
    }
    Ok(fitted)
}

impl Fitted<'_> {
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
        let mut set = open(sets, options.reading.bad)?;
        let loaded = self.candidate().load(&mut set, options.reading, progress)?;
        look_at(&loaded, &set, &mut self.known)?;
        let verifier = self.candidate().verifier_of(set, &loaded, progress)?;
        if verifier.training_images() > 0 {
            return Err(Error::TrainedOnThese {
                root: verifier.set().root.clone(),
                images: verifier.training_images(),
            });
        }
        let score = |references: &[usize], questioned| verifier.score(references, questioned);
        let fitting =
            CalibrationOptions { repeats: options.repeats, seed: options.seed, ..CalibrationOptions::default() };
        Ok(calibrate::fit_calibration(verifier.set(), &score, &fitting, progress)?.calibration)
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
            let mut set = open(std::slice::from_ref(path), options.reading.bad)?;
            let loaded = self.candidate().load(&mut set, options.reading, progress)?;
            look_at(&loaded, &set, &mut self.known.clone())?;
            let verifier = self.candidate().verifier_of(set, &loaded, progress)?;
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
fn look_at(loaded: &LoadedImages, set: &DataSet, known: &mut KnownImages) -> Result<()> {
    for (image, digest) in set.images.iter().zip(loaded.digests()) {
        if let Some(other) = known.get(&digest) {
            return Err(Error::SharedImage { path: image.path.clone(), other: other.clone() });
        }
    }
    known.extend(loaded.digests().zip(set.images.iter().map(|image| image.path.clone())));
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
