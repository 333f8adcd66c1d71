//! Levels the paper: how much darker every pixel is than the paper around it.
//!
//! The image is cut into a grid of cells; a high percentile of each is the paper there. Cells
//! full of ink are filled from their neighbours, and between cells the paper is interpolated.
//! Subtracting it (rather than dividing) keeps the result proportional under any gain and offset.

use super::{Plane, histogram};
use crate::gray::Gray;

/// Cells along the shorter side.
const CELLS: usize = 8;
/// The paper is the gray that this share of a cell's pixels is not above.
const PERCENTILE: f32 = 0.75;

/// The paper of an image.
pub(crate) struct Paper {
    grid: Grid,
}

impl Paper {
    /// As the first version had it: inverted where all of the image together says that the writing is lighter.
    pub(crate) fn plainly(gray: &Gray) -> Paper {
        let grid = Grid::new(gray);
        let is_light_on_dark = grid.is_light_on_dark();
        Paper::inverted_if(is_light_on_dark, grid)
    }

    /// Of an image, inverted where the writing is lighter than the paper.
    pub(crate) fn new(gray: &Gray) -> Paper {
        let grid = Grid::new(gray);
        let is_light_on_dark = match lines(gray) {
            [dark, light] if dark == light => grid.is_light_on_dark(),
            [dark, light] => light > dark,
        };
        Paper::inverted_if(is_light_on_dark, grid)
    }

    fn inverted_if(is_light_on_dark: bool, mut grid: Grid) -> Paper {
        if is_light_on_dark {
            grid.invert();
        }
        Paper { grid }
    }

    /// Whether the writing is lighter than the paper.
    pub(crate) fn is_inverted(&self) -> bool {
        self.grid.inverted
    }

    /// Darkness over it, 0 on paper, of the image that it was measured on.
    pub(crate) fn darkness(&self, gray: Gray) -> Plane {
        let grid = &self.grid;
        let paper = grid.paper();
        let (width, height) = (gray.width(), gray.height());
        let between = stretches(width, grid.cell, grid.columns);
        let flip = if grid.inverted { 255 } else { 0 };
        let mut level = vec![0_i32; grid.columns];
        let mut values = gray.into_pixels();
        let rows = stretches(height, grid.cell, grid.rows);
        let weights = rows.iter().flat_map(|rows| rows.weights.iter().map(move |&weight| (rows, weight)));
        for ((row, weight), pixels) in weights.zip(values.chunks_exact_mut(width)) {
            for (x, level) in level.iter_mut().enumerate() {
                *level = mix(paper[row.low * grid.columns + x], paper[row.high * grid.columns + x], weight);
            }
            let mut rest = pixels;
            for columns in &between {
                let (pixels, others) = rest.split_at_mut(columns.weights.len());
                let (low, high) = (level[columns.low], level[columns.high]);
                for (pixel, &weight) in pixels.iter_mut().zip(&columns.weights) {
                    let above = mix(low, high, weight) - (i32::from(*pixel ^ flip) << SHIFT);
                    *pixel = ((above + HALF) >> SHIFT).clamp(0, 255) as u8;
                }
                rest = others;
            }
        }
        Plane { width, height, values }
    }
}

/// Paper levels are fixed point with this many bits after the point.
const SHIFT: i32 = 8;
const HALF: i32 = 1 << (SHIFT - 1);

/// Histograms of the cells, row by row.
struct Grid {
    cell: usize,
    columns: usize,
    rows: usize,
    histograms: Vec<[u32; 256]>,
    inverted: bool,
}

impl Grid {
    fn new(gray: &Gray) -> Grid {
        let cell = (gray.width().min(gray.height()) / CELLS).max(24);
        let columns = gray.width().div_ceil(cell);
        let rows = gray.height().div_ceil(cell);
        let mut histograms = vec![[0; 256]; columns * rows];
        // Cell by cell, as the histograms of a long image's row are more than a cache holds.
        for (band, cells) in gray.pixels().chunks(cell * gray.width()).zip(histograms.chunks_exact_mut(columns)) {
            for (x, histogram) in cells.iter_mut().enumerate() {
                for row in band.chunks_exact(gray.width()) {
                    histogram::add(histogram, &row[x * cell..((x + 1) * cell).min(row.len())]);
                }
            }
        }
        Grid { cell, columns, rows, histograms, inverted: false }
    }

    /// Strokes are thin, so within a cell they pull the mean away from the median, to their side.
    fn is_light_on_dark(&self) -> bool {
        let pull: f64 = self.histograms.iter().map(pull).sum();
        pull > 0.0
    }

    fn invert(&mut self) {
        self.histograms.iter_mut().for_each(|h| h.reverse());
        self.inverted = true;
    }

