//! Signatures of nobody, the same for the same seed.

use std::fs;

use super::program::{Desk, examples};

#[test]
fn the_bundled_examples_are_made_by_the_seed_that_they_name() {
    let desk = Desk::new();
    desk.synth("again", 8, 8, 6, 20268);
    let made: Vec<_> = desk.everything().into_iter().filter(|name| name.ends_with(".png")).collect();
    assert_eq!(made.len(), 8 * (8 + 6));
    for name in made {
        let bundled = examples().join(name.strip_prefix("again/").unwrap());
        assert!(fs::read(desk.path(&name)).unwrap() == fs::read(bundled).unwrap(), "{name}");
    }
}

#[test]
fn another_seed_makes_other_signatures_and_more_writers_change_none() {
    let desk = Desk::new();
    desk.synth("few", 2, 2, 1, 7);
    desk.synth("many", 3, 2, 1, 7);
    desk.synth("other", 2, 2, 1, 8);
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    assert_eq!(read("few/002/002_01.png"), read("many/002/002_01.png"));
    assert_ne!(read("few/002/002_01.png"), read("other/002/002_01.png"));
}

#[test]
fn a_style_is_everybody_s_and_noted() {
    let desk = Desk::new();
    let made = |folder: &str, style: &str| {
        desk.run(&format!("synth {folder} --writers 2 --genuine 1 --forgeries 1 --style {style} --json"))
            .succeeds()
            .json()
    };
    assert_eq!(made("blocks", "blocks")["style"], "blocks");
    assert!(made("mixed", "mixed").get("style").is_none());
    made("print", "print");
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    assert_ne!(read("blocks/001/001_01.png"), read("print/001/001_01.png"));
    assert!(read("blocks/synth.json").windows(8).any(|word| word == b"\"blocks\""));
    assert_eq!(desk.run("synth other --writers 1 --style runes").code, 2);
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let desk = Desk::new();
    desk.write("mine/letter.txt", b"dear");
    desk.run("synth mine --writers 2").fails_with(&["mine"]);
    desk.run("synth new --writers 0").fails_with(&["writers"]);
    assert_eq!(desk.everything(), ["mine", "mine/letter.txt"]);
}

#[test]
fn pages_have_a_table_of_their_boxes() {
    let desk = Desk::new();
    let made = desk.run("synth made --pages 4 --seed 3 --json").succeeds().json();
    assert_eq!(made["pages"], 4);
    let table = |name: &str| String::from_utf8(fs::read(desk.path(name)).unwrap()).unwrap();
    assert_eq!(table("made/pages.csv").lines().count(), 5);
    assert_eq!(table("made/boxes.csv").lines().count() as u64, 1 + made["boxes"].as_u64().unwrap());
    desk.run("synth again --pages 4 --seed 3").succeeds();
    assert_eq!(table("made/boxes.csv"), table("again/boxes.csv"));
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    assert_eq!(read("made/images/00004.png"), read("again/images/00004.png"));
}

#[test]
fn cheques_alone_and_what_keeps_pages_from_being_made() {
    let desk = Desk::new();
    let made = desk.run("synth cheques --pages 2 --design cheque --json").succeeds().json();
    assert_eq!(made["pages"], 2);
    desk.write("empty/note.txt", b"no font");
    desk.run("synth other --pages 2 --fonts empty").fails_with(&["fonts-dejavu", "empty"]);
    assert_eq!(desk.run("synth other").code, 2);
    assert_eq!(desk.run("synth other --pages 2 --writers 2").code, 2);
    assert_eq!(desk.run("synth other --writers 2 --design memo").code, 2);
    assert!(!desk.path("other").exists());
}
