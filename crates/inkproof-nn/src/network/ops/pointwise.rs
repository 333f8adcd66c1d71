//! 1 x 1 convolution without bias.

use crate::kernels::pointwise::{self, Shape};
use crate::kernels::{Number, Set};
use crate::tensor::Tensor;

/// `x` is `[batch, height, width, channels_in]`, `weight` `[channels_out, channels_in]`; the result is
/// `[batch, height, width, channels_out]`.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>, weight: &[T]) -> Tensor<T> {
    let (shape, [batch, height, width, _]) = (shape(x, weight), x.dims());
    let output = pointwise::forward(Set::best(), shape, x.values(), weight);
    Tensor::new(output, &[batch, height, width, shape.channels_out])
}

/// Gradients of input (where wanted) and weight.
pub(in crate::network) fn backward<T: Number>(
    x: &Tensor<T>,
    weight: &[T],
    gradient: &Tensor<T>,
    input_wanted: bool,
) -> (Option<Tensor<T>>, Vec<T>) {
    let shape = shape(x, weight);
    let (to_x, to_weight) =
        pointwise::backward(Set::best(), shape, x.values(), weight, gradient.values(), input_wanted);
    (to_x.map(|to_x| Tensor::new(to_x, x.shape())), to_weight)
}

fn shape<T>(x: &Tensor<T>, weight: &[T]) -> Shape {
    let [batch, height, width, channels_in] = x.dims();
    Shape { pixels: batch * height * width, channels_in, channels_out: weight.len() / channels_in }
}
