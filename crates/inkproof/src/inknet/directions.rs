//! Which way the strokes go, and how much of them there is, around every point of an ink.
//!
//! Gradients vote, by their strength, for the two nearest of [`DIRECTIONS`] directions (a stroke has no front and back) and
//! the four nearest cells; two Gaussians then spread what is in the cells, for the near and the far view of
//! [`super::local_features`].

use crate::preprocess::SIDE;

/// Directions a half turn is cut into.
pub const DIRECTIONS: usize = 8;
/// Pixels along a cell.
pub(super) const CELL: usize = 2;
/// Cells along an ink.
const CELLS: usize = SIDE / CELL;

/// How much of the strokes goes each way, cell by cell.
pub(super) struct Directions(Vec<[f32; DIRECTIONS]>);

impl Directions {
    /// Of an ink's pixels.
    pub(super) fn from_pixels(pixels: &[u8]) -> Self {
        Self(votes(pixels, CELL))
    }

    /// Spread by a Gaussian of this standard deviation, in cells.
    pub(super) fn spread(&self, deviation: f32) -> Self {
        let reach = (3.0 * deviation).ceil() as usize;
        let weights: Vec<f32> = (0..=reach).map(|d| (-0.5 * (d as f32 / deviation).powi(2)).exp()).collect();
        let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
        let weights: Vec<f32> = weights.into_iter().map(|weight| weight / sum).collect();
        Self(along(&along(&self.0, &weights, 1, CELLS), &weights, CELLS, 1))
    }

    /// What is at a point, between the cells linearly; nothing is beyond the edges. In pixels.
    pub(super) fn at(&self, x: f32, y: f32) -> [f32; DIRECTIONS] {
        let place = |pixel: f32| pixel / CELL as f32 - 0.5;
        let (x, y) = (place(x), place(y));
        let (left, top) = (x.floor(), y.floor());
        let mut sum = [0.0; DIRECTIONS];
        for (row, by_row) in [(top, 1.0 - (y - top)), (top + 1.0, y - top)] {
            for (column, by_column) in [(left, 1.0 - (x - left)), (left + 1.0, x - left)] {
                let inside = |cell: f32| (0.0..CELLS as f32).contains(&cell);
                if inside(row) && inside(column) {
                    let cell = &self.0[row as usize * CELLS + column as usize];
                    sum.iter_mut().zip(cell).for_each(|(sum, value)| *sum += by_row * by_column * value);
                }
            }
        }
        sum
    }
}

/// Every cell the weighted sum of its neighbours along one axis, whose neighbours are `step` apart; lines along the axis
/// begin `next` apart.
fn along(cells: &[[f32; DIRECTIONS]], weights: &[f32], step: usize, next: usize) -> Vec<[f32; DIRECTIONS]> {
    let mut result = vec![[0.0; DIRECTIONS]; cells.len()];
    for line in 0..CELLS {
        let place = |i: usize| line * next + i * step;
        let filled = (0..CELLS).filter(|&i| cells[place(i)] != [0.0; DIRECTIONS]);
        for from in filled {
            let value = cells[place(from)];
            let first = from.saturating_sub(weights.len() - 1);
            for to in first..(from + weights.len()).min(CELLS) {
                let weight = weights[from.abs_diff(to)];
                result[place(to)].iter_mut().zip(value).for_each(|(sum, value)| *sum += weight * value);
            }
        }
    }
    result
}

/// The gradients' votes, by their strength, of an ink's pixels in cells of so many pixels along each side, row by row.
pub fn votes(pixels: &[u8], cell: usize) -> Vec<[f32; DIRECTIONS]> {
    let at = |x: usize, y: usize| f32::from(pixels[y * SIDE + x]) / 255.0;
    let along = SIDE / cell;
    let mut cells = vec![[0.0; DIRECTIONS]; along * along];
    for y in 1..SIDE - 1 {
        for x in 1..SIDE - 1 {
            let (right, down) = (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1));
            if right != 0.0 || down != 0.0 {
                vote(&mut cells, cell, (x, y), right, down);
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
    let (before, share) = (place.floor(), place - place.floor());
    let both = [(before, 1.0 - share), (before + 1.0, share)];
    both.into_iter().filter(move |(cell, _)| (0.0..cells).contains(cell)).map(|(cell, share)| (cell as usize, share))
}
