//! The pages of a file, one after the other, and fields of a form.

use std::fmt;
use std::str::FromStr;

use super::{Finder, PageArea, PageFindings};
use crate::decode::shape::LONGEST_SHEET;
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

/// A length along a side of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Length {
    /// Of the side, 0 to 1.
    Share(f64),
    Millimetres(f64),
}

impl Length {
    /// As a share of a side of so many millimetres; None where it is in millimetres and nothing is known of the side.
    fn share(self, side: Option<f64>) -> Option<f64> {
        match self {
            Length::Share(share) => Some(share),
            Length::Millimetres(length) => Some(length / side?),
        }
    }

    fn is_positive(self) -> bool {
        let (Length::Share(length) | Length::Millimetres(length)) = self;
        length > 0.0
    }
}

impl FromStr for Length {
    type Err = NoField;

    fn from_str(text: &str) -> Result<Self, NoField> {
        let text = text.trim();
        let number = |text: &str, most: f64| {
            let number: f64 = text.trim().parse().ok()?;
            (0.0..=most).contains(&number).then_some(number)
        };
        let share =
            text.strip_suffix('%').and_then(|text| number(text, 100.0)).map(|share| Length::Share(share / 100.0));
        let length = || text.strip_suffix("mm").and_then(|text| number(text, LONGEST_SHEET)).map(Length::Millimetres);
        share.or_else(length).ok_or(NoField)
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Share(share) => write!(f, "{}%", 100.0 * share),
            Length::Millimetres(length) => write!(f, "{length}mm"),
        }
    }
}

/// A field that ends so many millimetres outside of a page is taken to end with it.
const SPARE: f64 = 2.0;

/// A part of a page that has to be signed: its name, and its place, each side in per cent of the page's or in millimetres.
///
/// As text `NAME=X,Y,W,H`, as `customer=10%,80%,35%,8%` or `customer=20mm,240mm,70mm,20mm`.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    name: String,
    left: Length,
    top: Length,
    width: Length,
    height: Length,
}

/// A text that says no part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected NAME=X,Y,W,H within the page, as customer=10%,80%,35%,8% or customer=20mm,240mm,70mm,20mm")]
pub struct NoField;

impl Field {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its pixels on a page.
    ///
    /// # Errors
    /// [`Error::NoPageSize`] where it is in millimetres and nothing is known of the page's; [`Error::FieldOutside`] where it
    /// does not lie on the page. A page is often a little smaller than its paper: what ends so little outside is cut off.
    pub fn area(&self, page: &PageFindings) -> Result<PageArea> {
        const MICROMETRES: f64 = 1000.0;
        let [across, down] = [page.sheet.map(|sheet| sheet.0), page.sheet.map(|sheet| sheet.1)]
            .map(|side| side.map(|side| f64::from(side) / MICROMETRES));
        let unknown = || Error::NoPageSize { field: self.name.clone() };
        let share = |length: Length, side: Option<f64>| length.share(side).ok_or_else(unknown);
        let (left, width) = (share(self.left, across)?, share(self.width, across)?);
        let (top, height) = (share(self.top, down)?, share(self.height, down)?);
        let ends_on = |from: f64, length: f64, side: Option<f64>| {
            let spare = side.map_or(0.0, |side| SPARE / side);
            from < 1.0 && is_within(from, length - spare)
        };
        if !ends_on(left, width, across) || !ends_on(top, height, down) {
            let [width, height] = [across, down].map(|side| side.unwrap_or(0.0).round() as u32);
            return Err(Error::FieldOutside { field: self.name.clone(), width, height });
        }
        let along = |from: f64, length: f64, of: usize| {
            let from_pixel = ((from * of as f64).round() as usize).min(of.saturating_sub(1));
            let most = of - from_pixel;
            (from_pixel, ((length * of as f64).round() as usize).min(most))
        };
        let ((x, width), (y, height)) = (along(left, width, page.width), along(top, height, page.height));
        Ok(PageArea { x, y, width, height })
    }
}

