//! One training step of the siamese network: two calls of the backbone, cross-entropy, Adam.

use super::adam::Adam;
use super::compute::Compute;
use super::pass::{self, Pass};
use super::weights::Weights;
use super::{layers, similarity};
use crate::{SIDE, random};

/// Pairs of pictures with their labels.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// `SIDE * SIDE` numbers in [0, 1] for the first picture of every pair.
    pub a: Vec<f32>,
    /// The same for the second.
    pub b: Vec<f32>,
    /// 1 for two signatures of one writer, 0 for a forgery.
    pub labels: Vec<f32>,
}

/// What a step found, before it changed the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Mean binary cross-entropy over the batch.
    pub loss: f32,
    /// How many pairs were on the right side of 0.5.
    pub correct: usize,
}

/// A network in training.
#[derive(Clone, Debug, PartialEq)]
pub struct Trainer {
    pub weights: Weights,
    pub adam: Adam,
    pub learning_rate: f64,
    /// Decides, with the number of the step, what drop-connect drops.
    pub seed: u64,
    /// Off only where a step is compared with another implementation's.
    pub drop_connect: bool,
    /// What it is trained on.
    pub compute: Compute,
}

impl Trainer {
    /// Keras' default learning rate of Adam.
    pub const LEARNING_RATE: f64 = 1e-3;

    pub fn new(weights: Weights, learning_rate: f64, seed: u64) -> Self {
        let adam = Adam::new(&weights);
        Self { weights, adam, learning_rate, seed, drop_connect: true, compute: Compute::Cpu }
    }

    /// Trains on one batch.
    ///
    /// The caller checks the loss: a NaN is reported, not hidden, and the weights are of no use after it.
    pub fn step(&mut self, batch: &Batch) -> Step {
        let (step, gradients, moved) = self.differentiate(batch);
        self.adam.step(&mut self.weights, &gradients, self.learning_rate);
        for ((_, values), moved) in self.weights.iter_mut().zip(moved) {
            if let Some(moved) = moved {
                *values = moved;
            }
        }
        step
    }

    /// Loss, gradients and moving statistics of one batch, in the order of the weights.
    #[allow(clippy::type_complexity)]
    pub(crate) fn differentiate(&self, batch: &Batch) -> (Step, Vec<Option<Vec<f32>>>, Vec<Option<Vec<f32>>>) {
        let rng = random::stream(self.seed, "drop-connect", self.adam.steps);
        let pass = Pass::training(&self.weights, self.compute, rng, self.drop_connect);
        let count = batch.labels.len();
        let embed =
            |pixels: &[f32]| self.weights.backbone().embed(&pass, pass.input(pixels.to_vec(), [count, SIDE, SIDE, 1]));
        let probability = similarity(&pass, embed(&batch.a), embed(&batch.b));
        let labels = pass.input(batch.labels.clone(), [count, 1]);
        let loss = layers::binary_cross_entropy(probability.clone(), labels);
        let gradients = loss.backward();
        let names = || self.weights.iter().map(|(parameter, _)| parameter);
        let by_name = names().map(|p| if p.trainable { pass.gradient(&p.name, &gradients) } else { None }).collect();
        let moved = names().map(|p| pass.moved(&p.name)).collect();
        let correct = pass::values(probability.inner())
            .iter()
            .zip(&batch.labels)
            .filter(|&(&p, &label)| (p > 0.5) == (label > 0.5))
            .count();
        (Step { loss: pass::values(loss.inner())[0], correct }, by_name, moved)
    }
}
