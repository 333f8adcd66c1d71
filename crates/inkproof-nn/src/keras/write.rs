//! A `.keras` file of the layers that Keras has itself: no `Lambda` and no class of ours, so that it opens in safe mode.
//!
//! |a - b| is the maximum less the minimum, to the last bit and with the same gradients; the length of 1 is
//! `UnitNormalization`. The description says how training goes on: Adam, binary cross-entropy, accuracy.

use std::io::{Cursor, Write};

use hdf5_pure::{FileBuilder, GroupBuilder};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::file::NOTES;
use super::graph::numbers;
use super::network::{Step, embedding};
use super::op::{Op, Window};
use super::{head_step, tensors};
use crate::network::BATCH_NORM_MOMENTUM;
use crate::network::efficientnet::blocks;
use crate::{SIDE, Trainer, Weights};

/// The version of Keras whose layout this is; later ones read it.
const KERAS_VERSION: &str = "3.0.0";

/// The content of the `.keras` file of a network, with notes that [`super::read`] gives back.
pub fn write(weights: &Weights, notes: Option<&str>) -> Vec<u8> {
    let steps = embedding(weights.backbone());
    let layers = layers(&steps);
    let config = model(&layers).to_string();
    let metadata = json!({ "keras_version": KERAS_VERSION, "date_saved": "" }).to_string();
    let stored = stored(weights, &layers);
    let mut parts: Vec<(&str, &[u8])> =
        vec![("metadata.json", metadata.as_bytes()), ("config.json", config.as_bytes()), ("model.weights.h5", &stored)];
    parts.extend(notes.map(|notes| (NOTES, notes.as_bytes())));
    archive(&parts)
}

/// As Keras does it, nothing is compressed.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in parts {
        archive.start_file(*name, options).expect("names are short and differ");
        archive.write_all(bytes).expect("memory can be written");
    }
    archive.finish().expect("memory can be written").into_inner()
}

/// A layer of Keras.
struct Layer<'a> {
    name: String,
    class: &'static str,
    settings: Value,
    /// Layers that it is applied to.
    inputs: Vec<String>,
    /// The step whose weights it has.
    step: Option<&'a Step>,
}

/// The embedding's layers: steps, with activations in the layers that they belong to, and what training needs besides.
fn layers(steps: &[Step]) -> Vec<Layer<'_>> {
    let mut layers: Vec<Layer<'_>> = Vec::new();
    // The layer that gives what a step computes.
    let mut giving: Vec<String> = Vec::new();
    let drop_rates = drop_rates();
    for step in steps {
        let mut inputs: Vec<String> = step.inputs.iter().map(|&input| giving[input].clone()).collect();
        if let (Op::Activation(name), Some(last)) = (&step.op, layers.last_mut())
            && last.name == step.layer
        {
            last.settings["activation"] = json!(name);
            giving.push(step.layer.clone());
            continue;
        }
        if step.op == Op::Add
            && let Some((name, rate)) = drop_rates.iter().find(|(name, _)| step.layer.starts_with(name))
        {
            let settings = json!({ "rate": rate, "noise_shape": [null, 1, 1, 1] });
            let drop = format!("{name}drop");
            layers.push(Layer {
                name: drop.clone(),
                class: "Dropout",
                settings,
                inputs: vec![inputs.remove(0)],
                step: None,
            });
            inputs.insert(0, drop);
        }
        let (class, settings) = of_op(&step.op);
        layers.push(Layer { name: step.layer.clone(), class, settings, inputs, step: Some(step) });
        giving.push(step.layer.clone());
    }
    layers
}

/// By the beginning of the names of a block's layers, how often training drops its branch.
fn drop_rates() -> Vec<(String, f64)> {
    let residual = blocks().into_iter().filter(|block| block.is_residual());
    residual.map(|block| (format!("block{}_", block.keras_name), block.drop_rate)).collect()
}

