//! TIFF, the format of banks' scanners: of several pages the first, 1 to 16 bits, CCITT G4 and
//! the other usual compressions, palettes.

use std::io::Cursor;

use image::metadata::Orientation;
use tiff::decoder::{BufferLayoutPreference, Decoder, DecodingResult, Limits as TiffLimits};
use tiff::tags::{PhotometricInterpretation, Tag};
use tiff::{ColorType, TiffError};

use super::raster::{Channels, Samples};
use super::{Format, Raster, broken, unsupported};
use crate::error::{Error, Result};
use crate::limits::Limits;

const PALETTE: u64 = PhotometricInterpretation::RGBPalette as u64;
const BLACK_IS_ZERO: u8 = PhotometricInterpretation::BlackIsZero as u8;

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Raster> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(failed)?;
    let (width, height) = decoder.dimensions().map_err(failed)?;
    limits.check_pixels(width.into(), height.into())?;
    let allowed = allowed(u64::from(width) * u64::from(height));
    decoder = decoder.with_limits(allowed.clone());
    let palette = match number(&mut decoder, Tag::PhotometricInterpretation) {
        Some(PALETTE) => Some(decoder.get_tag_u16_vec(Tag::ColorMap).map_err(failed)?),
        _ => None,
    };
    if palette.is_some() {
        // The decoder refuses palettes; read as gray they are what we want, the indices.
        let bytes = palette_as_gray(bytes).ok_or_else(|| unsupported(Format::Tiff, "palette in a BigTIFF"))?;
        return page(Decoder::new(Cursor::new(&*bytes)).map_err(failed)?.with_limits(allowed), palette.as_deref());
    }
    page(decoder, None)
}

type Page<'a> = Decoder<Cursor<&'a [u8]>>;

/// What the decoder may allocate for so many pixels: up to 16-bit RGBA, of which gray is made in place.
fn allowed(pixels: u64) -> TiffLimits {
    let all = usize::try_from(Limits::decoder_bytes(pixels)).unwrap_or(usize::MAX);
    let mut allowed = TiffLimits::default();
    allowed.decoding_buffer_size =
        usize::try_from(8 * pixels).unwrap_or(usize::MAX).saturating_add(allowed.ifd_value_size);
    allowed.intermediate_buffer_size = all;
    allowed
}

/// The page that the decoder stands on.
fn page(mut decoder: Page, palette: Option<&[u16]>) -> Result<Raster> {
    let (width, height) = decoder.dimensions().map_err(failed)?;
    let color = decoder.colortype().map_err(failed)?;
    let orientation = number(&mut decoder, Tag::Orientation)
        .and_then(|o| Orientation::from_exif(u8::try_from(o).ok()?))
        .unwrap_or(Orientation::NoTransforms);
    let alpha = matches!(number(&mut decoder, Tag::ExtraSamples), Some(1 | 2));
    let mut result = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut result).map_err(failed)?;
    let (width, height) = (width as usize, height as usize);
    let (channels, samples) = match palette {
        Some(map) => (Channels::Rgb, paint(&unpack(&result, color, width, height)?, color, map)?),
        None => samples(result, &layout, color, width, height, alpha)?,
    };
    Ok(Raster { width, height, channels, samples, orientation, gamma: None })
}

/// The pixels as one of our channel layouts; channels that carry no gray are left out.
fn samples(
    result: DecodingResult,
    layout: &BufferLayoutPreference,
    color: ColorType,
    width: usize,
    height: usize,
    alpha: bool,
) -> Result<(Channels, Samples)> {
    let stored = usize::from(color.num_samples());
    let (channels, kept) = match color {
        ColorType::Gray(1 | 2 | 4) => {
            let levels = unpack(&result, color, width, height)?;
            let top = (1_u16 << color.bit_depth()) - 1;
            let full = levels.iter().map(|&v| (u16::from(v) * 255 / top) as u8);
            return Ok((Channels::Gray, Samples::U8(full.collect())));
        }
        ColorType::Multiband { num_samples, .. } if num_samples >= 2 && alpha => (Channels::GrayAlpha, 2),
        ColorType::Gray(_) | ColorType::Multiband { .. } => (Channels::Gray, 1),
        // Y of YCbCr is the luma, L of Lab close to it.
        ColorType::YCbCr(_) | ColorType::Lab(_) => (Channels::Gray, 1),
        ColorType::GrayA(_) => (Channels::GrayAlpha, 2),
        ColorType::RGB(_) => (Channels::Rgb, 3),
        ColorType::RGBA(_) => (Channels::Rgba, 4),
        ColorType::CMYK(8) => (Channels::Rgb, 4),
        other => return Err(unsupported(Format::Tiff, format!("colour type {other:?}"))),
    };
    let pixels = width * height;
    let samples = match result {
        DecodingResult::U8(s) if matches!(color, ColorType::CMYK(_)) => {
            Samples::U8(uncyan(&pick(s, layout, stored, kept, pixels)?))
        }
        DecodingResult::U8(s) => Samples::U8(pick(s, layout, stored, kept, pixels)?),
        DecodingResult::U16(s) => Samples::U16(pick(s, layout, stored, kept, pixels)?),
        _ => return Err(unsupported(Format::Tiff, format!("samples of {color:?}"))),
    };
    Ok((channels, samples))
}

