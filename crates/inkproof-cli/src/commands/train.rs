//! `inkproof train`: a folder of signatures becomes a model file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use inkproof::inknet::Learnt;
use inkproof::network::Compute;
use inkproof::{Architecture, Preprocess};
use inkproof_lab::candidate::Candidate;
use inkproof_lab::dataset::{Skipped, Split};
use inkproof_lab::train::{self, LastEpoch, Outcome, TrainOptions, Trained};
use serde_json::json;

use crate::arguments::{Data, NegativesKind, PreprocessKind};
use crate::figures::left_out;
use crate::interrupt;
use crate::progress::Shown;

/// Train a network on a folder of signatures
///
/// Reads DATA/train where there is one. Ctrl-C saves the state; --resume goes on from there.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    data: Data,
    /// Where the model is written; the log and, until it is finished, the checkpoint lie beside it
    #[arg(long)]
    out: PathBuf,
    /// Network: inknet (learns in seconds, from genuine signatures alone), simple-cnn or efficientnet-b0
    #[arg(long, default_value = "simple-cnn")]
    backbone: Architecture,
    /// Go on from what an inknet model has learnt: a model file, or bundled
    #[arg(long, value_name = "FILE|NAME")]
    init: Option<String>,
    /// How images become what the network sees; with `raw` all writers are trained on and the threshold is 0.5
    #[arg(long, value_enum, default_value = "ink")]
    preprocess: PreprocessKind,
    /// What the network learns to refuse: skilled forgeries (as the notebook), random ones, or both
    #[arg(long, value_enum, default_value = "skilled")]
    negatives: NegativesKind,
    /// Passes over all pairs
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Pairs in a step
    #[arg(long, default_value_t = 32)]
    batch_size: usize,
    /// Adam's step size
    #[arg(long, default_value_t = 0.001)]
    learning_rate: f64,
    /// Decides the pairs, their order, the first weights and who is held out
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What the network is trained on: cpu, or gpu in a build with the feature `gpu`
    #[arg(long, default_value = "cpu")]
    device: Compute,
    /// Go on from the checkpoint of a training that was stopped
    #[arg(long)]
    resume: bool,
    /// Log of JSON lines; without it the model's name with .jsonl
    #[arg(long)]
    log: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Train {
    pub fn run(self) -> Result<ExitCode> {
        require_place_for(&self.out)?;
        self.device.check()?;
        let set = self.data.open()?.part(Split::Train);
        let options = self.options()?;
        let log = self.log.clone().unwrap_or_else(|| self.out.with_extension("jsonl"));
        train::require_checkpoint(&self.out, self.resume)?;
        let mut progress = Shown::logged(&log, self.resume);
        interrupt::listen()?;
        let begun = Instant::now();
        let outcome = train::train(set, &options, &self.out, self.resume, &interrupt::asked, &mut progress)?;
        drop(progress);
        match outcome {
            Outcome::Stopped { checkpoint, epoch, step } => {
                eprintln!(
                    "stopped in epoch {epoch} after step {step}; the state is in {}: give the same command with --resume to go on",
                    checkpoint.display()
                );
                Ok(ExitCode::from(2))
            }
            Outcome::Finished(trained) => {
                self.show(&trained, begun.elapsed().as_secs_f64());
                Ok(ExitCode::SUCCESS)
            }
        }
    }

    fn options(&self) -> Result<TrainOptions> {
        let preprocess = self.preprocess.of(self.backbone);
        if self.backbone == Architecture::Inknet && preprocess == Preprocess::Raw {
            bail!("inknet compares strokes, and raw pictures have none: leave out --preprocess");
        }
        Ok(TrainOptions {
            init: self.init.as_deref().map(|name| self.learnt(name)).transpose()?,
            read: self.data.read_options(preprocess.clone()),
            negatives: self.negatives.negatives(),
            compute: self.device,
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            seed: self.seed,
            ..TrainOptions::new(self.backbone, preprocess)
        })
    }

    /// What the model to go on from has learnt.
    fn learnt(&self, name: &str) -> Result<Learnt> {
        if self.backbone != Architecture::Inknet {
            bail!("--init goes with --backbone inknet; {} begins anew", self.backbone);
        }
        let candidate = Candidate::find(name)?;
        match &candidate {
            Candidate::Network(model) => model.inknet(),
            _ => None,
        }
        .map(|inknet| inknet.learnt().clone())
        .with_context(|| format!("{name} is no inknet model, so nothing can go on from it"))
    }

    fn show(&self, trained: &Trained, seconds: f64) {
        let Trained { model, pairs, last_epoch, skipped } = trained;
        let info = model.info();
        if self.json {
            let calibration_writers = info.calibrated_on.as_ref().map_or(0, |data| data.writers);
            let document = json!({
                "model": {"name": model.name(), "digest": model.digest(), "path": self.out},
                "writers": info.trained_on.writers, "images": info.trained_on.images, "pairs": pairs,
                "calibration_writers": calibration_writers, "threshold": info.threshold,
                "calibration": info.calibration, "epochs": info.epochs, "seed": info.seed,
                "loss": last_epoch.map(|last| last.loss), "accuracy": last_epoch.map(|last| last.accuracy), "seconds": seconds,
                "left_out": skipped.iter().map(left_out).collect::<Vec<_>>(),
            });
            println!("{document:#}");
            return;
        }
        report_skipped(skipped);
        let told = last_epoch.map_or(String::new(), |LastEpoch { loss, accuracy }| {
            format!(": loss {loss:.4}, accuracy {:.1} % in the last epoch", 100.0 * accuracy)
        });
        println!("Trained on {pairs} pairs of {} writers in {seconds:.0} s{told}.", info.trained_on.writers);
        println!("Threshold {:.4}: {}.", info.threshold.value.get(), info.threshold.origin);
        if let Some(calibration) = &info.calibration {
            println!("Likelihood ratios are calibrated for {}.", numbers_of_references(calibration));
        }
        println!("The model is in {}. Next: inkproof evaluate DATA --model {0}", self.out.display());
    }
}

/// "1 reference", "1, 2, and 3 or more references".
fn numbers_of_references(calibration: &inkproof::Calibration) -> &'static str {
    match calibration.fits().len() {
        1 => "1 reference",
        2 => "1 and 2 references",
        _ => "1, 2, and 3 or more references",
    }
}

/// Before any work is begun: a model can be written there.
pub fn require_place_for(model: &Path) -> Result<()> {
    if model.is_dir() {
        bail!("{}: is a folder; give the name of a file for the model", model.display());
    }
    let folder = model.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(missing) = folder.filter(|folder| !folder.is_dir()) {
        bail!("{}: there is no such folder for the model; make it first", missing.display());
    }
    Ok(())
}

/// The count of what was left out; each was named while it happened.
pub fn report_skipped(skipped: &[Skipped]) {
    if !skipped.is_empty() {
        println!("{} file(s) or folder(s) were left out, named above.", skipped.len());
    }
}
