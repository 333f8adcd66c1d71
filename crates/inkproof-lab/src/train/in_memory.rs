//! Training on pairs of pictures that a caller holds in memory, one epoch at a time: for programs that bring their own loop,
//! as those in Keras' manner do. A training on a data set's pairs ([`Session::pairs`](crate::session::Session::pairs)) takes
//! the very steps that [`train`](super::train) takes with `raw` preprocessing.

use std::ops::ControlFlow;

use inkproof::model::{DataInfo, FORMAT, ModelInfo, ThresholdInfo};
use inkproof::network::{Backbone, Batch, Trainer, Weights};
use inkproof::random::stream;
use inkproof::{Architecture, Embedding, ImageDigest, Model, Preprocess, SIDE};
use rand::seq::SliceRandom;

use super::LastEpoch;
use super::checkpoint::Position;
use crate::error::{Error, Result};
use crate::evaluate::cross_entropy;

/// Numbers of one picture.
const PICTURE: usize = SIDE * SIDE;
/// How far beyond 0..1 rounding may take a picture's numbers.
const ROUNDING: f32 = 1e-3;

/// Pairs of pictures and their labels.
#[derive(Debug, Clone, Copy)]
pub struct PicturePairs<'a> {
    a: &'a [f32],
    b: &'a [f32],
    labels: &'a [f32],
}

impl<'a> PicturePairs<'a> {
    /// `SIDE * SIDE` numbers in 0..1 for each picture; of a pair by one writer the label is 1, of a forgery 0.
    ///
    /// # Errors
    /// [`Error::Pictures`] where the lengths do not belong together, there is no pair, or a number is outside 0..1.
    pub fn new(a: &'a [f32], b: &'a [f32], labels: &'a [f32]) -> Result<Self> {
        if labels.is_empty() {
            return Err(Error::Pictures("there are no pairs".to_owned()));
        }
        for (name, pictures) in [("first", a), ("second", b)] {
            require_pictures(name, pictures)?;
            let count = pictures.len() / PICTURE;
            if count != labels.len() {
                return Err(Error::Pictures(format!("there are {count} {name} pictures and {} labels", labels.len())));
            }
        }
        match labels.iter().find(|label| !(0.0..=1.0).contains(*label)) {
            Some(label) => Err(Error::Pictures(format!("a label is {label}; 1 is by the same writer, 0 a forgery"))),
            None => Ok(Self { a, b, labels }),
        }
    }

    /// How many pairs there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    fn batch(&self, pairs: &[usize]) -> Batch {
        let pictures =
            |all: &[f32]| pairs.iter().flat_map(|&pair| &all[pair * PICTURE..][..PICTURE]).copied().collect();
        let labels = pairs.iter().map(|&pair| self.labels[pair]).collect();
        Batch { a: pictures(self.a), b: pictures(self.b), labels }
    }
}

fn require_pictures(name: &str, pictures: &[f32]) -> Result<()> {
    if !pictures.len().is_multiple_of(PICTURE) {
        let numbers = pictures.len();
        return Err(Error::Pictures(format!("{numbers} numbers are no {name} pictures of {SIDE} x {SIDE}")));
    }
    match pictures.iter().find(|number| !(-ROUNDING..=1.0 + ROUNDING).contains(*number)) {
        Some(number) => Err(Error::Pictures(format!("a number of the {name} pictures is {number}; give them in 0..1"))),
        None => Ok(()),
    }
}

/// How far an epoch is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// The step, from 1.
    pub step: usize,
    /// Of the epoch.
    pub steps: usize,
    /// Of its pairs so far.
    pub so_far: LastEpoch,
}

/// A siamese network in training.
#[derive(Debug, Clone)]
pub struct InMemoryTraining {
    trainer: Trainer,
    /// Whole epochs done, by which the pairs are shuffled.
    epochs: usize,
}

impl InMemoryTraining {
    /// A network that has learned nothing; the seed decides its first weights and how pairs are shuffled.
    ///
    /// # Errors
    /// [`Error::LearningRate`].
    pub fn new(backbone: Backbone, learning_rate: f64, seed: u64) -> Result<Self> {
        super::require_learning_rate(learning_rate)?;
        Ok(Self { trainer: Trainer::new(Weights::initialise(backbone, seed), learning_rate, seed), epochs: 0 })
    }

    /// One that goes on from what a siamese model has learned; the optimiser begins anew.
    ///
    /// # Errors
    /// [`Error::NotSiamese`] for `inknet`.
    pub fn from_model(model: &Model) -> Result<Self> {
        let weights = model.weights().ok_or_else(|| Error::NotSiamese { name: model.name().to_owned() })?;
        let info = model.info();
        let trainer = Trainer::new(weights.clone(), Trainer::LEARNING_RATE, info.seed);
        Ok(Self { trainer, epochs: info.epochs })
    }

    /// The weights as they are.
    pub fn weights(&self) -> &Weights {
        &self.trainer.weights
    }

