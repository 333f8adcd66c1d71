//! Which page of a TIFF is meant.

use tiff::tags::Tag;

use super::{at, number, read_page};
use crate::decode::{Page, Wanted};
use crate::error::{Error, Result};
use crate::gray::Gray;
use crate::limits::Limits;

/// More directories than this are not counted.
const MOST: usize = 10_000;
/// So many pages are looked at to find the one that has something on it.
const MOST_LOOKED_AT: usize = 8;
/// Bits of the tag `NewSubfileType` that stand for a thumbnail and for a mask.
const NO_PAGE: u64 = 0b101;
/// A page is blank where fewer than one of so many pixels ...
const ONE_OF: usize = 10_000;
/// ... differ from its paper by so many levels.
const DIFFERENCE: u8 = 40;

/// The index of the wanted page among all directories, and which page it is: the one that was asked for, the only one, or
/// the only one that has something on it.
pub(super) fn choose(bytes: &[u8], limits: &Limits) -> Result<(usize, Page)> {
    let directories = directories(bytes)?;
    let count = directories.len() as u32;
    let page = |index: usize| (directories[index], Page { number: index as u32 + 1, count });
    if let Some(number) = limits.page {
        let none = Error::NoPage { page: number, pages: count };
        return if (1..=count).contains(&number) { Ok(page(number as usize - 1)) } else { Err(none) };
    }
    if directories.len() == 1 {
        return Ok(page(0));
    }
    let several = |which| Error::SeveralPages { pages: count, which };
    if directories.len() > MOST_LOOKED_AT {
        return Err(several("too many to look for the one that has something on it".to_owned()));
    }
    let mut drawn = Vec::new();
    for (index, &directory) in directories.iter().enumerate() {
        limits.check_time()?;
        let gray = read_page(bytes, directory, Wanted::Gray, limits).and_then(|raster| raster.into_on_white(limits));
        let is_drawn = match gray {
            Ok(gray) => !is_blank(&gray),
            // What cannot be read is no blank page.
            Err(Error::Broken { .. } | Error::Unsupported { .. }) => true,
            Err(error) => return Err(error),
        };
        if is_drawn {
            drawn.push(index);
        }
    }
    match drawn[..] {
        [] => Ok(page(0)),
        [only] => Ok(page(only)),
        [ref others @ .., last] => {
            let others: Vec<String> = others.iter().map(|index| (index + 1).to_string()).collect();
            Err(several(format!("pages {} and {} have something on them", others.join(", "), last + 1)))
        }
    }
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

fn is_blank(gray: &Gray) -> bool {
    let mut counts = [0_usize; 256];
    for &level in gray.pixels() {
        counts[usize::from(level)] += 1;
    }
    let paper = (0..=u8::MAX).max_by_key(|&level| counts[usize::from(level)]).expect("there are 256 levels");
    let drawn: usize =
        (0..=u8::MAX).filter(|level| level.abs_diff(paper) > DIFFERENCE).map(|level| counts[usize::from(level)]).sum();
    drawn * ONE_OF < gray.pixels().len()
}
