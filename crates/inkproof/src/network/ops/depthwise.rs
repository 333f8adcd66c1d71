//! Depthwise convolution without bias.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::{by_type, dims, slice, tensor};
use crate::kernels::depthwise::{self, Shape};
use crate::kernels::{Number, Set};

/// `x` is `[batch, height, width, channels]`, `weight` `[channels, 1, side, side]` with a side of 3 or 5; zeros lie
/// around `x`, `top` rows and `left` columns of them before it; the result is
/// `[batch, ceil(height / stride), ceil(width / stride), channels]`.
pub(in crate::network) fn depthwise(x: Tensor<4>, weight: Tensor<4>, stride: usize, before: [usize; 2]) -> Tensor<4> {
    let [top, left] = before;
    Tensor::from_dispatch(Dispatch::depthwise(x.into_dispatch(), weight.into_dispatch(), stride, top, left))
}

#[backend_extension(Flex, Autodiff)]
pub(in crate::network) trait Depthwise: Backend {
    fn depthwise(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        top: usize,
        left: usize,
    ) -> FloatTensor<Self>;
}

/// What only training needs.
pub(in crate::network) trait DepthwiseTraining: Depthwise {
    /// Gradients of input and weight.
    fn depthwise_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        before: [usize; 2],
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl Depthwise for Flex {
    fn depthwise(x: FlexTensor, weight: FlexTensor, stride: usize, top: usize, left: usize) -> FlexTensor {
        by_type!(&x, forward(&x, &weight, stride, [top, left]))
    }
}

impl DepthwiseTraining for Flex {
    fn depthwise_backward(
        x: FlexTensor,
        weight: FlexTensor,
        stride: usize,
        before: [usize; 2],
        gradient: FlexTensor,
    ) -> (FlexTensor, FlexTensor) {
        by_type!(&x, backward(&x, &weight, stride, before, &gradient))
    }
}

impl<B: DepthwiseTraining, C: CheckpointStrategy> Depthwise for Autodiff<B, C> {
    fn depthwise(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        top: usize,
        left: usize,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node()];
        let [x, weight] = [x, weight].map(|tensor| tensor.primitive().clone());
        let output = B::depthwise(x.clone(), weight.clone(), stride, top, left);
        match Operation.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, weight, stride, [top, left]), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[derive(Debug)]
struct Operation;

impl<B: DepthwiseTraining> Backward<B, 2> for Operation {
    /// Input, weight, stride, zeros before.
    type State = (FloatTensor<B>, FloatTensor<B>, usize, [usize; 2]);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, weight, stride, before) = ops.state;
        let (x, weight) = B::depthwise_backward(x, weight, stride, before, gradient);
        for (node, gradient) in ops.parents.into_iter().zip([x, weight]) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

fn shape(x: &FlexTensor, weight: &FlexTensor, stride: usize, before: [usize; 2]) -> Shape {
    let ([batch, height, width, channels], [_, _, side, _]) = (dims(x), dims::<4>(weight));
    assert_eq!(dims(weight), [channels, 1, side, side], "a square filter for each of {channels} channels");
    assert!(side == 3 || side == 5, "filters of 3 or 5, not {side}");
    Shape { batch, height, width, channels, side, stride, before }
}

fn forward<T: Number>(x: &FlexTensor, weight: &FlexTensor, stride: usize, before: [usize; 2]) -> FlexTensor {
    let shape = shape(x, weight, stride, before);
    let [x, weight] = [x, weight].map(FlexTensor::to_contiguous);
    let output = depthwise::forward::<T>(Set::best(), shape, slice(&x), slice(&weight));
    tensor(output, [shape.batch, shape.rows(), shape.columns(), shape.channels])
}

fn backward<T: Number>(
    x: &FlexTensor,
    weight: &FlexTensor,
    stride: usize,
    before: [usize; 2],
    gradient: &FlexTensor,
) -> (FlexTensor, FlexTensor) {
    let (shape, x_dims, weight_dims) = (shape(x, weight, stride, before), dims::<4>(x), dims::<4>(weight));
    let [x, weight, gradient] = [x, weight, gradient].map(FlexTensor::to_contiguous);
    let (to_x, to_weight) = depthwise::backward::<T>(Set::best(), shape, slice(&x), slice(&weight), slice(&gradient));
    (tensor(to_x, x_dims), tensor(to_weight, weight_dims))
}
