//! `inkproof compare`: two models on the same comparisons, and whether their difference is real.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof_lab::candidate::Candidate;
use inkproof_lab::compare::{CompareResult, Differences, compare, compare_by_folds};
use inkproof_lab::dataset::DataSet;
use inkproof_lab::folds::FoldOptions;

use super::evaluate::print_json;
use crate::arguments::{Comparisons, Data, Draws, Measured};
use crate::progress::Shown;

/// Compare two models on the same draws, and tell whether the difference is real
///
/// A and B are model files or names (bundled, hog, cues); a file of that name is preferred to the name. The intervals resample
/// the writers, the same ones for both models, 1,000 times.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  inkproof compare bundled hog signatures --references 1,5")]
pub struct Compare {
    /// Model file, or a name: bundled, hog or cues
    a: String,
    /// Model file, or a name: bundled, hog or cues
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
        let set = self.data.open()?;
        set.require_disjoint_splits()?;
        let read = self.data.read_options(a.preprocess());
        let mut progress = Shown::new();
        let (result, set) = match self.measured.folds(&[&a, &b])? {
            Some(folds) => {
                let Comparisons { references, draws: Draws { repeats, seed } } = self.comparisons.clone();
                let options = FoldOptions { folds, references, repeats, seed };
                compare_by_folds([&a, &b], set, &read, &options, &mut progress)?
            }
            None => {
                let (set, draws) = (self.measured.part(&set), self.comparisons.draws.options());
                compare([&a, &b], set, &read, &self.comparisons.references, &draws, &mut progress)?
            }
        };
        drop(progress);
        match self.json {
            true => print_json(&result, &set)?,
            false => tell(&result, &set),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(result: &CompareResult, set: &DataSet) {
    for compared in [&result.a, &result.b] {
        if compared.training_images_in_test > 0 {
            println!(
                "NOT A FAIR TEST: {} of the {} test images were in the training of {}.",
                compared.training_images_in_test,
                set.images.len(),
                compared.name.name
            );
        }
    }
    super::train::report_skipped(&set.skipped);
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
    if [&result.a, &result.b].iter().any(|compared| compared.name.name == "cues") {
        println!("cues never looks at the shape: where it does well, the set measures the scanner.");
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
