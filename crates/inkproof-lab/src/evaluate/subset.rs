//! Some writers of a data set as a data set of their own, whose images know their index in the whole.

use super::{Comparison, Verifier};
use crate::dataset::{DataSet, WriterId};

/// The images of some writers.
pub(crate) struct Subset {
    pub set: DataSet,
    /// Of each image, its index in the whole set.
    indices: Vec<usize>,
}

impl Subset {
    pub(crate) fn new(whole: &DataSet, is_in: impl Fn(&WriterId) -> bool) -> Self {
        let writers = whole.writers().into_iter().filter(|&writer| is_in(writer)).cloned().collect();
        let indices = (0..whole.images.len()).filter(|&index| is_in(&whole.images[index].writer)).collect();
        Self { set: whole.restrict_to(&writers), indices }
    }

    /// The score of a verifier of the whole set, for images identified by their index in this one.
    pub(crate) fn score(&self, verifier: &dyn Verifier, references: &[usize], questioned: usize) -> f64 {
        let references: Vec<usize> = references.iter().map(|&reference| self.indices[reference]).collect();
        verifier.score(&references, self.indices[questioned])
    }

    /// The comparison with the indices of the whole set.
    pub(crate) fn in_whole(&self, comparison: &Comparison) -> Comparison {
        Comparison {
            references: comparison.references.iter().map(|&reference| self.indices[reference]).collect(),
            questioned: self.indices[comparison.questioned],
            ..comparison.clone()
        }
    }
}
