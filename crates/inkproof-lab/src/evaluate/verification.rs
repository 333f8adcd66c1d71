//! The verification protocol. For every writer and every draw, N genuine signatures are the references; the writer's
//! other genuine signatures are compared with them as genuine, all forgeries as skilled forgeries, and one genuine
//! signature of every other writer as a random forgery.
//!
//! What is drawn depends on the seed, the draw, the writer and the data set alone: two models meet the same comparisons,
//! and the references of a run with fewer of them are among those of a run with more.

use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::rates::rates;
use super::{Class, Comparison, SkippedWriters, VerificationOptions, VerificationResult, VerificationRuns};
use crate::dataset::{DataSet, WriterId, WriterImages};
use crate::error::{Error, Result};
use crate::progress::{Event, Progress};

/// A model's score of a questioned image against references, all as image indices; higher is more similar.
type Score<'a> = &'a (dyn Fn(&[usize], usize) -> f64 + Sync);

/// Runs the protocol on every image of `set` (pass one part of a data set that has splits).
///
/// FAR and FRR are at the threshold that `options` give, or else the calibration's for this number of references.
/// Writers with too few genuine signatures are left out and counted; without any forgery in the set there is no skilled
/// row. Skilled figures come from the writers who have forgeries, genuine comparisons included. The references are
/// given to `score` in drawn order. Progress is one stage in units of (writer, draw).
///
/// # Errors
/// [`Error::TooFewWriters`] when fewer than two writers are left, [`Error::ModelScoreNotFinite`] when the model gives NaN
/// or infinity, [`Error::ZeroOption`] when `references` or `repeats` is 0.
pub fn verification(
    set: &DataSet,
    score: Score<'_>,
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<VerificationResult> {
    require_at_least_one("references", options.references)?;
    require_at_least_one("repeats", options.repeats)?;
    let all = set.by_writer();
    let claimants = claimants(set, &all, options.references)?;
    let comparisons = compare_all(set, &claimants, score, options, progress)?;
    let calibration = options.calibration.as_ref().and_then(|calibration| calibration.fit(options.references));
    let threshold = options.threshold.or(calibration.map(|fit| fit.threshold.value.get()));
    let rates = |class| rates(&comparisons, class, threshold, calibration, options.seed);
    let has_skilled = comparisons.iter().any(|comparison| comparison.class == Class::Skilled);
    let images = |claimant: &Claimant<'_>| claimant.genuine.len() + claimant.forgeries.len();
    let no_forgeries = claimants.iter().filter(|claimant| claimant.forgeries.is_empty());
    Ok(VerificationResult {
        protocol: "verification",
        references: options.references,
        repeats: options.repeats,
        seed: options.seed,
        writers: claimants.len(),
        images: claimants.iter().map(images).sum(),
        skipped: SkippedWriters { too_few_genuine: all.len() - claimants.len(), no_forgeries: no_forgeries.count() },
        training_images_in_test: None,
        calibration_images_in_test: None,
        skilled: has_skilled.then(|| rates(Class::Skilled)).transpose()?,
        random: rates(Class::Random)?,
        threshold,
        model: None,
        folds: Vec::new(),
        score_scale: None,
        calibration: calibration.cloned(),
        comparisons,
    })
}

/// The comparisons of [`verification`] without its figures.
///
/// # Errors
/// As [`verification`].
pub(crate) fn comparisons(
    set: &DataSet,
    score: Score<'_>,
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<Comparison>> {
    require_at_least_one("references", options.references)?;
    require_at_least_one("repeats", options.repeats)?;
    let all = set.by_writer();
    compare_all(set, &claimants(set, &all, options.references)?, score, options, progress)
}

/// The protocol for each number of references in turn; `options.references` is not used.
pub fn verification_runs(
    set: &DataSet,
    score: Score<'_>,
    references: &[usize],
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<VerificationRuns> {
    let run = |&references: &usize| {
        let options = VerificationOptions { references, ..options.clone() };
        verification(set, score, &options, progress)
    };
    let runs = references.iter().map(run).collect::<Result<_>>()?;
    Ok(VerificationRuns { runs })
}

fn require_at_least_one(option: &'static str, value: usize) -> Result<()> {
    match value {
        0 => Err(Error::ZeroOption { option }),
        _ => Ok(()),
    }
}

/// A writer who takes part.
struct Claimant<'a> {
    writer: &'a WriterId,
    genuine: &'a [usize],
    forgeries: &'a [usize],
    /// The writer's place among all writers of the set: the same for every number of references.
    place: usize,
}

/// The writers with more genuine signatures than references.
fn claimants<'a>(set: &DataSet, writers: &'a [WriterImages<'a>], references: usize) -> Result<Vec<Claimant<'a>>> {
    let claimants: Vec<_> = writers
        .iter()
        .enumerate()
        .filter(|(_, images)| images.genuine.len() > references)
        .map(|(place, images)| Claimant {
            writer: images.writer,
            genuine: &images.genuine,
            forgeries: &images.forgeries,
            place,
        })
        .collect();
    if claimants.len() < 2 {
        return Err(Error::TooFewWriters {
            root: set.root.clone(),
            found: claimants.len(),
            genuine_needed: references + 1,
        });
    }
    Ok(claimants)
}

/// Every comparison, draw by draw; the claimants of one draw are scored in parallel.
fn compare_all(
    set: &DataSet,
    claimants: &[Claimant<'_>],
    score: Score<'_>,
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<Comparison>> {
    let total = claimants.len() * options.repeats;
    let name = "comparing";
    progress.report(Event::Stage { name, total });
    let mut comparisons = Vec::new();
    for draw in 0..options.repeats {
        let compare = |claimant| compare(set, claimants, claimant, draw, score, options);
        let of_draw: Result<Vec<Vec<Comparison>>> = claimants.par_iter().map(compare).collect();
        comparisons.extend(of_draw?.into_iter().flatten());
        progress.report(Event::Advance { done: (draw + 1) * claimants.len() });
    }
    Ok(comparisons)
}

/// The comparisons of one claimant in one draw.
fn compare(
    set: &DataSet,
    claimants: &[Claimant<'_>],
    claimant: &Claimant<'_>,
    draw: usize,
    score: Score<'_>,
    options: &VerificationOptions,
) -> Result<Vec<Comparison>> {
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    rng.set_stream(((claimant.place as u64) << 32) | draw as u64);
    let mut genuine = claimant.genuine.to_vec();
    genuine.shuffle(&mut rng);
    let (references, others) = genuine.split_at(options.references);
    // Somebody who writes another script is no stranger who could be mistaken for the writer.
    let population = |claimant: &Claimant<'_>| set.populations.get(claimant.writer);
    let strangers = claimants.iter().filter(|other| other.place != claimant.place);
    let strangers = strangers.filter(|other| population(other) == population(claimant));
    let random = strangers.map(|other| other.genuine[rng.random_range(0..other.genuine.len())]);

    let genuine = others.iter().map(|&image| (Class::Genuine, image));
    let skilled = claimant.forgeries.iter().map(|&image| (Class::Skilled, image));
    let questioned = genuine.chain(skilled).chain(random.map(|image| (Class::Random, image)));
    let shared: Arc<[usize]> = references.into();
    let comparisons = questioned.map(|(class, questioned)| {
        let score = score(references, questioned);
        if !score.is_finite() {
            let questioned = set.images[questioned].path.clone();
            return Err(Error::ModelScoreNotFinite { questioned, score });
        }
        Ok(Comparison { class, writer: claimant.writer.clone(), references: shared.clone(), questioned, score, draw })
    });
    comparisons.collect()
}
