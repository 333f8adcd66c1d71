//! `inkproof statistics`: how the shapes of real signatures compare with those of writers who do not exist.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof_lab::session::Session;
use inkproof_lab::statistics::{Compared, Spread, page};
use inkproof_lab::synth::SynthOptions;
use serde_json::json;

use crate::lab_arguments::{Data, Script};
use crate::outputs::Inputs;
use crate::progress::Shown;
use crate::terminal::{command_line, one_line};

/// Compare the shapes of real signatures with synthetic ones: strokes, curvature, density, aspect
///
/// Takes the genuine signatures of all of DATA, and as many synthetic writers as --writers says.
#[derive(Debug, Args)]
pub struct Statistics {
    #[command(flatten)]
    data: Data,
    /// Synthetic writers, with four genuine signatures each
    #[arg(long, default_value_t = 200)]
    writers: usize,
    /// The script that they write in
    #[arg(long, value_enum, default_value = "mixed", value_name = "NAME")]
    style: Script,
    /// Decides the synthetic writers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write a page with the histograms
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Statistics {
    pub fn run(self) -> Result<ExitCode> {
        let mut progress = Shown::new();
        let mut session = Session::open(&self.data.options(), &mut progress)?;
        if let Some(path) = &self.report {
            Inputs::default().and_data(session.set()).spare(&[path])?;
        }
        let synthetic = SynthOptions {
            writers: self.writers,
            genuine: 4,
            forgeries: 0,
            seed: self.seed,
            style: self.style.style(),
        };
        let data = format!(
            "Genuine signatures of {} writers in {}, and {} synthetic writers.",
            session.set().writers().len(),
            session.set().root.display(),
            self.writers
        );
        let compared = session.statistics(&synthetic)?;
        drop(progress);
        if let Some(path) = &self.report {
            let command = command_line();
            page::write(&compared, &data, &command, path)?;
            eprintln!("The report is in {}", one_line(path.display()));
        }
        if self.json {
            println!("{:#}", json!({ "measures": compared, "seed": self.seed, "style": synthetic.style }));
        } else {
            println!("{}\n\n{}", one_line(&data), table(&compared));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn table(compared: &[Compared]) -> String {
    let quartiles = |spread: &Spread| {
        let [low, middle, high] = spread.quartiles;
        format!("{middle:.1} ({low:.1} to {high:.1})")
    };
    let mut lines = vec![format!("{:<36}{:>24}{:>24}{:>10}", "median (quartiles)", "real", "synthetic", "overlap")];
    lines.extend(compared.iter().map(|one| {
        let (real, synthetic) = (quartiles(&one.real), quartiles(&one.synthetic));
        format!("{:<36}{real:>24}{synthetic:>24}{:>8.0} %", one.name, 100.0 * one.overlap)
    }));
    lines.join("\n")
}
