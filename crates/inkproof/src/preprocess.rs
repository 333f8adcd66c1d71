//! Gray image to what a network sees: 224 x 224 values of 8 bits.
//!
//! There is one preprocessing path, and a model file says which kind it was trained with: `raw`
//! is the notebook's (resize and nothing else, paper and tone stay), `ink` keeps the shape of the
//! strokes alone.

mod bytes;
pub(crate) mod ink;
mod raw;

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Stopwatch;
use crate::decode::{GrayRule, Page, Picture, Pixels, Raster, Wanted, gray_with_digest, picture_with_digest};
use crate::digest::ImageDigest;
use crate::error::{Error, Result};
use crate::gray::Gray;
use crate::limits::Limits;
use crate::quality::{self, Flaw};
pub use ink::{Frame, InkParameters, SPREAD, middle_lines};
/// Rows and columns of an [`Ink`].
pub use inkproof_nn::SIDE;
pub use raw::raw_resize;

/// How a gray image becomes what a network sees. A model file records it whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Preprocess {
    /// The notebook's: Tensorflow's gray, resized without regard to aspect; paper is near 255.
    Raw,
    /// The strokes alone: paper 0, ink 255, cropped, aspect kept, centred.
    Ink(InkParameters),
}

/// As [`f32::floor`], which CPUs of twenty years ago have no instruction for, so that it is a call; for numbers within those of an i32.
pub(crate) fn floor(number: f32) -> i32 {
    let whole = number as i32;
    whole - i32::from(whole as f32 > number)
}

/// The rows, and the columns, from the first to the last that have a pixel above 0; empty where none has.
fn inked(pixels: &[u8]) -> [Range<usize>; 2] {
    let mut found: Option<[Range<usize>; 2]> = None;
    for (row, pixels) in pixels.chunks_exact(SIDE).enumerate() {
        let first = pixels.iter().position(|&pixel| pixel > 0);
        let last = pixels.iter().rposition(|&pixel| pixel > 0);
        if let (Some(first), Some(last)) = (first, last) {
            let [rows, columns] = found.unwrap_or([row..row, first..last]);
            found = Some([rows.start..row + 1, columns.start.min(first)..columns.end.max(last + 1)]);
        }
    }
    found.unwrap_or_default()
}

/// What a network sees: [`SIDE`] x [`SIDE`] values, row-major. It is never one constant value.
///
/// From `raw` paper is near 255 and ink dark; from `ink` paper is 0 and ink is 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ink {
    pixels: Vec<u8>,
    /// The rows, and the columns, that have a pixel above 0.
    inked: [Range<usize>; 2],
    widths: Option<Widths>,
}

/// How wide the strokes of an ink were in the scan, where they are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widths {
    of_pixels: Vec<u8>,
    clarity: u8,
}

/// An image made ready for a network.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What the network sees.
    pub ink: Ink,
    /// The fingerprint of the image's content.
    pub digest: ImageDigest,
    /// What makes the image unfit to decide on; nothing is looked for with `raw`.
    pub flaws: Vec<Flaw>,
    /// Which page of the file it is.
    pub page: Page,
    /// Time to decode and digest.
    pub decode_time: Duration,
    /// Time from gray to ink.
    pub ink_time: Duration,
}

impl Preprocess {
    /// The default: `ink` with its default parameters.
    pub fn ink() -> Preprocess {
        Preprocess::Ink(InkParameters::default())
    }

    /// The parameters of `ink`; the default ones of `raw`, which sees images as stored.
    pub fn ink_parameters(&self) -> InkParameters {
        match self {
            Preprocess::Ink(parameters) => parameters.clone(),
            Preprocess::Raw => InkParameters::default(),
        }
    }

    /// The same, but for the steps that find the signature in an image: inks of two that draw alike can be compared.
    #[must_use]
    pub fn drawing(&self) -> Preprocess {
        match self {
            Preprocess::Ink(parameters) => Preprocess::Ink(parameters.drawing()),
            Preprocess::Raw => Preprocess::Raw,
        }
    }

    /// Decodes an image and makes it ready; the bytes are those of a file.
    ///
    /// # Errors
    /// Those of [`decode`](crate::decode()), and [`Error::NoInk`] for a blank image.
    pub fn apply(&self, bytes: &[u8], limits: &Limits) -> Result<Prepared> {
        let start = Stopwatch::start();
        let wanted = match self {
            Preprocess::Raw => Wanted::Gray,
            Preprocess::Ink(_) => Wanted::Colors,
        };
        self.apply_raster(Raster::read(bytes, wanted, limits)?, start, limits)
    }

    /// The same of pixels that a program holds in memory already.
    ///
    /// # Errors
    /// [`Error::Pixels`] for what is no picture, one over the limits, and [`Error::NoInk`] for a blank one.
    pub fn apply_pixels(&self, pixels: &Pixels<'_>, limits: &Limits) -> Result<Prepared> {
        let start = Stopwatch::start();
        self.apply_raster(Raster::from_pixels(pixels, limits)?, start, limits)
    }

