//! The two siamese networks as Keras has them, step by step, and a file's network compared with them.

use super::error::{Error, Result};
use super::graph::{Graph, Node, Place};
use super::op::{Op, Window};
use crate::network::efficientnet::{Block, RESCALING, blocks};
use crate::network::{BATCH_NORM_EPSILON, zeros_before};
use crate::{Backbone, EMBEDDING_LEN, SIDE};

/// What is done to pictures, or to what comes of them.
#[derive(Debug)]
pub struct Step {
    pub op: Op,
    /// Earlier steps.
    pub inputs: Vec<usize>,
    /// The name that Keras' own EfficientNet gives the layer; of other layers one that says what it is.
    pub layer: String,
    /// The prefix of inkproof's tensors; empty for steps without.
    pub tensor: String,
}

/// From a picture to a vector of length 1.
pub fn embedding(backbone: Backbone) -> Vec<Step> {
    let mut steps = Steps::default();
    steps.push(Op::Input(0), &[], "ink");
    match backbone {
        Backbone::SimpleCnn => simple_cnn(&mut steps),
        Backbone::EfficientnetB0 => efficientnet(&mut steps),
    }
    steps.push(Op::Average, &[steps.last()], "average");
    steps.weighted(Op::Dense { units: EMBEDDING_LEN, bias: true }, "embed", "embed");
    steps.activation("relu", "embed");
    steps.push(Op::Unit, &[steps.last()], "unit");
    steps.0
}

#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn last(&self) -> usize {
        self.0.len() - 1
    }

    fn push(&mut self, op: Op, inputs: &[usize], layer: &str) {
        self.0.push(Step { op, inputs: inputs.to_vec(), layer: layer.to_owned(), tensor: String::new() });
    }

    fn weighted(&mut self, op: Op, layer: &str, tensor: &str) {
        let inputs = vec![self.last()];
        self.0.push(Step { op, inputs, layer: layer.to_owned(), tensor: tensor.to_owned() });
    }

    fn activation(&mut self, name: &str, layer: &str) {
        self.push(Op::Activation(name.to_owned()), &[self.last()], layer);
    }

    fn convolution(&mut self, filters: usize, side: usize, bias: bool, layer: &str, tensor: &str) {
        self.weighted(Op::Convolution { filters, window: Window::new(side, 1, false), bias }, layer, tensor);
    }

    fn batch_norm(&mut self, layer: &str, tensor: &str) {
        self.weighted(Op::BatchNorm { epsilon: BATCH_NORM_EPSILON }, layer, tensor);
    }

    /// Zeros around pictures of this size, so that windows of `side` with stride 2 halve it.
    fn pad(&mut self, size: usize, side: usize, layer: &str) {
        let (before, after) = (zeros_before(size, side, 2), side / 2);
        self.push(Op::Pad([before, after, before, after]), &[self.last()], layer);
    }
}

fn simple_cnn(steps: &mut Steps) {
    steps.convolution(64, 3, true, "conv1", "conv1");
    steps.activation("relu", "conv1");
    steps.push(Op::MaxPool(Window::new(2, 2, false)), &[steps.last()], "pool");
    steps.convolution(128, 3, true, "conv2", "conv2");
    steps.activation("relu", "conv2");
}

fn efficientnet(steps: &mut Steps) {
    steps.push(Op::Rescale(RESCALING), &[steps.last()], "rescaling");
    steps.push(Op::Normalise, &[steps.last()], "normalization");
    steps.pad(SIDE, 3, "stem_conv_pad");
    let stem = Op::Convolution { filters: 32, window: Window::new(3, 2, false), bias: false };
    steps.weighted(stem, "stem_conv", "stem.conv");
    steps.batch_norm("stem_bn", "stem.bn");
    steps.activation("swish", "stem_activation");
    let mut size = SIDE / 2;
    for block in blocks() {
        inverted_residual(steps, &block, size);
        size = size.div_ceil(block.stride);
    }
    steps.convolution(1280, 1, false, "top_conv", "top.conv");
    steps.batch_norm("top_bn", "top.bn");
    steps.activation("swish", "top_activation");
}

/// One block of EfficientNet, for pictures of this size.
fn inverted_residual(steps: &mut Steps, block: &Block, size: usize) {
    let layer = |part: &str| format!("block{}_{part}", block.keras_name);
    let tensor = |part: &str| format!("{}.{part}", block.name);
    let input = steps.last();
    if block.expands() {
        steps.convolution(block.wide, 1, false, &layer("expand_conv"), &tensor("expand"));
        steps.batch_norm(&layer("expand_bn"), &tensor("expand_bn"));
        steps.activation("swish", &layer("expand_activation"));
    }
    if block.stride == 2 {
        steps.pad(size, block.kernel, &layer("dwconv_pad"));
    }
    let window = Window::new(block.kernel, block.stride, block.stride == 1);
    steps.weighted(Op::Depthwise { window, bias: false }, &layer("dwconv"), &tensor("depthwise"));
    steps.batch_norm(&layer("bn"), &tensor("depthwise_bn"));
    steps.activation("swish", &layer("activation"));
    let wide = steps.last();
    steps.push(Op::Average, &[wide], &layer("se_squeeze"));
    steps.push(Op::OnePixel(block.wide), &[steps.last()], &layer("se_reshape"));
    steps.convolution(block.squeezed(), 1, true, &layer("se_reduce"), &tensor("se_reduce"));
    steps.activation("swish", &layer("se_reduce"));
    steps.convolution(block.wide, 1, true, &layer("se_expand"), &tensor("se_expand"));
    steps.activation("sigmoid", &layer("se_expand"));
    steps.push(Op::Multiply, &[wide, steps.last()], &layer("se_excite"));
    steps.convolution(block.channels_out, 1, false, &layer("project_conv"), &tensor("project"));
    steps.batch_norm(&layer("project_bn"), &tensor("project_bn"));
    if block.is_residual() {
        steps.push(Op::Add, &[steps.last(), input], &layer("add"));
    }
}

