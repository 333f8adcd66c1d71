//! Freezing what scores are worth: likelihood ratios and thresholds, fixed on calibration writers for 1, 2, and 3 or more
//! references, before anything is tested with them.
//!
//! [`freeze`] takes any score function over a data set, of a network or of a baseline, draws the comparisons of the
//! verification protocol and makes a [`Calibration`] of them, which [`crate::evaluate::VerificationOptions`] carries to
//! other writers. [`calibrated`] puts it into a model. The fit is against skilled forgeries, or where fewer than two
//! writers have any, against random ones.

mod logistic;

use std::collections::BTreeSet;

use inkproof::calibration::{Calibration, Forgeries, ReferenceCalibration, WantedFar};
use inkproof::model::{DataInfo, ThresholdInfo};
use inkproof::{Model, Threshold};
use serde::{Deserialize, Serialize};

use crate::dataset::DataSet;
use crate::error::{Error, Result};
use crate::evaluate::{self, Class, Comparison, Embedded, VerificationOptions, images_made_with};
use crate::metrics::{OperatingPoint, RULE_OF_3, Scores};
use crate::pictures::Pictures;
use crate::progress::Progress;
pub use logistic::{Line, REGULARISATION, logistic};

/// Numbers of references with a fit of their own; the last stands for more.
const REFERENCES: [usize; 3] = [1, 2, 3];

/// FARs for which a threshold is kept.
const WANTED_FARS: [f64; 2] = [0.01, 0.05];

/// FAR against random forgeries for which a threshold is kept.
const RANDOM_FAR: f64 = 0.001;

/// So many writers show [`RANDOM_FAR`]: comparisons of one writer hang together, so that beside the rule of 3 (3 / FAR
/// different pairs of a writer and a stranger's signature) no writer may be more than a hundredth of them.
const WRITERS_FOR_RANDOM_FAR: usize = 100;

/// Whoever calibrates needs strangers.
const LEAST_WRITERS: usize = 2;

/// How [`freeze`] draws and decides.
#[derive(Debug, Clone, PartialEq)]
pub struct FreezeOptions {
    /// Draws of the references per writer, at least 1.
    pub repeats: usize,
    pub seed: u64,
    pub decide: DecideAt,
}

/// Where the threshold of the decision is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DecideAt {
    /// Where FAR and FRR are equal.
    Eer,
    /// The lowest threshold which holds this FAR.
    Far(f64),
}

impl Default for FreezeOptions {
    fn default() -> Self {
        Self { repeats: VerificationOptions::default().repeats, seed: 0, decide: DecideAt::Eer }
    }
}

/// What was fixed on calibration writers.
#[derive(Debug, Clone, PartialEq)]
pub struct Frozen {
    pub calibration: Calibration,
    /// Numbers of references for which nothing could be fixed.
    pub missing: Vec<Missing>,
}

/// A number of references that the calibration writers have too few signatures for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub references: usize,
    pub why: String,
}

