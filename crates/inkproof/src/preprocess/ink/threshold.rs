//! Where ink begins: Otsu's threshold (IEEE Trans. SMC 9, 1979) on the darkness over the paper.

use super::Plane;
use super::histogram::{self, Histogram};

/// The darkness that ink is above, or none where nothing stands out from the paper's noise.
pub(crate) fn ink(darkness: &Histogram, contrast: f32) -> Option<u8> {
    otsu(darkness).filter(|&threshold| is_clear(darkness, threshold, contrast))
}

/// The same where there is a pattern under the ink: of what is darker than Otsu's threshold or than `level` alone.
pub(crate) fn ink_over_pattern(darkness: &Histogram, level: Option<u8>, contrast: f32) -> Option<u8> {
    let pattern = level.or_else(|| otsu(darkness))?;
    let mut darker = *darkness;
    darker[..=usize::from(pattern)].fill(0);
    otsu(&darker).filter(|&threshold| threshold > pattern && is_clear(darkness, threshold, contrast))
}

/// Whether what is above the threshold stands out from all the rest.
fn is_clear(darkness: &Histogram, threshold: u8, contrast: f32) -> bool {
    let (mean, deviation) = moments(&darkness[..=usize::from(threshold)]);
    f64::from(threshold) + 0.5 - mean >= f64::from(contrast) * deviation
}

/// The same for ink that is so little that the shades of the paper outweigh it: half-way between paper and what is far from
/// all of it, by the paper's median and its median absolute deviation, which the ink does not move.
pub(crate) fn faint(plane: &Plane, histogram: &Histogram, contrast: f32) -> Option<u8> {
    /// Deviations of the paper from which on a pixel is no paper.
    const FAR: f32 = 6.0;
    /// And levels: less is the step from one shade to the next.
    const LEAST_LEVELS: usize = 6;
    /// One of so many pixels is far from the paper at least, and one of so many at most.
    const LEAST: usize = 20_000;
    const MOST: usize = 8;
    let pixels = plane.values.len();
    let middle = histogram::median(histogram.iter().copied(), pixels)?;
    let off = |by: usize| {
        let below = middle.checked_sub(by).filter(|_| by > 0).map_or(0, |at| histogram[at]);
        below + histogram.get(middle + by).copied().unwrap_or(0)
    };
    // Levels are whole: a paper of one level has a deviation all the same.
    let deviation = (histogram::median((0..256).map(off), pixels)? as f32 / 0.6745).max(0.7);
    let first = ((middle as f32 + FAR * deviation).ceil() as usize).max(middle + LEAST_LEVELS);
    let far = histogram.get(first..)?;
    let count: usize = far.iter().map(|&count| count as usize).sum();
    if count * LEAST < pixels || count * MOST > pixels {
        return None;
    }
    let sum: usize = far.iter().enumerate().map(|(at, &count)| (first + at) * count as usize).sum();
    let threshold = (middle as f32 + sum as f32 / count as f32) / 2.0;
    let is_clear = threshold - middle as f32 >= contrast * deviation;
    (is_clear && hangs_together(plane, first as u8)).then_some(threshold as u8)
}

/// Whether most of what is above the threshold has neighbours that are, too, as strokes have and grain has not.
fn hangs_together(plane: &Plane, threshold: u8) -> bool {
    let (mut count, mut joined) = (0, 0);
    for y in 1..plane.height.saturating_sub(1) {
        let [above, row, below] = [y - 1, y, y + 1].map(|y| plane.row(y));
        for x in (1..plane.width.saturating_sub(1)).filter(|&x| row[x] > threshold) {
            let near = [row[x - 1], row[x + 1], above[x], below[x]];
            count += 1;
            joined += usize::from(near.iter().filter(|&&near| near > threshold).count() >= 2);
        }
    }
    2 * joined > count
}

/// How much darker ink is than paper on average.
pub(crate) fn contrast(darkness: &Histogram, threshold: u8) -> f32 {
    let (paper, ink) = darkness.split_at(usize::from(threshold) + 1);
    let (paper, ink) = (moments(paper).0, f64::from(threshold) + 1.0 + moments(ink).0);
    (ink - paper) as f32
}

/// The usual width of the strokes, in pixels: twice the ink over its outline (which is pi/4 of the changes between ink and
/// paper along rows and columns, by Cauchy and Crofton).
pub(crate) fn stroke_width(darkness: &Plane, threshold: u8) -> f32 {
    let ink = super::count_above(&darkness.values, threshold);
    let edges = darkness.changes_along_rows(threshold) + darkness.changes_across_rows(threshold);
    let outline = std::f32::consts::FRAC_PI_4 * edges as f32;
    2.0 * ink as f32 / outline.max(1.0)
}

/// 1 where the value is above the threshold, else 0.
pub(crate) fn above(plane: &Plane, threshold: u8) -> Plane {
    let values = plane.values.iter().map(|value| u8::from(*value > threshold)).collect();
    Plane { values, ..*plane }
}

/// The threshold with the largest variance between the classes, the middle one of equals; none
/// where all values are one.
fn otsu(histogram: &[u32; 256]) -> Option<u8> {
    let total: f64 = histogram.iter().map(|&n| f64::from(n)).sum();
    let whole: f64 = (0..).zip(histogram).map(|(v, &n)| f64::from(v) * f64::from(n)).sum();
    let (mut count, mut sum) = (0.0, 0.0);
    let mut best = (0.0, 0, 0);
    for (value, &n) in (0_i32..).zip(histogram) {
        count += f64::from(n);
        sum += f64::from(value) * f64::from(n);
        if count == 0.0 || count == total {
            continue;
        }
        let apart = whole * count - sum * total;
        let between = apart * apart / (count * (total - count));
        if between > best.0 {
            best = (between, value, value);
        } else if between == best.0 {
            best.2 = value;
        }
    }
    (best.0 > 0.0).then_some(((best.1 + best.2) / 2) as u8)
}

/// Mean and standard deviation of the values that a histogram counts.
fn moments(histogram: &[u32]) -> (f64, f64) {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (value, &n) in (0_i32..).zip(histogram) {
        let (value, n) = (f64::from(value), f64::from(n));
        count += n;
        sum += n * value;
        squares += n * value * value;
    }
    let mean = sum / count;
    (mean, (squares / count - mean * mean).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_levels_are_split_half_way() {
        let darkness: Vec<u8> = (0..1000).map(|i| if i % 20 == 0 { 200 } else { 10 }).collect();
        assert_eq!(ink(&histogram::count(&darkness), 3.0), Some(104));
    }

    #[test]
    fn noise_and_nothing_have_no_ink() {
        assert_eq!(ink(&histogram::count(&[7; 100]), 3.0), None);
        let random = |i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8 / 8;
        let bell = |i: u32| (6 * i..6 * i + 6).map(random).sum::<u8>();
        let noise: Vec<u8> = (0..10_000).map(bell).collect();
        assert_eq!(ink(&histogram::count(&noise), 3.0), None);
    }
}
