//! `inkproof evaluate`: how good a model is on a data set, by the verification or the notebook's protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use inkproof::{Model, write_atomically};
use inkproof_lab::candidate::Candidate;
use inkproof_lab::dataset::DataSet;
use inkproof_lab::evaluate::{
    Embedded, ModelName, NotebookResult, VerificationOptions, VerificationResult, scores_csv,
};
use inkproof_lab::pictures::Pictures;
use inkproof_lab::report::{Making, Report, examples, verdict};
use serde::Serialize;
use serde_json::{Value, json};

use crate::arguments::{Data, ModelOrName, Part};
use crate::figures::{left_out, percent, table};
use crate::progress::Shown;

/// Measure how well a model tells genuine signatures from forgeries
///
/// Reads DATA/test where there is one. Skilled and random forgeries are reported apart.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  inkproof evaluate signatures --model hog --references 1,3,5 --scores scores.csv")]
pub struct Evaluate {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    model: ModelOrName,
    /// What is measured
    #[arg(long, value_enum, default_value = "verification")]
    protocol: Protocol,
    /// Which part of DATA is measured
    #[arg(long, value_enum, default_value = "test")]
    part: Part,
    /// References in a comparison; several numbers give several runs, as in 1,3,5
    #[arg(long, value_delimiter = ',', default_value = "1")]
    references: Vec<usize>,
    /// Draws of the references of each writer
    #[arg(long, default_value_t = 10)]
    repeats: usize,
    /// Decides what is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write every comparison: writer, references, questioned, class, score, draw, fold
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
    /// Write a page with charts to look at
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protocol {
    /// Every writer against skilled and random forgeries, with intervals by writer
    Verification,
    /// The notebook's: loss and accuracy at 0.5 over its pairs
    Notebook,
}

impl Evaluate {
    pub fn run(self) -> Result<ExitCode> {
        let candidate = self.model.find()?;
        match self.protocol {
            Protocol::Verification => self.verification(&candidate)?,
            Protocol::Notebook => self.notebook(&candidate)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn verification(&self, candidate: &Candidate) -> Result<()> {
        let set = self.data.open()?;
        set.require_disjoint_splits()?;
        let set = self.part.of(&set);
        let data = describe(&set);
        let mut progress = Shown::new();
        let verifier = candidate.read(set, &self.data.read_options(candidate.preprocess()), &mut progress)?;
        let options = VerificationOptions { repeats: self.repeats, seed: self.seed, ..VerificationOptions::default() };
        let runs = verifier.runs(&self.references, &options, &mut progress)?.runs;
        drop(progress);
        let set = verifier.set();
        self.show_verification(set, verifier.training_images(), &runs)?;
        if let Some(path) = &self.scores {
            write(path, &scores_csv(set, &runs, &BTreeMap::new()))?;
            eprintln!("Every comparison is in {}", path.display());
        }
        let verdict = runs.iter().map(verdict).collect::<Vec<_>>().join(" ");
        let examples = runs.last().map_or(Ok(Vec::new()), |run| examples(set, run))?;
        self.write_report(verifier.name(), Report { data, verdict, examples, verification: runs, ..Report::default() })
    }

    fn notebook(&self, candidate: &Candidate) -> Result<()> {
        let Candidate::Network(model) = candidate else {
            bail!(
                "the notebook's protocol asks for probabilities, and a baseline's scores are none; leave out --protocol"
            );
        };
        if self.scores.is_some() {
            bail!("--scores writes the comparisons of the verification protocol; the notebook's has pairs only");
        }
        let set = self.data.open()?;
        if let Err(error) = set.require_disjoint_splits() {
            eprintln!("warning: {error}");
        }
        let set = self.part.of(&set);
        let data = describe(&set);
        let mut progress = Shown::new();
        let embedded = embed(model, set, &self.data, &mut progress)?;
        drop(progress);
        let result = embedded.notebook(model, self.seed)?;
        match self.json {
            true => print_json(&result, embedded.set())?,
            false => {
                print_warnings(embedded.set(), embedded.training_images());
                println!("{}", notebook_sentence(&result));
            }
        }
        let name = ModelName { name: model.name().to_owned(), digest: model.digest().to_owned() };
        let verdict = notebook_sentence(&result);
        self.write_report(name, Report { data, verdict, notebook: Some(result), ..Report::default() })
    }

    fn show_verification(&self, set: &DataSet, training_images: usize, runs: &[VerificationResult]) -> Result<()> {
        if self.json {
            return match runs {
                [run] => print_json(run, set),
                runs => print_json(&json!({ "runs": runs }), set),
            };
        }
        print_warnings(set, training_images);
        for run in runs {
            println!("{}\n", table(run));
        }
        println!("{}", runs.iter().map(verdict).collect::<Vec<_>>().join("\n"));
        Ok(())
    }

    /// Writes the page, where one is wanted; `report` lacks its head.
    fn write_report(&self, model: ModelName, report: Report) -> Result<()> {
        let Some(path) = &self.report else { return Ok(()) };
        let made = Making {
            command: std::env::args().collect::<Vec<_>>().join(" "),
            seed: self.seed,
            model: model.name,
            model_digest: model.digest,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Report { title: "Signature verification, measured".to_owned(), made, ..report }.write(path)?;
        eprintln!("The report is in {}", path.display());
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically(path, bytes).with_context(|| format!("{}: cannot be written", path.display()))
}

/// Reads the images as the model asks and embeds them.
pub fn embed(model: &Model, mut set: DataSet, data: &Data, progress: &mut Shown) -> Result<Embedded> {
    let pictures = Pictures::read(&mut set, &data.read_options(model.preprocess().clone()), progress)?;
    Ok(Embedded::new(model, set, &pictures, progress)?)
}

fn describe(set: &DataSet) -> String {
    format!("{} images of {} writers in {}.", set.images.len(), set.writers().len(), set.root.display())
}

fn notebook_sentence(result: &NotebookResult) -> String {
    format!(
        "{} pairs: accuracy {} at 0.5, loss {:.4}. No pair compares a writer with strangers.",
        result.pairs,
        percent(result.accuracy),
        result.loss
    )
}

/// What has to be known before the figures.
pub fn print_warnings(set: &DataSet, training_images: usize) {
    let all = set.images.len();
    if training_images > 0 {
        println!(
            "NOT A FAIR TEST: {training_images} of the {all} test images were in the model's training; this measures memory."
        );
    }
    crate::commands::train::report_skipped(&set.skipped);
}

/// The result with what was left out of the data set.
pub fn print_json(result: &impl Serialize, set: &DataSet) -> Result<()> {
    let mut document = serde_json::to_value(result).context("the result cannot be written as JSON")?;
    document["left_out"] = Value::Array(set.skipped.iter().map(left_out).collect());
    println!("{document:#}");
    Ok(())
}