    fn apply_raster(&self, raster: Raster, start: Stopwatch, limits: &Limits) -> Result<Prepared> {
        let page = raster.page;
        let (picture, digest) = match self {
            Preprocess::Raw => {
                let (gray, digest) = gray_with_digest(raster, GrayRule::Tensorflow, limits)?;
                (Picture::of_gray(gray, page), digest)
            }
            Preprocess::Ink(_) => picture_with_digest(raster, limits)?,
        };
        limits.check_time()?;
        let (decode_time, decoded) = (start.elapsed(), Stopwatch::start());
        let (ink, flaws) = self.apply_and_look(picture, limits)?;
        limits.check_time()?;
        Ok(Prepared { ink, digest, flaws, page, decode_time, ink_time: decoded.elapsed() })
    }

    /// Gray image to ink; the gray must come from the rule that belongs to the kind.
    ///
    /// # Errors
    /// [`Error::NoInk`] for a blank image.
    pub fn apply_gray(&self, gray: &Gray) -> Result<Ink> {
        let picture = Picture::of_gray(gray.clone(), Page::ONLY);
        Ok(self.apply_and_look(picture, &Limits::default())?.0)
    }

    /// The ink, and what makes the image unfit.
    fn apply_and_look(&self, picture: Picture, limits: &Limits) -> Result<(Ink, Vec<Flaw>)> {
        match self {
            Preprocess::Raw => {
                let to_byte = |v: f32| (v * 255.0).round() as u8;
                Ok((Ink::new(raw_resize(&picture.gray).into_iter().map(to_byte).collect())?, Vec::new()))
            }
            Preprocess::Ink(parameters) => {
                let (ink, scan) = ink::normalise(picture, parameters, limits)?;
                let flaws = quality::flaws(&scan, &ink);
                Ok((ink, flaws))
            }
        }
    }
}

impl Ink {
    /// The ink in [`SIDE`] x [`SIDE`] pixels.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of pixels, [`Error::NoInk`] where all are equal.
    pub fn new(pixels: Vec<u8>) -> Result<Ink> {
        if pixels.len() != SIDE * SIDE {
            return Err(Error::Shape { width: SIDE, height: SIDE, pixels: pixels.len() });
        }
        if pixels.iter().all(|&p| p == pixels[0]) {
            return Err(Error::NoInk);
        }
        Ok(Ink { inked: inked(&pixels), pixels, widths: None })
    }

    /// [`SIDE`] x [`SIDE`] values of 8 bits, row-major.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The rows, and the columns, from the first to the last that have a pixel above 0.
    pub(crate) fn inked(&self) -> &[Range<usize>; 2] {
        &self.inked
    }

    /// The same with how wide its strokes were.
    #[must_use]
    pub fn with_widths(self, widths: Option<Widths>) -> Ink {
        Ink { widths, ..self }
    }

    /// How wide its strokes were in the scan; None where that says nothing, or is not known any more.
    pub fn widths(&self) -> Option<&Widths> {
        self.widths.as_ref()
    }

    /// The values in [0, 1], as networks take them.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f32> + '_ {
        self.pixels.iter().map(|&p| f32::from(p) / 255.0)
    }
}

impl Widths {
    /// What the median of the known widths is as a value of a pixel.
    pub const MEDIAN: f32 = 64.0;

    /// A value for each pixel of an ink, 0 where no width is known, and how clearly the scan shows them, 1 to 255. None
    /// for another number of pixels, none that is known, or no clarity.
    pub fn new(of_pixels: Vec<u8>, clarity: u8) -> Option<Widths> {
        let says = of_pixels.len() == SIDE * SIDE && clarity > 0 && of_pixels.iter().any(|&width| width > 0);
        says.then_some(Widths { of_pixels, clarity })
    }

    /// The widths in relation to their median, which is [`Widths::MEDIAN`], row by row; 0 where they are not known.
    pub fn of_pixels(&self) -> &[u8] {
        &self.of_pixels
    }

    /// How clearly the scan shows them, 1 to 255.
    pub fn clarity(&self) -> u8 {
        self.clarity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_file_s_words() {
        let json = serde_json::to_value(Preprocess::Raw).unwrap();
        assert_eq!(json, serde_json::json!({"kind": "raw"}));
        let ink = Preprocess::ink();
        let json = serde_json::to_value(&ink).unwrap();
        assert_eq!(json["kind"], "ink");
        assert_eq!(json.as_object().unwrap().len(), 10);
        assert_eq!(serde_json::from_value::<Preprocess>(json).unwrap(), ink);
    }

    #[test]
    fn a_constant_image_has_no_ink() {
        let gray = Gray::new(300, 200, vec![255; 300 * 200]).unwrap();
        for preprocess in [Preprocess::Raw, Preprocess::ink()] {
            let error = preprocess.apply_gray(&gray).unwrap_err();
            assert!(matches!(error, Error::NoInk), "{preprocess:?}");
        }
    }
}
