//! `inkproof identify`: which enrolled writer is this?

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof::VerifyOptions;
use inkproof::find::Finder;
use inkproof_service::{
    Candidate, DocumentIdentification, Identification, Identified, ImageFlaw, NamedImage, Service, refusal,
};
use inkproof_store::Actor;

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
use crate::images::ImageFiles;
use crate::terminal::one_line;

/// Find the enrolled writers that a signature is most likely by
///
/// All references are compared by one vector each, and the writers of the best in full, as `verify --writer` does. That the
/// best is better than the others does not yet mean that it is the one: look at the decision.
#[derive(Debug, Args)]
pub struct Identify {
    /// The questioned signature; `-` reads it from standard input
    questioned: PathBuf,
    /// QUESTIONED is a page, as a letter or a cheque: its signatures are found and each is compared. Without --page its first
    /// page that is signed
    #[arg(long)]
    document: bool,
    /// How many writers are shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    top: u16,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    #[command(flatten)]
    image: ImageOptions,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Identify {
    pub fn run(self) -> Result<ExitCode> {
        let service = self.store.service(&self.model, &self.image)?;
        let files = ImageFiles::read(&[&self.questioned], service.verifier().limits())?.on_page(self.image.page, 1);
        let (questioned, options) = (files.named()[0], VerifyOptions::default());
        if self.document {
            return self.of_document(&service, questioned);
        }
        let Identified { answer, entry } = service.identify(questioned, self.top.into(), &options, Actor::local())?;
        service.store().append(&[entry])?;
        if self.json {
            println!("{:#}", serde_json::to_value(&answer)?);
        } else {
            print!("{}", table(&answer));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Identify {
    fn of_document(&self, service: &Service, page: NamedImage<'_>) -> Result<ExitCode> {
        let (finder, options, by) = (Finder::bundled(), VerifyOptions::default(), Actor::local());
        let found = service.identify_document(&finder, page, self.top.into(), &options, &by)?;
        service.store().append(&found.done().map(|identified| identified.entry.clone()).collect::<Vec<_>>())?;
        if self.json {
            println!("{:#}", serde_json::to_value(DocumentIdentification::from(found))?);
            return Ok(ExitCode::SUCCESS);
        }
        let count = found.signatures.len();
        for (at, (place, identified)) in found.signatures.iter().enumerate() {
            let (number, page, area) = (at + 1, found.page.number, place.area);
            println!("Signature {number} of {count} on page {page}, at x {}, y {}:", area.x, area.y);
            match identified {
                Ok(identified) => print!("{}", table(&identified.answer)),
                Err(error) => println!("{}.", refusal(error)),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn table(found: &Identification) -> String {
    if found.writers.is_empty() {
        return "Nobody is enrolled with this model; `inkproof store info` shows the models.\n".to_owned();
    }
    let mut table = format!("{:<24} {:<10} {:>8} {:>9}\n", "writer", "decision", "score", "log10 LR");
    for Candidate { writer, verdict, .. } in &found.writers {
        let lr = verdict.log10_lr.map_or("-".to_owned(), |lr| format!("{:.2}", lr.get()));
        table += &format!("{:<24} {:<10} {:>8.4} {lr:>9}\n", writer.as_str(), verdict.decision, verdict.score.get());
    }
    if let Some(page) = found.page.sentence(&one_line(&found.questioned)) {
        table += &format!("{page}\n");
    }
    for ImageFlaw { path, flaw } in &found.flaws {
        table += &format!("Unfit: {}: {flaw}.\n", one_line(path));
    }
    table + &format!("{} references were compared in {:.1} ms.\n", found.compared, found.milliseconds.search)
}
