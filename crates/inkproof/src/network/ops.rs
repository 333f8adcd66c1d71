//! Our kernels as operations that burn can differentiate.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, DType, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Tensor, TensorData};
use burn_flex::FlexTensor;

use crate::kernels::Number;
use crate::kernels::conv3x3::{self, KernelNumber, Shape};
use crate::kernels::pool;

/// 3 x 3 convolution, stride 1, no padding, then bias and ReLU.
///
/// `x` is `[batch, channels_in, height, width]`, `weight` `[channels_out, channels_in, 3, 3]`, `bias`
/// `[channels_out]`; the result is `[batch, channels_out, height - 2, width - 2]`.
pub(crate) fn conv3x3_relu(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv3x3_relu(x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()))
}

/// The largest of each 2 x 2 square of every plane, `[batch, channels, height, width]` to
/// `[batch, channels, height / 2, width / 2]`; a last odd row or column is left out.
pub(crate) fn max_pool2(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::max_pool2(x.into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait KernelOps: Backend {
    fn conv3x3_relu(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
    fn max_pool2(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The backward passes, which only a backend that computes needs.
pub(crate) trait KernelGradients: KernelOps {
    /// Gradients of input (where wanted), weight and bias.
    fn conv3x3_relu_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        input_wanted: bool,
    ) -> (Option<FloatTensor<Self>>, FloatTensor<Self>, FloatTensor<Self>);

    /// Gradient of the input.
    fn max_pool2_backward(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl KernelOps for Flex {
    fn conv3x3_relu(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        match x.dtype() {
            DType::F64 => forward::<f64>(x, weight, bias),
            _ => forward::<f32>(x, weight, bias),
        }
    }

    fn max_pool2(x: FlexTensor) -> FlexTensor {
        match x.dtype() {
            DType::F64 => pool_forward::<f64>(x),
            _ => pool_forward::<f32>(x),
        }
    }
}

impl KernelGradients for Flex {
    fn conv3x3_relu_backward(
        x: FlexTensor,
        weight: FlexTensor,
        output: FlexTensor,
        gradient: FlexTensor,
        input_wanted: bool,
    ) -> (Option<FlexTensor>, FlexTensor, FlexTensor) {
        match x.dtype() {
            DType::F64 => backward::<f64>(x, weight, output, gradient, input_wanted),
            _ => backward::<f32>(x, weight, output, gradient, input_wanted),
        }
    }

    fn max_pool2_backward(x: FlexTensor, output: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        match x.dtype() {
            DType::F64 => pool_backward::<f64>(x, output, gradient),
            _ => pool_backward::<f32>(x, output, gradient),
        }
    }
}

impl<B: KernelGradients, C: CheckpointStrategy> KernelOps for Autodiff<B, C> {
    fn conv3x3_relu(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.primitive().clone());
        let output = B::conv3x3_relu(x.clone(), weight.clone(), bias);
        match Conv3x3Relu.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let state = (x, weight, output.clone());
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn max_pool2(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let output = B::max_pool2(x.clone());
        match MaxPool2.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, output.clone()), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[derive(Debug)]
struct Conv3x3Relu;

impl<B: KernelGradients> Backward<B, 3> for Conv3x3Relu {
    /// Input, weight, output.
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, weight, output) = ops.state;
        let (x, weight, bias) = B::conv3x3_relu_backward(x, weight, output, gradient, x_node.is_some());
        for (node, gradient) in [(x_node, x), (weight_node, Some(weight)), (bias_node, Some(bias))] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct MaxPool2;

impl<B: KernelGradients> Backward<B, 1> for MaxPool2 {
    /// Input, output.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, output) = ops.state;
        if let Some(node) = node {
            gradients.register::<B>(node.id, B::max_pool2_backward(x, output, gradient));
        }
    }
}

fn shape(x: &FlexTensor, weight: &FlexTensor) -> Shape {
    let [batch, channels_in, height, width] = dims(x);
    let [channels_out, ..] = dims(weight);
    assert_eq!(dims(weight), [channels_out, channels_in, 3, 3], "3 x 3 weights for {channels_in} channels");
    assert!(height >= 3 && width >= 3, "planes of at least 3 x 3, not {height} x {width}");
    Shape { batch, channels_in, channels_out, height, width }
}

fn forward<T: KernelNumber + burn::tensor::Element + bytemuck::Pod>(
    x: FlexTensor,
    weight: FlexTensor,
    bias: FlexTensor,
) -> FlexTensor {
    let shape = shape(&x, &weight);
    let (x, weight, bias) = (x.to_contiguous(), weight.to_contiguous(), bias.to_contiguous());
    let output = conv3x3::forward::<T>(shape, slice(&x), slice(&weight), slice(&bias));
    tensor(output, [shape.batch, shape.channels_out, shape.height - 2, shape.width - 2])
}

fn backward<T: KernelNumber + burn::tensor::Element + bytemuck::Pod>(
    x: FlexTensor,
    weight: FlexTensor,
    output: FlexTensor,
    gradient: FlexTensor,
    input_wanted: bool,
) -> (Option<FlexTensor>, FlexTensor, FlexTensor) {
    let shape = shape(&x, &weight);
    let [x, weight, output, gradient] = [x, weight, output, gradient].map(|tensor| tensor.to_contiguous());
    let found =
        conv3x3::backward::<T>(shape, slice(&x), slice(&weight), slice(&output), slice(&gradient), input_wanted);
    let input = found.input.map(|input| tensor(input, [shape.batch, shape.channels_in, shape.height, shape.width]));
    let weight = tensor(found.weight, [shape.channels_out, shape.channels_in, 3, 3]);
    (input, weight, tensor(found.bias, [shape.channels_out]))
}

fn pool_forward<T: KernelNumber + burn::tensor::Element + bytemuck::Pod>(x: FlexTensor) -> FlexTensor {
    let x = x.to_contiguous();
    let [batch, channels, height, width] = dims(&x);
    let output = pool::forward::<T>(pool::Planes { count: batch * channels, height, width }, slice(&x));
    tensor(output, [batch, channels, height / 2, width / 2])
}

fn pool_backward<T: KernelNumber + burn::tensor::Element + bytemuck::Pod>(
    x: FlexTensor,
    output: FlexTensor,
    gradient: FlexTensor,
) -> FlexTensor {
    let [x, output, gradient] = [x, output, gradient].map(|tensor| tensor.to_contiguous());
    let [batch, channels, height, width] = dims(&x);
    let planes = pool::Planes { count: batch * channels, height, width };
    let found = pool::backward::<T>(planes, slice(&x), slice(&output), slice(&gradient));
    tensor(found, [batch, channels, height, width])
}

fn dims(x: &FlexTensor) -> [usize; 4] {
    std::array::from_fn(|axis| x.shape()[axis])
}

/// The numbers of a contiguous tensor, which may be a part of a larger buffer.
fn slice<T: Number + burn::tensor::Element + bytemuck::Pod>(tensor: &FlexTensor) -> &[T] {
    let start = tensor.layout().start_offset();
    &tensor.storage::<T>()[start..start + tensor.layout().num_elements()]
}

fn tensor<T: burn::tensor::Element, const D: usize>(values: Vec<T>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}
