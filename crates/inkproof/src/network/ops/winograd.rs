//! `mean(ReLU(conv3x3(x) + bias))` over each plane.

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
use crate::kernels::winograd::{self, Filters, Large, Shape, Small};
use crate::kernels::{Number, Set};

/// 3 x 3 convolution, stride 1, no padding, then bias and ReLU, then the mean over height and width.
///
/// `x` is `[batch, height, width, channels_in]`, `weight` `[channels_out, channels_in, 3, 3]`, `bias`
/// `[channels_out]`; the result is `[batch, channels_out]`. Which side of its corner the ReLU takes decides a whole
/// gradient: so the forward pass is the most exact there is, and only the backward pass takes large tiles.
pub(in crate::network) fn conv3x3_relu_mean(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>) -> Tensor<2> {
    let [x, weight, bias] = [x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()];
    Tensor::from_dispatch(Dispatch::conv3x3_relu_mean(x, weight, bias))
}

/// [`conv3x3_relu_mean`] for inference, faster and a digit less exact: `filters` is what [`pack_filters`] makes of the
/// weights. It cannot be differentiated.
pub(in crate::network) fn conv3x3_relu_mean_packed(x: Tensor<4>, filters: Tensor<1>, bias: Tensor<1>) -> Tensor<2> {
    let [x, filters, bias] = [x.into_dispatch(), filters.into_dispatch(), bias.into_dispatch()];
    Tensor::from_dispatch(Dispatch::conv3x3_relu_mean_packed(x, filters, bias))
}

/// Weights `[channels_out, channels_in, 3, 3]` as the kernel of this CPU wants them: worth keeping where weights stay.
pub(in crate::network) fn pack_filters(weight: Tensor<4>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::pack_filters(weight.into_dispatch()))
}

/// Which outputs were above 0.
type Signs = Arc<Vec<u16>>;

#[backend_extension(Flex, Autodiff)]
pub(in crate::network) trait Conv3x3ReluMean: Backend {
    fn conv3x3_relu_mean(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>)
    -> FloatTensor<Self>;
}

