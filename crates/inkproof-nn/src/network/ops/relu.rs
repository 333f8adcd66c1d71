//! ReLU; a NaN stays one.

use crate::kernels::Number;
use crate::tensor::Tensor;

/// 0 for every number below it.
pub(in crate::network) fn forward<T: Number>(x: Tensor<T>) -> Tensor<T> {
    let shape = x.shape().to_vec();
    let mut values = x.into_values();
    values.iter_mut().filter(|value| **value <= T::default()).for_each(|value| *value = T::default());
    Tensor::new(values, &shape)
}

/// The gradient of the input, given the output.
pub(in crate::network) fn backward<T: Number>(output: &Tensor<T>, gradient: Tensor<T>) -> Tensor<T> {
    let mut values = gradient.into_values();
    let dead = values.iter_mut().zip(output.values()).filter(|(_, output)| **output <= T::default());
    dead.for_each(|(gradient, _)| *gradient = T::default());
    Tensor::new(values, output.shape())
}
