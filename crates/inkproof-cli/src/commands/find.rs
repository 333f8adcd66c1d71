//! `inkproof find`: where on a page signatures are, and whether it is signed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Result;
use clap::Args;
use inkproof::Limits;
use inkproof::decode::{Format, Page, Picture, decode_picture, pdf};
use inkproof::find::{Finder, FoundSignature, PageArea, PageFindings, Signed, SignedDecision};
use serde::Serialize;

use crate::arguments::ImageOptions;
use crate::commands::check::all_images;
use crate::images::ImageFiles;
use crate::outputs::{self, Inputs};
use crate::terminal::one_line;
use crate::text::percent;

/// Find the handwritten signatures on pages, and say which pages are signed
///
/// Every page of a file is looked at. Exit code 0 when one is signed, 1 when none is, 3 when a person should look, 2 when one
/// cannot be read; with --field 0 when every field is signed, 1 when one is not, 3 when a person should look. Printed names,
/// stamps, logos, initials and notes are not signatures.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof find letter.tif\n  \
    inkproof find contract.pdf --page 3 --cut signatures --explain shown\n  \
    inkproof find form.pdf --field customer=10%,80%,35%,8% --field bank=55%,80%,35%,8%")]
pub struct Find {
    /// Files of pages: letters, forms, cheques, or folders of them; `-` reads one from standard input
    #[arg(required = true, value_name = "PAGE")]
    pages: Vec<PathBuf>,
    #[command(flatten)]
    image: ImageOptions,
    /// A part of the page that has to be signed: its name, then its left and upper side, its width and its height in per cent
    /// of the page's; give the option once for each
    #[arg(long, value_name = "NAME=X%,Y%,W%,H%")]
    field: Vec<Field>,
    /// Write each signature as an image of its own into this folder
    #[arg(long, value_name = "FOLDER")]
    cut: Option<PathBuf>,
    /// Write each page with boxes around its signatures into this folder
    #[arg(long, value_name = "FOLDER")]
    explain: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// A part of a page, in shares of its width and height.
#[derive(Debug, Clone)]
struct Field {
    name: String,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share = |side: &str| {
            let number: f64 = side.trim().strip_suffix('%')?.trim().parse().ok()?;
            (0.0..=100.0).contains(&number).then_some(number / 100.0)
        };
        let read = || {
            let (name, sides) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
            let sides: Vec<f64> = sides.split(',').map(share).collect::<Option<_>>()?;
            let [x, y, width, height] = sides[..] else { return None };
            let is_some = width > 0.0 && height > 0.0 && x + width <= 1.0 + 1e-9 && y + height <= 1.0 + 1e-9;
            is_some.then(|| Self { name: name.to_owned(), x, y, width, height })
        };
        read().ok_or_else(|| "expected NAME=X%,Y%,W%,H% within the page, such as customer=10%,80%,35%,8%".to_owned())
    }
}

impl Field {
    fn area(&self, findings: &PageFindings) -> PageArea {
        let part = |share: f64, of: usize| (share * of as f64).round() as usize;
        PageArea {
            x: part(self.x, findings.width),
            y: part(self.y, findings.height),
            width: part(self.width, findings.width),
            height: part(self.height, findings.height),
        }
    }
}

/// Whether a field is signed.
#[derive(Serialize)]
struct ToldField {
    name: String,
    #[serde(flatten)]
    signed: Signed,
}

/// What is said of one page.
#[derive(Serialize)]
struct Told {
    path: String,
    page: u32,
    #[serde(flatten)]
    findings: PageFindings,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<ToldField>,
}

