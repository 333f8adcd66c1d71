//! How good a model is, and whether the test was fair.

use std::fs;

use serde_json::Value;

use super::program::{Desk, examples, real_signatures};

fn evaluate(desk: &Desk, data: &str, options: &str) -> Value {
    desk.run(&format!("evaluate {data} {options} --json")).succeeds().json()
}

#[test]
fn the_verification_protocol_speaks_as_the_contract_says() {
    let desk = Desk::new();
    let data = examples().display().to_string();
    let found = evaluate(&desk, &data, "--repeats 3");
    for (key, value) in [
        ("protocol", "verification".into()),
        ("references", 1.into()),
        ("repeats", 3.into()),
        ("seed", 0.into()),
        ("writers", 8.into()),
        ("images", Value::from(8 * 14)),
        ("training_images_in_test", 0.into()),
    ] {
        assert_eq!(found[key], value, "{key}");
    }
    assert_eq!(found["skipped"]["too_few_genuine"], 0);
    assert_eq!(found["skipped"]["no_forgeries"], 0);
    for (class, forgeries) in [("skilled", 8 * 6 * 3), ("random", 8 * 7 * 3)] {
        let rates = &found[class];
        for key in ["eer", "auc", "eer_writer_thresholds", "far_at_threshold", "frr_at_threshold"] {
            let rate = rates[key].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&rate), "{class} {key} {rate}");
        }
        assert_eq!(rates["comparisons"]["genuine"], 8 * 7 * 3);
        assert_eq!(rates["comparisons"]["forgery"], forgeries);
        let calibrated = rates["cllr"].is_number();
        assert!(["cllr_min", "calibration_loss"].iter().all(|key| rates[key].is_number() == calibrated));
    }
    assert_eq!(found["model"]["name"], "bundled");
    assert!(found["threshold"].is_number());
    assert_eq!(found, evaluate(&desk, &data, "--repeats 3"), "the same again");
    let several = evaluate(&desk, &data, "--repeats 2 --references 1,3");
    let references: Vec<_> = several["runs"].as_array().unwrap().iter().map(|run| run["references"].as_u64()).collect();
    assert_eq!(references, [Some(1), Some(3)]);
}

#[test]
fn the_notebooks_protocol_and_a_report() {
    let desk = Desk::new();
    let data = examples().display().to_string();
    let found = evaluate(&desk, &data, "--protocol notebook --report page.html");
    assert_eq!((found["protocol"].as_str(), found["pairs"].as_u64()), (Some("notebook"), Some(8 * (8 + 6))));
    assert!(found["loss"].as_f64().unwrap() > 0.0);
    assert!((0.0..=1.0).contains(&found["accuracy"].as_f64().unwrap()));
    assert!(fs::read_to_string(desk.path("page.html")).unwrap().contains("accuracy"));
    let printed = desk.run(&format!("evaluate {data} --repeats 1 --report page.html")).succeeds();
    assert!(printed.out.contains("skilled forgeries") && printed.out.contains("random forgeries"), "{}", printed.out);
    assert!(fs::read_to_string(desk.path("page.html")).unwrap().contains("<svg"));
    desk.run(&format!("evaluate {data} --repeats 1 --report nowhere/page.html")).err.contains("nowhere/page.html");
}

#[test]
fn the_report_is_one_file_for_a_manager_and_an_examiner() {
    let desk = Desk::new();
    let command = format!("evaluate {} --repeats 2 --references 1,3 --report page.html", examples().display());
    desk.run(&command).succeeds();
    let page = fs::read_to_string(desk.path("page.html")).unwrap();
    for section in [
        "verdict",
        "limits",
        "leakage",
        "figures",
        "det",
        "scores",
        "reliability",
        "risk",
        "writers",
        "mistakes",
        "examples",
        "words",
        "making",
    ] {
        assert!(page.contains(&format!("<section id=\"{section}\"")), "{section}");
    }
    for foreign in ["http", "<script", "url(", "<link"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("needs 300 different questioned forgeries"), "what is missing is said");
    let pictures = page.matches("src=\"data:image/png;base64,").count();
    assert_eq!(pictures, page.matches("<article").count() * 4, "three references and a questioned one each");
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    desk.run(&command).succeeds();
    assert!(fs::read_to_string(desk.path("page.html")).unwrap() == page, "the same bytes again");
}

