//! The notebook's network: two convolutions, a global average and a dense layer; 107,520 parameters.

use super::layers::Layers;
use super::tensors::{Initialiser, Parameter};

const CHANNELS: [usize; 2] = [64, 128];

pub(super) fn parameters() -> Vec<Parameter> {
    let [first, second] = CHANNELS;
    vec![
        convolution("conv1.weight", first, 1),
        Parameter::new("conv1.bias", &[first], Initialiser::Constant(0.0)),
        convolution("conv2.weight", second, first),
        Parameter::new("conv2.bias", &[second], Initialiser::Constant(0.0)),
    ]
}

fn convolution(name: &str, out: usize, channels_in: usize) -> Parameter {
    let initialiser = Initialiser::GlorotUniform { fan_in: channels_in * 9, fan_out: out * 9 };
    Parameter::new(name, &[out, channels_in, 3, 3], initialiser)
}

/// `[batch, height, width, 1]` in [0, 1] to `[batch, 128]`.
pub(super) fn features<L: Layers>(layers: &mut L, x: L::Pictures) -> L::Vectors {
    let x = layers.conv3x3_relu_pool("conv1", x);
    layers.conv3x3_relu_mean("conv2", x)
}

/// How many numbers [`features`] gives for an image.
pub(super) const FEATURES: usize = CHANNELS[1];
