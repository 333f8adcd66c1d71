//! Bytes to one gray channel, or to a picture with its colours: PNG, JPEG, TIFF, HEIC, GIF, BMP, WebP, JPEG 2000, PNM and
//! pages of PDF, known by their first bytes, and each of them as a text in base64.
//!
//! [`decode`] checks the byte limit, reads the header, checks the pixel limit, and only then
//! allocates. Two rules turn colour, alpha and depth into gray: the one of TensorFlow's
//! `decode_png(channels=1)`, which the notebook's preprocessing needs to the bit, and the one that
//! sees what a person sees. Hostile bytes give an error, never a panic.

mod alpha;
mod base64_text;
#[cfg(feature = "heic")]
mod heic;
mod jpeg;
mod jpeg2000;
mod kind;
mod orientation;
mod pages;
#[cfg(feature = "pdf")]
pub mod pdf;
mod picture;
mod pixels;
mod png;
mod raster;
mod resample;
pub(crate) mod shape;
mod tiff;

use std::borrow::Cow;
use std::fmt;
use std::io::Cursor;
use std::path::Path;

use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, pnm::PnmDecoder, webp::WebPDecoder};
use serde::Serialize;

use crate::digest::ImageDigest;
use crate::error::{Error, Result};
use crate::gray::Gray;
use crate::limits::Limits;
use crate::whole_file::{self, NotRead};
pub use base64_text::{Base64Error, from_base64};
pub use kind::Kind;
pub use picture::Picture;
pub use pixels::{PixelSamples, Pixels};
pub(crate) use raster::Raster;
use shape::Density;

/// How colour, alpha, depth and orientation become one gray channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrayRule {
    /// As `tf.io.decode_png(channels=1)`: luma 0.299, 0.587, 0.114 in fixed point, truncated
    /// (in linear light where a PNG carries a gamma), alpha dropped, of 16 bits the high byte,
    /// the Y plane of a JPEG, orientation ignored.
    Tensorflow,
    /// What a person sees: luma rounded, alpha put on white (or taken for the ink, where that is what it is), 16 bits
    /// rounded, pixels made square, orientation applied, and large images made smaller ([`Limits::WORKING_PIXELS`]).
    OnWhite,
}

/// One of the pages of an image file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Its number, from 1.
    #[serde(rename = "page")]
    pub number: u32,
    /// How many there are.
    #[serde(rename = "pages")]
    pub count: u32,
}

impl Page {
    /// The page of a file that has no other.
    pub const ONLY: Page = Page { number: 1, count: 1 };
}

/// "page 2 of 3".
impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page {} of {}", self.number, self.count)
    }
}

/// The image formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Portable network graphics.
    Png,
    /// Baseline and progressive JPEG.
    Jpeg,
    /// TIFF, of several pages the wanted one, or the only one that has something on it.
    Tiff,
    /// Graphics interchange format, of an animation the first picture.
    Gif,
    /// High efficiency image format, with pictures in HEVC; with the feature `heic`.
    Heic,
    /// Portable document format, of several pages the wanted one, or the only one that has something on it; with the
    /// feature `pdf`.
    Pdf,
    /// Windows bitmap.
    Bmp,
    /// WebP, of an animation the first picture.
    WebP,
    /// JPEG 2000, as JP2 or as its codestream alone.
    Jpeg2000,
    /// PBM, PGM, PPM and PAM.
    Pnm,
}

impl Format {
    /// The format by the first bytes; a file's name plays no part.
    pub fn detect(bytes: &[u8]) -> Option<Format> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
            [b'B', b'M', ..] => Some(Format::Bmp),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
            [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => Some(Format::Jpeg2000),
            [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n', ..] => Some(Format::Pnm),
            _ if cfg!(feature = "heic") && Kind::detect(bytes) == Some(Kind::Heic) => Some(Format::Heic),
            _ if cfg!(feature = "pdf") && Kind::detect(bytes) == Some(Kind::Pdf) => Some(Format::Pdf),
            _ => None,
        }
    }

    /// "PNG image".
    pub(crate) fn thing(self) -> String {
        match self {
            Format::Pdf => format!("{self} document"),
            _ => format!("{self} image"),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Png => "PNG",
            Format::Jpeg => "JPEG",
            Format::Tiff => "TIFF",
            Format::Gif => "GIF",
            Format::Heic => "HEIC",
            Format::Pdf => "PDF",
            Format::Bmp => "BMP",
            Format::WebP => "WebP",
            Format::Jpeg2000 => "JPEG 2000",
            Format::Pnm => "PNM",
        })
    }
}

/// Reads an image file whole; its size is checked before. A pipe or a device may never end, so none is read.
///
/// # Errors
/// A folder or what else is no file, an empty file, one over the byte limit, one that cannot be read; all name the path.
pub fn read_image_file(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let named = || path.to_owned();
    let bytes = whole_file::read(path, limits.bytes).map_err(|error| match error {
        NotRead::Failed(source) => Error::Read { path: named(), source },
        NotRead::Folder => Error::Directory { path: named() },
        NotRead::NotAFile => Error::NotAFile { path: named() },
        NotRead::TooLarge(bytes) => Error::TooManyBytes { bytes, limit: limits.bytes }.at(path),
    })?;
    limits.check_bytes(bytes.len() as u64).map_err(|error| error.at(path))?;
    Ok(bytes)
}

