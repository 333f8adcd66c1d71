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

/// 3 x 3 convolution, stride 1, no padding, then bias and ReLU.
///
/// `x` is `[batch, channels_in, height, width]`, `weight` `[channels_out, channels_in, 3, 3]`, `bias`
/// `[channels_out]`; the result is `[batch, channels_out, height - 2, width - 2]`.
pub(crate) fn conv3x3_relu(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv3x3_relu(x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait KernelOps: Backend {
    fn conv3x3_relu(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
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
}

impl KernelOps for Flex {
    fn conv3x3_relu(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        match x.dtype() {
            DType::F64 => forward::<f64>(x, weight, bias),
            _ => forward::<f32>(x, weight, bias),
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

fn shape(x: &FlexTensor, weight: &FlexTensor) -> Shape {
    let (x, weight) = (x.shape(), weight.shape());
    assert!(weight[1] == x[1] && weight[2] == 3 && weight[3] == 3, "3 x 3 weights for {} channels", x[1]);
    assert!(x[2] >= 3 && x[3] >= 3, "planes of at least 3 x 3, not {} x {}", x[2], x[3]);
    Shape { batch: x[0], channels_in: x[1], channels_out: weight[0], height: x[2], width: x[3] }
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
    let found = conv3x3::backward::<T>(
        shape,
        slice(&x),
        slice(&weight),
        slice(&output),
        slice(&gradient),
        input_wanted,
    );
    let input = found.input.map(|input| tensor(input, [shape.batch, shape.channels_in, shape.height, shape.width]));
    let weight = tensor(found.weight, [shape.channels_out, shape.channels_in, 3, 3]);
    (input, weight, tensor(found.bias, [shape.channels_out]))
}

/// The numbers of a contiguous tensor, which may be a part of a larger buffer.
fn slice<T: Number + burn::tensor::Element + bytemuck::Pod>(tensor: &FlexTensor) -> &[T] {
    let start = tensor.layout().start_offset();
    &tensor.storage::<T>()[start..start + tensor.layout().num_elements()]
}

fn tensor<T: burn::tensor::Element, const D: usize>(values: Vec<T>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}
