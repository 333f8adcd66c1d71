//! Networks as ONNX files, for other runtimes.
//!
//! Two graphs make up a model: `embedding` takes inks, `[n, 1, SIDE, SIDE]` in [0, 1], to unit vectors `[n, 256]`;
//! `score` takes two lists of those, `[n, 256]` each, to probabilities `[n, 1]` of one writer. Inks have to be
//! normalised as the model says, in [`crate::Preprocess`]; the metadata repeats how.

mod graph;
mod messages;

use std::str::FromStr;

use prost::Message;

use crate::network::{EMBEDDING_LEN, Weights};
use crate::{Backbone, Error, Model, SIDE};
use graph::Graph;

/// The version of the operators, and that of the file format that goes with it.
const OPERATORS: i64 = 17;
const FORMAT: i64 = 8;

/// Which half of a model becomes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// The content of the ONNX file of one part of a siamese model.
///
/// # Errors
/// [`Error::NoOnnx`] for `inknet`.
pub fn export(model: &Model, part: Part) -> Result<Vec<u8>, Error> {
    let weights = model.weights().ok_or_else(|| Error::NoOnnx(model.name().to_owned()))?;
    let mut graph = Graph::new(weights);
    match part {
        Part::Embedding => embedding(&mut graph, weights),
        Part::Score => score(&mut graph),
    }
    let property = |key: &str, value: String| messages::StringStringEntry { key: key.into(), value };
    let metadata = vec![
        property("inkproof", serde_json::to_string(model.info()).expect("plain data")),
        property("digest", model.digest().to_owned()),
    ];
    let message = messages::Model {
        ir_version: FORMAT,
        producer_name: "inkproof".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph.finish(model.name())),
        opset_import: vec![messages::OperatorSet { domain: String::new(), version: OPERATORS }],
        metadata,
    };
    Ok(message.encode_to_vec())
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
    use crate::network::efficientnet::{BATCH_NORM_EPSILON, RESCALING, blocks};
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
        // As `layers::depthwise` pads.
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
