//! `inkproof demo`: the whole story in under a minute, on signatures of writers who do not exist and whom the bundled
//! model has never seen.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use inkproof::{Decision, Model, Score};
use inkproof_lab::candidate::{Candidate, Judge};
use inkproof_lab::dataset::{DataSet, Part};
use inkproof_lab::evaluate::{Class, Comparison, Evaluation, VerificationResult};
use inkproof_lab::report::Report;
use inkproof_lab::session::{DataOptions, EvaluateOptions, Scope, Session};
use inkproof_lab::synth::{self, SynthOptions};
use serde_json::json;

use crate::outputs::Inputs;
use crate::progress::Shown;
use crate::terminal::one_line;
use crate::text::{eer_with_interval, table};

/// The seed of `examples/signatures`; the demo has more of its writers. No bundled model is trained with it.
const SIGNATURES: SynthOptions = SynthOptions { writers: 24, genuine: 8, forgeries: 6, seed: 20261, style: None };

const REFERENCES: [usize; 2] = [1, 3];

/// See the whole story in under a minute: verify, evaluate, look at the report
///
/// Makes signatures of writers who do not exist, judges a genuine and a forged one, measures the bundled model on all
/// of them, and writes report.html.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder for the signatures and the report
    #[arg(long, default_value = "inkproof-demo")]
    out: PathBuf,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub fn run(self) -> Result<ExitCode> {
        let data = DataOptions::new(self.signatures()?);
        let mut progress = Shown::new();
        let candidate = Candidate::bundled();
        let options = EvaluateOptions {
            scope: Some(Scope::Part(Part::All)),
            references: REFERENCES.to_vec(),
            ..EvaluateOptions::default()
        };
        let mut session = Session::open(&data, &mut progress)?;
        Inputs::default().and_data(session.set()).spare_folder(&self.out)?;
        let evaluation = session.evaluate(Judge::Ready(&candidate), &options)?;
        drop(progress);
        ensure!(evaluation.training_images == 0, "the demo's writers were in the model's training");
        let report = self.write_report(&evaluation)?;
        if self.json {
            println!("{:#}", json!({ "runs": evaluation.runs, "report": report }));
        } else {
            print_story(&Model::bundled(), &evaluation, &report);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The folder of signatures, made now or by an earlier demo.
    fn signatures(&self) -> Result<PathBuf> {
        let folder = self.out.join("signatures");
        if folder.join("synth.json").exists() {
            let info = synth::read_info(&folder)?;
            let made = info.is_some_and(|info| info.is_of(&SIGNATURES));
            ensure!(made, "{}: holds other signatures; give another --out", folder.display());
            return Ok(folder);
        }
        std::fs::create_dir_all(&self.out).with_context(|| format!("{}: cannot be made", self.out.display()))?;
        synth::write(&folder, &SIGNATURES, &mut Shown::new())?;
        Ok(folder)
    }

    fn write_report(&self, evaluation: &Evaluation) -> Result<PathBuf> {
        let path = self.out.join("report.html");
        let evaluation = Evaluation { seed: SIGNATURES.seed, ..evaluation.clone() };
        let mut report = Report::from_evaluation(&evaluation, &mut Shown::new())?;
        report.title = "inkproof demo: signatures of writers who do not exist".to_owned();
        report.data = format!(
            "{} synthetic writers with {} genuine signatures and {} skilled forgeries each; the model was trained on \
             other synthetic writers and on nobody's real signature.",
            SIGNATURES.writers, SIGNATURES.genuine, SIGNATURES.forgeries
        );
        report.made.command = "inkproof demo".to_owned();
        report.made.version = env!("CARGO_PKG_VERSION").to_owned();
        report.write(&path)?;
        Ok(path)
    }
}

/// The story in the order in which a newcomer wants it.
fn print_story(model: &Model, evaluation: &Evaluation, report: &Path) {
    let Evaluation { set, runs, .. } = evaluation;
    let run = &runs[runs.len() - 1];
    println!("1. Verify. Three references of a writer, and three questioned signatures:\n");
    for class in [Class::Genuine, Class::Skilled, Class::Random] {
        if let Some(comparison) = run.comparisons.iter().find(|comparison| comparison.class == class) {
            println!("{}", judged(model, set, comparison));
        }
    }
    println!("\n2. Evaluate. {} writers, none of them in the model's training:\n", run.writers);
    for run in runs {
        println!("{}\n", table(run));
    }
    for run in runs {
        let skilled = run.skilled.as_ref().map_or("-".to_owned(), eer_with_interval);
        let random = eer_with_interval(&run.random);
        println!(
            "Equal error rate with {} reference(s): skilled forgeries {skilled}, random {random}.",
            run.references
        );
    }
    println!("\n3. Look. Charts and pictures are in {}", one_line(report.display()));
    println!("\nTry it yourself:\n  {}", try_it(set, run));
}

fn judged(model: &Model, set: &DataSet, comparison: &Comparison) -> String {
    let truth = match comparison.class {
        Class::Genuine => "a genuine one",
        Class::Skilled => "a skilled forgery",
        Class::Random => "another writer's",
    };
    let (score, references) = (Score::new(comparison.score), comparison.references.len());
    let threshold = model.threshold_for(references);
    let lr = model.info().calibration.as_ref().and_then(|calibration| calibration.log10_lr(score, references));
    let decision = Decision::from_evidence(score, threshold, lr);
    let is_genuine = comparison.class == Class::Genuine;
    let (word, right) = match decision {
        Decision::Accepted => ("ACCEPTED", if is_genuine { "right" } else { "wrong" }),
        Decision::Rejected => ("REJECTED", if is_genuine { "wrong" } else { "right" }),
        Decision::Undecided => ("UNDECIDED", "left to a person"),
    };
    format!(
        "   {} is {truth}: {word}, score {:.4}, threshold {:.4} ({right})",
        short(set, comparison.questioned),
        comparison.score,
        threshold.get()
    )
}

/// The file's path below the folder of signatures.
fn short(set: &DataSet, image: usize) -> String {
    let path = &set.images[image].path;
    path.strip_prefix(&set.root).unwrap_or(path).display().to_string()
}

/// A `verify` command for the first comparison.
fn try_it(set: &DataSet, run: &VerificationResult) -> String {
    let path = |image: usize| one_line(set.images[image].path.display());
    let Some(comparison) = run.comparisons.first() else { return String::new() };
    let references: String =
        comparison.references.iter().map(|&image| format!("--reference {} ", path(image))).collect();
    format!("cargo run --release -- verify {references}{}", path(comparison.questioned))
}