    /// The paper's level in each cell, in fixed point, cells of ink filled from their neighbours.
    fn paper(&self) -> Vec<i32> {
        let level = |h: &[u32; 256]| (percentile(h, PERCENTILE) as i32) << SHIFT;
        let levels: Vec<i32> = self.histograms.iter().map(level).collect();
        let highest = self.around(&levels, i32::max);
        self.around(&highest, i32::min)
    }

    /// Each cell replaced by the extreme of itself and its eight neighbours.
    fn around(&self, levels: &[i32], extreme: fn(i32, i32) -> i32) -> Vec<i32> {
        let near = |i: usize, end: usize| i.saturating_sub(1)..(i + 2).min(end);
        (0..levels.len())
            .map(|i| {
                let (x, y) = (i % self.columns, i / self.columns);
                near(y, self.rows)
                    .flat_map(|y| near(x, self.columns).map(move |x| levels[y * self.columns + x]))
                    .reduce(extreme)
                    .expect("a cell is its own neighbour")
            })
            .collect()
    }
}

/// How much darker, and how much lighter, pixels are in all than both of those so far to their sides, and so far above and
/// below: strokes are dark or light lines, and the edges of a shadow, of a sheet or of a note on it are neither.
fn lines(gray: &Gray) -> [u64; 2] {
    /// One of so many parts of the shorter side is farther than a stroke is wide, and so many pixels are at least.
    const REACH: usize = 24;
    const LEAST_REACH: usize = 12;
    const MOST_ROWS: usize = 500;
    /// So many levels are noise, or light that grows and fades.
    const SHADE: u8 = 8;
    let (width, height) = (gray.width(), gray.height());
    let reach = (width.min(height) / REACH).max(LEAST_REACH);
    let mut sums = [0; 2];
    let mut compare = |middle: &[u8], before: &[u8], after: &[u8]| {
        // Of a row, 32 bits hold the sum.
        let mut row = [0_u32; 2];
        for ((&middle, &before), &after) in middle.iter().zip(before).zip(after) {
            row[0] += u32::from(before.min(after).saturating_sub(middle).saturating_sub(SHADE));
            row[1] += u32::from(middle.saturating_sub(before.max(after)).saturating_sub(SHADE));
        }
        sums[0] += u64::from(row[0]);
        sums[1] += u64::from(row[1]);
    };
    // More rows say no more.
    for y in (0..height).step_by((height / MOST_ROWS).max(1)) {
        let row = gray.row(y);
        if width > 2 * reach {
            compare(&row[reach..], row, &row[2 * reach..]);
        }
        if y >= reach && y + reach < height {
            compare(row, gray.row(y - reach), gray.row(y + reach));
        }
    }
    sums
}

/// Sum over the pixels of gray minus the median gray.
fn pull(histogram: &[u32; 256]) -> f64 {
    let (mut count, mut sum) = (0.0, 0.0);
    for (value, &n) in histogram.iter().enumerate() {
        count += f64::from(n);
        sum += f64::from(n) * value as f64;
    }
    // The mean of both middles, so that an inverted image pulls exactly the other way.
    let low = percentile(histogram, 0.5) as f64;
    let mut reversed = *histogram;
    reversed.reverse();
    let high = 255.0 - percentile(&reversed, 0.5) as f64;
    sum - count * (low + high) / 2.0
}

/// The smallest value that at least this share of the pixels does not exceed.
fn percentile(histogram: &[u32; 256], share: f32) -> usize {
    let total: u32 = histogram.iter().sum();
    let wanted = (f64::from(total) * f64::from(share)).ceil() as u32;
    let mut seen = 0;
    histogram
        .iter()
        .position(|&n| {
            seen += n;
            seen >= wanted
        })
        .unwrap_or(255)
}

/// Pixels whose centres lie between those of two cells.
struct Stretch {
    low: usize,
    high: usize,
    /// The weight of the second cell at each pixel, in 1/256.
    weights: Vec<u8>,
}

/// What lies between two levels.
fn mix(low: i32, high: i32, weight: u8) -> i32 {
    low + (((high - low) * i32::from(weight)) >> 8)
}

/// The `size` pixels along a side by the cells that they lie between.
fn stretches(size: usize, cell: usize, cells: usize) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::with_capacity(cells);
    for i in 0..size {
        let at = ((i as f32 + 0.5) / cell as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
        let low = at as usize;
        let weight = ((at - low as f32) * 256.0) as u8;
        match stretches.last_mut().filter(|last| last.low == low) {
            Some(last) => last.weights.push(weight),
            None => stretches.push(Stretch { low, high: (low + 1).min(cells - 1), weights: vec![weight] }),
        }
    }
    stretches
}
