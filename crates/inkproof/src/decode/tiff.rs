//! TIFF, the format of banks' scanners and of fax archives: 1 to 16 bits, the CCITT codes and the other usual
//! compressions, palettes, and of several pages one.

mod ccitt;
mod directories;
mod old_jpeg;
mod pages;
mod strips;

use std::borrow::Cow;
use std::io::Cursor;

use image::metadata::Orientation;
use tiff::decoder::ifd::Value;
use tiff::decoder::{BufferLayoutPreference, Decoder, DecodingResult, Limits as TiffLimits};
use tiff::tags::{PhotometricInterpretation, Tag};
use tiff::{ColorType, TiffError};

use super::raster::{Channels, Samples};
use super::shape::{CENTIMETRE, Density, INCH};
use super::{Format, Page as PageOf, Raster, Wanted, broken, unsupported};
use crate::error::{Error, Result};
use crate::limits::Limits;
use strips::Strips;

const PALETTE: u64 = PhotometricInterpretation::RGBPalette as u64;
const WHITE_IS_ZERO: u64 = PhotometricInterpretation::WhiteIsZero as u64;
const BLACK_IS_ZERO: u8 = PhotometricInterpretation::BlackIsZero as u8;

/// Values of the tag `Compression`.
mod compression {
    pub const HUFFMAN: u64 = 2;
    pub const GROUP_3: u64 = 3;
    pub const OLD_JPEG: u64 = 6;
    pub const JPEG: u64 = 7;
}
/// The tag that says which code of Group 3 it is: its lowest bit stands for two dimensions.
const T4_OPTIONS: Tag = Tag::Unknown(292);
/// The value of the tag `FillOrder` that puts the first pixel of a byte into its lowest bit.
const LOWEST_FIRST: u64 = 2;

pub(super) fn read(bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Raster> {
    directories::check(bytes)?;
    let (index, page) = pages::choose(bytes, limits)?;
    Ok(Raster { page, ..read_page(bytes, index, wanted, limits)? })
}

/// The page with this index among all directories of the file.
fn read_page(bytes: &[u8], index: usize, wanted: Wanted, limits: &Limits) -> Result<Raster> {
    let mut decoder = at(bytes, index)?;
    let (width, height) = decoder.dimensions().map_err(failed)?;
    limits.check_pixels(width.into(), height.into())?;
    let compression = number(&mut decoder, Tag::Compression);
    let is_reversed = number(&mut decoder, Tag::FillOrder) == Some(LOWEST_FIRST);
    let code = match compression {
        Some(compression::HUFFMAN) => Some(ccitt::Code::Huffman),
        Some(compression::GROUP_3) => {
            let options = number(&mut decoder, T4_OPTIONS).unwrap_or(0);
            Some(ccitt::Code::Group3 { two_dimensional: options & 1 == 1 })
        }
        Some(compression::OLD_JPEG) => return old_jpeg::read(bytes, decoder, wanted, limits),
        _ => None,
    };
    if let Some(code) = code {
        return fax(bytes, decoder, code, is_reversed);
    }
    let in_order = if is_reversed && compression != Some(compression::JPEG) {
        Cow::Owned(Strips::reversed(bytes, &mut decoder)?)
    } else {
        Cow::Borrowed(bytes)
    };
    let allowed = allowed(u64::from(width) * u64::from(height));
    let palette = match number(&mut decoder, Tag::PhotometricInterpretation) {
        Some(PALETTE) => Some(decoder.get_tag_u16_vec(Tag::ColorMap).map_err(failed)?),
        _ => None,
    };
    let directory = decoder.ifd_pointer().map_or(0, |directory| directory.0);
    if palette.is_some() {
        // The decoder refuses palettes; read as gray they are what we want, the indices.
        let patched = palette_as_gray(in_order.into_owned(), directory);
        let patched = patched.ok_or_else(|| unsupported(Format::Tiff, "palette in a BigTIFF"))?;
        return page(at(&patched, index)?.with_limits(allowed), palette.as_deref(), false);
    }
    // Elsewhere differences of colour may be stored for several pixels at once.
    let has_colors = wanted == Wanted::Colors && compression == Some(compression::JPEG);
    page(at(&in_order, index)?.with_limits(allowed), None, has_colors)
}

/// The file with its beginning at this page and its end behind it; None where it is no TIFF of the usual kind.
pub(super) fn only_page(bytes: &[u8], page: PageOf) -> Option<Vec<u8>> {
    let index = pages::index(bytes, page)?;
    let directory = u32::try_from(at(bytes, index).ok()?.ifd_pointer()?.0).ok()?;
    let mut only = bytes.to_vec();
    let is_little = only.starts_with(b"II*\0");
    if !is_little && !only.starts_with(b"MM\0*") {
        return None;
    }
    let count = *only.get(directory as usize..)?.first_chunk::<2>()?;
    let count = if is_little { u16::from_le_bytes(count) } else { u16::from_be_bytes(count) };
    let next = directory as usize + 2 + 12 * usize::from(count);
    only.get_mut(next..next + 4)?.fill(0);
    only[4..8].copy_from_slice(&if is_little { directory.to_le_bytes() } else { directory.to_be_bytes() });
    Some(only)
}

/// A decoder that stands on a directory.
fn at(bytes: &[u8], index: usize) -> Result<Page<'_>> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(failed)?;
    if index > 0 {
        decoder.seek_to_image(index).map_err(failed)?;
    }
    Ok(decoder)
}

