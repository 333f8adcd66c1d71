//! The end of a residual branch: it is dropped or scaled, and what went past it is added.

use crate::kernels::Number;
use crate::parallel;
use crate::tensor::Tensor;

/// Numbers that one task takes.
const CHUNK: usize = 32_768;

/// Every image of the branch times its factor, where there are any.
pub(in crate::network) fn scale<T: Number>(branch: Tensor<T>, factors: Option<&[T]>) -> Tensor<T> {
    let Some(factors) = factors else { return branch };
    let shape = branch.shape().to_vec();
    let mut values = branch.into_values();
    let len = values.len() / factors.len();
    parallel::for_each_chunk(&mut values, len, |image, values| {
        values.iter_mut().for_each(|value| *value = *value * factors[image]);
    });
    Tensor::new(values, &shape)
}

/// The sum of two tensors.
pub(in crate::network) fn add<T: Number>(a: Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
    assert_eq!(a.shape(), b.shape(), "both sides of a sum");
    let shape = a.shape().to_vec();
    let mut values = a.into_values();
    parallel::for_each_chunk(&mut values, CHUNK, |chunk, values| {
        values.iter_mut().zip(&b.values()[chunk * CHUNK..]).for_each(|(a, &b)| *a += b);
    });
    Tensor::new(values, &shape)
}
