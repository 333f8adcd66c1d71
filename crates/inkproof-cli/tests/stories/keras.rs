//! What the notebook saved, imported, used and exported again.

use std::fs;
use std::path::PathBuf;

use super::program::Desk;

/// A file that Keras wrote, in an archive as the notebook's last cell makes it.
fn golden(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/keras");
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_file_of_keras_becomes_a_model_that_is_used_and_comes_back() {
    let desk = Desk::new();
    fs::copy(golden("simple-cnn-keras3-lambda.keras.zip"), desk.path("results.zip")).unwrap();
    let done = desk.run("import results.zip --out m.safetensors").succeeds();
    assert!(done.out.contains("simple-cnn network of results.zip (a .keras file of Keras 3.15.1)"), "{}", done.out);
    assert!(done.out.contains("not known"), "{}", done.out);

    desk.synth("signatures", 2, 3, 1, 1);
    let images = "--reference signatures/001/001_01.png signatures/001/001_02.png";
    let first = desk.run(&format!("verify {images} --model m.safetensors --json")).json();

    desk.run("export --model m.safetensors --keras siamese.keras").succeeds();
    let found = desk.run("import siamese.keras --out again.safetensors --json").succeeds().json();
    assert_eq!((&found["written_by_inkproof"], &found["kind"]), (&true.into(), &"keras".into()));
    let second = desk.run(&format!("verify {images} --model again.safetensors --json")).json();
    assert_eq!(first["score"], second["score"]);
    assert!(fs::read(desk.path("m.safetensors")).unwrap() == fs::read(desk.path("again.safetensors")).unwrap());

    let found = desk.run("import siamese.keras --out ink.safetensors --preprocess ink --json").succeeds().json();
    assert_eq!(found["preprocess"]["kind"], "ink");
}

/// Files that Keras 3 opens no more, and weights without a network.
#[test]
fn files_of_keras_2_and_weights_alone_are_read() {
    let desk = Desk::new();
    let mut digests = Vec::new();
    for (file, kind) in [
        ("simple-cnn-keras2-lambda.h5.zip", "h5"),
        ("simple-cnn-keras2-ops.h5.zip", "h5"),
        ("simple-cnn-keras3-lambda.weights.h5.zip", "weights"),
    ] {
        fs::copy(golden(file), desk.path("results.zip")).unwrap();
        let found = desk.run("import results.zip --out m.safetensors --json").succeeds().json();
        assert_eq!((found["kind"].as_str(), found["backbone"].as_str()), (Some(kind), Some("simple-cnn")));
        digests.push(found["digest"].clone());
    }
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    let done = desk.run("import results.zip --out m.safetensors").succeeds();
    assert!(done.out.contains("the notebook's absolute difference was taken"), "{}", done.out);
}

#[test]
fn what_is_no_file_of_keras_is_refused_by_its_name() {
    let desk = Desk::new();
    fs::create_dir(desk.path("saved")).unwrap();
    fs::create_dir(desk.path("empty")).unwrap();
    fs::write(desk.path("saved/saved_model.pb"), "").unwrap();
    fs::write(desk.path("notes.keras"), "hello").unwrap();
    fs::write(desk.path("cut.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    for (file, words) in [
        ("saved", "saved: is TensorFlow's SavedModel, which is not read"),
        ("empty", "empty: is a folder, which is not read"),
        ("nothing.keras", "nothing.keras: cannot be read"),
        ("notes.keras", "notes.keras: is neither a .keras file nor HDF5"),
        ("cut.h5", "cut.h5: is not HDF5 that can be read"),
    ] {
        desk.run(&format!("import {file} --out m.safetensors")).fails_with(&[words]);
    }
    assert!(!desk.path("m.safetensors").exists());
    desk.run("export --model notes.keras --onnx m.onnx").fails_with(&["notes.keras", "`inkproof import FILE --out"]);
    desk.run("export --keras m.keras").fails_with(&["no Keras file of it"]);
    desk.run("export --keras m.h5").fails_with(&["m.h5", "has to end with .keras"]);
    let done = desk.run("export");
    assert!(done.code == 2 && done.err.contains("<--onnx <FILE>|--keras <FILE.keras>>"), "{}", done.err);
}
