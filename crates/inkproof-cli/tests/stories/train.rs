//! From a folder of signatures to a model file, with interruptions.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::{Desk, Done};

/// Two small steps an epoch.
const QUICK: &str = "--preprocess raw --batch-size 8 --seed 3";

#[test]
fn a_training_is_logged_measured_and_finished() {
    let desk = Desk::new();
    desk.synth("signatures", 6, 3, 2, 1);
    let done = desk.run("train signatures --out model.safetensors --epochs 1 --batch-size 10 --json").succeeds();
    let found = done.json();
    assert_eq!((found["writers"].as_u64(), found["calibration_writers"].as_u64()), (Some(4), Some(2)));
    assert_eq!(found["pairs"], 4 * (3 + 2));
    let origin = found["threshold"]["origin"].as_str().unwrap();
    assert!(origin.starts_with("on 2 calibration writers"), "{origin}");
    let fits = found["calibration"].as_array().unwrap();
    assert_eq!(fits.iter().map(|fit| fit["references"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(fits[0]["threshold"], found["threshold"]);
    let log = fs::read_to_string(desk.path("model.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["event"] == "step").count(), 2);
    assert_eq!(lines.last().unwrap()["event"], "epoch");
    let left: Vec<_> = desk.everything().into_iter().filter(|name| !name.starts_with("signatures")).collect();
    assert_eq!(left, ["model.jsonl", "model.safetensors"], "no checkpoint, nothing partial");
}

#[test]
fn a_training_that_was_interrupted_ends_with_the_same_bits() {
    let desk = Desk::new();
    desk.synth("signatures", 3, 3, 2, 2);
    let train = |out: &str| format!("train signatures --out {out} --epochs 3 {QUICK}");
    desk.run(&train("straight.safetensors")).succeeds();

    let child =
        desk.command(&train("broken.safetensors")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_a_step(&desk);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let stopped = Done::new(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 2, "{}", stopped.err);
    assert!(stopped.err.contains("--resume"), "{}", stopped.err);
    assert!(!desk.path("broken.safetensors").exists(), "no model of an unfinished training");

    desk.run(&train("broken.safetensors")).fails_with(&["broken.checkpoint", "--resume"]);
    let other = train("broken.safetensors").replace("--seed 3", "--seed 4");
    desk.run(&format!("{other} --resume")).fails_with(&["broken.checkpoint", "--seed 3, not 4"]);

    desk.run(&format!("{} --resume", train("broken.safetensors"))).succeeds();
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    assert!(read("straight.safetensors") == read("broken.safetensors"), "bit for bit");
    assert!(!desk.path("broken.checkpoint").exists());
}

fn wait_for_a_step(desk: &Desk) {
    let begun = Instant::now();
    while fs::read_to_string(desk.path("broken.jsonl")).is_ok_and(|log| !log.contains("step"))
        || !desk.path("broken.jsonl").exists()
    {
        assert!(begun.elapsed() < Duration::from_secs(120), "no step in two minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_training_that_diverges_stops_and_leaves_no_model() {
    let desk = Desk::new();
    desk.synth("signatures", 2, 3, 2, 2);
    let done =
        desk.run("train signatures --out model.safetensors --preprocess raw --batch-size 4 --learning-rate 1e30");
    done.fails_with(&["diverged", "--learning-rate"]);
    assert!(!desk.path("model.safetensors").exists());
    desk.run("train signatures --out m.safetensors --preprocess raw --learning-rate=-1").fails_with(&["learning-rate"]);
    desk.run("train signatures --out m.safetensors --preprocess raw --epochs 0").fails_with(&["epochs"]);
}

#[test]
fn what_cannot_be_trained_on_is_named_or_left_out() {
    let desk = Desk::new();
    desk.synth("signatures", 3, 3, 2, 4);
    desk.write("signatures/002/002_02.png", b"broken");
    let train = format!("train signatures --out model.safetensors --epochs 1 {QUICK}");
    desk.run(&train).fails_with(&["002_02.png", "not an image"]);
    assert!(!desk.everything().iter().any(|name| name.starts_with("model")), "neither a model nor a log of nothing");
    let done = desk.run(&format!("{train} --skip-bad --cache off --json")).succeeds();
    assert!(done.err.contains("left out: "), "{}", done.err);
    let found = done.json();
    assert_eq!(found["images"], 3 * 5 - 1);
    assert_eq!(found["left_out"].as_array().unwrap().len(), 1);
    assert!(found["left_out"][0]["path"].as_str().unwrap().ends_with("002_02.png"));

    desk.run("train signatures --out new.safetensors --resume").fails_with(&["new.checkpoint", "--resume"]);
    desk.run("train signatures --out signatures").fails_with(&["is a folder"]);
    desk.run("train signatures --out nowhere/model.safetensors").fails_with(&["nowhere", "no such folder"]);
    desk.synth("two", 2, 3, 2, 4);
    desk.run("train two --out new.safetensors").fails_with(&["at least 4 are needed"]);
}

#[test]
fn the_cache_changes_nothing() {
    let desk = Desk::new();
    desk.synth("signatures", 2, 3, 2, 5);
    let train = |out: &str, cache: &str| {
        desk.run(&format!("train signatures --out {out} --epochs 1 {QUICK} --cache {cache}")).succeeds();
        fs::read(desk.path(out)).unwrap()
    };
    assert!(train("kept.safetensors", "on") == train("read.safetensors", "off"));
}

/// A table of pairs by name, an epoch of each list.
fn order(epochs: &[&[(&str, &str, u8)]]) -> String {
    let rows = epochs.iter().zip(1..).flat_map(|(pairs, epoch)| {
        pairs.iter().map(move |(first, second, label)| format!("{epoch},{first},{second},{label}\n"))
    });
    rows.fold("epoch,first,second,label\n".to_owned(), |table, row| table + &row)
}

#[test]
fn pairs_are_shown_in_the_order_that_is_given() {
    let desk = Desk::new();
    desk.synth("signatures", 3, 3, 2, 2);
    let [a, b, c] = ["001/001_01.png", "001/001_02.png", "002/002_01.png"];
    let files = desk.everything();
    let forged =
        files.iter().find_map(|name| name.strip_prefix("signatures/").filter(|name| name.starts_with("001_forg/")));
    let forged = forged.unwrap();
    let pairs = [(a, b, 1), (a, forged, 0), (b, a, 1), (b, c, 0)];
    let other = [pairs[3], pairs[2], pairs[1], pairs[0]];
    let train = |out: &str, options: &str| {
        let done = desk.run(&format!(
            "train signatures --out {out} --preprocess raw --batch-size 2 --epochs 2 --seed 3 --json {options}"
        ));
        done.succeeds().json()
    };
    desk.write("one.csv", order(&[&pairs]).as_bytes());
    desk.write("twice.csv", order(&[&pairs, &pairs]).as_bytes());
    desk.write("turned.csv", order(&[&pairs, &other]).as_bytes());
    assert_eq!(train("one.safetensors", "--order one.csv")["pairs"], 4);
    train("twice.safetensors", "--order twice.csv");
    train("turned.safetensors", "--order turned.csv");
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    assert!(read("one.safetensors") == read("twice.safetensors"), "one list is that of every epoch");
    assert!(read("one.safetensors") != read("turned.safetensors"), "the order counts");

    let refused = |table: &str, words: &[&str]| {
        desk.write("wrong.csv", table.as_bytes());
        let train = "train signatures --out wrong.safetensors --preprocess raw --order wrong.csv --epochs 2";
        desk.run(train).fails_with(words);
    };
    refused("first,second\n", &["wrong.csv", "no pair"]);
    refused("first\n", &["wrong.csv", "\"second\""]);
    refused(&format!("first,second\n{a},nobody.png\n"), &["line 2", "nobody.png"]);
    refused(&format!("first,second,label\n{a},{b},0\n"), &["line 2", "the label is 0"]);
    refused(&order(&[&pairs, &pairs[..2]]), &["2, 4 pairs"]);
    refused(&order(&[&pairs, &other, &other]).replace("\n2,", "\n4,"), &["epoch 2 of 2"]);
    desk.run("train signatures --out i.safetensors --backbone inknet --order one.csv")
        .fails_with(&["places", "--order"]);
}
