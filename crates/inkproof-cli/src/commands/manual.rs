//! `inkproof manual`: manual pages, of the same words as `--help`.

use std::fs::create_dir_all;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use clap_mangen::{Man, generate_to};

/// Print the manual page, or write those of all commands
///
/// inkproof manual | man -l - shows the page of the program; with --out ~/.local/share/man/man1 man inkproof-verify finds
/// those of the commands.
#[derive(Debug, Args)]
pub struct Manual {
    /// Write inkproof.1, inkproof-verify.1 and so on into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Manual {
    /// `program` is the whole command line.
    pub fn run(self, program: clap::Command) -> Result<ExitCode> {
        let Some(folder) = self.out else {
            let mut page = Vec::new();
            Man::new(program).render(&mut page).and_then(|()| stdout().write_all(&page)).context("cannot print")?;
            return Ok(ExitCode::SUCCESS);
        };
        let refused = || format!("{}: cannot be written", folder.display());
        create_dir_all(&folder).and_then(|()| generate_to(program, &folder)).with_context(refused)?;
        Ok(ExitCode::SUCCESS)
    }
}
