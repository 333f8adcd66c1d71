//! What a model says of a questioned signature: the decision and everything that it rests on.
//!
//! The whole rule is here, so that every program that asks gives the same answer: an image that is unfit, or a likelihood
//! ratio between 1/2 and 2, leaves the decision to a person; a threshold of the caller's own leaves nothing undecided.

use std::borrow::Borrow;

use crate::calibration::{Log10Lr, ReferenceCalibration, Support, WantedFar};
use crate::{Decision, Embedding, Flaw, Model, Result, Score, Signature, Threshold};

/// A decision on a questioned signature, and what it rests on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Verdict {
    /// Accepted, rejected, or left to a person.
    pub decision: Decision,
    /// Higher is more similar; comparable only within one model.
    pub score: Score,
    /// The strength of the evidence, base 10; None where the model is not calibrated for so many references.
    pub log10_lr: Option<Log10Lr>,
    /// The same on the verbal scale; None like `log10_lr`.
    pub support: Option<Support>,
    /// The strongest log10 likelihood ratio that the model's calibration writers support, in either direction; None like
    /// `log10_lr`.
    pub bound: Option<Log10Lr>,
    /// How many calibration writers that were; None like `log10_lr`.
    pub calibration_writers: Option<usize>,
    /// The score from which on a signature is accepted with so many references.
    pub threshold: Threshold,
    /// Thresholds for low false acceptance rates, or why the calibration writers cannot show them; None like `log10_lr`.
    pub wanted_far: Option<Vec<WantedFar>>,
    /// The same against random forgeries alone; None where the calibration writers were too few.
    pub random_far: Option<WantedFar>,
    /// What each reference would score alone, in their order.
    pub reference_scores: Vec<Score>,
    /// What makes images unfit to decide on, the questioned one's flaws first.
    pub flaws: Vec<ImageFlaw>,
}

/// What makes one of the compared images unfit to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageFlaw {
    /// Which image.
    pub image: Compared,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// One of the images of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// The signature to be judged.
    Questioned,
    /// The reference with this index, from 0.
    Reference(usize),
}

/// What a caller may ask for instead of the model's own rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyOptions {
    /// Accept from this score on and reject below it; nothing is left undecided. None: the model's own threshold.
    pub threshold: Option<Threshold>,
}

impl Verdict {
    pub(crate) fn new<R: Borrow<Signature>>(
        model: &Model,
        references: &[R],
        questioned: &Signature,
        options: &VerifyOptions,
    ) -> Result<Self> {
        let embeddings: Vec<&Embedding> = references.iter().map(|reference| &reference.borrow().embedding).collect();
        let score = model.score_of(&embeddings, &questioned.embedding)?;
        let reference_scores = embeddings.iter().map(|reference| model.score_of(&[reference], &questioned.embedding));
        let calibration = model.info().calibration.as_ref().and_then(|calibration| calibration.fit(references.len()));
        let log10_lr = calibration.map(|fit| fit.log10_lr(score));
        let threshold = options.threshold.unwrap_or_else(|| model.threshold_for(references.len()));
        let flaws = flaws(references, questioned);
        Ok(Self {
            decision: match options.threshold {
                Some(_) => Decision::from_score(score, threshold),
                None if !flaws.is_empty() => Decision::Undecided,
                None => Decision::from_evidence(score, threshold, log10_lr),
            },
            score,
            log10_lr,
            support: log10_lr.map(Support::from_lr),
            bound: calibration.map(ReferenceCalibration::bound),
            calibration_writers: calibration.map(|fit| fit.writers),
            threshold,
            wanted_far: calibration.map(|fit| fit.wanted_far.clone()),
            random_far: calibration.and_then(|fit| fit.random_far.clone()),
            reference_scores: reference_scores.collect::<Result<_>>()?,
            flaws,
        })
    }

    /// The strength of the evidence in words, as "moderate support for the proposition that ...".
    pub fn strength(&self) -> String {
        self.support.map_or_else(|| "the model is not calibrated".to_owned(), |support| support.to_string())
    }

    /// What the score is worth in two lines, for either proposition; None where the model is not calibrated.
    pub fn evidence(&self) -> Option<String> {
        let (support, lr) = (self.support?, self.log10_lr?.get());
        let (bound, writers) = (self.bound?.get(), self.calibration_writers?);
        Some(format!(
            "Evidence: {support}.\nLog10 LR {lr:.2}; {writers} calibration writers support no more than {bound:.2} either \
             way."
        ))
    }
}

fn flaws<R: Borrow<Signature>>(references: &[R], questioned: &Signature) -> Vec<ImageFlaw> {
    let references = references.iter().enumerate();
    let references = references.map(|(index, reference)| (Compared::Reference(index), reference.borrow()));
    let of_image = |(image, signature): (Compared, &Signature)| -> Vec<ImageFlaw> {
        signature.flaws.iter().map(|&flaw| ImageFlaw { image, flaw }).collect()
    };
    std::iter::once((Compared::Questioned, questioned)).chain(references).flat_map(of_image).collect()
}
