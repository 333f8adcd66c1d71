//! JPEG straight to its luma plane, as libjpeg gives it to TensorFlow, with the planes of colour where they are wanted.

use image::metadata::Orientation;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::raster::{Channels, Samples};
use super::shape::Density;
use super::{Format, Raster, Wanted, broken};
use crate::error::Result;
use crate::limits::Limits;

pub(super) fn read(bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Raster> {
    let sides = usize::from(u16::MAX);
    let options = DecoderOptions::default().set_max_width(sides).set_max_height(sides);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|e| broken(Format::Jpeg, format!("{e:?}")))?;
    let info = decoder.info().ok_or_else(|| broken(Format::Jpeg, "no frame"))?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    limits.check_pixels(width as u64, height as u64)?;
    if !has_end(bytes) {
        return Err(broken(Format::Jpeg, "its end is missing"));
    }
    let (space, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::YCbCr) if wanted == Wanted::Colors => (ColorSpace::YCbCr, Channels::YCbCr),
        Some(ColorSpace::YCbCr | ColorSpace::Luma) => (ColorSpace::Luma, Channels::Gray),
        _ => (ColorSpace::RGB, Channels::Rgb),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let samples = decoder.decode().map_err(|e| broken(Format::Jpeg, format!("{e:?}")))?;
    let orientation =
        decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif)).unwrap_or(Orientation::NoTransforms);
    let density = Density::from_jpeg(bytes);
    Ok(Raster { orientation, density, ..Raster::new(width, height, channels, Samples::U8(samples)) })
}

/// True where the picture's end marker is there. The decoder fills what is missing with gray;
/// half a signature must not pass for one.
fn has_end(bytes: &[u8]) -> bool {
    let scan = scan_start(bytes).unwrap_or(bytes.len());
    bytes[scan..].windows(2).any(|pair| pair == [0xff, 0xd9])
}

/// Where the first scan begins: the segments before it (thumbnails among them) are stepped over.
pub(super) fn scan_start(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        match bytes.get(at..)? {
            [0xff, 0xda, ..] => return Some(at),
            [0xff, 0xff, ..] => at += 1,
            [0xff, 0x01 | 0xd0..=0xd8, ..] => at += 2,
            [0xff, _, high, low, ..] => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => return None,
        }
    }
}
