//! `inkproof enroll`: keeps a writer's references, or those of many writers, so that signatures can be verified by the
//! writer's id.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{ArgAction, Args};
use inkproof_lab::dataset::{References, Skipped};
use inkproof_service::{
    EnrolRequest, Enrolled, Error as ServiceError, NamedImage, Options, Service, Threads, WriterState,
};
use inkproof_store::{Actor, Time, WriterId};
use serde_json::{Value, json};

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
use crate::images::ImageFiles;
use crate::terminal::one_line;

/// Keep references of a writer: signatures known to be the writer's
///
/// A reference that is unfit, the same as another, or does not agree with the others is refused, and then none is kept.
///
/// With --from many writers are enrolled, each with all references or with none; one who is enrolled already is left as he
/// is, so that it can be run again. Exit code 0 when all are enrolled, 3 when some were refused, 2 when something is wrong.
#[derive(Debug, Args)]
pub struct Enroll {
    /// An opaque id, not a name: letters, digits or . _ : @ -
    #[arg(required_unless_present = "from")]
    writer: Option<WriterId>,
    /// Image files of one signature each
    #[arg(required_unless_present = "from")]
    images: Vec<PathBuf>,
    /// Enrol many writers: a folder with one folder for each, called by the writer's id, or a table with the columns
    /// writer,path (docs/data.md)
    #[arg(long, value_name = "FOLDER|TABLE.csv", conflicts_with_all = ["writer", "images"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    #[command(flatten)]
    image: ImageOptions,
    /// Keep the references whatever speaks against them
    #[arg(long)]
    anyway: bool,
    /// Keep the original images too, sealed, so that a later program can look at them afresh; with =false their ink alone
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
        default_missing_value = "true", action = ArgAction::Set)]
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
        match (&self.from, &self.writer) {
            (Some(from), _) => self.many(from),
            (None, Some(writer)) => self.one(writer),
            (None, None) => bail!("give a writer, or many with --from"),
        }
    }

    fn one(&self, writer: &WriterId) -> Result<ExitCode> {
        let verifier = self.model.verifier(&self.image)?;
        let files = ImageFiles::read(&self.images, verifier.limits())?.on_page(self.image.page, self.images.len());
        let service = self.store.new_service(verifier, self.options())?;
        let enrolled = service.enroll(&self.request(writer, &files.named(), WriterState::Any), &Actor::local())?;
        if self.json {
            println!("{:#}", serde_json::to_value(&enrolled)?);
        } else {
            println!("{}", sentences(&enrolled));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// All writers' ids are looked at before anyone is enrolled; then each is enrolled whole or not at all.
    fn many(&self, from: &Path) -> Result<ExitCode> {
        let References { writers, skipped } = References::read(from)?;
        let writers = writers
            .into_iter()
            .map(|(writer, paths)| {
                let id = writer.as_str().parse::<WriterId>();
                Ok((id.with_context(|| format!("{}: writer '{writer}'", from.display()))?, paths))
            })
            .collect::<Result<Vec<_>>>()?;
        for skipped in &skipped {
            eprintln!("left out: {}: {}", one_line(skipped.path.display()), one_line(&skipped.why));
        }
        let service = self.store.new_service(self.model.verifier(&self.image)?, self.options())?;
        let mut told = Vec::with_capacity(writers.len());
        for (writer, paths) in &writers {
            let outcome = self.one_of_many(&service, writer, paths);
            if !self.json {
                println!("{}", outcome.line(writer));
            }
            told.push((writer, outcome));
        }
        let count = |is_it: fn(&Outcome) -> bool| told.iter().filter(|(_, outcome)| is_it(outcome)).count();
        let enrolled = count(|outcome| matches!(outcome, Outcome::Enrolled(_)));
        let known = count(|outcome| matches!(outcome, Outcome::Known));
        let refused = count(|outcome| matches!(outcome, Outcome::Refused(_)));
        if self.json {
            let writers = told.iter().map(|(writer, outcome)| outcome.document(writer)).collect::<Result<Vec<_>>>()?;
            let skipped: Vec<Value> = skipped.iter().map(Skipped::document).collect();
            let document = json!({"writers": writers, "enrolled": enrolled, "known": known, "refused": refused,
                "left_out": skipped});
            println!("{document:#}");
        } else {
            println!("{enrolled} writer(s) enrolled, {known} enrolled already, {refused} refused.");
        }
        Ok(ExitCode::from(if refused > 0 { 3 } else { 0 }))
    }

    fn one_of_many(&self, service: &Service, writer: &WriterId, paths: &[PathBuf]) -> Outcome {
        let files = match ImageFiles::read_listed(paths, service.verifier().limits()) {
            Ok(files) => files.on_page(self.image.page, paths.len()),
            Err(error) => return Outcome::Refused(crate::in_one_line(&error)),
        };
        match service.enroll(&self.request(writer, &files.named(), WriterState::New), &Actor::local()) {
            Ok(enrolled) => Outcome::Enrolled(Box::new(enrolled)),
            Err(ServiceError::WriterExists(_)) => Outcome::Known,
            Err(error) => Outcome::Refused(crate::in_one_line(&error.into())),
        }
    }

    fn options(&self) -> Options {
        Options { four_eyes: self.four_eyes, keep_images: self.keep_images, threads: Threads::All }
    }

    fn request<'a>(&self, writer: &WriterId, images: &'a [NamedImage<'a>], state: WriterState) -> EnrolRequest<'a> {
        EnrolRequest { writer: writer.clone(), images, written: self.written, force: self.anyway, state, key: None }
    }
}

/// What became of one of many writers.
enum Outcome {
    Enrolled(Box<Enrolled>),
    Known,
    Refused(String),
}

impl Outcome {
    fn line(&self, writer: &WriterId) -> String {
        match self {
            Self::Enrolled(enrolled) => sentences(enrolled).replace('\n', " "),
            Self::Known => format!("'{writer}' is enrolled already and left as it is."),
            Self::Refused(why) => format!("Refused '{writer}', of whom nothing is kept: {}.", one_line(why)),
        }
    }

    fn document(&self, writer: &WriterId) -> Result<Value> {
        Ok(match self {
            Self::Enrolled(enrolled) => {
                json!({"writer": writer, "outcome": "enrolled", "enrolled": serde_json::to_value(enrolled)?})
            }
            Self::Known => json!({"writer": writer, "outcome": "known"}),
            Self::Refused(why) => json!({"writer": writer, "outcome": "refused", "why": why}),
        })
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
