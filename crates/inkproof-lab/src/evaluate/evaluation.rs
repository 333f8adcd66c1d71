//! The whole result of an evaluation as plain data: what was judged, on what, and every run.

use std::collections::BTreeMap;

use inkproof::Preprocess;

use super::{ModelName, NotebookResult, VerificationResult, scores_csv};
use crate::dataset::{DataSet, WriterId};

/// What the verification protocol found for one model on one data set.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Which model judged; of several folds' models one name for all.
    pub model: ModelName,
    /// What the model sees of an image.
    pub preprocess: Preprocess,
    /// What was judged, without what could not be read.
    pub set: DataSet,
    /// Into how many folds the writers were cut; None where they were judged at once.
    pub folds: Option<usize>,
    /// Of each writer, from 0; empty without folds.
    pub fold_of: BTreeMap<WriterId, usize>,
    /// How many of the images the model was trained on.
    pub training_images: usize,
    /// Of the draws and the intervals.
    pub seed: u64,
    /// One for each number of references.
    pub runs: Vec<VerificationResult>,
}

impl Evaluation {
    /// Every comparison of every run as CSV; see [`scores_csv`].
    pub fn scores_csv(&self) -> Vec<u8> {
        scores_csv(&self.set, &self.runs, &self.fold_of)
    }
}

/// What the notebook's protocol found for one model on one data set.
#[derive(Debug, Clone)]
pub struct NotebookEvaluation {
    /// Which model judged.
    pub model: ModelName,
    /// What was judged, without what could not be read.
    pub set: DataSet,
    /// How many of the images the model was trained on.
    pub training_images: usize,
    /// The figures.
    pub result: NotebookResult,
}
