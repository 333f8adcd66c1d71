//! `inkproof synth`: signatures of writers who do not exist.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use inkproof_lab::synth::{SynthOptions, write};

use crate::lab_arguments::Script;
use crate::progress::Shown;
use crate::terminal::one_line;

/// Make signatures of writers who do not exist, genuine and forged
///
/// The folder is in the notebook's layout; the same options make the same files, byte for byte.
#[derive(Debug, Args)]
pub struct Synth {
    /// Folder that is made; it must not be there yet, or be empty
    out: PathBuf,
    /// How many writers
    #[arg(long)]
    writers: usize,
    /// Genuine signatures of each
    #[arg(long, default_value_t = 8)]
    genuine: usize,
    /// Skilled forgeries of each
    #[arg(long, default_value_t = 8)]
    forgeries: usize,
    /// Decides everything; writer number k of a seed is always the same
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The script that everybody writes in
    #[arg(long, value_enum, default_value = "mixed", value_name = "NAME")]
    style: Script,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Synth {
    pub fn run(self) -> Result<ExitCode> {
        let options = SynthOptions {
            writers: self.writers,
            genuine: self.genuine,
            forgeries: self.forgeries,
            seed: self.seed,
            style: self.style.style(),
        };
        let mut progress = Shown::new();
        let begun = Instant::now();
        let info = write(&self.out, &options, &mut progress)?;
        drop(progress);
        if self.json {
            println!("{:#}", serde_json::to_value(info)?);
        } else {
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "{} signatures of {} writers are in {} ({seconds:.1} s).",
                info.images,
                info.writers,
                one_line(self.out.display())
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
