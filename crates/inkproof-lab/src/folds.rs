//! A whole data set as a test: its writers are cut into folds, and each fold is judged by what was made without it.
//!
//! For a fold, a network is trained on the writers of all others, one in five of whom are held out of its training and
//! fix its threshold and calibration; for a network or a baseline that is there already, only threshold and calibration
//! are fixed on the others. The results are pooled as [`crate::evaluate`] describes: on the scale of the log10 likelihood
//! ratio, with decisions at each fold's own threshold.

use std::collections::{BTreeMap, BTreeSet};

use inkproof::random::stream;
use inkproof::{Calibration, ImageDigest, Preprocess};
use rand::seq::SliceRandom;

use crate::baselines::shortcuts::ShortcutImages;
use crate::calibrate::{self, CalibrationOptions};
use crate::candidate::{Candidate, Judge};
use crate::dataset::{DataSet, WriterId};
use crate::error::{Error, Result};
use crate::evaluate::{
    self, Evaluation, Fold, FoldPart, ModelName, Subset, VerificationOptions, VerificationResult, Verifier,
};
use crate::loader::{LoadedImages, Reading};
use crate::progress::{Event, Progress};
use crate::train::{self, TrainOptions};

/// Writers in a fold: a claimed one and a stranger.
const LEAST_WRITERS: usize = 2;

/// How the writers are cut and what is compared; by default five folds and one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldOptions {
    /// At least 2.
    pub folds: usize,
    /// One run each.
    pub references: Vec<usize>,
    /// Draws of the references per writer.
    pub repeats: usize,
    /// Of the folds, the draws and the intervals.
    pub seed: u64,
}

impl Default for FoldOptions {
    fn default() -> Self {
        let VerificationOptions { references, repeats, seed, .. } = VerificationOptions::default();
        Self { folds: 5, references: vec![references], repeats, seed }
    }
}

/// Judges every writer of `set`, whose splits do not matter here.
///
/// # Errors
/// [`Error::Folds`] for fewer than two folds or writers in a fold; [`Error::NotCalibrated`] where the other writers have
/// too few signatures to fix a threshold; as training and verification.
pub fn evaluate_by_folds(
    mut set: DataSet,
    judge: Judge<'_>,
    options: &FoldOptions,
    reading: Reading,
    progress: &mut dyn Progress,
) -> Result<Evaluation> {
    require_writers(&set, options)?;
    if matches!(judge, Judge::Trained(training) if training.read.preprocess == Preprocess::Raw) {
        return Err(Error::FoldsOfRaw);
    }
    let loaded = match judge {
        Judge::Ready(candidate) => candidate.load(&mut set, reading, progress)?,
        Judge::Trained(training) => LoadedImages::read(&mut set, &training.read, progress)?,
    };
    let fold_of = cut(&set, options)?;
    let maker = Maker::new(judge, &set, &loaded, progress)?;
    let mut judged = Vec::new();
    for fold in 0..options.folds {
        progress.report(Event::Note(&format!("fold {} of {}", fold + 1, options.folds)));
        let test = Subset::new(&set, |writer| fold_of[writer] == fold);
        let others = Subset::new(&set, |writer| fold_of[writer] != fold);
        judged.push(match &maker {
            Maker::Ready(verifier) => ready(&**verifier, &test, &others, options, progress)?,
            Maker::Shortcuts(images) => fitted(images, &set, &test, &others.set, options, progress)?,
            Maker::Trained(training) => trained(training, fold, &test, others.set, options, progress)?,
        });
    }
    let (model, training_images) = match &maker {
        Maker::Ready(verifier) => (verifier.name(), verifier.training_images()),
        Maker::Shortcuts(_) | Maker::Trained(_) => {
            (name_of_all_folds(&judged), in_other_folds(&set, &loaded, &fold_of))
        }
    };
    let runs = (0..options.references.len()).map(|run| pool(&judged, run, training_images, &model));
    Ok(Evaluation {
        runs: runs.collect::<Result<_>>()?,
        model,
        preprocess: judge.preprocess(),
        set,
        folds: Some(options.folds),
        fold_of,
        training_images,
        seed: options.seed,
    })
}

