//! `inkproof compare`: two models on the same comparisons, and whether their difference is real.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof_lab::candidate::Candidate;
use inkproof_lab::compare::{CompareResult, Differences};
use inkproof_lab::session::Session;

use crate::lab_arguments::{Comparisons, Data, Measured};
use crate::progress::Shown;
use crate::text::{print_json, print_skipped};

/// Compare two models on the same draws, and say whether the difference is real
///
/// A and B are model files or names (bundled, hog, shortcuts); a file of that name is preferred to the name. The intervals resample
/// the writers, the same ones for both models, 1,000 times.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  inkproof compare bundled hog signatures --references 1,5")]
pub struct Compare {
    /// Model file, or a name: bundled, hog or shortcuts
    a: String,
    /// Model file, or a name: bundled, hog or shortcuts
    b: String,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    measured: Measured,
    #[command(flatten)]
    comparisons: Comparisons,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub fn run(self) -> Result<ExitCode> {
        let (a, b) = (Candidate::find(&self.a)?, Candidate::find(&self.b)?);
        let mut progress = Shown::new();
        let mut session = Session::open(&self.data.options(), &mut progress)?;
        let result = session.compare([&a, &b], &self.measured.options(&self.comparisons))?;
        drop(progress);
        if self.json {
            print_json(&result, &result.set.skipped)?;
        } else {
            print_text(&result);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print_text(result: &CompareResult) {
    for compared in [&result.a, &result.b] {
        if compared.training_images_in_test > 0 {
            println!(
                "NOT A FAIR TEST: {} of the {} test images were in the training of {}.",
                compared.training_images_in_test,
                result.set.images.len(),
                compared.name.name
            );
        }
    }
    print_skipped(&result.set.skipped);
    if let Some(folds) = result.folds {
        println!("{folds} folds by writer; scores are log10 likelihood ratios by the other folds' writers.\n");
    }
    for run in &result.runs {
        println!(
            "{} reference(s), {} writers, {} draws, seed {}",
            run.references, run.writers, result.repeats, result.seed
        );
        println!("{:<18}  {:>8}  {:>8}  {:>10}  {:>18}", "", "A", "B", "A - B", "95 % interval");
        match &run.skilled {
            Some(differences) => print_rows("skilled", differences),
            None => println!("skilled forgeries   none in this data"),
        }
        print_rows("random", &run.random);
        for differences in run.skilled.iter().chain([&run.random]) {
            println!("{}", differences.sentence);
        }
        println!();
    }
    if [&result.a, &result.b].iter().any(|compared| compared.name.name == "shortcuts") {
        println!("The baseline shortcuts never looks at the shape: where it does well, the set measures the scanner.");
    }
}

/// EER in percent, AUC as it is.
fn print_rows(class: &str, differences: &Differences) {
    for (name, difference, scale, digits) in [("EER, %", &differences.eer, 100.0, 1), ("AUC", &differences.auc, 1.0, 3)]
    {
        let interval = difference
            .ci95
            .map_or("-".to_owned(), |[low, high]| format!("{:+.digits$} to {:+.digits$}", scale * low, scale * high));
        println!(
            "{:<18}  {:>8.digits$}  {:>8.digits$}  {:>+10.digits$}  {interval:>18}",
            format!("{class} {name}"),
            scale * difference.a,
            scale * difference.b,
            scale * difference.difference,
        );
    }
}