/// A page in one of the older fax codes.
fn fax(bytes: &[u8], mut decoder: Page, code: ccitt::Code, is_reversed: bool) -> Result<Raster> {
    let (width, height) = decoder.dimensions().map_err(failed)?;
    if !matches!(decoder.colortype().map_err(failed)?, ColorType::Gray(1)) {
        return Err(unsupported(Format::Tiff, "a fax's code with more than one bit a pixel"));
    }
    let is_white_zero = number(&mut decoder, Tag::PhotometricInterpretation) == Some(WHITE_IS_ZERO);
    let tones = if is_white_zero { [255, 0] } else { [0, 255] };
    let strips = Strips::new(bytes, &mut decoder, is_reversed)?;
    let (width, height) = (width as usize, height as usize);
    let samples = Samples::U8(ccitt::read(&strips, code, (width, height), tones)?);
    let (orientation, density) = (orientation(&mut decoder), density(&mut decoder));
    Ok(Raster { orientation, density, ..Raster::new(width, height, Channels::Gray, samples) })
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
fn page(mut decoder: Page, palette: Option<&[u16]>, has_colors: bool) -> Result<Raster> {
    let (width, height) = decoder.dimensions().map_err(failed)?;
    let color = decoder.colortype().map_err(failed)?;
    let orientation = orientation(&mut decoder);
    let density = density(&mut decoder);
    let alpha = matches!(number(&mut decoder, Tag::ExtraSamples), Some(1 | 2));
    let mut result = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut result).map_err(failed)?;
    let (width, height) = (width as usize, height as usize);
    let (channels, samples) = match palette {
        Some(map) => (Channels::Rgb, paint(&unpack(&result, color, width, height)?, color, map)?),
        None => samples(result, &layout, color, (width, height), alpha, has_colors)?,
    };
    Ok(Raster { orientation, density, ..Raster::new(width, height, channels, samples) })
}

/// The pixels as one of our channel layouts; channels that carry no gray are left out.
fn samples(
    result: DecodingResult,
    layout: &BufferLayoutPreference,
    color: ColorType,
    (width, height): (usize, usize),
    alpha: bool,
    has_colors: bool,
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
        ColorType::YCbCr(8) if has_colors => (Channels::YCbCr, 3),
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

/// The file with the photometric interpretation of the page at this place set from palette to gray.
fn palette_as_gray(mut bytes: Vec<u8>, directory: u64) -> Option<Vec<u8>> {
    let little = bytes.first()? == &b'I';
    let u16_at = |at: usize| {
        let pair = *bytes.get(at..)?.first_chunk::<2>()?;
        Some(usize::from(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }))
    };
    if u16_at(2)? != 42 {
        return None;
    }
    let directory = usize::try_from(directory).ok()?;
    let tag = usize::from(Tag::PhotometricInterpretation.to_u16());
    let entry = (0..u16_at(directory)?).map(|i| directory + 2 + 12 * i).find(|&at| u16_at(at) == Some(tag))?;
    let value = bytes.get_mut(entry + 8..)?.first_chunk_mut::<2>()?;
    *value = if little { [BLACK_IS_ZERO, 0] } else { [0, BLACK_IS_ZERO] };
    Some(bytes)
}

fn orientation(decoder: &mut Page) -> Orientation {
    let stated = number(decoder, Tag::Orientation).and_then(|o| Orientation::from_exif(u8::try_from(o).ok()?));
    stated.unwrap_or(Orientation::NoTransforms)
}

/// The resolution in both directions.
fn density(decoder: &mut Page) -> Option<Density> {
    let mut resolution = |tag| match decoder.find_tag(tag).ok()?? {
        Value::Rational(above, below) => Some(f64::from(above) / f64::from(below)),
        Value::SRational(above, below) => Some(f64::from(above) / f64::from(below)),
        Value::Float(value) => Some(f64::from(value)),
        Value::Double(value) => Some(value),
        whole => whole.into_u32().ok().map(f64::from),
    };
    let (across, down) = (resolution(Tag::XResolution)?, resolution(Tag::YResolution)?);
    let millimetres = match number(decoder, Tag::ResolutionUnit) {
        None | Some(2) => Some(INCH),
        Some(3) => Some(CENTIMETRE),
        _ => None,
    };
    Some(Density { across, down, millimetres })
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
