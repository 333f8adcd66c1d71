//! Grain: a pencil's grey that hardly stands out from the noise of a camera.

use super::histogram;
use crate::gray::Gray;

/// Noise is smoothed where ink stands out from the paper by less than this many standard deviations of it.
pub(super) const CLEAR: f32 = 5.0;

/// The standard deviation of the noise: what is left where planes are taken out (J. Immerkaer, Fast noise variance
/// estimation, CVIU 64, 1996), by the median, which thin strokes hardly move.
pub(super) fn deviation(gray: &Gray) -> f32 {
    if gray.width() < 3 || gray.height() < 3 {
        return 0.0;
    }
    // More rows say no more.
    let step = (gray.height() / 100).max(1);
    let mut counts = vec![0_u32; 4 * 255 * 2 + 1];
    let mut count = 0;
    let width = gray.width() - 2;
    let mut left = vec![0_u16; width];
    for y in (1..gray.height() - 1).step_by(step) {
        let rows = [y - 1, y, y + 1].map(|y| gray.row(y));
        // The three columns beside each pixel, so that the compiler sees that all are as long.
        let [above, row, below] = rows.map(|row| [0, 1, 2].map(|by| &row[by..by + width]));
        for x in 0..width {
            let value = |row: [&[u8]; 3], by: usize| i16::from(row[by][x]);
            let corners = value(above, 0) + value(above, 2) + value(below, 0) + value(below, 2);
            let sides = value(above, 1) + value(below, 1) + value(row, 0) + value(row, 2);
            left[x] = (corners - 2 * sides + 4 * value(row, 1)).unsigned_abs();
        }
        // Paper without noise has mostly zeros.
        for left in left.chunk_by(|a, b| a == b) {
            counts[usize::from(left[0])] += left.len() as u32;
        }
        count += width;
    }
    let median = histogram::median(counts, count);
    // The kernel's numbers squared add up to 36; half of a normal distribution is within 0.6745 deviations.
    median.unwrap_or(0) as f32 / (6.0 * 0.6745)
}

/// Each pixel the weighted mean of itself and its eight neighbours: 1, 2, 1 both ways.
pub(super) fn smoothed(gray: &Gray) -> Gray {
    let (width, height) = (gray.width(), gray.height());
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        let rows = [gray.row(y.saturating_sub(1)), gray.row(y), gray.row((y + 1).min(height - 1))];
        let column = |x: usize| u32::from(rows[0][x]) + 2 * u32::from(rows[1][x]) + u32::from(rows[2][x]);
        pixels.extend((0..width).map(|x| {
            let sum = column(x.saturating_sub(1)) + 2 * column(x) + column((x + 1).min(width - 1));
            ((sum + 8) / 16) as u8
        }));
    }
    Gray::new(width, height, pixels).expect("as many pixels as before")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_found_and_smoothing_lessens_it() {
        let mut state = 7_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from((state >> 24) as u8) / 255.0
        };
        // The sum of twelve has a deviation of one.
        let mut normal = || (0..12).map(|_| random()).sum::<f32>() - 6.0;
        let pixels = (0..300 * 200).map(|_| (200.0 + 5.0 * normal()) as u8).collect();
        let gray = Gray::new(300, 200, pixels).unwrap();
        let before = deviation(&gray);
        assert!((4.0..6.0).contains(&before), "{before}");
        assert!(deviation(&smoothed(&gray)) < before / 2.0);
        assert!(deviation(&Gray::new(300, 200, vec![9; 300 * 200]).unwrap()) < 0.1);
    }
}
