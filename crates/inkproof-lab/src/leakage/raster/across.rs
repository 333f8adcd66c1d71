//! An instrument laid across the strokes: how wide, how dark and how soft they are, wherever a stroke is straight and alone.
//!
//! Only there does a reading speak of the pen and the scan. In bends, at crossings and ends, and near other strokes it
//! would speak of the shape, and a cue that is made of the shape tells genuine from forged pairs without any leak.

use inkproof::SIDE;

/// What is read across the strokes of a raster: medians over all places, and how far the middle half of the readings
/// spreads. All zero where no stroke is straight and alone.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Across {
    /// In pixels: the integral of the coverage across the stroke.
    pub width: f64,
    pub width_spread: f64,
    /// The most coverage across the stroke, 0 to 255.
    pub tone: f64,
    pub tone_spread: f64,
    /// How far the edges reach, in pixels: the width at a quarter of the tone less that at three quarters.
    pub softness: f64,
}

/// One reading.
#[derive(Debug, Clone, Copy)]
struct Reading {
    width: f64,
    tone: f64,
    softness: f64,
}

/// The direction of the edges is taken from this far around.
const AROUND: usize = 4;
/// The coverage is averaged this far around before.
const EVEN: usize = 2;
/// How much of the change around must be along one direction for a stroke to count as straight, 0 to 1.
const STRAIGHT: f64 = 0.9;
/// Between two samples, in pixels.
const STEP: f64 = 0.25;
/// The paper must begin on both sides within so many samples from the middle.
const SAMPLES: usize = 24;
/// The middle of a stroke may be this far from where it is read, in pixels.
const MIDDLE: f64 = 0.5;
/// Less coverage than this is paper.
const PAPER: f64 = 13.0;
/// And last this many.
const ALONE: usize = 6;

impl Across {
    pub fn from_pixels(pixels: &[u8]) -> Self {
        let changes = Changes::from_pixels(pixels);
        let margin = ((SAMPLES + ALONE) as f64 * STEP) as usize + 2;
        let inner = margin..SIDE - margin;
        let places = inner.clone().flat_map(|y| inner.clone().map(move |x| (x, y)));
        let inked = places.filter(|&(x, y)| pixels[y * SIDE + x] >= super::INK);
        let readings: Vec<Reading> = inked
            .filter_map(|(x, y)| {
                let across = changes.direction(x, y)?;
                read(pixels, (x as f64, y as f64), across)
            })
            .collect();
        if readings.is_empty() {
            return Self::default();
        }
        let [width, tone, softness] =
            [|r: &Reading| r.width, |r: &Reading| r.tone, |r: &Reading| r.softness].map(|of| quartiles(&readings, of));
        Self {
            width: width[1],
            width_spread: width[2] - width[0],
            tone: tone[1],
            tone_spread: tone[2] - tone[0],
            softness: softness[1],
        }
    }
}

