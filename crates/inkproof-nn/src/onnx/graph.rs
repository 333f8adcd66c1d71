//! Puts a graph together, node by node; values are known by their names.

use std::collections::BTreeSet;

use super::messages::{Attribute, Graph as Message, Node, Tensor, Value, ValueInfo};
use crate::{Parameter, Weights};

/// A graph in the making, over the weights of one network.
pub(super) struct Graph<'a> {
    weights: &'a Weights,
    message: Message,
    used: BTreeSet<String>,
}

impl<'a> Graph<'a> {
    pub fn new(weights: &'a Weights) -> Self {
        Self { weights, message: Message::default(), used: BTreeSet::new() }
    }

    pub fn finish(mut self, name: &str) -> Message {
        name.clone_into(&mut self.message.name);
        self.message
    }

    /// Any number of tensors of `shape`; returns the value's name.
    pub fn input(&mut self, name: &str, shape: &[usize]) -> String {
        self.message.inputs.push(value_info(name, shape));
        name.to_owned()
    }

    /// Makes `value` the output `name`.
    pub fn output(&mut self, value: &str, name: &str, shape: &[usize]) {
        let last = self.message.nodes.last_mut().filter(|node| node.outputs == [value]);
        last.expect("the output is the last node's").outputs = vec![name.to_owned()];
        self.message.outputs.push(value_info(name, shape));
    }

    /// A node with integer attributes, single or in a list; returns its output's name.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, &[i64])]) -> String {
        let attributes = attributes.iter().map(|&(name, values)| attribute(name, values)).collect();
        self.push(operator, inputs, attributes)
    }

    fn push(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        let name = format!("{operator}_{}", self.message.nodes.len());
        self.message.nodes.push(Node {
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            outputs: vec![name.clone()],
            name: name.clone(),
            operator: operator.to_owned(),
            attributes,
        });
        name
    }

    /// The network's tensor called `name`.
    fn weight(&mut self, name: &str) -> String {
        let (parameter, values) = self.find(name).unwrap_or_else(|| panic!("the network has a tensor '{name}'"));
        let dims: Vec<usize> = parameter.shape.clone();
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, &dims, Tensor::FLOAT, data)
    }

    fn find(&self, name: &str) -> Option<(&'a Parameter, &'a [f32])> {
        self.weights.iter().find(|(parameter, _)| parameter.name == name)
    }

    pub fn scalar(&mut self, name: &str, value: f32) -> String {
        self.constant(name, &[], Tensor::FLOAT, value.to_le_bytes().to_vec())
    }

    pub fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, &[values.len()], Tensor::INT64, data)
    }

    fn constant(&mut self, name: &str, dims: &[usize], data_type: i64, data: Vec<u8>) -> String {
        if self.used.insert(name.to_owned()) {
            let dims = dims.iter().map(|&size| size as i64).collect();
            self.message.initializers.push(Tensor { dims, data_type, name: name.to_owned(), data });
        }
        name.to_owned()
    }

    /// `{name}.weight` and, where there is one, `{name}.bias`; `pads` are top, left, bottom and right.
    pub fn convolution(&mut self, name: &str, x: String, stride: usize, pads: [usize; 4]) -> String {
        let weight = format!("{name}.weight");
        let shape = &self.find(&weight).unwrap_or_else(|| panic!("the network has a tensor '{weight}'")).0.shape;
        let (channels, kernel) = (shape[0] as i64, [shape[2] as i64, shape[3] as i64]);
        let is_depthwise = shape[1] == 1 && shape[0] > 1 && name.ends_with(".depthwise");
        let mut inputs = vec![x, self.weight(&weight)];
        let bias = format!("{name}.bias");
        if self.find(&bias).is_some() {
            inputs.push(self.weight(&bias));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let pads = pads.map(|pad| pad as i64);
        let groups = attribute("group", &[if is_depthwise { channels } else { 1 }]);
        let lists = [("kernel_shape", &kernel[..]), ("strides", &[stride as i64; 2]), ("pads", &pads)];
        let lists = lists.into_iter().map(|(name, values)| list(name, values));
        self.push("Conv", &inputs, lists.chain([groups]).collect())
    }

    pub fn batch_norm(&mut self, name: &str, x: String, epsilon: f64) -> String {
        let [gamma, beta, mean, variance] =
            ["gamma", "beta", "mean", "variance"].map(|part| self.weight(&format!("{name}.{part}")));
        let epsilon = Attribute { name: "epsilon".into(), value: Value::Float(epsilon as f32) };
        self.push("BatchNormalization", &[&x, &gamma, &beta, &mean, &variance], vec![epsilon])
    }

    pub fn swish(&mut self, x: String) -> String {
        let sigmoid = self.node("Sigmoid", &[&x], &[]);
        self.node("Mul", &[&x, &sigmoid], &[])
    }

    /// The mean of each plane: `[n, channels]`.
    pub fn average(&mut self, x: String) -> String {
        let means = self.node("GlobalAveragePool", &[&x], &[]);
        self.node("Flatten", &[&means], &[])
    }

    /// `x * {name}.weight + {name}.bias`.
    pub fn dense(&mut self, name: &str, x: String) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| self.weight(&format!("{name}.{part}")));
        self.node("Gemm", &[&x, &weight, &bias], &[])
    }
}

/// One value is a number, several are a list; `keepdims` and `group` are the only numbers.
fn attribute(name: &str, values: &[i64]) -> Attribute {
    match values {
        &[value] => Attribute { name: name.into(), value: Value::Integer(value) },
        values => list(name, values),
    }
}

fn list(name: &str, values: &[i64]) -> Attribute {
    Attribute { name: name.into(), value: Value::Integers(values.to_vec()) }
}

fn value_info(name: &str, shape: &[usize]) -> ValueInfo {
    ValueInfo { name: name.to_owned(), shape: shape.iter().map(|&size| size as i64).collect() }
}