    /// Whole epochs done.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// From now on steps are this long.
    ///
    /// # Errors
    /// [`Error::LearningRate`].
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        super::require_learning_rate(learning_rate)?;
        self.trainer.learning_rate = learning_rate;
        Ok(())
    }

    /// One pass over all pairs, shuffled or in their order. `after` is called after every step and can break off; then the
    /// steps so far stay, and there are no figures.
    ///
    /// # Errors
    /// [`Error::ZeroOption`]; [`Error::Diverged`] when the loss is not finite.
    pub fn epoch(
        &mut self,
        pairs: &PicturePairs<'_>,
        batch_size: usize,
        shuffle: bool,
        after: &mut dyn FnMut(StepReport) -> ControlFlow<()>,
    ) -> Result<Option<LastEpoch>> {
        if batch_size == 0 {
            return Err(Error::ZeroOption { option: "batch size" });
        }
        let mut order: Vec<usize> = (0..pairs.count()).collect();
        if shuffle {
            order.shuffle(&mut stream(self.trainer.seed, "shuffle", self.epochs as u64));
        }
        let steps = order.len().div_ceil(batch_size);
        let mut position = Position::at_epoch(self.epochs);
        for batch in order.chunks(batch_size) {
            let step = self.trainer.step(&pairs.batch(batch));
            if !step.loss.is_finite() {
                return Err(Error::Diverged { epoch: self.epochs + 1, step: position.step + 1, loss: step.loss });
            }
            position.add(step, batch.len());
            let so_far = position.figures();
            if after(StepReport { step: position.step, steps, so_far }).is_break() {
                return Ok(None);
            }
        }
        self.epochs += 1;
        Ok(Some(position.figures()))
    }

    /// The network as a model, accepting from the notebook's 0.5 on; `preprocess` is what its pictures were made by.
    pub fn model(&self, name: &str, preprocess: Preprocess, trained_on: DataInfo) -> Model {
        let Trainer { weights, seed, .. } = &self.trainer;
        let info = ModelInfo {
            format: FORMAT,
            backbone: Architecture::Siamese(weights.backbone()),
            preprocess,
            threshold: ThresholdInfo::notebook(),
            trained_on,
            calibrated_on: None,
            calibration: None,
            pressure: None,
            seed: *seed,
            epochs: self.epochs,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Model::new(name, info, weights.clone())
    }
}

/// The probability, 0..1, that the pictures of each pair are by one writer.
///
/// # Errors
/// [`Error::Pictures`]; [`Error::NotSiamese`] for `inknet`, which sees inks alone.
pub fn probabilities(model: &Model, a: &[f32], b: &[f32]) -> Result<Vec<f64>> {
    require_pictures("first", a)?;
    require_pictures("second", b)?;
    if a.len() != b.len() {
        let [first, second] = [a, b].map(|pictures| pictures.len() / PICTURE);
        return Err(Error::Pictures(format!("there are {first} first pictures and {second} second ones")));
    }
    let not_siamese = || Error::NotSiamese { name: model.name().to_owned() };
    let vectors = |pictures| Some(model.vectors_of(pictures)?.into_iter().map(Embedding::Vector));
    let pairs = vectors(a).zip(vectors(b)).ok_or_else(not_siamese)?;
    pairs.0.zip(pairs.1).map(|(a, b)| Ok(model.score_of(&[&a], &b)?.get())).collect()
}

/// Mean binary cross-entropy and accuracy of probabilities, as Keras has them.
///
/// # Errors
/// [`Error::Pictures`] where there are none, or not as many as labels.
pub fn measure(probabilities: &[f64], labels: &[f32]) -> Result<LastEpoch> {
    if labels.is_empty() || probabilities.len() != labels.len() {
        let (found, labels) = (probabilities.len(), labels.len());
        return Err(Error::Pictures(format!("there are {found} pairs and {labels} labels")));
    }
    let both = || probabilities.iter().zip(labels);
    let loss: f64 = both().map(|(&probability, &label)| cross_entropy(probability, f64::from(label))).sum();
    let right = both().filter(|&(&probability, &label)| (probability > 0.5) == (label > 0.5)).count();
    let count = labels.len() as f64;
    Ok(LastEpoch { loss: loss / count, accuracy: right as f64 / count })
}

/// What pairs in memory were made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// What a model file says of it.
    pub described: DataInfo,
    /// The fingerprints of all images, of synthetic ones too.
    pub digests: Vec<ImageDigest>,
}

impl Origin {
    /// Of pictures that came from nowhere known: their number is all that a model file can say.
    pub fn unknown(images: usize) -> Self {
        Self { described: DataInfo { images, ..DataInfo::default() }, digests: Vec::new() }
    }

    /// What a model file says of several trainings, each on its own images.
    pub fn together(all: &[Self]) -> DataInfo {
        let mut different: Vec<&Self> = Vec::new();
        for origin in all {
            if !different.contains(&origin) {
                different.push(origin);
            }
        }
        if let [only] = different[..] {
            return only.described.clone();
        }
        let mut digests: Vec<_> = different.iter().flat_map(|origin| origin.digests.iter().copied()).collect();
        digests.sort_unstable();
        digests.dedup();
        let described = || different.iter().map(|origin| &origin.described);
        let (writers, images) = (described().map(|data| data.writers).sum(), described().map(|data| data.images).sum());
        DataInfo { writers, images, digests, synthetic: None }
    }
}

#[cfg(test)]
mod tests;
