//! JPEG 2000, of passports' chips and of archives: a JP2 file or the codestream alone.

use hayro_jpeg2000::{ColorSpace, DecodeSettings, DecoderContext, Image};

use super::raster::{Channels, Samples};
use super::{Format, Raster, broken, unsupported};
use crate::error::Result;
use crate::limits::Limits;

/// The decoder holds every sample of every channel as four bytes, and more while it works: an image counts as so many times
/// its pixels.
const WEIGHT: u64 = 4;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raster> {
    let failed = |error| broken(Format::Jpeg2000, error);
    let image = Image::new(bytes, &DecodeSettings::default()).map_err(failed)?;
    let (width, height) = (u64::from(image.width()), u64::from(image.height()));
    Limits { pixels: limits.pixels / WEIGHT, ..*limits }.check_pixels(width, height)?;
    let colors = match image.color_space() {
        ColorSpace::Gray => 1,
        ColorSpace::RGB => 3,
        ColorSpace::Icc { num_channels, .. } => *num_channels,
        ColorSpace::CMYK | ColorSpace::Unknown { .. } => 0,
    };
    let channels = match (colors, image.has_alpha()) {
        (1, false) => Channels::Gray,
        (1, true) => Channels::GrayAlpha,
        (3, false) => Channels::Rgb,
        (3, true) => Channels::Rgba,
        _ => return Err(unsupported(Format::Jpeg2000, "neither gray nor RGB")),
    };
    let mut context = DecoderContext::default();
    let samples = image.decode(&mut context).map_err(failed)?.data_u8();
    let (width, height) = (width as usize, height as usize);
    if samples.len() != width * height * channels.count() {
        return Err(broken(Format::Jpeg2000, "too few samples"));
    }
    Ok(Raster::new(width, height, channels, Samples::U8(samples)))
}
