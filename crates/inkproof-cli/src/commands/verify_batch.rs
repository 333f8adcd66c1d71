//! `inkproof verify-batch`: many questioned signatures at once, in the order of a table.
//!
//! Rows are judged some at a time on all cores, and written down as soon as these are done. What is in the results already is
//! not done again, so that a batch that was stopped goes on where it was.

mod cases;
mod results;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof::{Decision, Embedding, Ink, Model};
use inkproof_lab::progress::{Event, Progress};
use rayon::prelude::*;
use serde_json::json;

use crate::arguments::{ModelFile, StorePlace};
use crate::images::Seen;
use crate::judgement::{Asked, Judgement};
use crate::known_writer::KnownWriter;
use crate::progress::Shown;
use crate::store::{Actor, NewDecision, Store};
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

/// What was found out of a row, and what of it goes into the audit.
struct Judged {
    outcome: Outcome,
    decision: Option<NewDecision>,
}

impl VerifyBatch {
    pub fn run(self) -> Result<ExitCode> {
        let cases = Cases::read(&self.cases)?;
        let (mut results, earlier) = Results::open(&self.out, &cases)?;
        let model = self.model.load()?;
        let store = if cases.of_writers { Some(self.store.open_existing()?) } else { None };
        let mut shown = Shown::new();
        shown.report(Event::Stage { name: "verify", total: cases.rows.len() });
        if earlier > 0 {
            shown.report(Event::Note(&format!("{earlier} rows are in {} already", self.out.display())));
        }
        let (mut counts, mut done) = (Counts::default(), earlier);
        for some in cases.rows[earlier..].chunks(ROWS_A_THREAD * rayon::current_num_threads()) {
            let judged = |case: &Case| self.judge(&model, store.as_ref(), case);
            let judged: Vec<Judged> = some.par_iter().with_max_len(1).map(judged).collect();
            let decisions: Vec<NewDecision> = judged.iter().filter_map(|judged| judged.decision.clone()).collect();
            if let Some(store) = &store {
                store.record(&decisions)?;
            }
            for (case, Judged { outcome, .. }) in some.iter().zip(judged) {
                counts.count(&outcome);
                results.write(case, &outcome)?;
            }
            results.flush()?;
            done += some.len();
            shown.report(Event::Advance { done });
        }
        drop(shown);
        self.tell(&counts, earlier);
        Ok(ExitCode::SUCCESS)
    }

    /// One row; what is wrong with it is its outcome.
    fn judge(&self, model: &Model, store: Option<&Store>, case: &Case) -> Judged {
        let judged = match (&case.against, store) {
            (Err(why), _) => Err(anyhow::anyhow!("{why}")),
            (Ok(Against::Writer(id)), Some(store)) => KnownWriter::find(store, id, model)
                .and_then(|known| of_enrolled(model, &known, &self.beside(&case.questioned))),
            (Ok(Against::References(references)), _) => self.of_files(model, references, &case.questioned),
            (Ok(Against::Writer(_)), None) => unreachable!("a table of writers opens the store"),
        };
        judged.unwrap_or_else(|error| Judged { outcome: Outcome::Failed(crate::in_one_line(&error)), decision: None })
    }

    fn of_files(&self, model: &Model, references: &[PathBuf], questioned: &Path) -> Result<Judged> {
        let paths: Vec<PathBuf> = [questioned]
            .into_iter()
            .chain(references.iter().map(PathBuf::as_path))
            .map(|path| self.beside(path))
            .collect();
        let Seen { embeddings, flaws, .. } = Seen::of(model, &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
        let references: Vec<&Embedding> = embeddings[1..].iter().collect();
        let asked = Asked { flawed: !flaws.is_empty(), ..Asked::default() };
        let judgement = Judgement::of(model, &references, &embeddings[0], asked)?;
        let flaws = flaws.iter().map(|flaw| format!("{}: {}", flaw.path.display(), flaw.flaw)).collect();
        Ok(Judged { outcome: Outcome::Judged(judgement, flaws), decision: None })
    }

    fn beside(&self, path: &Path) -> PathBuf {
        self.cases.parent().unwrap_or(Path::new("")).join(path)
    }

    fn tell(&self, counts: &Counts, earlier: usize) {
        let Counts { accepted, rejected, undecided, failed } = counts;
        match self.json {
            true => println!(
                "{:#}",
                json!({"out": self.out, "accepted": accepted, "rejected": rejected,
                "undecided": undecided, "failed": failed, "earlier": earlier})
            ),
            false => println!(
                "{accepted} accepted, {rejected} rejected, {undecided} undecided, {failed} could not be judged; the results \
                 are in {}.",
                self.out.display()
            ),
        }
    }
}

fn of_enrolled(model: &Model, known: &KnownWriter, questioned: &Path) -> Result<Judged> {
    let Seen { inks, embeddings, flaws, .. } = Seen::of(model, &[questioned])?;
    let references: Vec<&Embedding> = known.embeddings.iter().collect();
    let asked = Asked { flawed: !flaws.is_empty(), ..Asked::default() };
    let judgement = Judgement::of(model, &references, &embeddings[0], asked)?;
    let flaws: Vec<String> = flaws.iter().map(|flaw| flaw.flaw.to_string()).collect();
    let ink: Option<Ink> = inks.into_iter().next();
    let decision = NewDecision {
        writer: Some(known.pseudonym),
        by: Actor::local(),
        decision: judgement.decision,
        model: model.digest().to_owned(),
        details: known.details(&judgement, &flaws),
        questioned: ink.filter(|_| judgement.decision == Decision::Undecided),
    };
    Ok(Judged { outcome: Outcome::Judged(judgement, flaws), decision: Some(decision) })
}

impl Counts {
    fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Judged(judgement, _) => match judgement.decision {
                Decision::Accepted => &mut self.accepted,
                Decision::Rejected => &mut self.rejected,
                Decision::Undecided => &mut self.undecided,
            },
        } += 1;
    }
}
