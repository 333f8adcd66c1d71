//! Dense layers: `x * weight + bias`.

use crate::kernels::dense::{self, Gradients, Shape};
use crate::kernels::{Number, Set};
use crate::tensor::Tensor;

/// `[batch, in]` to `[batch, out]`; `weight` is `[in, out]`.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>, weight: &[T], bias: &[T]) -> Tensor<T> {
    let shape = shape(x, bias.len());
    Tensor::new(dense::forward(Set::best(), shape, x.values(), weight, bias), &[shape.rows, shape.out])
}

/// Gradients of input, weight and bias.
pub(in crate::network) fn backward<T: Number>(
    x: &Tensor<T>,
    weight: &[T],
    gradient: &Tensor<T>,
) -> (Tensor<T>, [Vec<T>; 2]) {
    let [_, out] = gradient.dims();
    let Gradients { x: to_x, weight, bias } =
        dense::backward(Set::best(), shape(x, out), x.values(), weight, gradient.values());
    (Tensor::new(to_x, x.shape()), [weight, bias])
}

fn shape<T>(x: &Tensor<T>, out: usize) -> Shape {
    let [rows, inside] = x.dims();
    Shape { rows, inside, out }
}
