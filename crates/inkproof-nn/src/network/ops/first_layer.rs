//! `max_pool(ReLU(conv3x3(x) + bias))` for pictures of one channel.

use crate::kernels::first_layer::{self, Shape};
use crate::kernels::{Number, Set};
use crate::tensor::Tensor;

/// Which output of each square is its largest, as the kernel notes it.
#[derive(Debug)]
pub(in crate::network) struct Choices(Vec<u16>);

/// 3 x 3 convolution, stride 1, no padding, then bias, ReLU and the largest of each square of 2 x 2.
///
/// `x` is `[batch, height, width, 1]`, `weight` `[channels, 1, 3, 3]`, `bias` `[channels]`; the result is
/// `[batch, (height - 2) / 2, (width - 2) / 2, channels]`, without a last odd row or column. The choices are empty where
/// they are not wanted.
pub(in crate::network) fn forward<T: Number>(
    x: &Tensor<T>,
    weight: &[T],
    bias: &[T],
    choices_wanted: bool,
) -> (Tensor<T>, Choices) {
    let shape = shape(x, bias.len());
    let found = first_layer::forward(Set::best(), shape, x.values(), weight, bias, choices_wanted);
    (Tensor::new(found.output, &[shape.batch, shape.rows(), shape.columns(), shape.channels]), Choices(found.choices))
}

/// Gradients of weight and bias; `x` gets none: it is a picture.
pub(in crate::network) fn backward<T: Number>(x: &Tensor<T>, choices: &Choices, gradient: &Tensor<T>) -> [Vec<T>; 2] {
    let [.., channels] = gradient.dims::<4>();
    let (weight, bias) =
        first_layer::backward(Set::best(), shape(x, channels), x.values(), &choices.0, gradient.values());
    [weight, bias]
}

fn shape<T>(x: &Tensor<T>, channels: usize) -> Shape {
    let [batch, height, width, one] = x.dims();
    assert_eq!(one, 1, "pictures of one channel");
    assert!(height >= 3 && width >= 3, "pictures of at least 3 x 3, not {height} x {width}");
    Shape { batch, height, width, channels }
}