/// The three quartiles of what is read.
fn quartiles(readings: &[Reading], of: impl Fn(&Reading) -> f64) -> [f64; 3] {
    let mut values: Vec<f64> = readings.iter().map(of).collect();
    values.sort_unstable_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

/// Reads the stroke whose middle is at a pixel, along the direction across it. None where it is not the middle, or where
/// another stroke is near.
fn read(pixels: &[u8], (x, y): (f64, f64), (dx, dy): (f64, f64)) -> Option<Reading> {
    let at = |t: f64| sample(pixels, x + t * dx, y + t * dy);
    let side = |sign: f64| -> Option<Vec<f64>> {
        let samples: Vec<f64> = (1..=SAMPLES + ALONE).map(|n| at(sign * n as f64 * STEP)).collect();
        let end = samples.iter().position(|&value| value < PAPER)?;
        let paper = samples.get(end..end + ALONE)?;
        paper.iter().all(|&value| value < PAPER).then(|| samples[..end + 1].to_vec())
    };
    let (left, right) = (side(-1.0)?, side(1.0)?);
    let profile: Vec<f64> = left.iter().rev().copied().chain([at(0.0)]).chain(right.iter().copied()).collect();
    let whole: f64 = profile.iter().sum();
    let leaning = (-(left.len() as i32)..).zip(&profile).map(|(n, value)| f64::from(n) * STEP * value).sum::<f64>();
    if leaning.abs() > MIDDLE * whole {
        return None;
    }
    let tone = profile.iter().copied().fold(0.0, f64::max);
    let wide = |share: f64| -> f64 {
        let level = share * tone;
        let pairs = profile.windows(2);
        let over = |pair: &[f64]| match (pair[0] >= level, pair[1] >= level) {
            (true, true) => 1.0,
            (false, false) => 0.0,
            (false, true) => (pair[1] - level) / (pair[1] - pair[0]),
            (true, false) => (pair[0] - level) / (pair[0] - pair[1]),
        };
        STEP * pairs.map(over).sum::<f64>()
    };
    Some(Reading { width: STEP * whole / 255.0, tone, softness: wide(0.25) - wide(0.75) })
}

/// The coverage between pixels, linearly interpolated.
fn sample(pixels: &[u8], x: f64, y: f64) -> f64 {
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (x - left, y - top);
    let at = top as usize * SIDE + left as usize;
    let value = |offset: usize| f64::from(pixels[at + offset]);
    (1.0 - v) * ((1.0 - u) * value(0) + u * value(1)) + v * ((1.0 - u) * value(SIDE) + u * value(SIDE + 1))
}

/// Sums over all pixels above and left of each, with a row and a column of zeros before them.
struct Sums<const N: usize>(Vec<[f64; N]>);

impl<const N: usize> Sums<N> {
    fn new(value: impl Fn(usize, usize) -> [f64; N]) -> Self {
        let mut sums = vec![[0.0; N]; (SIDE + 1) * (SIDE + 1)];
        for y in 0..SIDE {
            let mut row = [0.0; N];
            for x in 0..SIDE {
                row.iter_mut().zip(value(x, y)).for_each(|(sum, value)| *sum += value);
                let above = sums[y * (SIDE + 1) + x + 1];
                sums[(y + 1) * (SIDE + 1) + x + 1] = std::array::from_fn(|i| above[i] + row[i]);
            }
        }
        Self(sums)
    }

    /// The sum over all pixels that are at most `reach` away along both axes, as far as there are any.
    fn around(&self, (x, y): (usize, usize), reach: usize) -> [f64; N] {
        let corner = |x: usize, y: usize| self.0[y * (SIDE + 1) + x];
        let span = |c: usize| (c.saturating_sub(reach), (c + reach + 1).min(SIDE));
        let ((left, right), (top, bottom)) = (span(x), span(y));
        let [a, b, c, d] = [corner(left, top), corner(right, top), corner(left, bottom), corner(right, bottom)];
        std::array::from_fn(|i| d[i] - b[i] - c[i] + a[i])
    }
}

/// Products of the coverage's changes along both axes.
struct Changes(Sums<3>);

impl Changes {
    fn from_pixels(pixels: &[u8]) -> Self {
        let coverage = Sums::new(|x, y| [f64::from(pixels[y * SIDE + x])]);
        // Ragged edges have no direction.
        let even = |x: usize, y: usize| coverage.around((x.min(SIDE - 1), y.min(SIDE - 1)), EVEN)[0];
        Self(Sums::new(|x, y| {
            let across = even(x + 1, y) - even(x.saturating_sub(1), y);
            let down = even(x, y + 1) - even(x, y.saturating_sub(1));
            [across * across, across * down, down * down]
        }))
    }

    /// The direction in which the coverage changes around a pixel, as a unit vector; None where it changes in several.
    fn direction(&self, x: usize, y: usize) -> Option<(f64, f64)> {
        let [xx, xy, yy] = self.0.around((x, y), AROUND);
        let apart = (xx - yy).hypot(2.0 * xy);
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        (apart >= STRAIGHT * (xx + yy)).then(|| (angle.cos(), angle.sin()))
    }
}