#[test]
fn a_test_on_training_images_is_called_unfair_on_its_first_line() {
    let desk = Desk::new();
    desk.synth("signatures", 3, 3, 2, 2);
    desk.run("train signatures --out model.safetensors --preprocess raw --epochs 1").succeeds();
    let by_seed = desk.run("evaluate signatures --model model.safetensors --repeats 1").succeeds();
    let first = by_seed.out.lines().next().unwrap();
    assert!(first.contains("15 of the 15 test images were in the model's training"), "{first}");

    // Without the note of their origin they are images like any other, and known by what they show.
    desk.synth("real", 3, 3, 2, 9);
    fs::remove_file(desk.path("real/synth.json")).unwrap();
    desk.run("train real --out real.safetensors --preprocess raw --epochs 1").succeeds();
    desk.synth("test", 3, 3, 2, 10);
    fs::remove_file(desk.path("test/synth.json")).unwrap();
    fs::copy(desk.path("real/002/002_01.png"), desk.path("test/001/copied.png")).unwrap();
    let found = evaluate(&desk, "test", "--model real.safetensors --repeats 1");
    assert_eq!(found["training_images_in_test"], 1);
    assert_eq!(evaluate(&desk, "signatures", "--model real.safetensors --repeats 1")["training_images_in_test"], 0);
}

#[test]
fn a_writer_numbered_zero_is_no_writer_of_the_training() {
    let desk = Desk::new();
    desk.synth("data", 4, 3, 2, 31);
    fs::remove_file(desk.path("data/synth.json")).unwrap();
    for (from, to) in [("001", "000"), ("002", "0000"), ("003", "0")] {
        for folder in ["", "_forg"] {
            let path = |name: &str| desk.path(&format!("data/{name}{folder}"));
            fs::rename(path(from), path(to)).unwrap();
        }
    }
    let printed = desk.run("evaluate data --repeats 1").succeeds();
    assert!(!printed.out.contains("NOT A FAIR TEST"), "{}", printed.out);
    assert_eq!(evaluate(&desk, "data", "--repeats 1")["training_images_in_test"], 0);
    desk.run("calibrate data --out calibrated.safetensors --repeats 1").succeeds();
}

#[test]
fn writers_in_both_parts_are_refused_or_warned_of() {
    let desk = Desk::new();
    desk.synth("both/train", 2, 3, 2, 1);
    desk.synth("both/test", 2, 3, 2, 2);
    desk.run("evaluate both").fails_with(&["001", "both", "notebook protocol allows it"]);
    let notebook = desk.run("evaluate both --protocol notebook").succeeds();
    assert!(notebook.err.starts_with("warning: "), "{}", notebook.err);
    assert!(notebook.out.starts_with("10 pairs"), "{}", notebook.out);
}

/// Moves a synthetic set's files: `name` says where, of a writer, a kind and a number.
fn rearranged(desk: &Desk, data: &str, name: impl Fn(&str, bool, usize) -> String) {
    desk.synth("made", 4, 3, 2, 41);
    for writer in ["001", "002", "003", "004"] {
        for (folder, is_genuine) in [(writer.to_owned(), true), (format!("{writer}_forg"), false)] {
            let mut files: Vec<_> =
                fs::read_dir(desk.path(&format!("made/{folder}"))).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            for (number, file) in files.iter().enumerate() {
                desk.write(&format!("{data}/{}", name(writer, is_genuine, number)), &fs::read(file).unwrap());
            }
        }
    }
    fs::remove_dir_all(desk.path("made")).unwrap();
}

