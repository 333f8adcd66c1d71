//! PNG, and the gamma that TensorFlow's decoder honours when it makes gray from colour.
//!
//! libpng weighs the colours in linear light where the file states a gamma (`gAMA`, or `sRGB`)
//! that differs from 1 by more than 5 %. Some scanners' files do, so parity needs it.

use std::io::Cursor;

use image::codecs::png::PngDecoder;

use super::raster::weigh;
use super::shape::Density;
use super::{Format, Raster};
use crate::error::Result;
use crate::limits::Limits;

/// libpng's unit of gamma.
const ONE: f64 = 100_000.0;
/// The gamma that an `sRGB` chunk stands for.
const SRGB: u32 = 45_455;

/// A PNG's encoding gamma that matters, in units of 1/100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gamma(u32);

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raster> {
    let pixels = check_size(bytes, limits)?;
    let mut allowed = image::Limits::no_limits();
    allowed.max_alloc = Some(Limits::decoder_bytes(pixels));
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), allowed);
    let mut raster = Raster::from_decoder(Format::Png, decoder, limits)?;
    raster.gamma = gamma(bytes);
    raster.density = Density::from_png(bytes);
    Ok(raster)
}

/// The pixels that the header says, checked before the decoder allocates a row of them; none where there is no header.
fn check_size(bytes: &[u8], limits: &Limits) -> Result<u64> {
    let word = |at: usize| Some(u64::from(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?)));
    let (Some(width), Some(height)) = (word(16), word(20)) else { return Ok(0) };
    limits.check_pixels(width, height)?;
    Ok(width * height)
}

/// The chunks before the pixels: the name of each, and all bytes from its first on.
pub(super) fn chunks_before_pixels(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..);
    std::iter::from_fn(move || {
        let (length, named) = rest?.split_first_chunk::<4>()?;
        let (name, body) = named.split_first_chunk::<4>()?;
        rest = usize::try_from(u32::from_be_bytes(*length)).ok().and_then(|length| body.get(length.checked_add(4)?..));
        (name != b"IDAT").then_some((name, body))
    })
    .fuse()
}

/// The gamma that the chunks before the pixels state; `sRGB` goes before `gAMA`.
fn gamma(bytes: &[u8]) -> Option<Gamma> {
    let mut stated = None;
    for (name, body) in chunks_before_pixels(bytes) {
        match name {
            b"sRGB" => {
                stated = Some(SRGB);
                break;
            }
            b"gAMA" => stated = body.first_chunk().map(|b| u32::from_be_bytes(*b)),
            _ => {}
        }
    }
    stated.filter(|&g| g != 0 && !(95_000..=105_000).contains(&g)).map(Gamma)
}

impl Gamma {
    pub(super) fn tables(self) -> GammaTables {
        let to_linear = reciprocal(f64::from(self.0));
        let from_linear = reciprocal(to_linear);
        GammaTables { to_linear: table(to_linear), from_linear: table(from_linear) }
    }
}

/// libpng's tables between stored samples and linear light, 8 bits both.
pub(super) struct GammaTables {
    to_linear: [u8; 256],
    from_linear: [u8; 256],
}

impl GammaTables {
    pub(super) fn gray(&self, red: u8, green: u8, blue: u8) -> u8 {
        if red == green && red == blue {
            return red;
        }
        let linear = |v: u8| u32::from(self.to_linear[usize::from(v)]);
        let luma = (weigh(linear(red), linear(green), linear(blue)) + (1 << 14)) >> 15;
        self.from_linear[luma as usize]
    }
}

fn reciprocal(gamma: f64) -> f64 {
    (ONE * ONE / gamma + 0.5).floor()
}

fn table(gamma: f64) -> [u8; 256] {
    std::array::from_fn(|v| (255.0 * (v as f64 / 255.0).powf(gamma / ONE) + 0.5) as u8)
}
