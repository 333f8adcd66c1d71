//! The networks by burn's operations and its automatic differentiation: what trains on a GPU, and the oracle of the
//! tests for a whole step.

use std::collections::BTreeMap;

use burn::tensor::activation::relu;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::burn_ops;
use super::layers::{self, Layers};
use super::ops::batch_norm::EPSILON;
use super::tensors::{EachTensor, Tensors};
use super::trainer::{Batch, Found};
use super::weights::Weights;

/// Loss, gradients and moving statistics of one batch, as [`super::cpu::differentiate`] finds them.
pub(super) fn differentiate(
    device: &Device,
    weights: &Weights,
    rng: Option<ChaCha8Rng>,
    batch: &Batch,
    side: usize,
) -> Found {
    let backbone = weights.backbone();
    let weights = weights.tensors();
    let mut network = Network::new(device.clone().autodiff(), weights, rng);
    let count = batch.labels.len();
    let [a, b] = [&batch.a, &batch.b].map(|pixels| {
        let x = network.input(pixels.clone(), [count, side, side, 1]);
        backbone.embed(&mut network, x)
    });
    let probability = burn_ops::similarity(a, b, (network.tensor("head.weight"), network.tensor("head.bias")));
    let labels = network.input(batch.labels.clone(), [count, 1]);
    let loss = burn_ops::binary_cross_entropy(probability.clone(), labels);
    let gradients = loss.backward();
    Found {
        loss: values(loss.inner())[0],
        probabilities: values(probability.inner()),
        gradients: network.trained(&gradients),
        moved: network.moved(),
    }
}

/// Gradients and moving statistics of one batch of a detector, given the gradient of each of its answers.
#[cfg(test)]
pub(super) fn differentiate_detector(
    device: &Device,
    weights: &Tensors,
    (pictures, shape): (Vec<f32>, [usize; 4]),
    (numbers, gradient): (Vec<f32>, Vec<f32>),
) -> [EachTensor; 2] {
    let mut network = Network::new(device.clone().autodiff(), weights, None);
    let count = shape[0];
    let (beside, answers) = (numbers.len() / count, gradient.len() / count);
    let (x, numbers) = (network.input(pictures, shape), network.input(numbers, [count, beside]));
    let answers_found = super::detector::answers(&mut network, x, numbers);
    let loss = (answers_found * network.input(gradient, [count, answers])).sum();
    let gradients = loss.backward();
    [network.trained(&gradients), network.moved()]
}

/// Weights on a device, for one training step.
struct Network<'a> {
    device: Device,
    weights: &'a Tensors,
    /// Every tensor flat, in the order of the weights.
    tensors: Vec<Tensor<1>>,
    rng: Option<ChaCha8Rng>,
    /// The moving statistics that calls of batch normalisation have updated so far, by place in the weights.
    moved: BTreeMap<usize, Vec<f32>>,
}

impl<'a> Network<'a> {
    fn new(device: Device, weights: &'a Tensors, rng: Option<ChaCha8Rng>) -> Self {
        let tensors = weights.iter().map(|(parameter, values)| {
            let tensor = Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &device);
            if parameter.trainable { tensor.require_grad() } else { tensor }
        });
        let tensors = tensors.collect();
        Self { device, weights, tensors, rng, moved: BTreeMap::new() }
    }

    /// The gradients of what is trained.
    fn trained(&self, gradients: &Gradients) -> EachTensor {
        let each = self.weights.iter().zip(&self.tensors);
        each.map(|((parameter, _), tensor)| tensor.grad(gradients).filter(|_| parameter.trainable).map(values))
            .collect()
    }

    /// The moving statistics that were updated.
    fn moved(&self) -> EachTensor {
        (0..self.tensors.len()).map(|place| self.moved.get(&place).cloned()).collect()
    }

    fn input<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// The tensor called `name`.
    fn tensor<const D: usize>(&self, name: &str) -> Tensor<D> {
        let place = self.weights.place(name);
        let shape: [usize; D] = self.weights.shape(place).try_into().expect("a tensor of the rank that its layer uses");
        self.tensors[place].clone().reshape(shape)
    }

    /// The tensor called `name`, of the shape `[out, in, height, width]`, as a matrix `[out, in * height * width]`.
    fn matrix(&self, name: &str) -> Tensor<2> {
        let weight: Tensor<4> = self.tensor(name);
        let [out, inside, height, width] = weight.dims();
        weight.reshape([out, inside * height * width])
    }

    /// Weight and bias of the layer called `name`.
    fn layer<const D: usize>(&self, name: &str) -> (Tensor<D>, Tensor<1>) {
        (self.tensor(&format!("{name}.weight")), self.tensor(&format!("{name}.bias")))
    }
}

