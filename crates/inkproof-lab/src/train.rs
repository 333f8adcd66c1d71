//! Training: the notebook's loop over pairs, and what the notebook left out.
//!
//! A data set becomes pictures and pairs, an epoch is one pass over the shuffled pairs, a step is one batch. Whatever is
//! drawn comes from the seed and the number of the epoch or step alone, so a training that was interrupted continues bit
//! for bit from its [`checkpoint`]. Except with `raw` preprocessing, which is the notebook's, one writer in five is held
//! out and fixes the threshold ([`calibrate`]).

mod calibrate;
mod checkpoint;
mod inknet;

use std::path::{Path, PathBuf};
use std::time::Instant;

use inkproof::inknet::Learnt;
use inkproof::model::{FORMAT, ModelInfo, ThresholdInfo};
use inkproof::network::{Batch, Compute, Trainer};
use inkproof::random::stream;
use inkproof::{Architecture, Model, Preprocess, Threshold};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::dataset::{DataSet, Skipped};
use crate::error::{Error, Result};
use crate::pairs::{Pair, notebook_pairs, random_forgery_pairs, same_writer_pairs};
use crate::pictures::{GoOn, Pictures, ReadOptions};
use crate::progress::{Event, Progress};
use calibrate::Calibration;
pub(crate) use calibrate::parted;
use checkpoint::{Checkpoint, Position};

/// How a network is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    pub backbone: Architecture,
    /// How images are read; the preprocessing goes into the model file.
    pub read: ReadOptions,
    pub negatives: Negatives,
    /// Passes over all pairs.
    pub epochs: usize,
    /// Pairs in a step.
    pub batch_size: usize,
    pub learning_rate: f64,
    pub seed: u64,
    /// What the network is trained on.
    pub compute: Compute,
    /// What `inknet` goes on from; siamese networks begin anew.
    pub init: Option<Learnt>,
}

/// Which pairs are labelled 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Negatives {
    /// Skilled forgeries, as in the notebook.
    Skilled,
    /// Other writers' genuine signatures.
    Random,
    Both,
}

impl TrainOptions {
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
        }
    }
}

/// How a training ended.
pub enum Outcome {
    /// The model is written.
    Finished(Box<Trained>),
    /// It was told to stop; the checkpoint continues it.
    Stopped { checkpoint: PathBuf, epoch: usize, step: usize },
}

/// A finished training.
pub struct Trained {
    pub model: Model,
    /// Pairs in an epoch; of `inknet` all that were looked at.
    pub pairs: usize,
    /// None of `inknet`, which has no epochs.
    pub last_epoch: Option<LastEpoch>,
    /// Images that were left out.
    pub skipped: Vec<Skipped>,
}

/// How well the pairs of the last epoch were told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastEpoch {
    pub loss: f64,
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
    require_sensible(options)?;
    require_checkpoint(out, resume)?;
    let backbone = match options.backbone {
        Architecture::Siamese(backbone) => backbone,
        Architecture::Inknet => {
            let trained = inknet::fit(set, &name_of(out), options, progress)?;
            trained.model.save(out)?;
            return Ok(Outcome::Finished(Box::new(trained)));
        }
    };
    let work = Work::prepare(set, options, progress)?;
    let checkpoint = checkpoint_path(out);
    let identity = checkpoint::identity(options, &work.pairs, &work.pictures);
    let state = match resume {
        true => Checkpoint::load(&checkpoint, &identity, backbone, options)?,
        false => Checkpoint::beginning(backbone, options),
    };
    let mut run = Run { options, pairs: &work.pairs, pictures: &work.pictures, state };
    if !run.all_epochs(stop, progress, |state| state.save(&checkpoint, &identity))? {
        let Position { epoch, step, .. } = run.state.position;
        return Ok(Outcome::Stopped { checkpoint, epoch: epoch + 1, step });
    }
    let state = run.state;
    let trained = work.finished(&name_of(out), state, options, progress)?;
    trained.model.save(out)?;
    checkpoint::remove(&checkpoint)?;
    Ok(Outcome::Finished(Box::new(trained)))
}

/// [`train`] without files: no checkpoint on the way, and the model is only returned.
///
/// # Errors
/// As [`train`], but for those of files.
pub fn fit(set: DataSet, name: &str, options: &TrainOptions, progress: &mut dyn Progress) -> Result<Trained> {
    require_sensible(options)?;
    let Architecture::Siamese(backbone) = options.backbone else {
        return inknet::fit(set, name, options, progress);
    };
    let work = Work::prepare(set, options, progress)?;
    let state = Checkpoint::beginning(backbone, options);
    let mut run = Run { options, pairs: &work.pairs, pictures: &work.pictures, state };
    run.all_epochs(&|| false, progress, |_| Ok(()))?;
    let state = run.state;
    work.finished(name, state, options, progress)
}

/// What is trained on, and what fixes the threshold.
struct Work {
    set: DataSet,
    pictures: Pictures,
    calibration: Option<Calibration>,
    pairs: Vec<Pair>,
}

impl Work {
    fn prepare(set: DataSet, options: &TrainOptions, progress: &mut dyn Progress) -> Result<Self> {
        let (mut set, held_out) = calibrate::hold_out(set, options)?;
        let pictures = Pictures::read(&mut set, &options.read, progress)?;
        let calibration = match held_out {
            Some(held_out) => Some(Calibration::read(held_out, &pictures, options, progress)?),
            None => None,
        };
        let pairs = draw_pairs(&set, options)?;
        Ok(Self { set, pictures, calibration, pairs })
    }

