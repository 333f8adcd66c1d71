//! Crop to working size.
//!
//! There the ink is made binary and its middle lines found, whatever the scan's resolution was:
//! small enough that no scan's resolution is left to be seen, large enough that no stroke is lost.

use super::Plane;
use super::components::Area;

/// The longer side of the ink, in working pixels.
pub(super) const LONGEST: usize = 624;
/// Paper around it, in working pixels.
const BORDER: usize = 3;

/// The working rectangle: the crop with a border of paper.
pub(super) struct Canvas {
    inner_width: usize,
    inner_height: usize,
    scale: f32,
}

impl Canvas {
    pub(super) fn new(area: &Area) -> Canvas {
        let scale = LONGEST as f32 / area.width().max(area.height()) as f32;
        let fit = |side: usize| ((side as f32 * scale).round() as usize).max(1);
        Canvas { inner_width: fit(area.width()), inner_height: fit(area.height()), scale }
    }

    /// Working pixels a pixel of the scan.
    pub(super) fn scale(&self) -> f32 {
        self.scale
    }

    /// The area of the plane at working size, on the canvas.
    pub(super) fn enlarge(&self, plane: &Plane, area: &Area) -> Plane {
        let (left, top) = (usize::from(area.left), usize::from(area.top));
        let columns = Filter::new(left, area.width(), self.inner_width);
        let rows = Filter::new(top, area.height(), self.inner_height);
        let mut narrow = Vec::with_capacity(area.height() * self.inner_width);
        (top..top + area.height()).for_each(|y| columns.along(plane.row(y), &mut narrow));
        let (width, height) = (self.inner_width + 2 * BORDER, self.inner_height + 2 * BORDER);
        let mut values = vec![0; width * height];
        let mut sums = vec![0.0; self.inner_width];
        for (y, taps) in rows.taps.iter().enumerate() {
            sums.fill(0.0);
            for (i, weight) in taps.weights.iter().enumerate() {
                let from = (taps.start - top + i) * self.inner_width;
                let row = &narrow[from..from + self.inner_width];
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += weight * value;
                }
            }
            let to = (BORDER + y) * width + BORDER;
            for (value, sum) in values[to..to + self.inner_width].iter_mut().zip(&sums) {
                *value = (sum + 0.5) as u8;
            }
        }
        Plane { width, height, values }
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

    /// Adds a filtered row to the others.
    fn along(&self, row: &[u8], rows: &mut Vec<f32>) {
        rows.extend(self.taps.iter().map(|taps| {
            let values = &row[taps.start..taps.start + taps.weights.len()];
            let terms = values.iter().zip(&taps.weights);
            terms.map(|(&v, w)| f32::from(v) * w).sum::<f32>()
        }));
    }
}
