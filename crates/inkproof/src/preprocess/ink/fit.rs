//! Crop to working size, and working size to the network's.
//!
//! The working size is [`SUPER`] times the network's: there the ink is made binary and its
//! strokes levelled, whatever the scan's resolution was, and [`SUPER`] x [`SUPER`] binary pixels
//! make one of the result.

use super::Plane;
use super::components::Area;
use crate::preprocess::SIDE;

/// Working pixels along a side of a pixel of the result.
pub(super) const SUPER: usize = 3;

/// The working rectangle: the crop in its middle, a margin around it, sides in whole pixels of
/// the result.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    inner_width: usize,
    inner_height: usize,
    scale: f32,
}

impl Canvas {
    /// A canvas on which the longer side of the area fills the square but for the margin.
    pub(super) fn new(area: &Area, margin: u8) -> Canvas {
        let margin = usize::from(margin).min(SIDE / 4) * SUPER;
        let longest = area.width().max(area.height());
        let scale = (SIDE * SUPER - 2 * margin) as f32 / longest as f32;
        let fit = |side: usize| ((side as f32 * scale).round() as usize).max(1);
        let whole = |side: usize| (side + 2 * margin).next_multiple_of(2 * SUPER);
        let (inner_width, inner_height) = (fit(area.width()), fit(area.height()));
        Canvas {
            width: whole(inner_width).min(SIDE * SUPER),
            height: whole(inner_height).min(SIDE * SUPER),
            inner_width,
            inner_height,
            scale,
        }
    }

    /// Working pixels a pixel of the scan.
    pub(super) fn scale(&self) -> f32 {
        self.scale
    }

    /// The area of the plane at working size, in the middle of the canvas.
    pub(super) fn enlarge(&self, plane: &Plane, area: &Area) -> Plane {
        let columns = Filter::new(area.left, area.width(), self.inner_width);
        let rows = Filter::new(area.top, area.height(), self.inner_height);
        let narrow: Vec<f32> = (area.top..area.bottom).flat_map(|y| columns.along(plane.row(y))).collect();
        let left = (self.width - self.inner_width) / 2;
        let top = (self.height - self.inner_height) / 2;
        let mut values = vec![0; self.width * self.height];
        let mut sums = vec![0.0; self.inner_width];
        for (y, taps) in rows.taps.iter().enumerate() {
            sums.fill(0.0);
            for (i, weight) in taps.weights.iter().enumerate() {
                let from = (taps.start - area.top + i) * self.inner_width;
                let row = &narrow[from..from + self.inner_width];
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += weight * value;
                }
            }
            let to = (top + y) * self.width + left;
            for (value, sum) in values[to..to + self.inner_width].iter_mut().zip(&sums) {
                *value = (sum + 0.5) as u8;
            }
        }
        Plane { width: self.width, height: self.height, values }
    }

    /// The mask averaged down into the middle of the network's square: 0 paper, 255 ink.
    pub(super) fn reduce(&self, mask: &Plane) -> Vec<u8> {
        let (columns, rows) = (self.width / SUPER, self.height / SUPER);
        let (left, top) = ((SIDE - columns) / 2, (SIDE - rows) / 2);
        let mut pixels = vec![0; SIDE * SIDE];
        for y in 0..rows {
            let to = (top + y) * SIDE + left;
            for (x, pixel) in pixels[to..to + columns].iter_mut().enumerate() {
                let ink: usize = (0..SUPER)
                    .flat_map(|dy| &mask.row(y * SUPER + dy)[x * SUPER..(x + 1) * SUPER])
                    .map(|&v| usize::from(v))
                    .sum();
                *pixel = (ink * 255 / (SUPER * SUPER)) as u8;
            }
        }
        pixels
    }
}

/// The weights of the pixels that make one output pixel.
struct Taps {
    start: usize,
    weights: Vec<f32>,
}

/// A triangle filter along one axis: linear interpolation when enlarging, as much wider as
/// needed against aliasing when reducing.
struct Filter {
    taps: Vec<Taps>,
}

impl Filter {
    /// From `size` pixels beginning at `start` to `outputs`.
    fn new(start: usize, size: usize, outputs: usize) -> Filter {
        let step = size as f32 / outputs as f32;
        let reach = step.max(1.0);
        let taps = (0..outputs)
            .map(|i| {
                let center = (i as f32 + 0.5) * step - 0.5;
                let first = (center - reach).ceil().max(0.0) as usize;
                let last = ((center + reach).floor() as usize).min(size - 1);
                let weight = |at: usize| (1.0 - (at as f32 - center).abs() / reach).max(0.0);
                let sum: f32 = (first..=last).map(weight).sum();
                Taps { start: start + first, weights: (first..=last).map(|at| weight(at) / sum).collect() }
            })
            .collect();
        Filter { taps }
    }

    fn along<'a>(&'a self, row: &'a [u8]) -> impl Iterator<Item = f32> + 'a {
        self.taps.iter().map(|taps| {
            let values = &row[taps.start..taps.start + taps.weights.len()];
            let terms = values.iter().zip(&taps.weights);
            terms.map(|(&v, w)| f32::from(v) * w).sum()
        })
    }
}