#[test]
fn gpds_and_mcyt_are_read_and_their_forgeries_are_forgeries() {
    let desk = Desk::new();
    let letters = |is_genuine, genuine, forged| if is_genuine { genuine } else { forged };
    rearranged(&desk, "gpds", |writer, genuine, number| {
        format!("{writer}/{}-{writer}-{number:02}.png", letters(genuine, "c", "cf"))
    });
    rearranged(&desk, "mcyt", |writer, genuine, number| {
        format!("0{writer}/0{writer}{}{number:02}.png", letters(genuine, "v", "f"))
    });
    for data in ["gpds", "mcyt"] {
        let found = evaluate(&desk, data, "--repeats 2");
        assert_eq!((found["images"].as_u64(), found["left_out"].as_array().unwrap().len()), (Some(20), 0), "{data}");
        assert_eq!(found["skilled"]["comparisons"], serde_json::json!({"genuine": 4 * 2 * 2, "forgery": 4 * 2 * 2}));
        assert_eq!(found["skilled"], evaluate(&desk, data, "--repeats 2 --skip-bad")["skilled"], "{data}");
    }
    // The same files under names that nobody knows are refused, and left out where that is asked for.
    rearranged(&desk, "mixed", |writer, genuine, number| {
        format!("{writer}/{writer}-{}-{number}.png", letters(genuine, "A", "B"))
    });
    for options in ["", "--skip-bad"] {
        desk.run(&format!("evaluate mixed {options}")).fails_with(&["mixed", "001-A-0 and 001-B-0", "manifest.csv"]);
        desk.run(&format!("train mixed --out m.safetensors {options}")).fails_with(&["seem to lie in it together"]);
        desk.run(&format!("leakage mixed {options}")).fails_with(&["seem to lie in it together"]);
    }
}

#[test]
fn genuine_signatures_alone_are_evaluated_and_trained_on_as_far_as_they_go() {
    let desk = Desk::new();
    desk.synth("alone", 5, 4, 0, 42);
    fs::create_dir_all(desk.path("alone/__MACOSX/001")).unwrap();
    desk.write("alone/results/roc.png", b"");
    let printed = desk.run("evaluate alone --repeats 1").succeeds();
    assert!(printed.out.contains("There are no skilled forgeries in this data"), "{}", printed.out);
    for words in ["alone/__MACOSX: no signatures", "alone/results: passed over"] {
        assert!(printed.err.contains(words), "{}", printed.err);
    }
    let found = evaluate(&desk, "alone", "--repeats 1");
    assert!(found["skilled"].is_null() && found["random"]["eer"].is_number(), "{found}");
    let trained = desk.run("train alone --out alone.safetensors --epochs 1").succeeds();
    assert!(trained.err.contains("warning: there are no skilled forgeries"), "{}", trained.err);
    desk.run("train alone --out inknet.safetensors --backbone inknet").succeeds();
    desk.run("calibrate alone --out calibrated.safetensors").succeeds();
}

#[test]
fn what_was_left_out_is_listed_and_counted() {
    let desk = Desk::new();
    desk.synth("signatures", 3, 3, 2, 6);
    desk.write("signatures/003/003_01.png", b"");
    desk.run("evaluate signatures --repeats 1").fails_with(&["003_01.png", "0 bytes"]);
    let found = evaluate(&desk, "signatures", "--repeats 1 --skip-bad");
    assert_eq!(found["images"], 14);
    assert_eq!(found["left_out"].as_array().unwrap().len(), 1);
    fs::remove_dir_all(desk.path("signatures/001_forg")).unwrap();
    desk.run("evaluate signatures --repeats 1").fails_with(&["001_forg"]);
    let found = evaluate(&desk, "signatures", "--repeats 1 --skip-bad");
    assert_eq!(found["skipped"]["no_forgeries"], 1);
}

/// Real signatures, which are not part of this repository.
#[test]
fn real_data_sets_are_read_whole_where_they_are() {
    let desk = Desk::new();
    for (name, writers, images) in [("dutch", 10, 280), ("cedar", 14, 672)] {
        let Some(data) = real_signatures(name) else { continue };
        let found = evaluate(&desk, &data.display().to_string(), "--repeats 1");
        let key = |key: &str| found[key].as_u64().unwrap();
        assert_eq!((key("writers"), key("images"), key("training_images_in_test")), (writers, images, 0), "{name}");
        assert_eq!(key("calibration_images_in_test"), images, "{name}: they fixed the bundled model's threshold");
        assert_eq!(found["left_out"], serde_json::json!([]), "{name}");
        assert!(found["random"]["eer"].as_f64().unwrap() < 0.5, "{name}: better than guessing");
    }
}
