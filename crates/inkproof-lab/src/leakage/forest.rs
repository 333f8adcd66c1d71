//! All cues together: a random forest (Breiman 2001) on the |differences| of two images, which says how likely the pair
//! is genuine. It is fitted on some writers and asked about others.

use inkproof::random::stream;
use rand::RngExt;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::cue::{Cue, Role, Value};
use super::pairs::{Pair, Pairs};
use crate::error::{Error, Result};

/// The forest is grown in parts, so that threads can share the work and their number changes nothing.
const PARTS: u64 = 8;
const TREES_OF_A_PART: usize = 12;
const DEPTH: u16 = 8;
const SMALLEST_LEAF: usize = 5;

/// The most pairs of one class of one writer that a forest is fitted on.
const PAIRS_OF_A_WRITER: usize = 40;

/// Parts of the writers, each of which is scored by a forest that was fitted on the others.
const FOLDS: usize = 5;

type Tree = RandomForestRegressor<f32, f32, DenseMatrix<f32>, Vec<f32>>;

/// A fitted forest over the judged ones of some cues.
pub struct Forest {
    judged: Vec<usize>,
    parts: Vec<Tree>,
}

impl Forest {
    /// Fits a forest on pairs; `values` are those of `cues`, image by image.
    ///
    /// # Errors
    /// [`Error::Forest`] where there is nothing to learn from.
    pub fn fit(cues: &[Cue], values: &[Vec<Value>], pairs: &[Pair], seed: u64) -> Result<Self> {
        let judged: Vec<usize> = (0..cues.len()).filter(|&cue| cues[cue].role == Role::Judged).collect();
        let chosen = balanced(pairs, seed);
        if !chosen.iter().any(|pair| pair.genuine) || chosen.iter().all(|pair| pair.genuine) {
            return Err(Error::Forest { why: "it needs genuine and forged pairs".to_owned() });
        }
        let rows = chosen.iter().map(|pair| differences(&judged, &values[pair.a], &values[pair.b])).collect();
        let matrix = DenseMatrix::from_2d_vec(&rows).map_err(failed)?;
        let wanted: Vec<f32> = chosen.iter().map(|pair| f32::from(u8::from(pair.genuine))).collect();
        let grow = |part| {
            let parameters = RandomForestRegressorParameters::default()
                .with_n_trees(TREES_OF_A_PART)
                .with_max_depth(DEPTH)
                .with_min_samples_leaf(SMALLEST_LEAF)
                .with_seed(stream(seed, "audit: forest", part).random());
            RandomForestRegressor::fit(&matrix, &wanted, parameters).map_err(failed)
        };
        let parts = (0..PARTS).into_par_iter().map(grow).collect::<Result<_>>()?;
        Ok(Self { judged, parts })
    }

    /// How likely each pair is genuine, 0..1.
    ///
    /// # Errors
    /// [`Error::Forest`] where the values are not those of the fitted cues.
    pub fn scores<'a>(&self, pairs: impl Iterator<Item = (&'a [Value], &'a [Value])>) -> Result<Vec<f64>> {
        let rows: Vec<Vec<f32>> = pairs.map(|(a, b)| differences(&self.judged, a, b)).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let matrix = DenseMatrix::from_2d_vec(&rows).map_err(failed)?;
        let of_parts: Vec<Vec<f32>> =
            self.parts.par_iter().map(|part| part.predict(&matrix).map_err(failed)).collect::<Result<_>>()?;
        let mean = |row: usize| of_parts.iter().map(|part| f64::from(part[row])).sum::<f64>() / of_parts.len() as f64;
        Ok((0..rows.len()).map(mean).collect())
    }
}

/// The score of every pair by a forest that has not seen its writer.
///
/// # Errors
/// [`Error::Forest`] with fewer than two writers.
pub fn out_of_fold(cues: &[Cue], values: &[Vec<Value>], pairs: &Pairs, seed: u64) -> Result<Vec<f64>> {
    let mut order: Vec<usize> = (0..pairs.writers).collect();
    order.shuffle(&mut stream(seed, "audit: folds", 0));
    let mut folds = vec![0; pairs.writers];
    (0..).zip(&order).for_each(|(place, &writer): (usize, _)| folds[writer] = place % FOLDS);
    let mut scores = vec![0.0; pairs.list.len()];
    for fold in 0..FOLDS.min(pairs.writers) {
        let (asked, others): (Vec<usize>, Vec<usize>) =
            (0..pairs.list.len()).partition(|&pair| folds[pairs.list[pair].writer] == fold);
        let others: Vec<Pair> = others.into_iter().map(|pair| pairs.list[pair]).collect();
        let forest = Forest::fit(cues, values, &others, seed)?;
        let images = asked.iter().map(|&pair| (&pairs.list[pair].a, &pairs.list[pair].b));
        let answers = forest.scores(images.map(|(&a, &b)| (&values[a][..], &values[b][..])))?;
        asked.iter().zip(answers).for_each(|(&pair, answer)| scores[pair] = answer);
    }
    Ok(scores)
}

/// At most [`PAIRS_OF_A_WRITER`] of each class of each writer, so that no writer outvotes the others.
fn balanced(pairs: &[Pair], seed: u64) -> Vec<Pair> {
    let mut chosen = Vec::new();
    for of_writer in pairs.chunk_by(|a, b| a.writer == b.writer) {
        for genuine in [true, false] {
            let mut of_class: Vec<Pair> = of_writer.iter().filter(|pair| pair.genuine == genuine).copied().collect();
            let number = 2 * of_writer[0].writer as u64 + u64::from(genuine);
            of_class.shuffle(&mut stream(seed, "audit: pairs", number));
            of_class.truncate(PAIRS_OF_A_WRITER);
            chosen.extend(of_class);
        }
    }
    chosen
}

fn differences(judged: &[usize], a: &[Value], b: &[Value]) -> Vec<f32> {
    judged.iter().map(|&cue| a[cue].difference(&b[cue]) as f32).collect()
}

fn failed(why: smartcore::error::Failed) -> Error {
    Error::Forest { why: why.to_string() }
}
