//! `inkproof train`: a folder of signatures becomes a model file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use inkproof::Architecture;
use inkproof::network::Compute;
use inkproof_lab::dataset::{DataSet, Skipped};
use inkproof_lab::session::Session;
use inkproof_lab::train::{self, LastEpoch, Outcome, TrainOptions, Trained};
use serde_json::json;

use crate::interrupt;
use crate::lab_arguments::{Data, NegativesKind, PreprocessKind, require_place_for};
use crate::outputs::Inputs;
use crate::progress::{Shown, log_beside};
use crate::terminal::one_line;
use crate::text::print_skipped;

/// Train a network on a folder of signatures
///
/// Reads DATA/train where there is one. Ctrl-C saves the state; --resume goes on from there.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    data: Data,
    /// Where the model is written; the log and, until it is finished, the checkpoint are next to it
    #[arg(long)]
    out: PathBuf,
    /// Network: inknet (learns in seconds, from genuine signatures alone), simple-cnn or efficientnet-b0
    #[arg(long, default_value = "simple-cnn")]
    backbone: Architecture,
    /// Go on from what an inknet model has learned: a model file, or bundled
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
    /// A table of the pairs in the order in which they are shown, to compare with another program: first and second (paths
    /// below DATA), optionally epoch (from 1; without it all epochs have the same order) and label
    #[arg(long, value_name = "PAIRS.csv", conflicts_with = "negatives")]
    order: Option<PathBuf>,
    /// What the network is trained on: cpu, or gpu in a build with the feature `gpu`, which is slower so far (docs/speed.md)
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
        let options = self.options()?;
        train::require_checkpoint(&self.out, self.resume)?;
        let mut progress = Shown::logged(self.log.clone());
        let mut session = Session::open(&self.data.options(), &mut progress)?;
        self.spare_inputs(session.set())?;
        interrupt::listen(interrupt::OF_TRAINING)?;
        let begun = Instant::now();
        let outcome = session.train(&options, &self.out, self.resume, &interrupt::asked)?;
        drop(progress);
        match outcome {
            Outcome::Stopped { checkpoint, epoch, step } => {
                eprintln!(
                    "stopped in epoch {epoch} after step {step}; the state is in {}: give the same command with --resume to go on",
                    one_line(checkpoint.display())
                );
                Ok(ExitCode::from(2))
            }
            Outcome::Finished(trained) => {
                self.show(&trained, begun.elapsed().as_secs_f64());
                Ok(ExitCode::SUCCESS)
            }
        }
    }

    fn spare_inputs(&self, set: &DataSet) -> Result<()> {
        let log = self.log.clone().unwrap_or_else(|| log_beside(&self.out));
        let checkpoint = train::checkpoint_path(&self.out);
        Inputs::default().and_data(set).and(&self.init).and(&self.order).spare(&[&self.out, &log, &checkpoint])
    }

    fn options(&self) -> Result<TrainOptions> {
        let preprocess = self.preprocess.for_network(self.backbone);
        Ok(TrainOptions {
            init: self.init.as_deref().map(train::learnt_by).transpose()?,
            read: self.data.reading.options().with(preprocess.clone()),
            negatives: self.negatives.negatives(),
            compute: self.device,
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            seed: self.seed,
            order: self.order.clone(),
            ..TrainOptions::new(self.backbone, preprocess)
        })
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
                "left_out": skipped.iter().map(Skipped::document).collect::<Vec<_>>(),
            });
            println!("{document:#}");
            return;
        }
        print_skipped(skipped);
        let quality = last_epoch.map_or(String::new(), |LastEpoch { loss, accuracy }| {
            format!(": loss {loss:.4}, accuracy {:.1} % in the last epoch", 100.0 * accuracy)
        });
        println!("Trained on {pairs} pairs of {} writers in {seconds:.0} s{quality}.", info.trained_on.writers);
        println!("Threshold {:.4}: {}.", info.threshold.value.get(), info.threshold.origin);
        if let Some(calibration) = &info.calibration {
            println!("Likelihood ratios are calibrated for {}.", numbers_of_references(calibration));
        }
        println!("The model is in {}. Next: inkproof evaluate DATA --model {0}", one_line(self.out.display()));
    }
}

/// "1 reference", "1, 2, 3 or more references".
fn numbers_of_references(calibration: &inkproof::Calibration) -> String {
    let numbers: Vec<String> = calibration.fits().iter().map(|fit| fit.references.to_string()).collect();
    match calibration.fits().last().map_or(0, |fit| fit.references) {
        0 | 1 => "1 reference".to_owned(),
        2 => "1 and 2 references".to_owned(),
        _ => format!("{} or more references", numbers.join(", ")),
    }
}
