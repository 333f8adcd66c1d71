//! `inkproof truth`: what the notebook's number is worth.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof_lab::session::Session;
use inkproof_lab::truth::{TruthOptions, TruthOutcome, TruthRow};

use crate::interrupt;
use crate::lab_arguments::{Data, PreprocessKind};
use crate::outputs::Inputs;
use crate::progress::Shown;
use crate::terminal::one_line;
use crate::text::percent;

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

impl Truth {
    pub fn run(self) -> Result<ExitCode> {
        let mut progress = Shown::logged(None);
        let mut session = Session::open(&self.data.options(), &mut progress)?;
        Inputs::default().and_data(session.set()).spare_folder(&self.out)?;
        interrupt::listen(interrupt::OF_TRAINING)?;
        let outcome = session.truth(&self.options(), &interrupt::asked)?;
        drop(progress);
        let rows = match outcome {
            TruthOutcome::Finished(rows) => rows,
            TruthOutcome::Stopped { checkpoint } => {
                eprintln!("stopped; {} goes on when the command is given again", one_line(checkpoint.display()));
                return Ok(ExitCode::from(2));
            }
        };
        if self.json {
            println!("{:#}", serde_json::json!({"epochs": self.epochs, "rows": rows}));
        } else {
            print_table(&rows);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn options(&self) -> TruthOptions {
        TruthOptions {
            out: self.out.clone(),
            seeds: self.seeds.clone(),
            preprocess: self.preprocess.iter().map(|kind| kind.preprocess()).collect(),
            epochs: self.epochs,
        }
    }
}

fn print_table(rows: &[TruthRow]) {
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
