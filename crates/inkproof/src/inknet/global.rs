//! One unit vector for a whole ink, to find the most similar of very many inks quickly before they are compared place by
//! place: the places' vectors, averaged in [`BINS`] x [`BINS`] bins that run into each other, and projected to few numbers
//! by a fixed random matrix, which keeps angles (W. Johnson and J. Lindenstrauss, 1984).

use std::sync::OnceLock;

use rand_distr::{Distribution, StandardNormal};

use super::{LocalFeatures, WIDTH};
use crate::preprocess::SPREAD;
use crate::random;

/// Numbers of the vector.
pub const GLOBAL: usize = 128;

/// Bins along each side, a spread of the ink apart, around the middle of the places.
const BINS: usize = 3;
const BINNED: usize = BINS * BINS * WIDTH;

impl LocalFeatures {
    /// A unit vector, or zeros where there are no places.
    pub(crate) fn global(&self) -> Vec<f32> {
        let binned = self.binned();
        let mut vector = vec![0.0_f32; GLOBAL];
        for (value, row) in binned.iter().zip(matrix().chunks_exact(GLOBAL)) {
            vector.iter_mut().zip(row).for_each(|(sum, weight)| *sum += value * weight);
        }
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        vector.iter_mut().for_each(|value| *value /= length);
        vector
    }

    fn binned(&self) -> Vec<f32> {
        let count = self.len().max(1) as f32;
        let middle = [0, 1].map(|axis| self.at().iter().map(|at| at[axis]).sum::<f32>() / count);
        let mut binned = vec![0.0; BINNED];
        for (at, values) in self.at().iter().zip(&self.values) {
            for (row, by_row) in shares((at[1] - middle[1]) / SPREAD) {
                for (column, by_column) in shares((at[0] - middle[0]) / SPREAD) {
                    let bin = &mut binned[(row * BINS + column) * WIDTH..][..WIDTH];
                    bin.iter_mut().zip(values).for_each(|(sum, value)| *sum += by_row * by_column * value / count);
                }
            }
        }
        binned
    }
}

/// The two bins along one axis that a point, in spreads from the middle, falls between, and its shares in them.
fn shares(from_middle: f32) -> [(usize, f32); 2] {
    let place = (from_middle + 1.0).clamp(0.0, (BINS - 1) as f32);
    let before = (place as usize).min(BINS - 2);
    let share = place - before as f32;
    [(before, 1.0 - share), (before + 1, share)]
}

/// `[BINNED, GLOBAL]`, the same for ever: vectors that are stored have been projected by it.
fn matrix() -> &'static [f32] {
    static MATRIX: OnceLock<Vec<f32>> = OnceLock::new();
    MATRIX.get_or_init(|| {
        let mut random = random::stream(0, "global vector", 0);
        (0..BINNED * GLOBAL).map(|_| StandardNormal.sample(&mut random)).collect()
    })
}
