//! `inkproof verify-batch`: many questioned signatures at once, in the order of a table.
//!
//! Rows are judged some at a time on all cores, and written down as soon as these are done. What is in the results already is
//! not done again, so that a batch that was stopped goes on where it was; what was recorded before it was told is not
//! recorded again (`unfinished`).

mod results;
mod unfinished;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use inkproof::{Decision, Verifier};
use inkproof_lab::progress::{Event, Progress};
use inkproof_service::{BatchJudge, BatchMemory, Case, CaseOutcome, Cases, Decided, ImageField, Judged, Service};
use inkproof_store::Actor;
use rayon::prelude::*;
use serde_json::json;

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
use crate::images::read_listed;
use crate::outputs::Inputs;
use crate::progress::Shown;
use crate::terminal::one_line;
use results::Results;
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

/// Rows for each thread that are judged before they are written.
const ROWS_A_THREAD: usize = 16;
/// Files of references that are remembered; see [`BatchMemory::new`].
const REMEMBERED: usize = 4096;

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
        let bytes = std::fs::read(&self.cases).with_context(|| format!("{}: cannot be read", self.cases.display()))?;
        let cases = Cases::parse(bytes).map_err(|problem| anyhow!("{}: {problem}", self.cases.display()))?;
        self.inputs(&cases).spare(&[&self.out, &unfinished::beside(&self.out)])?;
        let goes_on = self.out.exists();
        let judge = self.judge(&cases, goes_on)?;
        let (mut results, earlier) = Results::open(&self.out, &cases)?;
        let mut shown = Shown::new();
        shown.report(Event::Stage { name: "verify", total: cases.rows.len() });
        if earlier > 0 {
            shown.report(Event::Note(&format!("{earlier} rows are in {} already", self.out.display())));
        }
        let counts = judge.all(&cases.rows[earlier..], &mut results, &mut |done| {
            shown.report(Event::Advance { done: earlier + done });
        })?;
        drop(shown);
        judge.finish()?;
        self.report(&counts, earlier);
        Ok(ExitCode::SUCCESS)
    }

    fn inputs(&self, cases: &Cases) -> Inputs {
        let store = self.store.place().ok();
        let inputs = Inputs::default()
            .and([&self.cases])
            .and(cases.files().map(|file| inkproof_table::file(self.folder(), file)));
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
        let memory = BatchMemory::new(REMEMBERED);
        Ok(Judge { by, folder: self.folder().to_owned(), page: self.image.page, memory })
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
    memory: BatchMemory,
}

/// Only a table of writers needs a store.
enum JudgedBy {
    Service { service: Box<Service>, unfinished: Unfinished },
    Verifier(Arc<Verifier>),
}

/// Rows, with what was judged of each or what is wrong with it.
type JudgedRows<'a> = Vec<(&'a Case, Result<Row, String>)>;

impl Judge {
    /// Judges rows on all cores and writes them, in their order; while some are written, which is waiting for a disk, the next are
    /// judged. `told` is called with how many are written.
    fn all(&self, cases: &[Case], results: &mut Results, told: &mut (dyn FnMut(usize) + Send)) -> Result<Counts> {
        let (sender, receiver) = sync_channel(1);
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || self.write_all(&receiver, results, told));
            for some in cases.chunks(ROWS_A_THREAD * rayon::current_num_threads()) {
                // Where writing failed, its error is the batch's.
                if sender.send(self.rows(some)).is_err() {
                    break;
                }
            }
            drop(sender);
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn write_all(
        &self,
        judged: &Receiver<JudgedRows<'_>>,
        results: &mut Results,
        told: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Counts> {
        let (mut counts, mut done) = (Counts::default(), 0);
        for mut rows in judged {
            self.record(&mut rows)?;
            done += rows.len();
            for (case, row) in rows {
                let outcome = row.map(Row::decided);
                counts.count(&outcome);
                results.write(case, &outcome)?;
            }
            results.flush()?;
            told(done);
        }
        Ok(counts)
    }

    /// What is wrong with a row is its outcome.
    fn rows<'a>(&self, cases: &'a [Case]) -> JudgedRows<'a> {
        let judge = |case: &'a Case| (case, self.row(case).map_err(|error| crate::in_one_line(&error)));
        cases.par_iter().with_max_len(1).map(judge).collect()
    }

    /// Writes down together what was decided on enrolled writers, before any of it is told.
    fn record(&self, rows: &mut JudgedRows<'_>) -> Result<()> {
        let JudgedBy::Service { service, unfinished } = &self.by else { return Ok(()) };
        let new = rows.iter_mut().filter_map(|(case, row)| Some((*case, row.as_mut().ok()?.as_new()?)));
        let mut new: Vec<(&Case, &mut Judged)> = new.collect();
        if new.is_empty() {
            return Ok(());
        }
        unfinished.note(service.store(), &mut new)?;
        Ok(service.record(new.into_iter().map(|(_, judged)| judged))?)
    }

    fn row(&self, case: &Case) -> Result<Row> {
        let by = match &self.by {
            JudgedBy::Service { service, unfinished } => {
                if let Some(recorded) = unfinished.recorded(case) {
                    return Ok(Row::Recorded(recorded.clone()));
                }
                BatchJudge::Service(service)
            }
            JudgedBy::Verifier(verifier) => BatchJudge::Verifier(verifier),
        };
        let limits = by.verifier().limits();
        let judged = by.judge(case, &self.memory, Actor::local(), |field, file| {
            let mut image = read_listed(&inkproof_table::file(&self.folder, file), limits)?;
            if field == ImageField::Questioned {
                image.page = image.page.or(self.page);
            }
            Ok::<_, anyhow::Error>(image)
        })?;
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
    fn count(&mut self, outcome: &CaseOutcome) {
        *match outcome {
            Err(_) => &mut self.failed,
            Ok(Decided { decision: Decision::Accepted, .. }) => &mut self.accepted,
            Ok(Decided { decision: Decision::Rejected, .. }) => &mut self.rejected,
            Ok(Decided { decision: Decision::Undecided, .. }) => &mut self.undecided,
        } += 1;
    }
}
