//! What scores are worth: likelihood ratios and thresholds, fixed on calibration writers for 1, 2, 3, 5, and 8 or more
//! references, before anything is tested with them. Of several sets each counts for as much as the others: what differs
//! from one population to another then makes evidence weaker, as it should where a new one is judged.
//!
//! [`fit_calibration`] takes any score function over a data set, of a network or of a baseline, draws the comparisons of the
//! verification protocol and makes a [`Calibration`] of them, which [`crate::evaluate::VerificationOptions`] carries to
//! other writers. [`calibrate_model`] puts it into a model. The fit is against skilled forgeries, or where fewer than two
//! writers have any, against random ones.

mod logistic;

use std::collections::{BTreeMap, BTreeSet};

use inkproof::calibration::{Calibration, FIT_FOR_MORE, Forgeries, LineSpread, ReferenceCalibration, WantedFar};
use inkproof::inknet::PressureRule;
use inkproof::model::{DataInfo, ThresholdInfo};
use inkproof::{Model, Threshold};
use serde::{Deserialize, Serialize};

use crate::dataset::{DataSet, WriterId};
use crate::error::{Error, Result};
use crate::evaluate::{self, Class, Comparison, Embedded, VerificationOptions, images_made_with};
use crate::loader::LoadedImages;
use crate::metrics::{OperatingPoint, RULE_OF_3, Scores};
use crate::progress::Progress;
pub use logistic::{Line, REGULARIZATION, logistic};

/// Numbers of references with a fit of their own; the last stands for more.
const REFERENCES: [usize; 5] = [1, 2, 3, 5, 8];

/// FARs for which a threshold is kept.
const WANTED_FARS: [f64; 2] = [0.01, 0.05];

/// FAR against random forgeries for which a threshold is kept.
const RANDOM_FAR: f64 = 0.001;

/// So many writers show [`RANDOM_FAR`]: comparisons of one writer depend on each other, so that besides the rule of 3 (3 / FAR
/// different pairs of a writer and a stranger's signature) no writer may be more than a hundredth of them.
const WRITERS_FOR_RANDOM_FAR: usize = 100;

/// Draws of the calibration writers from which the interval of a likelihood ratio is made: it needs variances alone, which
/// as many know to a tenth.
const SPREAD_DRAWS: u64 = 200;

/// Whoever calibrates needs strangers.
const LEAST_WRITERS: usize = 2;

/// How [`fit_calibration`] draws and decides.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationOptions {
    /// Draws of the references per writer, at least 1.
    pub repeats: usize,
    /// Of the draws.
    pub seed: u64,
    /// Where the threshold of the decision is put.
    pub decide: DecisionPoint,
}

/// Where the threshold of the decision is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DecisionPoint {
    /// Where FAR and FRR are equal.
    Eer,
    /// The lowest threshold which holds this FAR.
    Far(f64),
}

impl Default for CalibrationOptions {
    fn default() -> Self {
        Self { repeats: VerificationOptions::default().repeats, seed: 0, decide: DecisionPoint::Eer }
    }
}

/// What was fixed on calibration writers.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedCalibration {
    /// The fits, one for each number of references.
    pub calibration: Calibration,
    /// Numbers of references for which nothing could be fixed.
    pub missing: Vec<Missing>,
}

/// A number of references that the calibration writers have too few signatures for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub references: usize,
    /// What is missing, in words.
    pub why: String,
}

