//! A decoded image with its channels and depth as stored, and the two rules to gray.

use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageResult};

use super::png::Gamma;
use super::shape::Density;
use super::{Format, Page, broken, unsupported};
use crate::error::Result;
use crate::gray::Gray;
use crate::limits::Limits;

/// Channels of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    /// As JFIF has it: luma and two differences of colour.
    YCbCr,
}

impl Channels {
    pub(super) fn count(self) -> usize {
        match self {
            Channels::Gray => 1,
            Channels::GrayAlpha => 2,
            Channels::Rgb | Channels::YCbCr => 3,
            Channels::Rgba => 4,
        }
    }
}

/// Samples, interleaved, over the full range of their type.
#[derive(Debug)]
pub(crate) enum Samples {
    U8(Vec<u8>),
    U16(Vec<u16>),
}

/// A decoded image, upright or not.
#[derive(Debug)]
pub(crate) struct Raster {
    pub width: usize,
    pub height: usize,
    pub channels: Channels,
    pub samples: Samples,
    pub orientation: Orientation,
    /// A PNG's gamma, which TensorFlow's decoder honours.
    pub gamma: Option<Gamma>,
    /// How many pixels there are across and down on the same length, where the file says it.
    pub density: Option<Density>,
    /// Which page of the file it is.
    pub page: Page,
}

impl Raster {
    /// An upright image, the only page of its file.
    pub(super) fn new(width: usize, height: usize, channels: Channels, samples: Samples) -> Raster {
        let orientation = Orientation::NoTransforms;
        Raster { width, height, channels, samples, orientation, gamma: None, density: None, page: Page::ONLY }
    }

    /// Reads any decoder of the `image` crate, the pixel limit first.
    pub(super) fn from_decoder(
        format: Format,
        decoder: ImageResult<impl ImageDecoder>,
        limits: &Limits,
    ) -> Result<Raster> {
        let mut decoder = decoder.map_err(|e| broken(format, e))?;
        let (width, height) = decoder.dimensions();
        limits.check_pixels(width.into(), height.into())?;
        let mut allowed = image::Limits::no_limits();
        allowed.max_alloc = Some(Limits::decoder_bytes(u64::from(width) * u64::from(height)));
        decoder.set_limits(allowed).map_err(|e| broken(format, e))?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let color = decoder.color_type();
        let (channels, wide) = match color {
            ColorType::L8 => (Channels::Gray, false),
            ColorType::La8 => (Channels::GrayAlpha, false),
            ColorType::Rgb8 => (Channels::Rgb, false),
            ColorType::Rgba8 => (Channels::Rgba, false),
            ColorType::L16 => (Channels::Gray, true),
            ColorType::La16 => (Channels::GrayAlpha, true),
            ColorType::Rgb16 => (Channels::Rgb, true),
            ColorType::Rgba16 => (Channels::Rgba, true),
            other => return Err(unsupported(format, format!("colour type {other:?}"))),
        };
        let count = width as usize * height as usize * channels.count();
        let samples = if wide {
            let mut samples = vec![0_u16; count];
            decoder.read_image(bytemuck::cast_slice_mut(&mut samples)).map_err(|e| broken(format, e))?;
            Samples::U16(samples)
        } else {
            let mut samples = vec![0; count];
            decoder.read_image(&mut samples).map_err(|e| broken(format, e))?;
            Samples::U8(samples)
        };
        let (width, height) = (width as usize, height as usize);
        Ok(Raster { orientation, ..Raster::new(width, height, channels, samples) })
    }

    /// TensorFlow's gray; the samples are reused where they are that already.
    pub(crate) fn into_tensorflow(self) -> Result<Gray> {
        match (self.channels, self.samples) {
            (Channels::Gray, Samples::U8(samples)) => Gray::new(self.width, self.height, samples),
            (_, samples) => Raster { samples, ..self }.to_tensorflow(),
        }
    }

    /// TensorFlow's gray.
    pub(crate) fn to_tensorflow(&self) -> Result<Gray> {
        Gray::new(self.width, self.height, self.tensorflow())
    }

    /// TensorFlow's decoder, which is libpng's `png_set_rgb_to_gray(0.299, 0.587)`: weights
    /// of 15 bits, truncated for 8-bit samples, rounded to 16 bits and cut for 16-bit ones.
    pub(super) fn tensorflow(&self) -> Vec<u8> {
        let step = self.channels.count();
        match (&self.samples, self.channels, self.gamma) {
            (Samples::U8(s), Channels::Gray | Channels::GrayAlpha | Channels::YCbCr, _) => {
                s.iter().step_by(step).copied().collect()
            }
            (Samples::U16(s), Channels::Gray | Channels::GrayAlpha | Channels::YCbCr, _) => {
                s.iter().step_by(step).map(|v| (v >> 8) as u8).collect()
            }
            (Samples::U8(s), _, Some(gamma)) => {
                let tables = gamma.tables();
                let gray = |p: &[u8]| tables.gray(p[0], p[1], p[2]);
                s.chunks_exact(step).map(gray).collect()
            }
            (Samples::U8(s), _, None) => {
                s.chunks_exact(step).map(|p| (weigh(p[0].into(), p[1].into(), p[2].into()) >> 15) as u8).collect()
            }
            (Samples::U16(s), _, _) => s
                .chunks_exact(step)
                .map(|p| {
                    let luma = weigh(p[0].into(), p[1].into(), p[2].into()) + (1 << 14);
                    (luma >> 23) as u8
                })
                .collect(),
        }
    }
}

/// Luma in 15-bit fixed point, as libpng weighs it; at most 65,535 x 32,768.
pub(super) fn weigh(red: u32, green: u32, blue: u32) -> u32 {
    9797 * red + 19_234 * green + 3737 * blue
}
