//! Training: a data set becomes a model file.
//!
//! `siamese` networks are trained on pairs, as in the notebook, and `inknet` on places. Whatever is drawn comes from the
//! seed and the number of the epoch or step alone, so a training that was interrupted continues bit for bit from its
//! `checkpoint`. Except with `raw` preprocessing, which is the notebook's, one writer in five is held out and fixes the
//! threshold (`calibrate`).

mod calibrate;
mod checkpoint;
pub mod in_memory;
mod inknet;
mod order;
mod siamese;

use std::path::{Path, PathBuf};

use inkproof::inknet::{InknetWeights, PressureRule};
use inkproof::model::{FORMAT, ModelInfo, ThresholdInfo};
use inkproof::network::{Compute, Trainer};
use inkproof::{Architecture, Backbone, InkParameters, Model, Preprocess};
use serde::{Deserialize, Serialize};

use crate::candidate::Candidate;
use crate::dataset::{DataSet, Skipped};
use crate::error::{Error, Result};
use crate::loader::{LoadedImages, ReadOptions};
use crate::progress::{Event, Progress};
pub(crate) use calibrate::parted;
pub(crate) use siamese::pairs_of;

/// How a network is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// Which network.
    pub backbone: Architecture,
    /// How images are read; the preprocessing goes into the model file.
    pub read: ReadOptions,
    /// Which pairs it learns to refuse.
    pub negatives: Negatives,
    /// Passes over all pairs.
    pub epochs: usize,
    /// Pairs in a step.
    pub batch_size: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Decides the pairs, their order, the first weights and who is held out.
    pub seed: u64,
    /// What the network is trained on.
    pub compute: Compute,
    /// What `inknet` goes on from; siamese networks start from nothing.
    pub init: Option<InknetWeights>,
    /// A table of the pairs that a siamese network is shown, in their order, in place of those that are drawn: the columns
    /// `first` and `second`, paths below the data set's folder; optionally `epoch`, from 1, without which all epochs have the
    /// same, and `label`.
    pub order: Option<PathBuf>,
}

/// Which pairs are labelled 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Negatives {
    /// Skilled forgeries, as in the notebook.
    Skilled,
    /// Other writers' genuine signatures.
    Random,
    /// Both kinds.
    Both,
}

impl TrainOptions {
    /// The `ink` preprocessing that is best for this network.
    pub fn ink_for(backbone: Architecture) -> Preprocess {
        match backbone {
            Architecture::Inknet => Preprocess::Ink(InkParameters::by_mass()),
            Architecture::Siamese(_) => Preprocess::ink(),
        }
    }

    /// The notebook's options with the given backbone and preprocessing.
    pub fn new(backbone: Architecture, preprocess: Preprocess) -> Self {
        Self {
            backbone,
            read: ReadOptions::new(preprocess),
            negatives: Negatives::Skilled,
            epochs: 10,
            batch_size: 32,
            learning_rate: Trainer::LEARNING_RATE,
            seed: 0,
            compute: Compute::Cpu,
            init: None,
            order: None,
        }
    }

    /// Refuses options that contradict each other.
    ///
    /// # Errors
    /// [`Error::InknetNeedsInk`] for `inknet` on raw images, [`Error::OrderNeedsPairs`] for `inknet` in an order,
    /// [`Error::InitNeedsInknet`] for another network that is to continue from something.
    pub(crate) fn require_consistent(&self) -> Result<()> {
        match self.backbone {
            Architecture::Inknet if self.read.preprocess == Preprocess::Raw => Err(Error::InknetNeedsInk),
            Architecture::Inknet if self.order.is_some() => Err(Error::OrderNeedsPairs),
            Architecture::Siamese(_) if self.init.is_some() => Err(Error::InitNeedsInknet { backbone: self.backbone }),
            _ => Ok(()),
        }
    }
}

impl Default for TrainOptions {
    /// The notebook's network on ink.
    fn default() -> Self {
        let backbone = Architecture::Siamese(Backbone::SimpleCnn);
        Self::new(backbone, Self::ink_for(backbone))
    }
}

/// What the inknet model of this name or file has learned, for [`TrainOptions::init`].
///
/// # Errors
/// As [`Candidate::find`]; [`Error::NotInknet`] for a baseline or a siamese network.
pub fn learnt_by(name: &str) -> Result<InknetWeights> {
    let learned = match Candidate::find(name)? {
        Candidate::Network(model) => model.inknet().map(|inknet| inknet.learned().clone()),
        Candidate::Hog | Candidate::Shortcuts => None,
    };
    learned.ok_or_else(|| Error::NotInknet { name: name.to_owned() })
}

/// How a training ended.
pub enum Outcome {
    /// The model is written.
    Finished(Box<Trained>),
    /// It was asked to stop; the checkpoint continues it.
    Stopped {
        /// Where its state is.
        checkpoint: PathBuf,
        /// The epoch in which it was stopped, from 1.
        epoch: usize,
        /// The last step of it that was done.
        step: usize,
    },
}

