//! What the normalised ink still shows of pen, paper and scanner: measured on the raster that a network sees, nothing else.
//!
//! The raster is coverage: 0 paper, 255 ink, gray where an edge runs through a pixel. [`measure`] gives one value for each
//! of [`CUES`], in their order.

use inkproof::{Ink, SIDE};

use super::cue::{Cue, Value};

/// The cues of a normalised raster.
pub const CUES: [Cue; 14] = [
    Cue::judged("ink_tone_mean", "ink tone, mean"),
    Cue::judged("ink_tone_spread", "ink tone, spread"),
    Cue::judged("paper_level", "paper level"),
    Cue::judged("paper_noise", "paper noise"),
    Cue::judged("stroke_width", "stroke width"),
    Cue::judged("edge_roughness", "edge roughness"),
    Cue::judged("edge_light", "light edge pixels"),
    Cue::judged("edge_dark", "dark edge pixels"),
    Cue::judged("straight_lines", "remnants of lines"),
    Cue::judged("specks", "specks"),
    Cue::judged("border_ink", "border pixels"),
    Cue::shape("box_aspect", "ink box, aspect"),
    Cue::shape("ink_density", "ink density"),
    Cue::shape("components", "components"),
];

/// From this value on a pixel counts as ink.
const INK: u8 = 128;

/// A piece of this many ink pixels or fewer is a speck: less than a dot of the pen at the usual stroke width of 2.
const SPECK: usize = 6;

/// Ink runs along a row or column from this length on count as the remnant of a printed line: a quarter of the side, which
/// a level stroke of a hand seldom keeps to one row.
const LINE: usize = SIDE / 4;

/// Ink this near to the edge of its box counts as border.
const BORDER: usize = 2;

/// The values of [`CUES`] of a raster.
pub fn measure(ink: &Ink) -> Vec<Value> {
    let pixels = ink.pixels();
    let mask = Mask::of(pixels);
    let inked = mask.count().max(1) as f64;
    let (tone, spread) = moments(pixels.iter().filter(|&&p| p >= INK).copied());
    let (paper, noise) = moments(pixels.iter().filter(|&&p| p < INK / 8).copied());
    let coverage = pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / 255.0;
    let touched = pixels.iter().filter(|&&p| p > 0).count().max(1) as f64;
    let share = |low: u8, high: u8| pixels.iter().filter(|&&p| p >= low && p <= high).count() as f64 / touched;
    let pieces = mask.pieces();
    let area = mask.bounds();
    [
        tone,
        spread,
        paper,
        noise,
        2.0 * coverage / outline(pixels).max(1e-9),
        mask.roughness(),
        share(1, 84),
        share(171, 254),
        mask.straight() as f64 / inked,
        pieces.iter().filter(|&&size| size <= SPECK).count() as f64,
        mask.near_border(&area) as f64 / inked,
        (area.width() as f64 / area.height() as f64).ln(),
        coverage / (area.width() * area.height()) as f64,
        pieces.len() as f64,
    ]
    .map(Value::Number)
    .into()
}

/// Mean and standard deviation; zeros of nothing.
fn moments(values: impl Iterator<Item = u8>) -> (f64, f64) {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values.map(f64::from) {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    let mean = sum / f64::max(count, 1.0);
    (mean, (squares / f64::max(count, 1.0) - mean * mean).max(0.0).sqrt())
}

/// The length of the edges of the coverage, from its changes along rows, columns and both diagonals (Cauchy and Crofton).
/// Rows and columns alone would make it depend on the strokes' direction by a quarter, and the direction is shape.
fn outline(pixels: &[u8]) -> f64 {
    let changes = |across: usize, down: usize, back: bool| -> u64 {
        let rows = pixels.chunks_exact(SIDE).zip(pixels[down * SIDE..].chunks_exact(SIDE));
        let step = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b));
        rows.map(|(row, other)| match back {
            false => row.iter().zip(&other[across..]).map(step).sum::<u64>(),
            true => row[across..].iter().zip(other).map(step).sum(),
        })
        .sum()
    };
    let straight = changes(1, 0, false) + changes(0, 1, false);
    let diagonal = changes(1, 1, false) + changes(1, 1, true);
    let sum = straight as f64 + diagonal as f64 * std::f64::consts::FRAC_1_SQRT_2;
    std::f64::consts::FRAC_PI_8 * sum / 255.0
}

/// Which pixels are ink.
struct Mask(Vec<bool>);

/// A box of pixels; `right` and `bottom` are inside.
struct Area {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Area {
    fn width(&self) -> usize {
        self.right - self.left + 1
    }

    fn height(&self) -> usize {
        self.bottom - self.top + 1
    }
}

impl Mask {
    fn of(pixels: &[u8]) -> Self {
        Self(pixels.iter().map(|&p| p >= INK).collect())
    }

    fn count(&self) -> usize {
        self.0.iter().filter(|&&ink| ink).count()
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.0.iter().enumerate().filter(|&(_, &ink)| ink).map(|(at, _)| (at % SIDE, at / SIDE))
    }

    /// The box around all ink; the whole raster where there is none.
    fn bounds(&self) -> Area {
        let around = |area: Option<Area>, (x, y): (usize, usize)| {
            let area = area.unwrap_or(Area { left: x, top: y, right: x, bottom: y });
            Some(Area { left: area.left.min(x), top: area.top, right: area.right.max(x), bottom: area.bottom.max(y) })
        };
        let whole = Area { left: 0, top: 0, right: SIDE - 1, bottom: SIDE - 1 };
        self.places().fold(None, around).unwrap_or(whole)
    }