#[backend_extension(Flex)]
pub(in crate::network) trait Conv3x3ReluMeanPacked: Backend {
    fn conv3x3_relu_mean_packed(
        x: FloatTensor<Self>,
        filters: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    fn pack_filters(weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What only training needs.
pub(in crate::network) trait Conv3x3ReluMeanTraining: Conv3x3ReluMean {
    fn conv3x3_relu_mean_training(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, Signs);

    /// Gradients of input (where wanted), weight and bias.
    fn conv3x3_relu_mean_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        signs: Signs,
        gradient: FloatTensor<Self>,
        input_wanted: bool,
    ) -> (Option<FloatTensor<Self>>, FloatTensor<Self>, FloatTensor<Self>);
}

impl Conv3x3ReluMean for Flex {
    fn conv3x3_relu_mean(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        by_type!(&x, forward(&x, &weight, &bias, false)).0
    }
}

impl Conv3x3ReluMeanPacked for Flex {
    fn conv3x3_relu_mean_packed(x: FlexTensor, filters: FlexTensor, bias: FlexTensor) -> FlexTensor {
        by_type!(&x, forward_packed(&x, &filters, &bias))
    }

    fn pack_filters(weight: FlexTensor) -> FlexTensor {
        by_type!(&weight, pack(&weight))
    }
}

impl Conv3x3ReluMeanTraining for Flex {
    fn conv3x3_relu_mean_training(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> (FlexTensor, Signs) {
        by_type!(&x, forward(&x, &weight, &bias, true))
    }

    fn conv3x3_relu_mean_backward(
        x: FlexTensor,
        weight: FlexTensor,
        signs: Signs,
        gradient: FlexTensor,
        input_wanted: bool,
    ) -> (Option<FlexTensor>, FlexTensor, FlexTensor) {
        by_type!(&x, backward(&x, &weight, &signs, &gradient, input_wanted))
    }
}

impl<B: Conv3x3ReluMeanTraining, C: CheckpointStrategy> Conv3x3ReluMean for Autodiff<B, C> {
    fn conv3x3_relu_mean(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.primitive().clone());
        match Operation.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (output, signs) = B::conv3x3_relu_mean_training(x.clone(), weight.clone(), bias);
                prep.finish((x, weight, signs), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::conv3x3_relu_mean(x, weight, bias)),
        }
    }
}

#[derive(Debug)]
struct Operation;

impl<B: Conv3x3ReluMeanTraining> Backward<B, 3> for Operation {
    /// Input, weight, signs of the output.
    type State = (FloatTensor<B>, FloatTensor<B>, Signs);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, weight, signs) = ops.state;
        let (x, weight, bias) = B::conv3x3_relu_mean_backward(x, weight, signs, gradient, x_node.is_some());
        for (node, gradient) in [(x_node, x), (weight_node, Some(weight)), (bias_node, Some(bias))] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

fn shape(x: &FlexTensor, weight: &FlexTensor) -> Shape {
    let [batch, height, width, channels_in] = dims(x);
    let [channels_out, ..] = dims::<4>(weight);
    assert_eq!(dims(weight), [channels_out, channels_in, 3, 3], "3 x 3 weights for {channels_in} channels");
    assert!(height >= 3 && width >= 3, "planes of at least 3 x 3, not {height} x {width}");
    Shape { batch, height, width, channels_in, channels_out }
}

fn pack<T: Number>(weight: &FlexTensor) -> FlexTensor {
    let [channels_out, channels_in, ..] = dims::<4>(weight);
    let weight = weight.to_contiguous();
    let packed = Filters::<Large, Vec<T>>::forward(Set::best(), channels_in, channels_out, slice(&weight)).packed;
    let len = packed.len();
    tensor(packed, [len])
}

fn forward_packed<T: Number>(x: &FlexTensor, filters: &FlexTensor, bias: &FlexTensor) -> FlexTensor {
    let ([batch, height, width, channels_in], [channels_out]) = (dims(x), dims(bias));
    let shape = Shape { batch, height, width, channels_in, channels_out };
    let [x, filters, bias] = [x, filters, bias].map(FlexTensor::to_contiguous);
    let filters = Filters::<Large, _>::packed(Set::best(), channels_in, channels_out, slice::<T>(&filters));
    tensor(winograd::forward(shape, slice(&x), &filters, slice(&bias), false).means, [batch, channels_out])
}

fn forward<T: Number>(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    signs_wanted: bool,
) -> (FlexTensor, Signs) {
    let shape = shape(x, weight);
    let [x, weight, bias] = [x, weight, bias].map(FlexTensor::to_contiguous);
    let (set, Shape { channels_in, channels_out, .. }) = (Set::best(), shape);
    let filters = Filters::<Small, Vec<T>>::forward(set, channels_in, channels_out, slice(&weight));
    let filters = Filters::<Small, _>::packed(set, channels_in, channels_out, &filters.packed[..]);
    let found = winograd::forward(shape, slice(&x), &filters, slice(&bias), signs_wanted);
    (tensor(found.means, [shape.batch, channels_out]), Arc::new(found.signs))
}

fn backward<T: Number>(
    x: &FlexTensor,
    weight: &FlexTensor,
    signs: &Signs,
    gradient: &FlexTensor,
    input_wanted: bool,
) -> (Option<FlexTensor>, FlexTensor, FlexTensor) {
    let shape = shape(x, weight);
    let [x, weight, gradient] = [x, weight, gradient].map(FlexTensor::to_contiguous);
    let found = winograd::backward::<Large, T>(
        Set::best(),
        shape,
        slice(&x),
        slice(&weight),
        signs,
        slice(&gradient),
        input_wanted,
    );
    let input = found.input.map(|input| tensor(input, [shape.batch, shape.height, shape.width, shape.channels_in]));
    let weight = tensor(found.weight, [shape.channels_out, shape.channels_in, 3, 3]);
    (input, weight, tensor(found.bias, [shape.channels_out]))
}
