//! Training of siamese networks: the notebook's loop over pairs.
//!
//! An epoch is one pass over the shuffled pairs, a step is one batch; after every epoch, and when it is asked to stop, the
//! state is saved.

use std::ops::ControlFlow;
use std::time::Instant;

use inkproof::Model;
use inkproof::network::{Backbone, Batch};
use inkproof::random::stream;

use super::calibrate::{self, Calibration};
use super::checkpoint::{self, Checkpoint, Position};
use super::order::Order;
use super::{Interruptible, Negatives, Outcome, TrainOptions, Trained, model_info};
use crate::dataset::{DataSet, Kind};
use crate::error::{Error, Result};
use crate::loader::LoadedImages;
use crate::pairs::{Pair, notebook_pairs, random_forgery_pairs, same_writer_pairs};
use crate::progress::{Event, Progress};

/// Trains on all writers of `set` but those held out, who fix threshold and calibration.
///
/// # Errors
/// As [`super::train`].
pub(super) fn fit(
    set: DataSet,
    name: &str,
    backbone: Backbone,
    options: &TrainOptions,
    way: Option<&Interruptible<'_>>,
    progress: &mut dyn Progress,
) -> Result<Outcome> {
    let work = Work::prepare(set, options, progress)?;
    let identity = checkpoint::identity(options, work.order.all(), &work.loaded);
    let state = match way {
        Some(way) if way.resume => Checkpoint::load(&way.checkpoint, &identity, backbone, options)?,
        _ => Checkpoint::beginning(backbone, options),
    };
    let stop = || way.is_some_and(|way| (way.stop)());
    let save = |state: &Checkpoint| way.map_or(Ok(()), |way| state.save(&way.checkpoint, &identity));
    let mut run = Run { options, order: &work.order, loaded: &work.loaded, state };
    let finished = run.all_epochs(&stop, progress, save)?;
    if let (false, Some(way)) = (finished, way) {
        let Position { epoch, step, .. } = run.state.position;
        return Ok(Outcome::Stopped { checkpoint: way.checkpoint.clone(), epoch: epoch + 1, step });
    }
    let state = run.state;
    Ok(Outcome::Finished(Box::new(work.finished(name, state, options, progress)?)))
}

/// What is trained on, and what fixes the threshold.
struct Work {
    set: DataSet,
    loaded: LoadedImages,
    calibration: Option<Calibration>,
    order: Order,
}

impl Work {
    fn prepare(set: DataSet, options: &TrainOptions, progress: &mut dyn Progress) -> Result<Self> {
        let (mut set, held_out) = calibrate::hold_out(set, options)?;
        let loaded = LoadedImages::read(&mut set, &options.read, progress)?;
        let calibration = match held_out {
            Some(held_out) => Some(Calibration::read(held_out, &loaded, options, progress)?),
            None => None,
        };
        let order = match &options.order {
            Some(path) => Order::read(path, &set, options.epochs)?,
            None => Order::Shuffled(pairs_of(&set, options.negatives, options.seed, progress)?),
        };
        Ok(Self { set, loaded, calibration, order })
    }

    fn finished(
        self,
        name: &str,
        state: Checkpoint,
        options: &TrainOptions,
        progress: &mut dyn Progress,
    ) -> Result<Trained> {
        let Checkpoint { trainer, last_epoch, .. } = state;
        let mut model = Model::new(name, model_info(options, &self.set, &self.loaded), trainer.weights);
        let mut skipped = self.set.skipped;
        if let Some(calibration) = self.calibration {
            model = calibration.calibrated(model, options, progress)?;
            skipped.extend(calibration.set.skipped);
        }
        let last_epoch = Some(last_epoch.figures());
        Ok(Trained { model, pairs: self.order.pairs(), last_epoch, skipped })
    }
}

/// The pairs of every epoch; only their order changes.
///
/// # Errors
/// [`Error::NoPairs`].
pub(crate) fn pairs_of(set: &DataSet, wanted: Negatives, seed: u64, progress: &mut dyn Progress) -> Result<Vec<Pair>> {
    draw_pairs(set, negatives(set, wanted, progress), seed)
}

/// What is to be refused, as far as there is any: without skilled forgeries strangers are, and it is said.
fn negatives(set: &DataSet, wanted: Negatives, progress: &mut dyn Progress) -> Negatives {
    let has_forgeries = set.images.iter().any(|image| image.kind == Kind::Forgery);
    if wanted == Negatives::Random || has_forgeries {
        return wanted;
    }
    progress.report(Event::Warning(
        "there are no skilled forgeries, so the network learns to refuse other people's signatures alone; what it makes of \
         skilled forgeries cannot be known from this data",
    ));
    Negatives::Random
}

fn draw_pairs(set: &DataSet, negatives: Negatives, seed: u64) -> Result<Vec<Pair>> {
    let mut rng = stream(seed, "pairs", 0);
    let mut pairs = match negatives {
        Negatives::Skilled | Negatives::Both => notebook_pairs(set, &mut rng)?,
        Negatives::Random => same_writer_pairs(set, &mut rng)?,
    };
    if negatives != Negatives::Skilled {
        pairs.extend(random_forgery_pairs(set, &mut rng)?);
    }
    Ok(pairs)
}

/// A training under way.
struct Run<'a> {
    options: &'a TrainOptions,
    order: &'a Order,
    loaded: &'a LoadedImages,
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
        self.order.pairs().div_ceil(self.options.batch_size)
    }

    fn one_epoch(&mut self, stop: &dyn Fn() -> bool, progress: &mut dyn Progress) -> Result<bool> {
        let (epoch, epochs, steps) = (self.state.position.epoch, self.options.epochs, self.steps());
        let order = self.order.of_epoch(epoch, self.options.seed);
        let done = self.state.position.step * self.options.batch_size;
        let batches: Vec<&[Pair]> = order[done..].chunks(self.options.batch_size).collect();
        let begun = Instant::now();
        let (mut images, mut stopped) = (0, false);
        let state = &mut self.state;
        self.loaded.prefetch(
            &batches,
            |loaded, pairs| batch(loaded, pairs),
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
                Ok(if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
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
fn batch(loaded: &LoadedImages, pairs: &[Pair]) -> Result<Batch> {
    let values = |index: fn(&Pair) -> usize| -> Result<Vec<f32>> {
        let indices: Vec<usize> = pairs.iter().map(index).collect();
        Ok(loaded.inks(&indices)?.iter().flat_map(|ink| ink.values()).collect())
    };
    let labels = pairs.iter().map(|pair| f32::from(pair.same_writer)).collect();
    Ok(Batch { a: values(|pair| pair.a)?, b: values(|pair| pair.b)?, labels })
}
