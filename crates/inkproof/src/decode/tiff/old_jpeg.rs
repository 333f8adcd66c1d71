//! JPEG in a TIFF as it was before 1995: a whole JPEG stream at a place that a tag names, or its head there and the rest in
//! the strips.

use tiff::tags::Tag;

use super::strips::Strips;
use super::{Page, density, number, orientation};
use crate::decode::jpeg::{self, scan_start};
use crate::decode::{Format, Raster, Wanted, broken, unsupported};
use crate::error::Result;
use crate::limits::Limits;

/// Where the JPEG stream is, and how many bytes it has.
const STREAM: Tag = Tag::Unknown(513);
const STREAM_LENGTH: Tag = Tag::Unknown(514);
/// The marker that ends a JPEG.
const END: [u8; 2] = [0xff, 0xd9];

pub(super) fn read(bytes: &[u8], mut page: Page<'_>, wanted: Wanted, limits: &Limits) -> Result<Raster> {
    let begin = number(&mut page, STREAM).and_then(|at| usize::try_from(at).ok());
    let head = begin.and_then(|begin| bytes.get(begin..)).filter(|stream| stream.starts_with(&[0xff, 0xd8]));
    let head = head.ok_or_else(|| unsupported(Format::Tiff, "JPEG of the oldest kind, without a stream of its own"))?;
    let length = number(&mut page, STREAM_LENGTH).and_then(|length| usize::try_from(length).ok());
    let head = &head[..length.unwrap_or(head.len()).min(head.len())];
    let raster = if scan_start(head).is_some() {
        jpeg::read(head, wanted, limits)?
    } else {
        jpeg::read(&with_strips(head, bytes, &mut page)?, wanted, limits)?
    };
    let (width, height) = page.dimensions().map_err(super::failed)?;
    if (raster.width, raster.height) != (width as usize, height as usize) {
        return Err(broken(Format::Tiff, "its JPEG has other sides"));
    }
    Ok(Raster { orientation: orientation(&mut page), density: density(&mut page), ..raster })
}

/// The stream of a head and the strips.
fn with_strips(head: &[u8], bytes: &[u8], page: &mut Page<'_>) -> Result<Vec<u8>> {
    let strips = Strips::new(bytes, page, false)?;
    let mut stream = head.strip_suffix(&END).unwrap_or(head).to_vec();
    for (strip, _) in strips.with_rows(page.dimensions().map_err(super::failed)?.1 as usize) {
        stream.extend_from_slice(&strip?);
        if stream.len() > 2 * bytes.len() {
            return Err(broken(Format::Tiff, "its strips overlap"));
        }
    }
    if !stream.ends_with(&END) {
        stream.extend_from_slice(&END);
    }
    Ok(stream)
}
