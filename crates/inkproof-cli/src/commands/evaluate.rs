//! `inkproof evaluate`: how good a model is on a data set, by the verification or the notebook's protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use inkproof::{Model, Preprocess, write_atomically};
use inkproof_lab::audit;
use inkproof_lab::candidate::{Candidate, Judge};
use inkproof_lab::dataset::{DataSet, OnBad, WriterId};
use inkproof_lab::evaluate::{Embedded, ModelName, NotebookResult, VerificationResult, scores_csv};
use inkproof_lab::folds::{FoldOptions, Folded, folded};
use inkproof_lab::pictures::Pictures;
use inkproof_lab::report::{AuditSummary, Making, Report, examples, mistakes, verdict, verdicts};
use serde::Serialize;
use serde_json::{Value, json};

use crate::arguments::{self, Comparisons, Data, Draws, ModelOrName, ToTrain};
use crate::figures::{left_out, percent, table};
use crate::progress::Shown;

/// Measure how well a model tells genuine signatures from forgeries
///
/// Reads DATA/test where there is one; with --folds all of DATA. Skilled and random forgeries are reported apart.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof evaluate signatures --model hog --references 1,3,5 --scores scores.csv\n  \
    inkproof evaluate signatures --folds 5 --backbone simple-cnn --epochs 20")]
pub struct Evaluate {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    model: ModelOrName,
    /// What is measured
    #[arg(long, value_enum, default_value = "verification")]
    protocol: Protocol,
    #[command(flatten)]
    measured: arguments::Measured,
    #[command(flatten)]
    to_train: ToTrain,
    #[command(flatten)]
    comparisons: Comparisons,
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
        match self.protocol {
            Protocol::Verification => self.verification()?,
            Protocol::Notebook => self.notebook()?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn verification(&self) -> Result<()> {
        let set = self.data.open()?;
        set.require_disjoint_splits()?;
        let candidate = self.model.find()?;
        let training = self.to_train.options(&self.data.reading, self.comparisons.draws.seed);
        let judge = training.as_ref().map_or(Judge::Ready(&candidate), Judge::Trained);
        let measured = match (self.measured.folds(&[&candidate])?, judge) {
            (Some(folds), judge) => self.by_folds(set, judge, folds)?,
            (None, Judge::Ready(candidate)) => self.at_once(self.measured.part(&set), candidate)?,
            (None, Judge::Trained(_)) => {
                bail!("--backbone trains a network for each fold: give --folds, or train one with `inkproof train`")
            }
        };
        self.show_verification(&measured)?;
        let Measured { name, set, fold_of, runs, .. } = measured;
        if let Some(path) = &self.scores {
            write(path, &scores_csv(&set, &runs, &fold_of))?;
            eprintln!("Every comparison is in {}", path.display());
        }
        if self.report.is_none() {
            return Ok(());
        }
        let (mistakes, examples) = match runs.last() {
            Some(run) => (mistakes(&set, run)?, examples(&set, run)?),
            None => (Vec::new(), Vec::new()),
        };
        let (data, verdict) = (describe(&set), verdicts(&runs));
        let audit = Some(audit_summary(set, self.comparisons.draws.seed, &judge.preprocess())?);
        let report = Report { data, verdict, audit, mistakes, examples, verification: runs, ..Report::default() };
        self.write_report(name, report)
    }

    fn at_once(&self, set: DataSet, candidate: &Candidate) -> Result<Measured> {
        let mut progress = Shown::new();
        let verifier = candidate.read(set, &self.data.read_options(candidate.preprocess()), &mut progress)?;
        let options = self.comparisons.draws.options();
        let runs = verifier.runs(&self.comparisons.references, &options, &mut progress)?.runs;
        Ok(Measured {
            folds: None,
            name: verifier.name(),
            set: verifier.set().clone(),
            fold_of: BTreeMap::new(),
            training_images: verifier.training_images(),
            documents: runs.iter().map(serde_json::to_value).collect::<Result<_, _>>()?,
            runs,
        })
    }

    fn by_folds(&self, set: DataSet, judge: Judge<'_>, folds: usize) -> Result<Measured> {
        let Comparisons { references, draws: Draws { repeats, seed } } = self.comparisons.clone();
        let options = FoldOptions { folds, references, repeats, seed };
        let read = self.data.read_options(judge.preprocess());
        let Folded { set, runs, fold_of, model } = folded(set, judge, &options, &read, &mut Shown::new())?;
        let documents = runs.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        let runs: Vec<VerificationResult> = runs.into_iter().map(|run| run.result).collect();
        let training_images = runs.first().and_then(|run| run.training_images_in_test).unwrap_or(0);
        Ok(Measured { folds: Some(folds), name: model, set, fold_of, training_images, documents, runs })
    }

    fn notebook(&self) -> Result<()> {
        if self.scores.is_some() || self.measured.asks_for_folds() {
            bail!("--scores and --folds go with the verification protocol; the notebook's has pairs only");
        }
        let candidate = self.model.find()?;
        let Candidate::Network(model) = &candidate else {
            bail!(
                "the notebook's protocol asks for probabilities, and a baseline's scores are none; leave out --protocol"
            );
        };
        let set = self.data.open()?;
        if let Err(error) = set.require_disjoint_splits() {
            eprintln!("warning: {error}");
        }
        let set = self.measured.part(&set);
        let data = describe(&set);
        let mut progress = Shown::new();
        let embedded = embed(model, set, &self.data, &mut progress)?;
        drop(progress);
        let result = embedded.notebook(model, self.comparisons.draws.seed)?;
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

    fn show_verification(&self, measured: &Measured) -> Result<()> {
        let Measured { folds, set, training_images, documents, runs, .. } = measured;
        if self.json {
            return match &documents[..] {
                [run] => print_json(run, set),
                runs => print_json(&json!({ "runs": runs }), set),
            };
        }
        print_warnings(set, *training_images);
        if let Some(folds) = folds {
            println!(
                "{folds} folds by writer; FAR and FRR are at thresholds fixed on the writers of the other folds.\n"
            );
        }
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
            seed: self.comparisons.draws.seed,
            model: model.name,
            model_digest: model.digest,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Report { title: "Signature verification, measured".to_owned(), made, ..report }.write(path)?;
        eprintln!("The report is in {}", path.display());
        Ok(())
    }
}

/// What the verification protocol found.
struct Measured {
    folds: Option<usize>,
    name: ModelName,
    /// Without what could not be read.
    set: DataSet,
    /// Empty without folds.
    fold_of: BTreeMap<WriterId, usize>,
    training_images: usize,
    /// The runs as JSON.
    documents: Vec<Value>,
    runs: Vec<VerificationResult>,
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically(path, bytes).with_context(|| format!("{}: cannot be written", path.display()))
}

/// What an audit says of the signatures that were tested on, for a model that sees them so.
pub fn audit_summary(set: DataSet, seed: u64, preprocess: &Preprocess) -> Result<AuditSummary> {
    Ok(AuditSummary::new(
        &audit::audit(set, OnBad::Stop, &preprocess.ink_parameters(), seed, &mut Shown::new())?,
        preprocess,
    ))
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
