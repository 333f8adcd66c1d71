//! The notebook's own measure: loss and accuracy over its pairs. It says nothing about other people's signatures.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::NotebookResult;
use crate::dataset::DataSet;
use crate::error::{Error, Result};
use crate::pairs::notebook_pairs;

/// Keras keeps probabilities this far from 0 and 1 before it takes their logarithm.
const CLIP: f64 = 1e-7;

/// Loss and accuracy over the notebook's pairs of `set`, drawn by `seed` in sorted file order. `score` gives the
/// probability, 0..1, that two images (indices) are genuine signatures of one writer.
///
/// # Errors
/// [`Error::NoPairs`] when a class has no pair, [`Error::ModelScoreNotFinite`] when the model gives NaN or infinity.
pub fn notebook(set: &DataSet, score: &(dyn Fn(usize, usize) -> f64 + Sync), seed: u64) -> Result<NotebookResult> {
    let pairs = notebook_pairs(set, &mut ChaCha8Rng::seed_from_u64(seed))?;
    let scores: Vec<f64> = pairs.par_iter().map(|pair| score(pair.a, pair.b)).collect();
    let (mut loss, mut right) = (0.0, 0);
    for (pair, &score) in pairs.iter().zip(&scores) {
        if !score.is_finite() {
            return Err(Error::ModelScoreNotFinite { questioned: set.images[pair.b].path.clone(), score });
        }
        loss += cross_entropy(score, f64::from(u8::from(pair.same_writer)));
        right += usize::from((score > 0.5) == pair.same_writer);
    }
    Ok(NotebookResult {
        protocol: "notebook",
        pairs: pairs.len(),
        loss: loss / pairs.len() as f64,
        accuracy: right as f64 / pairs.len() as f64,
        seed,
        training_images_in_test: None,
        model: None,
    })
}

/// Binary cross-entropy of one probability, in nats; the label is 1 for one writer, 0 for a forgery.
pub(crate) fn cross_entropy(probability: f64, label: f64) -> f64 {
    let probability = probability.clamp(CLIP, 1.0 - CLIP);
    -(label * probability.ln() + (1.0 - label) * (1.0 - probability).ln())
}
