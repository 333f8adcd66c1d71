//! `inkproof enroll`: keeps a writer's references, so that signatures can be verified by the writer's id.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof_service::{EnrolRequest, Enrolled, Options, Threads, WriterState};
use inkproof_store::{Actor, Time, WriterId};

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
use crate::images::ImageFiles;
use crate::terminal::one_line;

/// Keep references of a writer: signatures known to be the writer's
///
/// A reference that is unfit, the same as another, or does not agree with the others is refused, and then none is kept.
#[derive(Debug, Args)]
pub struct Enroll {
    /// An opaque id, not a name: letters, digits or . _ : @ -
    writer: WriterId,
    /// Image files of one signature each
    #[arg(required = true)]
    images: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    #[command(flatten)]
    image: ImageOptions,
    /// Keep the references whatever speaks against them
    #[arg(long)]
    anyway: bool,
    /// Keep the original images too; without it the normalised ink alone is kept
    #[arg(long)]
    keep_images: bool,
    /// When they were signed, as 2024-03-31; without it they are as old as their enrolment
    #[arg(long, value_name = "DATE")]
    written: Option<Time>,
    /// Let them count only when somebody else has approved them
    #[arg(long)]
    four_eyes: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Enroll {
    pub fn run(self) -> Result<ExitCode> {
        let verifier = self.model.verifier(&self.image)?;
        let files = ImageFiles::read(&self.images, verifier.limits())?.on_page(self.image.page, self.images.len());
        let threads = Threads::All;
        let options = Options { four_eyes: self.four_eyes, keep_images: self.keep_images, threads };
        let service = self.store.new_service(verifier, options)?;
        let request = EnrolRequest {
            writer: self.writer,
            images: &files.named(),
            written: self.written,
            force: self.anyway,
            state: WriterState::Any,
            key: None,
        };
        let enrolled = service.enroll(&request, &Actor::local())?;
        if self.json {
            println!("{:#}", serde_json::to_value(&enrolled)?);
        } else {
            println!("{}", sentences(&enrolled));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn sentences(enrolled: &Enrolled) -> String {
    let count = match enrolled.references.len() {
        1 => "1 reference".to_owned(),
        count => format!("{count} references"),
    };
    let waiting = if enrolled.waiting { " They count when somebody else has approved them." } else { "" };
    let done = format!("Enrolled {count} of '{}', who has {} now.{waiting}", enrolled.writer, enrolled.total);
    let pages = enrolled.references.iter().filter_map(|reference| reference.page.sentence(&reference.path));
    let kept_anyway = enrolled.objections.iter().map(|objection| format!("Kept anyway: {objection}."));
    [done]
        .into_iter()
        .chain(pages)
        .chain(kept_anyway)
        .chain(enrolled.advice.clone())
        .map(one_line)
        .collect::<Vec<_>>()
        .join("\n")
}
