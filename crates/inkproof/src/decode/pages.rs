//! Which page of a file of several is meant.

use super::Page;
use crate::error::{Error, Result};
use crate::gray::Gray;
use crate::limits::Limits;

/// So many pages are looked at to find the one that has something on it.
const MOST_LOOKED_AT: u32 = 8;
/// A page is blank where fewer than one of so many pixels ...
const ONE_OF: usize = 10_000;
/// ... differ from its paper by so many levels.
const DIFFERENCE: u8 = 40;

/// Of `count` pages the one that was asked for, the only one, or the only one that has something on it; `look` shows the
/// page of a number, from 1.
pub(super) fn choose(count: u32, limits: &Limits, look: impl Fn(u32) -> Result<Gray>) -> Result<Page> {
    let page = |number| Ok(Page { number, count });
    if let Some(number) = limits.page {
        return if (1..=count).contains(&number) {
            page(number)
        } else {
            Err(Error::NoPage { page: number, pages: count })
        };
    }
    if count == 1 {
        return page(1);
    }
    let several = |which| Error::SeveralPages { pages: count, which };
    if count > MOST_LOOKED_AT {
        return Err(several("too many to look for the one that has something on it".to_owned()));
    }
    let mut drawn = Vec::new();
    for number in 1..=count {
        limits.check_time()?;
        let is_drawn = match look(number) {
            Ok(gray) => !is_blank(&gray),
            // What cannot be read is no blank page.
            Err(Error::Broken { .. } | Error::Unsupported { .. }) => true,
            Err(error) => return Err(error),
        };
        if is_drawn {
            drawn.push(number);
        }
    }
    match drawn[..] {
        [] => page(1),
        [only] => page(only),
        [ref others @ .., last] => {
            let others: Vec<String> = others.iter().map(u32::to_string).collect();
            Err(several(format!("pages {} and {last} have something on them", others.join(", "))))
        }
    }
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
