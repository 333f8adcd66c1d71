//! The encoded rows of a page, as the file holds them.

use std::borrow::Cow;

use tiff::tags::Tag;

use super::super::{Format, broken, unsupported};
use super::{Page, failed, number};
use crate::error::Result;

/// The encoded strips of a page, from the top.
pub(super) struct Strips<'a> {
    bytes: &'a [u8],
    /// Where each begins, and how many bytes it has.
    places: Vec<(u64, u64)>,
    rows_a_strip: usize,
    /// The first pixel of a byte is in its lowest bit.
    is_reversed: bool,
}

impl<'a> Strips<'a> {
    pub(super) fn new(bytes: &'a [u8], page: &mut Page<'_>, is_reversed: bool) -> Result<Self> {
        let numbers = |page: &mut Page<'_>, tag| page.find_tag_unsigned_vec::<u64>(tag).map_err(failed);
        let (offsets, lengths) = (numbers(page, Tag::StripOffsets)?, numbers(page, Tag::StripByteCounts)?);
        let offsets = offsets.ok_or_else(|| unsupported(Format::Tiff, "tiles of a fax's codes"))?;
        let lengths = match lengths {
            Some(lengths) => lengths,
            // Old programs write none where there is one strip, which goes on to the end.
            None if offsets.len() == 1 => vec![(bytes.len() as u64).saturating_sub(offsets[0])],
            None => return Err(broken(Format::Tiff, "it does not say how long its strips are")),
        };
        let rows_a_strip = number(page, Tag::RowsPerStrip).map_or(usize::MAX, |rows| rows as usize).max(1);
        Ok(Self { bytes, places: offsets.into_iter().zip(lengths).collect(), rows_a_strip, is_reversed })
    }

    /// The strips with how many rows each has, until there are `height`.
    pub(super) fn with_rows(&self, height: usize) -> impl Iterator<Item = (Result<Cow<'a, [u8]>>, usize)> {
        let rows = (0..height).step_by(self.rows_a_strip).map(move |top| self.rows_a_strip.min(height - top));
        self.places.iter().map(|&place| self.strip(place)).zip(rows)
    }

    fn strip(&self, (offset, length): (u64, u64)) -> Result<Cow<'a, [u8]>> {
        let missing = || broken(Format::Tiff, "its end is missing");
        let begin = usize::try_from(offset).ok().filter(|&begin| begin < self.bytes.len()).ok_or_else(missing)?;
        let length = usize::try_from(length).map_err(|_| missing())?;
        let strip = self.bytes[begin..].get(..length).ok_or_else(missing)?;
        Ok(if self.is_reversed { strip.iter().map(|byte| byte.reverse_bits()).collect() } else { Cow::Borrowed(strip) })
    }

    /// The file with the bits of every strip the other way round.
    pub(super) fn reversed(bytes: &[u8], page: &mut Page<'_>) -> Result<Vec<u8>> {
        let numbers = |page: &mut Page<'_>, tag| page.find_tag_unsigned_vec::<u64>(tag).ok().flatten();
        let of_strips = numbers(page, Tag::StripOffsets).zip(numbers(page, Tag::StripByteCounts));
        let places = of_strips.or_else(|| numbers(page, Tag::TileOffsets).zip(numbers(page, Tag::TileByteCounts)));
        let (offsets, lengths) = places.ok_or_else(|| broken(Format::Tiff, "it does not say where its strips are"))?;
        let mut reversed = bytes.to_vec();
        let mut left = bytes.len();
        for (offset, length) in offsets.into_iter().zip(lengths) {
            let missing = || broken(Format::Tiff, "its end is missing");
            let (begin, length) = (usize::try_from(offset).ok(), usize::try_from(length).ok());
            let (begin, length) = begin.zip(length).ok_or_else(missing)?;
            // Strips that share their bytes are nobody's; without this they would take time without end.
            left = left.checked_sub(length).ok_or_else(|| broken(Format::Tiff, "its strips overlap"))?;
            let strip = reversed.get_mut(begin..).and_then(|rest| rest.get_mut(..length)).ok_or_else(missing)?;
            strip.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
        Ok(reversed)
    }
}
