//! The sides of the pictures on a page, before any of them is decoded: of a stream with a codec of its own those in the
//! codec's header count, whatever the document says of it.

use hayro::hayro_syntax::Filter;
use hayro::hayro_syntax::object::{Array, Dict, Object, Stream};
use hayro_jpeg2000::{DecodeSettings, Image as Jpeg2000};

use super::{broken, unsupported};
use crate::error::Result;
use crate::limits::Limits;

/// Pixels of a picture and of the pictures that say where it is seen, all within the limits.
pub(super) fn pixels(stream: &Stream<'_>, limits: &Limits) -> Result<u64> {
    let masks = ["SMask", "Mask"].iter().filter_map(|key| stream.dict().get::<Stream<'_>>(*key));
    std::iter::once(stream.clone()).chain(masks).map(|stream| of_one(&stream, limits)).sum()
}

fn of_one(stream: &Stream<'_>, limits: &Limits) -> Result<u64> {
    let dict = stream.dict();
    let side = |short: &str, long: &str| u64::from(dict.get::<u32>(short).or_else(|| dict.get(long)).unwrap_or(0));
    let said = (side("W", "Width"), side("H", "Height"));
    limits.check_pixels(said.0, said.1)?;
    let mut pixels = said.0 * said.1;
    for filter in stream.filters() {
        let coded = match filter {
            // Of a JPEG the library reads no more than the document says.
            Filter::CcittFaxDecode => Some((columns(dict), said.1)),
            Filter::Jbig2Decode | Filter::JpxDecode if stream.filters().len() > 1 => {
                return Err(unsupported("a picture that is packed twice"));
            }
            Filter::Jbig2Decode => jbig2(&stream.raw_data()),
            Filter::JpxDecode => Some(jpeg2000(&stream.raw_data())?),
            _ => None,
        };
        if let Some((width, height)) = coded {
            limits.check_pixels(width, height)?;
            pixels = pixels.max(width * height);
        }
    }
    Ok(pixels)
}

/// The columns of a fax, wherever its parameters are.
fn columns(dict: &Dict<'_>) -> u64 {
    let parameters = ["DP", "DecodeParms"].iter().find_map(|key| dict.get::<Object<'_>>(*key));
    let of = |dict: &Dict<'_>| dict.get::<u32>("Columns").map(u64::from);
    let columns = match parameters {
        Some(Object::Dict(dict)) => of(&dict),
        Some(Object::Array(all)) => Array::iter::<Dict<'_>>(&all).filter_map(|dict| of(&dict)).max(),
        _ => None,
    };
    // What a fax has where nothing is said.
    columns.unwrap_or(1728)
}

fn jpeg2000(bytes: &[u8]) -> Result<(u64, u64)> {
    let image = Jpeg2000::new(bytes, &DecodeSettings::default()).map_err(broken)?;
    Ok((image.width().into(), image.height().into()))
}

/// The longest sides of what a stream of JBIG2 draws, by the headers of its segments.
fn jbig2(bytes: &[u8]) -> Option<(u64, u64)> {
    /// Bits of a segment's flags.
    const KIND: u8 = 63;
    const WIDE_PAGE: u8 = 64;
    let mut rest = bytes;
    let mut sides = None;
    while let Some((number, after)) = rest.split_first_chunk::<4>() {
        let (&[flags, referred], after) = after.split_first_chunk::<2>()?;
        let (count, after) = match referred >> 5 {
            7 => {
                let (low, after) = after.split_first_chunk::<3>()?;
                let count = usize::from(referred & 31) << 24
                    | usize::from(low[0]) << 16
                    | usize::from(low[1]) << 8
                    | usize::from(low[2]);
                (count, after.get((count + 8) / 8..)?)
            }
            count => (usize::from(count), after),
        };
        let each = match u32::from_be_bytes(*number) {
            0..=256 => 1,
            257..=65_536 => 2,
            _ => 4,
        };
        let page = if flags & WIDE_PAGE == 0 { 1 } else { 4 };
        let (length, data) = after.get(count.checked_mul(each)? + page..)?.split_first_chunk::<4>()?;
        // Regions and the page itself begin with their sides.
        if matches!(flags & KIND, 4..=7 | 20..=23 | 36..=43 | 48) {
            let (width, height) = data.split_first_chunk::<4>()?;
            let [width, height] =
                [u32::from_be_bytes(*width), u32::from_be_bytes(*height.first_chunk()?)].map(u64::from);
            // The height of a page may be told at its end.
            let height = if height == u64::from(u32::MAX) { 0 } else { height };
            let (widest, highest) = sides.unwrap_or((0, 0));
            sides = Some((width.max(widest), height.max(highest)));
        }
        rest = data.get(u32::from_be_bytes(*length) as usize..).unwrap_or_default();
    }
    sides
}
