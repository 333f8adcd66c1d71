//! The kernels' operations composed of burn's own: the oracle in the tests, and what runs on a GPU.
//!
//! Same tensors in and out as in [`super::ops`], `[batch, height, width, channels]`.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

pub(super) fn conv3x3_relu_pool(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let y = relu(conv2d(planes(x), weight, Some(bias), ConvOptions::new([1, 1], [0, 0], [1, 1], 1)));
    pixels(max_pool2d(y, MaxPoolOptions::new([2, 2])))
}

pub(super) fn conv3x3_relu_mean(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<2> {
    let y = relu(conv2d(planes(x), weight, Some(bias), ConvOptions::new([1, 1], [0, 0], [1, 1], 1)));
    global_average(pixels(y))
}

/// The mean of each plane: `[batch, height, width, channels]` to `[batch, channels]`.
pub(super) fn global_average(x: Tensor<4>) -> Tensor<2> {
    let [batch, height, width, channels] = x.dims();
    x.reshape([batch, height * width, channels]).mean_dim(1).reshape([batch, channels])
}

/// `[batch, height, width, channels]` to `[batch, channels, height, width]`.
fn planes(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 3, 1, 2])
}

/// The reverse of [`planes`].
fn pixels(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 2, 3, 1])
}
