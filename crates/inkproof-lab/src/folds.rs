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
use serde::Serialize;

use crate::baselines::cues::CueSet;
use crate::calibrate::{self, FreezeOptions};
use crate::candidate::{Candidate, Judge};
use crate::dataset::{DataSet, WriterId};
use crate::error::{Error, Result};
use crate::evaluate::{self, ModelName, Part, Subset, VerificationOptions, VerificationResult, Verifier};
use crate::pictures::{Pictures, ReadOptions};
use crate::progress::{Event, Progress};
use crate::train::{self, TrainOptions};

/// Writers in a fold: a claimed one and a stranger.
const LEAST_WRITERS: usize = 2;

/// How the writers are cut and what is compared.
#[derive(Debug, Clone, PartialEq)]
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

/// A data set judged fold by fold.
pub struct Folded {
    /// The data set without what could not be read.
    pub set: DataSet,
    pub runs: Vec<FoldedRun>,
    /// Of each writer, from 0.
    pub fold_of: BTreeMap<WriterId, usize>,
    pub model: ModelName,
}

/// The pooled result for one number of references.
#[derive(Debug, Clone, Serialize)]
pub struct FoldedRun {
    #[serde(flatten)]
    pub result: VerificationResult,
    pub folds: Vec<Fold>,
    /// What the scores are: `log10_lr`.
    pub score_scale: &'static str,
}

/// What was frozen for one fold.
#[derive(Debug, Clone, Serialize)]
pub struct Fold {
    /// From 1, as in the file of scores.
    pub fold: usize,
    pub model: ModelName,
    /// Writers that are judged.
    pub writers: usize,
    pub threshold: f64,
    /// The threshold on the scale on which the folds are pooled.
    pub log10_lr_at_threshold: f64,
    /// On whom it was fixed, and what it balances.
    pub threshold_origin: String,
}

/// Judges every writer of `set`, whose splits do not matter here.
///
/// # Errors
/// [`Error::Folds`] for fewer than two folds or writers in a fold; [`Error::NotCalibrated`] where the other writers have
/// too few signatures to fix a threshold; as training and verification.
pub fn folded(
    mut set: DataSet,
    judge: Judge<'_>,
    options: &FoldOptions,
    read: &ReadOptions,
    progress: &mut dyn Progress,
) -> Result<Folded> {
    require_writers(&set, options)?;
    if matches!(judge, Judge::Trained(training) if training.read.preprocess == Preprocess::Raw) {
        return Err(Error::FoldsOfRaw);
    }
    let pictures = match judge {
        Judge::Ready(candidate) => candidate.pictures(&mut set, read, progress)?,
        Judge::Trained(training) => Pictures::read(&mut set, &training.read, progress)?,
    };
    let fold_of = cut(&set, options)?;
    let maker = Maker::new(judge, &set, &pictures, progress)?;
    let mut judged = Vec::new();
    for fold in 0..options.folds {
        progress.report(Event::Note(&format!("fold {} of {}", fold + 1, options.folds)));
        let test = Subset::of(&set, |writer| fold_of[writer] == fold);
        let others = Subset::of(&set, |writer| fold_of[writer] != fold);
        judged.push(match &maker {
            Maker::Ready(verifier) => ready(&**verifier, &test, &others, options, progress)?,
            Maker::Cues(cues) => fitted(cues, &set, &test, &others.set, options, progress)?,
            Maker::Trained(training) => trained(training, fold, &test, others.set, options, progress)?,
        });
    }
    let (model, training_images) = match &maker {
        Maker::Ready(verifier) => (verifier.name(), verifier.training_images()),
        Maker::Cues(_) | Maker::Trained(_) => (of_all_folds(&judged), in_other_folds(&set, &pictures, &fold_of)),
    };
    let runs = (0..options.references.len()).map(|run| pool(&judged, run, training_images, &model));
    Ok(Folded { runs: runs.collect::<Result<_>>()?, set, fold_of, model })
}

/// What makes a verifier for each fold.
enum Maker<'a> {
    /// The same for all.
    Ready(Box<dyn Verifier + 'a>),
    Cues(CueSet),
    Trained(&'a TrainOptions),
}

impl<'a> Maker<'a> {
    fn new(judge: Judge<'a>, set: &DataSet, pictures: &Pictures, progress: &mut dyn Progress) -> Result<Self> {
        Ok(match judge {
            Judge::Ready(Candidate::Cues) => Self::Cues(CueSet::read(set.clone(), progress)?),
            Judge::Ready(candidate) => Self::Ready(candidate.on(set.clone(), pictures, progress)?),
            Judge::Trained(training) => Self::Trained(training),
        })
    }
}

fn require_writers(set: &DataSet, options: &FoldOptions) -> Result<()> {
    let writers = set.writers().len();
    match options.folds >= 2 && writers >= LEAST_WRITERS * options.folds {
        true => Ok(()),
        false => Err(Error::Folds { root: set.root.clone(), folds: options.folds, writers }),
    }
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
    let freezing = FreezeOptions { repeats: options.repeats, seed: options.seed, ..FreezeOptions::default() };
    let score = |references: &[usize], questioned| others.score(verifier, references, questioned);
    let calibration = calibrate::freeze(&others.set, &score, &freezing, progress)?.calibration;
    let score = |references: &[usize], questioned| test.score(verifier, references, questioned);
    judge(test, &score, calibration, verifier.name(), options, progress)
}

/// A fold judged by cues that are fitted on the others, but for the writers who fix the threshold.
fn fitted(
    cues: &CueSet,
    set: &DataSet,
    test: &Subset,
    others: &DataSet,
    options: &FoldOptions,
    progress: &mut dyn Progress,
) -> Result<Judged> {
    let (fitting, calibration) = train::parted(others, options.seed)?;
    let verifier = cues.fitted(&fitting, options.seed)?;
    let calibration = Subset::of(set, |writer| calibration.contains(writer));
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
    let verifier = candidate.read(test.set.clone(), &training.read, progress)?;
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
fn in_other_folds(set: &DataSet, pictures: &Pictures, fold_of: &BTreeMap<WriterId, usize>) -> usize {
    let mut folds: BTreeMap<ImageDigest, BTreeSet<usize>> = BTreeMap::new();
    let folds_of_images = set.images.iter().map(|image| fold_of[&image.writer]);
    for (digest, fold) in pictures.digests().zip(folds_of_images) {
        folds.entry(digest).or_default().insert(fold);
    }
    pictures.digests().filter(|digest| folds[digest].len() > 1).count()
}

/// One name for networks of one training, and a fingerprint of all their fingerprints.
fn of_all_folds(judged: &[Judged]) -> ModelName {
    let digests: Vec<&str> = judged.iter().map(|fold| fold.model.digest.as_str()).collect();
    let name = judged[0].model.name.trim_end_matches("-fold-1").to_owned();
    ModelName { name, digest: ModelName::fingerprint(&digests.join(" ")) }
}

/// The run of one number of references over all folds.
fn pool(judged: &[Judged], run: usize, training_images: usize, model: &ModelName) -> Result<FoldedRun> {
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
        parts.push(Part { result, fit });
    }
    let mut result = evaluate::pooled(&parts)?;
    result.training_images_in_test = Some(training_images);
    // Each fold's numbers are fixed on the others.
    result.calibration_images_in_test = Some(0);
    result.model = Some(model.clone());
    Ok(FoldedRun { result, folds, score_scale: "log10_lr" })
}

#[cfg(test)]
mod tests;
