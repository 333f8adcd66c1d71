//! `inkproof cross`: from one data set to another, with everything fixed before the test set is opened.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof_lab::candidate::Judge;
use inkproof_lab::cross::{CrossOptions, CrossPlan, CrossResult, cross};
use inkproof_lab::dataset::Skipped;
use inkproof_lab::evaluate::ErrorRates;
use serde_json::{Value, json};

use crate::lab_arguments::{Comparisons, Draws, ModelOrName, Reading, ToTrain};
use crate::progress::Shown;
use crate::terminal::one_line;
use crate::text::{eer_with_interval, percent, print_skipped};

/// Train on some sets, calibrate on others, test on the rest
///
/// Every threshold and calibration is fixed before a test set is opened. Given only SETS, each of them in turn fixes the
/// threshold of the model (or with --backbone trains the network) and all others are tests: the table of all pairs. Sets
/// that share images are refused. Of sets with train/ and test/ both parts are read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof cross dutch cedar --model hog --references 1,5\n  \
    inkproof cross --train dutch --calibrate cedar --test others --backbone simple-cnn")]
pub struct Cross {
    /// Folders of signatures, for the table of all pairs
    #[arg(value_name = "SETS", num_args = 2.., conflicts_with_all = ["train", "calibrate", "test"])]
    sets: Vec<PathBuf>,
    /// Set to train on; several are put together
    #[arg(long, num_args = 1.., requires = "backbone")]
    train: Vec<PathBuf>,
    /// Set that fixes threshold and calibration; several are put together. Without one, the model's own stay
    #[arg(long, num_args = 1..)]
    calibrate: Vec<PathBuf>,
    /// Set to test on; several are tested one by one
    #[arg(long, num_args = 1..)]
    test: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelOrName,
    #[command(flatten)]
    to_train: ToTrain,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    comparisons: Comparisons,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Cross {
    pub fn run(self) -> Result<ExitCode> {
        let training = self.to_train.options(&self.reading, self.comparisons.draws.seed);
        let candidate = self.model.find()?;
        let judge = training.as_ref().map_or(Judge::Ready(&candidate), Judge::Trained);
        let mut progress = Shown::new();
        let rows = cross(judge, &self.plan(), &self.options(), &mut progress)?;
        drop(progress);
        if self.json {
            println!("{:#}", json!({"rows": rows.iter().map(document).collect::<Result<Vec<_>>>()?}));
        } else {
            print_text(&rows);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn plan(&self) -> CrossPlan {
        if self.sets.is_empty() {
            let (train, calibrate, test) = (self.train.clone(), self.calibrate.clone(), self.test.clone());
            CrossPlan::Apart { train, calibrate, test }
        } else {
            CrossPlan::AllPairs(self.sets.clone())
        }
    }

    fn options(&self) -> CrossOptions {
        let Comparisons { references, draws: Draws { repeats, seed } } = self.comparisons.clone();
        CrossOptions { references, repeats, seed, reading: self.reading.options() }
    }
}

fn document(row: &CrossResult) -> Result<Value> {
    let mut document = serde_json::to_value(row)?;
    document["left_out"] = Value::Array(row.skipped.iter().map(Skipped::document).collect());
    Ok(document)
}

fn print_text(rows: &[CrossResult]) {
    for row in rows {
        let names = |sets: &[PathBuf]| match sets {
            [] => "-".to_owned(),
            sets => sets.iter().map(|set| one_line(set.display())).collect::<Vec<_>>().join(" + "),
        };
        println!(
            "trained on {}, calibrated on {}, tested on {}",
            names(&row.train),
            names(&row.calibrate),
            one_line(row.test.display())
        );
        for run in &row.runs {
            if let Some(seen @ 1..) = run.training_images_in_test {
                println!("NOT A FAIR TEST: {seen} of the test images were in the model's training.");
            }
            let references = run.references;
            let skilled = run.skilled.as_ref().map_or("no forgeries".to_owned(), figures);
            println!("  {references} reference(s), {} writers", run.writers);
            println!("    skilled forgeries: {skilled}");
            println!("    random forgeries:  {}", figures(&run.random));
        }
        print_skipped(&row.skipped);
    }
    println!("FAR and FRR are at thresholds fixed before the test set was opened; intervals resample writers.");
}

fn figures(rates: &ErrorRates) -> String {
    let at = |rate: Option<f64>| rate.map_or("-".to_owned(), percent);
    let (far, frr) = (at(rates.far_at_threshold), at(rates.frr_at_threshold));
    let cllr = rates.cllr.map_or(String::new(), |cllr| format!(", Cllr {cllr:.2}"));
    format!("EER {}, FAR {far}, FRR {frr}{cllr}", eer_with_interval(rates))
}
