//! Both networks against Keras, on the weights and pictures of `tests/golden/formula.py`, which is repeated here.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::ops::loss::{self, Head};
use super::*;
use crate::tensor::Tensor;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |value, byte| (value ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> + use<> {
    let hash = name_hash(name);
    (1..=count as u64).map(move |i| (mix(hash.wrapping_add(i.wrapping_mul(GOLDEN))) >> 40) as f64 / 8_388_608.0 - 1.0)
}

fn tensor(parameter: &Parameter) -> Vec<f32> {
    let shape = &parameter.shape;
    let kind = parameter.name.rsplit('.').next().unwrap();
    let (low, span) = match kind {
        "weight" => {
            let fan_in: usize = if shape.len() == 4 { shape[1..].iter().product() } else { shape[0] };
            (0.0, (6.0 / fan_in as f64).sqrt())
        }
        "gamma" => (1.0, 0.2),
        "variance" => (1.0, 0.3),
        _ => (0.0, 0.1),
    };
    uniform(&parameter.name, parameter.len()).map(|u| (low + span * u) as f32).collect()
}

fn weights(backbone: Backbone) -> Weights {
    let tensors = backbone.parameters().into_iter().map(|p| (p.name.clone(), (p.shape.clone(), tensor(&p)))).collect();
    Weights::from_tensors(backbone, tensors).unwrap()
}

/// The pictures with these numbers, one after the other, in [0, 1].
pub(crate) fn pictures(numbers: std::ops::Range<u64>) -> Vec<f32> {
    let side = SIDE as u64;
    let mut pixels = Vec::new();
    for key in numbers {
        let (cell, contrast, tone) = (3 + 5 * (key % 7), 20 + 30 * (key % 5), 25 * (key % 4));
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let square = mix(key * 1_000_003 + y / cell * 1009 + x / cell) >> 40;
            let noise = mix(key * 7_000_003 + y * 1013 + x) >> 40;
            pixels.push((tone + square % contrast + noise % 40) as f32 / 255.0);
        }
    }
    pixels
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/network")
}

fn json(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn parameters_and_initialisers_are_keras() {
    let facts = json("facts.json");
    // Keras counts the three of a Normalization layer that is the identity.
    for (backbone, uncounted) in [(Backbone::SimpleCnn, 0), (Backbone::EfficientnetB0, 3)] {
        let facts = &facts[backbone.to_string()];
        let parameters = backbone.parameters();
        let count: usize = parameters.iter().map(Parameter::len).sum();
        assert_eq!(count as u64 + uncounted, facts["parameters"].as_u64().unwrap(), "{backbone}");
        assert_eq!(parameters.len(), facts["initialisers"].as_object().unwrap().len(), "{backbone}");
        for parameter in &parameters {
            let theirs = &facts["initialisers"][&parameter.name];
            assert_eq!(serde_json::json!(parameter.shape), theirs["shape"], "{}", parameter.name);
            let class = match parameter.initialiser {
                Initialiser::Constant(0.0) => "Zeros",
                Initialiser::Constant(_) => "Ones",
                Initialiser::GlorotUniform { .. } => "GlorotUniform",
                Initialiser::HeNormalFanOut { .. } => {
                    let how = ["scale", "mode", "distribution"].map(|key| theirs[key].clone());
                    assert_eq!(
                        serde_json::json!(how),
                        serde_json::json!([2.0, "fan_out", "truncated_normal"]),
                        "{}",
                        parameter.name
                    );
                    "VarianceScaling"
                }
            };
            assert_eq!(theirs["class"], class, "{}", parameter.name);
        }
    }
}

#[test]
fn first_weights_are_spread_as_keras_spreads_them() {
    let spread = |values: &[f32]| {
        let square = values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / values.len() as f64;
        (square.sqrt(), values.iter().fold(0.0_f32, |most, x| most.max(x.abs())))
    };
    for backbone in Backbone::ALL {
        let weights = Weights::initialise(backbone, 5);
        for (parameter, values) in weights.iter().filter(|(parameter, _)| parameter.len() > 5000) {
            let (deviation, largest) = spread(values);
            let (expected, bound) = match parameter.initialiser {
                Initialiser::GlorotUniform { fan_in, fan_out } => {
                    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt();
                    (limit / 3.0_f64.sqrt(), limit)
                }
                Initialiser::HeNormalFanOut { fan_out } => {
                    let wanted = (2.0 / fan_out as f64).sqrt();
                    (wanted, 2.0 * wanted / 0.879_625_661_034_239_8)
                }
                Initialiser::Constant(_) => continue,
            };
            assert!((deviation / expected - 1.0).abs() < 0.05, "{}: {deviation} {expected}", parameter.name);
            assert!(f64::from(largest) <= bound * 1.000_001 && f64::from(largest) > 0.9 * bound, "{}", parameter.name);
        }
    }
}

#[test]
fn embeddings_and_outputs_are_keras() {
    let golden = json("network.json");
    for backbone in Backbone::ALL {
        let weights = weights(backbone);
        let vectors = Embedder::new(weights.clone()).embed(pictures(1..5));
        let expected: Vec<f64> =
            golden[backbone.to_string()]["embeddings"].as_array().unwrap().iter().flat_map(numbers).collect();
        let largest = largest_difference(&vectors, &expected);
        println!("{backbone}: embeddings differ by at most {largest:.1e}");
        assert!(largest < 1e-4, "{backbone}: {largest}");

        let half = vectors.len() / 2;
        let pair = |from: usize| Tensor::new(vectors[from..from + half].to_vec(), &[2, EMBEDDING_LEN]);
        let [weight, bias] = ["head.weight", "head.bias"].map(|name| weights.tensors().named(name));
        let outputs = loss::probabilities(&pair(0), &pair(half), Head { weight, bias });
        let largest = largest_difference(&outputs, &numbers(&golden[backbone.to_string()]["outputs"]));
        assert!(largest < 1e-4, "{backbone}: outputs differ by {largest}");
    }
}

fn largest_difference(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(&a, &b)| (f64::from(a) - b).abs()).fold(0.0, f64::max)
}

