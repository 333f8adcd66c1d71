//! Files as Keras writes them (`tests/golden/make_keras_refs.py`), such files damaged and altered, and ours.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

mod hostile;

use super::*;
use crate::{EMBEDDING_LEN, Embedder};

fn golden(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/keras");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The file in a golden archive.
fn unpacked(name: &str) -> Vec<u8> {
    let archive = golden(&format!("{name}.zip"));
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut bytes = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Pictures 1 to 4 of `tests/golden/formula.py`.
fn pictures() -> Vec<f32> {
    crate::network::golden_pictures(1..5)
}

/// What Keras computes with the golden files' weights.
struct Expected {
    embeddings: Vec<f32>,
    outputs: Vec<f32>,
}

fn expected(backbone: Backbone) -> Expected {
    let json: Value = serde_json::from_slice(&golden("outputs.json")).unwrap();
    let of = &json[backbone.to_string()];
    let numbers =
        |list: &Value| list.as_array().unwrap().iter().map(|n| n.as_f64().unwrap() as f32).collect::<Vec<_>>();
    let embeddings = of["embeddings"].as_array().unwrap().iter().flat_map(numbers).collect();
    Expected { embeddings, outputs: numbers(&of["outputs"]) }
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn probability(weights: &Weights, a: &[f32], b: &[f32]) -> f32 {
    let of = |name: &str| weights.tensors().named(name);
    let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    let logit: f32 =
        apart.zip(of("head.weight")).map(|(apart, weight)| apart * weight).sum::<f32>() + of("head.bias")[0];
    1.0 / (1.0 + (-logit).exp())
}

fn computes_what_keras_does(name: &str, weights: &Weights) {
    let expected = expected(weights.backbone());
    let vectors = Embedder::new(weights.clone()).embed(pictures());
    let difference = largest_difference(&vectors, &expected.embeddings);
    assert!(difference < 1e-5, "{name}: embeddings differ by {difference}");
    let vectors: Vec<&[f32]> = vectors.chunks_exact(EMBEDDING_LEN).collect();
    let outputs = [(0, 2), (1, 3)].map(|(a, b)| probability(weights, vectors[a], vectors[b]));
    let difference = largest_difference(&outputs, &expected.outputs);
    println!("{name}: outputs differ by {difference:.1e}");
    assert!(difference < 1e-5, "{name}: outputs differ by {difference}");
}

const FILES: [(&str, Kind, &str); 20] = [
    ("simple-cnn-keras2-lambda.keras", Kind::Keras, "2.15.0"),
    ("simple-cnn-keras2-classes.keras", Kind::Keras, "2.15.0"),
    ("simple-cnn-keras2-lambda.h5", Kind::Hdf5, "2.15.0"),
    ("simple-cnn-keras2-ops.h5", Kind::Hdf5, "2.15.0"),
    ("simple-cnn-keras2-lambda.weights.h5", Kind::Weights, ""),
    ("simple-cnn-keras2-lambda-weights.h5", Kind::Weights, "2.15.0"),
    ("simple-cnn-keras3-lambda.keras", Kind::Keras, "3.15.1"),
    ("simple-cnn-keras3-classes.keras", Kind::Keras, "3.15.1"),
    ("simple-cnn-keras3-ops.keras", Kind::Keras, "3.15.1"),
    ("simple-cnn-keras3-lambda.h5", Kind::Hdf5, "3.15.1"),
    ("simple-cnn-keras3-lambda.weights.h5", Kind::Weights, ""),
    ("efficientnet-b0-keras2-lambda.keras", Kind::Keras, "2.15.0"),
    ("efficientnet-b0-keras2-lambda.h5", Kind::Hdf5, "2.15.0"),
    ("efficientnet-b0-keras2-ops.h5", Kind::Hdf5, "2.15.0"),
    ("efficientnet-b0-keras2-lambda.weights.h5", Kind::Weights, ""),
    ("efficientnet-b0-keras2-lambda-weights.h5", Kind::Weights, "2.15.0"),
    ("efficientnet-b0-keras3-lambda.keras", Kind::Keras, "3.15.1"),
    ("efficientnet-b0-keras3-ops.keras", Kind::Keras, "3.15.1"),
    ("efficientnet-b0-keras3-lambda.h5", Kind::Hdf5, "3.15.1"),
    ("efficientnet-b0-keras3-lambda.weights.h5", Kind::Weights, ""),
];

#[test]
fn every_format_of_both_versions_computes_what_keras_does() {
    let mut first: BTreeMap<String, Weights> = BTreeMap::new();
    for (name, kind, version) in FILES {
        let file = unpacked(name);
        let imported = read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((imported.kind, imported.keras_version.as_deref().unwrap_or_default()), (kind, version), "{name}");
        let weights = imported.weights;
        // All files of a network have the same weights.
        match first.get(&weights.backbone().to_string()) {
            Some(first) => assert!(*first == weights, "{name}"),
            None => {
                computes_what_keras_does(name, &weights);
                first.insert(weights.backbone().to_string(), weights);
            }
        }
    }
    assert_eq!(first.len(), 2);
}

/// The weights of a network by the names of layers, as Keras 2 saves them alone, with names of our own.
fn by_names(weights: &Weights, name: impl Fn(&Step, usize) -> String) -> Vec<u8> {
    let mut file = hdf5_pure::FileBuilder::new();
    let parameters = weights.backbone().parameters();
    let mut steps = network::embedding(weights.backbone());
    steps.push(head_step());
    for (number, step) in steps.iter().enumerate() {
        let tensors = tensors::of_step(step, &parameters);
        if tensors.is_empty() && step.op != Op::Normalise {
            continue;
        }
        let name = name(step, number);
        let (mut outer, mut inner) = (file.create_group(&name), hdf5_pure::FileBuilder::new().create_group(&name));
        for tensor in tensors {
            let values = tensor.to_keras(weights.tensors().named(&tensor.parameter.name));
            let shape: Vec<u64> = tensor.keras_shape().iter().map(|&side| side as u64).collect();
            inner.create_dataset(&format!("{}:0", tensor.names[0])).with_f32_data(&values).with_shape(&shape);
        }
        if step.op == Op::Normalise {
            inner.create_dataset("mean:0").with_f32_data(&[0.0]);
            inner.create_dataset("variance:0").with_f32_data(&[1.0]);
            inner.create_dataset("count:0").with_i64_data(&[0]).with_shape(&[]);
        }
        outer.add_group(inner.finish());
        file.add_group(outer.finish());
    }
    file.finish().unwrap()
}

#[test]
fn weights_alone_go_by_keras_names_by_their_shapes_or_by_their_numbers() {
    for backbone in Backbone::ALL {
        let weights = Weights::initialise(backbone, 7);
        let own = by_names(&weights, |step, _| step.layer.clone());
        assert!(read(&own).unwrap().weights == weights, "{backbone}: Keras' own names");
        let numbered = by_names(&weights, |_, number| format!("layer_{number}"));
        assert!(read(&numbered).unwrap().weights == weights, "{backbone}: numbers");
    }
    // No two layers of this network have weights of the same shapes.
    let weights = Weights::initialise(Backbone::SimpleCnn, 7);
    let prefixed = by_names(&weights, |step, number| format!("{}_of_mine_{}", 9 - number % 7, step.layer));
    assert!(read(&prefixed).unwrap().weights == weights);
}

#[test]
fn weights_alone_whose_layers_could_be_others_are_refused() {
    let weights = Weights::initialise(Backbone::EfficientnetB0, 7);
    let told = read(&by_names(&weights, |step, _| format!("my_{}", step.layer))).unwrap_err().to_string();
    assert!(told.contains("could be any of 'my_block") && told.contains("save the whole model"), "{told}");
    let mut file = hdf5_pure::FileBuilder::new();
    let mut layer = file.create_group("dense_2");
    layer.create_dataset("kernel:0").with_f32_data(&[0.0; 9]).with_shape(&[3, 3]);
    file.add_group(layer.finish());
    let told = read(&file.finish().unwrap()).unwrap_err().to_string();
    assert!(told.contains("not simple-cnn as inkproof has it") && told.contains("'dense_2'"), "{told}");
}

/// The parts of a `.keras` file, the description and the weights.
fn parts(name: &str) -> (String, Vec<u8>) {
    let mut archive = ZipArchive::new(Cursor::new(unpacked(name))).unwrap();
    let mut part = |name: &str| {
        let mut bytes = Vec::new();
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    (String::from_utf8(part("config.json")).unwrap(), part("model.weights.h5"))
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn keras_file(config: &str, weights: &[u8]) -> Vec<u8> {
    zipped(&[("config.json", config.as_bytes()), ("model.weights.h5", weights)])
}

/// What is said of a file whose description has something else somewhere.
fn refusal(name: &str, changes: &[(&str, &str)]) -> String {
    let (mut config, weights) = parts(name);
    for (from, to) in changes {
        assert!(config.contains(from), "{from}");
        config = config.replacen(from, to, 1);
    }
    match read(&keras_file(&config, &weights)) {
        Ok(_) => panic!("{changes:?}"),
        Err(error) => error.to_string(),
    }
}

const SIMPLE: &str = "simple-cnn-keras3-lambda.keras";

#[test]
fn another_network_is_refused_by_the_layer_at_which_it_differs() {
    for (from, to, words) in [
        (
            r#""filters": 128"#,
            r#""filters": 64"#,
            "not simple-cnn as inkproof has it: layer 'conv2d_1' is a convolution of 64 filters of 3 x 3, stride 1, where a \
             convolution of 128 filters of 3 x 3, stride 1 is expected",
        ),
        (r#""class_name": "GlobalAveragePooling2D""#, r#""class_name": "Flatten""#, "is Flatten"),
        (r#""keepdims": false"#, r#""keepdims": true"#, "is GlobalAveragePooling2D (keepdims true)"),
        (r#""kwargs": {}"#, r#""kwargs": {"training": true}"#, "that is always in training"),
        (r#""units": 256"#, r#""units": 128"#, "layer 'dense' is a dense layer of 128 unit(s)"),
        (r#""activation": "sigmoid""#, r#""activation": "relu""#, "compares no two pictures: layer 'dense_1'"),
        (r#"[null, 224, 224, 1]"#, r#"[null, 105, 105, 1]"#, "an input of 105 x 105 x 1"),
        (
            r#""class_name": "Functional", "config""#,
            r#""class_name": "Transformer", "config""#,
            "is no model of layers",
        ),
        (r#"["functional", 1, 0]"#, r#"["functional", 0, 0]"#, "compares no two pictures"),
    ] {
        let told = refusal(SIMPLE, &[(from, to)]);
        assert!(told.contains(words), "{to}: {told}");
    }
    let (plain, odd) = (r#"{"name": "l2_normalization", "#, r#"{"name": "l2_normalization", "epsilon": 0.01, "#);
    let told = refusal("simple-cnn-keras3-classes.keras", &[(plain, odd)]);
    assert!(told.contains("is L2Normalization (epsilon 0.01)"), "{told}");
    for class in ["l2_normalization", "l1_distance"] {
        let (plain, odd) = (format!(r#"{{"name": "{class}", "#), format!(r#"{{"name": "{class}", "squared": true, "#));
        let told = refusal("simple-cnn-keras3-classes.keras", &[(&plain, &odd)]);
        assert!(told.contains("with a setting 'squared'"), "{told}");
    }
    let (config, weights) = parts("efficientnet-b0-keras3-lambda.keras");
    let (before, after) = config.split_at(config.find(r#""name": "block3a_dwconv""#).unwrap());
    let config = format!("{before}{}", after.replacen("[5, 5]", "[7, 7]", 1));
    let told = read(&keras_file(&config, &weights)).unwrap_err().to_string();
    let words = "not efficientnet-b0 as inkproof has it: layer 'block3a_dwconv' is a depthwise convolution of 7 x 7";
    assert!(told.contains(words), "{told}");
}

/// |a - b| and (a - b)^2 give vectors of the same shape.
#[test]
fn an_unknown_lambda_is_refused() {
    let codes: Value = serde_json::from_slice(&golden("lambdas.json")).unwrap();
    let (config, weights) = parts(SIMPLE);
    let at = config.rfind(r#""code": ""#).unwrap() + r#""code": ""#.len();
    let end = at + config[at..].find('"').unwrap();
    let with = |code: &str| read(&keras_file(&format!("{}{code}{}", &config[..at], &config[end..]), &weights));
    for version in ["3.10", "3.11", "3.12", "3.13", "3.14"] {
        let code = |source: &str| codes[version][source].as_str().unwrap();
        assert!(with(code("lambda tensors: K.abs(tensors[0] - tensors[1])")).is_ok(), "{version}");
        let told = with(code("lambda x: tf.square(x[0] - x[1])")).unwrap_err().to_string();
        assert!(told.contains("layer 'lambda_1' is a Lambda of unknown code (F.square(x[0] - x[1]))"), "{told}");
    }
    assert!(matches!(with("AAAA"), Err(Error::UnknownLambda { expression: None, .. })));
    let told = refusal(SIMPLE, &[(r#""defaults": null"#, r#""defaults": [2]"#)]);
    assert!(told.contains("with values from elsewhere"), "{told}");
    let named = config.rfind(r#"{"class_name": "__lambda__""#).unwrap();
    let named = format!("{}\"distance\", \"unused\": {}", &config[..named], &config[named..]);
    let told = read(&keras_file(&named, &weights)).unwrap_err().to_string();
    assert!(told.contains("calls a function 'distance', whose code the file does not hold"), "{told}");
}

#[test]
fn a_layer_that_was_adapted_to_data_is_refused() {
    let (config, weights) = parts("efficientnet-b0-keras3-lambda.keras");
    let file = hdf5_pure::File::from_bytes(weights.clone()).unwrap();
    let path = "layers/functional/layers/functional/layers/normalization/vars/0";
    let hdf5_pure::Layout::Contiguous { address: Some(address), .. } = file.dataset(path).unwrap().layout().unwrap()
    else {
        panic!("in one piece")
    };
    let mut other = weights;
    other[address as usize..][..4].copy_from_slice(&0.5_f32.to_le_bytes());
    assert!(matches!(read(&keras_file(&config, &other)), Err(Error::Adapted(layer)) if layer == "normalization"));
    assert!(matches!(read(&other), Err(Error::Adapted(layer)) if layer == "normalization"), "weights alone");
}

#[test]
fn weights_that_are_missing_or_not_numbers_are_refused() {
    let (config, weights) = parts(SIMPLE);
    let told = read(&keras_file(&config.replace("\"Conv2D\"", "\"Convolution2D\""), &weights)).unwrap_err().to_string();
    assert_eq!(told, "holds no weights 'kernel' of layer 'conv2d'");
    let (_, other) = parts("efficientnet-b0-keras3-lambda.keras");
    let told = read(&keras_file(&config, &other)).unwrap_err().to_string();
    assert!(told.starts_with("holds no weights") || told.contains("of shape"), "{told}");
    let mut other = weights;
    let file = hdf5_pure::File::from_bytes(other.clone()).unwrap();
    let data = file.dataset("layers/dense/vars/1").unwrap();
    let hdf5_pure::Layout::Contiguous { address: Some(address), .. } = data.layout().unwrap() else {
        panic!("in one piece")
    };
    other[address as usize..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let told = read(&keras_file(&config, &other)).unwrap_err().to_string();
    assert!(told.contains("'head.bias' holds a NaN"), "{told}");
}

#[test]
fn archives_are_looked_into_once() {
    let model = unpacked(SIMPLE);
    let weights = read(&model).unwrap().weights;
    for folder in ["working/siamese.keras", "siamese_signature.keras", "a/b/c.h5"] {
        let history: &[u8] = b"{}";
        let archive = zipped(&[("working/history.json", history), (folder, &model)]);
        assert!(read(&archive).unwrap().weights == weights, "{folder}");
    }
    let (config, stored) = parts(SIMPLE);
    let folder = zipped(&[("m.keras/config.json", config.as_bytes()), ("m.keras/model.weights.h5", &stored)]);
    assert!(read(&folder).unwrap().weights == weights, "an unpacked one that was packed again");
    let (mine, apple) = (config.as_bytes(), b"\0\x05\x16\x07");
    let names = ["m/config.json", "m/model.weights.h5", "__MACOSX/m/._config.json", "__MACOSX/m/._model.weights.h5"];
    let folder = zipped(&[(names[0], mine), (names[1], &stored), (names[2], apple), (names[3], apple)]);
    assert!(read(&folder).unwrap().weights == weights, "packed by macOS");

    let twice = zipped(&[("a.keras", &zipped(&[("b.keras", &model)]))]);
    assert_eq!(read(&twice).unwrap_err(), Error::NoModel);
    let told = read(&zipped(&[("a.keras", &model), ("b.h5", &model)])).unwrap_err().to_string();
    assert!(told.contains("several models in it (a.keras, b.h5)"), "{told}");
    let saved = zipped(&[("m/saved_model.pb", b""), ("m/variables/variables.index", b"")]);
    assert_eq!(read(&saved).unwrap_err(), Error::OtherFormat(SAVED_MODEL));
    assert_eq!(read(&zipped(&[("a.txt", b"")])).unwrap_err(), Error::NoModel);
}

#[test]
fn other_formats_are_named() {
    for (bytes, words) in [
        (&b"\x1c\x00\x00\x00TFL3"[..], "TensorFlow Lite"),
        (b"\x80\x04\x95", "pickle"),
        (b"\x1f\x8b", "an archive of another kind"),
        (b"\x10\0\0\0\0\0\0\0{\"a", "safetensors"),
        (b"", "neither a .keras file nor HDF5"),
        (b"hello", "neither a .keras file nor HDF5"),
    ] {
        let told = read(bytes).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
    }
}

/// A gigabyte of zeros in a megabyte, and a description that never ends.
#[test]
fn bombs_are_not_unpacked() {
    struct Zeros(u64);
    let packed = |name: &str, Zeros(length): Zeros| {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("config.json", SimpleFileOptions::default()).unwrap();
        archive.write_all(b"{}").unwrap();
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        std::io::copy(&mut std::io::repeat(b' ').take(length), &mut archive).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let bomb = packed("model.weights.h5", Zeros(file::LARGEST + 1));
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(read(&bomb), Err(Error::TooLarge { what, .. }) if what == "model.weights.h5"));
    assert!(matches!(read(&packed("m.keras", Zeros(file::LARGEST + 1))), Err(Error::TooLarge { .. })));

    let (_, weights) = parts(SIMPLE);
    let long = format!("{}{}", " ".repeat(17 << 20), "{}");
    assert!(matches!(read(&keras_file(&long, &weights)), Err(Error::TooLarge { what, .. }) if what == "config.json"));
    let long = format!("{}{}", " ".repeat(3 << 20), "{}");
    assert!(matches!(read(&keras_file(&long, &weights)), Err(Error::TooLarge { limit: file::LARGEST_CONFIG, .. })));
    let long = format!(r#""class_name": "{}""#, "C".repeat(501));
    let told = refusal(SIMPLE, &[(r#""class_name": "Conv2D""#, &long)]);
    assert!(told.contains("a layer's name of more than 500 bytes"), "{told}");
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(matches!(read(&keras_file(&deep, &weights)), Err(Error::Config(_))));
    let inner = (0..40).fold(r#"{"class_name": "Sequential", "config": {"layers": []}}"#.to_owned(), |inner, _| {
        format!(r#"{{"class_name": "Sequential", "config": {{"layers": [{inner}]}}}}"#)
    });
    assert!(matches!(read(&keras_file(&inner, &weights)), Err(Error::Config(_))));
}

/// Models in models, each used twice, would unfold to more layers than memory holds.
#[test]
fn what_unfolds_without_end_is_refused() {
    let input = r#"{"class_name": "InputLayer", "config": {"name": "x"}, "name": "x", "inbound_nodes": []}"#;
    let call = |layer: &str| format!(r#"[["{layer}", 0, 0, {{}}]]"#);
    let dense = |name: usize, of: &str| {
        let call = call(of);
        format!(r#"{{"class_name": "Odd", "config": {{}}, "name": "d{name}", "inbound_nodes": [{call}]}}"#)
    };
    let model = |layers: &[String], last: &str| {
        format!(
            r#"{{"class_name": "Functional", "config": {{"layers": [{input}, {}], "input_layers": [["x", 0, 0]],
            "output_layers": [["{last}", 0, 0]]}}}}"#,
            layers.join(", ")
        )
    };
    let mut inner = model(&[dense(0, "x")], "d0");
    for _ in 0..5 {
        let use_of = |number: usize| {
            let of = if number == 0 { "x".to_owned() } else { format!("m{}", number - 1) };
            let call = call(&of);
            let rest = &inner[1..inner.len() - 1];
            format!(r#"{{{rest}, "name": "m{number}", "inbound_nodes": [{call}]}}"#)
        };
        inner = model(&(0..4).map(use_of).collect::<Vec<_>>(), "m3");
    }
    let (_, weights) = parts(SIMPLE);
    assert!(matches!(read(&keras_file(&inner, &weights)), Err(Error::Config(_))));

    // Each applied to the same thing again and again: few layers, and no end.
    let mut inner = model(&[dense(0, "x")], "d0");
    for _ in 0..5 {
        let (rest, calls) = (&inner[1..inner.len() - 1], vec![call("x"); 200].join(", "));
        inner = model(&[format!(r#"{{{rest}, "name": "m", "inbound_nodes": [{calls}]}}"#)], "m");
    }
    assert!(matches!(read(&keras_file(&inner, &weights)), Err(Error::Config(_))));
}

#[test]
fn what_we_write_is_read_again() {
    for backbone in Backbone::ALL {
        let weights = Weights::initialise(backbone, 7);
        let file = write(&weights, Some("{\"a\": 1}"));
        assert!(file == write(&weights, Some("{\"a\": 1}")), "the same bytes each time");
        let imported = read(&file).unwrap();
        assert!(imported.weights == weights, "{backbone}");
        assert_eq!(imported.notes.as_deref(), Some("{\"a\": 1}"));
        assert_eq!(read(&write(&weights, None)).unwrap().notes, None);
    }
}

#[test]
fn a_file_cut_off_is_refused() {
    for name in [SIMPLE, "simple-cnn-keras2-lambda.h5", "simple-cnn-keras3-lambda.weights.h5"] {
        let whole = unpacked(name);
        for length in (0..whole.len()).step_by(whole.len() / 60) {
            assert!(read(&whole[..length]).is_err(), "{name}: {length} of {} bytes", whole.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_refused_or_read(which in 0_usize..4, places in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..8)) {
        // Where HDF5 keeps its structure: at the beginning, and before the end.
        let name = [SIMPLE, "simple-cnn-keras2-lambda.h5", "simple-cnn-keras3-lambda.h5", "simple-cnn-keras2-lambda-weights.h5"][which];
        let mut bytes = unpacked(name);
        for (place, byte) in places {
            let place = usize::from(place >> 1) % (bytes.len() / 2);
            let at = if place.is_multiple_of(2) { place } else { bytes.len() - 1 - place };
            bytes[at] = byte;
        }
        let _ = read(&bytes);
    }
}
