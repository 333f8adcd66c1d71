//! What stamps and copies do to verdicts, measured on writers who do not exist.

use std::fs;

use super::program::Desk;

const THREE: &str = "--writers 2 --questioned 2 --seed 5 --conditions stamp,photocopy,trimmed-54";

#[test]
fn conditions_are_measured_against_clean_files_and_the_same_each_time() {
    let desk = Desk::new();
    let outputs = "--csv table.csv --scores scores.csv --save kept";
    let found = desk.run(&format!("robustness {THREE} --json {outputs}")).succeeds().json();
    let ids: Vec<&str> =
        found["conditions"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["clean", "stamp", "photocopy", "trimmed-54"]);
    for (key, value) in [("writers", 2), ("references", 4), ("genuine", 4), ("forged", 4), ("random", 0)] {
        assert_eq!(found[key], value, "{key}");
    }
    let clean = &found["conditions"][0];
    assert_eq!(clean["genuine"]["accepted"]["share"], 1.0, "the writers' own signatures on clean paper");
    assert_eq!(clean["demands"], serde_json::Value::Null);
    assert_eq!(found["conditions"][2]["demands"]["genuine_rejected"]["limit"], 0.03);
    assert_eq!(found["left_out"], serde_json::json!([]));
    assert_eq!(found, desk.run(&format!("robustness {THREE} --json")).succeeds().json(), "the same again");

    assert_eq!(fs::read_to_string(desk.path("table.csv")).unwrap().lines().count(), 1 + 4);
    let scores = fs::read_to_string(desk.path("scores.csv")).unwrap();
    assert_eq!(scores.lines().count(), 1 + 4 * 8);
    assert_eq!(fs::read_dir(desk.path("kept/stamp")).unwrap().count(), 8);

    let text = desk.run(&format!("robustness {THREE} --earlier table.csv")).succeeds().out;
    assert!(
        text.contains("  100 / 0 / ")
            && text.contains("earlier*")
            && text.contains("photocopy ")
            && text.contains("of 3 conditions"),
        "{text}"
    );
    let markdown = desk.run(&format!("robustness {THREE} --markdown")).succeeds().out;
    assert!(markdown.contains("| `trimmed-54` | cut to the last pixel, 54 high |"), "{markdown}");
}

#[test]
fn folders_are_read_and_what_cannot_be_measured_is_refused() {
    let desk = Desk::new();
    desk.synth("one", 2, 3, 1, 1);
    desk.synth("two", 3, 3, 1, 2);
    let genuine =
        (1..=3).flat_map(|writer| (1..=3).map(move |at| format!("00{writer}/00{writer}_0{at}.png,{writer},genuine")));
    let manifest = genuine.fold("path,writer,kind".to_owned(), |rows, row| rows + "\n" + &row);
    desk.write("two/manifest.csv", manifest.as_bytes());
    let line = "robustness one two --references 2 --questioned 1 --conditions line --json";
    let found = desk.run(line).succeeds().json();
    assert_eq!(found["sets"], serde_json::json!(["one", "two"]));
    assert_eq!((&found["writers"], &found["forged"], &found["random"]), (&5.into(), &5.into(), &3.into()));
    assert_eq!(found["by_set"].as_array().unwrap().len(), 2);
    desk.run("robustness one --references 3").fails_with(&["one", "4 genuine signatures"]);
    desk.run("robustness one --conditions rain").fails_with(&["rain", "rotation-3"]);
    desk.run("robustness nowhere").fails_with(&["nowhere"]);
    desk.run("robustness one --questioned 0").fails_with(&["questioned", "at least 1"]);
    desk.run("robustness one --references 2 --conditions stamp --csv one/001/001_01.png").fails_with(&["001_01.png"]);
    desk.run("robustness one --earlier one/001/001_01.png").fails_with(&["001_01.png", "table"]);
    desk.run("robustness one --pictures there").is_no_usage();
    desk.write("two/001/001_03.png", b"no image");
    desk.run("robustness two --references 2 --conditions stamp").fails_with(&["001_03.png"]);
    let rest = desk.run("robustness two --references 2 --conditions stamp --skip-bad --json").succeeds().json();
    assert_eq!(rest["left_out"].as_array().unwrap().len(), 1);
    assert_eq!(rest["genuine"], 2);
}

#[test]
fn pictures_of_every_condition_can_be_looked_at() {
    let desk = Desk::new();
    desk.run("robustness --pictures pictures").succeeds();
    let names = desk.everything();
    assert!(names.contains(&"pictures/conditions.png".to_owned()) && names.contains(&"pictures/phone.jpg".to_owned()));
    assert!(names.len() > 40, "{names:?}");
}
