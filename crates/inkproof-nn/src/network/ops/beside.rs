//! Vectors with other numbers after their own.

use crate::kernels::Number;
use crate::tensor::Tensor;

/// `[batch, a]` and `[batch, b]` to `[batch, a + b]`.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>, numbers: &Tensor<T>) -> Tensor<T> {
    let ([batch, own], [_, more]) = (x.dims(), numbers.dims());
    let mut values = Vec::with_capacity(batch * (own + more));
    for row in 0..batch {
        values.extend_from_slice(&x.values()[row * own..(row + 1) * own]);
        values.extend_from_slice(&numbers.values()[row * more..(row + 1) * more]);
    }
    Tensor::new(values, &[batch, own + more])
}

/// The gradient of the first so many of each vector.
pub(in crate::network) fn backward<T: Number>(own: usize, gradient: &Tensor<T>) -> Tensor<T> {
    let [batch, all] = gradient.dims();
    let values = gradient.values().chunks_exact(all).flat_map(|row| row[..own].iter().copied()).collect();
    Tensor::new(values, &[batch, own])
}
