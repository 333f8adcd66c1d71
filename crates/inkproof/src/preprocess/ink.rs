//! The default preprocessing: what remains is the shape of the strokes.
//!
//! Tone, paper and scan size tell the scanner, and a network learns them before it learns
//! handwriting. So: the paper's light is levelled ([`paper`]), the ink thresholded ([`threshold`],
//! Otsu), ruled lines and the sides of boxes taken out ([`rules`]), specks dropped
//! ([`components`]), the rest brought to one working size with its aspect kept ([`fit`]) and made
//! binary there. Of that only the middle lines of the strokes are kept ([`skeleton`]), evened out
//! and drawn again with one round pen ([`pen`]). Neither gray nor outline nor width of the scanned
//! strokes is left; what is gray in the result is antialiasing. Beside it, where the frame is by mass, the
//! ink keeps where along the lines strokes were wider or narrower ([`width`]).

mod bits;
mod boxes;
mod clean;
pub(crate) mod components;
mod edges;
mod fit;
pub(crate) mod groups;
pub(crate) mod histogram;
mod inks;
mod light;
mod noise;
pub(crate) mod paper;
mod pen;
pub(crate) mod print;
mod rules;
mod sides;
pub(crate) mod skeleton;
pub(crate) mod threshold;
pub(crate) mod width;

use serde::{Deserialize, Serialize};

use super::{Ink, SIDE};
use crate::decode::Picture;
use crate::error::Result;
use crate::limits::Limits;
use crate::quality::Scan;
use clean::Cleaned;

/// The steps of files from before there were several: what is on the image is the signature, but for specks and ruled lines
/// from one side to the other.
const FIRST: u8 = 1;
/// Today's steps: light, colours, lines, boxes and print are told from the signature.
const LATEST: u8 = 2;

fn first() -> u8 {
    FIRST
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
fn is_first(version: &u8) -> bool {
    *version == FIRST
}

/// What `ink` preprocessing can be set to; recorded in the model file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InkParameters {
    /// Which steps find the signature in the image, 1 or 2. How it is drawn then is the same in both, so that inks of
    /// either can be compared. Files from before there were several have none, which is 1.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub version: u8,
    /// Empty border on every side, in pixels of the result.
    pub margin: u8,
    /// Width that strokes are drawn with, in pixels of the result.
    pub stroke_width: f32,
    /// Unevenness of the strokes up to about this length is evened out, in pixels of the result.
    pub smoothing: f32,
    /// Longest branch that is taken for a bump of a stroke's outline, in stroke widths.
    pub spur: f32,
    /// Smallest blot that is kept, in squares of the scan's stroke width.
    pub speck: f32,
    /// The same as a share of all ink.
    pub speck_share: f32,
    /// How far ink must be from paper, in standard deviations of the paper.
    pub contrast: f32,
    /// What is brought to a constant size and place; files from before there was a choice have `box`.
    #[serde(default)]
    pub frame: Frame,
}

/// What of the strokes is brought to a constant size and place; the aspect stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frame {
    /// The box around all ink fills the result.
    #[default]
    Box,
    /// The ink's centre of mass is in the middle, its spread (the root of the mean squared distance to there) is
    /// [`SPREAD`] pixels: one long flourish does not shrink the letters. What is far out is cut off.
    Mass,
}

/// The spread of an ink in [`Frame::Mass`], in pixels of the result.
pub const SPREAD: f32 = 36.0;

impl InkParameters {
    /// The same, but for the steps that find the signature: two that draw alike make inks that can be compared.
    #[must_use]
    pub fn drawing(&self) -> Self {
        InkParameters { version: FIRST, ..self.clone() }
    }

    /// Framed by mass, and hardly evened out: for networks that look at places.
    pub fn by_mass() -> Self {
        InkParameters { smoothing: 0.4, frame: Frame::Mass, ..InkParameters::default() }
    }
}

impl Default for InkParameters {
    fn default() -> Self {
        InkParameters {
            version: LATEST,
            margin: 8,
            stroke_width: 2.0,
            smoothing: 1.0,
            spur: 1.0,
            speck: 0.5,
            speck_share: 0.001,
            contrast: 3.0,
            frame: Frame::Box,
        }
    }
}

/// A rectangle of 8-bit values, row-major: darkness over the paper, or a mask of 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<u8>,
}

