//! `inkproof compare`: two models on the same comparisons, and whether their difference is real.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof_lab::candidate::Candidate;
use inkproof_lab::compare::{CompareResult, Differences, compare};
use inkproof_lab::dataset::DataSet;

use super::evaluate::print_json;
use crate::arguments::{Comparisons, Data, Part};
use crate::progress::Shown;

/// Compare two models on the same draws, and tell whether the difference is real
///
/// A and B are model files or names (bundled, hog); a file of that name is preferred to the name. The intervals resample
/// the writers, the same ones for both models, 1,000 times.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  inkproof compare bundled hog signatures --references 1,5")]
pub struct Compare {
    /// Model file, or a name: bundled or hog
    a: String,
    /// Model file, or a name: bundled or hog
    b: String,
    #[command(flatten)]
    data: Data,
    /// Which part of DATA is measured
    #[arg(long, value_enum, default_value = "test")]
    part: Part,
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
        let options = self.comparisons.draws.options();
        let read = self.data.read_options(a.preprocess());
        let mut progress = Shown::new();
        let set = self.part.of(&set);
        let (result, set) = compare([&a, &b], set, &read, &self.comparisons.references, &options, &mut progress)?;
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
