//! CPU kernels for the layers that take the time, each a plain function over slices.
//!
//! The only `unsafe` code of the engine lives below this module. Every kernel has its plain twin in the tests, which
//! compare the two over odd and even shapes, and each backward pass is checked by finite differences in f64.

pub(crate) mod first_layer;
mod gemm;
mod lanes;
mod parallel;
mod scratch;
#[cfg(test)]
mod testing;
pub(crate) mod winograd;

pub(crate) use lanes::{Number, Set};
