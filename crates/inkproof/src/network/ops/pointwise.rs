//! 1 x 1 convolution without bias.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::{by_type, dims, slice, tensor};
use crate::kernels::pointwise::{self, Shape};
use crate::kernels::{Number, Set};

/// `x` is `[batch, height, width, channels_in]`, `weight` `[channels_out, channels_in]`; the result is
/// `[batch, height, width, channels_out]`.
pub(in crate::network) fn pointwise(x: Tensor<4>, weight: Tensor<2>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::pointwise(x.into_dispatch(), weight.into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
pub(in crate::network) trait Pointwise: Backend {
    fn pointwise(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What only training needs.
pub(in crate::network) trait PointwiseTraining: Pointwise {
    /// Gradients of input (where wanted) and weight.
    fn pointwise_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        input_wanted: bool,
    ) -> (Option<FloatTensor<Self>>, FloatTensor<Self>);
}

impl Pointwise for Flex {
    fn pointwise(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        by_type!(&x, forward(&x, &weight))
    }
}

impl PointwiseTraining for Flex {
    fn pointwise_backward(
        x: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
        input_wanted: bool,
    ) -> (Option<FlexTensor>, FlexTensor) {
        by_type!(&x, backward(&x, &weight, &gradient, input_wanted))
    }
}

impl<B: PointwiseTraining, C: CheckpointStrategy> Pointwise for Autodiff<B, C> {
    fn pointwise(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node()];
        let [x, weight] = [x, weight].map(|tensor| tensor.primitive().clone());
        let output = B::pointwise(x.clone(), weight.clone());
        match Operation.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, weight), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[derive(Debug)]
struct Operation;

impl<B: PointwiseTraining> Backward<B, 2> for Operation {
    /// Input, weight.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [x_node, weight_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, weight) = ops.state;
        let (x, weight) = B::pointwise_backward(x, weight, gradient, x_node.is_some());
        for (node, gradient) in [(x_node, x), (weight_node, Some(weight))] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

fn shape(x: &FlexTensor, weight: &FlexTensor) -> Shape {
    let ([batch, height, width, channels_in], [channels_out, inside]) = (dims(x), dims(weight));
    assert_eq!(inside, channels_in, "weights for {channels_in} channels");
    Shape { pixels: batch * height * width, channels_in, channels_out }
}

fn forward<T: Number>(x: &FlexTensor, weight: &FlexTensor) -> FlexTensor {
    let (shape, [batch, height, width, _]) = (shape(x, weight), dims(x));
    let [x, weight] = [x, weight].map(FlexTensor::to_contiguous);
    let output = pointwise::forward::<T>(Set::best(), shape, slice(&x), slice(&weight));
    tensor(output, [batch, height, width, shape.channels_out])
}

fn backward<T: Number>(
    x: &FlexTensor,
    weight: &FlexTensor,
    gradient: &FlexTensor,
    input_wanted: bool,
) -> (Option<FlexTensor>, FlexTensor) {
    let (shape, x_dims) = (shape(x, weight), dims::<4>(x));
    let [x, weight, gradient] = [x, weight, gradient].map(FlexTensor::to_contiguous);
    let (to_x, to_weight) =
        pointwise::backward::<T>(Set::best(), shape, slice(&x), slice(&weight), slice(&gradient), input_wanted);
    (to_x.map(|to_x| tensor(to_x, x_dims)), tensor(to_weight, [shape.channels_out, shape.channels_in]))
}
