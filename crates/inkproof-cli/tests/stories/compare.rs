//! Two models on the same draws.

use std::fs;

use super::program::{Desk, examples};

#[test]
fn two_models_meet_the_same_comparisons_and_the_difference_has_an_interval() {
    let desk = Desk::new();
    let data = examples().display().to_string();
    let line = format!("compare bundled hog {data} --references 1,3 --repeats 2");
    let found = desk.run(&format!("{line} --json")).succeeds().json();
    assert_eq!((&found["a"]["name"], &found["b"]["name"]), (&"bundled".into(), &"hog".into()));
    assert_eq!((&found["repeats"], &found["seed"]), (&2.into(), &0.into()));
    let runs = found["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| run["references"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3]);
    let of = |model: &str| {
        desk.run(&format!("evaluate {data} --model {model} --references 1,3 --repeats 2 --json")).succeeds().json()
    };
    let (bundled, hog) = (of("bundled"), of("hog"));
    for (place, run) in runs.iter().enumerate() {
        for class in ["skilled", "random"] {
            let eer = &run[class]["eer"];
            let number = |value: &serde_json::Value| value.as_f64().unwrap();
            // JSON gives and takes the last digit of a number.
            let same = |a: &serde_json::Value, b: f64| assert!((number(a) - b).abs() < 1e-12, "{a} {b}");
            same(&eer["a"], number(&bundled["runs"][place][class]["eer"]));
            same(&eer["b"], number(&hog["runs"][place][class]["eer"]));
            same(&eer["difference"], number(&eer["a"]) - number(&eer["b"]));
            let (low, high) = (number(&eer["ci95"][0]), number(&eer["ci95"][1]));
            assert!(low <= number(&eer["difference"]) && number(&eer["difference"]) <= high);
            assert_eq!(eer["shown"].as_bool().unwrap(), low > 0.0 || high < 0.0);
        }
    }
    assert_eq!(found, desk.run(&format!("{line} --json")).succeeds().json(), "the same again");
    let printed = desk.run(&line).succeeds();
    assert!(printed.out.contains("95 % interval") && printed.out.contains("skilled"), "{}", printed.out);
    let same = desk.run(&format!("compare hog hog {data} --repeats 2")).succeeds();
    assert!(same.out.contains("No difference shown with 8 writers."), "{}", same.out);
}

#[test]
fn a_file_is_preferred_to_a_name_and_a_wrong_name_lists_the_names() {
    let desk = Desk::new();
    let data = examples().display().to_string();
    desk.run(&format!("compare hog hug {data}")).fails_with(&["hug", "bundled, hog, shortcuts"]);
    desk.run("compare hog bundled nowhere").fails_with(&["nowhere", "not a folder"]);
    desk.write("hog", b"weights");
    desk.run(&format!("compare hog bundled {data}")).fails_with(&["hog", "not a safetensors file"]);
}

#[test]
fn images_that_only_one_model_can_read_are_left_out_for_both() {
    let desk = Desk::new();
    desk.synth("signatures", 3, 3, 2, 6);
    desk.write("signatures/003/003_01.png", b"");
    let found = desk.run("compare bundled hog signatures --repeats 1 --skip-bad --json").succeeds().json();
    assert_eq!(found["left_out"].as_array().unwrap().len(), 1);
    assert_eq!(found["runs"][0]["images"], 14);
    fs::remove_dir_all(desk.path("signatures/002")).unwrap();
    fs::remove_dir_all(desk.path("signatures/002_forg")).unwrap();
    fs::remove_dir_all(desk.path("signatures/003")).unwrap();
    fs::remove_dir_all(desk.path("signatures/003_forg")).unwrap();
    desk.run("compare bundled hog signatures").fails_with(&["1 usable writer(s)"]);
}
