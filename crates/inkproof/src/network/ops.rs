//! Our kernels as operations that burn can differentiate, on tensors `[batch, height, width, channels]` of the CPU.
//!
//! Each has its twin in [`super::stock`], composed of burn's own operations: the oracle in the tests, and what runs on
//! a GPU.

mod batch_norm;
mod depthwise;
mod first_layer;
mod pointwise;
mod squeeze;
mod winograd;

use burn::tensor::TensorData;
use burn_flex::FlexTensor;

pub(super) use batch_norm::{batch_norm, channel_moments};
pub(super) use depthwise::depthwise;
pub(super) use first_layer::conv3x3_relu_pool;
pub(super) use pointwise::pointwise;
pub(super) use squeeze::{Dense, squeeze_excite};
pub(super) use winograd::{conv3x3_relu_mean, conv3x3_relu_mean_packed, pack_filters};

use crate::kernels::Number;

/// Calls a function with the number type of a tensor as its first generic argument.
macro_rules! by_type {
    ($tensor:expr, $function:ident($($argument:expr),* $(,)?)) => {
        match burn::backend::TensorMetadata::dtype($tensor) {
            burn::backend::DType::F64 => $function::<f64>($($argument),*),
            _ => $function::<f32>($($argument),*),
        }
    };
}
use by_type;

fn dims<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    let shape = burn::backend::TensorMetadata::shape(tensor);
    std::array::from_fn(|axis| shape[axis])
}

/// The numbers of a contiguous tensor, which may be a part of a larger buffer.
fn slice<T: Number>(tensor: &FlexTensor) -> &[T] {
    let start = tensor.layout().start_offset();
    &tensor.storage::<T>()[start..start + tensor.layout().num_elements()]
}

fn tensor<T: Number, const D: usize>(values: Vec<T>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}
