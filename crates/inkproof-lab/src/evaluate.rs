//! The two protocols that turn scores into figures, and their results, which serialise to JSON.
//!
//! [`verification`] asks what a verifier is for: are genuine signatures distinguished from skilled forgeries, and from other
//! people's signatures, by writers that the model has never seen? [`notebook`] is the notebook's own measure over its
//! pairs. Both take the score as a function of image indices, so they know nothing of models; a [`Verifier`] is whatever
//! scores the images of one data set. The fields that only the caller knows (`model`, `training_images_in_test`) are
//! None, null in JSON, until the caller fills them.

mod embedded;
mod evaluation;
mod notebook;
mod pooled;
mod rates;
mod scores_file;
mod similarities;
mod subset;
mod verification;
mod verifier;

use std::sync::Arc;

use inkproof::Calibration;
use inkproof::calibration::ReferenceCalibration;
use serde::Serialize;

use crate::dataset::WriterId;
pub(crate) use embedded::images_made_with;
pub use embedded::{Embedded, Network};
pub use evaluation::{Evaluation, NotebookEvaluation};
pub(crate) use notebook::cross_entropy;
pub use notebook::notebook;
pub(crate) use pooled::{FoldPart, pooled};
pub use rates::WANTED_FARS;
pub(crate) use rates::scores;
pub use scores_file::scores_csv;
pub(crate) use similarities::Similarities;
pub(crate) use subset::Subset;
pub(crate) use verification::comparisons;
pub use verification::{verification, verification_runs};
pub use verifier::Verifier;

/// How [`verification`] draws and judges.
#[derive(Debug, Clone, PartialEq)]
pub struct VerificationOptions {
    /// References per comparison, at least 1.
    pub references: usize,
    /// Draws of the references per writer, at least 1.
    pub repeats: usize,
    /// Of the draws and of the intervals.
    pub seed: u64,
    /// The threshold at which FAR and FRR are given; without one it is the calibration's.
    pub threshold: Option<f64>,
    /// What the scores are worth, fixed on other writers.
    pub calibration: Option<Calibration>,
}

impl Default for VerificationOptions {
    fn default() -> Self {
        Self { references: 1, repeats: 10, seed: 0, threshold: None, calibration: None }
    }
}

/// The result of the verification protocol for one number of references.
#[derive(Debug, Clone, Serialize)]
pub struct VerificationResult {
    /// `verification`.
    pub protocol: &'static str,
    /// References in a comparison.
    pub references: usize,
    /// Draws of the references per writer.
    pub repeats: usize,
    /// Of the draws and the intervals.
    pub seed: u64,
    /// Writers that were claimed.
    pub writers: usize,
    /// Images of these writers.
    pub images: usize,
    /// Writers that could not take part.
    pub skipped: SkippedWriters,
    /// For the caller to fill: how many of the images the model was trained on.
    pub training_images_in_test: Option<usize>,
    /// Skilled forgeries; None when no claimed writer has any.
    pub skilled: Option<ErrorRates>,
    /// Random forgeries.
    pub random: ErrorRates,
    /// For the caller to fill: how many of the images fixed the model's threshold and calibration.
    pub calibration_images_in_test: Option<usize>,
    /// At which FAR and FRR are given; None where nothing fixed one, or each fold has its own.
    pub threshold: Option<f64>,
    /// For the caller to fill.
    pub model: Option<ModelName>,
    /// Of a result by folds: what was fixed for each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<Fold>,
    /// Of a result by folds, whose scores are pooled: `log10_lr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_scale: Option<&'static str>,
    /// What the scores were taken to be worth; not part of the JSON.
    #[serde(skip)]
    pub calibration: Option<ReferenceCalibration>,
    /// Every comparison, in the order writer by writer within each draw; not part of the JSON.
    #[serde(skip)]
    pub comparisons: Vec<Comparison>,
}

/// What was fixed for one fold on the writers of the others.
#[derive(Debug, Clone, Serialize)]
pub struct Fold {
    /// From 1, as in the file of scores.
    pub fold: usize,
    /// Which model judged it.
    pub model: ModelName,
    /// Writers that are judged.
    pub writers: usize,
    /// On the scale of the fold's own scores.
    pub threshold: f64,
    /// The threshold on the scale on which the folds are pooled.
    pub log10_lr_at_threshold: f64,
    /// On whom it was fixed, and what it balances.
    pub threshold_origin: String,
}

/// Writers that could not take part fully.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SkippedWriters {
    /// Left out altogether, also as random forgers: fewer genuine signatures than references + 1.
    pub too_few_genuine: usize,
    /// In the random row only.
    pub no_forgeries: usize,
}

