//! The pages of a file, one after the other, and fields of a form.

use std::fmt;
use std::str::FromStr;

use super::{Finder, PageArea, PageFindings};
use crate::decode::{Page, Picture, decode_picture};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// A page of a file, and what was found on it.
#[derive(Debug, Clone)]
pub struct FoundPage {
    /// Which page it is.
    pub page: Page,
    /// The page itself.
    pub picture: Picture,
    /// What it has of signatures.
    pub findings: PageFindings,
}

impl Finder {
    /// What the pages of a file have of signatures: of the page that the limits name, or of all of them, one after the
    /// other; after an error there is no other.
    pub fn pages(&self, bytes: &[u8], limits: &Limits) -> impl Iterator<Item = Result<FoundPage>> {
        let wanted = limits.page;
        let mut next = Some(wanted.unwrap_or(1));
        std::iter::from_fn(move || {
            let number = next.take()?;
            let limits = Limits { page: Some(number), ..*limits };
            let found = decode_picture(bytes, &limits).and_then(|(picture, _)| {
                let findings = self.find(&picture, &limits)?;
                Ok(FoundPage { page: picture.page, picture, findings })
            });
            let count = found.as_ref().map_or(0, |found| found.page.count);
            next = (wanted.is_none() && number < count).then_some(number + 1);
            Some(found)
        })
    }

    /// The page that the limits name, or the first with a signature.
    ///
    /// # Errors
    /// [`Error::NoSignature`] where there is none, and what makes a page unreadable.
    pub fn signed_page(&self, bytes: &[u8], limits: &Limits) -> Result<FoundPage> {
        for found in self.pages(bytes, limits) {
            let found = found?;
            if !found.findings.signatures.is_empty() {
                return Ok(found);
            }
        }
        Err(Error::NoSignature { page: limits.page })
    }
}

/// A part of a page that has to be signed: its name, and its place in shares of the page's width and height.
///
/// As text `NAME=X%,Y%,W%,H%`, as `customer=10%,80%,35%,8%`.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    name: String,
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// A text that says no part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected NAME=X%,Y%,W%,H% within the page, as customer=10%,80%,35%,8%")]
pub struct NoField;

impl Field {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its pixels on a page of so many.
    pub fn area(&self, width: usize, height: usize) -> PageArea {
        let part = |share: f64, of: usize| (share * of as f64).round() as usize;
        PageArea {
            x: part(self.left, width),
            y: part(self.top, height),
            width: part(self.width, width),
            height: part(self.height, height),
        }
    }
}

impl FromStr for Field {
    type Err = NoField;

    fn from_str(text: &str) -> Result<Self, NoField> {
        let share = |side: &str| {
            let number: f64 = side.trim().strip_suffix('%')?.trim().parse().ok()?;
            (0.0..=100.0).contains(&number).then_some(number / 100.0)
        };
        let read = || {
            let (name, sides) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
            let sides: Vec<f64> = sides.split(',').map(share).collect::<Option<_>>()?;
            let [left, top, width, height] = sides[..] else { return None };
            let is_part = width > 0.0 && height > 0.0 && left + width <= 1.0 + 1e-9 && top + height <= 1.0 + 1e-9;
            is_part.then(|| Self { name: name.to_owned(), left, top, width, height })
        };
        read().ok_or(NoField)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [left, top, width, height] = [self.left, self.top, self.width, self.height].map(|share| 100.0 * share);
        write!(f, "{}={left}%,{top}%,{width}%,{height}%", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_part_of_the_page() {
        let field: Field = "customer=10%, 80%,35 %,8%".parse().unwrap();
        assert_eq!(field.name(), "customer");
        assert_eq!(field.area(1000, 2000), PageArea { x: 100, y: 1600, width: 350, height: 160 });
        assert_eq!(field.to_string().parse(), Ok(field));
        for wrong in
            ["", "a", "=1%,1%,1%,1%", "a=1,1,1,1", "a=1%,1%,1%", "a=80%,1%,30%,1%", "a=1%,1%,0%,1%", "a=NaN%,1%,1%,1%"]
        {
            assert_eq!(wrong.parse::<Field>(), Err(NoField), "{wrong}");
        }
    }
}
