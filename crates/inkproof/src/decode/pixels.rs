//! Pixels that a program holds in memory already, taken as a decoder would have given them.

use super::raster::{Channels, Raster, Samples};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// A picture in memory: rows from the top, without gaps, the samples of a pixel next to each other. Its pixels are square.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples of a pixel: 1 is gray, 2 gray and alpha, 3 red, green and blue, 4 these and alpha.
    pub channels: usize,
    /// All of them, row by row; there are `width * height * channels`.
    pub samples: PixelSamples<'a>,
}

/// The samples of [`Pixels`], over the full range of their type; 0 is black.
#[derive(Debug, Clone, Copy)]
pub enum PixelSamples<'a> {
    /// Of 8 bits.
    U8(&'a [u8]),
    /// Of 16 bits.
    U16(&'a [u16]),
}

impl PixelSamples<'_> {
    fn len(&self) -> usize {
        match self {
            Self::U8(samples) => samples.len(),
            Self::U16(samples) => samples.len(),
        }
    }
}

impl Raster {
    /// Takes over pixels; the limits are checked before anything is copied.
    pub(crate) fn from_pixels(pixels: &Pixels<'_>, limits: &Limits) -> Result<Raster> {
        let Pixels { width, height, channels, samples } = *pixels;
        limits.check_pixels(width as u64, height as u64)?;
        let kind = match channels {
            1 => Some(Channels::Gray),
            2 => Some(Channels::GrayAlpha),
            3 => Some(Channels::Rgb),
            4 => Some(Channels::Rgba),
            _ => None,
        };
        match kind {
            Some(kind) if samples.len() > 0 && samples.len() == width * height * channels => {
                let samples = match samples {
                    PixelSamples::U8(samples) => Samples::U8(samples.to_vec()),
                    PixelSamples::U16(samples) => Samples::U16(samples.to_vec()),
                };
                Ok(Raster::new(width, height, kind, samples))
            }
            _ => Err(Error::Pixels { width, height, channels, samples: samples.len() }),
        }
    }
}
