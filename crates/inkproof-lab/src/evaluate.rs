//! The two protocols that turn scores into figures, and their results as the JSON of `inkproof evaluate`.
//!
//! [`verification`] asks what a verifier is for: are genuine signatures told from skilled forgeries, and from other
//! people's signatures, by writers that the model has never seen? [`notebook`] is the notebook's own measure over its
//! pairs. Both take the score as a function of image indices, so they know nothing of models; a [`Verifier`] is whatever
//! scores the images of one data set. The fields that only the caller knows (`model`, `training_images_in_test`) are
//! None, null in JSON, until the caller fills them.

mod embedded;
mod likenesses;
mod notebook;
mod pooled;
mod rates;
mod scores_file;
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
pub(crate) use likenesses::Likenesses;
pub use notebook::notebook;
pub(crate) use pooled::{Part, pooled};
pub use rates::WANTED_FARS;
pub(crate) use rates::scores;
pub use scores_file::scores_csv;
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
    pub protocol: &'static str,
    pub references: usize,
    pub repeats: usize,
    pub seed: u64,
    /// Writers that were claimed.
    pub writers: usize,
    /// Images of these writers.
    pub images: usize,
    pub skipped: SkippedWriters,
    /// For the caller to fill: how many of the images the model was trained on.
    pub training_images_in_test: Option<usize>,
    /// Skilled forgeries; None when no claimed writer has any.
    pub skilled: Option<ErrorRates>,
    /// Random forgeries.
    pub random: ErrorRates,
    /// For the caller to fill: how many of the images fixed the model's threshold and calibration.
    pub calibration_images_in_test: Option<usize>,
    pub threshold: Option<f64>,
    /// For the caller to fill.
    pub model: Option<ModelName>,
    /// What the scores were taken to be worth; not part of the JSON.
    #[serde(skip)]
    pub calibration: Option<ReferenceCalibration>,
    /// Every comparison, in the order writer by writer within each draw; not part of the JSON.
    #[serde(skip)]
    pub comparisons: Vec<Comparison>,
}

/// Writers that could not take part fully.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SkippedWriters {
    /// Left out altogether, also as random forgers: fewer genuine signatures than references + 1.
    pub too_few_genuine: usize,
    /// In the random row only.
    pub no_forgeries: usize,
}

/// How well one class of forgeries is told from the genuine signatures; rates are 0..1.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorRates {
    /// With one global threshold.
    pub eer: f64,
    /// Resampling the claimed writers; None with fewer than two of them.
    pub eer_ci95: Option<[f64; 2]>,
    pub auc: f64,
    /// This interval and the others as that of the EER.
    pub auc_ci95: Option<[f64; 2]>,
    /// Optimistic: each writer's threshold is picked on the scores that it judges.
    pub eer_writer_thresholds: Option<f64>,
    pub far_at_threshold: Option<f64>,
    pub far_at_threshold_ci95: Option<[f64; 2]>,
    pub frr_at_threshold: Option<f64>,
    pub frr_at_threshold_ci95: Option<[f64; 2]>,
    /// At [`WANTED_FARS`].
    pub frr_at_far: Vec<FrrAtFar>,
    /// What the likelihood ratios cost; None, as the rest of their figures, until the model is calibrated.
    pub cllr: Option<f64>,
    pub cllr_ci95: Option<[f64; 2]>,
    /// The least that they could cost.
    pub cllr_min: Option<f64>,
    /// `cllr - cllr_min`.
    pub calibration_loss: Option<f64>,
    pub comparisons: ComparisonCounts,
}

/// The FRR at the lowest threshold which holds a wanted FAR, or why it is not given: how many different questioned
/// forgeries there are, and how many would be needed.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum FrrAtFar {
    Measured { far: f64, frr: f64, ci95: Option<[f64; 2]>, threshold: f64 },
    Refused { far: f64, refused: String, forged_images: usize, needed: usize },
}

/// How many comparisons a row of figures rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ComparisonCounts {
    pub genuine: usize,
    pub forgery: usize,
}

/// Which model was evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelName {
    pub name: String,
    pub digest: String,
}

/// One comparison of a questioned image with references of the claimed writer.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub class: Class,
    /// The claimed writer.
    pub writer: WriterId,
    /// Image indices, shared by the comparisons of one draw.
    pub references: Arc<[usize]>,
    /// Image index.
    pub questioned: usize,
    pub score: f64,
    /// 0..repeats.
    pub draw: usize,
}

/// What the questioned signature of a comparison truly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Genuine,
    /// Made by someone who had seen a genuine one.
    Skilled,
    /// Another writer's genuine signature.
    Random,
}

/// Results for several numbers of references.
#[derive(Debug, Clone, Serialize)]
pub struct VerificationRuns {
    pub runs: Vec<VerificationResult>,
}

/// The result of the notebook protocol.
#[derive(Debug, Clone, Serialize)]
pub struct NotebookResult {
    pub protocol: &'static str,
    pub pairs: usize,
    /// Mean binary cross-entropy, in nats.
    pub loss: f64,
    /// Share of pairs on the right side of 0.5.
    pub accuracy: f64,
    pub seed: u64,
    /// For the caller to fill: how many of the images the model was trained on.
    pub training_images_in_test: Option<usize>,
    /// For the caller to fill.
    pub model: Option<ModelName>,
}

#[cfg(test)]
mod tests;
