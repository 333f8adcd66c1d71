//! `inkproof verify-batch`: many questioned signatures at once, in the order of a table.
//!
//! Rows are judged some at a time on all cores, and written down as soon as these are done. What is in the results already is
//! not done again, so that a batch that was stopped goes on where it was.

mod cases;
mod results;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use clap::Args;
use inkproof::{Decision, Verifier, VerifyOptions};
use inkproof_lab::progress::{Event, Progress};
use inkproof_service::{Judged, Question, Service, Threads, verify_references};
use inkproof_store::Actor;
use rayon::prelude::*;
use serde_json::json;

use crate::arguments::{ModelFile, StorePlace};
use crate::images::ImageFiles;
use crate::progress::Shown;
use cases::{Against, Case, Cases};
use results::{Outcome, Results};

/// Judge the questioned signatures of a table
///
/// The table is CSV with a column `questioned` and a column `writer` (of enrolled writers; each decision goes into the
/// store's audit) or `references` (files, with ; between them). Files are beside the table unless their paths are absolute.
/// A row that cannot be judged says why in the results, and the others go on. Run it again after a stop: it goes on.
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
        let (mut results, earlier) = Results::open(&self.out, &cases)?;
        let judge = self.judge(&cases)?;
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
        self.report(&counts, earlier);
        Ok(ExitCode::SUCCESS)
    }

    fn judge(&self, cases: &Cases) -> Result<Judge> {
        let folder = self.cases.parent().unwrap_or(Path::new("")).to_owned();
        let by = if cases.of_writers {
            JudgedBy::Service(Box::new(self.store.service(&self.model)?))
        } else {
            JudgedBy::Verifier(self.model.verifier()?)
        };
        Ok(Judge { by, folder })
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
                self.out.display()
            );
        }
    }
}

/// What judges rows, and where their files are.
struct Judge {
    by: JudgedBy,
    /// The table's folder.
    folder: PathBuf,
}

/// Only a table of writers needs a store.
enum JudgedBy {
    Service(Box<Service>),
    Verifier(Arc<Verifier>),
}

impl Judge {
    /// Judges rows on all cores. What is wrong with a row is its outcome; decisions on enrolled writers are written down
    /// together before any is returned.
    fn rows(&self, cases: &[Case]) -> Result<Vec<Outcome>> {
        let judge = |case: &Case| self.row(case).map_err(|error| crate::in_one_line(&error));
        let mut rows: Vec<Result<Judged, String>> = cases.par_iter().with_max_len(1).map(judge).collect();
        if let JudgedBy::Service(service) = &self.by {
            service.record(rows.iter_mut().flatten())?;
        }
        Ok(rows.into_iter().map(Outcome::from).collect())
    }

    fn row(&self, case: &Case) -> Result<Judged> {
        let against = case.against.as_ref().map_err(|why| anyhow!("{why}"))?;
        let verifier = match &self.by {
            JudgedBy::Service(service) => service.verifier(),
            JudgedBy::Verifier(verifier) => verifier,
        };
        let references = match against {
            Against::Writer(_) => &[][..],
            Against::References(references) => references,
        };
        let paths: Vec<PathBuf> =
            [&case.questioned].into_iter().chain(references).map(|path| self.folder.join(path)).collect();
        let files = ImageFiles::read(&paths, verifier.limits())?;
        let images = files.named();
        let question = Question { questioned: images[0], options: VerifyOptions::default(), pictures: false };
        Ok(match (&self.by, against) {
            (JudgedBy::Service(service), Against::Writer(writer)) => {
                service.verify_writer(writer, &question, Actor::local())?
            }
            _ => verify_references(verifier, &images[1..], &question, Actor::local(), Threads::One)?,
        })
    }
}

impl Counts {
    fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Judged { verdict, .. } => match verdict.decision {
                Decision::Accepted => &mut self.accepted,
                Decision::Rejected => &mut self.rejected,
                Decision::Undecided => &mut self.undecided,
            },
        } += 1;
    }
}