/// What makes a verifier for each fold.
enum Maker<'a> {
    /// The same for all.
    Ready(Box<dyn Verifier + 'a>),
    Shortcuts(ShortcutImages),
    Trained(&'a TrainOptions),
}

impl<'a> Maker<'a> {
    fn new(judge: Judge<'a>, set: &DataSet, loaded: &LoadedImages, progress: &mut dyn Progress) -> Result<Self> {
        Ok(match judge {
            Judge::Ready(Candidate::Shortcuts) => Self::Shortcuts(ShortcutImages::read(set.clone(), progress)?),
            Judge::Ready(candidate) => Self::Ready(candidate.verifier_of(set.clone(), loaded, progress)?),
            Judge::Trained(training) => Self::Trained(training),
        })
    }
}

fn require_writers(set: &DataSet, options: &FoldOptions) -> Result<()> {
    let writers = set.writers().len();
    if options.folds < 2 || writers < LEAST_WRITERS * options.folds {
        return Err(Error::Folds { root: set.root.clone(), folds: options.folds, writers });
    }
    Ok(())
}

/// Every writer's fold, drawn by the seed; the folds differ by one writer at most.
fn cut(set: &DataSet, options: &FoldOptions) -> Result<BTreeMap<WriterId, usize>> {
    // Images that could not be read may have taken writers away.
    require_writers(set, options)?;
    let mut writers = set.writers();
    writers.shuffle(&mut stream(options.seed, "folds", 0));
    Ok(writers.into_iter().enumerate().map(|(place, writer)| (writer.clone(), place % options.folds)).collect())
}

/// What judged a fold, and what it said.
struct Judged {
    model: ModelName,
    calibration: Calibration,
    /// One for each number of references; images are indices into the whole set.
    results: Vec<VerificationResult>,
}

/// A fold judged by what judges all of them, at thresholds fixed on the others.
fn ready(
    verifier: &dyn Verifier,
    test: &Subset,
    others: &Subset,
    options: &FoldOptions,
    progress: &mut dyn Progress,
) -> Result<Judged> {
    let fitting = CalibrationOptions { repeats: options.repeats, seed: options.seed, ..CalibrationOptions::default() };
    let score = |references: &[usize], questioned| others.score(verifier, references, questioned);
    let calibration = calibrate::fit_calibration(&others.set, &score, &fitting, progress)?.calibration;
    let score = |references: &[usize], questioned| test.score(verifier, references, questioned);
    judge(test, &score, calibration, verifier.name(), options, progress)
}

/// A fold judged by shortcuts that are fitted on the others, but for the writers who fix the threshold.
fn fitted(
    images: &ShortcutImages,
    set: &DataSet,
    test: &Subset,
    others: &DataSet,
    options: &FoldOptions,
    progress: &mut dyn Progress,
) -> Result<Judged> {
    let (fitting, calibration) = train::parted(others, options.seed)?;
    let verifier = images.fitted(&fitting, options.seed)?;
    let calibration = Subset::new(set, |writer| calibration.contains(writer));
    ready(&verifier, test, &calibration, options, progress)
}

/// A fold judged by a network that is trained, and calibrated, on the others.
fn trained(
    training: &TrainOptions,
    fold: usize,
    test: &Subset,
    others: DataSet,
    options: &FoldOptions,
    progress: &mut dyn Progress,
) -> Result<Judged> {
    let name = format!("{}-fold-{}", training.backbone, fold + 1);
    let model = train::fit(others, &name, training, progress)?.model;
    let calibration = model.info().calibration.clone().expect("whoever holds writers out calibrates on them");
    let candidate = Candidate::Network(Box::new(model));
    let verifier = candidate.verifier(test.set.clone(), training.read.reading(), progress)?;
    let score = |references: &[usize], questioned| verifier.score(references, questioned);
    judge(test, &score, calibration, verifier.name(), options, progress)
}

/// Verification within a fold.
fn judge(
    test: &Subset,
    score: &(dyn Fn(&[usize], usize) -> f64 + Sync),
    calibration: Calibration,
    model: ModelName,
    options: &FoldOptions,
    progress: &mut dyn Progress,
) -> Result<Judged> {
    let run = |&references: &usize| {
        let draws = VerificationOptions {
            references,
            repeats: options.repeats,
            seed: options.seed,
            calibration: Some(calibration.clone()),
            ..VerificationOptions::default()
        };
        let mut result = evaluate::verification(&test.set, score, &draws, progress)?;
        result.comparisons = result.comparisons.iter().map(|comparison| test.in_whole(comparison)).collect();
        Ok(result)
    };
    let results = options.references.iter().map(run).collect::<Result<_>>()?;
    Ok(Judged { model, calibration, results })
}

/// How many images are in another fold too, under another writer's name.
fn in_other_folds(set: &DataSet, loaded: &LoadedImages, fold_of: &BTreeMap<WriterId, usize>) -> usize {
    let mut folds: BTreeMap<ImageDigest, BTreeSet<usize>> = BTreeMap::new();
    let folds_of_images = set.images.iter().map(|image| fold_of[&image.writer]);
    for (digest, fold) in loaded.digests().zip(folds_of_images) {
        folds.entry(digest).or_default().insert(fold);
    }
    loaded.digests().filter(|digest| folds[digest].len() > 1).count()
}

/// One name for networks of one training, and a fingerprint of all their fingerprints.
fn name_of_all_folds(judged: &[Judged]) -> ModelName {
    let digests: Vec<&str> = judged.iter().map(|fold| fold.model.digest.as_str()).collect();
    let name = judged[0].model.name.trim_end_matches("-fold-1").to_owned();
    ModelName { name, digest: ModelName::fingerprint(&digests.join(" ")) }
}

/// The run of one number of references over all folds.
fn pool(judged: &[Judged], run: usize, training_images: usize, model: &ModelName) -> Result<VerificationResult> {
    let mut parts = Vec::with_capacity(judged.len());
    let mut folds = Vec::with_capacity(judged.len());
    for (place, Judged { model, calibration, results }) in judged.iter().enumerate() {
        let result = results[run].clone();
        let references = result.references;
        let fit = calibration.fit(references).ok_or(Error::NotCalibrated { fold: place + 1, references })?.clone();
        folds.push(Fold {
            fold: place + 1,
            model: model.clone(),
            writers: result.writers,
            threshold: fit.threshold.value.get(),
            log10_lr_at_threshold: fit.slope * fit.threshold.value.get() + fit.intercept,
            threshold_origin: fit.threshold.origin.clone(),
        });
        parts.push(FoldPart { result, fit });
    }
    let mut result = evaluate::pooled(&parts)?;
    result.training_images_in_test = Some(training_images);
    // Each fold's numbers are fixed on the others.
    result.calibration_images_in_test = Some(0);
    result.model = Some(model.clone());
    (result.folds, result.score_scale) = (folds, Some("log10_lr"));
    Ok(result)
}

#[cfg(test)]
mod tests;