/// A finished training.
pub struct Trained {
    /// What was trained, calibrated on the writers that were held out.
    pub model: Model,
    /// Pairs in an epoch; of `inknet` all that were looked at.
    pub pairs: usize,
    /// None of `inknet`, which has no epochs.
    pub last_epoch: Option<LastEpoch>,
    /// Images that were left out.
    pub skipped: Vec<Skipped>,
}

/// How well the pairs of the last epoch were classified.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastEpoch {
    /// Mean binary cross-entropy, in nats.
    pub loss: f64,
    /// Share of the pairs on the right side of 0.5.
    pub accuracy: f64,
}

/// Trains on all of `set` (pass one part of a data set that has splits) and writes the model to `out`.
///
/// After every epoch, and when `stop` says so, the state goes to [`checkpoint_path`]; with `resume` training continues
/// from there. A finished training removes it.
///
/// # Errors
/// Images that cannot be read; too few writers or pairs; a checkpoint that is missing, of another training, or in the
/// way; [`Error::Diverged`] when the loss is not finite; a file that cannot be written. `out` is written whole or not
/// at all.
pub fn train(
    set: DataSet,
    options: &TrainOptions,
    out: &Path,
    resume: bool,
    stop: &dyn Fn() -> bool,
    progress: &mut dyn Progress,
) -> Result<Outcome> {
    require_checkpoint(out, resume)?;
    progress.report(Event::Training { model: out, resume });
    let way = Interruptible { checkpoint: checkpoint_path(out), resume, stop };
    let outcome = run(set, &name_of(out), options, Some(&way), progress)?;
    if let Outcome::Finished(trained) = &outcome {
        trained.model.save(out)?;
        checkpoint::remove(&way.checkpoint)?;
    }
    Ok(outcome)
}

/// [`train`] without files: no checkpoint on the way, and the model is only returned.
///
/// # Errors
/// As [`train`], but for those of files.
pub fn fit(set: DataSet, name: &str, options: &TrainOptions, progress: &mut dyn Progress) -> Result<Trained> {
    match run(set, name, options, None, progress)? {
        Outcome::Finished(trained) => Ok(*trained),
        Outcome::Stopped { .. } => unreachable!("nothing can stop it"),
    }
}

/// How a training can be stopped, and where it is kept then.
struct Interruptible<'a> {
    checkpoint: PathBuf,
    resume: bool,
    stop: &'a dyn Fn() -> bool,
}

fn run(
    set: DataSet,
    name: &str,
    options: &TrainOptions,
    way: Option<&Interruptible<'_>>,
    progress: &mut dyn Progress,
) -> Result<Outcome> {
    require_sensible(options)?;
    match options.backbone {
        Architecture::Siamese(backbone) => siamese::fit(set, name, backbone, options, way, progress),
        Architecture::Inknet => match way {
            // It is done before it could be stopped, so the checkpoint is another network's.
            Some(way) if way.resume => Err(Error::NoCheckpoint(way.checkpoint.clone())),
            _ => Ok(Outcome::Finished(Box::new(inknet::fit(set, name, options, progress)?))),
        },
    }
}

/// Where the state of an unfinished training is kept: next to the model, `NAME.checkpoint`.
pub fn checkpoint_path(out: &Path) -> PathBuf {
    out.with_extension("checkpoint")
}

/// Before anything is begun: with `resume` there must be a checkpoint, and without it none may be in the way, since it
/// may be hours of work.
///
/// # Errors
/// [`Error::NoCheckpoint`] or [`Error::CheckpointInTheWay`].
pub fn require_checkpoint(out: &Path, resume: bool) -> Result<()> {
    let path = checkpoint_path(out);
    match (resume, path.exists()) {
        (true, false) => Err(Error::NoCheckpoint(path)),
        (false, true) => Err(Error::CheckpointInTheWay(path)),
        _ => Ok(()),
    }
}

fn require_sensible(options: &TrainOptions) -> Result<()> {
    for (option, value) in [("epochs", options.epochs), ("batch size", options.batch_size)] {
        if value == 0 {
            return Err(Error::ZeroOption { option });
        }
    }
    require_learning_rate(options.learning_rate)
}

fn require_learning_rate(rate: f64) -> Result<()> {
    if rate.is_finite() && rate > 0.0 { Ok(()) } else { Err(Error::LearningRate(rate)) }
}

fn model_info(options: &TrainOptions, set: &DataSet, loaded: &LoadedImages) -> ModelInfo {
    ModelInfo {
        format: FORMAT,
        backbone: options.backbone,
        preprocess: options.read.preprocess.clone(),
        threshold: ThresholdInfo::notebook(),
        trained_on: loaded.describe(set),
        calibrated_on: None,
        calibration: None,
        pressure: (options.backbone == Architecture::Inknet).then_some(PressureRule::FITTED),
        seed: options.seed,
        epochs: options.epochs,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn name_of(out: &Path) -> String {
    out.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
