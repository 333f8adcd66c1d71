//! `max_pool(ReLU(conv3x3(x) + bias))` for pictures of one channel.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::{by_type, dims, slice, tensor};
use crate::kernels::first_layer::{self, Shape};
use crate::kernels::{Number, Set};

/// 3 x 3 convolution, stride 1, no padding, then bias, ReLU and the largest of each square of 2 x 2.
///
/// `x` is `[batch, height, width, 1]` and gets no gradient: it is a picture; `weight` is `[channels, 1, 3, 3]`, `bias`
/// `[channels]`; the result is `[batch, (height - 2) / 2, (width - 2) / 2, channels]`, without a last odd row or column.
pub(in crate::network) fn conv3x3_relu_pool(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::conv3x3_relu_pool(x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()))
}

/// Which output of each square is its largest.
type Choices = Arc<Vec<u16>>;

#[backend_extension(Flex, Autodiff)]
pub(in crate::network) trait Conv3x3ReluPool: Backend {
    fn conv3x3_relu_pool(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>)
    -> FloatTensor<Self>;
}

/// What only training needs.
pub(in crate::network) trait Conv3x3ReluPoolTraining: Conv3x3ReluPool {
    fn conv3x3_relu_pool_training(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, Choices);

    /// Gradients of weight and bias.
    fn conv3x3_relu_pool_backward(
        x: FloatTensor<Self>,
        choices: Choices,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl Conv3x3ReluPool for Flex {
    fn conv3x3_relu_pool(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        by_type!(&x, forward(&x, &weight, &bias, false)).0
    }
}

impl Conv3x3ReluPoolTraining for Flex {
    fn conv3x3_relu_pool_training(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> (FlexTensor, Choices) {
        by_type!(&x, forward(&x, &weight, &bias, true))
    }

    fn conv3x3_relu_pool_backward(x: FlexTensor, choices: Choices, gradient: FlexTensor) -> (FlexTensor, FlexTensor) {
        by_type!(&x, backward(&x, &choices, &gradient))
    }
}

impl<B: Conv3x3ReluPoolTraining, C: CheckpointStrategy> Conv3x3ReluPool for Autodiff<B, C> {
    fn conv3x3_relu_pool(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [weight.node(), bias.node()];
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.primitive().clone());
        match Operation.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (output, choices) = B::conv3x3_relu_pool_training(x.clone(), weight, bias);
                prep.finish((x, choices), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::conv3x3_relu_pool(x, weight, bias)),
        }
    }
}

#[derive(Debug)]
struct Operation;

impl<B: Conv3x3ReluPoolTraining> Backward<B, 2> for Operation {
    /// Input, choices.
    type State = (FloatTensor<B>, Choices);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, choices) = ops.state;
        let (weight, bias) = B::conv3x3_relu_pool_backward(x, choices, gradient);
        for (node, gradient) in ops.parents.into_iter().zip([weight, bias]) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

fn shape(x: &FlexTensor, channels: usize) -> Shape {
    let [batch, height, width, one] = dims(x);
    assert_eq!(one, 1, "pictures of one channel");
    assert!(height >= 3 && width >= 3, "pictures of at least 3 x 3, not {height} x {width}");
    Shape { batch, height, width, channels }
}

fn forward<T: Number>(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    choices_wanted: bool,
) -> (FlexTensor, Choices) {
    let [channels] = dims(bias);
    let shape = shape(x, channels);
    assert_eq!(dims(weight), [channels, 1, 3, 3], "3 x 3 weights for one channel");
    let [x, weight, bias] = [x, weight, bias].map(FlexTensor::to_contiguous);
    let found = first_layer::forward::<T>(Set::best(), shape, slice(&x), slice(&weight), slice(&bias), choices_wanted);
    (tensor(found.output, [shape.batch, shape.rows(), shape.columns(), channels]), Arc::new(found.choices))
}

fn backward<T: Number>(x: &FlexTensor, choices: &Choices, gradient: &FlexTensor) -> (FlexTensor, FlexTensor) {
    let [.., channels] = dims::<4>(gradient);
    let shape = shape(x, channels);
    let [x, gradient] = [x, gradient].map(FlexTensor::to_contiguous);
    let (weight, bias) = first_layer::backward::<T>(Set::best(), shape, slice(&x), choices, slice(&gradient));
    (tensor(weight, [channels, 1, 3, 3]), tensor(bias, [channels]))
}
