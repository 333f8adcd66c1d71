//! EfficientNet-B0 (Tan and Le 2019) as Keras builds it, without top and pretrained weights, for one input channel.
//!
//! Keras' model begins with a rescaling by 1/255, which meets inputs that are in [0, 1] already, and a normalisation
//! with mean 0 and variance 1; the first is kept, because the notebook has it, and the second is the identity.

use super::layers::Layers;
use super::tensors::{Initialiser, Parameter};

const STEM: usize = 32;
pub(crate) const RESCALING: f32 = 1.0 / 255.0;
const DROP_CONNECT: f64 = 0.2;

/// How many numbers [`features`] gives for an image.
pub(super) const FEATURES: usize = 1280;

/// A row of the paper's table 1: blocks of the same width.
struct Stage {
    expansion: usize,
    channels: usize,
    blocks: usize,
    stride: usize,
    kernel: usize,
}

const STAGES: [Stage; 7] = [
    Stage { expansion: 1, channels: 16, blocks: 1, stride: 1, kernel: 3 },
    Stage { expansion: 6, channels: 24, blocks: 2, stride: 2, kernel: 3 },
    Stage { expansion: 6, channels: 40, blocks: 2, stride: 2, kernel: 5 },
    Stage { expansion: 6, channels: 80, blocks: 3, stride: 2, kernel: 3 },
    Stage { expansion: 6, channels: 112, blocks: 3, stride: 1, kernel: 5 },
    Stage { expansion: 6, channels: 192, blocks: 4, stride: 2, kernel: 5 },
    Stage { expansion: 6, channels: 320, blocks: 1, stride: 1, kernel: 3 },
];

/// One inverted bottleneck with squeeze and excitation.
pub(crate) struct Block {
    /// `blocks.N`, the prefix of its tensors.
    pub name: String,
    /// `2b`, the stage from 1 and the block in it: what Keras' layers are called by.
    #[cfg(feature = "keras")]
    pub keras_name: String,
    channels_in: usize,
    /// Channels after the expansion.
    pub wide: usize,
    pub channels_out: usize,
    pub stride: usize,
    pub kernel: usize,
    pub drop_rate: f64,
}

impl Block {
    pub fn squeezed(&self) -> usize {
        (self.channels_in / 4).max(1)
    }

    pub fn expands(&self) -> bool {
        self.wide != self.channels_in
    }

    pub fn is_residual(&self) -> bool {
        self.stride == 1 && self.channels_in == self.channels_out
    }
}

pub(crate) fn blocks() -> Vec<Block> {
    let total: usize = STAGES.iter().map(|stage| stage.blocks).sum();
    let mut blocks = Vec::with_capacity(total);
    let mut channels_in = STEM;
    for (stage, _number) in STAGES.iter().zip(1_u32..) {
        for repeat in 0..stage.blocks {
            blocks.push(Block {
                name: format!("blocks.{}", blocks.len()),
                #[cfg(feature = "keras")]
                keras_name: format!("{}{}", _number, char::from(b'a' + repeat as u8)),
                channels_in,
                wide: channels_in * stage.expansion,
                channels_out: stage.channels,
                stride: if repeat == 0 { stage.stride } else { 1 },
                kernel: stage.kernel,
                drop_rate: DROP_CONNECT * blocks.len() as f64 / total as f64,
            });
            channels_in = stage.channels;
        }
    }
    blocks
}

pub(super) fn parameters() -> Vec<Parameter> {
    let mut list = vec![convolution("stem.conv.weight", [STEM, 1, 3, 3])];
    batch_norm(&mut list, "stem.bn", STEM);
    for block in blocks() {
        let Block { name, channels_in, wide, channels_out, kernel, .. } = &block;
        if block.expands() {
            list.push(convolution(format!("{name}.expand.weight"), [*wide, *channels_in, 1, 1]));
            batch_norm(&mut list, &format!("{name}.expand_bn"), *wide);
        }
        // Keras counts the fan-out of a depthwise convolution as that of one channel.
        let depthwise = Initialiser::HeNormalFanOut { fan_out: kernel * kernel };
        list.push(Parameter::new(format!("{name}.depthwise.weight"), &[*wide, 1, *kernel, *kernel], depthwise));
        batch_norm(&mut list, &format!("{name}.depthwise_bn"), *wide);
        for (part, shape) in
            [("se_reduce", [block.squeezed(), *wide, 1, 1]), ("se_expand", [*wide, block.squeezed(), 1, 1])]
        {
            list.push(convolution(format!("{name}.{part}.weight"), shape));
            list.push(Parameter::new(format!("{name}.{part}.bias"), &[shape[0]], Initialiser::Constant(0.0)));
        }
        list.push(convolution(format!("{name}.project.weight"), [*channels_out, *wide, 1, 1]));
        batch_norm(&mut list, &format!("{name}.project_bn"), *channels_out);
    }
    let last = STAGES[STAGES.len() - 1].channels;
    list.push(convolution("top.conv.weight", [FEATURES, last, 1, 1]));
    batch_norm(&mut list, "top.bn", FEATURES);
    list
}

fn convolution(name: impl Into<String>, shape: [usize; 4]) -> Parameter {
    Parameter::new(name, &shape, Initialiser::HeNormalFanOut { fan_out: shape[0] * shape[2] * shape[3] })
}

fn batch_norm(list: &mut Vec<Parameter>, name: &str, channels: usize) {
    list.push(Parameter::new(format!("{name}.gamma"), &[channels], Initialiser::Constant(1.0)));
    list.push(Parameter::new(format!("{name}.beta"), &[channels], Initialiser::Constant(0.0)));
    list.push(Parameter::statistic(format!("{name}.mean"), channels, 0.0));
    list.push(Parameter::statistic(format!("{name}.variance"), channels, 1.0));
}

/// `[batch, height, width, 1]` in [0, 1] to `[batch, 1280]`.
pub(super) fn features<L: Layers>(layers: &mut L, x: L::Pictures) -> L::Vectors {
    let x = layers.rescale(x, RESCALING);
    let x = layers.conv3x3_stride2("stem.conv.weight", x);
    let mut x = layers.batch_norm("stem.bn", x, true);
    for block in blocks() {
        x = if block.is_residual() {
            layers.residual(block.drop_rate, x, |layers, x| bottleneck(layers, &block, x))
        } else {
            bottleneck(layers, &block, x)
        };
    }
    let x = layers.pointwise("top.conv.weight", x);
    let x = layers.batch_norm("top.bn", x, true);
    layers.global_average(x)
}

fn bottleneck<L: Layers>(layers: &mut L, block: &Block, mut x: L::Pictures) -> L::Pictures {
    let part = |part: &str| format!("{}.{part}", block.name);
    if block.expands() {
        x = layers.pointwise(&part("expand.weight"), x);
        x = layers.batch_norm(&part("expand_bn"), x, true);
    }
    x = layers.depthwise(&part("depthwise.weight"), x, block.stride);
    x = layers.batch_norm(&part("depthwise_bn"), x, true);
    x = layers.squeeze_excite(&block.name, x);
    x = layers.pointwise(&part("project.weight"), x);
    layers.batch_norm(&part("project_bn"), x, false)
}
