//! `inkproof find`: where on a page signatures are, and whether it is signed.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof::Limits;
use inkproof::decode::{Picture, decode_picture};
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

/// What was found on one page.
#[derive(Serialize)]
struct FoundPage {
    path: String,
    page: u32,
    #[serde(flatten)]
    findings: PageFindings,
}

#[derive(Serialize)]
struct Report {
    pages: Vec<FoundPage>,
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
        let mut report = Report { pages: Vec::new() };
        for path in &files {
            let images = ImageFiles::read(&[path], &limits)?.on_page(self.image.page, 1);
            let image = images.named()[0];
            let mut number = image.page.unwrap_or(1);
            loop {
                let at = Limits { page: Some(number), ..limits };
                let (picture, _) = decode_picture(image.bytes, &at).map_err(|error| error.at(path))?;
                let findings = finder.find(&picture, &at)?;
                self.write_pictures(path, number, &picture, &findings)?;
                report.pages.push(FoundPage { path: path.display().to_string(), page: number, findings });
                if image.page.is_some() || number >= picture.page.count {
                    break;
                }
                number += 1;
            }
        }
        if self.json {
            println!("{:#}", serde_json::to_value(&report)?);
        } else {
            report.pages.iter().for_each(|page| println!("{}", text(page)));
        }
        Ok(report.exit_code())
    }

    fn write_pictures(&self, path: &PathBuf, number: u32, picture: &Picture, findings: &PageFindings) -> Result<()> {
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

fn text(page: &FoundPage) -> String {
    let FoundPage { path, page, findings } = page;
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
