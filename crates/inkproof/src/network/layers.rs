//! The layers that networks are made of, as functions of tensors, with Keras' formulas and constants.
//!
//! Pictures are `[batch, height, width, channels]`. On the CPU the layers that take the time are our kernels.

use burn::tensor::Tensor;
use burn::tensor::activation;
use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};

use super::pass::Pass;
use super::{ops, stock};

/// Keras' `BatchNormalization`: what is added to the variance, and how much of the old statistic stays. (Keras'
/// EfficientNet leaves both at their defaults.)
const BATCH_NORM_EPSILON: f32 = 1e-3;
const BATCH_NORM_MOMENTUM: f32 = 0.99;

/// The least sum of squares that `tf.math.l2_normalize` divides by the root of.
const L2_EPSILON: f32 = 1e-12;

/// Probabilities are kept this far from 0 and 1 in the cross-entropy.
const PROBABILITY_EPSILON: f32 = 1e-7;

/// `x * weight + bias`: `[batch, in]` to `[batch, out]`.
pub(super) fn dense(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    x.matmul(weight) + bias.unsqueeze()
}

/// Vectors of length 1 in the direction of `x`'s rows; a row of zeros stays zeros.
pub(super) fn l2_normalise(x: Tensor<2>) -> Tensor<2> {
    let squares = x.clone().square().sum_dim(1);
    x / squares.clamp_min(L2_EPSILON).sqrt()
}

/// 3 x 3 convolution of pictures with one channel, no padding, then ReLU and the largest of each square of 2 x 2.
pub(super) fn conv3x3_relu_pool(pass: &Pass, name: &str, x: Tensor<4>) -> Tensor<4> {
    let (weight, bias) = (pass.get(&format!("{name}.weight")), pass.get(&format!("{name}.bias")));
    if pass.on_cpu() { ops::conv3x3_relu_pool(x, weight, bias) } else { stock::conv3x3_relu_pool(x, weight, bias) }
}

/// 3 x 3 convolution, no padding, then ReLU and the mean of each plane: to `[batch, channels]`.
pub(super) fn conv3x3_relu_mean(pass: &Pass, name: &str, x: Tensor<4>) -> Tensor<2> {
    let weight_name = format!("{name}.weight");
    let (weight, bias) = (pass.get(&weight_name), pass.get(&format!("{name}.bias")));
    if pass.on_cpu() {
        let filters = pass.prepared(&weight_name, ops::pack_filters);
        ops::conv3x3_relu_mean(x, weight, filters, bias)
    } else {
        stock::conv3x3_relu_mean(x, weight, bias)
    }
}

/// The mean of each plane: `[batch, channels, height, width]` to `[batch, channels]`.
pub(super) fn global_average(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels])
}

/// A convolution with zeros around the input, so that the output has `ceil(input / stride)` rows and columns, as
/// Keras' EfficientNet pads: evenly for stride 1, and for stride 2 on an even size one less before than after.
pub(super) fn conv_same(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    groups: usize,
) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let half = weight.dims()[2] / 2;
    let before = |size: usize| if stride == 2 && size.is_multiple_of(2) { half - half.min(1) } else { half };
    let (top, left) = (before(height), before(width));
    if (top, left) == (half, half) {
        return conv2d(x, weight, bias, ConvOptions::new([stride; 2], [half; 2], [1, 1], groups));
    }
    let padded = x.pad((left, half, top, half), PadMode::Constant(0.0));
    conv2d(padded, weight, bias, ConvOptions::new([stride; 2], [0, 0], [1, 1], groups))
}

/// `x * sigmoid(x)`, called swish or SiLU.
pub(super) fn swish<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.clone() * activation::sigmoid(x)
}

/// Mean and (biased) variance of each channel over batch, height and width.
pub(super) fn moments(x: Tensor<4>) -> (Tensor<1>, Tensor<1>) {
    let channels = x.dims()[1];
    let mean = x.clone().mean_dims(&[0, 2, 3]);
    let variance = (x - mean.clone()).square().mean_dims(&[0, 2, 3]);
    (mean.reshape([channels]), variance.reshape([channels]))
}

/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, by channel.
pub(super) fn normalise(
    x: Tensor<4>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
) -> Tensor<4> {
    let channels = x.dims()[1];
    let scale = gamma / (variance + BATCH_NORM_EPSILON).sqrt();
    let shift = beta - mean * scale.clone();
    x * scale.reshape([1, channels, 1, 1]) + shift.reshape([1, channels, 1, 1])
}

/// A moving statistic after one more batch.
pub(super) fn moved(before: Tensor<1>, now: Tensor<1>) -> Tensor<1> {
    before * BATCH_NORM_MOMENTUM + now * (1.0 - BATCH_NORM_MOMENTUM)
}

/// Mean cross-entropy of probabilities against labels of 0 and 1, both `[batch, 1]`.
pub(super) fn binary_cross_entropy(probability: Tensor<2>, label: Tensor<2>) -> Tensor<1> {
    let p = probability.clamp(PROBABILITY_EPSILON, 1.0 - PROBABILITY_EPSILON);
    let same = label.clone() * p.clone().log();
    let other = (label.neg() + 1.0) * (p.neg() + 1.0).log();
    (same + other).mean().neg()
}