/// Fixes likelihood ratios and thresholds on the writers of `set` (pass one part of a data set that has splits). `score`
/// gives the score of a questioned image against references, all as image indices.
///
/// # Errors
/// As [`evaluate::verification`] with one reference; [`Error::TooFewForgeries`] when a wanted FAR is to decide and the
/// writers cannot show it.
pub fn freeze(
    set: &DataSet,
    score: &(dyn Fn(&[usize], usize) -> f64 + Sync),
    options: &FreezeOptions,
    progress: &mut dyn Progress,
) -> Result<Frozen> {
    let (mut fits, mut missing) = (Vec::new(), Vec::new());
    for references in REFERENCES {
        let draws = VerificationOptions {
            references,
            repeats: options.repeats,
            seed: options.seed,
            ..VerificationOptions::default()
        };
        match evaluate::comparisons(set, score, &draws, progress) {
            Ok(comparisons) => fits.push(fit(&comparisons, references, options.decide)?),
            Err(error @ Error::TooFewWriters { .. }) if references > 1 => {
                missing.push(Missing { references, why: error.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Frozen { calibration: Calibration::new(fits)?, missing })
}

/// The fit for the number of references that the comparisons were made with.
///
/// # Errors
/// [`Error::EmptyClass`] where a class of comparisons is missing, [`Error::TooFewForgeries`] as [`freeze`].
pub fn fit(comparisons: &[Comparison], references: usize, decide: DecideAt) -> Result<ReferenceCalibration> {
    let (scores, against) = match evaluate::scores(comparisons, Class::Skilled) {
        Ok(scores) if scores.writers() >= LEAST_WRITERS => (scores, Forgeries::Skilled),
        Ok(_) | Err(Error::EmptyClass { .. }) => (evaluate::scores(comparisons, Class::Random)?, Forgeries::Random),
        Err(error) => return Err(error),
    };
    let Line { slope, intercept } = logistic(&scores);
    Ok(ReferenceCalibration {
        references,
        writers: scores.writers(),
        against,
        slope: slope / std::f64::consts::LN_10,
        intercept: intercept / std::f64::consts::LN_10,
        threshold: threshold(&scores, references, against, decide)?,
        wanted_far: WANTED_FARS.iter().map(|&far| wanted_far(&scores, far)).collect::<Result<_>>()?,
        random_far: random_far(comparisons)?,
    })
}

/// The threshold of the decision, and in words what it balances on whom.
fn threshold(scores: &Scores, references: usize, against: Forgeries, decide: DecideAt) -> Result<ThresholdInfo> {
    let (value, balance) = match decide {
        DecideAt::Eer => {
            let eer = scores.eer();
            let rate = 100.0 * eer.rate;
            (eer.threshold, format!("{rate:.1} % of {against} are accepted and as many genuine rejected"))
        }
        DecideAt::Far(far) => {
            let OperatingPoint { threshold, far, frr } = scores.at_far(far)?;
            let (far, frr) = (100.0 * far, 100.0 * frr);
            (threshold, format!("{far:.1} % of {against} are accepted and {frr:.1} % of genuine rejected"))
        }
    };
    let word = if references == 1 { "reference" } else { "references" };
    let writers = scores.writers();
    let origin = format!("on {writers} calibration writers, with {references} {word}, {balance}");
    Ok(ThresholdInfo { value: Threshold::new(value)?, origin })
}

fn wanted_far(scores: &Scores, far: f64) -> Result<WantedFar> {
    match scores.at_far(far) {
        Ok(OperatingPoint { threshold, frr, .. }) => {
            Ok(WantedFar::Fixed { far, threshold: Threshold::new(threshold)?, frr })
        }
        Err(refusal @ Error::TooFewForgeries { .. }) => Ok(WantedFar::Refused { far, refused: refusal.to_string() }),
        Err(error) => Err(error),
    }
}

/// The threshold for [`RANDOM_FAR`]; None where the writers are too few to show it.
fn random_far(comparisons: &[Comparison]) -> Result<Option<WantedFar>> {
    let scores = evaluate::scores(comparisons, Class::Random)?;
    let random = comparisons.iter().filter(|comparison| comparison.class == Class::Random);
    let pairs: BTreeSet<_> = random.map(|comparison| (&comparison.writer, comparison.questioned)).collect();
    if scores.writers() < WRITERS_FOR_RANDOM_FAR || (pairs.len() as f64) < RULE_OF_3 / RANDOM_FAR {
        return Ok(None);
    }
    let OperatingPoint { threshold, frr, .. } = scores.whole().at_far(RANDOM_FAR);
    Ok(Some(WantedFar::Fixed { far: RANDOM_FAR, threshold: Threshold::new(threshold)?, frr }))
}

/// The model with what [`freeze`] fixes for it on the writers of `set`, whose images `pictures` are.
///
/// # Errors
/// [`Error::TrainedOnThese`] when images of `set` were in the model's training; as [`freeze`]; an image that can no longer
/// be read.
pub fn calibrated(
    model: Model,
    set: &DataSet,
    pictures: &Pictures,
    options: &FreezeOptions,
    progress: &mut dyn Progress,
) -> Result<(Model, Frozen)> {
    match images_made_with(&[&model.info().trained_on], set, pictures) {
        0 => calibrated_on_held_out(model, set, pictures, options, progress),
        images => Err(Error::TrainedOnThese { root: set.root.clone(), images }),
    }
}

/// [`calibrated`] where it is known that the writers were held out of the training: of synthetic writers a model file
/// says only how many there were in all.
pub(crate) fn calibrated_on_held_out(
    model: Model,
    set: &DataSet,
    pictures: &Pictures,
    options: &FreezeOptions,
    progress: &mut dyn Progress,
) -> Result<(Model, Frozen)> {
    let embedded = Embedded::new(&model, set.clone(), pictures, progress)?;
    let score = |references: &[usize], questioned| embedded.score(&model, references, questioned);
    let frozen = freeze(set, &score, options, progress)?;
    let digest = model.digest().to_owned();
    let numbers = Numbers { digest, calibrated_on: pictures.describe(set), calibration: frozen.calibration.clone() };
    Ok((numbers.given_to(model), frozen))
}

/// Thresholds and likelihood ratios as they go from one model file to another of the same weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Of the model that they were fixed for.
    pub digest: String,
    pub calibrated_on: DataInfo,
    pub calibration: Calibration,
}

impl Numbers {
    /// Those of a model; None where nobody has calibrated it.
    pub fn of(model: &Model) -> Option<Self> {
        let info = model.info();
        let (calibrated_on, calibration) = (info.calibrated_on.clone()?, info.calibration.clone()?);
        Some(Self { digest: model.digest().to_owned(), calibrated_on, calibration })
    }

    /// The model with these numbers instead of its own.
    pub fn given_to(self, model: Model) -> Model {
        let mut info = model.info().clone();
        info.threshold = self.calibration.fits().first().expect("a calibration has a fit").threshold.clone();
        (info.calibrated_on, info.calibration) = (Some(self.calibrated_on), Some(self.calibration));
        model.with_info(info)
    }
}

#[cfg(test)]
mod tests;
