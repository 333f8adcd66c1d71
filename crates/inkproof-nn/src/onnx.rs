//! Networks as ONNX files, for other runtimes.
//!
//! Two graphs make up a network: `embedding` takes pictures (`ink`), `[n, 1, SIDE, SIDE]` in [0, 1], to unit vectors
//! `[n, 256]`; `score` takes two lists of those, `[n, 256]` each, to probabilities `[n, 1]` that the two of a pair are of
//! one kind.

mod graph;
mod messages;

use std::str::FromStr;

use crate::{Backbone, EMBEDDING_LEN, Error, SIDE, Weights};
use graph::Graph;

/// The version of the operators, and that of the file format that goes with it.
const OPERATORS: i64 = 17;
const FORMAT: i64 = 8;

/// Which half of a network becomes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// `ink` to `embedding`.
    Embedding,
    /// `a` and `b` to `score`.
    Score,
}

impl FromStr for Part {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "embedding" => Ok(Self::Embedding),
            "score" => Ok(Self::Score),
            _ => Err(Error::UnknownPart(name.to_owned())),
        }
    }
}

/// The content of the ONNX file of one part of a network, with a name and metadata, pairs of a key and a value.
pub fn export(weights: &Weights, part: Part, name: &str, metadata: &[(&str, String)]) -> Vec<u8> {
    let mut graph = Graph::new(weights);
    match part {
        Part::Embedding => embedding(&mut graph, weights),
        Part::Score => score(&mut graph),
    }
    let property = |(key, value): &(&str, String)| messages::StringStringEntry {
        key: (*key).to_owned(),
        value: value.clone(),
    };
    let message = messages::Model {
        ir_version: FORMAT,
        producer_name: "inkproof".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: graph.finish(name),
        opset_import: vec![messages::OperatorSet { domain: String::new(), version: OPERATORS }],
        metadata: metadata.iter().map(property).collect(),
    };
    message.to_bytes()
}

fn embedding(graph: &mut Graph<'_>, weights: &Weights) {
    let ink = graph.input("ink", &[1, SIDE, SIDE]);
    let features = match weights.backbone() {
        Backbone::SimpleCnn => simple_cnn(graph, ink),
        Backbone::EfficientnetB0 => efficientnet(graph, ink),
    };
    let dense = graph.dense("embed", features);
    let positive = graph.node("Relu", &[&dense], &[]);
    let squares = graph.node("Mul", &[&positive, &positive], &[]);
    let axis = graph.integers("embed.axis", &[1]);
    let sum = graph.node("ReduceSum", &[&squares, &axis], &[("keepdims", &[1])]);
    let least = graph.scalar("embed.epsilon", 1e-12);
    let sum = graph.node("Max", &[&sum, &least], &[]);
    let length = graph.node("Sqrt", &[&sum], &[]);
    let unit = graph.node("Div", &[&positive, &length], &[]);
    graph.output(&unit, "embedding", &[EMBEDDING_LEN]);
}

fn score(graph: &mut Graph<'_>) {
    let (a, b) = (graph.input("a", &[EMBEDDING_LEN]), graph.input("b", &[EMBEDDING_LEN]));
    let apart = graph.node("Sub", &[&a, &b], &[]);
    let distance = graph.node("Abs", &[&apart], &[]);
    let logit = graph.dense("head", distance);
    let probability = graph.node("Sigmoid", &[&logit], &[]);
    graph.output(&probability, "score", &[1]);
}

fn simple_cnn(graph: &mut Graph<'_>, ink: String) -> String {
    let x = graph.convolution("conv1", ink, 1, [0; 4]);
    let x = graph.node("Relu", &[&x], &[]);
    let x = graph.node("MaxPool", &[&x], &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
    let x = graph.convolution("conv2", x, 1, [0; 4]);
    let x = graph.node("Relu", &[&x], &[]);
    graph.average(x)
}

fn efficientnet(graph: &mut Graph<'_>, ink: String) -> String {
    use crate::network::BATCH_NORM_EPSILON;
    use crate::network::efficientnet::{RESCALING, blocks};
    let scale = graph.scalar("rescaling", RESCALING);
    let x = graph.node("Mul", &[&ink, &scale], &[]);
    let x = graph.convolution("stem.conv", x, 2, [0, 0, 1, 1]);
    let x = graph.batch_norm("stem.bn", x, BATCH_NORM_EPSILON);
    let mut x = graph.swish(x);
    let mut size = SIDE / 2;
    for block in blocks() {
        let part = |part: &str| format!("{}.{part}", block.name);
        let input = x.clone();
        if block.expands() {
            x = graph.convolution(&part("expand"), x, 1, [0; 4]);
            x = graph.batch_norm(&part("expand_bn"), x, BATCH_NORM_EPSILON);
            x = graph.swish(x);
        }
        // As `Layers::depthwise` pads.
        let half = block.kernel / 2;
        let before = if block.stride == 2 && size.is_multiple_of(2) { half - 1 } else { half };
        x = graph.convolution(&part("depthwise"), x, block.stride, [before, before, half, half]);
        x = graph.batch_norm(&part("depthwise_bn"), x, BATCH_NORM_EPSILON);
        x = graph.swish(x);
        size = size.div_ceil(block.stride);
        let means = graph.node("GlobalAveragePool", &[&x], &[]);
        let reduced = graph.convolution(&part("se_reduce"), means, 1, [0; 4]);
        let reduced = graph.swish(reduced);
        let expanded = graph.convolution(&part("se_expand"), reduced, 1, [0; 4]);
        let scale = graph.node("Sigmoid", &[&expanded], &[]);
        x = graph.node("Mul", &[&x, &scale], &[]);
        x = graph.convolution(&part("project"), x, 1, [0; 4]);
        x = graph.batch_norm(&part("project_bn"), x, BATCH_NORM_EPSILON);
        if block.is_residual() {
            x = graph.node("Add", &[&x, &input], &[]);
        }
    }
    let x = graph.convolution("top.conv", x, 1, [0; 4]);
    let x = graph.batch_norm("top.bn", x, BATCH_NORM_EPSILON);
    let x = graph.swish(x);
    graph.average(x)
}

#[cfg(test)]
mod tests;
