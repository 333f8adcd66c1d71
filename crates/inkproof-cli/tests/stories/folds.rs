//! A whole data set as a test, fold by fold, and every comparison in a file.

use std::fs;

use super::program::{Desk, examples};

#[test]
fn a_baseline_in_folds_has_thresholds_and_likelihood_ratios_from_other_writers() {
    let desk = Desk::new();
    let data = examples().display().to_string();
    let found = desk
        .run(&format!("evaluate {data} --model hog --folds 2 --repeats 2 --references 1,3 --json"))
        .succeeds()
        .json();
    let runs = found["runs"].as_array().unwrap();
    for run in runs {
        assert_eq!((&run["writers"], &run["images"], &run["threshold"]), (&8.into(), &112.into(), &().into()));
        assert_eq!((&run["score_scale"], &run["model"]["name"]), (&"log10_lr".into(), &"hog".into()));
        let folds = run["folds"].as_array().unwrap();
        assert_eq!(folds.len(), 2);
        assert_ne!(folds[0]["threshold"], folds[1]["threshold"]);
        assert!(folds[0]["threshold_origin"].as_str().unwrap().contains("4 calibration writers"));
        for class in ["skilled", "random"] {
            assert!(run[class]["far_at_threshold"].is_number() && run[class]["cllr"].is_number());
        }
    }
    let printed = desk.run(&format!("evaluate {data} --model hog --folds 2 --repeats 1")).succeeds();
    assert!(printed.out.contains("2 folds by writer"), "{}", printed.out);
}

#[test]
fn a_network_is_trained_for_each_fold() {
    let desk = Desk::new();
    desk.synth("signatures", 8, 4, 2, 3);
    let found = desk
        .run("evaluate signatures --folds 2 --backbone simple-cnn --epochs 1 --repeats 1 --scores scores.csv --json")
        .succeeds()
        .json();
    let folds = found["folds"].as_array().unwrap();
    assert_ne!(folds[0]["model"]["digest"], folds[1]["model"]["digest"], "two networks");
    assert_eq!((&found["writers"], &found["training_images_in_test"]), (&8.into(), &0.into()));
    assert_eq!(found["model"]["name"], "simple-cnn");
    let scores = fs::read_to_string(desk.path("scores.csv")).unwrap();
    let folds: std::collections::BTreeSet<&str> =
        scores.lines().skip(1).map(|row| row.rsplit(',').next().unwrap()).collect();
    assert_eq!(folds.into_iter().collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn shortcuts_are_fitted_on_other_folds_without_being_asked() {
    let desk = Desk::new();
    desk.synth("signatures", 10, 3, 2, 5);
    let found = desk.run("evaluate signatures --model shortcuts --repeats 1 --json").succeeds().json();
    assert_eq!((found["folds"].as_array().unwrap().len(), &found["model"]["name"]), (5, &"shortcuts".into()));
    let found = desk.run("compare cues hog signatures --repeats 1 --json").succeeds().json();
    assert_eq!(
        (&found["folds"], &found["a"]["name"], &found["b"]["name"]),
        (&5.into(), &"shortcuts".into(), &"hog".into())
    );
    assert_eq!(found["runs"][0]["writers"], 10);
    let printed = desk.run("compare cues hog signatures --repeats 1 --folds 2").succeeds();
    assert!(printed.out.contains("2 folds") && printed.out.contains("never looks at the shape"), "{}", printed.out);
    for command in ["compare cues hog signatures", "evaluate signatures --model cues"] {
        desk.run(&format!("{command} --part test")).fails_with(&["leave out --part"]);
    }
    desk.run("cross signatures signatures --model cues").fails_with(&["evaluate", "in folds"]);
}

#[test]
fn every_comparison_is_written() {
    let desk = Desk::new();
    desk.synth("signatures", 3, 4, 2, 6);
    desk.run("evaluate signatures --model hog --references 2 --repeats 2 --scores scores.csv").succeeds();
    let scores = fs::read_to_string(desk.path("scores.csv")).unwrap();
    let rows: Vec<Vec<&str>> = scores.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0], ["writer", "references", "questioned", "class", "score", "draw", "fold"]);
    let count = |class| rows.iter().filter(|row| row[3] == class).count();
    assert_eq!([count("genuine"), count("skilled"), count("random")], [2 * 3 * 2, 2 * 3 * 2, 2 * 3 * 2]);
    for row in &rows[1..] {
        let references: Vec<&str> = row[1].split(';').collect();
        assert_eq!(references.len(), 2);
        for file in references.iter().chain([&row[2]]) {
            assert!(desk.path("signatures").join(file).is_file(), "{file}");
        }
        assert!(row[1].starts_with(row[0]) && row[4].parse::<f64>().is_ok() && row[6].is_empty());
    }
    desk.run("evaluate signatures --model hog --scores nowhere/scores.csv").err.contains("nowhere/scores.csv");
}

#[test]
fn what_cannot_be_cut_or_pooled_is_refused() {
    let desk = Desk::new();
    desk.synth("signatures", 5, 3, 2, 6);
    let run = |options: &str| desk.run(&format!("evaluate signatures {options}"));
    run("--model hog --folds 3").fails_with(&["5 writer(s)", "3 folds"]);
    run("--model hog --folds 1").fails_with(&["at least 2 folds"]);
    run("--folds 2 --backbone simple-cnn --preprocess raw --epochs 1").fails_with(&["raw", "--preprocess"]);
    run("--model hog --protocol notebook").fails_with(&["notebook", "probabilities"]);
    run("--folds 2 --protocol notebook").fails_with(&["--folds", "verification"]);
    assert_eq!(run("--backbone simple-cnn").code, 2, "training needs folds");
    assert_eq!(run("--model hog --folds 2 --backbone simple-cnn").code, 2, "one or the other");
}

#[test]
fn data_that_is_too_thin_is_printed_and_gives_no_number() {
    let desk = Desk::new();
    desk.synth("one", 1, 5, 5, 1);
    desk.synth("single", 6, 1, 2, 2);
    desk.synth("unforged", 8, 4, 0, 3);
    desk.write("manifest/manifest.csv", b"path,writer,kind\n1.png,1,genuine\n2.png,1,genuine\n3.png,2,genuine\n");
    for command in ["evaluate", "compare bundled hog"] {
        let model = if command == "evaluate" { "--model hog" } else { "" };
        let run = |data: &str, options: &str| desk.run(&format!("{command} {data} {model} {options}"));
        run("one", "").fails_with(&["one", "1 usable writer(s)"]);
        run("single", "").fails_with(&["single", "0 usable writer(s)"]);
        run("manifest", "").fails_with(&["1.png"]);
        let unforged = run("unforged", "--json --repeats 2 --skip-bad").succeeds().json();
        let run = if command == "evaluate" { &unforged } else { &unforged["runs"][0] };
        assert!(run["skilled"].is_null() && run["random"].is_object());
    }
    let folded = |data: &str| desk.run(&format!("evaluate {data} --model hog --folds 2 --json --repeats 2 --skip-bad"));
    folded("one").fails_with(&["one", "1 writer(s)"]);
    folded("single").fails_with(&["single", "usable writer(s)"]);
    folded("manifest").fails_with(&["manifest", "no images"]);
    let unforged = folded("unforged").succeeds().json();
    assert!(unforged["skilled"].is_null() && unforged["random"]["cllr"].is_number());
    desk.run("evaluate unforged --model cues --folds 2 --skip-bad").fails_with(&["genuine and forged pairs"]);
    desk.run("cross unforged one --model hog --skip-bad").fails_with(&["one", "1 usable writer(s)"]);
}