fn of_op(op: &Op) -> (&'static str, Value) {
    let nothing = || json!({});
    let window_of = |window: &Window, side: &str| {
        let padding = if window.same || window.side == 1 { "same" } else { "valid" };
        let mut settings = json!({ "strides": [window.stride, window.stride], "padding": padding });
        settings[side] = json!([window.side, window.side]);
        settings
    };
    match op {
        Op::Input(_) => ("InputLayer", json!({ "batch_shape": [null, SIDE, SIDE, 1], "dtype": "float32" })),
        Op::Rescale(factor) => {
            ("Rescaling", json!({ "scale": 1.0 / f64::from((1.0 / factor).round()), "offset": 0.0 }))
        }
        Op::Normalise => ("Normalization", json!({ "axis": [3] })),
        Op::Pad([above, below, left, right]) => {
            ("ZeroPadding2D", json!({ "padding": [[above, below], [left, right]] }))
        }
        Op::Convolution { filters, window, bias } => {
            let mut settings = window_of(window, "kernel_size");
            settings["filters"] = json!(filters);
            settings["use_bias"] = json!(bias);
            ("Conv2D", settings)
        }
        Op::Depthwise { window, bias } => {
            let mut settings = window_of(window, "kernel_size");
            settings["use_bias"] = json!(bias);
            ("DepthwiseConv2D", settings)
        }
        Op::BatchNorm { epsilon } => {
            // In the digits that Keras writes.
            let momentum = (f64::from(BATCH_NORM_MOMENTUM) * 1e6).round() / 1e6;
            ("BatchNormalization", json!({ "axis": 3, "epsilon": epsilon, "momentum": momentum }))
        }
        Op::Activation(name) => ("Activation", json!({ "activation": name })),
        Op::MaxPool(window) => ("MaxPooling2D", window_of(window, "pool_size")),
        Op::Average => ("GlobalAveragePooling2D", nothing()),
        Op::OnePixel(channels) => ("Reshape", json!({ "target_shape": [1, 1, channels] })),
        Op::Dense { units, bias } => ("Dense", json!({ "units": units, "use_bias": bias })),
        Op::Unit => ("UnitNormalization", json!({ "axis": -1 })),
        Op::Add => ("Add", nothing()),
        Op::Multiply => ("Multiply", nothing()),
        Op::Subtract => ("Subtract", nothing()),
        Op::Maximum => ("Maximum", nothing()),
        Op::Minimum => ("Minimum", nothing()),
        Op::Absolute | Op::Distance | Op::Other(_) => unreachable!("no step of ours"),
    }
}

