//! `inkproof identify`: which enrolled writer is this?

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::arguments::{ModelFile, StorePlace};
use crate::identification::{Suspect, identify};
use crate::images::{ImageFlaw, Seen};
use crate::judgement::Asked;
use crate::search_index::SearchIndex;
use crate::store::{Actor, Event, NewEntry};

/// Find the enrolled writers that a signature is most likely by
///
/// All references are compared by one vector each, and the writers of the best in full, as `verify --writer` does. That the
/// best is better than the others does not yet mean that it is the one: look at the decision.
#[derive(Debug, Args)]
pub struct Identify {
    /// The questioned signature; `-` reads it from standard input
    questioned: PathBuf,
    /// How many writers are shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    top: u16,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    questioned: PathBuf,
    /// The best first.
    writers: Vec<Suspect>,
    /// References that were compared.
    compared: usize,
    flaws: Vec<ImageFlaw>,
    milliseconds: Milliseconds,
}

#[derive(Debug, Serialize)]
struct Milliseconds {
    /// From the store into memory, which a server does once.
    load: f64,
    search: f64,
}

impl Identify {
    pub fn run(self) -> Result<ExitCode> {
        let model = self.model.load()?;
        let store = self.store.open_existing()?;
        let Seen { embeddings, flaws, .. } = Seen::of(&model, &[&self.questioned])?;
        let begun = Instant::now();
        let mut index = SearchIndex::new(model.digest());
        index.refresh(&store)?;
        let load = 1000.0 * begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let asked = Asked { flawed: !flaws.is_empty(), ..Asked::default() };
        let writers = identify(&store, &index, &model, &embeddings[0], asked, self.top.into())?;
        let search = 1000.0 * begun.elapsed().as_secs_f64();
        let outcome = writers.first().map_or("nobody", |best| best.judgement.in_words().0).to_lowercase();
        store.append(&[NewEntry {
            actor: Actor::local(),
            event: Event::Identified,
            writer: writers.first().map(|best| best.pseudonym),
            model: Some(model.digest().to_owned()),
            outcome,
            details: json!({"score": writers.first().map(|best| best.judgement.score), "compared": index.len()}),
        }])?;
        let report = Report {
            questioned: self.questioned,
            writers,
            compared: index.len(),
            flaws,
            milliseconds: Milliseconds { load, search },
        };
        match self.json {
            true => println!("{:#}", serde_json::to_value(&report)?),
            false => print!("{}", table(&report)),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn table(report: &Report) -> String {
    if report.writers.is_empty() {
        return "Nobody is enrolled with this model; `inkproof store info` shows the models.\n".to_owned();
    }
    let mut table = format!("{:<24} {:<10} {:>8} {:>9}\n", "writer", "decision", "score", "log10 LR");
    for Suspect { writer, judgement, .. } in &report.writers {
        let lr = judgement.log10_lr.map_or("-".to_owned(), |lr| format!("{:.2}", lr.get()));
        let decision = judgement.in_words().0.to_lowercase();
        table += &format!("{:<24} {decision:<10} {:>8.4} {lr:>9}\n", writer.as_str(), judgement.score.get());
    }
    for ImageFlaw { path, flaw } in &report.flaws {
        table += &format!("Unfit: {}: {flaw}.\n", path.display());
    }
    table + &format!("{} references were compared in {:.1} ms.\n", report.compared, report.milliseconds.search)
}
