//! `inkproof verify-batch`: many questioned signatures at once, in the order of a table.
//!
//! Rows are judged some at a time on all cores, and written down as soon as these are done. What is in the results already is
//! not done again, so that a batch that was stopped goes on where it was; what was recorded before it was told is not
//! recorded again (`unfinished`).

mod cases;
mod results;
mod unfinished;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use clap::Args;
use inkproof::{Decision, Verifier, VerifyOptions};
use inkproof_lab::progress::{Event, Progress};
use inkproof_lab::table;
use inkproof_service::{Judged, Question, Service, Threads, verify_references};
use inkproof_store::Actor;
use rayon::prelude::*;
use serde_json::json;

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
use crate::images::ImageFiles;
use crate::outputs::Inputs;
use crate::progress::Shown;
use crate::terminal::one_line;
use cases::{Against, Case, Cases};
use results::{Decided, Outcome, Results};
use unfinished::Unfinished;

/// Judge the questioned signatures of a table
///
/// The table is CSV, as Excel and others write it (docs/data.md), with a column `questioned` and a column `writer` (of
/// enrolled writers; each decision goes into the store's audit) or `references` (files, with ; between them). Files are
/// beside the table unless their paths are absolute. A row that cannot be judged says why in the results, and the others go
/// on. Run it again after a stop: it goes on.
#[derive(Debug, Args)]
pub struct VerifyBatch {
    /// CSV file with the columns writer,questioned or references,questioned
    cases: PathBuf,
    /// Results in the order of the table, as .csv or .jsonl
    #[arg(long, value_name = "OUT.csv|OUT.jsonl")]
    out: PathBuf,
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

/// Rows for each thread that are judged before anything is written.
const ROWS_A_THREAD: usize = 16;

/// How many rows came out how.
#[derive(Debug, Default)]
struct Counts {
    accepted: usize,
    rejected: usize,
    undecided: usize,
    failed: usize,
}

impl VerifyBatch {
    pub fn run(self) -> Result<ExitCode> {
        let cases = Cases::read(&self.cases)?;
        self.inputs(&cases).spare(&[&self.out, &unfinished::beside(&self.out)])?;
        let goes_on = self.out.exists();
        let judge = self.judge(&cases, goes_on)?;
        let (mut results, earlier) = Results::open(&self.out, &cases)?;
        let mut shown = Shown::new();
        shown.report(Event::Stage { name: "verify", total: cases.rows.len() });
        if earlier > 0 {
            shown.report(Event::Note(&format!("{earlier} rows are in {} already", self.out.display())));
        }
        let (mut counts, mut done) = (Counts::default(), earlier);
        for some in cases.rows[earlier..].chunks(ROWS_A_THREAD * rayon::current_num_threads()) {
            for (case, outcome) in some.iter().zip(judge.rows(some)?) {
                counts.count(&outcome);
                results.write(case, &outcome)?;
            }
            results.flush()?;
            done += some.len();
            shown.report(Event::Advance { done });
        }
        drop(shown);
        judge.finish()?;
        self.report(&counts, earlier);
        Ok(ExitCode::SUCCESS)
    }

    fn inputs(&self, cases: &Cases) -> Inputs {
        let store = self.store.place().ok();
        let inputs = Inputs::default().and([&self.cases]).and(cases.files(self.folder()));
        inputs.and(self.model.path()).and_store(store.as_deref())
    }

    /// The table's.
    fn folder(&self) -> &Path {
        self.cases.parent().unwrap_or(Path::new(""))
    }

    fn judge(&self, cases: &Cases, goes_on: bool) -> Result<Judge> {
        let by = if cases.of_writers {
            let service = Box::new(self.store.service(&self.model, &self.image)?);
            let unfinished = Unfinished::open(&self.out, goes_on, &cases.rows, service.store())?;
            JudgedBy::Service { service, unfinished }
        } else {
            JudgedBy::Verifier(self.model.verifier(&self.image)?)
        };
        Ok(Judge { by, folder: self.folder().to_owned(), page: self.image.page })
    }

