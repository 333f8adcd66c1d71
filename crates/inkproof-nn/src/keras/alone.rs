//! Weights without a description of the network: which layer of the file is which of the network's.
//!
//! A layer is known by the name that Keras gives it, or it is the only one whose weights have these shapes, or it is one of
//! a series that Keras numbered (`conv2d`, `conv2d_1`), which is in the order of the network. Anything else would be a guess.

use std::collections::BTreeMap;

use super::error::{Error, Result};
use super::network::{self, Step};
use super::op::Op;
use super::store::{Found, Store};
use super::{Tensors, head_step, tensors};
use crate::{Backbone, Parameter, Weights};

/// The weights in a file that has nothing else.
pub fn read(store: &Store) -> Result<Weights> {
    let layers = store.layers()?;
    let has_depthwise = layers.iter().flat_map(|layer| &layer.shapes).any(|shape| matches!(shape[..], [_, _, _, 1]));
    let backbone = if has_depthwise { Backbone::EfficientnetB0 } else { Backbone::SimpleCnn };
    let mut steps = network::embedding(backbone);
    steps.push(head_step());
    let mut tensors = Tensors::of(backbone);
    for (step, layer) in pairs(backbone, &steps, &layers)? {
        tensors.take(step, &layer.name, |variable| store.read_found(layer, variable))?;
    }
    Ok(Weights::from_tensors(backbone, tensors.taken)?)
}

/// The shapes of a layer's variables, sorted.
type Shapes = Vec<Vec<usize>>;

/// Steps, and layers of the file, whose weights have the same shapes.
#[derive(Default)]
struct Alike<'a> {
    steps: Vec<&'a Step>,
    layers: Vec<&'a Found>,
}

/// Each step that has weights, with the layer of the file that has them.
fn pairs<'a>(backbone: Backbone, steps: &'a [Step], layers: &'a [Found]) -> Result<Vec<(&'a Step, &'a Found)>> {
    let parameters = backbone.parameters();
    let mut alike: BTreeMap<Shapes, Alike<'a>> = BTreeMap::new();
    for step in steps {
        let shapes = shapes_of(step, &parameters);
        if !shapes.is_empty() {
            alike.entry(shapes).or_default().steps.push(step);
        }
    }
    for layer in layers {
        let mut shapes = layer.shapes.clone();
        shapes.sort();
        match alike.get_mut(&shapes) {
            Some(alike) => alike.layers.push(layer),
            None if is_weighty(layer) => return Err(Error::OtherLayer { backbone, layer: layer.name.clone() }),
            None => {}
        }
    }
    let mut pairs = Vec::new();
    for mut alike in alike.into_values() {
        by_name(&mut alike, &mut pairs);
        pairs.extend(in_order(backbone, &parameters, alike)?);
    }
    Ok(pairs)
}

fn shapes_of(step: &Step, parameters: &[Parameter]) -> Shapes {
    if step.op == Op::Normalise {
        // Mean and variance of each channel, and of how many pictures they are.
        return vec![vec![], vec![1], vec![1]];
    }
    let mut shapes: Shapes = tensors::of_step(step, parameters).iter().map(|tensor| tensor.keras_shape()).collect();
    shapes.sort();
    shapes
}

/// Whether these are weights, as the state of a generator of random numbers is not.
fn is_weighty(layer: &Found) -> bool {
    layer.shapes.len() > 3 || layer.shapes.iter().any(|shape| shape.len() > 1)
}

/// Takes the layers that have the names that Keras gives.
fn by_name<'a>(alike: &mut Alike<'a>, pairs: &mut Vec<(&'a Step, &'a Found)>) {
    let Alike { steps, layers } = alike;
    steps.retain(|step| {
        let mut named = layers.iter().enumerate().filter(|(_, layer)| layer.name == step.layer);
        match (named.next(), named.next()) {
            (Some((at, _)), None) => {
                pairs.push((step, layers.remove(at)));
                false
            }
            _ => true,
        }
    });
}

/// The rest: one of one, or a numbered series.
fn in_order<'a>(backbone: Backbone, parameters: &[Parameter], alike: Alike<'a>) -> Result<Vec<(&'a Step, &'a Found)>> {
    let Alike { steps, mut layers } = alike;
    if let Some(missing) = steps.get(layers.len()) {
        let variable = tensors::of_step(missing, parameters).first().map_or("mean", |tensor| tensor.names[0]);
        return Err(Error::MissingWeights { layer: missing.layer.clone(), variable: variable.to_owned() });
    }
    layers.sort_by_key(|layer| numbered(&layer.name));
    let is_series = layers.windows(2).all(|two| {
        let [(name, number), (next_name, next)] = [numbered(&two[0].name), numbered(&two[1].name)];
        name == next_name && number < next
    });
    match (steps.first(), layers.first()) {
        (Some(step), _) if layers.len() > steps.len() || !is_series => Err(unclear(step, &layers)),
        (None, Some(layer)) => Err(Error::OtherLayer { backbone, layer: layer.name.clone() }),
        _ => Ok(steps.into_iter().zip(layers).collect()),
    }
}

fn unclear(step: &Step, layers: &[&Found]) -> Error {
    const SHOWN: usize = 3;
    let names: Vec<String> = layers.iter().take(SHOWN).map(|layer| format!("'{}'", layer.name)).collect();
    let more = if layers.len() > SHOWN { ", …" } else { "" };
    Error::UnclearLayer { layer: step.layer.clone(), candidates: format!("{}{more}", names.join(", ")) }
}

/// `conv2d_10` after `conv2d_9`, and `conv2d` before both.
fn numbered(name: &str) -> (&str, u64) {
    match name.rsplit_once('_').map(|(class, number)| (class, number.parse::<u64>())) {
        Some((class, Ok(number))) => (class, number),
        _ => (name, 0),
    }
}
