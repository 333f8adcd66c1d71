//! CPU kernels for the layers that take the time, each a plain function over slices.
//!
//! The only `unsafe` code of this crate lives below this module. Every kernel has its plain twin in the tests, which
//! compare the two over odd and even shapes, and each backward pass is checked by finite differences in f64.

pub(crate) mod batch_norm;
pub(crate) mod dense;
pub(crate) mod depthwise;
pub(crate) mod descriptors;
pub(crate) mod first_layer;
mod gemm;
pub(crate) mod peak;
pub(crate) mod pointwise;
mod scratch;
mod shared;
mod simd;
pub(crate) mod squeeze;
pub(crate) mod sums;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod winograd;

pub(crate) use simd::{Number, Set};

/// Adds parts of `len` numbers to the first one, in order, and returns it.
fn sum_parts<T: Number>(mut parts: Vec<T>, len: usize) -> Vec<T> {
    let (total, rest) = parts.split_at_mut(len);
    for part in rest.chunks_exact(len) {
        total.iter_mut().zip(part).for_each(|(total, &part)| *total += part);
    }
    parts.truncate(len);
    parts
}