    fn report(&self, counts: &Counts, earlier: usize) {
        let Counts { accepted, rejected, undecided, failed } = counts;
        if self.json {
            println!(
                "{:#}",
                json!({"out": self.out, "accepted": accepted, "rejected": rejected,
                "undecided": undecided, "failed": failed, "earlier": earlier})
            );
        } else {
            println!(
                "{accepted} accepted, {rejected} rejected, {undecided} undecided, {failed} could not be judged; the results \
                 are in {}.",
                one_line(self.out.display())
            );
        }
    }
}

/// What judges rows, and where their files are.
struct Judge {
    by: JudgedBy,
    /// The table's folder.
    folder: PathBuf,
    /// Of the questioned signatures' files.
    page: Option<u32>,
}

/// Only a table of writers needs a store.
enum JudgedBy {
    Service { service: Box<Service>, unfinished: Unfinished },
    Verifier(Arc<Verifier>),
}

impl Judge {
    /// Judges rows on all cores. What is wrong with a row is its outcome; decisions on enrolled writers are written down
    /// together before any is returned.
    fn rows(&self, cases: &[Case]) -> Result<Vec<Outcome>> {
        let judge = |case: &Case| self.row(case).map_err(|error| crate::in_one_line(&error));
        let mut rows: Vec<Result<Row, String>> = cases.par_iter().with_max_len(1).map(judge).collect();
        if let JudgedBy::Service { service, unfinished } = &self.by {
            let new = cases.iter().zip(&mut rows).filter_map(|(case, row)| Some((case, row.as_mut().ok()?.as_new()?)));
            let mut new: Vec<(&Case, &mut Judged)> = new.collect();
            if !new.is_empty() {
                unfinished.note(service.store(), &mut new)?;
                service.record(new.into_iter().map(|(_, judged)| judged))?;
            }
        }
        Ok(rows.into_iter().map(|row| row.map(Row::decided)).collect())
    }

    fn row(&self, case: &Case) -> Result<Row> {
        let against = case.against.as_ref().map_err(|why| anyhow!("{why}"))?;
        let (verifier, recorded) = match &self.by {
            JudgedBy::Service { service, unfinished } => (service.verifier(), unfinished.recorded(case)),
            JudgedBy::Verifier(verifier) => (&**verifier, None),
        };
        if let Some(recorded) = recorded {
            return Ok(Row::Recorded(recorded.clone()));
        }
        let references = match against {
            Against::Writer(_) => &[][..],
            Against::References(references) => references,
        };
        let named = [&case.questioned].into_iter().chain(references);
        let paths: Vec<PathBuf> = named.map(|path| table::file(&self.folder, path)).collect();
        let files = ImageFiles::read_listed(&paths, verifier.limits())?.on_page(self.page, 1);
        let images = files.named();
        let question = Question { questioned: images[0], options: VerifyOptions::default(), pictures: false };
        let judged = match (&self.by, against) {
            (JudgedBy::Service { service, .. }, Against::Writer(writer)) => {
                service.verify_writer(writer, &question, Actor::local())?
            }
            _ => verify_references(verifier, &images[1..], &question, Actor::local(), Threads::One)?,
        };
        Ok(Row::New(Box::new(judged)))
    }

    /// All rows are told.
    fn finish(self) -> Result<()> {
        match self.by {
            JudgedBy::Service { unfinished, .. } => unfinished.finish(),
            JudgedBy::Verifier(_) => Ok(()),
        }
    }
}

/// A row that was judged.
enum Row {
    New(Box<Judged>),
    /// In the audit already, since the batch was stopped before it told so.
    Recorded(Decided),
}

impl Row {
    fn as_new(&mut self) -> Option<&mut Judged> {
        match self {
            Self::New(judged) => Some(judged),
            Self::Recorded(_) => None,
        }
    }

    fn decided(self) -> Decided {
        match self {
            Self::New(judged) => Decided::from(&*judged),
            Self::Recorded(decided) => decided,
        }
    }
}

impl Counts {
    fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Err(_) => &mut self.failed,
            Ok(Decided { decision: Decision::Accepted, .. }) => &mut self.accepted,
            Ok(Decided { decision: Decision::Rejected, .. }) => &mut self.rejected,
            Ok(Decided { decision: Decision::Undecided, .. }) => &mut self.undecided,
        } += 1;
    }
}