#[derive(Serialize)]
struct Report {
    pages: Vec<Told>,
    /// What is to be known besides, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// A page of a file, and what was found on it.
pub struct FoundPage {
    pub page: Page,
    pub picture: Picture,
    pub findings: PageFindings,
}

/// The wanted page of a file, or all of them, one after the other; after an error there is no other.
pub fn found_pages(
    finder: &Finder,
    bytes: &[u8],
    wanted: Option<u32>,
    limits: &Limits,
) -> impl Iterator<Item = inkproof::Result<FoundPage>> {
    let mut next = Some(wanted.unwrap_or(1));
    std::iter::from_fn(move || {
        let number = next.take()?;
        let limits = Limits { page: Some(number), ..*limits };
        let found = decode_picture(bytes, &limits).and_then(|(picture, _)| {
            let findings = finder.find(&picture, &limits)?;
            Ok(FoundPage { page: picture.page, picture, findings })
        });
        let count = found.as_ref().map_or(0, |found| found.page.count);
        next = (wanted.is_none() && number < count).then_some(number + 1);
        Some(found)
    })
}

impl Find {
    pub fn run(self) -> Result<ExitCode> {
        let files = all_images(&self.pages)?;
        let inputs = Inputs::default().and(&files);
        for folder in self.cut.iter().chain(&self.explain) {
            inputs.spare_folder(folder)?;
        }
        let limits = self.image.limits();
        let finder = Finder::bundled();
        let mut report = Report { pages: Vec::new(), notes: Vec::new() };
        for path in &files {
            let images = ImageFiles::read(&[path], &limits)?.on_page(self.image.page, 1);
            let image = images.named()[0];
            if Format::detect(image.bytes) == Some(Format::Pdf) {
                report.notes.extend(document_notes(path, image.bytes, &limits)?);
            }
            for found in found_pages(&finder, image.bytes, image.page, &limits) {
                let FoundPage { page, picture, findings } = found.map_err(|error| error.at(path))?;
                self.write_pictures(path, page.number, &picture, &findings)?;
                let told = |field: &Field| ToldField {
                    name: field.name.clone(),
                    signed: finder.signed_within(&findings, &field.area(&findings)),
                };
                let fields = self.field.iter().map(told).collect();
                report.pages.push(Told { path: path.display().to_string(), page: page.number, findings, fields });
            }
        }
        if self.json {
            println!("{:#}", serde_json::to_value(&report)?);
        } else {
            report.pages.iter().for_each(|page| println!("{}", text(page)));
            report.notes.iter().for_each(|note| println!("Note: {note}"));
        }
        Ok(report.exit_code())
    }

    fn write_pictures(&self, path: &Path, number: u32, picture: &Picture, findings: &PageFindings) -> Result<()> {
        let stem = path.file_stem().map_or_else(|| "page".into(), |stem| stem.to_string_lossy().into_owned());
        if let Some(folder) = &self.cut {
            std::fs::create_dir_all(folder)?;
            for (at, found) in findings.signatures.iter().enumerate() {
                let cut = picture.cut(&found.area);
                let name = format!("{stem}-page{number}-signature{}.png", at + 1);
                outputs::write(&folder.join(name), &cut.to_png(u32::MAX))?;
            }
        }
        if let Some(folder) = &self.explain {
            std::fs::create_dir_all(folder)?;
            outputs::write(&folder.join(format!("{stem}-page{number}.png")), &findings.drawn_on(picture).to_png(1600))?;
        }
        Ok(())
    }
}

impl Report {
    fn exit_code(&self) -> ExitCode {
        let fields = || self.pages.iter().flat_map(|page| &page.fields).map(|field| field.signed.decision);
        let any_field = |decision| fields().any(|found| found == decision);
        let any = |decision| self.pages.iter().any(|page| page.findings.signed.decision == decision);
        ExitCode::from(match () {
            () if any_field(SignedDecision::No) => 1,
            () if any_field(SignedDecision::Look) => 3,
            () if fields().next().is_some() => 0,
            () if any(SignedDecision::Yes) => 0,
            () if any(SignedDecision::Look) => 3,
            () => 1,
        })
    }
}

/// What a PDF document holds besides ink.
fn document_notes(path: &Path, bytes: &[u8], limits: &Limits) -> Result<Vec<String>> {
    let facts = pdf::facts(bytes, limits).map_err(|error| error.at(path))?;
    let name = one_line(path.display());
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

fn text(page: &Told) -> String {
    let Told { path, page, findings, fields } = page;
    let decision = in_words(findings.signed);
    let line = |found: &FoundSignature| {
        let area = found.area;
        let sure = percent(f64::from(found.confidence));
        format!("\n  signature at x {}, y {}, {} x {} pixels ({sure} sure)", area.x, area.y, area.width, area.height)
    };
    let signatures: String = findings.signatures.iter().map(line).collect();
    let field = |field: &ToldField| format!("\n  field {}: {}", one_line(&field.name), in_words(field.signed));
    let fields: String = fields.iter().map(field).collect();
    format!("{}, page {page}: {decision}{signatures}{fields}", one_line(path))
}

fn in_words(signed: Signed) -> String {
    let confidence = percent(f64::from(signed.confidence));
    match signed.decision {
        SignedDecision::Yes => format!("signed ({confidence} sure)"),
        SignedDecision::No => "not signed".to_owned(),
        SignedDecision::Look => format!("look at it: something may be a signature ({confidence})"),
    }
}