/// Bytes of a pixel that are taken out of planes, which needs them twice.
const MOST_IN_PLANES: usize = 6;

/// The first `kept` of `stored` channels of every pixel, interleaved, from one plane or several.
fn pick<T: Copy>(
    mut samples: Vec<T>,
    layout: &BufferLayoutPreference,
    stored: usize,
    kept: usize,
    pixels: usize,
) -> Result<Vec<T>> {
    let needed = if layout.planes <= 1 { stored } else { kept };
    if samples.len() < pixels * needed {
        return Err(broken(Format::Tiff, "too few samples"));
    }
    if layout.planes <= 1 {
        // In place: what is kept of a pixel never lies after where it goes.
        for pixel in (0..pixels).filter(|_| kept < stored) {
            samples.copy_within(pixel * stored..pixel * stored + kept, pixel * kept);
        }
        samples.truncate(pixels * kept);
        return Ok(samples);
    }
    if size_of::<T>() * kept > MOST_IN_PLANES {
        return Err(unsupported(Format::Tiff, "16-bit colour and alpha in planes"));
    }
    let interleaved = (0..pixels).flat_map(|pixel| (0..kept).map(move |channel| channel * pixels + pixel));
    Ok(interleaved.map(|at| samples[at]).collect())
}

/// CMYK without profiles: each colour times the paper that the black leaves.
fn uncyan(cmyk: &[u8]) -> Vec<u8> {
    let rgb = |p: &[u8]| {
        let light = |ink: u8| u16::from(255 - ink);
        [p[0], p[1], p[2]].map(|ink| (light(ink) * light(p[3]) / 255) as u8)
    };
    cmyk.chunks_exact(4).flat_map(rgb).collect()
}

/// One small number a pixel from rows of packed bits.
fn unpack(result: &DecodingResult, color: ColorType, width: usize, height: usize) -> Result<Vec<u8>> {
    let DecodingResult::U8(packed) = result else {
        return Err(unsupported(Format::Tiff, format!("samples of {color:?}")));
    };
    let bits = usize::from(color.bit_depth());
    if !matches!(bits, 1 | 2 | 4 | 8) {
        return Err(unsupported(Format::Tiff, format!("{bits} bits")));
    }
    let stride = (width * bits).div_ceil(8);
    if packed.len() < stride * height {
        return Err(broken(Format::Tiff, "too few samples"));
    }
    let mask = (0xff_u16 >> (8 - bits)) as u8;
    let mut levels = Vec::with_capacity(width * height);
    for row in packed.chunks_exact(stride).take(height) {
        levels.extend((0..width).map(|x| {
            let bit = x * bits;
            (row[bit / 8] >> (8 - bits - bit % 8)) & mask
        }));
    }
    Ok(levels)
}

/// Looks up a palette: all reds, then all greens, then all blues, 16 bits each.
fn paint(indices: &[u8], color: ColorType, map: &[u16]) -> Result<Samples> {
    let colors = 1_usize << color.bit_depth();
    if map.len() != 3 * colors {
        return Err(broken(Format::Tiff, "its palette has a wrong length"));
    }
    let entry = |&i: &u8| [0, 1, 2].map(|c| (map[c * colors + usize::from(i)] >> 8) as u8);
    Ok(Samples::U8(indices.iter().flat_map(entry).collect()))
}

/// The file with its first page's photometric interpretation set from palette to gray.
fn palette_as_gray(bytes: &[u8]) -> Option<Vec<u8>> {
    let little = bytes.first()? == &b'I';
    let u16_at = |at: usize| {
        let pair = *bytes.get(at..)?.first_chunk::<2>()?;
        Some(usize::from(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }))
    };
    if u16_at(2)? != 42 {
        return None;
    }
    let word = *bytes.get(4..)?.first_chunk::<4>()?;
    let directory = if little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) } as usize;
    let tag = usize::from(Tag::PhotometricInterpretation.to_u16());
    let entry = (0..u16_at(directory)?).map(|i| directory + 2 + 12 * i).find(|&at| u16_at(at) == Some(tag))?;
    let mut patched = bytes.to_vec();
    let value = patched.get_mut(entry + 8..)?.first_chunk_mut::<2>()?;
    *value = if little { [BLACK_IS_ZERO, 0] } else { [0, BLACK_IS_ZERO] };
    Some(patched)
}

fn number(decoder: &mut Page, tag: Tag) -> Option<u64> {
    decoder.find_tag(tag).ok()??.into_u64_vec().ok()?.first().copied()
}

fn failed(error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(why) => unsupported(Format::Tiff, why),
        other => broken(Format::Tiff, other),
    }
}