/// How well one class of forgeries is distinguished from the genuine signatures; rates are 0..1.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorRates {
    /// With one global threshold.
    pub eer: f64,
    /// Resampling the claimed writers; None with fewer than two of them.
    pub eer_ci95: Option<[f64; 2]>,
    /// The chance that a genuine comparison scores higher than a forged one, ties counting half.
    pub auc: f64,
    /// This interval and the others as that of the EER.
    pub auc_ci95: Option<[f64; 2]>,
    /// Optimistic: each writer's threshold is picked on the scores that it judges.
    pub eer_writer_thresholds: Option<f64>,
    /// Share of the forgeries that are accepted.
    pub far_at_threshold: Option<f64>,
    /// Resampling the claimed writers.
    pub far_at_threshold_ci95: Option<[f64; 2]>,
    /// Share of the genuine signatures that are rejected.
    pub frr_at_threshold: Option<f64>,
    /// Resampling the claimed writers.
    pub frr_at_threshold_ci95: Option<[f64; 2]>,
    /// What `verify` would say of images that are fit to decide on; None without a threshold and a calibration.
    pub decisions: Option<Decisions>,
    /// At [`WANTED_FARS`].
    pub frr_at_far: Vec<FrrAtFar>,
    /// What the likelihood ratios cost, in bits (N. Brümmer and J. du Preez, Application-independent evaluation of speaker
    /// detection, Computer Speech and Language 2006); None, as the rest of their figures, until the model is calibrated.
    pub cllr: Option<f64>,
    /// Resampling the claimed writers.
    pub cllr_ci95: Option<[f64; 2]>,
    /// The least that they could cost.
    pub cllr_min: Option<f64>,
    /// `cllr - cllr_min`.
    pub calibration_loss: Option<f64>,
    /// How many there are.
    pub comparisons: ComparisonCounts,
}

/// Shares of the decisions that rest on the threshold and the strength of the evidence
/// ([`from_evidence`](inkproof::Decision::from_evidence)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decisions {
    /// On genuine signatures.
    pub genuine: DecisionShares,
    /// On forgeries.
    pub forgeries: DecisionShares,
}

/// Shares of the decisions on one class, 0..1, which add up to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DecisionShares {
    /// Accepted.
    pub accepted: f64,
    /// Resampling the claimed writers.
    pub accepted_ci95: Option<[f64; 2]>,
    /// Left to a person.
    pub undecided: f64,
    /// Rejected.
    pub rejected: f64,
    /// Resampling the claimed writers.
    pub rejected_ci95: Option<[f64; 2]>,
}

/// The FRR at the lowest threshold which holds a wanted FAR, or why it is not given: how many different questioned
/// forgeries there are, and how many would be needed.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum FrrAtFar {
    /// There are enough forgeries.
    Measured {
        /// The wanted FAR, 0..1.
        far: f64,
        /// The FRR, 0..1.
        frr: f64,
        /// Of the FRR, resampling the claimed writers.
        ci95: Option<[f64; 2]>,
        /// The lowest that holds the FAR.
        threshold: f64,
    },
    /// There are too few forgeries.
    Refused {
        /// The wanted FAR, 0..1.
        far: f64,
        /// Why, in words.
        refused: String,
        /// How many different questioned forgeries there are.
        forged_images: usize,
        /// How many it takes: 3 / FAR (rule of three).
        needed: usize,
    },
}

/// How many comparisons a row of figures rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ComparisonCounts {
    /// Of genuine signatures.
    pub genuine: usize,
    /// Of the row's forgeries.
    pub forgery: usize,
}

/// Which model was evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelName {
    /// Of the file or the baseline.
    pub name: String,
    /// Of the weights, or of what a baseline depends on, in hexadecimal.
    pub digest: String,
}

/// One comparison of a questioned image with references of the claimed writer.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What the questioned signature is.
    pub class: Class,
    /// The claimed writer.
    pub writer: WriterId,
    /// Image indices, shared by the comparisons of one draw.
    pub references: Arc<[usize]>,
    /// Image index.
    pub questioned: usize,
    /// Higher is more similar.
    pub score: f64,
    /// 0..repeats.
    pub draw: usize,
}

/// What the questioned signature of a comparison truly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The claimed writer's own.
    Genuine,
    /// Made by someone who had seen a genuine one.
    Skilled,
    /// Another writer's genuine signature.
    Random,
}

/// Results for several numbers of references.
#[derive(Debug, Clone, Serialize)]
pub struct VerificationRuns {
    /// One for each.
    pub runs: Vec<VerificationResult>,
}

/// The result of the notebook protocol.
#[derive(Debug, Clone, Serialize)]
pub struct NotebookResult {
    /// `notebook`.
    pub protocol: &'static str,
    /// How many.
    pub pairs: usize,
    /// Mean binary cross-entropy, in nats.
    pub loss: f64,
    /// Share of pairs on the right side of 0.5.
    pub accuracy: f64,
    /// Of the pairs.
    pub seed: u64,
    /// For the caller to fill: how many of the images the model was trained on.
    pub training_images_in_test: Option<usize>,
    /// For the caller to fill.
    pub model: Option<ModelName>,
}

#[cfg(test)]
mod tests;
