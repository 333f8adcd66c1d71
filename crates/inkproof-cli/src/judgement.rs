//! What a model says of a questioned signature: the same for every way of asking, by command, in bulk or at the server.

use anyhow::{Context, Result};
use inkproof::calibration::{Log10Lr, ReferenceCalibration, Support, WantedFar};
use inkproof::{Decision, Embedding, Model, Score, Threshold};
use serde::Serialize;
use utoipa::ToSchema;

/// A decision and what it rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Judgement {
    /// accepted, rejected or undecided.
    #[schema(value_type = String)]
    pub decision: Decision,
    #[schema(value_type = f64)]
    pub score: Score,
    /// This and the next two are null where the model is not calibrated for so many references.
    #[schema(value_type = Option<f64>)]
    pub log10_lr: Option<Log10Lr>,
    /// The strength of the evidence in words.
    pub support: Option<String>,
    /// The strongest log10 LR that the model's calibration writers support, in either direction.
    #[schema(value_type = Option<f64>)]
    pub bound: Option<Log10Lr>,
    /// How many writers that were; in the text only.
    #[serde(skip)]
    pub calibration_writers: Option<usize>,
    #[schema(value_type = f64)]
    pub threshold: Threshold,
    /// Thresholds for low FARs, and for one against random forgeries alone; null as above, or where the model's calibration
    /// writers were too few to show it.
    #[schema(value_type = Option<Vec<Object>>)]
    pub wanted_far: Option<Vec<WantedFar>>,
    #[schema(value_type = Option<Object>)]
    pub random_far: Option<WantedFar>,
    /// What each reference would score alone.
    #[serde(skip)]
    pub alone: Vec<Score>,
}

/// What may be asked beside the model's own rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Decide by this alone; nothing is left undecided.
    pub threshold: Option<Threshold>,
    /// An image is unfit to decide on, so a person has to.
    pub flawed: bool,
}

impl Judgement {
    pub fn of(model: &Model, references: &[&Embedding], questioned: &Embedding, asked: Asked) -> Result<Self> {
        let score = model.score_of(references, questioned)?;
        let alone = references.iter().map(|reference| model.score_of(&[reference], questioned));
        let calibration = model.info().calibration.as_ref().and_then(|calibration| calibration.fit(references.len()));
        let log10_lr = calibration.map(|fit| fit.log10_lr(score));
        let threshold = asked.threshold.unwrap_or_else(|| model.threshold_for(references.len()));
        Ok(Self {
            decision: match asked.threshold {
                Some(_) => Decision::of(score, threshold),
                None if asked.flawed => Decision::Undecided,
                None => Decision::by_evidence(score, threshold, log10_lr),
            },
            score,
            log10_lr,
            support: log10_lr.map(|lr| Support::of(lr).to_string()),
            bound: calibration.map(ReferenceCalibration::bound),
            calibration_writers: calibration.map(|fit| fit.writers),
            threshold,
            wanted_far: calibration.map(|fit| fit.wanted_far.clone()),
            random_far: calibration.and_then(|fit| fit.random_far.clone()),
            alone: alone.collect::<Result<_, _>>().context("a reference by itself")?,
        })
    }

    /// The decision, by its word and what it means.
    pub fn in_words(&self) -> (&'static str, &'static str) {
        match self.decision {
            Decision::Accepted => ("ACCEPTED", "is alike enough to be by the writer"),
            Decision::Rejected => ("REJECTED", "is not alike enough to be by the writer"),
            Decision::Undecided => ("UNDECIDED", "has to be looked at by a person: it may or may not be by the writer"),
        }
    }

    /// What the score is worth, for either proposition; None where the model is not calibrated.
    pub fn evidence(&self) -> Option<String> {
        let (support, lr) = (self.support.as_ref()?, self.log10_lr?.get());
        let (bound, writers) = (self.bound?.get(), self.calibration_writers?);
        Some(format!(
            "Evidence: {support}.\nLog10 LR {lr:.2}; {writers} calibration writers support no more than {bound:.2} either \
             way."
        ))
    }
}
