//! From one data set to another.

use std::fs;

use super::program::Desk;

#[test]
fn the_table_of_all_pairs_has_thresholds_from_the_other_set() {
    let desk = Desk::new();
    desk.synth("one", 4, 4, 3, 1);
    desk.synth("two", 4, 4, 3, 2);
    let found = desk.run("cross one two --model hog --references 1,2 --repeats 2 --json").succeeds().json();
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for (row, [calibrate, test]) in rows.iter().zip([["one", "two"], ["two", "one"]]) {
        assert_eq!((&row["calibrate"][0], &row["test"]), (&calibrate.into(), &test.into()));
        assert!(row["train"].as_array().unwrap().is_empty());
        for run in row["runs"].as_array().unwrap() {
            assert!(run["threshold"].is_number());
            for class in ["skilled", "random"] {
                assert!(run[class]["far_at_threshold"].is_number() && run[class]["cllr"].is_number());
            }
        }
    }
    let printed = desk.run("cross one two --model hog --repeats 2").succeeds();
    assert!(printed.out.contains("calibrated on one, tested on two"), "{}", printed.out);
}

#[test]
fn a_network_is_trained_on_one_set_calibrated_on_another_and_tested_on_a_third() {
    let desk = Desk::new();
    desk.synth("one", 4, 3, 2, 1);
    desk.synth("two", 3, 3, 2, 2);
    desk.synth("three", 3, 3, 2, 3);
    let line = "cross --train one --calibrate two --test three --backbone simple-cnn --epochs 1 --repeats 1 --json";
    let found = desk.run(line).succeeds().json();
    let row = &found["rows"][0];
    assert_eq!((&row["train"][0], &row["calibrate"][0], &row["test"]), (&"one".into(), &"two".into(), &"three".into()));
    assert_eq!(row["runs"][0]["training_images_in_test"], 0);
    assert_eq!(row["runs"][0]["model"]["name"], "simple-cnn-one");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let desk = Desk::new();
    desk.synth("one", 3, 3, 2, 1);
    desk.synth("two", 3, 3, 2, 2);
    desk.run("cross --calibrate one --model hog").fails_with(&["--test"]);
    desk.run("cross --test one --backbone simple-cnn").fails_with(&["--train"]);
    fs::copy(desk.path("one/001/001_01.png"), desk.path("two/002/again.png")).unwrap();
    desk.run("cross one two --model hog").fails_with(&["again.png", "001_01.png", "share images"]);
    let alone = desk.run("cross one --model hog");
    assert_eq!(alone.code, 2);
}