/// The description of the siamese network over the layers of its embedding.
fn model(layers: &[Layer<'_>]) -> Value {
    let embedder: Vec<Value> = layers.iter().map(|layer| described(layer, &[calls(&layer.inputs)])).collect();
    let last = layers.last().map_or("", |layer| &layer.name);
    let embedder = functional("embedder", embedder, json!(["ink", 0, 0]), json!([last, 0, 0]));
    let (_, input) = of_op(&Op::Input(0));
    let picture = |name: &str| named("InputLayer", name, input.clone(), json!([]));
    let both = json!([[tensor("embedder", 0), tensor("embedder", 1)]]);
    let applied = |args: Value| json!([{ "args": args, "kwargs": {} }]);
    let merged = |class: &str, name: &str, args: Value| named(class, name, json!({}), applied(args));
    let mut shared = named_model("embedder", embedder);
    shared["inbound_nodes"] =
        json!([{ "args": [tensor("a", 0)], "kwargs": {} }, { "args": [tensor("b", 0)], "kwargs": {} }]);
    let head = json!({ "units": 1, "activation": "sigmoid" });
    let layers = vec![
        picture("a"),
        picture("b"),
        shared,
        merged("Maximum", "larger", both.clone()),
        merged("Minimum", "smaller", both),
        merged("Subtract", "distance", json!([[tensor("larger", 0), tensor("smaller", 0)]])),
        named("Dense", "head", head, applied(json!([tensor("distance", 0)]))),
    ];
    let inputs = json!([["a", 0, 0], ["b", 0, 0]]);
    let mut siamese = named_model("siamese", functional("siamese", layers, inputs, json!(["head", 0, 0])));
    siamese["compile_config"] = json!({
        "optimizer": {
            "module": "keras.optimizers",
            "class_name": "Adam",
            "config": { "name": "adam", "learning_rate": Trainer::LEARNING_RATE },
            "registered_name": null,
        },
        "loss": "binary_crossentropy",
        "metrics": ["accuracy"],
    });
    siamese
}

fn functional(name: &str, layers: Vec<Value>, inputs: Value, outputs: Value) -> Value {
    json!({ "name": name, "trainable": true, "layers": layers, "input_layers": inputs, "output_layers": outputs })
}

/// The module is Keras' own affair, but every file of Keras 3 names it.
fn named_model(name: &str, config: Value) -> Value {
    json!({
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": config,
        "registered_name": "Functional",
        "name": name,
    })
}

fn described(layer: &Layer<'_>, calls: &[Value]) -> Value {
    let calls = if layer.inputs.is_empty() { json!([]) } else { json!(calls) };
    named(layer.class, &layer.name, layer.settings.clone(), calls)
}

fn named(class: &str, name: &str, mut settings: Value, calls: Value) -> Value {
    settings["name"] = json!(name);
    json!({
        "module": "keras.layers",
        "class_name": class,
        "config": settings,
        "registered_name": null,
        "name": name,
        "inbound_nodes": calls,
    })
}

/// A layer of one input gets it as it is, one of several gets a list.
fn calls(inputs: &[String]) -> Value {
    let tensors: Vec<Value> = inputs.iter().map(|input| tensor(input, 0)).collect();
    let args = if tensors.len() == 1 { json!(tensors) } else { json!([tensors]) };
    json!({ "args": args, "kwargs": {} })
}

fn tensor(layer: &str, call: usize) -> Value {
    json!({
        "class_name": "__keras_tensor__",
        "config": { "shape": [null], "dtype": "float32", "keras_history": [layer, call, 0] },
    })
}

/// The weights in HDF5, by the classes of layers and their numbers.
fn stored(weights: &Weights, layers: &[Layer<'_>]) -> Vec<u8> {
    let mut file = FileBuilder::new();
    let mut siamese = file.create_group("layers");
    let mut embedder = siamese.create_group("functional");
    let mut inner = embedder.create_group("layers");
    let numbers = numbers(layers.iter().map(|layer| layer.class));
    for (layer, group) in layers.iter().zip(&numbers) {
        if let Some(step) = layer.step {
            add_weights(&mut inner, group, step, weights);
        }
    }
    embedder.add_group(inner.finish());
    siamese.add_group(embedder.finish());
    add_weights(&mut siamese, "dense", &head_step(), weights);
    file.add_group(siamese.finish());
    file.finish().expect("names and shapes are valid")
}

/// Adds the variables of a step, numbered, as the group of a layer.
fn add_weights(to: &mut GroupBuilder, group: &str, step: &Step, weights: &Weights) {
    let mut layer = to.create_group(group);
    let mut variables = layer.create_group("vars");
    if step.op == Op::Normalise {
        variables.create_dataset("0").with_f32_data(&[0.0]);
        variables.create_dataset("1").with_f32_data(&[1.0]);
        variables.create_dataset("2").with_i64_data(&[0]).with_shape(&[]);
    }
    for tensor in tensors::of_step(step, &weights.backbone().parameters()) {
        let values = weights.tensors().named(&tensor.parameter.name);
        let shape: Vec<u64> = tensor.keras_shape().iter().map(|&side| side as u64).collect();
        let number = tensor.number.to_string();
        variables.create_dataset(&number).with_f32_data(&tensor.to_keras(values)).with_shape(&shape);
    }
    layer.add_group(variables.finish());
    to.add_group(layer.finish());
}
