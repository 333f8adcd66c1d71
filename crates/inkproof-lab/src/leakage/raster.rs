//! What the normalised ink still shows of pen, paper and scanner: measured on the raster that a network sees, nothing else.
//!
//! The raster is coverage: 0 paper, 255 ink, gray where an edge runs through a pixel. [`measure`] gives one value for each
//! of [`CUES`], in their order. A judged cue must not be made of the shape, or every set would leak: a forgery differs in
//! shape. So pen and tone are read only where a stroke is straight and alone (`across`), paper only away from the ink,
//! lines and borders only in runs that no hand writes; and a reading is rounded to what its instrument resolves, since the
//! rank of two pens that differ by less is the rank of their directions.

mod across;
mod mask;

use inkproof::Ink;

use super::cue::{Cue, Value};
use across::Across;
use mask::Mask;

/// The cues of a normalised raster.
pub const CUES: [Cue; 14] = [
    Cue::judged("ink_tone_mean", "ink tone, mean"),
    Cue::judged("ink_tone_spread", "ink tone, spread"),
    Cue::judged("paper_level", "paper level"),
    Cue::judged("paper_noise", "paper noise"),
    Cue::judged("stroke_width", "stroke width"),
    Cue::judged("edge_roughness", "edge roughness"),
    Cue::judged("edge_softness", "edge softness"),
    Cue::judged("straight_lines", "remnants of lines"),
    Cue::judged("specks", "specks"),
    Cue::judged("border_ink", "border pixels"),
    Cue::shape("box_aspect", "ink box, aspect"),
    Cue::shape("ink_density", "ink density"),
    Cue::shape("components", "components"),
    Cue::shape("pressure_clarity", "pressure, its spread"),
];

/// From this value on a pixel counts as ink.
const INK: u8 = 128;

/// A piece of this many ink pixels or fewer is a speck: less than a dot of the pen at the usual stroke width of 2.
const SPECK: usize = 6;

/// What the instrument resolves of a pen, whatever direction it moves in, and whatever it is called here: in steps of
/// coverage for the tones and in pixels for the rest. A test draws pens in all directions and holds it to that.
const TONE: f64 = 32.0;
const WIDTH: f64 = 0.125;
const ROUGHNESS: f64 = 0.25;
const SOFTNESS: f64 = 0.6;

/// The values of [`CUES`] of a raster.
pub fn measure(ink: &Ink) -> Vec<Value> {
    let pixels = ink.pixels();
    let mask = Mask::from_pixels(pixels);
    let inked = mask.count().max(1) as f64;
    let across = Across::from_pixels(pixels);
    let (paper, noise) = moments(mask.away_from_ink().into_iter().map(|at| pixels[at]));
    let coverage = pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / 255.0;
    let pieces = mask.pieces();
    let area = mask.bounds();
    [
        rounded(across.tone, TONE),
        rounded(across.tone_spread, TONE),
        paper,
        noise,
        rounded(across.width, WIDTH),
        rounded(across.width_spread, ROUGHNESS),
        rounded(across.softness, SOFTNESS),
        mask.straight() as f64 / inked,
        pieces.iter().filter(|&&size| size <= SPECK).count() as f64,
        mask.straight_at_border(&area) as f64 / inked,
        (area.width() as f64 / area.height() as f64).ln(),
        coverage / (area.width() * area.height()) as f64,
        pieces.len() as f64,
        ink.widths().map_or(0.0, |widths| f64::from(widths.clarity())),
    ]
    .map(Value::Number)
    .into()
}