impl Layers for Network<'_> {
    type Pictures = Tensor<4>;
    type Vectors = Tensor<2>;

    fn rescale(&mut self, x: Tensor<4>, factor: f32) -> Tensor<4> {
        x * factor
    }

    fn conv3x3_relu_pool(&mut self, name: &str, x: Tensor<4>) -> Tensor<4> {
        let (weight, bias) = self.layer(name);
        burn_ops::conv3x3_relu_pool(x, weight, bias)
    }

    fn conv3x3_relu_mean(&mut self, name: &str, x: Tensor<4>) -> Tensor<2> {
        let (weight, bias) = self.layer(name);
        burn_ops::conv3x3_relu_mean(x, weight, bias)
    }

    fn conv3x3_stride2(&mut self, weight: &str, x: Tensor<4>) -> Tensor<4> {
        burn_ops::pointwise(burn_ops::neighbourhoods(x), self.matrix(weight))
    }

    fn pointwise(&mut self, weight: &str, x: Tensor<4>) -> Tensor<4> {
        burn_ops::pointwise(x, self.matrix(weight))
    }

    fn depthwise(&mut self, weight: &str, x: Tensor<4>, stride: usize) -> Tensor<4> {
        let weight: Tensor<4> = self.tensor(weight);
        let [_, height, width, _] = x.dims();
        let before = [height, width].map(|size| layers::zeros_before(size, weight.dims()[2], stride));
        burn_ops::depthwise(x, weight, stride, before)
    }

    fn batch_norm(&mut self, name: &str, x: Tensor<4>, swish: bool) -> Tensor<4> {
        let [gamma, beta] = ["gamma", "beta"].map(|part| self.tensor(&format!("{name}.{part}")));
        let moments = burn_ops::channel_moments(x.clone());
        let now = values(moments.clone().inner());
        let channels = x.dims()[3];
        for (part, now) in ["mean", "variance"].into_iter().zip(now.chunks_exact(channels)) {
            let place = self.weights.place(&format!("{name}.{part}"));
            let before = self.moved.get(&place).map_or(self.weights.values(place), Vec::as_slice);
            let moved = layers::moved(before, now);
            self.moved.insert(place, moved);
        }
        burn_ops::batch_norm(x, gamma, beta, moments, EPSILON, swish)
    }

    fn squeeze_excite(&mut self, name: &str, x: Tensor<4>) -> Tensor<4> {
        let [reduce, expand] = ["se_reduce", "se_expand"]
            .map(|part| (self.matrix(&format!("{name}.{part}.weight")), self.tensor(&format!("{name}.{part}.bias"))));
        burn_ops::squeeze_excite(x, reduce, expand)
    }

    fn residual(
        &mut self,
        drop_rate: f64,
        x: Tensor<4>,
        branch: impl FnOnce(&mut Self, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<4> {
        let output = branch(self, x.clone());
        let batch = x.dims()[0];
        let factors = self.rng.as_mut().filter(|_| drop_rate > 0.0);
        let factors = factors.map(|rng| layers::drop_factors(rng, batch, drop_rate));
        match factors {
            Some(factors) => output * self.input(factors, [batch, 1, 1, 1]) + x,
            None => output + x,
        }
    }

    fn global_average(&mut self, x: Tensor<4>) -> Tensor<2> {
        burn_ops::global_average(x)
    }

    fn flatten(&mut self, x: Tensor<4>) -> Tensor<2> {
        x.flatten(1, 3)
    }

    fn dense(&mut self, name: &str, x: Tensor<2>) -> Tensor<2> {
        let (weight, bias) = self.layer(name);
        burn_ops::dense(x, weight, bias)
    }

    fn beside(&mut self, x: Tensor<2>, numbers: Tensor<2>) -> Tensor<2> {
        Tensor::cat(vec![x, numbers], 1)
    }

    fn relu(&mut self, x: Tensor<2>) -> Tensor<2> {
        relu(x)
    }

    fn unit_vectors(&mut self, x: Tensor<2>) -> Tensor<2> {
        burn_ops::unit_vectors(x)
    }
}

/// The numbers of a tensor, row-major.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("a tensor of f32 on this device")
}

#[cfg(test)]
mod tests;
