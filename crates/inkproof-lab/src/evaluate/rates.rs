//! From comparisons to the figures of one class of forgeries.

use std::collections::BTreeMap;

use inkproof::calibration::ReferenceCalibration;
use inkproof::{Decision, Score, Threshold};

use super::{Class, Comparison, ComparisonCounts, DecisionShares, Decisions, ErrorRates, FrrAtFar, VerificationResult};
use crate::dataset::WriterId;
use crate::error::{Error, Result};
use crate::metrics::{OperatingPoint, Scores, Trial};

/// FARs at which the FRR is given.
pub const WANTED_FARS: [f64; 2] = [0.01, 0.001];

impl VerificationResult {
    /// The scores behind a row of figures: the class's comparisons, and the genuine ones of the writers who have any.
    ///
    /// # Errors
    /// [`Error::EmptyClass`] when there are none, as of skilled forgeries where no claimed writer has any.
    pub fn scores(&self, forgeries: Class) -> Result<Scores> {
        scores(&self.comparisons, forgeries)
    }
}

/// See [`VerificationResult::scores`].
pub(crate) fn scores(comparisons: &[Comparison], forgeries: Class) -> Result<Scores> {
    let of_class = comparisons.iter().filter(|comparison| comparison.class == forgeries);
    let mut writers: BTreeMap<&WriterId, usize> = of_class.map(|comparison| (&comparison.writer, 0)).collect();
    writers.values_mut().enumerate().for_each(|(place, number)| *number = place);
    let trial = |comparison: &Comparison| {
        Some(Trial {
            score: comparison.score,
            writer: *writers.get(&comparison.writer)?,
            questioned: comparison.questioned,
            genuine: comparison.class == Class::Genuine,
        })
    };
    let compared = comparisons.iter().filter(|comparison| [Class::Genuine, forgeries].contains(&comparison.class));
    Scores::new(compared.filter_map(trial).collect())
}

/// The figures of [`scores`]; intervals are drawn by `seed`.
///
/// # Errors
/// As [`scores`].
pub(super) fn rates(
    comparisons: &[Comparison],
    forgeries: Class,
    threshold: Option<f64>,
    calibration: Option<&ReferenceCalibration>,
    seed: u64,
) -> Result<ErrorRates> {
    let scores = scores(comparisons, forgeries)?;
    let at_threshold = threshold.map(|threshold| scores.at_threshold(threshold));
    let lr = calibration.map(|fit| move |score| fit.log10_lr(Score::new(score)));
    let cllr = lr.map(|lr| scores.cllr(lr));
    let cllr_min = scores.cllr_min();
    Ok(ErrorRates {
        eer: scores.eer().rate,
        eer_ci95: scores.eer_interval(seed),
        auc: scores.auc(),
        auc_ci95: scores.interval(seed, |sample| sample.auc()),
        eer_writer_thresholds: scores.eer_writer_thresholds(),
        far_at_threshold: at_threshold.map(|point| point.far),
        far_at_threshold_ci95: threshold.and_then(|t| scores.interval(seed, |sample| sample.at_threshold(t).far)),
        frr_at_threshold: at_threshold.map(|point| point.frr),
        frr_at_threshold_ci95: threshold.and_then(|t| scores.interval(seed, |sample| sample.at_threshold(t).frr)),
        decisions: threshold.zip(calibration).map(|(threshold, fit)| decisions(&scores, threshold, fit, seed)),
        frr_at_far: WANTED_FARS.iter().map(|&far| frr_at_far(&scores, far, seed)).collect::<Result<_>>()?,
        cllr,
        cllr_ci95: lr.and_then(|lr| scores.cllr_interval(seed, lr)),
        cllr_min: calibration.map(|_| cllr_min),
        calibration_loss: cllr.map(|cllr| cllr - cllr_min),
        comparisons: ComparisonCounts { genuine: scores.count(true), forgery: scores.count(false) },
    })
}

/// Decisions ascend with the score, so two scores part them.
fn decisions(scores: &Scores, threshold: f64, fit: &ReferenceCalibration, seed: u64) -> Decisions {
    let threshold = Threshold::new(threshold).expect("a threshold is finite");
    let decision = |score| Decision::from_evidence(Score::new(score), threshold, Some(fit.log10_lr(Score::new(score))));
    let first = |is_so: &dyn Fn(Decision) -> bool| {
        let found = scores.trials().iter().map(|trial| trial.score).find(|&score| is_so(decision(score)));
        found.unwrap_or(f64::INFINITY)
    };
    let (accepts, keeps) = (first(&|is| is == Decision::Accepted), first(&|is| is != Decision::Rejected));
    let shares = |share_from: fn(OperatingPoint) -> f64| {
        let at = |from: f64| share_from(scores.at_threshold(from));
        let interval = |from: f64, share: &(dyn Fn(f64) -> f64 + Sync)| {
            scores.interval(seed, |sample| share(share_from(sample.at_threshold(from))))
        };
        let (accepted, rejected) = (at(accepts), 1.0 - at(keeps));
        DecisionShares {
            accepted,
            accepted_ci95: interval(accepts, &|share| share),
            undecided: 1.0 - accepted - rejected,
            rejected,
            rejected_ci95: interval(keeps, &|share| 1.0 - share),
        }
    };
    Decisions { genuine: shares(|point| 1.0 - point.frr), forgeries: shares(|point| point.far) }
}

fn frr_at_far(scores: &Scores, far: f64, seed: u64) -> Result<FrrAtFar> {
    match scores.at_far(far) {
        Ok(point) => Ok(FrrAtFar::Measured {
            far,
            frr: point.frr,
            ci95: scores.interval(seed, |sample| sample.at_far(far).frr),
            threshold: point.threshold,
        }),
        Err(refusal @ Error::TooFewForgeries { images, needed, .. }) => {
            Ok(FrrAtFar::Refused { far, refused: refusal.to_string(), forged_images: images, needed })
        }
        Err(error) => Err(error),
    }
}
