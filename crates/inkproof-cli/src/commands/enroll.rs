//! `inkproof enroll`: keeps a writer's references, so that signatures can be verified by the writer's id.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use inkproof::Model;
use serde::Serialize;

use crate::arguments::{ModelFile, StorePlace};
use crate::enrolment::{Candidate, Consistency, Examined, Objection, examine};
use crate::images::Seen;
use crate::store::{Actor, Enrolment, ModelStamp, NewReference, Store, StoreError, Time, Writer, WriterId};

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

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    writer: &'a WriterId,
    /// The new references, by number and file.
    references: Vec<Kept<'a>>,
    /// Those that the writer has now.
    total: usize,
    consistency: Consistency,
    wanted: usize,
    objections: &'a [Objection],
}

#[derive(Debug, Serialize)]
struct Kept<'a> {
    reference: i64,
    path: &'a PathBuf,
}

/// Somebody else may enrol the same writer at the same time: then all is looked at again.
const ATTEMPTS: usize = 5;

impl Enroll {
    pub fn run(self) -> Result<ExitCode> {
        let model = self.model.load()?;
        let paths: Vec<_> = self.images.iter().map(PathBuf::as_path).collect();
        let seen = Seen::of(&model, &paths)?;
        let store = self.store.open()?;
        let mut attempt = 1;
        loop {
            match self.enroll(&store, &model, &seen) {
                Err(error) if attempt < ATTEMPTS && is_changed(&error) => attempt += 1,
                done => return done,
            }
        }
    }

    fn enroll(&self, store: &Store, model: &Model, seen: &Seen) -> Result<ExitCode> {
        let writer = store.writer(&self.writer)?;
        let examined = self.examine(model, writer.as_ref(), seen)?;
        if !self.anyway && !examined.objections.is_empty() {
            let all: Vec<_> = examined.objections.iter().map(ToString::to_string).collect();
            bail!("nothing was enrolled: {}; give other images, or --anyway", all.join("; "));
        }
        let references: Vec<NewReference> = (0..seen.inks.len())
            .map(|place| NewReference {
                ink: seen.inks[place].clone(),
                embedding: seen.embeddings[place].clone(),
                digest: seen.digests[place],
                image: self.keep_images.then(|| seen.files[place].clone()),
                written: self.written,
            })
            .collect();
        let enrolled = store.enroll(&Enrolment {
            writer: &self.writer,
            references: &references,
            model: &ModelStamp::of(model),
            by: &Actor::local(),
            four_eyes: self.four_eyes,
            seen: writer.as_ref().map_or(0, |writer| writer.changed),
            key: None,
        })?;
        let kept = enrolled.references.iter().zip(&self.images);
        let report = Report {
            writer: &self.writer,
            references: kept.map(|(&reference, path)| Kept { reference, path }).collect(),
            total: writer.map_or(0, |writer| writer.references.len()) + references.len(),
            consistency: examined.consistency,
            wanted: examined.wanted,
            objections: &examined.objections,
        };
        match self.json {
            true => println!("{:#}", serde_json::to_value(&report)?),
            false => println!("{}", self.sentences(&report, &examined)),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn examine(&self, model: &Model, writer: Option<&Writer>, seen: &Seen) -> Result<Examined> {
        let kept = writer.map_or(&[][..], |writer| &writer.references);
        let stale = kept.iter().find(|reference| reference.model.digest != model.digest());
        if let Some(stale) = stale {
            bail!(
                "reference {} of '{}' was embedded by another model ({}); run `inkproof store reembed` first",
                stale.id,
                self.writer,
                stale.model.digest
            );
        }
        let kept: Vec<_> = kept.iter().map(Candidate::kept).collect();
        let flaws = |path| seen.flaws.iter().filter(move |flaw| flaw.path == path).map(|flaw| flaw.flaw);
        let offered: Vec<_> = self
            .images
            .iter()
            .enumerate()
            .map(|(place, path)| Candidate {
                name: path.display().to_string(),
                embedding: &seen.embeddings[place],
                digest: seen.digests[place],
                flaws: flaws(path.as_path()).collect(),
            })
            .collect();
        examine(model, &kept, &offered)
    }

    fn sentences(&self, report: &Report<'_>, examined: &Examined) -> String {
        let count = match report.references.len() {
            1 => "1 reference".to_owned(),
            count => format!("{count} references"),
        };
        let waiting = if self.four_eyes { " They count when somebody else has approved them." } else { "" };
        let done = format!("Enrolled {count} of '{}', who has {} now.{waiting}", self.writer, report.total);
        let kept_anyway = report.objections.iter().map(|objection| format!("Kept anyway: {objection}."));
        [done].into_iter().chain(kept_anyway).chain([examined.advice()]).collect::<Vec<_>>().join("\n")
    }
}

fn is_changed(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Changed(_)))
}