/// Whether a part of a side ends on it, but for rounding.
fn is_within(from: f64, length: f64) -> bool {
    from + length <= 1.0 + 1e-9
}

impl FromStr for Field {
    type Err = NoField;

    fn from_str(text: &str) -> Result<Self, NoField> {
        let (name, sides) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or(NoField)?;
        let sides = sides.split(',').map(str::parse).collect::<Result<Vec<Length>, NoField>>()?;
        let [left, top, width, height] = sides[..] else { return Err(NoField) };
        let may_be = |from: Length, length: Length| match (from, length) {
            (Length::Share(from), Length::Share(length)) => is_within(from, length),
            _ => true,
        };
        let is_part = width.is_positive() && height.is_positive() && may_be(left, width) && may_be(top, height);
        if is_part { Ok(Self { name: name.to_owned(), left, top, width, height }) } else { Err(NoField) }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Field { name, left, top, width, height } = self;
        write!(f, "{name}={left},{top},{width},{height}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::find::{Signed, SignedDecision};

    /// A page of 1,000 x 2,000 pixels.
    fn findings(sheet: Option<(u32, u32)>) -> PageFindings {
        let signed = Signed { decision: SignedDecision::No, confidence: 0.0 };
        let (signatures, candidates) = (Vec::new(), Vec::new());
        PageFindings { width: 1000, height: 2000, sheet, signed, signatures, candidates, cuts: Vec::new() }
    }

    #[test]
    fn a_field_is_a_part_of_the_page() {
        let field: Field = "customer=10%, 80%,35 %,8%".parse().unwrap();
        assert_eq!(field.name(), "customer");
        let expected = PageArea { x: 100, y: 1600, width: 350, height: 160 };
        assert_eq!(field.area(&findings(None)).unwrap(), expected);
        assert_eq!(field.to_string().parse(), Ok(field));
        for wrong in [
            "",
            "a",
            "=1%,1%,1%,1%",
            "a=1,1,1,1",
            "a=1%,1%,1%",
            "a=80%,1%,30%,1%",
            "a=1%,1%,0%,1%",
            "a=NaN%,1%,1%,1%",
            "a=1mm,1mm,0mm,1mm",
            "a=-1mm,1mm,1mm,1mm",
            "a=1cm,1cm,1cm,1cm",
            "a=1mm,1mm,1mm,9000mm",
        ] {
            assert_eq!(wrong.parse::<Field>(), Err(NoField), "{wrong}");
        }
    }

    #[test]
    fn a_field_in_millimetres_needs_a_page_whose_size_is_known() {
        let field: Field = "customer=20mm, 240 mm,70mm,5%".parse().unwrap();
        assert_eq!(field.to_string().parse().as_ref(), Ok(&field));
        let a4 = findings(Some((210_000, 297_000)));
        assert_eq!(field.area(&a4).unwrap(), PageArea { x: 95, y: 1616, width: 333, height: 100 });
        let unknown = field.area(&findings(None)).unwrap_err();
        assert!(matches!(unknown, Error::NoPageSize { .. }) && unknown.to_string().contains("customer"), "{unknown}");
        let scanned = findings(Some((209_970, 296_980)));
        let corner: Field = "stamp=110mm,250mm,100mm,47mm".parse().unwrap();
        assert_eq!(corner.area(&scanned).unwrap(), PageArea { x: 524, y: 1684, width: 476, height: 316 });
        for outside in ["a=110mm,250mm,103mm,47mm", "a=211mm,250mm,1mm,40mm", "a=10mm,298mm,20mm,1mm"] {
            assert!(outside.parse::<Field>().unwrap().area(&scanned).is_err(), "{outside}");
        }
        let outside = field.area(&findings(Some((148_000, 210_000)))).unwrap_err();
        assert_eq!(outside.to_string(), "has a page of 148 x 210 mm, on which the field 'customer' does not lie");
    }
}
