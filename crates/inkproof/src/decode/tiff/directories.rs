//! A look at the directories before the decoder reads them: it makes room for as many values as a tag says it has.

use crate::decode::{Format, broken};
use crate::error::{Error, Result};

/// Tags of lists: where strips and tiles are and how long, palettes, tables of JPEG. All other tags that are read have few
/// values.
const LISTS: [u64; 6] = [273, 279, 320, 324, 325, 347];
const MOST_IN_LIST: u64 = 1 << 18;
const MOST_VALUES: u64 = 64;
/// Tags up to this one, and those of JPEG of the oldest kind and of colours, say how pixels are stored; what others hold is
/// not read.
const LAST_READ: u64 = 532;

/// Numbers of a file in its own order.
struct Numbers<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl Numbers<'_> {
    /// The number of so many bytes at a place.
    fn at(&self, at: u64, count: usize) -> Option<u64> {
        let bytes = self.bytes.get(usize::try_from(at).ok()?..)?.get(..count)?;
        let add = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        Some(if self.is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    }
}

/// Refuses directories whose tags say that they have more values than anything needs.
///
/// # Errors
/// [`Error::Broken`].
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let numbers = Numbers { bytes, is_little: bytes.starts_with(b"II") };
    let is_big = numbers.at(2, 2) == Some(43);
    let (word, entry) = if is_big { (8, 20) } else { (4, 12) };
    let mut next = numbers.at(if is_big { 8 } else { 4 }, word);
    // Directories that share their bytes would take time without end.
    let mut left = bytes.len() as u64 / entry + 1;
    while let Some(directory) = next.filter(|&directory| directory != 0) {
        let Some(entries) = numbers.at(directory, if is_big { 8 } else { 2 }) else { break };
        left = left.checked_sub(entries.max(1)).ok_or_else(overlap)?;
        let first = directory + if is_big { 8 } else { 2 };
        for at in (0..entries).map(|index| first + index * entry) {
            let (Some(tag), Some(count)) = (numbers.at(at, 2), numbers.at(at + 4, word)) else { break };
            let most = if LISTS.contains(&tag) { MOST_IN_LIST } else { MOST_VALUES };
            if tag <= LAST_READ && !is_long(tag) && count > most {
                return Err(broken(Format::Tiff, format!("tag {tag} has {count} values")));
            }
        }
        next = numbers.at(first + entries * entry, word);
    }
    Ok(())
}

/// Names, remarks and curves, which are not read.
fn is_long(tag: u64) -> bool {
    matches!(tag, 269..=272 | 285 | 305 | 306 | 315 | 316 | 333 | 337 | 301 | 291 | 288 | 289)
}

fn overlap() -> Error {
    broken(Format::Tiff, "its directories overlap")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiff(tag: u16, count: u32, next: u32) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0\x01\0".to_vec();
        bytes.extend(tag.to_le_bytes());
        bytes.extend(3_u16.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(next.to_le_bytes());
        bytes
    }

    #[test]
    fn tags_with_too_many_values_and_directories_in_a_circle_are_refused() {
        assert!(check(&tiff(256, 1, 0)).is_ok());
        assert!(check(&tiff(273, 1000, 0)).is_ok());
        assert!(check(&tiff(270, 1000, 0)).is_ok());
        assert!(check(&tiff(257, 8_323_073, 0)).is_err());
        assert!(check(&tiff(273, 1 << 20, 0)).is_err());
        assert!(check(&tiff(256, 1, 8)).is_err());
        assert!(check(b"II*\0").is_ok());
    }
}
