//! A described network with its models unfolded: what is computed from what, and which layer of the file does it.
//!
//! A layer that is applied twice to the same thing is there once, so that two branches of the same layers can be recognised.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::config::{Call, Layer, Model, Source};
use super::error::{Error, Result};
use super::op::{self, Op};
use crate::SIDE;

/// Layers and calls of layers, models unfolded: ten times what either network takes. Calls are counted, not nodes, since
/// models in models that are applied to the same thing again and again give no more nodes and yet take for ever.
const CALLS: usize = 10_000;

/// Which layer of the file it is.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The names of the models around it, from the outermost on, and its own.
    pub names: Vec<String>,
    /// In files of weights that number their layers by class: `layers/functional/layers/conv2d_1`, for one.
    pub group: Vec<String>,
}

impl Place {
    pub fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }
}

#[derive(Debug)]
pub struct Node {
    pub op: Op,
    pub inputs: Vec<usize>,
    pub place: Rc<Place>,
}

#[derive(Debug)]
pub struct Graph {
    pub nodes: Vec<Node>,
    /// What the model gives.
    pub output: usize,
}

impl Graph {
    /// Unfolds a model with two inputs and one output.
    pub fn new(model: &Model<'_>) -> Result<Self> {
        let mut unfolding = Unfolding { nodes: Vec::new(), known: HashMap::new(), calls_left: CALLS };
        let around = Place { names: Vec::new(), group: Vec::new() };
        let mut inputs = Vec::new();
        for (number, input) in model.inputs.iter().enumerate() {
            let place = Rc::new(Place { names: vec![input.layer.clone()], group: Vec::new() });
            inputs.push(unfolding.node(Op::Input(number), Vec::new(), &place));
        }
        let output = unfolding.model(model, &around, &inputs)?;
        Ok(Self { nodes: unfolding.nodes, output })
    }
}

struct Unfolding {
    nodes: Vec<Node>,
    /// By layer, the op in it, in words, and what it is applied to.
    known: HashMap<(Rc<Place>, String, Vec<usize>), usize>,
    calls_left: usize,
}