/// Fixes likelihood ratios and thresholds on the writers of `set` (pass one part of a data set that has splits). `score`
/// gives the score of a questioned image against references, all as image indices.
///
/// # Errors
/// As [`evaluate::verification`] with one reference; [`Error::TooFewForgeries`] when a wanted FAR is to decide and the
/// writers cannot show it.
pub fn fit_calibration(
    set: &DataSet,
    score: &(dyn Fn(&[usize], usize) -> f64 + Sync),
    options: &CalibrationOptions,
    progress: &mut dyn Progress,
) -> Result<FittedCalibration> {
    let (mut fits, mut missing) = (Vec::new(), Vec::new());
    for references in REFERENCES {
        let draws = VerificationOptions {
            references,
            repeats: options.repeats,
            seed: options.seed,
            ..VerificationOptions::default()
        };
        match evaluate::comparisons(set, score, &draws, progress) {
            Ok(comparisons) => fits.push(fit(&comparisons, &set.populations, references, options)?),
            Err(error @ Error::TooFewWriters { .. }) if references > 1 => {
                // The fit for 3 serves more, where there is none for these.
                if references <= FIT_FOR_MORE {
                    missing.push(Missing { references, why: error.to_string() });
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(FittedCalibration { calibration: Calibration::new(fits)?, missing })
}

/// The fit for the number of references that the comparisons were made with. Writers are of the populations given, each of
/// which counts for the same; of one where none are given.
///
/// # Errors
/// [`Error::EmptyClass`] where a class of comparisons is missing, [`Error::TooFewForgeries`] as [`fit_calibration`].
pub fn fit(
    comparisons: &[Comparison],
    populations: &BTreeMap<WriterId, usize>,
    references: usize,
    options: &CalibrationOptions,
) -> Result<ReferenceCalibration> {
    let (scores, against) = match evaluate::scores(comparisons, Class::Skilled) {
        Ok(scores) if scores.writers() >= LEAST_WRITERS => (scores, Forgeries::Skilled),
        Ok(_) | Err(Error::EmptyClass { .. }) => (evaluate::scores(comparisons, Class::Random)?, Forgeries::Random),
        Err(error) => return Err(error),
    };
    let class = if against == Forgeries::Skilled { Class::Skilled } else { Class::Random };
    let scores = of_populations(scores, comparisons, class, populations);
    let Line { slope, intercept } = logistic(&scores);
    Ok(ReferenceCalibration {
        references,
        writers: scores.writers(),
        against,
        slope: slope / std::f64::consts::LN_10,
        intercept: intercept / std::f64::consts::LN_10,
        threshold: threshold(&scores, references, against, options.decide)?,
        wanted_far: WANTED_FARS.iter().map(|&far| wanted_far(&scores, far)).collect::<Result<_>>()?,
        random_far: random_far(comparisons)?,
        spread: spread(&scores, options.seed),
    })
}

/// The scores of writers whose populations are given, if they are.
fn of_populations(
    scores: Scores,
    comparisons: &[Comparison],
    forgeries: Class,
    populations: &BTreeMap<WriterId, usize>,
) -> Scores {
    if populations.is_empty() {
        return scores;
    }
    // In the order in which the scores number them.
    let of_class = comparisons.iter().filter(|comparison| comparison.class == forgeries);
    let writers: BTreeSet<&WriterId> = of_class.map(|comparison| &comparison.writer).collect();
    scores.of_populations(&writers.into_iter().map(|writer| populations[writer]).collect::<Vec<_>>())
}

/// How the line varies from one draw of calibration writers to another; None where fewer than two draws have both classes.
///
/// A bootstrap of few populations shows too little of how they vary, by (K - 1) / K, and their mean is less sure than a normal
/// distribution has it: as Student's t of K - 1 degrees of freedom.
fn spread(scores: &Scores, seed: u64) -> Option<LineSpread> {
    let lines: Vec<Line> = scores.drawn(SPREAD_DRAWS, seed, logistic::of_sample).into_iter().flatten().collect();
    let mean = |value: &dyn Fn(&Line) -> f64| lines.iter().map(value).sum::<f64>() / lines.len() as f64;
    let (slope, intercept) = (mean(&|line| line.slope), mean(&|line| line.intercept));
    // In units of log10.
    let unbiased = lines.len() as f64 / (lines.len() as f64 - 1.0) / std::f64::consts::LN_10.powi(2);
    let unbiased = unbiased * few_populations(scores.populations());
    (lines.len() > 1).then(|| LineSpread {
        slope: unbiased * mean(&|line| (line.slope - slope).powi(2)),
        intercept: unbiased * mean(&|line| (line.intercept - intercept).powi(2)),
        covariance: unbiased * mean(&|line| (line.slope - slope) * (line.intercept - intercept)),
    })
}

/// By how much the variance of a bootstrap of so many populations is too small for a normal interval; 1 of one, whose writers are
/// drawn.
fn few_populations(count: usize) -> f64 {
    /// The 97.5 % quantile of Student's t in that of the normal distribution, for 1 degree of freedom and so on.
    const STUDENT: [f64; 10] = [6.48, 2.20, 1.62, 1.42, 1.31, 1.25, 1.21, 1.18, 1.15, 1.14];
    if count < 2 {
        return 1.0;
    }
    let wider = STUDENT.get(count - 2).copied().unwrap_or(1.0 + 1.4 / (count as f64 - 1.0));
    wider * wider * count as f64 / (count as f64 - 1.0)
}

/// The threshold of the decision, and in words what it balances on whom.
fn threshold(scores: &Scores, references: usize, against: Forgeries, decide: DecisionPoint) -> Result<ThresholdInfo> {
    let (value, balance) = match decide {
        DecisionPoint::Eer => {
            let eer = scores.eer();
            let rate = 100.0 * eer.rate;
            (eer.threshold, format!("{rate:.1} % of {against} are accepted and as many genuine rejected"))
        }
        DecisionPoint::Far(far) => {
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

/// The model with what [`fit_calibration`] fixes for it on the writers of `set`, whose images `loaded` holds.
///
/// # Errors
/// [`Error::TrainedOnThese`] when images of `set` were in the model's training; as [`fit_calibration`]; an image that can no longer
/// be read.
pub fn calibrate_model(
    model: Model,
    set: &DataSet,
    loaded: &LoadedImages,
    options: &CalibrationOptions,
    progress: &mut dyn Progress,
) -> Result<(Model, FittedCalibration)> {
    match images_made_with(&[&model.info().trained_on], set, loaded) {
        0 => calibrate_model_on_held_out(model, set, loaded, options, progress),
        images => Err(Error::TrainedOnThese { root: set.root.clone(), images }),
    }
}

/// [`calibrate_model`] where it is known that the writers were held out of the training: of synthetic writers a model file
/// says only how many there were in all.
pub(crate) fn calibrate_model_on_held_out(
    model: Model,
    set: &DataSet,
    loaded: &LoadedImages,
    options: &CalibrationOptions,
    progress: &mut dyn Progress,
) -> Result<(Model, FittedCalibration)> {
    let embedded = Embedded::new(&model, set.clone(), loaded, progress)?;
    let score = |references: &[usize], questioned| embedded.score(&model, references, questioned);
    let fitted = fit_calibration(set, &score, options, progress)?;
    let numbers = CalibrationNumbers {
        digest: model.digest().to_owned(),
        calibrated_on: loaded.describe(set),
        calibration: fitted.calibration.clone(),
        pressure: model.info().pressure,
    };
    Ok((numbers.apply_to(model), fitted))
}

/// Thresholds and likelihood ratios as they go from one model file to another of the same weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationNumbers {
    /// Of the model that they were fixed for.
    pub digest: String,
    /// Whose images fixed them.
    pub calibrated_on: DataInfo,
    /// For each number of references the likelihood ratios and thresholds.
    pub calibration: Calibration,
    /// What pressure adds to the scores that they are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<PressureRule>,
}

impl CalibrationNumbers {
    /// Those of a model; None where nobody has calibrated it.
    pub fn from_model(model: &Model) -> Option<Self> {
        let info = model.info();
        let (calibrated_on, calibration) = (info.calibrated_on.clone()?, info.calibration.clone()?);
        Some(Self { digest: model.digest().to_owned(), calibrated_on, calibration, pressure: info.pressure })
    }

    /// The model with these numbers instead of its own.
    pub fn apply_to(self, model: Model) -> Model {
        let mut info = model.info().clone();
        info.threshold = self.calibration.fits().first().expect("a calibration has a fit").threshold.clone();
        (info.calibrated_on, info.calibration) = (Some(self.calibrated_on), Some(self.calibration));
        info.pressure = self.pressure;
        model.with_info(info)
    }
}

#[cfg(test)]
mod tests;
