//! The layers composed of burn's operations: the oracle in the tests, and what runs on a GPU.
//!
//! Same tensors in and out as in [`super::ops`], `[batch, height, width, channels]`.

use burn::tensor::activation::{relu, sigmoid, silu};
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions, PadMode};
use burn::tensor::{Tensor, s};

use super::layers::zeros_before;

/// The least sum of squares that `tf.math.l2_normalize` divides by the root of.
const UNIT_EPSILON: f32 = 1e-12;

/// Probabilities are kept this far from 0 and 1 in the cross-entropy.
const PROBABILITY_EPSILON: f32 = 1e-7;

/// Weights and bias of a dense layer.
pub(super) type Dense = (Tensor<2>, Tensor<1>);

pub(super) fn conv3x3_relu_pool(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let y = relu(conv2d(planes(x), weight, Some(bias), ConvOptions::new([1, 1], [0, 0], [1, 1], 1)));
    pixels(max_pool2d(y, MaxPoolOptions::new([2, 2])))
}

pub(super) fn conv3x3_relu_mean(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<2> {
    let y = relu(conv2d(planes(x), weight, Some(bias), ConvOptions::new([1, 1], [0, 0], [1, 1], 1)));
    global_average(pixels(y))
}

/// 1 x 1 convolution.
pub(super) fn pointwise(x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
    let [batch, height, width, channels] = x.dims();
    let [out, _] = weight.dims();
    x.reshape([batch * height * width, channels]).matmul(weight.transpose()).reshape([batch, height, width, out])
}

/// Depthwise convolution with `before` zeros above and on the left and as many below and on the right as the outputs
/// need.
pub(super) fn depthwise(x: Tensor<4>, weight: Tensor<4>, stride: usize, before: [usize; 2]) -> Tensor<4> {
    let [_, height, width, channels] = x.dims();
    let side = weight.dims()[2];
    let after =
        |size: usize, before: usize| ((size.div_ceil(stride) - 1) * stride + side).saturating_sub(size + before);
    let [top, left] = before;
    let x = planes(x).pad((left, after(width, left), top, after(height, top)), PadMode::Constant(0.0));
    pixels(conv2d(x, weight, None, ConvOptions::new([stride; 2], [0, 0], [1, 1], channels)))
}

/// Mean (first row) and biased variance of each channel.
pub(super) fn channel_moments(x: Tensor<4>) -> Tensor<2> {
    let channels = x.dims()[3];
    let mean = x.clone().mean_dims(&[0, 1, 2]);
    let variance = (x - mean.clone()).square().mean_dims(&[0, 1, 2]);
    Tensor::cat(vec![mean.reshape([1, channels]), variance.reshape([1, channels])], 0)
}

/// Batch normalisation and, where wanted, swish.
pub(super) fn batch_norm(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    moments: Tensor<2>,
    epsilon: f64,
    swish: bool,
) -> Tensor<4> {
    let channels = x.dims()[3];
    let [mean, variance] = [0, 1].map(|row| moments.clone().narrow(0, row, 1).reshape([channels]));
    let scale = gamma / (variance + epsilon).sqrt();
    let shift = beta - mean * scale.clone();
    let z = x * scale.reshape([1, 1, 1, channels]) + shift.reshape([1, 1, 1, channels]);
    if swish { silu(z) } else { z }
}

/// Scales the channels of `x` by `sigmoid(expand(swish(reduce(means))))`.
pub(super) fn squeeze_excite(x: Tensor<4>, reduce: Dense, expand: Dense) -> Tensor<4> {
    let [batch, .., channels] = x.dims();
    let dense = |x: Tensor<2>, (weight, bias): Dense| x.matmul(weight.transpose()) + bias.unsqueeze();
    let scale = sigmoid(dense(silu(dense(global_average(x.clone()), reduce)), expand));
    x * scale.reshape([batch, 1, 1, channels])
}

/// The mean of each plane: `[batch, height, width, channels]` to `[batch, channels]`.
pub(super) fn global_average(x: Tensor<4>) -> Tensor<2> {
    let [batch, height, width, channels] = x.dims();
    x.reshape([batch, height * width, channels]).mean_dim(1).reshape([batch, channels])
}

/// The 3 x 3 neighbourhoods that a convolution of stride 2 with zeros around sees, as channels: of pictures
/// `[batch, height, width, channels]` it makes `[batch, ceil(height / 2), ceil(width / 2), channels * 9]`.
pub(super) fn neighbourhoods(x: Tensor<4>) -> Tensor<4> {
    let [batch, height, width, channels] = x.dims();
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    let [top, left] = [height, width].map(|size| zeros_before(size, 3, 2));
    let padding = (left, 2 * columns + 1 - width - left, top, 2 * rows + 1 - height - top);
    let x = x.permute([0, 3, 1, 2]).pad(padding, PadMode::Constant(0.0));
    let taps = (0..9).map(|tap| {
        let (y, x_from) = (tap / 3, tap % 3);
        let part =
            x.clone().slice_dim(2, s![y..y + 2 * rows - 1;2]).slice_dim(3, s![x_from..x_from + 2 * columns - 1;2]);
        part.permute([0, 2, 3, 1]).reshape([batch, rows, columns, channels, 1])
    });
    Tensor::cat(taps.collect(), 4).reshape([batch, rows, columns, channels * 9])
}

/// `x * weight + bias`: `[batch, in]` to `[batch, out]`; `weight` is `[in, out]`.
pub(super) fn dense(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    x.matmul(weight) + bias.unsqueeze()
}

/// Vectors of length 1 in the direction of `x`'s rows; a row of zeros stays zeros.
pub(super) fn unit_vectors(x: Tensor<2>) -> Tensor<2> {
    let squares = x.clone().square().sum_dim(1);
    x / squares.clamp_min(UNIT_EPSILON).sqrt()
}

/// The probability that two embeddings are of one kind: `[batch, width]` twice to `[batch, 1]`.
pub(super) fn similarity(a: Tensor<2>, b: Tensor<2>, head: Dense) -> Tensor<2> {
    let (weight, bias) = head;
    sigmoid(dense((a - b).abs(), weight, bias))
}

/// Mean cross-entropy of probabilities against labels of 0 and 1, both `[batch, 1]`.
pub(super) fn binary_cross_entropy(probability: Tensor<2>, label: Tensor<2>) -> Tensor<1> {
    let p = probability.clamp(PROBABILITY_EPSILON, 1.0 - PROBABILITY_EPSILON);
    let same = label.clone() * p.clone().log();
    let other = (label.neg() + 1.0) * (p.neg() + 1.0).log();
    (same + other).mean().neg()
}

/// `[batch, height, width, channels]` to `[batch, channels, height, width]`.
fn planes(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 3, 1, 2])
}

/// The reverse of [`planes`].
fn pixels(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 2, 3, 1])
}