/// A file's network that is one of ours.
pub struct Recognised<'a> {
    pub backbone: Backbone,
    pub steps: Vec<Step>,
    /// The layer of the file that does each step.
    pub places: Vec<&'a Place>,
    pub head: &'a Place,
}

/// Which of our networks it is.
///
/// # Errors
/// The first layer at which it differs from the one that it is most like.
pub fn recognise(graph: &Graph) -> Result<Recognised<'_>> {
    let node = |place: usize| &graph.nodes[place];
    let sigmoid = expect(node(graph.output), &Op::Activation("sigmoid".to_owned()), "a sigmoid of one dense unit")?;
    let head = expect(node(sigmoid[0]), &Op::Dense { units: 1, bias: true }, "a dense layer of one unit")?;
    let distance = expect(node(head[0]), &Op::Distance, "the absolute difference of two vectors")?;
    let [first, second] = distance else {
        return Err(not_siamese(node(head[0]), "the absolute difference of two vectors"));
    };
    let matches = Backbone::ALL.map(|backbone| {
        let steps = embedding(backbone);
        match follow(graph, *first, &steps) {
            Ok(places) => Ok((backbone, steps, places)),
            Err((reached, error)) => Err((reached, error(backbone))),
        }
    });
    let best = matches.into_iter().reduce(|a, b| match (a, b) {
        (Ok(found), _) | (_, Ok(found)) => Ok(found),
        (Err(a), Err(b)) => Err(if b.0 > a.0 { b } else { a }),
    });
    let (backbone, steps, places) = best.expect("there are backbones").map_err(|(_, error)| error)?;
    let others = follow(graph, *second, &steps).map_err(|(_, error)| error(backbone))?;
    if let Some((_, other)) = places.iter().zip(&others).skip(1).find(|(one, other)| one != other) {
        return Err(Error::NotSiamese {
            layer: other.name().to_owned(),
            found: "a layer of one branch alone".to_owned(),
            expected: "the same layer for both pictures",
        });
    }
    if places[0] == others[0] {
        return Err(not_siamese(node(head[0]), "the difference of two pictures' vectors"));
    }
    Ok(Recognised { backbone, steps, places, head: &node(sigmoid[0]).place })
}

/// What the node is applied to, where it is what is expected.
fn expect<'a>(node: &'a Node, op: &Op, words: &'static str) -> Result<&'a [usize]> {
    if node.op == *op { Ok(&node.inputs) } else { Err(not_siamese(node, words)) }
}

fn not_siamese(node: &Node, expected: &'static str) -> Error {
    Error::NotSiamese { layer: node.place.name().to_owned(), found: node.op.to_string(), expected }
}

/// How far the comparison came, and the error for a backbone.
type Difference = (usize, Box<dyn Fn(Backbone) -> Error>);

/// The layers of the file that do the steps, from the picture to `output`.
fn follow<'a>(graph: &'a Graph, output: usize, steps: &[Step]) -> Result<Vec<&'a Place>, Difference> {
    let order = in_order(graph, output);
    // Where each node comes in the order.
    let mut when = vec![usize::MAX; graph.nodes.len()];
    for (place, &node) in order.iter().enumerate() {
        when[node] = place;
    }
    for (place, step) in steps.iter().enumerate() {
        let node = order.get(place).map(|&node| &graph.nodes[node]);
        let fits = node.is_some_and(|node| {
            let inputs = node.inputs.iter().map(|&input| when[input]);
            is_same(&node.op, &step.op) && inputs.eq(step.inputs.iter().copied())
        });
        if !fits {
            return Err(differs(graph, order.get(place).copied().unwrap_or(output), place, step.op.to_string()));
        }
    }
    match order.get(steps.len()) {
        Some(&extra) => Err(differs(graph, extra, steps.len(), "the end".to_owned())),
        None => Ok(order.iter().map(|&node| &*graph.nodes[node].place).collect()),
    }
}

fn is_same(found: &Op, expected: &Op) -> bool {
    match (found, expected) {
        (Op::Input(_), Op::Input(_)) => true,
        // Written to files in other digits.
        (Op::Rescale(a), Op::Rescale(b)) => (a - b).abs() <= b * 1e-6,
        (Op::BatchNorm { epsilon: a }, Op::BatchNorm { epsilon: b }) => (a - b).abs() <= b * 1e-6,
        _ => found == expected,
    }
}

fn differs(graph: &Graph, node: usize, reached: usize, expected: String) -> Difference {
    let node = &graph.nodes[node];
    let (layer, found) = (node.place.name().to_owned(), node.op.to_string());
    let error = move |backbone| Error::Differs {
        backbone,
        layer: layer.clone(),
        found: found.clone(),
        expected: expected.clone(),
    };
    (reached, Box::new(error))
}

/// Everything that a node is made of and the node itself, each after its inputs.
fn in_order(graph: &Graph, output: usize) -> Vec<usize> {
    let mut order = Vec::new();
    let mut is_done = vec![false; graph.nodes.len()];
    let mut ahead = vec![(output, false)];
    while let Some((node, inputs_are_done)) = ahead.pop() {
        if is_done[node] {
            continue;
        }
        if inputs_are_done {
            is_done[node] = true;
            order.push(node);
        } else {
            ahead.push((node, true));
            ahead.extend(graph.nodes[node].inputs.iter().rev().map(|&input| (input, false)));
        }
    }
    order
}
