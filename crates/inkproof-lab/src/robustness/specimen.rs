//! A signature taken off its paper, to be laid on other paper in other ink.

use inkproof::Gray;

use super::geometry;
use super::sheet::{Color, Layer, Sheet};

/// How far below paper, of the way from paper to ink, a pixel is still paper; grain and scanner noise end there.
const PAPER_ENDS: f32 = 0.15;
/// From here on it is ink as dark as ink is.
const INK_BEGINS: f32 = 0.75;
/// The longer side of a signature's box, in pixels, beyond which it is drawn smaller: more shows nothing more, and takes time.
const LONGEST: usize = 2400;
/// The widest that a stroke can be, in units; a filled box has no strokes.
const WIDEST_STROKE: f32 = 0.1;
/// The side of the squares in which the tone of the paper is looked for, in pixels.
const SQUARE: usize = 64;

/// The ink of one image, cut to the box around it.
#[derive(Debug, Clone)]
pub(super) struct Specimen {
    pub ink: Layer,
    /// The mean width of its strokes, in pixels.
    pub stroke: f32,
}

impl Specimen {
    /// The ink of a gray image; None where nothing stands out from the paper.
    pub fn new(gray: &Gray) -> Option<Self> {
        let paper = Paper::new(gray);
        let darkness = |x: usize, y: usize| paper.at(x, y) - f32::from(gray.row(y)[x]);
        let (width, height) = (gray.width(), gray.height());
        let places = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let darknesses: Vec<f32> = places().map(|(x, y)| darkness(x, y)).collect();
        let full = full_darkness(&darknesses)?;
        let cover = |d: f32| ((d / full - PAPER_ENDS) / (INK_BEGINS - PAPER_ENDS)).clamp(0.0, 1.0);
        let ink = Layer { width, height, cover: darknesses.into_iter().map(cover).collect() };
        let ink = cropped(&without_dust(ink))?;
        let longest = ink.width.max(ink.height);
        let ink = if longest > LONGEST { geometry::scaled_layer(&ink, LONGEST as f32 / longest as f32) } else { ink };
        let stroke = stroke_width(&ink);
        let specimen = Self { ink, stroke };
        Some(Self { stroke: stroke.min(WIDEST_STROKE * specimen.unit()).max(1.0), ..specimen })
    }

    pub fn width(&self) -> usize {
        self.ink.width
    }

    pub fn height(&self) -> usize {
        self.ink.height
    }

    /// A length that a thing near the signature is drawn by, in pixels: the height of a signature of usual proportions.
    pub fn unit(&self) -> f32 {
        (self.height() as f32).max(self.width() as f32 / 3.0)
    }

    /// The signature alone, without paper around.
    pub fn bare(&self, paper: Color, ink: Color) -> Sheet {
        let mut sheet = Sheet::new(self.width(), self.height(), paper);
        sheet.ink(&self.ink, ink);
        sheet
    }
}

/// The tone of the paper, which may change from place to place.
struct Paper {
    columns: usize,
    tones: Vec<f32>,
}

impl Paper {
    fn new(gray: &Gray) -> Self {
        let squares = |side: usize| side.div_ceil(SQUARE);
        let (columns, rows) = (squares(gray.width()), squares(gray.height()));
        let mut all = gray.pixels().to_vec();
        let middle = all.len() / 2;
        let usual = *all.select_nth_unstable(middle).1;
        let tone = |column: usize, row: usize| {
            let right = ((column + 1) * SQUARE).min(gray.width());
            let rows = row * SQUARE..((row + 1) * SQUARE).min(gray.height());
            let mut tones: Vec<u8> = rows.flat_map(|y| gray.row(y)[column * SQUARE..right].to_vec()).collect();
            let high = tones.len() * 3 / 4;
            let tone = *tones.select_nth_unstable(high).1;
            // A square full of ink is as its picture.
            f32::from(if usual.saturating_sub(tone) > 40 { usual } else { tone })
        };
        let tones = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        Self { columns, tones: tones.map(|(column, row)| tone(column, row)).collect() }
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        self.tones[y / SQUARE * self.columns + x / SQUARE]
    }
}

/// How much darker than paper the ink is: the darkness that one of twenty of the pixels which stand out most reaches.
fn full_darkness(darknesses: &[f32]) -> Option<f32> {
    const LEAST: f32 = 12.0;
    let darkest = darknesses.iter().copied().fold(0.0, f32::max);
    let mut standing_out: Vec<f32> = darknesses.iter().copied().filter(|&d| d > 0.4 * darkest).collect();
    let middle = standing_out.len() / 2;
    (darkest >= LEAST && !standing_out.is_empty())
        .then(|| *standing_out.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// Without pixels that stand alone.
fn without_dust(mut ink: Layer) -> Layer {
    let before = ink.clone();
    let near = |x: usize, side: usize| x.saturating_sub(1)..(x + 2).min(side);
    ink.fade(|x, y| {
        let rows = near(y, before.height);
        let sum: f32 = rows
            .flat_map(|y| near(x, before.width).map(move |x| (x, y)))
            .map(|(x, y)| before.cover[y * before.width + x])
            .sum();
        if sum - before.cover[y * before.width + x] < 0.5 { 0.0 } else { 1.0 }
    });
    ink
}

/// The box around what is at least half covered.
fn cropped(ink: &Layer) -> Option<Layer> {
    let covered = |x: usize, y: usize| ink.cover[y * ink.width + x] >= 0.5;
    let rows: Vec<usize> = (0..ink.height).filter(|&y| (0..ink.width).any(|x| covered(x, y))).collect();
    let columns: Vec<usize> = (0..ink.width).filter(|&x| (0..ink.height).any(|y| covered(x, y))).collect();
    let (top, bottom) = (*rows.first()?, *rows.last()?);
    let (left, right) = (*columns.first()?, *columns.last()?);
    let cover = (top..=bottom).flat_map(|y| ink.cover[y * ink.width + left..=y * ink.width + right].to_vec()).collect();
    Some(Layer { width: right - left + 1, height: bottom - top + 1, cover })
}

/// From area and outline: a stroke has two sides. An outline along pixels is longer than a smooth one by 4/π.
fn stroke_width(ink: &Layer) -> f32 {
    let covered = |x: usize, y: usize| ink.cover[y * ink.width + x] >= 0.5;
    let mut area = 0;
    let mut outline = 0;
    for y in 0..ink.height {
        for x in 0..ink.width {
            if covered(x, y) {
                area += 1;
                outline += usize::from(x == 0 || !covered(x - 1, y)) + usize::from(y == 0 || !covered(x, y - 1));
                outline += usize::from(x + 1 == ink.width || !covered(x + 1, y));
                outline += usize::from(y + 1 == ink.height || !covered(x, y + 1));
            }
        }
    }
    (2.0 * 4.0 / std::f32::consts::PI * area as f32 / outline.max(1) as f32).max(1.0)
}
