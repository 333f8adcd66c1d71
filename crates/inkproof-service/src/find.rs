//! The signatures of a file's pages: where they are, whether its pages and the fields of a form are signed, and what else is
//! to be known of a PDF document.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inkproof::Limits;
use inkproof::decode::{Format, Picture, pdf};
use inkproof::find::{Field, Finder, FoundPage, FoundSignature, PageFindings, Signed, SignedDecision};
use serde::Serialize;

use crate::{Error, ImageField, NamedImage, Result};

/// What the pages of files have of signatures.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Found {
    /// Page by page.
    pub pages: Vec<FoundOnPage>,
    /// What is to be known besides, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Of many files those that cannot be read, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

/// What one page has of signatures.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundOnPage {
    /// What the user calls the file.
    pub path: String,
    /// The number of the page in its file, from 1.
    pub page: u32,
    /// Columns of the page as it was read.
    pub width: usize,
    /// And its rows.
    pub height: usize,
    /// Whether it is signed: `decision` is yes, no or look (a person should), `confidence` that of the surest signature, 0 to 1.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub signed: Signed,
    /// Its signatures, the surest first: `x`, `y`, `width` and `height` in pixels of the page, and `confidence`, 0 to 1.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub signatures: Vec<FoundSignature>,
    /// The fields that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FoundField>,
    /// Of a file with several pages, the fields that have no place on this one, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unplaced: Vec<String>,
    /// The page and its signatures as pictures, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<PagePictures>,
}

/// Whether a field is signed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundField {
    /// What it is called.
    pub name: String,
    /// As of the page.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub signed: Signed,
}

/// PNG files in base64.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PagePictures {
    /// The page, at most 2,339 pixels long.
    pub page: String,
    /// Its signatures as images of their own, in their order, each with a border: without print, and with strokes that the box
    /// leaves out.
    pub signatures: Vec<String>,
}

/// Pixels of the longer side of a page's picture: an A4 sheet at 200 dpi.
const LONGEST: u32 = 2339;

impl FoundOnPage {
    /// What was found on a page of a file that the user calls `path`.
    ///
    /// # Errors
    /// A field whose place on the only page of a file is not known, or lies outside. On one of several pages it loses
    /// nothing of the others.
    pub fn new(path: &str, found: &FoundPage, fields: &[Field], finder: &Finder) -> inkproof::Result<Self> {
        let PageFindings { width, height, signed, ref signatures, .. } = found.findings;
        let (mut placed, mut unplaced) = (Vec::new(), Vec::new());
        for field in fields {
            match finder.signed_within(&found.findings, field) {
                Ok(signed) => placed.push(FoundField { name: field.name().to_owned(), signed }),
                Err(error) if found.page.count == 1 => return Err(error),
                Err(error) => unplaced.push(error.to_string()),
            }
        }
        Ok(Self {
            path: path.to_owned(),
            page: found.page.number,
            width,
            height,
            signed,
            signatures: signatures.clone(),
            fields: placed,
            unplaced,
            pictures: None,
        })
    }
}

impl PagePictures {
    fn new(found: &FoundPage) -> Self {
        let encoded = |cut: Picture| STANDARD.encode(cut.to_png(u32::MAX));
        Self {
            page: STANDARD.encode(found.picture.to_png(LONGEST)),
            signatures: found.findings.cuts(&found.picture).map(encoded).collect(),
        }
    }
}

/// Finds the signatures of a file's pages: of that which is asked for, or of all.
///
/// Pictures are of one page, since a file may have thousands: of that which is asked for, or of the first that is not called
/// unsigned.
///
/// # Errors
/// [`Error::Image`] for a page that cannot be read.
pub fn find_signatures(
    finder: &Finder,
    image: &NamedImage<'_>,
    fields: &[Field],
    pictures: bool,
    limits: &Limits,
) -> Result<Found> {
    let limits = image.limits(limits);
    let wrong = |source| Error::Image { field: ImageField::Questioned, name: image.name.to_owned(), source };
    let mut pages = Vec::new();
    let mut has_pictures = !pictures;
    for found in finder.pages(image.bytes, &limits) {
        let found = found.map_err(wrong)?;
        let mut told = FoundOnPage::new(image.name, &found, fields, finder).map_err(wrong)?;
        if !has_pictures && (limits.page.is_some() || told.signed.decision != SignedDecision::No) {
            told.pictures = Some(PagePictures::new(&found));
            has_pictures = true;
        }
        pages.push(told);
    }
    Ok(Found { pages, notes: document_notes(image, &limits).map_err(wrong)?, unreadable: Vec::new() })
}

/// What a PDF document holds besides ink, in sentences; nothing of any other file.
///
/// # Errors
/// Where the document cannot be read.
pub fn document_notes(image: &NamedImage<'_>, limits: &Limits) -> inkproof::Result<Vec<String>> {
    if Format::detect(image.bytes) != Some(Format::Pdf) {
        return Ok(Vec::new());
    }
    let facts = pdf::facts(image.bytes, limits)?;
    let name = image.name;
    let signed = facts.has_digital_signature.then(|| {
        format!("{name} is signed with a certificate, which was not checked and says nothing of handwriting.")
    });
    let undrawn = (!facts.undrawn_annotations.is_empty()).then(|| {
        let numbers: Vec<String> = facts.undrawn_annotations.iter().map(ToString::to_string).collect();
        format!(
            "{name} has annotations that a viewer may show and that were not looked at, on page {}.",
            numbers.join(", ")
        )
    });
    Ok(signed.into_iter().chain(undrawn).collect())
}
