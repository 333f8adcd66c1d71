//! Shapes of a data set beside those of writers who do not exist.

use std::fs;

use super::program::Desk;

#[test]
fn signatures_of_one_style_lie_beside_those_of_another() {
    let desk = Desk::new();
    desk.run("synth made --writers 12 --genuine 3 --forgeries 1 --seed 3 --style blocks").succeeds();
    let beside = |style: &str| {
        let line = format!("statistics made --writers 20 --seed 4 --style {style} --json --report {style}.html");
        desk.run(&line).succeeds().json()
    };
    let overlap = |found: &serde_json::Value, id: &str| {
        let measures = found["measures"].as_array().unwrap();
        let measure = measures.iter().find(|measure| measure["id"] == id).unwrap();
        assert_eq!((&measure["real"]["signatures"], &measure["synthetic"]["signatures"]), (&36.into(), &80.into()));
        measure["overlap"].as_f64().unwrap()
    };
    let (same, other) = (beside("blocks"), beside("latin"));
    assert!(overlap(&same, "pieces") > overlap(&other, "pieces") + 0.2);
    assert_eq!(other["style"], "latin");
    let page = fs::read_to_string(desk.path("latin.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("--style latin") && !page.contains("http"));
    let told = desk.run("statistics made --writers 5").succeeds().out;
    assert!(told.contains("connected pieces") && told.contains("overlap"), "{told}");
    desk.run("statistics nowhere").fails_with(&["nowhere"]);
}
