//! The weights of a step by inkproof's names and by Keras', and their order in memory.
//!
//! Keras has convolutions as `[height, width, in, out]`, depthwise ones as `[height, width, channels, 1]`.

use super::network::Step;
use super::op::Op;
use crate::Parameter;

/// One tensor of a step.
pub struct Tensor<'a> {
    pub parameter: &'a Parameter,
    /// Its place among the layer's variables, in Keras.
    pub number: usize,
    /// What Keras calls it, in this version or that one.
    pub names: &'static [&'static str],
    is_depthwise: bool,
}

/// The tensors of a step, which are among the network's parameters; nothing for a step without weights.
pub fn of_step<'a>(step: &Step, parameters: &'a [Parameter]) -> Vec<Tensor<'a>> {
    let is_depthwise = matches!(step.op, Op::Depthwise { .. });
    let parts: &[(&str, &'static [&'static str])] = match step.op {
        Op::Convolution { .. } | Op::Dense { .. } => &[("weight", &["kernel"]), ("bias", &["bias"])],
        Op::Depthwise { .. } => &[("weight", &["depthwise_kernel", "kernel"])],
        Op::BatchNorm { .. } => &[
            ("gamma", &["gamma"]),
            ("beta", &["beta"]),
            ("mean", &["moving_mean"]),
            ("variance", &["moving_variance"]),
        ],
        _ => &[],
    };
    let tensor = |(number, (part, names)): (usize, &(&str, &'static [&'static str]))| {
        let name = format!("{}.{part}", step.tensor);
        let parameter = parameters.iter().find(|parameter| parameter.name == name)?;
        Some(Tensor { parameter, number, names, is_depthwise })
    };
    parts.iter().enumerate().filter_map(tensor).collect()
}

impl Tensor<'_> {
    /// For each axis in Keras, the same axis here.
    fn axes(&self) -> Option<[usize; 4]> {
        match self.parameter.shape.len() {
            4 if self.is_depthwise => Some([2, 3, 0, 1]),
            4 => Some([2, 3, 1, 0]),
            _ => None,
        }
    }

    /// Its shape in Keras.
    pub fn keras_shape(&self) -> Vec<usize> {
        let shape = &self.parameter.shape;
        self.axes().map_or(shape.clone(), |axes| axes.iter().map(|&axis| shape[axis]).collect())
    }

    /// Values in Keras' order to ours.
    pub fn to_ours(&self, keras: &[f32]) -> Vec<f32> {
        let mut ours = keras.to_vec();
        self.each_place(|place, keras_place| ours[place] = keras[keras_place]);
        ours
    }

    /// Values in our order to Keras'.
    pub fn to_keras(&self, ours: &[f32]) -> Vec<f32> {
        let mut keras = ours.to_vec();
        self.each_place(|place, keras_place| keras[keras_place] = ours[place]);
        keras
    }

    /// Where each value lies here and in Keras, where that is not the same.
    fn each_place(&self, mut take: impl FnMut(usize, usize)) {
        let Some(axes) = self.axes() else { return };
        let keras_shape = self.keras_shape();
        for place in 0..self.parameter.len() {
            let at = coordinates(place, &self.parameter.shape);
            let keras_place = axes.iter().zip(&keras_shape).fold(0, |sum, (&axis, side)| sum * side + at[axis]);
            take(place, keras_place);
        }
    }
}

fn coordinates(mut place: usize, shape: &[usize]) -> [usize; 4] {
    let mut at = [0; 4];
    for (axis, side) in shape.iter().enumerate().rev() {
        at[axis] = place % side;
        place /= side;
    }
    at
}
