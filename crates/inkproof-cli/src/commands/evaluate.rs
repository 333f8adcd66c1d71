//! `inkproof evaluate`: how good a model is on a data set, by the verification or the notebook's protocol.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use inkproof_lab::candidate::Judge;
use inkproof_lab::dataset::DataSet;
use inkproof_lab::evaluate::Evaluation;
use inkproof_lab::report::{Report, notebook_verdict, verdict};
use inkproof_lab::session::Session;
use serde_json::json;

use crate::lab_arguments::{Comparisons, Data, Measured, ModelOrName, ToTrain};
use crate::outputs::{self, Inputs};
use crate::progress::Shown;
use crate::terminal::{command_line, one_line};
use crate::text::{print_json, print_skipped, table};

/// Measure how well a model tells genuine signatures from forgeries
///
/// Reads DATA/test where there is one; with --folds all of DATA. Skilled and random forgeries are reported separately.
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
    measured: Measured,
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
        let mut progress = Shown::new();
        let mut session = Session::open(&self.data.options(), &mut progress)?;
        self.spare_inputs(session.set())?;
        let candidate = self.model.find()?;
        let training = self.to_train.options(&self.data.reading, self.comparisons.draws.seed);
        let judge = training.as_ref().map_or(Judge::Ready(&candidate), Judge::Trained);
        let evaluation = session.evaluate(judge, &self.measured.options(&self.comparisons))?;
        drop(progress);
        self.show(&evaluation)?;
        if let Some(path) = &self.scores {
            outputs::write(path, &evaluation.scores_csv())?;
            eprintln!("Every comparison is in {}", one_line(path.display()));
        }
        if let Some(path) = &self.report {
            write_report(Report::from_evaluation(&evaluation, &mut Shown::new())?, path)?;
        }
        Ok(())
    }

    fn spare_inputs(&self, set: &DataSet) -> Result<()> {
        let outputs: Vec<&Path> = self.scores.iter().chain(&self.report).map(PathBuf::as_path).collect();
        Inputs::default().and_data(set).and(self.model.path()).spare(&outputs)
    }

    fn notebook(&self) -> Result<()> {
        if self.scores.is_some() || self.measured.asks_for_folds() {
            bail!("--scores and --folds go with the verification protocol; the notebook's has pairs only");
        }
        let candidate = self.model.find()?;
        let mut progress = Shown::new();
        let mut session = Session::open(&self.data.options(), &mut progress)?;
        self.spare_inputs(session.set())?;
        let evaluation = session.notebook(&candidate, self.measured.part(), self.comparisons.draws.seed)?;
        drop(progress);
        if self.json {
            print_json(&evaluation.result, &evaluation.set.skipped)?;
        } else {
            print_warnings(&evaluation.set, evaluation.training_images);
            println!("{}", notebook_verdict(&evaluation.result));
        }
        if let Some(path) = &self.report {
            write_report(Report::from_notebook(&evaluation), path)?;
        }
        Ok(())
    }

    fn show(&self, evaluation: &Evaluation) -> Result<()> {
        let Evaluation { folds, set, training_images, runs, .. } = evaluation;
        if self.json {
            return match &runs[..] {
                [run] => print_json(run, &set.skipped),
                runs => print_json(&json!({ "runs": runs }), &set.skipped),
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
}

fn write_report(mut report: Report, path: &Path) -> Result<()> {
    report.made.command = command_line();
    report.made.version = env!("CARGO_PKG_VERSION").to_owned();
    report.write(path)?;
    eprintln!("The report is in {}", one_line(path.display()));
    Ok(())
}

/// What has to be known before the figures.
fn print_warnings(set: &DataSet, training_images: usize) {
    let all = set.images.len();
    if training_images > 0 {
        println!(
            "NOT A FAIR TEST: {training_images} of the {all} test images were in the model's training; this measures memory."
        );
    }
    print_skipped(&set.skipped);
}
