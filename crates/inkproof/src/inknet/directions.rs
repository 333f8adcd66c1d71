//! Which way the strokes go, and how much of them there is, around every point of an ink.
//!
//! Gradients vote, by their strength, for the two nearest of [`DIRECTIONS`] directions (a stroke has no front and back) and
//! the four nearest cells; two Gaussians then spread what is in the cells, for the near and the far view of
//! [`super::local_features`].

use std::ops::Range;

use inkproof_nn::descriptors::add_weighted;

use crate::Ink;
use crate::preprocess::{SIDE, floor};

/// Directions a half turn is cut into.
pub const DIRECTIONS: usize = 8;
/// Pixels along a cell.
pub(super) const CELL: usize = 2;
/// Cells along an ink.
const CELLS: usize = SIDE / CELL;
/// Numbers in a row of cells.
const ROW: usize = CELLS * DIRECTIONS;

/// How much of the strokes goes each way, cell by cell.
pub(super) struct Directions {
    cells: Vec<[f32; DIRECTIONS]>,
    /// The rows and the columns that may have anything.
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Directions {
    /// Of an ink.
    pub(super) fn from_ink(ink: &Ink) -> Self {
        // A pixel makes its neighbours vote, each for the two cells that it is between; one more does no harm.
        let cells = |inked: &Range<usize>| (inked.start / CELL).saturating_sub(2)..(inked.end / CELL + 3).min(CELLS);
        let [rows, columns] = ink.inked().each_ref().map(cells);
        Self { cells: votes(ink, CELL), rows, columns }
    }

    /// Spread by a Gaussian of this standard deviation, in cells.
    pub(super) fn spread(&self, deviation: f32) -> Self {
        let reach = (3.0 * deviation).ceil() as usize;
        let weights: Vec<f32> = (0..=reach).map(|d| (-0.5 * (d as f32 / deviation).powi(2)).exp()).collect();
        let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
        let weights: Vec<f32> = (0..=2 * reach).map(|cell| weights[cell.abs_diff(reach)] / sum).collect();
        let wider = |cells: &Range<usize>| cells.start.saturating_sub(reach)..(cells.end + reach).min(CELLS);
        let (rows, columns) = (wider(&self.rows), wider(&self.columns));
        let numbers = DIRECTIONS * columns.start..DIRECTIONS * columns.end;

        // Along the rows, whose edges have nothing beside them; then between the rows, with nothing above and below them.
        let mut row = vec![0.0; ROW + 2 * reach * DIRECTIONS];
        let mut along = vec![0.0; (CELLS + 2 * reach) * ROW];
        for number in self.rows.clone() {
            row[reach * DIRECTIONS..][..ROW].copy_from_slice(&self.cells.as_flattened()[number * ROW..][..ROW]);
            let sums = &mut along[(number + reach) * ROW..][numbers.clone()];
            add_weighted(sums, &weights, &row[numbers.start..], DIRECTIONS);
        }
        let mut cells = vec![[0.0; DIRECTIONS]; CELLS * CELLS];
        for number in rows.clone() {
            let sums = &mut cells.as_flattened_mut()[number * ROW..][numbers.clone()];
            add_weighted(sums, &weights, &along[number * ROW + numbers.start..], ROW);
        }
        Self { cells, rows, columns }
    }

    /// What is at a point, between the cells linearly; nothing is beyond the edges. In pixels.
    pub(super) fn at(&self, x: f32, y: f32) -> [f32; DIRECTIONS] {
        let place = |pixel: f32| pixel / CELL as f32 - 0.5;
        let (x, y) = (place(x), place(y));
        let (left, top) = (floor(x) as f32, floor(y) as f32);
        let mut sum = [0.0; DIRECTIONS];
        for (row, by_row) in [(top, 1.0 - (y - top)), (top + 1.0, y - top)] {
            for (column, by_column) in [(left, 1.0 - (x - left)), (left + 1.0, x - left)] {
                let inside = |cell: f32| (0.0..CELLS as f32).contains(&cell);
                if inside(row) && inside(column) {
                    let cell = &self.cells[row as usize * CELLS + column as usize];
                    sum.iter_mut().zip(cell).for_each(|(sum, value)| *sum += by_row * by_column * value);
                }
            }
        }
        sum
    }
}

/// The gradients' votes, by their strength, of an ink in cells of so many pixels along each side, row by row.
pub fn votes(ink: &Ink, cell: usize) -> Vec<[f32; DIRECTIONS]> {
    let value = |pixel: u8| f32::from(pixel) / 255.0;
    let along = SIDE / cell;
    let mut cells = vec![[0.0; DIRECTIONS]; along * along];
    let pixels = ink.pixels();
    let [rows, columns] =
        ink.inked().each_ref().map(|inked| inked.start.saturating_sub(1).max(1)..(inked.end + 1).min(SIDE - 1));
    for y in rows {
        for x in columns.clone() {
            let at = |x: usize, y: usize| pixels[y * SIDE + x];
            let [[left, right], [above, below]] = [[at(x - 1, y), at(x + 1, y)], [at(x, y - 1), at(x, y + 1)]];
            if left != right || above != below {
                vote(&mut cells, cell, (x, y), value(right) - value(left), value(below) - value(above));
            }
        }
    }
    cells
}

fn vote(cells: &mut [[f32; DIRECTIONS]], cell: usize, (x, y): (usize, usize), right: f32, down: f32) {
    let along = SIDE / cell;
    let strength = right.hypot(down);
    let half_turns = libm::atan2f(down, right) / std::f32::consts::PI;
    let direction = half_turns.rem_euclid(1.0) * DIRECTIONS as f32;
    let (first, share) = (direction as usize, direction.fract());
    for (row, by_row) in nearest(y, cell) {
        for (column, by_column) in nearest(x, cell) {
            let cell = &mut cells[row * along + column];
            let strength = strength * by_row * by_column;
            cell[first % DIRECTIONS] += (1.0 - share) * strength;
            cell[(first + 1) % DIRECTIONS] += share * strength;
        }
    }
}

/// The two cells along one axis between whose middles a pixel is, and their shares; at the edge one of them is nobody's.
fn nearest(pixel: usize, cell: usize) -> impl Iterator<Item = (usize, f32)> {
    let (cells, place) = ((SIDE / cell) as f32, (pixel as f32 + 0.5) / cell as f32 - 0.5);
    let before = floor(place) as f32;
    let share = place - before;
    let both = [(before, 1.0 - share), (before + 1.0, share)];
    both.into_iter().filter(move |(cell, _)| (0.0..cells).contains(cell)).map(|(cell, share)| (cell as usize, share))
}
