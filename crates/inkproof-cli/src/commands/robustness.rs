//! `inkproof robustness`: what turning, stamping, copying and photographing a signature does to the verdict.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use inkproof::Verifier;
use inkproof_lab::dataset::{DataSet, OnBad};
use inkproof_lab::robustness::table::Earlier;
use inkproof_lab::robustness::{
    CONDITIONS, Condition, RobustnessOptions, RobustnessResult, bench, table, write_pictures,
};
use inkproof_lab::synth::{self, SynthOptions};

use crate::arguments::ModelFile;
use crate::lab_arguments::Part;
use crate::outputs::{self, Inputs};
use crate::progress::Shown;
use crate::terminal::one_line;
use crate::text::{print_json, print_skipped};

/// Measure the verdicts on signatures that are turned, faint, stamped, copied or photographed
///
/// The references are taken as they are; each questioned signature is drawn again under some forty conditions. Without
/// DATA, the signatures are of writers who do not exist.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof robustness --writers 20\n  \
    inkproof robustness cedar --writers 8 --conditions line,stamp,rotation-8 --save pictures")]
pub struct Robustness {
    /// Folders of signatures, in one of the layouts notebook, cedar, bhsig260, gpds, mcyt, sigcomp, kinds,
    /// manifest or pairs
    #[arg(value_name = "DATA")]
    data: Vec<PathBuf>,
    /// Leave out what cannot be read, and list it, instead of stopping
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    model: ModelFile,
    /// Which part of a set is used that has train and test
    #[arg(long, value_enum, default_value = "test")]
    part: Part,
    /// At most so many writers of each set, the first ones
    #[arg(long, default_value_t = 10)]
    writers: usize,
    /// References of each writer: the first genuine signatures
    #[arg(long, default_value_t = 4)]
    references: usize,
    /// Genuine and forged signatures that are questioned of each writer, so many of each
    #[arg(long, default_value_t = 4)]
    questioned: usize,
    /// Only these conditions, as in line,stamp: a name stands for all that begin with it
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    conditions: Vec<String>,
    /// Decides what is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the table with all intervals
    #[arg(long, value_name = "OUT.csv")]
    csv: Option<PathBuf>,
    /// Show an earlier run's figures next to these, from the table that it wrote with --csv
    #[arg(long, value_name = "EARLIER.csv")]
    earlier: Option<PathBuf>,
    /// Write what was said of every file
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
    /// Keep the files of every condition in this folder
    #[arg(long, value_name = "FOLDER")]
    save: Option<PathBuf>,
    /// Write a synthetic signature under each condition into this folder, and a contact sheet; nothing is measured
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["data", "csv", "earlier", "scores", "save", "markdown", "json"])]
    pictures: Option<PathBuf>,
    /// Print the table in Markdown
    #[arg(long)]
    markdown: bool,
    /// Print one JSON document instead of text
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
}

impl Robustness {
    pub fn run(self) -> Result<ExitCode> {
        let conditions = self.conditions()?;
        if let Some(folder) = &self.pictures {
            write_pictures(folder, &conditions, self.seed)?;
            eprintln!("The pictures are in {}", one_line(folder.display()));
            return Ok(ExitCode::SUCCESS);
        }
        let options = RobustnessOptions {
            writers: Some(self.writers),
            references: self.references,
            questioned: self.questioned,
            seed: self.seed,
            conditions,
            bad: if self.skip_bad { OnBad::Skip } else { OnBad::Stop },
            save: self.save.clone(),
        };
        let earlier = self.earlier.as_deref().map(Earlier::read).transpose()?;
        let verifier = Verifier::new(self.model.load()?);
        let mut progress = Shown::new();
        let desk = tempfile::tempdir()?;
        let sets = self.sets(desk.path(), options.bad, &mut progress)?;
        self.spare_inputs(&sets, &options.conditions)?;
        let left_out: Vec<_> = sets.iter().flat_map(|set| set.skipped.clone()).collect();
        let mut result = bench(&verifier, &sets, &options, &mut progress)?;
        result.skipped.splice(..0, left_out);
        drop(progress);
        self.show(&result, earlier.as_ref())?;
        Ok(ExitCode::SUCCESS)
    }

    /// All, or those that were named.
    fn conditions(&self) -> Result<Vec<&'static Condition>> {
        if self.conditions.is_empty() {
            return Ok(CONDITIONS.iter().collect());
        }
        let mut found: Vec<&'static Condition> = Vec::new();
        for name in &self.conditions {
            let before = found.len();
            found.extend(Condition::find(name));
            if found.len() == before {
                let names: Vec<&str> = CONDITIONS.iter().map(|condition| condition.id).collect();
                bail!("unknown condition '{name}'; expected some of {}", names.join(", "));
            }
        }
        let mut ids = std::collections::BTreeSet::new();
        found.retain(|condition| ids.insert(condition.id));
        Ok(found)
    }

    /// The sets that were named, or one that is made in this folder.
    fn sets(&self, folder: &Path, bad: OnBad, progress: &mut Shown) -> Result<Vec<DataSet>> {
        if self.data.is_empty() {
            let made = folder.join("synthetic");
            let (genuine, forgeries) = (self.references + self.questioned, self.questioned);
            let options =
                SynthOptions { writers: self.writers, genuine, forgeries, seed: self.seed, ..SynthOptions::default() };
            synth::write(&made, &options, progress)?;
            return Ok(vec![DataSet::open(&made, None, bad)?]);
        }
        let open = |path: &PathBuf| Ok(DataSet::open(path, None, bad)?.select(self.part.part()));
        self.data.iter().map(open).collect()
    }

    fn spare_inputs(&self, sets: &[DataSet], conditions: &[&Condition]) -> Result<()> {
        let outputs: Vec<&Path> = self.csv.iter().chain(&self.scores).map(PathBuf::as_path).collect();
        let inputs = sets.iter().fold(Inputs::default(), |inputs, set| inputs.and_data(set));
        let inputs = inputs.and(self.model.path()).and(&self.earlier);
        let Some(folder) = &self.save else { return inputs.spare(&outputs) };
        let ids = conditions.iter().map(|condition| condition.id).chain([Condition::CLEAN]);
        let folders = ids.map(|id| folder.join(id)).chain([folder.clone()]);
        folders.into_iter().try_for_each(|folder| inputs.spare_folder(&folder)).and_then(|()| inputs.spare(&outputs))
    }

    fn show(&self, result: &RobustnessResult, earlier: Option<&Earlier>) -> Result<()> {
        if self.json {
            print_json(result, &result.skipped)?;
        } else if self.markdown {
            println!("{}", table::markdown(result, earlier));
        } else {
            println!("{}", table::text(result, earlier));
            print_skipped(&result.skipped);
        }
        if let Some(path) = &self.csv {
            outputs::write(path, &table::csv(result))?;
            eprintln!("The table is in {}", one_line(path.display()));
        }
        if let Some(path) = &self.scores {
            outputs::write(path, &table::trials_csv(result))?;
            eprintln!("What was said of every file is in {}", one_line(path.display()));
        }
        Ok(())
    }
}