/// A batch of `count` pairs of pictures, from number `first` on, with the given labels.
fn batch(first: u64, labels: &[f32]) -> Batch {
    let count = labels.len() as u64;
    let (a, b) = (pictures(first..first + count), pictures(first + count..first + 2 * count));
    Batch { a, b, labels: labels.to_vec() }
}

#[test]
fn twenty_steps_of_the_notebooks_network_are_keras() {
    let mut weights = weights(Backbone::SimpleCnn);
    for (_, values) in weights.tensors_mut().iter_mut().filter(|(parameter, _)| parameter.name == "embed.bias") {
        values.iter_mut().for_each(|value| *value += 2.0);
    }
    let mut trainer = Trainer::new(weights, Trainer::LEARNING_RATE, 0);
    let batches: Vec<Batch> = (0..5).map(|number| batch(100 + 8 * number, &[0.0, 1.0, 0.0, 1.0])).collect();
    let golden = &json("network.json")["simple-cnn"];
    let (_, gradients, _) = trainer.differentiate(&batches[0]);
    for ((parameter, _), gradient) in trainer.weights.iter().zip(&gradients) {
        let gradient = gradient.as_ref().expect("everything is trained");
        let difference = relative_difference(&parameter.name, gradient, &golden["gradients"][&parameter.name]);
        assert!(difference < 1e-3, "gradient of {} differs by {difference} of its norm", parameter.name);
    }
    let mut largest = 0.0_f64;
    for (step, &expected) in numbers(&golden["losses"]).iter().enumerate() {
        let loss = f64::from(trainer.step(&batches[step % batches.len()]).loss);
        largest = largest.max((loss - expected).abs());
        assert!((loss - expected).abs() < 1e-3, "step {step}: {loss} instead of {expected}");
    }
    let bytes = fs::read(folder().join("simple_cnn_after.f32")).unwrap();
    let after: Vec<f64> =
        bytes.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect();
    let ours: Vec<f32> = trainer.weights.iter().flat_map(|(_, values)| values.to_vec()).collect();
    assert_eq!(ours.len(), after.len());
    let near = ours.iter().zip(&after).filter(|&(&a, &b)| (f64::from(a) - b).abs() < 1e-4).count();
    let share = near as f64 / ours.len() as f64;
    println!(
        "20 steps: losses differ by at most {largest:.1e}, {:.3} % of the weights by less than 1e-4",
        100.0 * share
    );
    assert!(share >= 0.999, "{share}");
}

/// The norm of the difference between a tensor and a golden one that is known by its norm and its sums with random
/// signs; relative to the norm. Each squared difference of sums has the squared norm of the difference as expectation.
fn relative_difference(name: &str, values: &[f32], golden: &Value) -> f64 {
    let norm = golden["norm"].as_f64().unwrap();
    let sums = numbers(&golden["sums"]);
    let squares = sums.iter().enumerate().map(|(which, &expected)| {
        let signs = uniform(&format!("{name}#{which}"), values.len());
        let sum: f64 = signs.zip(values).map(|(u, &v)| if u < 0.0 { -f64::from(v) } else { f64::from(v) }).sum();
        (sum - expected).powi(2)
    });
    (squares.sum::<f64>() / sums.len() as f64).sqrt() / norm.max(1e-30)
}

/// Norms of gradients that are 0 but for rounding, in f64: those of a shift that the next batch normalisation takes out.
const ZERO: f64 = 1e-12;

#[test]
fn one_step_of_efficientnet_is_keras() {
    let golden = &json("network.json")["efficientnet-b0"]["step"];
    let mut trainer = Trainer::new(weights(Backbone::EfficientnetB0), Trainer::LEARNING_RATE, 0);
    trainer.drop_connect = false;
    let (step, gradients, moved) = trainer.differentiate(&batch(11, &[1.0, 0.0, 1.0]));
    let loss = golden["loss"].as_f64().unwrap();
    assert!((f64::from(step.loss) - loss).abs() < 1e-3, "{} instead of {loss}", step.loss);

    let mut differences = BTreeMap::new();
    for (((parameter, _), gradient), moved) in trainer.weights.iter().zip(&gradients).zip(&moved) {
        let (kind, values) = match (gradient, moved) {
            (Some(gradient), None) => ("gradients", gradient),
            (None, Some(moved)) => ("moving", moved),
            _ => panic!("{} has a gradient or is a statistic", parameter.name),
        };
        let golden = &golden[kind][&parameter.name];
        if golden["norm"].as_f64().unwrap() < ZERO {
            let norm = values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
            assert!(norm < 1e-5, "the gradient of {} is 0 but for rounding, not {norm}", parameter.name);
            continue;
        }
        let difference = relative_difference(&parameter.name, values, golden);
        differences.insert((kind, parameter.name.clone()), difference);
    }
    for kind in ["gradients", "moving"] {
        let of_kind = || differences.iter().filter(|((k, _), _)| *k == kind);
        let zeros = golden[kind].as_object().unwrap().values().filter(|g| g["norm"].as_f64().unwrap() < ZERO).count();
        assert_eq!(of_kind().count() + zeros, golden[kind].as_object().unwrap().len());
        let ((_, name), worst) = of_kind().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        println!("{kind}: at most {worst:.1e} of the norm, in {name}");
        assert!(*worst < 1e-3, "{kind} of {name} differ by {worst} of the norm");
    }
}
