//! Shapes of a data set compared with those of writers who do not exist.

use std::fs;

use super::program::Desk;

#[test]
fn signatures_of_one_style_are_nearer_to_it_than_to_another() {
    let desk = Desk::new();
    desk.run("synth made --writers 12 --genuine 3 --forgeries 1 --seed 3 --style blocks").succeeds();
    let compared = |style: &str| {
        let line = format!("statistics made --writers 20 --seed 4 --style {style} --json --report {style}.html");
        desk.run(&line).succeeds().json()
    };
    let overlap = |found: &serde_json::Value, id: &str| {
        let measures = found["measures"].as_array().unwrap();
        let measure = measures.iter().find(|measure| measure["id"] == id).unwrap();
        assert_eq!((&measure["real"]["signatures"], &measure["synthetic"]["signatures"]), (&36.into(), &80.into()));
        measure["overlap"].as_f64().unwrap()
    };
    let (same, other) = (compared("blocks"), compared("latin"));
    assert!(overlap(&same, "pieces") > overlap(&other, "pieces") + 0.2);
    assert_eq!(other["style"], "latin");
    let page = fs::read_to_string(desk.path("latin.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("--style latin") && !page.contains("http"));
    let printed = desk.run("statistics made --writers 5").succeeds().out;
    assert!(printed.contains("connected pieces") && printed.contains("overlap"), "{printed}");
    desk.run("statistics nowhere").fails_with(&["nowhere"]);
}
