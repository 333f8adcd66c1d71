//! Adam (Kingma and Ba 2015) as Keras writes it: epsilon is added to the root of the *uncorrected* second moment.

use super::tensors::Tensors;
use super::weights::Weights;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f32 = 1e-7;

/// The optimiser's state: how many steps were taken and both moments of every tensor's gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Steps taken.
    pub steps: u64,
    /// Mean and mean square of the gradients, in the order of the weights; empty for tensors without a gradient.
    pub moments: Vec<[Vec<f32>; 2]>,
}

impl Adam {
    /// Before the first step.
    pub fn new(weights: &Weights) -> Self {
        Self::of(weights.tensors())
    }

    pub(super) fn of(tensors: &Tensors) -> Self {
        let zeros = |(parameter, values): (&super::Parameter, &[f32])| {
            let zeros = vec![0.0; if parameter.trainable { values.len() } else { 0 }];
            [zeros.clone(), zeros]
        };
        Self { steps: 0, moments: tensors.iter().map(zeros).collect() }
    }

    /// Moves all trainable weights one step against `gradients`, which are in the order of the weights; a tensor that
    /// the loss does not depend on has `None` and stays.
    pub(super) fn step(&mut self, tensors: &mut Tensors, gradients: &[Option<Vec<f32>>], learning_rate: f64) {
        self.steps += 1;
        let power = self.steps as f64;
        let rate = (learning_rate * (1.0 - BETA2.powf(power)).sqrt() / (1.0 - BETA1.powf(power))) as f32;
        let (towards1, towards2) = ((1.0 - BETA1) as f32, (1.0 - BETA2) as f32);
        for (((_, values), [first, second]), gradient) in tensors.iter_mut().zip(&mut self.moments).zip(gradients) {
            let Some(gradient) = gradient else { continue };
            for (((value, m), v), &g) in values.iter_mut().zip(first).zip(second).zip(gradient) {
                *m += (g - *m) * towards1;
                *v += (g * g - *v) * towards2;
                *value -= *m * rate / (v.sqrt() + EPSILON);
            }
        }
    }
}
