//! `inkproof find`: where on a page signatures are, and whether it is signed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use inkproof::Limits;
use inkproof::find::{Field, Finder, FoundPage, FoundSignature, Signed, SignedDecision};
use inkproof_lab::progress::{Event, Progress};
use inkproof_service::{Found, FoundField, FoundOnPage, document_notes};
use inkproof_table::cell;
use rayon::prelude::*;

use crate::arguments::ImageOptions;
use crate::commands::check::all_images;
use crate::images::ImageFiles;
use crate::outputs::{self, Inputs};
use crate::progress::Shown;
use crate::terminal::one_line;
use crate::text::percent;

/// Find the handwritten signatures on pages, and say which pages are signed
///
/// Every page of a file is looked at. Exit code 0 when one is signed, 1 when none is, 3 when a person should look, 2 when one
/// cannot be read, which is said at the end; with --field 0 when every field is signed, 1 when one is not, 3 when a person
/// should look, 2 when one has no place on a page. Printed names, stamps, logos, initials and notes are not signatures.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof find letter.tif\n  \
    inkproof find contract.pdf --page 3 --cut signatures --explain shown\n  \
    inkproof find form.pdf --field customer=10%,80%,35%,8% --field bank=55%,80%,35%,8%\n  \
    inkproof find forms/ --template fields.txt --json")]
pub struct Find {
    /// Files of pages: letters, forms, cheques, or folders of them; `-` reads one from standard input
    #[arg(required = true, value_name = "PAGE")]
    pages: Vec<PathBuf>,
    #[command(flatten)]
    image: ImageOptions,
    /// A part of the page that has to be signed: its name, then its left and upper side, its width and its height, each in per
    /// cent of the page's or, where the file says how large the page is, as 20mm; give the option once for each
    #[arg(long, value_name = "NAME=X,Y,W,H")]
    field: Vec<Field>,
    /// A file with such fields, one on each line, of a form that is always the same; lines that begin with # say nothing
    #[arg(long, value_name = "FIELDS.txt")]
    template: Option<PathBuf>,
    /// Write each signature as an image of its own, without the print beside it, into this folder
    #[arg(long, value_name = "FOLDER")]
    cut: Option<PathBuf>,
    /// Write each page with boxes around its signatures into this folder
    #[arg(long, value_name = "FOLDER")]
    explain: Option<PathBuf>,
    /// Write a table with a line for each signature, and one for each page without
    #[arg(long, value_name = "OUT.csv")]
    csv: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Files that are looked at together.
const AT_ONCE: usize = 16;

/// What looks at files.
struct Looker<'a> {
    find: &'a Find,
    finder: Finder,
    fields: Vec<Field>,
    limits: Limits,
}

impl Looker<'_> {
    /// What all files have, in their order. One that cannot be read does not lose what the others have; alone it is an error.
    fn all(&self, files: &[PathBuf]) -> Result<Found> {
        let mut progress = Shown::new();
        progress.report(Event::Stage { name: "pages", total: files.len() });
        let mut all = Found::default();
        for (chunk, paths) in files.chunks(AT_ONCE).enumerate() {
            let looked: Vec<Result<Found>> = paths.par_iter().with_max_len(1).map(|path| self.one(path)).collect();
            for found in looked {
                match found {
                    Ok(found) => {
                        all.pages.extend(found.pages);
                        all.notes.extend(found.notes);
                    }
                    Err(error) if files.len() == 1 => return Err(error),
                    Err(error) => all.unreadable.push(format!("{error:#}")),
                }
            }
            progress.report(Event::Advance { done: chunk * AT_ONCE + paths.len() });
        }
        Ok(all)
    }

    fn one(&self, path: &PathBuf) -> Result<Found> {
        let images = ImageFiles::read(&[path], &self.limits)?.on_page(self.find.image.page, 1);
        let image = images.named()[0];
        let notes = document_notes(&image, &self.limits).map_err(|error| error.at(path))?;
        let mut pages = Vec::new();
        for found in self.finder.pages(image.bytes, &Limits { page: image.page, ..self.limits }) {
            let found = found.map_err(|error| error.at(path))?;
            let told = FoundOnPage::new(image.name, &found, &self.fields, &self.finder);
            pages.push(told.map_err(|error| error.at(path))?);
            self.find.write_pictures(path, &found)?;
        }
        Ok(Found { pages, notes, unreadable: Vec::new() })
    }
}

