//! `inkproof leakage`: what would make a result on a data set worthless, before anyone trains on it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof::InkParameters;
use inkproof_lab::candidate::Candidate;
use inkproof_lab::leakage::page::{self, Making};
use inkproof_lab::leakage::{self, CueTables, Probe, Role, Severity};
use inkproof_lab::session::Session;

use crate::lab_arguments::Data;
use crate::outputs::Inputs;
use crate::progress::Shown;
use crate::terminal::{command_line, one_line};

/// Find what would make a result on a data set worthless: copies, shared writers, and cues that are not the shape
///
/// Exit code 0 where nothing was found, 1 where something leaks, 2 where the data set could not be examined.
#[derive(Debug, Args)]
#[command(alias = "audit")]
pub struct Leakage {
    #[command(flatten)]
    data: Data,
    /// Measure cues again after the ink preprocessing of this model, a file or a name (bundled, hog), instead of the default
    /// one
    #[arg(long, value_name = "FILE|NAME")]
    model: Option<String>,
    /// Decides how writers are resampled and folded
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write a page with the pictures to look at
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Leakage {
    pub fn run(self) -> Result<ExitCode> {
        let mut progress = Shown::new();
        let mut session = Session::open(&self.data.options(), &mut progress)?;
        if let Some(path) = &self.report {
            Inputs::default().and_data(session.set()).and(&self.model).spare(&[path])?;
        }
        let model = self.model.as_deref().map(Candidate::find).transpose()?;
        let ink = model.map_or(InkParameters::default(), |model| model.preprocess().ink_parameters());
        let found = session.leakage(&ink, self.seed)?;
        drop(progress);
        if let Some(path) = &self.report {
            let command = command_line();
            page::write(&found, &Making { command, version: env!("CARGO_PKG_VERSION").to_owned() }, path)?;
            eprintln!("The report is in {}", one_line(path.display()));
        }
        if self.json {
            println!("{:#}", found.document());
        } else {
            println!("{}", text(&found));
        }
        Ok(ExitCode::from(u8::from(found.leaks_as_stored())))
    }
}

/// The verdict, the findings, and the table.
fn text(found: &leakage::Leakage) -> String {
    let mut lines = vec![one_line(found.verdict()), String::new()];
    for finding in found.findings() {
        let mark = match finding.severity {
            Severity::AnyPreprocessing => "leak",
            Severity::AsStored => "leak as stored",
            Severity::Caution => "caution",
        };
        lines.push(format!("[{mark}] {}", one_line(&finding.sentence)));
    }
    lines.extend(found.not_computed.iter().map(|what| format!("[not computed] {}", one_line(what))));
    if !found.set.skipped.is_empty() {
        lines.push(format!("{} file(s) or folder(s) were left out, named above.", found.set.skipped.len()));
    }
    if let Some(tables) = &found.cues {
        lines.push(table(tables));
    }
    lines.join("\n")
}

fn table(tables: &CueTables) -> String {
    let mut lines = vec![
        format!(
            "\nWhat each cue alone would score: AUC (95 % interval) over {} writers, {} genuine and {} forged pairs",
            tables.writers, tables.genuine_pairs, tables.forged_pairs
        ),
        format!("{:<26}{:>26}{:>26}", "", "as stored", "after ink"),
    ];
    for (name, role, before, after) in page::rows(tables) {
        let role = match role {
            Role::Judged => "",
            Role::Shape => "  shape, not judged",
            Role::Hidden => "  not seen by a network",
        };
        lines.push(format!("{name:<26}{:>26}{:>26}{role}", cell(before), cell(after)));
    }
    lines.push("! tells more than it may (intervals corrected for the number of probes; 0.5 says nothing)".to_owned());
    lines.join("\n")
}

fn cell(probe: Option<&Probe>) -> String {
    let Some(probe) = probe else { return "-".to_owned() };
    match (probe.auc, probe.ci95) {
        (Some(auc), Some([low, high])) => {
            let mark = if probe.leak { "! " } else { "" };
            format!("{mark}{auc:.3} ({low:.3} to {high:.3})")
        }
        _ => "constant".to_owned(),
    }
}
