//! Squeeze and excitation.

use crate::kernels::squeeze::{self, Between, Found, Gradients, Layers, Shape};
use crate::kernels::{Number, Set};
use crate::tensor::Tensor;

/// Scales the channels of `x`, `[batch, height, width, channels]`, by `sigmoid(expand(swish(reduce(means))))`; returns
/// the numbers between, too, which the backward pass needs.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>, layers: Layers<'_, T>) -> (Tensor<T>, Between<Vec<T>>) {
    let Found { output, between } = squeeze::forward(Set::best(), shape(x, layers), x.values(), layers);
    (Tensor::new(output, x.shape()), between)
}

/// Gradients of the input; of weight and bias of the first, of weight and bias of the second layer.
pub(in crate::network) fn backward<T: Number>(
    x: &Tensor<T>,
    layers: Layers<'_, T>,
    between: &Between<Vec<T>>,
    gradient: &Tensor<T>,
) -> (Tensor<T>, [Vec<T>; 4]) {
    let Between { means, reduced, scales } = between;
    let between = Between { means: &means[..], reduced: &reduced[..], scales: &scales[..] };
    let Gradients { x: to_x, reduce, reduce_bias, expand, expand_bias } =
        squeeze::backward(Set::best(), shape(x, layers), x.values(), layers, between, gradient.values());
    (Tensor::new(to_x, x.shape()), [reduce, reduce_bias, expand, expand_bias])
}

fn shape<T>(x: &Tensor<T>, layers: Layers<'_, T>) -> Shape {
    let [batch, height, width, channels] = x.dims();
    Shape { batch, pixels: height * width, channels, squeezed: layers.reduce_bias.len() }
}
