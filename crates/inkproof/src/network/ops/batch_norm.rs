//! Batch normalisation and the activation after it.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::{by_type, dims, slice, tensor};
use crate::kernels::batch_norm::{self, Activation, Layer, Shape};
use crate::kernels::{Number, Set};

/// Mean (first row) and biased variance (second row) of each channel of `[batch, height, width, channels]`. It cannot
/// be differentiated: [`batch_norm`]'s gradient goes through both.
pub(in crate::network) fn channel_moments(x: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::channel_moments(x.into_dispatch()))
}

/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta` by channel, then swish where wanted.
///
/// `moments` is `[2, channels]`: in training [`channel_moments`] of `x`, which the gradient relies on; in inference the
/// moving ones.
pub(in crate::network) fn batch_norm(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    moments: Tensor<2>,
    epsilon: f64,
    swish: bool,
) -> Tensor<4> {
    let [x, gamma, beta, moments] =
        [x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch(), moments.into_dispatch()];
    Tensor::from_dispatch(Dispatch::normalise_channels(x, gamma, beta, moments, epsilon, swish))
}

#[backend_extension(Flex)]
pub(in crate::network) trait ChannelMoments: Backend {
    fn channel_moments(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

#[backend_extension(Flex, Autodiff)]
pub(in crate::network) trait BatchNorm: Backend {
    fn normalise_channels(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        epsilon: f64,
        swish: bool,
    ) -> FloatTensor<Self>;
}

/// What only training needs.
pub(in crate::network) trait BatchNormTraining: BatchNorm {
    /// Gradients of input, gamma and beta.
    fn batch_norm_backward(state: State<FloatTensor<Self>>, gradient: FloatTensor<Self>) -> [FloatTensor<Self>; 3];
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
pub(in crate::network) struct State<P> {
    x: P,
    gamma: P,
    beta: P,
    moments: P,
    epsilon: f64,
    swish: bool,
}

impl ChannelMoments for Flex {
    fn channel_moments(x: FlexTensor) -> FlexTensor {
        by_type!(&x, moments(&x))
    }
}

impl BatchNorm for Flex {
    fn normalise_channels(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        moments: FlexTensor,
        epsilon: f64,
        swish: bool,
    ) -> FlexTensor {
        by_type!(&x, forward(&State { x: x.clone(), gamma, beta, moments, epsilon, swish }))
    }
}

impl BatchNormTraining for Flex {
    fn batch_norm_backward(state: State<FlexTensor>, gradient: FlexTensor) -> [FlexTensor; 3] {
        by_type!(&gradient, backward(&state, &gradient))
    }
}

impl<B: BatchNormTraining, C: CheckpointStrategy> BatchNorm for Autodiff<B, C> {
    fn normalise_channels(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        epsilon: f64,
        swish: bool,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let [x, gamma, beta, moments] = [x, gamma, beta, moments].map(|tensor| tensor.primitive().clone());
        let output = B::normalise_channels(x.clone(), gamma.clone(), beta.clone(), moments.clone(), epsilon, swish);
        match Operation.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(State { x, gamma, beta, moments, epsilon, swish }, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[derive(Debug)]
struct Operation;

impl<B: BatchNormTraining> Backward<B, 3> for Operation {
    type State = State<FloatTensor<B>>;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let found = B::batch_norm_backward(ops.state, gradient);
        for (node, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

fn shape(x: &FlexTensor) -> Shape {
    let [batch, height, width, channels] = dims(x);
    Shape { rows: batch * height * width, channels }
}

fn moments<T: Number>(x: &FlexTensor) -> FlexTensor {
    let shape = shape(x);
    let (mut moments, variance) = batch_norm::moments::<T>(Set::best(), shape, slice(&x.to_contiguous()));
    moments.extend(variance);
    tensor(moments, [2, shape.channels])
}

impl State<FlexTensor> {
    fn to_contiguous(&self) -> Self {
        let [x, gamma, beta, moments] =
            [&self.x, &self.gamma, &self.beta, &self.moments].map(FlexTensor::to_contiguous);
        Self { x, gamma, beta, moments, ..*self }
    }

    /// Of a contiguous state.
    fn layer<T: Number>(&self) -> Layer<'_, T> {
        let (mean, variance) = slice(&self.moments).split_at(shape(&self.x).channels);
        Layer { mean, variance, gamma: slice(&self.gamma), beta: slice(&self.beta), epsilon: self.epsilon }
    }

    fn activation(&self) -> Activation {
        if self.swish { Activation::Swish } else { Activation::Identity }
    }
}

fn forward<T: Number>(state: &State<FlexTensor>) -> FlexTensor {
    let state = state.to_contiguous();
    let (scale, shift) = state.layer::<T>().scale_and_shift();
    let output = batch_norm::apply(Set::best(), shape(&state.x), slice(&state.x), &scale, &shift, state.activation());
    tensor(output, dims::<4>(&state.x))
}

fn backward<T: Number>(state: &State<FlexTensor>, gradient: &FlexTensor) -> [FlexTensor; 3] {
    let (state, gradient) = (state.to_contiguous(), gradient.to_contiguous());
    let (shape, layer) = (shape(&state.x), state.layer::<T>());
    let found = batch_norm::backward(Set::best(), shape, slice(&state.x), &layer, state.activation(), slice(&gradient));
    let by_channel = |values| tensor(values, [shape.channels]);
    [tensor(found.x, dims::<4>(&state.x)), by_channel(found.gamma), by_channel(found.beta)]
}
