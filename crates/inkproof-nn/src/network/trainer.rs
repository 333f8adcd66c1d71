//! One training step of the siamese network: two calls of the backbone, cross-entropy, Adam.

use super::SIDE;
use super::adam::Adam;
use super::device::Device;
use super::tensors::EachTensor;
use super::weights::Weights;
use crate::random;

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
    /// The weights, after the steps so far.
    pub weights: Weights,
    /// The optimiser's state.
    pub adam: Adam,
    /// How far a step goes.
    pub learning_rate: f64,
    /// Decides, with the number of the step, what drop-connect drops.
    pub seed: u64,
    /// Off only where a step is compared with another implementation's.
    pub drop_connect: bool,
    /// What computes the steps.
    pub device: Device,
}

impl Trainer {
    /// Keras' default learning rate of Adam.
    pub const LEARNING_RATE: f64 = 1e-3;

    /// A training before its first step, on the CPU.
    pub fn new(weights: Weights, learning_rate: f64, seed: u64) -> Self {
        let adam = Adam::new(&weights);
        Self { weights, adam, learning_rate, seed, drop_connect: true, device: Device::Cpu }
    }

    /// Trains on one batch.
    ///
    /// The caller checks the loss: a NaN is reported, not hidden, and the weights are of no use after it.
    pub fn step(&mut self, batch: &Batch) -> Step {
        let (step, gradients, moved) = self.differentiate(batch);
        self.adam.step(self.weights.tensors_mut(), &gradients, self.learning_rate);
        self.weights.tensors_mut().keep_moved(moved);
        step
    }

    /// Loss, gradients and moving statistics of one batch, in the order of the weights.
    pub(crate) fn differentiate(&self, batch: &Batch) -> (Step, EachTensor, EachTensor) {
        let rng = self.drop_connect.then(|| random::stream(self.seed, "drop-connect", self.adam.steps));
        let Found { loss, probabilities, gradients, moved } =
            self.device.differentiate(&self.weights, rng, batch, SIDE);
        let right = probabilities.iter().zip(&batch.labels).filter(|&(&p, &label)| (p > 0.5) == (label > 0.5));
        (Step { loss, correct: right.count() }, gradients, moved)
    }
}

/// What a device finds in a batch; tensors are in the order of the weights.
#[derive(Debug)]
pub(super) struct Found {
    pub loss: f32,
    /// One for each pair.
    pub probabilities: Vec<f32>,
    /// None where the loss does not depend on the tensor.
    pub gradients: EachTensor,
    /// Moving statistics after the batch; None where it updates none.
    pub moved: EachTensor,
}
