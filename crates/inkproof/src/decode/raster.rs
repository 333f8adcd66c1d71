//! A decoded image with its channels and depth as stored, and the two rules to gray.

use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageResult};

use super::orientation::upright;
use super::png::Gamma;
use super::{Format, GrayRule, broken, unsupported};
use crate::error::Result;
use crate::gray::Gray;
use crate::limits::Limits;

/// Channels of a pixel: gray, gray and alpha, RGB, RGBA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    Gray = 1,
    GrayAlpha = 2,
    Rgb = 3,
    Rgba = 4,
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
}

impl Raster {
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
        let count = width as usize * height as usize * channels as usize;
        let samples = if wide {
            let mut samples = vec![0_u16; count];
            decoder.read_image(bytemuck::cast_slice_mut(&mut samples)).map_err(|e| broken(format, e))?;
            Samples::U16(samples)
        } else {
            let mut samples = vec![0; count];
            decoder.read_image(&mut samples).map_err(|e| broken(format, e))?;
            Samples::U8(samples)
        };
        Ok(Raster { width: width as usize, height: height as usize, channels, samples, orientation, gamma: None })
    }

    /// One gray channel by the rule; the samples are reused where they are gray already.
    pub(crate) fn into_gray(self, rule: GrayRule) -> Result<Gray> {
        match (self.channels, self.samples) {
            (Channels::Gray, Samples::U8(samples)) => {
                let gray = Gray::new(self.width, self.height, samples)?;
                Ok(match rule {
                    GrayRule::Tensorflow => gray,
                    GrayRule::OnWhite => upright(gray, self.orientation),
                })
            }
            (_, samples) => Raster { samples, ..self }.to_gray(rule),
        }
    }

    /// One gray channel by the rule.
    pub(crate) fn to_gray(&self, rule: GrayRule) -> Result<Gray> {
        let pixels = match rule {
            GrayRule::Tensorflow => self.tensorflow(),
            GrayRule::OnWhite => self.on_white(),
        };
        let gray = Gray::new(self.width, self.height, pixels)?;
        Ok(match rule {
            GrayRule::Tensorflow => gray,
            GrayRule::OnWhite => upright(gray, self.orientation),
        })
    }

    /// True where both rules give the same pixels.
    pub(crate) fn rules_agree(&self) -> bool {
        self.channels == Channels::Gray
            && matches!(self.samples, Samples::U8(_))
            && self.orientation == Orientation::NoTransforms
    }

    /// TensorFlow's decoder, which is libpng's `png_set_rgb_to_gray(0.299, 0.587)`: weights
    /// of 15 bits, truncated for 8-bit samples, rounded to 16 bits and cut for 16-bit ones.
    fn tensorflow(&self) -> Vec<u8> {
        let step = self.channels as usize;
        match (&self.samples, self.channels, self.gamma) {
            (Samples::U8(s), Channels::Gray | Channels::GrayAlpha, _) => s.iter().step_by(step).copied().collect(),
            (Samples::U16(s), Channels::Gray | Channels::GrayAlpha, _) => {
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

    fn on_white(&self) -> Vec<u8> {
        match &self.samples {
            Samples::U8(s) => self.compose(s, u32::from),
            Samples::U16(s) => self.compose(s, |v| (u32::from(v) * 255 + 32_767) / 65_535),
        }
    }

    fn compose<T: Copy>(&self, samples: &[T], narrow: impl Fn(T) -> u32) -> Vec<u8> {
        let luma = |p: &[T]| (299 * narrow(p[0]) + 587 * narrow(p[1]) + 114 * narrow(p[2]) + 500) / 1000;
        let over = |gray: u32, alpha: u32| ((gray * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        let pixels = samples.chunks_exact(self.channels as usize);
        match self.channels {
            Channels::Gray => pixels.map(|p| narrow(p[0]) as u8).collect(),
            Channels::GrayAlpha => pixels.map(|p| over(narrow(p[0]), narrow(p[1]))).collect(),
            Channels::Rgb => pixels.map(|p| luma(p) as u8).collect(),
            Channels::Rgba => pixels.map(|p| over(luma(p), narrow(p[3]))).collect(),
        }
    }
}

/// Luma in 15-bit fixed point, as libpng weighs it; at most 65,535 x 32,768.
pub(super) fn weigh(red: u32, green: u32, blue: u32) -> u32 {
    9797 * red + 19_234 * green + 3737 * blue
}