    fn near_border(&self, area: &Area) -> usize {
        let near = |&(x, y): &(usize, usize)| {
            (x - area.left).min(area.right - x).min(y - area.top).min(area.bottom - y) < BORDER
        };
        self.places().filter(near).count()
    }

    /// The share of the pixels at an edge that the majority of their 3 x 3 neighbourhood disagrees with.
    fn roughness(&self) -> f64 {
        let (mut edge, mut rough) = (0_u32, 0_u32);
        for y in 1..SIDE - 1 {
            for x in 1..SIDE - 1 {
                let here = self.0[y * SIDE + x];
                let around = (y - 1..=y + 1).map(|row| &self.0[row * SIDE + x - 1..row * SIDE + x + 2]);
                let inked = around.flatten().filter(|&&ink| ink).count();
                if inked > 0 && inked < 9 {
                    edge += 1;
                    rough += u32::from(here != (inked >= 5));
                }
            }
        }
        f64::from(rough) / f64::from(edge.max(1))
    }

    /// The pixels in runs along a row or column that are too straight and long for a hand.
    fn straight(&self) -> usize {
        let rows = self.0.chunks_exact(SIDE).map(long_runs).sum::<usize>();
        let column = |x: usize| -> Vec<bool> { self.0.iter().skip(x).step_by(SIDE).copied().collect() };
        rows + (0..SIDE).map(|x| long_runs(&column(x))).sum::<usize>()
    }

    /// The sizes of the 8-connected pieces.
    fn pieces(&self) -> Vec<usize> {
        let mut left = self.0.clone();
        let mut sizes = Vec::new();
        let mut waiting = Vec::new();
        for start in 0..left.len() {
            if !std::mem::take(&mut left[start]) {
                continue;
            }
            let mut size = 0;
            waiting.push(start);
            while let Some(at) = waiting.pop() {
                size += 1;
                let (x, y) = (at % SIDE, at / SIDE);
                for near_y in y.saturating_sub(1)..=(y + 1).min(SIDE - 1) {
                    for near_x in x.saturating_sub(1)..=(x + 1).min(SIDE - 1) {
                        let near = near_y * SIDE + near_x;
                        if std::mem::take(&mut left[near]) {
                            waiting.push(near);
                        }
                    }
                }
            }
            sizes.push(size);
        }
        sizes
    }
}

/// The pixels in runs of at least [`LINE`].
fn long_runs(line: &[bool]) -> usize {
    line.split(|&ink| !ink).map(<[bool]>::len).filter(|&length| length >= LINE).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(ink: &Ink, id: &str) -> f64 {
        let at = CUES.iter().position(|cue| cue.id == id).unwrap();
        let Value::Number(number) = measure(ink)[at] else { panic!("{id} is a number") };
        number
    }

    fn drawn(paint: impl Fn(usize, usize) -> u8) -> Ink {
        let places = (0..SIDE * SIDE).map(|at| (at % SIDE, at / SIDE));
        Ink::new(places.map(|(x, y)| paint(x, y)).collect()).unwrap()
    }

    #[test]
    fn a_bar_by_hand() {
        // 100 x 4 pixels: 208 changes along rows and columns, 206 along each diagonal; all of it a straight line, and all
        // of it border.
        let bar = drawn(|x, y| if (50..150).contains(&x) && (100..104).contains(&y) { 255 } else { 0 });
        assert_eq!(value(&bar, "ink_tone_mean"), 255.0);
        assert_eq!(value(&bar, "ink_tone_spread"), 0.0);
        assert_eq!(value(&bar, "paper_level"), 0.0);
        assert_eq!(value(&bar, "straight_lines"), 1.0);
        assert_eq!(value(&bar, "border_ink"), 1.0);
        assert_eq!(value(&bar, "components"), 1.0);
        assert_eq!(value(&bar, "ink_density"), 1.0);
        let width = 800.0 / (std::f64::consts::FRAC_PI_8 * (208.0 + 412.0 / 2_f64.sqrt()));
        assert!((value(&bar, "stroke_width") - width).abs() < 1e-9);
        assert!((value(&bar, "box_aspect") - 25_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn specks_rough_edges_and_gray_are_seen() {
        let clean = |x: usize, y: usize| if (60..160).contains(&x) && (80..120).contains(&y) { 255 } else { 0 };
        let plain = drawn(clean);
        let specked = drawn(|x, y| if x % 30 == 5 && y == 200 { 255 } else { clean(x, y) });
        assert_eq!(value(&plain, "specks"), 0.0);
        assert_eq!(value(&specked, "specks"), 8.0);
        let rough = drawn(|x, y| if y == 79 && x % 2 == 0 && (60..160).contains(&x) { 255 } else { clean(x, y) });
        assert!(value(&rough, "edge_roughness") > value(&plain, "edge_roughness"));
        let soft = drawn(|x, y| if y == 79 && (60..160).contains(&x) { 40 } else { clean(x, y) });
        assert_eq!(value(&plain, "edge_light"), 0.0);
        assert!((value(&soft, "edge_light") - 100.0 / 4100.0).abs() < 1e-12);
    }
}
