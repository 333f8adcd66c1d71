//! The verification protocol. For every writer and every draw, N genuine signatures are the references; the writer's
//! other genuine signatures are compared with them as genuine, all forgeries as skilled forgeries, and one genuine
//! signature of every other writer as a random forgery.
//!
//! What is drawn depends on the seed, the draw, the writer and the data set alone: two models meet the same comparisons,
//! and the references of a run with fewer of them are among those of a run with more.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{
    Class, Comparison, ComparisonCounts, ErrorRates, SkippedWriters, VerificationOptions, VerificationResult,
    VerificationRuns,
};
use crate::dataset::{DataSet, WriterId, WriterImages};
use crate::error::{Error, Result};
use crate::metrics::{Scores, Trial};
use crate::progress::{Event, Progress};

/// A model's score of a questioned image against references, all as image indices; higher is more alike.
type Score<'a> = &'a (dyn Fn(&[usize], usize) -> f64 + Sync);

/// Runs the protocol on every image of `set` (pass one part of a data set that has splits).
///
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
    verification_among(set, &set.writers().into_iter().cloned().collect(), score, options, progress)
}

/// The protocol among these writers of the set alone, as claimed writers and as strangers; images keep their indices.
pub(crate) fn verification_among(
    set: &DataSet,
    writers: &BTreeSet<WriterId>,
    score: Score<'_>,
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<VerificationResult> {
    require_at_least_one("references", options.references)?;
    require_at_least_one("repeats", options.repeats)?;
    let mut all: Vec<_> = set.by_writer().into_iter().enumerate().collect();
    all.retain(|(_, images)| writers.contains(images.writer));
    let claimants = claimants(set, &all, options.references)?;
    let rounds = compare_all(set, &claimants, score, options, progress)?;
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
        skilled: skilled_rates(&claimants, &rounds, options)?,
        random: rates(rounds.iter(), Class::Random, options)?,
        threshold: options.threshold,
        model: None,
        comparisons: rounds.into_iter().flat_map(|round| round.comparisons).collect(),
    })
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
fn claimants<'a>(
    set: &DataSet,
    writers: &'a [(usize, WriterImages<'a>)],
    references: usize,
) -> Result<Vec<Claimant<'a>>> {
    let claimants: Vec<_> = writers
        .iter()
        .filter(|(_, images)| images.genuine.len() > references)
        .map(|&(place, ref images)| Claimant {
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

/// The comparisons of one claimant (by index) in one draw.
struct Round {
    claimant: usize,
    comparisons: Vec<Comparison>,
}

/// Every round, draw by draw; the rounds of one draw are scored in parallel.
fn compare_all(
    set: &DataSet,
    claimants: &[Claimant<'_>],
    score: Score<'_>,
    options: &VerificationOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<Round>> {
    let total = claimants.len() * options.repeats;
    let name = "comparing";
    progress.report(Event::Stage { name, total });
    let mut rounds = Vec::with_capacity(total);
    for draw in 0..options.repeats {
        let round = |claimant| compare(set, claimants, claimant, draw, score, options);
        let of_draw: Result<Vec<Round>> = (0..claimants.len()).into_par_iter().map(round).collect();
        rounds.extend(of_draw?);
        let done = rounds.len();
        progress.report(Event::Advance { done });
    }
    Ok(rounds)
}

fn compare(
    set: &DataSet,
    claimants: &[Claimant<'_>],
    index: usize,
    draw: usize,
    score: Score<'_>,
    options: &VerificationOptions,
) -> Result<Round> {
    let claimant = &claimants[index];
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    rng.set_stream(((claimant.place as u64) << 32) | draw as u64);
    let mut genuine = claimant.genuine.to_vec();
    genuine.shuffle(&mut rng);
    let (references, others) = genuine.split_at(options.references);
    let strangers = claimants.iter().filter(|other| other.place != claimant.place);
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
    Ok(Round { claimant: index, comparisons: comparisons.collect::<Result<_>>()? })
}

/// Figures of the writers who have forgeries; None when nobody has.
fn skilled_rates(
    claimants: &[Claimant<'_>],
    rounds: &[Round],
    options: &VerificationOptions,
) -> Result<Option<ErrorRates>> {
    let has_forgeries = |round: &&Round| !claimants[round.claimant].forgeries.is_empty();
    let mut rounds = rounds.iter().filter(has_forgeries).peekable();
    if rounds.peek().is_none() {
        return Ok(None);
    }
    rates(rounds, Class::Skilled, options).map(Some)
}

/// Figures of one class of forgeries against the genuine comparisons of these rounds.
fn rates<'a>(
    rounds: impl Iterator<Item = &'a Round>,
    forgery: Class,
    options: &VerificationOptions,
) -> Result<ErrorRates> {
    let mut trials = Vec::new();
    for round in rounds {
        let of_class = |comparison: &&Comparison| comparison.class == Class::Genuine || comparison.class == forgery;
        trials.extend(round.comparisons.iter().filter(of_class).map(|comparison| Trial {
            score: comparison.score,
            writer: round.claimant,
            genuine: comparison.class == Class::Genuine,
        }));
    }
    let scores = Scores::new(trials)?;
    let at_threshold = options.threshold.map(|threshold| scores.at_threshold(threshold));
    Ok(ErrorRates {
        eer: scores.eer().rate,
        eer_ci95: scores.eer_interval(options.seed),
        auc: scores.auc(),
        eer_writer_thresholds: scores.eer_writer_thresholds(),
        far_at_threshold: at_threshold.map(|point| point.far),
        frr_at_threshold: at_threshold.map(|point| point.frr),
        cllr: None,
        cllr_min: None,
        comparisons: ComparisonCounts { genuine: scores.count(true), forgery: scores.count(false) },
    })
}