impl Plane {
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.values[y * self.width..(y + 1) * self.width]
    }

    /// Changes between ink and paper along the rows: two for each run.
    pub(crate) fn changes_along_rows(&self, threshold: u8) -> usize {
        let in_row = |row: &[u8]| {
            changes(row, &row[1..], threshold) + changes(&[0, 0], &[row[0], row[row.len() - 1]], threshold)
        };
        self.values.chunks_exact(self.width).map(in_row).sum()
    }

    /// Changes between ink and paper from row to row, and from the outermost ones to outside.
    pub(crate) fn changes_across_rows(&self, threshold: u8) -> usize {
        let outside = vec![0; self.width];
        let (first, last) = (self.row(0), self.row(self.height - 1));
        changes(&self.values, &self.values[self.width..], threshold)
            + changes(&outside, first, threshold)
            + changes(last, &outside, threshold)
    }
}

/// How many pairs of values are on different sides of the threshold.
fn changes(before: &[u8], after: &[u8], threshold: u8) -> usize {
    // So few that their count is a byte as they are: then many are compared at once.
    const AT_ONCE: usize = 128;
    let blocks = before.chunks(AT_ONCE).zip(after.chunks(AT_ONCE));
    let changed = |(&before, &after)| u8::from((before > threshold) != (after > threshold));
    blocks.map(|(before, after)| usize::from(before.iter().zip(after).map(changed).sum::<u8>())).sum()
}

/// Where values are on different sides of the threshold.
fn changed<'a>(before: &'a [u8], after: &'a [u8], threshold: u8) -> impl Iterator<Item = usize> + 'a {
    let blocks = before.chunks(64).zip(after.chunks(64)).enumerate();
    blocks.flat_map(move |(block, (before, after))| {
        let changed = bits::word_above(before, threshold) ^ bits::word_above(after, threshold);
        bits::ones(changed).map(move |place| 64 * block + place)
    })
}

/// How many values are above the threshold.
fn count_above(values: &[u8], threshold: u8) -> usize {
    const AT_ONCE: usize = 128;
    let above = |block: &[u8]| block.iter().map(|&value| u8::from(value > threshold)).sum::<u8>();
    values.chunks(AT_ONCE).map(|block| usize::from(above(block))).sum()
}

/// Picture to ink, and how that lay in the scan.
///
/// Time grows with the pixels, and at any moment a pixel takes at most ten bytes.
///
/// # Errors
/// [`Error::NoInk`] where nothing stands out from the paper or nothing is left after cleaning; [`Error::OutOfTime`].
pub(super) fn normalise(picture: Picture, parameters: &InkParameters, limits: &Limits) -> Result<(Ink, Scan)> {
    let cleaned = match parameters.version {
        FIRST => clean::plainly(picture.gray, parameters, limits)?,
        _ => clean::signature(picture, parameters, limits)?,
    };
    let Cleaned { darkness, threshold, stroke_width, area, scan } = cleaned;
    let canvas = fit::Canvas::new(&area);
    let soft = canvas.enlarge(&darkness, &area);
    drop(darkness);
    limits.check_time()?;
    let width = stroke_width * canvas.scale();
    // A stroke thinner than a working pixel never reaches its full darkness there.
    let level = (f32::from(threshold) * width.min(1.0)) as u8;
    let mask = fill_pinholes(threshold::above(&soft, level), PINHOLE * width * width);
    let skeleton = skeleton::Skeleton::new(&mask, parameters.spur * width);
    let widths = match parameters.frame {
        Frame::Box => None,
        Frame::Mass => Some(width::along(&skeleton, &soft, level, width)),
    };
    let (pixels, points) = pen::draw(skeleton, parameters, fit::LONGEST);
    let widths = widths.and_then(|widths| width::kept(&widths, &points, canvas.scale()));
    Ok((Ink::new(pixels)?.with_widths(widths), scan))
}

/// The middle lines of an ink, from end or fork to end or fork, in pixels; of strokes that are drawn with one thin pen.
pub fn middle_lines(ink: &Ink) -> Vec<Vec<[f32; 2]>> {
    const SPUR: f32 = 2.0;
    let inside = |at: usize| (1..SIDE - 1).contains(&(at % SIDE)) && (1..SIDE - 1).contains(&(at / SIDE));
    let values = ink.pixels().iter().enumerate().map(|(at, &pixel)| u8::from(pixel >= 128 && inside(at))).collect();
    skeleton::Skeleton::new(&Plane { width: SIDE, height: SIDE, values }, SPUR).lines()
}

/// Paper within ink that is smaller than this is the pen's, in squares of the stroke width.
const PINHOLE: f32 = 0.3;

/// Turns to ink what little paper is shut in by it.
fn fill_pinholes(mut mask: Plane, smallest: f32) -> Plane {
    let flip = |plane: &mut Plane| plane.values.iter_mut().for_each(|v| *v = 1 - *v);
    flip(&mut mask);
    let mut paper = components::find(&mask, 0);
    // The paper around all has more.
    paper.drop_smaller(smallest.min((mask.width + mask.height) as f32));
    paper.erase_dropped(&mut mask);
    flip(&mut mask);
    mask
}
