//! HEIC, the photos of iPhones, also where they are called .jpg.

use heic_decoder::{HeifError, probe};

use super::raster::{Channels, Samples};
use super::{Format, Raster, broken, unsupported};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The decoder holds every sample as four bytes, and some of them twice: of so many pixels that other images may have, a
/// photo may have so many.
const OF: u64 = 5;
const PIXELS: u64 = 4;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raster> {
    let found = probe(bytes).map_err(failed)?;
    let pixels = limits.pixels / OF * PIXELS;
    Limits { pixels, ..*limits }.check_pixels(found.coded_width as u64, found.coded_height as u64)?;
    let image = heic_decoder::decode(bytes).map_err(failed)?;
    let (width, height) = (image.width, image.height);
    if image.alpha.is_some() {
        let image = image.to_rgba8().map_err(failed)?;
        return Ok(Raster::new(width, height, Channels::Rgba, Samples::U8(image.data)));
    }
    let image = image.to_rgb8().map_err(failed)?;
    Ok(Raster::new(width, height, Channels::Rgb, Samples::U8(image.data)))
}

fn failed(error: HeifError) -> Error {
    match error {
        HeifError::Unsupported(why) => unsupported(Format::Heic, why),
        other => broken(Format::Heic, other),
    }
}