/// To the nearest multiple of what can be distinguished.
fn rounded(reading: f64, resolution: f64) -> f64 {
    (reading / resolution).round() * resolution
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

#[cfg(test)]
mod tests {
    use inkproof::SIDE;
    use proptest::prelude::*;

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

    /// A pen of some width, tone and softness (the length of the slope of its edges) that moved straight in one direction.
    fn pen(width: f64, tone: f64, soft: f64, angle: f64, aside: f64) -> Ink {
        let (dx, dy) = (angle.cos(), angle.sin());
        let inside = |x: f64, y: f64| {
            let (x, y) = (x - 112.0, y - 112.0);
            let (along, off) = (x * dx + y * dy, (y * dx - x * dy - aside).abs());
            if along.abs() < 80.0 { ((width / 2.0 - off) / soft + 0.5).clamp(0.0, 1.0) } else { 0.0 }
        };
        drawn(|x, y| {
            let parts = (0..16).map(|n| (f64::from(n % 4) / 4.0 + 0.125, f64::from(n / 4) / 4.0 + 0.125));
            let covered: f64 = parts.map(|(u, v)| inside(x as f64 + u, y as f64 + v)).sum();
            (covered / 16.0 * tone).round() as u8
        })
    }

    #[test]
    fn a_bar_by_hand() {
        // 100 x 4 pixels, all of it a straight line along the border of its box, above and below.
        let bar = drawn(|x, y| if (50..150).contains(&x) && (100..104).contains(&y) { 255 } else { 0 });
        for (id, expected) in [
            ("ink_tone_mean", 255.0),
            ("ink_tone_spread", 0.0),
            ("paper_level", 0.0),
            ("stroke_width", 4.0),
            ("edge_roughness", 0.0),
            ("straight_lines", 1.0),
            ("border_ink", 1.0),
            ("components", 1.0),
            ("ink_density", 1.0),
        ] {
            assert!(
                (value(&bar, id) - expected).abs() <= TONE / 2.0 * f64::from(u8::from(id.contains("tone"))) + 1e-9,
                "{id}"
            );
        }
        assert!((value(&bar, "box_aspect") - 25_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn each_kind_of_trace_is_seen() {
        let clean = |x: usize, y: usize| if (60..160).contains(&x) && (80..84).contains(&y) { 255 } else { 0 };
        let plain = drawn(clean);
        let differs = |other: &Ink, id: &str| value(other, id) - value(&plain, id);
        assert_eq!(differs(&drawn(|x, y| if x % 30 == 5 && y == 200 { 255 } else { clean(x, y) }), "specks"), 8.0);
        let ragged = drawn(|x, y| if y == 79 && x % 6 < 3 && (60..160).contains(&x) { 255 } else { clean(x, y) });
        assert!(differs(&ragged, "edge_roughness") >= 0.5, "{}", value(&ragged, "edge_roughness"));
        let soft = drawn(|x, y| match y {
            79 | 84 if (60..160).contains(&x) => 170,
            78 | 85 if (60..160).contains(&x) => 85,
            _ => clean(x, y),
        });
        assert!(differs(&soft, "edge_softness") >= SOFTNESS);
        assert!(differs(&drawn(|x, y| clean(x, y) / 3 * 2), "ink_tone_mean") <= -64.0);
        assert!(differs(&drawn(|x, y| if y > 150 { 9 } else { clean(x, y) }), "paper_level") > 1.0);
        assert!(differs(&drawn(|x, y| if y > 150 { (x % 2 * 9) as u8 } else { clean(x, y) }), "paper_noise") > 1.0);
        let away = drawn(|x, y| if x == 20 && y == 100 || x == 200 && y == 10 { 255 } else { clean(x, y) });
        assert!(value(&away, "straight_lines") > 0.9 && value(&away, "border_ink") == 0.0);
    }

    proptest! {
        #[test]
        fn a_reading_says_the_pen_and_not_its_direction(
            angle in 0.0..std::f64::consts::PI,
            aside in -1.0..1.0,
            width in 2.0..4.0,
            soft in 0.1..0.6,
        ) {
            let read = |angle, aside| Across::from_pixels(pen(width, 250.0, soft, angle, aside).pixels());
            let (one, other) = (read(angle, aside), read(0.3, 0.0));
            prop_assert!((one.width - width * 250.0 / 255.0).abs() < WIDTH, "{one:?}");
            prop_assert!((one.tone - other.tone).abs() < TONE, "{one:?} {other:?}");
            prop_assert!(one.tone_spread < TONE, "{one:?}");
            prop_assert!(one.width_spread < ROUGHNESS, "{one:?}");
            prop_assert!((one.softness - other.softness).abs() < SOFTNESS, "{one:?} {other:?}");
        }
    }
}
