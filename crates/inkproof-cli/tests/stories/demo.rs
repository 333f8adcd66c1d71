//! The first thing that a newcomer runs.

use std::fs;

use super::program::Desk;

#[test]
fn the_demo_tells_the_whole_story_and_can_be_printed_again() {
    let desk = Desk::new();
    let printed = desk.run("demo").succeeds().out;
    for word in ["1. Verify", "skilled forgery", "2. Evaluate", "Equal error rate", "3. Look", "report.html"] {
        assert!(printed.contains(word), "`{word}` in: {printed}");
    }
    let page = fs::read_to_string(desk.path("inkproof-demo/report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("data:image/png;base64,"), "charts and pictures");
    assert!(!page.contains("http://") || page.contains("www.w3.org"), "nothing is fetched from elsewhere");

    let again = desk.run("demo --json").succeeds().json();
    for run in again["runs"].as_array().unwrap() {
        assert_eq!(run["training_images_in_test"], 0);
        let [low, high] = [0, 1].map(|end| run["skilled"]["eer_ci95"][end].as_f64().unwrap());
        let eer = run["skilled"]["eer"].as_f64().unwrap();
        assert!(low <= eer && eer <= high, "{low} {eer} {high}");
    }
    assert_eq!(again["report"], "inkproof-demo/report.html");
}

#[test]
fn the_command_that_the_demo_proposes_works() {
    let desk = Desk::new();
    let printed = desk.run("demo --out here").succeeds().out;
    let proposed = printed.lines().last().unwrap().split(" -- ").nth(1).unwrap();
    let done = desk.run(proposed);
    assert!(done.code < 2, "{}", done.err);
}

#[test]
fn other_signatures_are_not_taken_for_the_demos() {
    let desk = Desk::new();
    desk.synth("here/signatures", 2, 2, 1, 5);
    let before = desk.everything();
    desk.run("demo --out here").fails_with(&["other signatures"]);
    assert_eq!(desk.everything(), before);
}
