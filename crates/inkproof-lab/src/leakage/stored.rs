//! What an image shows other than the shape of its signature, as it is stored: tone, paper, pen, sizes, and the file itself.
//!
//! [`measure`] gives one value for each of [`CUES`], in their order. Ink is what Otsu's threshold separates, without any
//! leveling or cleaning: the cues are to be those that a network sees which is given the image as it is.

use inkproof::Gray;

use super::cue::{Cue, Value};
use super::file::FileFacts;

/// The cues of an image as stored.
pub const CUES: [Cue; 19] = [
    Cue::judged("ink_tone_mean", "ink tone, mean"),
    Cue::judged("ink_tone_spread", "ink tone, spread"),
    Cue::judged("paper_level", "paper level"),
    Cue::judged("paper_noise", "paper noise"),
    Cue::judged("stroke_width", "stroke width"),
    Cue::judged("ink_area", "ink area"),
    Cue::judged("image_width", "image width"),
    Cue::judged("image_height", "image height"),
    Cue::judged("box_width", "ink box, width"),
    Cue::judged("box_height", "ink box, height"),
    Cue::judged("bytes_per_pixel", "file size per pixel"),
    Cue::judged("file_format", "file format"),
    Cue::judged("bit_depth", "bit depth"),
    Cue::judged("colour_type", "colour type"),
    Cue::judged("resolution", "resolution tags"),
    Cue::judged("jpeg_tables", "JPEG tables"),
    Cue::judged("colour_profile", "colour profile"),
    Cue::shape("box_aspect", "ink box, aspect"),
    Cue::hidden("scan_scale", "scan scale"),
];

/// The share of the ink that is outside its box on each side: specks and lines at the edge must not set its size.
const OUTSIDE: f64 = 0.002;

/// Paper is read further than this from ink.
const AWAY: usize = 3;

/// The values of [`CUES`] of an image.
pub fn measure(gray: &Gray, file: &FileFacts, bytes: usize) -> Vec<Value> {
    let tones = Tones::new(gray);
    let (tone, spread) = tones.ink();
    let area = InkBox::new(gray, &tones);
    let pixels = gray.pixels().len() as f64;
    let numbers = [
        tone,
        spread,
        tones.paper() as f64,
        tones.noise(gray),
        2.0 * tones.inked() / outline(gray, &tones).max(1e-9),
        tones.inked(),
        gray.width() as f64,
        gray.height() as f64,
        area.width as f64,
        area.height as f64,
        bytes as f64 / pixels,
    ];
    let words = [&file.format, &file.depth, &file.color, &file.resolution, &file.jpeg_tables, &file.profile];
    let last = [(area.width as f64 / area.height as f64).ln(), (area.width.max(area.height) as f64).ln()];
    let numbers = numbers.map(Value::Number).into_iter();
    numbers.chain(words.map(Value::word)).chain(last.map(Value::Number)).collect()
}

/// The grays of an image, ink and paper apart.
pub(super) struct Tones {
    histogram: [u32; 256],
    /// Ink is from 0 up to and with this gray.
    threshold: usize,
}

impl Tones {
    pub(super) fn new(gray: &Gray) -> Self {
        let mut histogram = [0_u32; 256];
        gray.pixels().iter().for_each(|&p| histogram[usize::from(p)] += 1);
        Self { threshold: otsu(&histogram), histogram }
    }

    fn is_ink(&self, pixel: u8) -> bool {
        usize::from(pixel) <= self.threshold
    }

    fn inked(&self) -> f64 {
        self.histogram[..=self.threshold].iter().map(|&n| f64::from(n)).sum()
    }

    /// Mean and standard deviation of the ink's gray.
    pub(super) fn ink(&self) -> (f64, f64) {
        let count = self.inked().max(1.0);
        let tones = || (0..).zip(&self.histogram[..=self.threshold]).map(|(v, &n)| (f64::from(v), f64::from(n)));
        let mean = tones().map(|(v, n)| v * n).sum::<f64>() / count;
        (mean, (tones().map(|(v, n)| (v - mean).powi(2) * n).sum::<f64>() / count).sqrt())
    }

    /// The median gray of what is not ink.
    pub(super) fn paper(&self) -> usize {
        let rest = &self.histogram[self.threshold + 1..];
        let half = rest.iter().map(|&n| u64::from(n)).sum::<u64>().div_ceil(2);
        let mut seen = 0;
        let median = rest.iter().position(|&n| {
            seen += u64::from(n);
            seen >= half
        });
        median.map_or(255, |above| self.threshold + 1 + above)
    }

    /// The mean step between neighbours in a row that are both paper and away from ink, whose soft edges are shape.
    fn noise(&self, gray: &Gray) -> f64 {
        let near = self.near_ink(gray);
        let (mut steps, mut sum) = (0_u64, 0_u64);
        for (row, near) in gray.pixels().chunks_exact(gray.width()).zip(near.chunks_exact(gray.width())) {
            for (pair, _) in row.windows(2).zip(near.windows(2)).filter(|(_, near)| **near == [false; 2]) {
                steps += 1;
                sum += u64::from(pair[0].abs_diff(pair[1]));
            }
        }
        sum as f64 / steps.max(1) as f64
    }

