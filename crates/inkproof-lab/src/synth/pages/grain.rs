//! Noise whose spots have a size: the unevenness of paper, toner, ribbons and dry pens.

use rand::{Rng, RngExt};

use crate::synth::draw::normal;

/// Pixels of a side; a power of two.
const SIDE: usize = 256;

/// A tile of noise with mean 0 and deviation 1, which repeats.
pub(super) struct Grain {
    values: Vec<f32>,
    shift: [usize; 2],
    /// Pixels of the page to one of the tile.
    zoom: f64,
}

impl Grain {
    /// Spots of some `size` pixels.
    pub(super) fn draw(size: f64, rng: &mut impl Rng) -> Self {
        let mut values: Vec<f32> = (0..SIDE * SIDE).map(|_| normal(rng) as f32).collect();
        // Small spots by smoothing, large ones by enlarging what is smooth.
        let rounds = if size < 0.7 { 0 } else { 1 + usize::from(size > 1.2) };
        for _ in 0..rounds {
            values = smoothed(&values);
        }
        let square = values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32;
        values.iter_mut().for_each(|value| *value /= square.sqrt());
        let shift = [rng.random_range(0..SIDE), rng.random_range(0..SIDE)];
        Self { values, shift, zoom: (size / 1.6).max(1.0) }
    }

    pub(super) fn at(&self, x: usize, y: usize) -> f32 {
        if self.zoom == 1.0 {
            return self.value(x, y);
        }
        let (x, y) = (x as f64 / self.zoom, y as f64 / self.zoom);
        let (left, top) = (x as usize, y as usize);
        let (right, down) = ((x - left as f64) as f32, (y - top as f64) as f32);
        let upper = self.value(left, top) * (1.0 - right) + self.value(left + 1, top) * right;
        let lower = self.value(left, top + 1) * (1.0 - right) + self.value(left + 1, top + 1) * right;
        upper * (1.0 - down) + lower * down
    }

    fn value(&self, x: usize, y: usize) -> f32 {
        // Each row of tiles is shifted, so that nothing repeats in columns.
        let x = x + self.shift[0] + 97 * (y / SIDE) + 31 * (x / SIDE);
        let y = y + self.shift[1];
        self.values[(y % SIDE) * SIDE + x % SIDE]
    }
}

/// Each the mean of itself and its neighbours, the nearer the more.
fn smoothed(values: &[f32]) -> Vec<f32> {
    let mix = |values: &[f32], across: bool| -> Vec<f32> {
        let near = |x: usize, y: usize, step: usize| {
            let (x, y) = if across { ((x + SIDE + step - 1) % SIDE, y) } else { (x, (y + SIDE + step - 1) % SIDE) };
            values[y * SIDE + x]
        };
        let cell = |index: usize| {
            let (x, y) = (index % SIDE, index / SIDE);
            0.25 * near(x, y, 0) + 0.5 * near(x, y, 1) + 0.25 * near(x, y, 2)
        };
        (0..SIDE * SIDE).map(cell).collect()
    };
    mix(&mix(values, true), false)
}
