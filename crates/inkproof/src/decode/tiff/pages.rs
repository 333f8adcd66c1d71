//! The pages among the directories of a TIFF, and which of them is meant.

use tiff::tags::Tag;

use super::{at, number, read_page};
use crate::decode::{Page, Wanted, pages};
use crate::error::Result;
use crate::limits::Limits;

/// More directories than this are not counted.
const MOST: usize = 10_000;
/// Bits of the tag `NewSubfileType` that stand for a thumbnail and for a mask.
const NO_PAGE: u64 = 0b101;

/// The index of the wanted page among all directories, and which page it is.
pub(super) fn choose(bytes: &[u8], limits: &Limits) -> Result<(usize, Page)> {
    let directories = directories(bytes)?;
    let directory = |number: u32| directories[number as usize - 1];
    let page = pages::choose(directories.len() as u32, limits, |number| {
        read_page(bytes, directory(number), Wanted::Gray, limits)?.into_on_white(limits)
    })?;
    Ok((directory(page.number), page))
}

/// The index of a page among all directories.
pub(super) fn index(bytes: &[u8], page: Page) -> Option<usize> {
    directories(bytes).ok()?.get((page.number as usize).checked_sub(1)?).copied()
}

/// The indices of the directories that are pages; of a file that has none the first.
fn directories(bytes: &[u8]) -> Result<Vec<usize>> {
    let mut decoder = at(bytes, 0)?;
    let mut pages = Vec::new();
    for index in 0..MOST {
        if number(&mut decoder, Tag::NewSubfileType).unwrap_or(0) & NO_PAGE == 0 {
            pages.push(index);
        }
        if !decoder.more_images() || decoder.next_image().is_err() {
            break;
        }
    }
    if pages.is_empty() {
        pages.push(0);
    }
    Ok(pages)
}
