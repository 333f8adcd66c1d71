//! The look of a signature in 1,152 numbers, to find the same picture again after it was saved, scaled, cut or lightened.
//!
//! Perceptual hashes of whole pictures (dHash, pHash) call all signatures alike: most of their bits are paper. So the
//! normalised ink is taken instead, brought to one place and size by its first and second moments (Hu 1962), which a cut
//! or a speck at the edge hardly moves, and laid on a grid of soft cells; two looks are as alike as their correlation.
//! [`NEAR`] is measured: see the tests.

use inkproof::{Ink, SIDE};

const COLUMNS: usize = 48;
const ROWS: usize = 24;

/// How many standard deviations of the ink the grid's longer side spans.
const SPAN: f64 = 5.0;

/// From this correlation on two looks are the same picture.
pub const NEAR: f32 = 0.95;

/// The look of one signature; mean 0, length 1.
#[derive(Debug, Clone)]
pub struct Look(Vec<f32>);

impl Look {
    /// The look of a normalised raster.
    pub fn of(ink: &Ink) -> Self {
        let frame = Frame::of(ink);
        let mut cells = vec![0.0_f64; COLUMNS * ROWS];
        for (x, y, weight) in inked(ink) {
            let (x, y) = (frame.column(x), frame.row(y));
            for (column, across) in [(x.floor(), 1.0 - x.fract().abs()), (x.floor() + 1.0, x - x.floor())] {
                for (row, down) in [(y.floor(), 1.0 - (y - y.floor())), (y.floor() + 1.0, y - y.floor())] {
                    let inside = (0.0..COLUMNS as f64).contains(&column) && (0.0..ROWS as f64).contains(&row);
                    if inside {
                        cells[row as usize * COLUMNS + column as usize] += weight * across * down;
                    }
                }
            }
        }
        Self::of_cells(&blurred(&cells))
    }

    fn of_cells(cells: &[f64]) -> Self {
        let mean = cells.iter().sum::<f64>() / cells.len() as f64;
        let length = cells.iter().map(|cell| (cell - mean).powi(2)).sum::<f64>().sqrt().max(1e-12);
        Self(cells.iter().map(|cell| ((cell - mean) / length) as f32).collect())
    }

    /// The correlation of two looks, -1..1.
    pub fn likeness(&self, other: &Self) -> f32 {
        // Eight sums, so that the compiler can keep them in one register.
        let mut sums = [0.0_f32; 8];
        for (a, b) in self.0.chunks_exact(8).zip(other.0.chunks_exact(8)) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum += a * b;
            }
        }
        sums.iter().sum()
    }
}

/// Where the ink lies: its middle and its spread.
struct Frame {
    x: f64,
    y: f64,
    cell: f64,
}

impl Frame {
    fn of(ink: &Ink) -> Self {
        let (mut weight, mut x, mut y) = (0.0, 0.0, 0.0);
        for (at_x, at_y, w) in inked(ink) {
            weight += w;
            x += w * at_x;
            y += w * at_y;
        }
        let (x, y) = (x / weight, y / weight);
        let spread = inked(ink).map(|(at_x, at_y, w)| w * ((at_x - x).powi(2) + (at_y - y).powi(2))).sum::<f64>();
        Self { x, y, cell: (SPAN * (spread / weight).sqrt() / COLUMNS as f64).max(1e-6) }
    }

    fn column(&self, x: f64) -> f64 {
        (x - self.x) / self.cell + (COLUMNS as f64 - 1.0) / 2.0
    }

    fn row(&self, y: f64) -> f64 {
        (y - self.y) / self.cell + (ROWS as f64 - 1.0) / 2.0
    }
}

/// The pixels with ink: column, row, coverage. An ink is never one constant value, so there is one.
fn inked(ink: &Ink) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
    let places = ink.pixels().iter().enumerate().filter(|&(_, &p)| p > 0);
    places.map(|(at, &p)| ((at % SIDE) as f64, (at / SIDE) as f64, f64::from(p)))
}

/// Every cell mixed with its neighbours, so that a shift by part of a cell changes little.
fn blurred(cells: &[f64]) -> Vec<f64> {
    let at = |column: usize, row: usize| cells[row * COLUMNS + column];
    let across: Vec<f64> = (0..ROWS * COLUMNS)
        .map(|cell| {
            let (column, row) = (cell % COLUMNS, cell / COLUMNS);
            at(column.saturating_sub(1), row) + 2.0 * at(column, row) + at((column + 1).min(COLUMNS - 1), row)
        })
        .collect();
    let at = |column: usize, row: usize| across[row * COLUMNS + column];
    (0..ROWS * COLUMNS)
        .map(|cell| {
            let (column, row) = (cell % COLUMNS, cell / COLUMNS);
            at(column, row.saturating_sub(1)) + 2.0 * at(column, row) + at(column, (row + 1).min(ROWS - 1))
        })
        .collect()
}