    fn finished(
        self,
        name: &str,
        state: Checkpoint,
        options: &TrainOptions,
        progress: &mut dyn Progress,
    ) -> Result<Trained> {
        let Checkpoint { trainer, last_epoch, .. } = state;
        let mut model = Model::new(name, model_info(options, &self.set, &self.pictures), trainer.weights);
        let mut skipped = self.set.skipped;
        if let Some(calibration) = self.calibration {
            model = calibration.calibrated(model, options, progress)?;
            skipped.extend(calibration.set.skipped);
        }
        let last_epoch = Some(LastEpoch { loss: last_epoch.loss(), accuracy: last_epoch.accuracy() });
        Ok(Trained { model, pairs: self.pairs.len(), last_epoch, skipped })
    }
}

/// Where the state of an unfinished training is kept: beside the model, `NAME.checkpoint`.
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
    for (option, value) in [("epochs", options.epochs), ("batch-size", options.batch_size)] {
        if value == 0 {
            return Err(Error::ZeroOption { option });
        }
    }
    match options.learning_rate {
        rate if rate.is_finite() && rate > 0.0 => Ok(()),
        rate => Err(Error::LearningRate(rate)),
    }
}

/// The pairs of every epoch; only their order changes.
fn draw_pairs(set: &DataSet, options: &TrainOptions) -> Result<Vec<Pair>> {
    let mut rng = stream(options.seed, "pairs", 0);
    let mut pairs = match options.negatives {
        Negatives::Skilled | Negatives::Both => notebook_pairs(set, &mut rng)?,
        Negatives::Random => same_writer_pairs(set, &mut rng)?,
    };
    if options.negatives != Negatives::Skilled {
        pairs.extend(random_forgery_pairs(set, &mut rng)?);
    }
    Ok(pairs)
}

/// A training under way.
struct Run<'a> {
    options: &'a TrainOptions,
    pairs: &'a [Pair],
    pictures: &'a Pictures,
    state: Checkpoint,
}

impl Run<'_> {
    /// True when all epochs are done, false when `stop` ended them.
    fn all_epochs(
        &mut self,
        stop: &dyn Fn() -> bool,
        progress: &mut dyn Progress,
        save: impl Fn(&Checkpoint) -> Result<()>,
    ) -> Result<bool> {
        let total = self.options.epochs * self.steps();
        progress.report(Event::Stage { name: "training", total });
        while self.state.position.epoch < self.options.epochs {
            if !self.one_epoch(stop, progress)? {
                save(&self.state)?;
                return Ok(false);
            }
            save(&self.state)?;
        }
        Ok(true)
    }

    /// Steps in an epoch.
    fn steps(&self) -> usize {
        self.pairs.len().div_ceil(self.options.batch_size)
    }

    fn one_epoch(&mut self, stop: &dyn Fn() -> bool, progress: &mut dyn Progress) -> Result<bool> {
        let (epoch, epochs, steps) = (self.state.position.epoch, self.options.epochs, self.steps());
        let mut order = self.pairs.to_vec();
        order.shuffle(&mut stream(self.options.seed, "shuffle", epoch as u64));
        let done = self.state.position.step * self.options.batch_size;
        let batches: Vec<&[Pair]> = order[done..].chunks(self.options.batch_size).collect();
        let begun = Instant::now();
        let (mut images, mut stopped) = (0, false);
        let state = &mut self.state;
        self.pictures.prefetch(
            &batches,
            |pictures, pairs| batch(pictures, pairs),
            |batch| {
                let step = state.trainer.step(&batch);
                if !step.loss.is_finite() {
                    return Err(Error::Diverged { epoch: epoch + 1, step: state.position.step + 1, loss: step.loss });
                }
                state.position.add(step, batch.labels.len());
                images += 2 * batch.labels.len();
                let position = &state.position;
                progress.report(Event::Step {
                    epoch: epoch + 1,
                    epochs,
                    step: position.step,
                    steps,
                    loss: position.loss(),
                    accuracy: position.accuracy(),
                    images_per_second: images as f64 / begun.elapsed().as_secs_f64(),
                });
                progress.report(Event::Advance { done: epoch * steps + position.step });
                stopped = position.step < steps && stop();
                Ok(if stopped { GoOn::No } else { GoOn::Yes })
            },
        )?;
        if stopped {
            return Ok(false);
        }
        let (loss, accuracy) = (state.position.loss(), state.position.accuracy());
        let seconds = begun.elapsed().as_secs_f64();
        state.last_epoch = state.position.clone();
        state.position = Position::at_epoch(epoch + 1);
        progress.report(Event::Epoch { epoch: epoch + 1, epochs, loss, accuracy, seconds });
        Ok(!stop() || epoch + 1 == epochs)
    }
}

/// The pictures of some pairs as the network takes them.
fn batch(pictures: &Pictures, pairs: &[Pair]) -> Result<Batch> {
    let values = |index: fn(&Pair) -> usize| -> Result<Vec<f32>> {
        let indices: Vec<usize> = pairs.iter().map(index).collect();
        Ok(pictures.inks(&indices)?.iter().flat_map(|ink| ink.values()).collect())
    };
    let labels = pairs.iter().map(|pair| f32::from(pair.same_writer)).collect();
    Ok(Batch { a: values(|pair| pair.a)?, b: values(|pair| pair.b)?, labels })
}

fn model_info(options: &TrainOptions, set: &DataSet, pictures: &Pictures) -> ModelInfo {
    ModelInfo {
        format: FORMAT,
        backbone: options.backbone,
        preprocess: options.read.preprocess.clone(),
        threshold: ThresholdInfo { value: Threshold::NOTEBOOK, origin: "the notebook's 0.5".to_owned() },
        trained_on: pictures.describe(set),
        calibrated_on: None,
        calibration: None,
        seed: options.seed,
        epochs: options.epochs,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn name_of(out: &Path) -> String {
    out.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