/// Decodes an image to gray.
///
/// # Errors
/// No bytes, too many bytes or pixels, an unknown format, a broken or unsupported image.
pub fn decode(bytes: &[u8], rule: GrayRule, limits: &Limits) -> Result<Gray> {
    let raster = Raster::read(bytes, Wanted::Gray, limits)?;
    match rule {
        GrayRule::Tensorflow => raster.into_tensorflow(),
        GrayRule::OnWhite => raster.into_on_white(limits),
    }
}

/// Decodes an image once, to gray and to the fingerprint of its content, which is that of TensorFlow's gray.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_with_digest(bytes: &[u8], rule: GrayRule, limits: &Limits) -> Result<(Gray, ImageDigest)> {
    gray_with_digest(Raster::read(bytes, Wanted::Gray, limits)?, rule, limits)
}

/// The same of what is decoded.
pub(crate) fn gray_with_digest(raster: Raster, rule: GrayRule, limits: &Limits) -> Result<(Gray, ImageDigest)> {
    match rule {
        GrayRule::Tensorflow => {
            let gray = raster.into_tensorflow()?;
            let digest = ImageDigest::from_gray(&gray);
            Ok((gray, digest))
        }
        GrayRule::OnWhite => {
            let digest = raster.digest();
            Ok((raster.into_on_white(limits)?, digest))
        }
    }
}

/// Decodes an image once, to what a person sees and to the fingerprint of its content.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_picture(bytes: &[u8], limits: &Limits) -> Result<(Picture, ImageDigest)> {
    picture_with_digest(Raster::read(bytes, Wanted::Colors, limits)?, limits)
}

/// The same of what is decoded.
pub(crate) fn picture_with_digest(raster: Raster, limits: &Limits) -> Result<(Picture, ImageDigest)> {
    let digest = raster.digest();
    Ok((raster.into_picture(limits)?, digest))
}

/// What is wanted of a JPEG, whose colours take time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Gray,
    Colors,
}

impl Raster {
    /// Decodes an image, with its channels and depth as stored.
    pub(crate) fn read(bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Raster> {
        limits.check_bytes(bytes.len() as u64)?;
        let Some(format) = Format::detect(bytes) else {
            let decoded = base64_text::of_file(bytes);
            let inner = decoded.as_deref().unwrap_or(bytes);
            return match Format::detect(inner) {
                Some(format) => Raster::read_format(format, inner, wanted, limits),
                None => {
                    let kind = Kind::detect(inner).or_else(|| Kind::detect(bytes));
                    Err(kind.map_or(Error::UnknownFormat, Error::OtherKind))
                }
            };
        };
        Raster::read_format(format, bytes, wanted, limits)
    }

    fn read_format(format: Format, bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Raster> {
        let from = Cursor::new(bytes);
        let raster = match format {
            Format::Png => png::read(bytes, limits),
            Format::Jpeg => jpeg::read(bytes, wanted, limits),
            Format::Tiff => tiff::read(bytes, wanted, limits),
            Format::Bmp => {
                let density = Density::from_bmp(bytes);
                Ok(Raster { density, ..Raster::from_decoder(format, BmpDecoder::new(from), limits)? })
            }
            Format::Gif => Raster::from_decoder(format, GifDecoder::new(from), limits),
            #[cfg(feature = "heic")]
            Format::Heic => heic::read(bytes, limits),
            #[cfg(not(feature = "heic"))]
            Format::Heic => Err(Error::OtherKind(Kind::Heic)),
            #[cfg(feature = "pdf")]
            Format::Pdf => pdf::read(bytes, limits),
            #[cfg(not(feature = "pdf"))]
            Format::Pdf => Err(Error::OtherKind(Kind::Pdf)),
            Format::Jpeg2000 => jpeg2000::read(bytes, limits),
            Format::WebP => Raster::from_decoder(format, WebPDecoder::new(from), limits),
            Format::Pnm => Raster::from_decoder(format, PnmDecoder::new(from), limits),
        }?;
        let Raster { width, height, .. } = raster;
        if width == 0 || height == 0 {
            return Err(Error::Shape { width, height, pixels: 0 });
        }
        match limits.page {
            Some(page) if page != raster.page.number => Err(Error::NoPage { page, pages: raster.page.count }),
            _ => Ok(raster),
        }
    }
}

/// The file with no other page than this one, so that whoever reads it again within the same limits reads the same; of a
/// PDF a PNG of the page.
pub fn only_page<'a>(
    bytes: &'a [u8],
    page: Page,
    #[cfg_attr(not(feature = "pdf"), expect(unused_variables, reason = "other files are cut without being decoded"))]
    limits: &Limits,
) -> Cow<'a, [u8]> {
    if page.count == 1 {
        return Cow::Borrowed(bytes);
    }
    let only = match Format::detect(bytes) {
        #[cfg(feature = "pdf")]
        Some(Format::Pdf) => pdf::only_page(bytes, page, limits),
        _ => tiff::only_page(bytes, page),
    };
    only.map_or(Cow::Borrowed(bytes), Cow::Owned)
}

/// A decoder's own error; its words on one line.
fn broken(format: Format, why: impl fmt::Display) -> Error {
    let why = why.to_string();
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    Error::Broken { format, why }
}

fn unsupported(format: Format, why: impl fmt::Display) -> Error {
    Error::Unsupported { format, why: why.to_string() }
}
