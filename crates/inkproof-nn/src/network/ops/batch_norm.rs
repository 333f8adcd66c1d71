//! Batch normalisation and the activation after it.

use crate::kernels::batch_norm::{self, Activation, Gradients, Layer, Shape};
use crate::kernels::{Number, Set};
use crate::tensor::Tensor;

/// Keras' `BatchNormalization`: what is added to the variance. (Keras' EfficientNet leaves it at its default.)
pub(crate) const EPSILON: f64 = 1e-3;

/// Mean and biased variance of each channel, or the moving ones.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) struct Moments<P> {
    pub mean: P,
    pub variance: P,
}

impl<T> Moments<Vec<T>> {
    pub(in crate::network) fn as_slices(&self) -> Moments<&[T]> {
        Moments { mean: &self.mean, variance: &self.variance }
    }
}

/// What a layer learns, a number by channel.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) struct Affine<'a, T> {
    pub gamma: &'a [T],
    pub beta: &'a [T],
}

/// The moments of each channel of `[batch, height, width, channels]`.
pub(in crate::network) fn moments<T: Number>(x: &Tensor<T>) -> Moments<Vec<T>> {
    let (mean, variance) = batch_norm::moments(Set::best(), shape(x), x.values());
    Moments { mean, variance }
}

/// `(x - mean) / sqrt(variance + EPSILON) * gamma + beta` by channel, then swish where wanted.
pub(in crate::network) fn forward<T: Number>(
    x: &Tensor<T>,
    affine: Affine<'_, T>,
    moments: Moments<&[T]>,
    swish: bool,
) -> Tensor<T> {
    let (scale, shift) = layer(affine, moments).scale_and_shift();
    let output = batch_norm::apply(Set::best(), shape(x), x.values(), &scale, &shift, activation(swish));
    Tensor::new(output, x.shape())
}

/// Gradients of input, gamma and beta, where `moments` are those of `x`: the gradient goes through them, too.
pub(in crate::network) fn backward<T: Number>(
    x: &Tensor<T>,
    affine: Affine<'_, T>,
    moments: Moments<&[T]>,
    swish: bool,
    gradient: &Tensor<T>,
) -> (Tensor<T>, [Vec<T>; 2]) {
    let layer = layer(affine, moments);
    let Gradients { x: to_x, gamma, beta } =
        batch_norm::backward(Set::best(), shape(x), x.values(), &layer, activation(swish), gradient.values());
    (Tensor::new(to_x, x.shape()), [gamma, beta])
}

fn shape<T>(x: &Tensor<T>) -> Shape {
    let [batch, height, width, channels] = x.dims();
    Shape { rows: batch * height * width, channels }
}

fn layer<'a, T>(affine: Affine<'a, T>, moments: Moments<&'a [T]>) -> Layer<'a, T> {
    let Moments { mean, variance } = moments;
    Layer { mean, variance, gamma: affine.gamma, beta: affine.beta, epsilon: EPSILON }
}

fn activation(swish: bool) -> Activation {
    if swish { Activation::Swish } else { Activation::Identity }
}
