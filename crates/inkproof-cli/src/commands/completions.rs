//! `inkproof completions`: what a shell offers after Tab.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use clap_complete::{Shell, generate};

/// Print a script by which a shell completes commands and options
///
/// In bash for this session: source <(inkproof completions bash). For every session, where the shell looks for such scripts:
/// inkproof completions bash > ~/.local/share/bash-completion/completions/inkproof, inkproof completions fish >
/// ~/.config/fish/completions/inkproof.fish, and in zsh a file _inkproof in a folder of $fpath.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// `program` is the whole command line.
    pub fn run(&self, mut program: clap::Command) -> Result<ExitCode> {
        let mut script = Vec::new();
        generate(self.shell, &mut program, "inkproof", &mut script);
        stdout().write_all(&script).context("cannot print the script")?;
        Ok(ExitCode::SUCCESS)
    }
}
