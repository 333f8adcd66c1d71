//! The layers of both networks on the CPU: `forward` from a tensor to a tensor, and `backward` from the gradient of the
//! output to those of the input and of the weights.
//!
//! Pictures are `[batch, height, width, channels]`. The layers that take the time are [`crate::kernels`]; all of them
//! are computed in f32, and in f64 where tests take finite differences. Each has its twin in `burn_ops`, composed of
//! burn's operations: the oracle in the tests, and what runs on a GPU.

pub(super) mod average;
pub(super) mod batch_norm;
pub(super) mod beside;
pub(super) mod branch;
pub(super) mod dense;
pub(super) mod depthwise;
pub(super) mod first_layer;
pub(super) mod loss;
pub(super) mod neighbourhoods;
pub(super) mod pointwise;
pub(super) mod relu;
pub(super) mod squeeze;
pub(super) mod unit;
pub(super) mod winograd;
