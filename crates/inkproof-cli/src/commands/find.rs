//! `inkproof find`: where on a page signatures are, and whether it is signed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof::Limits;
use inkproof::decode::{Page, Picture, decode_picture};
use inkproof::find::{Finder, FoundSignature, PageFindings, SignedDecision};
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
/// cannot be read. Printed names, stamps, logos, initials and notes are not signatures.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof find letter.tif\n  \
    inkproof find contract.pdf --page 3 --cut signatures --explain page.png")]
pub struct Find {
    /// Files of pages: letters, forms, cheques, or folders of them; `-` reads one from standard input
    #[arg(required = true, value_name = "PAGE")]
    pages: Vec<PathBuf>,
    #[command(flatten)]
    image: ImageOptions,
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

/// What is said of one page.
#[derive(Serialize)]
struct Told {
    path: String,
    page: u32,
    #[serde(flatten)]
    findings: PageFindings,
}

#[derive(Serialize)]
struct Report {
    pages: Vec<Told>,
}

/// A page of a file, and what was found on it.
pub struct FoundPage {
    pub page: Page,
    pub picture: Picture,
    pub findings: PageFindings,
}

/// The wanted page of a file, or all of them, one after the other; after an error there is no other.
pub fn found_pages(
    bytes: &[u8],
    wanted: Option<u32>,
    limits: &Limits,
) -> impl Iterator<Item = inkproof::Result<FoundPage>> {
    let finder = Finder::bundled();
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
        let mut report = Report { pages: Vec::new() };
        for path in &files {
            let images = ImageFiles::read(&[path], &limits)?.on_page(self.image.page, 1);
            let image = images.named()[0];
            for found in found_pages(image.bytes, image.page, &limits) {
                let FoundPage { page, picture, findings } = found.map_err(|error| error.at(path))?;
                self.write_pictures(path, page.number, &picture, &findings)?;
                report.pages.push(Told { path: path.display().to_string(), page: page.number, findings });
            }
        }
        if self.json {
            println!("{:#}", serde_json::to_value(&report)?);
        } else {
            report.pages.iter().for_each(|page| println!("{}", text(page)));
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
        let any = |decision| self.pages.iter().any(|page| page.findings.signed.decision == decision);
        ExitCode::from(match () {
            () if any(SignedDecision::Yes) => 0,
            () if any(SignedDecision::Look) => 3,
            () => 1,
        })
    }
}

fn text(page: &Told) -> String {
    let Told { path, page, findings } = page;
    let confidence = percent(f64::from(findings.signed.confidence));
    let decision = match findings.signed.decision {
        SignedDecision::Yes => format!("signed ({confidence} sure)"),
        SignedDecision::No => "not signed".to_owned(),
        SignedDecision::Look => format!("look at it: something may be a signature ({confidence})"),
    };
    let line = |found: &FoundSignature| {
        let area = found.area;
        let sure = percent(f64::from(found.confidence));
        format!("\n  signature at x {}, y {}, {} x {} pixels ({sure} sure)", area.x, area.y, area.width, area.height)
    };
    let signatures: String = findings.signatures.iter().map(line).collect();
    format!("{}, page {page}: {decision}{signatures}", one_line(path))
}
