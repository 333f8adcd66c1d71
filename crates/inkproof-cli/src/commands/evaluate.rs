//! `inkproof evaluate`: how good a model is on a data set, by the verification or the notebook's protocol.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use inkproof::Model;
use inkproof_lab::dataset::{DataSet, Split};
use inkproof_lab::evaluate::{Embedded, NotebookResult, VerificationOptions, VerificationResult};
use inkproof_lab::pictures::Pictures;
use inkproof_lab::report::{Making, Report, examples, mistakes, verdict, verdicts};
use serde::Serialize;
use serde_json::{Value, json};

use crate::arguments::{Data, ModelFile};
use crate::figures::{left_out, percent, table};
use crate::progress::Shown;

/// Measure how well a model tells genuine signatures from forgeries
///
/// Reads DATA/test where there is one. Skilled and random forgeries are reported apart.
#[derive(Debug, Args)]
pub struct Evaluate {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    model: ModelFile,
    /// What is measured
    #[arg(long, value_enum, default_value = "verification")]
    protocol: Protocol,
    /// References in a comparison; several numbers give several runs, as in 1,3,5
    #[arg(long, value_delimiter = ',', default_value = "1")]
    references: Vec<usize>,
    /// Draws of the references of each writer
    #[arg(long, default_value_t = 10)]
    repeats: usize,
    /// Decides what is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
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
        let model = self.model.load()?;
        let set = self.test_part()?;
        let data = describe(&set);
        let mut progress = Shown::new();
        let embedded = embed(&model, set, &self.data, &mut progress)?;
        let mut report = Report { data, ..self.report_head(&model) };
        match self.protocol {
            Protocol::Verification => {
                let options =
                    VerificationOptions { repeats: self.repeats, seed: self.seed, ..VerificationOptions::default() };
                let runs = embedded.verification_runs(&model, &self.references, &options, &mut progress)?.runs;
                drop(progress);
                self.show_verification(&embedded, &runs)?;
                report.verdict = verdicts(&runs);
                if let Some(run) = runs.last() {
                    report.mistakes = mistakes(embedded.set(), run)?;
                    report.examples = examples(embedded.set(), run)?;
                }
                report.verification = runs;
            }
            Protocol::Notebook => {
                drop(progress);
                let result = embedded.notebook(&model, self.seed)?;
                self.show_notebook(&embedded, &result)?;
                report.verdict = notebook_sentence(&result);
                report.notebook = Some(result);
            }
        }
        if let Some(path) = &self.report {
            report.write(path)?;
            eprintln!("The report is in {}", path.display());
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The test part, without writers of the training part; the notebook's protocol only warns of these.
    fn test_part(&self) -> Result<DataSet> {
        let set = self.data.open()?;
        match (self.protocol, set.require_disjoint_splits()) {
            (Protocol::Notebook, Err(error)) => eprintln!("warning: {error}"),
            (_, result) => result?,
        }
        Ok(set.part(Split::Test))
    }

    fn report_head(&self, model: &Model) -> Report {
        let made = Making {
            command: std::env::args().collect::<Vec<_>>().join(" "),
            seed: self.seed,
            model: model.name().to_owned(),
            model_digest: model.digest().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Report { title: "Signature verification, measured".to_owned(), made, ..Report::default() }
    }

    fn show_verification(&self, embedded: &Embedded, runs: &[VerificationResult]) -> Result<()> {
        if self.json {
            return match runs {
                [run] => print_json(run, embedded),
                runs => print_json(&json!({ "runs": runs }), embedded),
            };
        }
        print_warnings(embedded);
        for run in runs {
            println!("{}\n", table(run));
        }
        println!("{}", runs.iter().map(verdict).collect::<Vec<_>>().join("\n"));
        Ok(())
    }

    fn show_notebook(&self, embedded: &Embedded, result: &NotebookResult) -> Result<()> {
        if self.json {
            return print_json(result, embedded);
        }
        print_warnings(embedded);
        println!("{}", notebook_sentence(result));
        Ok(())
    }
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
fn print_warnings(embedded: &Embedded) {
    let (seen, all) = (embedded.training_images(), embedded.set().images.len());
    if seen > 0 {
        println!(
            "NOT A FAIR TEST: {seen} of the {all} test images were in the model's training; this measures memory."
        );
    }
    crate::commands::train::report_skipped(&embedded.set().skipped);
}

/// The result with what was left out of the data set.
fn print_json(result: &impl Serialize, embedded: &Embedded) -> Result<()> {
    let mut document = serde_json::to_value(result).context("the result cannot be written as JSON")?;
    document["left_out"] = Value::Array(embedded.set().skipped.iter().map(left_out).collect());
    println!("{document:#}");
    Ok(())
}
