//! Local features of an ink and what the strokes do there: histograms of gradients in blocks of cells, and how two inks' places
//! are matched.
//!
//! Gradients vote, by their strength, for the two nearest of [`ORIENTATIONS`] directions (a stroke has no front and back)
//! and the four nearest cells of [`CELL`] x [`CELL`] pixels. A place is a block of 2 x 2 cells, described by their
//! histograms together at unit length; places without ink are left out.

use inkproof::inknet::{DIRECTIONS as ORIENTATIONS, dot, votes};
use inkproof::{Ink, SIDE};

/// Pixels along a cell.
const CELL: usize = 8;

/// Cells along an ink.
const CELLS: usize = SIDE / CELL;

/// Cells along a block.
const BLOCK: usize = 2;

/// Numbers that describe a place.
const LEN: usize = BLOCK * BLOCK * ORIENTATIONS;

/// How far, in cells, a place's counterpart may be.
const WINDOW: usize = 2;

/// The least strength of a place with ink, as a share of the strongest.
const LEAST_INK: f32 = 0.1;

/// Columns and rows of the grid of places, with an empty border as wide as the window.
const GRID: usize = CELLS - BLOCK + 1 + 2 * WINDOW;

/// The places of an ink that have ink.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LocalFeatures {
    /// Which place is where in the grid: its number from 1, or 0 where there is no ink.
    grid: Vec<u16>,
    /// Where each place is in the grid.
    spots: Vec<u16>,
    values: Vec<[f32; LEN]>,
}

impl LocalFeatures {
    pub(super) fn from_ink(ink: &Ink) -> Self {
        let cells = votes(ink, CELL);
        let blocks: Vec<[f32; LEN]> = (0..(CELLS - BLOCK + 1).pow(2)).map(|block| joined(&cells, block)).collect();
        let strengths: Vec<f32> = blocks.iter().map(|block| dot(block, block).sqrt()).collect();
        let least = LEAST_INK * strengths.iter().copied().fold(0.0, f32::max);
        let mut places = Self { grid: vec![0; GRID * GRID], spots: Vec::new(), values: Vec::new() };
        for (block, (values, &strength)) in blocks.iter().zip(&strengths).enumerate() {
            if strength > 0.0 && strength >= least {
                let (x, y) = (block % (CELLS - BLOCK + 1), block / (CELLS - BLOCK + 1));
                let spot = (y + WINDOW) * GRID + x + WINDOW;
                places.values.push(values.map(|value| value / strength));
                places.spots.push(spot as u16);
                places.grid[spot] = places.values.len() as u16;
            }
        }
        places
    }

    /// How similar two inks are, 0..1: the mean, over the places of each, of the similarity (cosine) to the most similar place
    /// of the other in the window. The same both ways round, to the last bit.
    pub(super) fn similarity(&self, other: &Self) -> f32 {
        let mut best_there = vec![0.0_f32; other.values.len()];
        let mut sum_here = 0.0;
        for (values, &spot) in self.values.iter().zip(&self.spots) {
            let first = usize::from(spot) - WINDOW * GRID - WINDOW;
            let mut best = 0.0_f32;
            for row in 0..=2 * WINDOW {
                let row = &other.grid[first + row * GRID..][..=2 * WINDOW];
                for &number in row.iter().filter(|&&number| number > 0) {
                    let there = usize::from(number) - 1;
                    let similarity = dot(values, &other.values[there]);
                    best = best.max(similarity);
                    best_there[there] = best_there[there].max(similarity);
                }
            }
            sum_here += best;
        }
        let mean = |sum: f32, places: usize| sum / places.max(1) as f32;
        let here = mean(sum_here, self.values.len());
        let there = mean(best_there.iter().sum(), other.values.len());
        (here + there) / 2.0
    }
}

/// Everything about places that a score depends on.
pub(super) fn describe() -> String {
    format!("cell {CELL}, orientations {ORIENTATIONS}, block {BLOCK}, window {WINDOW}, ink {LEAST_INK}")
}

/// The histograms of a block's cells, one after the other.
fn joined(cells: &[[f32; ORIENTATIONS]], block: usize) -> [f32; LEN] {
    let (x, y) = (block % (CELLS - BLOCK + 1), block / (CELLS - BLOCK + 1));
    let mut values = [0.0; LEN];
    for (part, values) in values.chunks_exact_mut(ORIENTATIONS).enumerate() {
        values.copy_from_slice(&cells[(y + part / BLOCK) * CELLS + x + part % BLOCK]);
    }
    values
}
