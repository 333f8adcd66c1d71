//! A terminal is told what strangers wrote, and does nothing that they wrote.

use std::fs;
use std::process::Stdio;

use super::program::{Done, example_files};
use super::writers::Office;

/// Clears the screen, colours, rings, turns the direction of writing, and begins a line.
const EVIL: &str = "\u{1b}[2J\u{9b}31m\u{7}\r\u{202e}\u{2066}x";

/// That nothing in what was said is obeyed; how often something was shown instead.
fn is_tame(done: &Done) -> usize {
    for text in [&done.out, &done.err] {
        let obeyed =
            |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2066}';
        assert!(!text.contains(obeyed), "{text:?}");
    }
    done.out.matches(r"\u202e").count() + done.err.matches(r"\u202e").count()
}

/// Approves a reference and is refused; no command takes such a name any more.
fn somebody_with_an_evil_name(office: &Office) {
    let store = inkproof_store::Store::open(office.store().to_str().unwrap(), &office.keys()).unwrap();
    office.run(&format!("enroll a --four-eyes {}", super::writers::files("005", 3..4))).succeeds();
    store.approve(&"a".parse().unwrap(), 4, &inkproof_store::Actor::new(EVIL)).unwrap();
}

#[test]
fn names_and_notes_are_shown_and_not_obeyed() {
    let office = Office::new();
    let evil = format!("{EVIL}.png");
    let run = |line: &str, words: &[&str]| {
        let mut command = office.desk.command(line);
        command.args(words).env("INKPROOF_STORE", office.store()).stdin(Stdio::null());
        Done::new(command.output().unwrap())
    };
    office.desk.write(&evil, &fs::read(&example_files("005")[4]).unwrap());
    let scan = image::open(&example_files("005")[4]).unwrap().to_luma8();
    let small = image::imageops::resize(&scan, 60, 30, image::imageops::FilterType::Triangle);
    small.save(office.desk.path("tiny.png")).unwrap();
    office.desk.write(&format!("tiny{evil}"), &fs::read(office.desk.path("tiny.png")).unwrap());
    office.enroll("a", "005", 3).succeeds();
    run("verify --writer a tiny.png", &[]);
    let note = format!("{EVIL}\nREJECTED by nobody");
    somebody_with_an_evil_name(&office);
    let shown = [
        run("verify --reference", &[&evil, &evil, "--explain", &format!("out{evil}")]),
        run("verify --reference", &[&format!("tiny{evil}"), &evil]),
        run("verify --reference", &[&evil, &format!("missing{evil}")]),
        run("verify --writer", &[EVIL, &evil]),
        run("verify", &[&format!("--{EVIL}")]),
        run("identify", &[&format!("tiny{evil}")]),
        run("enroll a --anyway", &[&evil, &evil]),
        run("reviews settle 2 --note", &[&note]),
        run("reviews list", &[]),
        run("writers show a", &[]),
        run("writers export a --out", &[&format!("folder{EVIL}")]),
        run("store log", &[]),
        run("store backup", &[&format!("{EVIL}.db")]),
        run("store info --store", &[&format!("{EVIL}.db")]),
        run("export --onnx x.onnx --model", &[&evil]),
        run("verify-batch missing.csv --out", &[&format!("{EVIL}.csv")]),
    ];
    let counts: Vec<usize> = shown.iter().map(is_tame).collect();
    assert!(counts[..15].iter().all(|count| *count > 0), "each shows what it was given: {counts:?}");
    let list = &shown[8].out;
    assert!(list.contains(r"\nREJECTED by nobody"), "{list}");
    assert_eq!(list.lines().count(), 1, "a note begins no line: {list}");
    let json = run("reviews list --json", &[]);
    is_tame(&json);
    assert_eq!(json.json()["reviews"][0]["note"], note, "what JSON says is what was written");
}

#[test]
fn folders_of_a_data_set_are_shown_and_not_obeyed() {
    let office = Office::new();
    office.desk.synth("data", 3, 3, 1, 1);
    let evil = format!("{EVIL}.png");
    office.desk.write(&format!("data/001/{evil}"), b"no picture");
    let done = office.run("evaluate data --skip-bad --model hog");
    assert!(is_tame(&done) > 0, "{}", done.err);
    let stopped = office.run("evaluate data --model hog");
    assert!(stopped.code == 2 && is_tame(&stopped) > 0, "{}", stopped.err);
    assert!(is_tame(&office.run("leakage data --skip-bad")) > 0);
}
