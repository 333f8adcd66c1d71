//! What can be measured of a signature's shape on its ink, whoever wrote it with whatever pen.

use inkproof::preprocess::middle_lines;
use inkproof::{Ink, SIDE};

/// One thing that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its key; never changes.
    pub id: &'static str,
    /// As the reader sees it.
    pub name: &'static str,
}

const fn measure_of(id: &'static str, name: &'static str) -> Measure {
    Measure { id, name }
}

/// Lengths along a stroke over which its turning is measured, in pixels of an ink whose spread is 36: a spectrum of
/// curvature from tremor to the run of a flourish.
const SCALES: [usize; 4] = [4, 8, 16, 32];

/// The measures, in the order of a [`Shape`].
pub const MEASURES: [Measure; 8] = [
    measure_of("strokes", "strokes between ends and crossings"),
    measure_of("pieces", "connected pieces"),
    measure_of("density", "ink density in its box, %"),
    measure_of("aspect", "aspect, log2 of width over height"),
    measure_of("turn_4", "turning within 4 pixels, degrees"),
    measure_of("turn_8", "turning within 8 pixels, degrees"),
    measure_of("turn_16", "turning within 16 pixels, degrees"),
    measure_of("turn_32", "turning within 32 pixels, degrees"),
];

/// The values of [`MEASURES`]; None where a signature has no stroke that is long enough.
pub type Shape = [Option<f64>; MEASURES.len()];

/// From this value on a pixel counts as ink.
const INK: u8 = 128;

/// Lines of fewer points are what thinning leaves between the parts of one crossing; a point by itself is a dot.
const LEAST_POINTS: usize = 4;

type Line = Vec<[f32; 2]>;

/// Measures an ink.
pub fn measure(ink: &Ink) -> Shape {
    let lines = middle_lines(ink);
    let strokes = lines.iter().filter(|line| line.len() >= LEAST_POINTS || line.len() == 1).count();
    let (width, height) = sides(ink);
    let coverage = ink.values().map(f64::from).sum::<f64>();
    let [a, b, c, d] = SCALES.map(|scale| turning(&lines, scale));
    [
        Some(strokes as f64),
        Some(pieces(ink) as f64),
        Some(100.0 * coverage / (width * height)),
        Some((width / height).log2()),
        a,
        b,
        c,
        d,
    ]
}

/// Width and height of the box around the ink.
fn sides(ink: &Ink) -> (f64, f64) {
    let places = || (0..SIDE * SIDE).filter(|&at| ink.pixels()[at] >= INK);
    let extent = |of: fn(usize) -> usize| {
        let (low, high) = places().map(of).fold((SIDE, 0), |(low, high), at| (low.min(at), high.max(at + 1)));
        high.saturating_sub(low).max(1) as f64
    };
    (extent(|at| at % SIDE), extent(|at| at / SIDE))
}

/// How many connected pieces of ink there are, corners included.
fn pieces(ink: &Ink) -> usize {
    let mut waiting: Vec<bool> = ink.pixels().iter().map(|&pixel| pixel >= INK).collect();
    let mut count = 0;
    for start in 0..waiting.len() {
        let mut open = if std::mem::take(&mut waiting[start]) { vec![start] } else { continue };
        count += 1;
        while let Some(at) = open.pop() {
            let around = |c: usize| c.saturating_sub(1)..(c + 2).min(SIDE);
            for y in around(at / SIDE) {
                for next in around(at % SIDE).map(|x| y * SIDE + x) {
                    if std::mem::take(&mut waiting[next]) {
                        open.push(next);
                    }
                }
            }
        }
    }
    count
}

/// The mean angle, in degrees, between the ways to a place and from it, each `scale` points long.
fn turning(lines: &[Line], scale: usize) -> Option<f64> {
    let (mut count, mut sum) = (0, 0.0);
    for line in lines {
        for places in line.windows(2 * scale + 1) {
            let (before, at, after) = (places[0], places[scale], places[2 * scale]);
            let (ux, uy) = (f64::from(at[0] - before[0]), f64::from(at[1] - before[1]));
            let (vx, vy) = (f64::from(after[0] - at[0]), f64::from(after[1] - at[1]));
            count += 1;
            sum += (ux * vy - uy * vx).atan2(ux * vx + uy * vy).abs();
        }
    }
    (count > 0).then(|| (sum / f64::from(count)).to_degrees())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(shape: &Shape, id: &str) -> Option<f64> {
        shape[MEASURES.iter().position(|measure| measure.id == id).unwrap()]
    }

    fn drawn(is_ink: impl Fn(f64, f64) -> bool) -> Shape {
        let at = |at: usize| u8::from(is_ink((at % SIDE) as f64 + 0.5, (at / SIDE) as f64 + 0.5)) * 255;
        measure(&Ink::new((0..SIDE * SIDE).map(at).collect()).unwrap())
    }

    #[test]
    fn a_level_stroke_turns_nowhere() {
        let shape = drawn(|x, y| (20.0..180.0).contains(&x) && (100.0..102.0).contains(&y));
        assert_eq!((value(&shape, "strokes"), value(&shape, "pieces")), (Some(1.0), Some(1.0)));
        assert_eq!(value(&shape, "density"), Some(100.0));
        assert!((value(&shape, "aspect").unwrap() - 80_f64.log2()).abs() < 1e-9);
        assert_eq!(value(&shape, "turn_32"), Some(0.0));
        let dot = drawn(|x, y| (100.0..104.0).contains(&x) && (100.0..104.0).contains(&y));
        assert_eq!((value(&dot, "strokes"), value(&dot, "turn_4")), (Some(1.0), None));
    }

    #[test]
    fn a_ring_turns_by_its_radius_and_a_cross_has_four_strokes() {
        let ring = drawn(|x, y| (39.0..41.0).contains(&(x - 112.0).hypot(y - 112.0)));
        // Points of an 8-connected circle are some 1.1 pixels apart.
        let expected = (16.0 * 1.11 / 40.0_f64).to_degrees();
        assert!((value(&ring, "turn_16").unwrap() - expected).abs() < 3.0, "{ring:?}");
        let arm = |u: f64, v: f64| (u - 112.0).abs() < 60.0 && (v - 112.0).abs() < 1.0;
        let cross = drawn(|x, y| arm(x, y) || arm(y, x));
        assert_eq!((value(&cross, "strokes"), value(&cross, "pieces")), (Some(4.0), Some(1.0)), "{cross:?}");
    }
}
