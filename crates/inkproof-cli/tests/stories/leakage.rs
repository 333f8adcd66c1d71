//! What a data set gives away, before anyone trains on it.

use std::fs;

use serde_json::Value;

use super::program::{Desk, examples, real_signatures};

fn probe<'a>(found: &'a Value, table: &str, id: &str) -> &'a Value {
    let probes = found["cues"][table].as_array().unwrap();
    probes.iter().find(|probe| probe["id"] == id).unwrap_or_else(|| panic!("{id} in {table}"))
}

#[test]
fn copies_across_writers_are_found_printed_and_shown() {
    let desk = Desk::new();
    desk.synth("signatures", 6, 4, 3, 4);
    fs::copy(desk.path("signatures/002/002_01.png"), desk.path("signatures/001/001_09.png")).unwrap();
    let done = desk.run("leakage signatures --json --report page.html");
    assert_eq!(done.code, 1, "{}", done.err);
    let found = done.json();
    for (key, value) in [("writers", 6), ("images", 43), ("genuine", 25), ("forgeries", 18), ("seed", 0)] {
        assert_eq!(found[key], value, "{key}");
    }
    assert_eq!(found["leaks_with_ink"], true);
    let copies = found["copies"].as_array().unwrap();
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0]["how"], "bytes");
    assert_eq!(copies[0]["crosses"], serde_json::json!(["writers"]));
    assert_eq!(copies[0]["images"].as_array().unwrap().len(), 2);
    assert_eq!(found["findings"][0]["severity"], "any_preprocessing");
    assert_eq!(found["findings"][0]["kind"], "copies");
    assert_eq!(found["cues"]["writers"], 6);
    for table in ["as_stored", "after_ink"] {
        let together = probe(&found, table, "all_together");
        let auc = together["auc"].as_f64().unwrap();
        let interval = |at: usize| together["ci95"][at].as_f64().unwrap();
        assert!(interval(0) <= auc && auc <= interval(1), "{together}");
    }
    assert_eq!(probe(&found, "as_stored", "file_format")["constant"], true);
    assert_eq!(probe(&found, "as_stored", "box_aspect")["role"], "shape");
    assert_eq!(found, desk.run("leakage signatures --json").json(), "the same again");
    assert_eq!(found, desk.run("audit signatures --json").json(), "by the command's older name");

    let page = fs::read_to_string(desk.path("page.html")).unwrap();
    assert!(page.contains("A leak with any preprocessing") && page.contains("001_09.png"));
    assert!(page.matches("data:image/png;base64,").count() >= 2);
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere");

    let printed = desk.run("leakage signatures");
    assert_eq!(printed.code, 1);
    assert!(printed.out.contains("[leak] 2 images are the same byte for byte"), "{}", printed.out);
    assert!(printed.out.contains("constant") && printed.out.contains("after ink"), "{}", printed.out);
}

#[test]
fn the_bundled_signatures_hold_no_copies_and_the_exit_code_says_what_the_document_says() {
    let desk = Desk::new();
    let done = desk.run(&format!("leakage {} --json", examples().display()));
    let found = done.json();
    assert_eq!(found["copies"], serde_json::json!([]));
    assert_eq!(done.code, i32::from(found["leaks_as_stored"].as_bool().unwrap()));
    let severe = |finding: &&Value| finding["severity"] != "caution";
    assert_eq!(found["findings"].as_array().unwrap().iter().any(|finding| severe(&finding)), done.code == 1);
}

#[test]
fn sets_of_which_little_can_be_known() {
    let desk = Desk::new();
    desk.synth("one", 1, 4, 3, 1);
    let found = desk.run("leakage one --json").succeeds().json();
    assert_eq!(found["cues"], Value::Null);
    assert!(found["not_computed"].to_string().contains("5 writers"), "{found}");
    desk.synth("single", 6, 1, 2, 1);
    assert_eq!(desk.run("leakage single --json").succeeds().json()["cues"], Value::Null);

    let rows = (1..=6).map(|writer| format!("{writer:03}/{writer:03}_01.png,{writer},genuine\n")).collect::<String>();
    desk.write("single/manifest.csv", format!("path,writer,kind\n{rows}").as_bytes());
    let printed = desk.run("leakage single").succeeds();
    assert!(printed.out.contains("[not computed]"), "{}", printed.out);
    desk.write("single/manifest.csv", b"path,writer,kind\nmissing.png,1,genuine\n");
    desk.run("leakage single").fails_with(&["manifest.csv", "line 2", "missing.png"]);
    desk.write("single/manifest.csv", format!("path,writer,kind\nmissing.png,1,genuine\n{rows}").as_bytes());
    let found = desk.run("leakage single --skip-bad --json").succeeds().json();
    assert_eq!((&found["images"], found["left_out"].as_array().unwrap().len()), (&Value::from(6), 1));
    desk.run("leakage nowhere").fails_with(&["nowhere", "not a folder"]);
    desk.synth("bad", 2, 2, 1, 1);
    desk.write("bad/001/001_01.png", b"no picture");
    desk.run("leakage bad").fails_with(&["001_01.png", "not an image"]);
    desk.run("leakage bad --skip-bad").succeeds();
    desk.run("leakage bad --skip-bad --report nowhere/page.html").fails_with(&["nowhere/page.html"]);
}

/// Real signatures, which are not part of this repository, and what is known of them.
#[test]
fn the_known_leaks_of_real_sets_are_found_where_they_are() {
    let desk = Desk::new();
    // CEDAR holds forgeries 13 to 15 of writer 8 once more as 16 to 18.
    for (name, cue, auc, forgers, copies) in
        [("dutch", "ink_tone_spread", 0.96, true, 0), ("cedar", "paper_level", 1.0, false, 3)]
    {
        let Some(data) = real_signatures(name) else { continue };
        let done = desk.run(&format!("leakage {} --json", data.display()));
        assert_eq!(done.code, 1, "{}", done.err);
        let found = done.json();
        let measured = probe(&found, "as_stored", cue);
        assert!((measured["auc"].as_f64().unwrap() - auc).abs() < 0.02, "{measured}");
        assert_eq!(measured["leak"], true);
        let framed = desk.run(&format!("leakage {} --model bundled --json", data.display())).json();
        for found in [&found, &framed] {
            for probe in found["cues"]["after_ink"].as_array().unwrap() {
                assert_eq!(probe["leak"], false, "{name}: {probe}");
            }
        }
        assert_ne!(found["cues"]["after_ink"], framed["cues"]["after_ink"], "another frame");
        assert_eq!(!found["shared_forgers"].as_array().unwrap().is_empty(), forgers, "{name}");
        let found_copies = found["copies"].as_array().unwrap();
        assert_eq!(found_copies.len(), copies, "{name}: {found_copies:?}");
        assert!(found_copies.iter().all(|copies| copies["crosses"] == serde_json::json!([])), "{found_copies:?}");
    }
}