impl Find {
    pub fn run(self) -> Result<ExitCode> {
        let files = all_images(&self.pages)?;
        let inputs = Inputs::default().and(&files);
        for folder in self.cut.iter().chain(&self.explain) {
            inputs.spare_folder(folder)?;
        }
        if let Some(path) = &self.csv {
            inputs.spare(&[path])?;
        }
        let looker =
            Looker { find: &self, finder: Finder::bundled(), fields: self.fields()?, limits: self.image.limits() };
        let found = looker.all(&files)?;
        if let Some(path) = &self.csv {
            outputs::write(path, &table(&found)?)?;
        }
        if self.json {
            println!("{:#}", serde_json::to_value(&found)?);
        } else {
            found.pages.iter().for_each(|page| println!("{}", text(page)));
            found.notes.iter().for_each(|note| println!("Note: {}", one_line(note)));
            found.unreadable.iter().for_each(|why| println!("Unreadable: {}", one_line(why)));
        }
        Ok(exit_code(&found))
    }

    fn fields(&self) -> Result<Vec<Field>> {
        let Some(path) = &self.template else { return Ok(self.field.clone()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
        let said = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.starts_with('#');
        let field = |(at, line): (usize, &str)| {
            line.trim().parse().with_context(|| format!("{}, line {}", path.display(), at + 1))
        };
        let listed = text.lines().enumerate().filter(said).map(field).collect::<Result<Vec<Field>>>()?;
        Ok(self.field.iter().cloned().chain(listed).collect())
    }

    fn write_pictures(&self, path: &Path, found: &FoundPage) -> Result<()> {
        let FoundPage { page, picture, findings } = found;
        let number = page.number;
        let stem = path.file_stem().map_or_else(|| "page".into(), |stem| stem.to_string_lossy().into_owned());
        if let Some(folder) = &self.cut {
            std::fs::create_dir_all(folder)?;
            for (signature, cut) in (1..).zip(findings.cuts(picture)) {
                let name = format!("{stem}-page{number}-signature{signature}.png");
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

/// A line for each signature, and one for each page without.
fn table(found: &Found) -> Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record([
        "path",
        "page",
        "signed",
        "page_confidence",
        "signature",
        "x",
        "y",
        "width",
        "height",
        "confidence",
    ])?;
    for page in &found.pages {
        let mut row = |of_signature: [String; 6]| {
            let signed = page.signed;
            let of_page =
                [cell(&page.path), page.page.to_string(), signed.decision.to_string(), signed.confidence.to_string()];
            table.write_record(of_page.into_iter().chain(of_signature))
        };
        if page.signatures.is_empty() {
            row(Default::default())?;
        }
        for (number, FoundSignature { area, confidence }) in (1..).zip(&page.signatures) {
            let sides = [number, area.x, area.y, area.width, area.height].map(|side| side.to_string());
            let [number, x, y, width, height] = sides;
            row([number, x, y, width, height, confidence.to_string()])?;
        }
    }
    Ok(table.into_inner()?)
}

fn exit_code(found: &Found) -> ExitCode {
    let fields = || found.pages.iter().flat_map(|page| &page.fields).map(|field| field.signed.decision);
    let any_field = |decision| fields().any(|found| found == decision);
    let any = |decision| found.pages.iter().any(|page| page.signed.decision == decision);
    ExitCode::from(match () {
        () if !found.unreadable.is_empty() || found.pages.iter().any(|page| !page.unplaced.is_empty()) => 2,
        () if any_field(SignedDecision::No) => 1,
        () if any_field(SignedDecision::Look) => 3,
        () if fields().next().is_some() => 0,
        () if any(SignedDecision::Yes) => 0,
        () if any(SignedDecision::Look) => 3,
        () => 1,
    })
}

fn text(page: &FoundOnPage) -> String {
    let FoundOnPage { path, page, signed, signatures, fields, unplaced, .. } = page;
    let decision = in_words(*signed);
    let line = |found: &FoundSignature| {
        let area = found.area;
        let sure = percent(f64::from(found.confidence));
        format!("\n  signature at x {}, y {}, {} x {} pixels ({sure} sure)", area.x, area.y, area.width, area.height)
    };
    let signatures: String = signatures.iter().map(line).collect();
    let field = |field: &FoundField| format!("\n  field {}: {}", one_line(&field.name), in_words(field.signed));
    let fields: String = fields.iter().map(field).collect();
    let unplaced: String = unplaced.iter().map(|why| format!("\n  the page {}", one_line(why))).collect();
    format!("{}, page {page}: {decision}{signatures}{fields}{unplaced}", one_line(path))
}

fn in_words(signed: Signed) -> String {
    let confidence = percent(f64::from(signed.confidence));
    match signed.decision {
        SignedDecision::Yes => format!("signed ({confidence} sure)"),
        SignedDecision::No => "not signed".to_owned(),
        SignedDecision::Look => format!("look at it: something may be a signature ({confidence})"),
    }
}