    /// Which pixels have ink within [`AWAY`] rows and columns.
    fn near_ink(&self, gray: &Gray) -> Vec<bool> {
        let (width, height) = (gray.width(), gray.height());
        let mut near = vec![false; width * height];
        let around = |at: usize, side: usize| at.saturating_sub(AWAY)..(at + AWAY + 1).min(side);
        for (at, _) in gray.pixels().iter().enumerate().filter(|&(_, &pixel)| self.is_ink(pixel)) {
            around(at / width, height).for_each(|y| near[y * width..][around(at % width, width)].fill(true));
        }
        near
    }
}

/// Otsu's threshold (1979): the gray up to which is ink.
fn otsu(histogram: &[u32; 256]) -> usize {
    let total: f64 = histogram.iter().map(|&n| f64::from(n)).sum();
    let whole: f64 = (0..).zip(histogram).map(|(v, &n)| f64::from(v) * f64::from(n)).sum();
    let (mut count, mut sum) = (0.0, 0.0);
    let mut best = (0.0, 127);
    for (value, &n) in histogram.iter().enumerate().take(255) {
        count += f64::from(n);
        sum += value as f64 * f64::from(n);
        let apart = whole * count - sum * total;
        let between = apart * apart / (count * (total - count)).max(1.0);
        if between > best.0 {
            best = (between, value);
        }
    }
    best.1
}

/// The length of the ink's outline: pi/4 of its edges along rows and columns (Cauchy and Crofton).
fn outline(gray: &Gray, tones: &Tones) -> f64 {
    let differ = |(&a, &b): (&u8, &u8)| tones.is_ink(a) != tones.is_ink(b);
    let rows = gray.pixels().chunks_exact(gray.width());
    let along: usize = rows.map(|row| row.iter().zip(&row[1..]).filter(|&pair| differ(pair)).count()).sum();
    let down = gray.pixels().iter().zip(&gray.pixels()[gray.width()..]).filter(|&pair| differ(pair)).count();
    std::f64::consts::FRAC_PI_4 * (along + down) as f64
}

/// The box around the ink.
struct InkBox {
    width: usize,
    height: usize,
}

impl InkBox {
    fn new(gray: &Gray, tones: &Tones) -> Self {
        let (mut columns, mut rows) = (vec![0_u32; gray.width()], vec![0_u32; gray.height()]);
        for (y, row) in rows.iter_mut().enumerate() {
            for (column, _) in columns.iter_mut().zip(gray.row(y)).filter(|&(_, &p)| tones.is_ink(p)) {
                *column += 1;
                *row += 1;
            }
        }
        Self { width: extent(&columns), height: extent(&rows) }
    }
}

/// From the first to the last place, without [`OUTSIDE`] of all ink on either side.
fn extent(ink: &[u32]) -> usize {
    let outside = OUTSIDE * ink.iter().map(|&n| f64::from(n)).sum::<f64>();
    let beyond = |places: &mut dyn Iterator<Item = &u32>| {
        let mut seen = 0.0;
        let reached = |&&n: &&u32| {
            seen += f64::from(n);
            seen <= outside
        };
        places.take_while(reached).count()
    };
    let (before, after) = (beyond(&mut ink.iter()), beyond(&mut ink.iter().rev()));
    ink.len().saturating_sub(before + after).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dark_bar_on_light_paper_by_hand() {
        // Ink of 40 and 60 in equal parts, 20 x 4 pixels, on paper of 200.
        let pixels = (0..100 * 50).map(|at| match (at % 100, at / 100) {
            (x, y) if (30..50).contains(&x) && (10..14).contains(&y) => 40 + 20 * (x as u8 % 2),
            _ => 200,
        });
        let gray = Gray::new(100, 50, pixels.collect()).unwrap();
        let values = measure(&gray, &FileFacts::from_bytes(b"P5\n1 1\n255\n0"), 2500);
        let number = |id: &str| match &values[CUES.iter().position(|cue| cue.id == id).unwrap()] {
            Value::Number(number) => *number,
            Value::Word(word) => panic!("{id} is {word}"),
        };
        for (id, expected) in [
            ("ink_tone_mean", 50.0),
            ("ink_tone_spread", 10.0),
            ("paper_level", 200.0),
            ("paper_noise", 0.0),
            ("ink_area", 80.0),
            ("image_width", 100.0),
            ("image_height", 50.0),
            ("box_width", 20.0),
            ("box_height", 4.0),
            ("bytes_per_pixel", 0.5),
            ("stroke_width", 160.0 / (std::f64::consts::FRAC_PI_4 * 48.0)),
        ] {
            assert!((number(id) - expected).abs() < 1e-9, "{id} {}", number(id));
        }
        assert_eq!(values.len(), CUES.len());
    }
}
