//! Story: an analyst trains inknet on a folder, goes on from the bundled model, and sees where signatures differ.

use std::fs;

use super::program::{Desk, example_files};

#[test]
fn a_folder_is_learnt_in_seconds_and_twice_the_same() {
    let desk = Desk::new();
    desk.synth("signatures", 12, 4, 2, 41);
    let done = desk.run("train signatures --backbone inknet --out first.safetensors --json").succeeds().json();
    assert_eq!((&done["writers"], &done["calibration_writers"], &done["loss"]), (&10.into(), &2.into(), &().into()));
    assert_eq!(done["pairs"], 10 * 6);
    let printed = desk.run("train signatures --backbone inknet --out again.safetensors").succeeds();
    assert!(printed.out.contains("Trained on 60 pairs of 10 writers"), "{}", printed.out);
    assert!(fs::read(desk.path("first.safetensors")).unwrap() == fs::read(desk.path("again.safetensors")).unwrap());
    desk.synth("others", 8, 4, 3, 42);
    let found =
        desk.run("evaluate others --model first.safetensors --references 1,3 --repeats 2 --json").succeeds().json();
    for run in found["runs"].as_array().unwrap() {
        assert!(run["random"]["eer"].as_f64().unwrap() < 0.1, "strangers are recognised: {run}");
        assert_eq!((&run["training_images_in_test"], &run["model"]["name"]), (&0.into(), &"first".into()));
    }
    let folds = desk.run("evaluate others --folds 2 --backbone inknet --repeats 1 --json").succeeds().json();
    assert_eq!(folds["folds"].as_array().unwrap().len(), 2);
}

#[test]
fn a_training_goes_on_from_the_bundled_model() {
    let desk = Desk::new();
    desk.synth("signatures", 8, 4, 2, 43);
    desk.run("train signatures --backbone inknet --out repeated.safetensors").succeeds();
    desk.run("train signatures --backbone inknet --init bundled --out on.safetensors").succeeds();
    let digest = |model: &str| {
        let data = "evaluate signatures --repeats 1 --json --model";
        desk.run(&format!("{data} {model}")).succeeds().json()["model"]["digest"].as_str().unwrap().to_owned()
    };
    let digests = [digest("repeated.safetensors"), digest("on.safetensors"), digest("bundled")];
    assert!(digests[0] != digests[1] && digests[1] != digests[2], "{digests:?}");
    desk.run("train signatures --backbone inknet --init nobody --out no.safetensors")
        .fails_with(&["nobody", "no such model"]);
    desk.run("train signatures --backbone inknet --init hog --out no.safetensors")
        .fails_with(&["hog", "not an inknet model"]);
    desk.run("train signatures --init bundled --out no.safetensors").fails_with(&["--backbone inknet"]);
    desk.run("train signatures --backbone inknet --preprocess raw --out no.safetensors")
        .fails_with(&["raw", "strokes"]);
    assert!(!desk.path("no.safetensors").exists());
}

#[test]
fn calibration_numbers_go_from_file_to_file() {
    let desk = Desk::new();
    desk.synth("signatures", 8, 4, 2, 44);
    desk.synth("ones", 5, 4, 3, 45);
    desk.synth("others", 5, 4, 3, 46);
    desk.run("train signatures --backbone inknet --out model.safetensors").succeeds();
    let found = desk
        .run("calibrate ones others --model model.safetensors --out a.safetensors --write-numbers numbers.json --json")
        .succeeds()
        .json();
    assert_eq!(found["writers"], 10, "two sets together");
    desk.run("calibrate --numbers numbers.json --model model.safetensors --out b.safetensors").succeeds();
    assert!(fs::read(desk.path("a.safetensors")).unwrap() == fs::read(desk.path("b.safetensors")).unwrap());
    let other = desk.run("calibrate --numbers numbers.json --out c.safetensors").succeeds();
    assert!(other.err.contains("fixed for the weights"), "{}", other.err);
    desk.write("broken.json", b"{}");
    desk.run("calibrate --numbers broken.json --out d.safetensors").fails_with(&["broken.json"]);
}

#[test]
fn an_examiner_sees_where_signatures_differ() {
    let desk = Desk::new();
    let genuine = example_files("001");
    let [a, b, c] = [&genuine[0], &genuine[1], &genuine[2]].map(|path| path.display().to_string());
    let line = format!("verify --reference {a} --reference {b} {c}");
    let printed = desk.run(&format!("{line} --explain where.png"));
    assert!(printed.out.contains("where.png"), "{}", printed.out);
    let orange = |name: &str| {
        let picture = image::open(desk.path(name)).unwrap().to_rgb8();
        assert_eq!(picture.width() % 3, 0, "the questioned one and two references");
        let more =
            |a: usize, b: usize| picture.pixels().filter(|pixel| pixel.0[a] > pixel.0[b].saturating_add(60)).count();
        let (blue, orange) = (more(2, 0), more(0, 2));
        orange as f64 / (blue + orange) as f64
    };
    let stranger = example_files("006")[0].display().to_string();
    desk.run(&format!("verify --reference {a} --reference {b} {stranger} --explain stranger.png"));
    let (genuine, stranger) = (orange("where.png"), orange("stranger.png"));
    assert!(genuine < 0.7 && stranger > 0.95, "{genuine} of a genuine one differs, {stranger} of a stranger's");
    let silent = desk.run(&format!("{line} --explain where.png --json"));
    assert!(silent.json()["score"].is_number());
    desk.run(&format!("{line} --explain nowhere/where.png")).fails_with(&["nowhere/where.png"]);
    desk.synth("few", 4, 2, 1, 3);
    desk.run("train few --out siamese.safetensors --epochs 1 --batch-size 4").succeeds();
    desk.run(&format!("{line} --model siamese.safetensors --explain no.png")).fails_with(&["where they differ"]);
}
