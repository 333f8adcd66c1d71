//! Depthwise convolution without bias.

use crate::kernels::depthwise::{self, Shape};
use crate::kernels::{Number, Set};
use crate::tensor::Tensor;

/// The windows that a convolution sees.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) struct Windows {
    /// 3 or 5.
    pub side: usize,
    pub stride: usize,
    /// Rows of zeros above and columns of zeros on the left.
    pub before: [usize; 2],
}

/// `x` is `[batch, height, width, channels]`, `weight` `[channels, 1, side, side]`; zeros lie around `x`; the result is
/// `[batch, ceil(height / stride), ceil(width / stride), channels]`.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>, weight: &[T], windows: Windows) -> Tensor<T> {
    let shape = shape(x, windows);
    let output = depthwise::forward(Set::best(), shape, x.values(), weight);
    Tensor::new(output, &[shape.batch, shape.rows(), shape.columns(), shape.channels])
}

/// Gradients of input and weight.
pub(in crate::network) fn backward<T: Number>(
    x: &Tensor<T>,
    weight: &[T],
    windows: Windows,
    gradient: &Tensor<T>,
) -> (Tensor<T>, Vec<T>) {
    let (to_x, to_weight) =
        depthwise::backward(Set::best(), shape(x, windows), x.values(), weight, gradient.values());
    (Tensor::new(to_x, x.shape()), to_weight)
}

fn shape<T>(x: &Tensor<T>, windows: Windows) -> Shape {
    let ([batch, height, width, channels], Windows { side, stride, before }) = (x.dims(), windows);
    assert!(side == 3 || side == 5, "filters of 3 or 5, not {side}");
    Shape { batch, height, width, channels, side, stride, before }
}
