//! Squeeze and excitation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::{by_type, dims, slice, tensor};
use crate::kernels::squeeze::{self, Between, Layers, Shape};
use crate::kernels::{Number, Set};

/// Weights and bias of a dense layer, `[out, in]` and `[out]`.
pub(in crate::network) type Dense = (Tensor<2>, Tensor<1>);

/// Scales the channels of `x`, `[batch, height, width, channels]`, by `sigmoid(expand(swish(reduce(means))))`.
pub(in crate::network) fn squeeze_excite(x: Tensor<4>, reduce: Dense, expand: Dense) -> Tensor<4> {
    let [reduce, reduce_bias] = [reduce.0.into_dispatch(), reduce.1.into_dispatch()];
    let [expand, expand_bias] = [expand.0.into_dispatch(), expand.1.into_dispatch()];
    Tensor::from_dispatch(Dispatch::squeeze_excite(x.into_dispatch(), reduce, reduce_bias, expand, expand_bias))
}

#[backend_extension(Flex, Autodiff)]
pub(in crate::network) trait SqueezeExcite: Backend {
    fn squeeze_excite(
        x: FloatTensor<Self>,
        reduce: FloatTensor<Self>,
        reduce_bias: FloatTensor<Self>,
        expand: FloatTensor<Self>,
        expand_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// What only training needs. Inputs are input, weights and bias of the first, weights and bias of the second layer.
pub(in crate::network) trait SqueezeExciteTraining: SqueezeExcite {
    /// The output, and the numbers between that the backward pass needs.
    fn squeeze_excite_training(inputs: &[FloatTensor<Self>; 5]) -> (FloatTensor<Self>, [FloatTensor<Self>; 3]);

    /// Gradients of the inputs.
    fn squeeze_excite_backward(
        inputs: [FloatTensor<Self>; 5],
        between: [FloatTensor<Self>; 3],
        gradient: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 5];
}

impl SqueezeExcite for Flex {
    fn squeeze_excite(
        x: FlexTensor,
        reduce: FlexTensor,
        reduce_bias: FlexTensor,
        expand: FlexTensor,
        expand_bias: FlexTensor,
    ) -> FlexTensor {
        Self::squeeze_excite_training(&[x, reduce, reduce_bias, expand, expand_bias]).0
    }
}

impl SqueezeExciteTraining for Flex {
    fn squeeze_excite_training(inputs: &[FlexTensor; 5]) -> (FlexTensor, [FlexTensor; 3]) {
        by_type!(&inputs[0], forward(inputs))
    }

    fn squeeze_excite_backward(
        inputs: [FlexTensor; 5],
        between: [FlexTensor; 3],
        gradient: FlexTensor,
    ) -> [FlexTensor; 5] {
        by_type!(&gradient, backward(&inputs, &between, &gradient))
    }
}

impl<B: SqueezeExciteTraining, C: CheckpointStrategy> SqueezeExcite for Autodiff<B, C> {
    fn squeeze_excite(
        x: FloatTensor<Self>,
        reduce: FloatTensor<Self>,
        reduce_bias: FloatTensor<Self>,
        expand: FloatTensor<Self>,
        expand_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let inputs = [x, reduce, reduce_bias, expand, expand_bias];
        let nodes = inputs.each_ref().map(|tensor| tensor.node());
        let inputs = inputs.map(|tensor| tensor.primitive().clone());
        let (output, between) = B::squeeze_excite_training(&inputs);
        match Operation.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((inputs, between), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[derive(Debug)]
struct Operation;

impl<B: SqueezeExciteTraining> Backward<B, 5> for Operation {
    /// Inputs, numbers between.
    type State = ([FloatTensor<B>; 5], [FloatTensor<B>; 3]);

    fn backward(self, ops: Ops<Self::State, 5>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (inputs, between) = ops.state;
        let found = B::squeeze_excite_backward(inputs, between, gradient);
        for (node, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

fn shape(inputs: &[FlexTensor; 5]) -> Shape {
    let ([batch, height, width, channels], [squeezed, inside]) = (dims(&inputs[0]), dims(&inputs[1]));
    assert_eq!(inside, channels, "weights for {channels} channels");
    Shape { batch, pixels: height * width, channels, squeezed }
}

/// Of contiguous inputs.
fn layers<T: Number>([_, reduce, reduce_bias, expand, expand_bias]: &[FlexTensor; 5]) -> Layers<'_, T> {
    Layers {
        reduce: slice(reduce),
        reduce_bias: slice(reduce_bias),
        expand: slice(expand),
        expand_bias: slice(expand_bias),
    }
}

fn forward<T: Number>(inputs: &[FlexTensor; 5]) -> (FlexTensor, [FlexTensor; 3]) {
    let inputs = inputs.each_ref().map(|tensor| tensor.to_contiguous());
    let shape = shape(&inputs);
    let found = squeeze::forward(Set::best(), shape, slice::<T>(&inputs[0]), layers(&inputs));
    let Between { means, reduced, scales } = found.between;
    let between = [(means, shape.channels), (reduced, shape.squeezed), (scales, shape.channels)]
        .map(|(values, width)| tensor(values, [shape.batch, width]));
    (tensor(found.output, dims::<4>(&inputs[0])), between)
}

fn backward<T: Number>(inputs: &[FlexTensor; 5], between: &[FlexTensor; 3], gradient: &FlexTensor) -> [FlexTensor; 5] {
    let inputs = inputs.each_ref().map(|tensor| tensor.to_contiguous());
    let (shape, gradient) = (shape(&inputs), gradient.to_contiguous());
    let [means, reduced, scales] = between.each_ref().map(|tensor| slice::<T>(tensor));
    let between = Between { means, reduced, scales };
    let found = squeeze::backward(Set::best(), shape, slice(&inputs[0]), layers(&inputs), between, slice(&gradient));
    let Shape { channels, squeezed, .. } = shape;
    [
        tensor(found.x, dims::<4>(&inputs[0])),
        tensor(found.reduce, [squeezed, channels]),
        tensor(found.reduce_bias, [squeezed]),
        tensor(found.expand, [channels, squeezed]),
        tensor(found.expand_bias, [channels]),
    ]
}
