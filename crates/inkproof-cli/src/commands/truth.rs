//! `inkproof truth`: what the notebook's number is worth. The notebook's network is trained on writers that are not in
//! the test, on raw pixels and on ink, and asked what the notebook never asked: does it accept strangers?

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use inkproof::{Architecture, Backbone, Model};
use inkproof_lab::dataset::Split;
use inkproof_lab::evaluate::VerificationOptions;
use inkproof_lab::train::{self, Outcome, TrainOptions};
use serde::Serialize;

use super::evaluate::embed;
use crate::arguments::{Data, PreprocessKind};
use crate::figures::percent;
use crate::interrupt;
use crate::progress::Shown;

/// Show what the notebook's accuracy is worth: does its network know writers, or the scanner?
///
/// DATA needs train/ and test/ with different writers. Trains one network for each seed and preprocessing; what is
/// interrupted goes on when the command is given again.
#[derive(Debug, Args)]
pub struct Truth {
    #[command(flatten)]
    data: Data,
    /// Folder for the trained models
    #[arg(long, default_value = "truth")]
    out: PathBuf,
    /// One training each
    #[arg(long, value_delimiter = ',', default_value = "0,1,2")]
    seeds: Vec<u64>,
    /// Preprocessings to compare
    #[arg(long, value_enum, value_delimiter = ',', default_value = "raw,ink")]
    preprocess: Vec<PreprocessKind>,
    /// Passes over all pairs, as in the notebook
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// The four numbers of one training; rates are 0..1, at the notebook's threshold of 0.5.
#[derive(Debug, Serialize)]
struct Row {
    preprocess: &'static str,
    seed: u64,
    accuracy: f64,
    skilled_eer: Option<f64>,
    skilled_eer_ci95: Option<[f64; 2]>,
    strangers_accepted: Option<f64>,
    random_eer: f64,
    random_eer_ci95: Option<[f64; 2]>,
}

impl Truth {
    pub fn run(self) -> Result<ExitCode> {
        self.data.open()?.require_disjoint_splits()?;
        std::fs::create_dir_all(&self.out).with_context(|| format!("{}: cannot be made", self.out.display()))?;
        interrupt::listen()?;
        let mut rows = Vec::new();
        for &kind in &self.preprocess {
            for &seed in &self.seeds {
                let Some(model) = self.trained(kind, seed)? else { return Ok(ExitCode::from(2)) };
                rows.push(self.measure(&model, kind, seed)?);
            }
        }
        match self.json {
            true => println!("{:#}", serde_json::json!({"epochs": self.epochs, "rows": rows})),
            false => print_table(&rows),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The model of an earlier run, or a new one; nothing when the user stops it.
    fn trained(&self, kind: PreprocessKind, seed: u64) -> Result<Option<Model>> {
        let path = self.out.join(format!("{}-{seed}-{}.safetensors", name(kind), self.epochs));
        if path.exists() {
            return Ok(Some(Model::load(&path)?));
        }
        let resume = train::checkpoint_path(&path).exists();
        let read = self.data.read_options(kind.preprocess());
        let options = TrainOptions {
            read,
            epochs: self.epochs,
            seed,
            ..TrainOptions::new(Architecture::Siamese(Backbone::SimpleCnn), kind.preprocess())
        };
        eprintln!("training with {} and seed {seed}", name(kind));
        let mut progress = Shown::logged(&path.with_extension("jsonl"), resume);
        let set = self.data.open()?.part(Split::Train);
        match train::train(set, &options, &path, resume, &interrupt::asked, &mut progress)? {
            Outcome::Finished(trained) => Ok(Some(trained.model)),
            Outcome::Stopped { checkpoint, .. } => {
                eprintln!("stopped; {} goes on when the command is given again", checkpoint.display());
                Ok(None)
            }
        }
    }

    fn measure(&self, model: &Model, kind: PreprocessKind, seed: u64) -> Result<Row> {
        let mut progress = Shown::new();
        let set = self.data.open()?.part(Split::Test);
        let embedded = embed(model, set, &self.data, &mut progress)?;
        let options = VerificationOptions { threshold: Some(0.5), seed, ..VerificationOptions::default() };
        let verification = embedded.verification(model, &options, &mut progress)?;
        let skilled = verification.skilled.as_ref();
        Ok(Row {
            preprocess: name(kind),
            seed,
            accuracy: embedded.notebook(model, seed)?.accuracy,
            skilled_eer: skilled.map(|rates| rates.eer),
            skilled_eer_ci95: skilled.and_then(|rates| rates.eer_ci95),
            strangers_accepted: verification.random.far_at_threshold,
            random_eer: verification.random.eer,
            random_eer_ci95: verification.random.eer_ci95,
        })
    }
}

fn name(kind: PreprocessKind) -> &'static str {
    match kind {
        PreprocessKind::Raw => "raw",
        PreprocessKind::Ink => "ink",
    }
}

fn print_table(rows: &[Row]) {
    let interval = |ci: Option<[f64; 2]>| {
        ci.map_or(String::new(), |[low, high]| format!(" ({:.0} to {:.0})", 100.0 * low, 100.0 * high))
    };
    println!(
        "{:<6}{:>5}{:>16}{:>22}{:>28}{:>22}",
        "", "seed", "accuracy at 0.5", "skilled EER", "strangers accepted at 0.5", "random EER"
    );
    for row in rows {
        println!(
            "{:<6}{:>5}{:>16}{:>22}{:>28}{:>22}",
            row.preprocess,
            row.seed,
            percent(row.accuracy),
            row.skilled_eer.map_or("-".to_owned(), |eer| percent(eer) + &interval(row.skilled_eer_ci95)),
            row.strangers_accepted.map_or("-".to_owned(), percent),
            percent(row.random_eer) + &interval(row.random_eer_ci95),
        );
    }
    println!("In brackets 95 % intervals that resample the test writers.");
}