impl Unfolding {
    fn node(&mut self, op: Op, inputs: Vec<usize>, place: &Rc<Place>) -> usize {
        let key = (Rc::clone(place), op.to_string(), inputs.clone());
        if let Some(&known) = self.known.get(&key).filter(|_| !matches!(op, Op::Input(_))) {
            return known;
        }
        self.nodes.push(Node { op, inputs, place: Rc::clone(place) });
        self.known.insert(key, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// What a model computes of these inputs.
    fn model(&mut self, model: &Model<'_>, around: &Place, inputs: &[usize]) -> Result<usize> {
        let invalid = |what: &str| Error::Config(format!("{what} {}", around.name()).trim_end().to_owned());
        if inputs.len() != model.inputs.len() {
            return Err(invalid("a number of inputs that is not the model's, in"));
        }
        let [output] = model.outputs.as_slice() else { return Err(invalid("several outputs of one model, of")) };
        let mut values: HashMap<Source, usize> = model.inputs.iter().cloned().zip(inputs.iter().copied()).collect();
        let calls: usize = model.layers.iter().map(|layer| 1 + layer.calls.len()).sum();
        self.calls_left =
            self.calls_left.checked_sub(calls).ok_or_else(|| invalid("too many layers in models in models, in"))?;
        let places = places(model, around);
        for layer in model.layers.iter().filter(|layer| layer.class == "InputLayer") {
            check_input(layer)?;
        }
        let calls = |(layer, place): (usize, &Rc<Place>)| {
            let place = Rc::clone(place);
            (0..model.layers[layer].calls.len()).map(move |call| (layer, call, Rc::clone(&place)))
        };
        let mut ahead: Vec<(usize, usize, Rc<Place>)> = places.iter().enumerate().flat_map(calls).collect();
        // Layers are listed in the order in which they are computed, or nearly so.
        while !ahead.is_empty() && !values.contains_key(output) {
            let before = ahead.len();
            let mut later = Vec::new();
            for (layer, number, place) in ahead {
                let (layer_is, call) = (&model.layers[layer], &model.layers[layer].calls[number]);
                match call.inputs.iter().map(|source| values.get(source).copied()).collect::<Option<Vec<_>>>() {
                    Some(inputs) => {
                        let value = self.layer(layer_is, call, &place, inputs)?;
                        values.insert(Source { layer: layer_is.name.clone(), call: number }, value);
                    }
                    None => later.push((layer, number, place)),
                }
            }
            if later.len() == before {
                return Err(invalid("layers that are applied to what is not there, in"));
            }
            ahead = later;
        }
        values.get(output).copied().ok_or_else(|| invalid("an output that no layer gives, of"))
    }

    fn layer(&mut self, layer: &Layer<'_>, call: &Call<'_>, place: &Rc<Place>, inputs: Vec<usize>) -> Result<usize> {
        if inputs.is_empty() {
            return Err(Error::Config(format!("layer '{}' is applied to nothing", place.name())));
        }
        // Dropout drops then, and a batch normalization takes the mean and variance of the batch.
        if call.arguments.iter().any(|(name, value)| *name == Some("training") && value.as_bool() == Some(true)) {
            let op = Op::Other(format!("{} that is always in training (training=True)", layer.class));
            return Ok(self.node(op, inputs, place));
        }
        if let Some(inner) = &layer.inner {
            return self.model(inner, place, &inputs);
        }
        let mut inputs = inputs;
        for op in op::ops(layer, call)? {
            let (op, of) = self.simpler(op, inputs);
            inputs = vec![self.node(op, of, place)];
        }
        Ok(inputs[0])
    }

    /// |a - b| in one, however it is put together.
    fn simpler(&self, op: Op, inputs: Vec<usize>) -> (Op, Vec<usize>) {
        let node = |place: usize| &self.nodes[inputs[place]];
        match (&op, inputs.len()) {
            (Op::Absolute, 1) if node(0).op == Op::Subtract => (Op::Distance, node(0).inputs.clone()),
            (Op::Subtract, 2) if node(0).op == Op::Maximum && node(1).op == Op::Minimum => {
                let (mut high, mut low) = (node(0).inputs.clone(), node(1).inputs.clone());
                high.sort_unstable();
                low.sort_unstable();
                if high == low { (Op::Distance, high) } else { (op, inputs) }
            }
            _ => (op, inputs),
        }
    }
}

fn places(model: &Model<'_>, around: &Place) -> Vec<Rc<Place>> {
    let with = |all: &[String], one: String| all.iter().cloned().chain([one]).collect();
    let place = |(layer, group): (&Layer<'_>, String)| {
        Rc::new(Place { names: with(&around.names, layer.name.clone()), group: with(&around.group, group) })
    };
    model.layers.iter().zip(numbers(model.layers.iter().map(|layer| layer.class))).map(place).collect()
}

/// Layers of one class are numbered, as files of weights do it: `conv2d`, `conv2d_1`.
pub fn numbers<'a>(classes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let number = |class: &str| {
        let class = snake_case(class);
        let number = seen.entry(class.clone()).or_default();
        *number += 1;
        if *number == 1 { class } else { format!("{class}_{}", *number - 1) }
    };
    classes.map(number).collect()
}

/// `BatchNormalization` as `batch_normalization`: words begin at a capital that comes after a small letter or before one.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let mut name = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let starts_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                let small_follows = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
                before.is_ascii_lowercase() || small_follows
            });
        if starts_word {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Pictures of another size are those of another network.
fn check_input(layer: &Layer<'_>) -> Result<()> {
    let shape = ["batch_shape", "batch_input_shape"].into_iter().find_map(|key| layer.settings.get(key));
    let Some(shape) = shape.and_then(Value::as_array).filter(|shape| shape.len() == 4) else { return Ok(()) };
    let fits = shape[1..].iter().zip([SIDE, SIDE, 1]).all(|(given, side)| given.is_null() || *given == side);
    if fits {
        return Ok(());
    }
    let words: Vec<String> = shape[1..].iter().map(ToString::to_string).collect();
    Err(Error::NotSiamese {
        layer: layer.name.clone(),
        found: format!("an input of {}", words.join(" x ")),
        expected: "one of 224 x 224 x 1",
    })
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn names_are_as_keras_writes_them() {
        for (class, name) in [
            ("Conv2D", "conv2d"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("L2Normalization", "l2_normalization"),
            ("ReLU", "re_lu"),
            ("Functional", "functional"),
            ("ZeroPadding2D", "zero_padding2d"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }
}
