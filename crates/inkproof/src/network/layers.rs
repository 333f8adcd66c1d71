//! The layers that networks are made of, as functions of tensors, with Keras' formulas and constants.
//!
//! Pictures are `[batch, height, width, channels]`. On the CPU the layers that take the time are our kernels.

use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;
use burn::tensor::s;

use super::pass::Pass;
use super::{ops, stock};

/// Keras' `BatchNormalization`: what is added to the variance, and how much of the old statistic stays. (Keras'
/// EfficientNet leaves both at their defaults.)
pub(crate) const BATCH_NORM_EPSILON: f64 = 1e-3;
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
    let weight = format!("{name}.weight");
    let bias = pass.get(&format!("{name}.bias"));
    match (pass.on_cpu(), pass.is_training()) {
        (true, false) => ops::conv3x3_relu_mean_packed(x, pass.prepared(&weight, ops::pack_filters), bias),
        (true, true) => ops::conv3x3_relu_mean(x, pass.get(&weight), bias),
        (false, _) => stock::conv3x3_relu_mean(x, pass.get(&weight), bias),
    }
}

/// The mean of each plane: `[batch, height, width, channels]` to `[batch, channels]`.
pub(super) fn global_average(x: Tensor<4>) -> Tensor<2> {
    stock::global_average(x)
}

/// 1 x 1 convolution without bias.
pub(super) fn pointwise(pass: &Pass, name: &str, x: Tensor<4>) -> Tensor<4> {
    let weight = pass.matrix(name);
    if pass.on_cpu() { ops::pointwise(x, weight) } else { stock::pointwise(x, weight) }
}

/// Depthwise convolution without bias, with zeros around the input, so that the output has `ceil(input / stride)` rows
/// and columns, as Keras' EfficientNet pads: evenly for stride 1, and for stride 2 on an even size one less before than
/// after.
pub(super) fn depthwise(pass: &Pass, name: &str, x: Tensor<4>, stride: usize) -> Tensor<4> {
    let weight: Tensor<4> = pass.get(name);
    let [_, height, width, _] = x.dims();
    let before = [height, width].map(|size| zeros_before(size, weight.dims()[2], stride));
    if pass.on_cpu() { ops::depthwise(x, weight, stride, before) } else { stock::depthwise(x, weight, stride, before) }
}

fn zeros_before(size: usize, side: usize, stride: usize) -> usize {
    let half = side / 2;
    if stride == 2 && size.is_multiple_of(2) { half - half.min(1) } else { half }
}

/// The 3 x 3 neighbourhoods that a convolution of stride 2 with zeros around sees, as channels: of pictures
/// `[batch, height, width, 1]` it makes `[batch, ceil(height / 2), ceil(width / 2), 9]`. With it that convolution is
/// a [`pointwise`] one. Pictures get no gradient.
pub(super) fn neighbourhoods(x: Tensor<4>) -> Tensor<4> {
    let [batch, height, width, _] = x.dims();
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    let [top, left] = [height, width].map(|size| zeros_before(size, 3, 2));
    let padding = (left, 2 * columns + 1 - width - left, top, 2 * rows + 1 - height - top);
    let x = x.reshape([batch, 1, height, width]).pad(padding, PadMode::Constant(0.0));
    let taps = (0..9).map(|tap| {
        let (y, x_from) = (tap / 3, tap % 3);
        let part =
            x.clone().slice_dim(2, s![y..y + 2 * rows - 1;2]).slice_dim(3, s![x_from..x_from + 2 * columns - 1;2]);
        part.reshape([batch, rows, columns, 1])
    });
    Tensor::cat(taps.collect(), 3)
}

/// Squeeze and excitation with the dense layers `{name}.se_reduce` and `{name}.se_expand`.
pub(super) fn squeeze_excite(pass: &Pass, name: &str, x: Tensor<4>) -> Tensor<4> {
    let [reduce, expand] = ["se_reduce", "se_expand"]
        .map(|part| (pass.matrix(&format!("{name}.{part}.weight")), pass.get(&format!("{name}.{part}.bias"))));
    if pass.on_cpu() { ops::squeeze_excite(x, reduce, expand) } else { stock::squeeze_excite(x, reduce, expand) }
}

/// Mean (first row) and biased variance of each channel over batch, height and width.
pub(super) fn channel_moments(on_cpu: bool, x: Tensor<4>) -> Tensor<2> {
    if on_cpu { ops::channel_moments(x) } else { stock::channel_moments(x) }
}

/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta` by channel, then swish where wanted. In training `moments`
/// has to be [`channel_moments`] of `x`.
pub(super) fn batch_norm(
    on_cpu: bool,
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    moments: Tensor<2>,
    swish: bool,
) -> Tensor<4> {
    let normalise = if on_cpu { ops::batch_norm } else { stock::batch_norm };
    normalise(x, gamma, beta, moments, BATCH_NORM_EPSILON, swish)
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
