//! One questioned signature, one or several references, a decision.

use std::fs;

use inkproof::{GrayRule, Limits, decode};

use super::program::{Desk, example_files};

#[test]
fn a_decision_its_score_and_its_exit_code_agree() {
    let desk = Desk::new();
    let genuine = example_files("001");
    let [a, b, c] = [&genuine[0], &genuine[1], &genuine[2]].map(|path| path.display().to_string());
    let done = desk.run(&format!("verify --reference {a} --reference {b} {c} --json"));
    let found = done.json();
    let (score, threshold) = (found["score"].as_f64().unwrap(), found["threshold"].as_f64().unwrap());
    let undecided = found["support"].as_str().is_some_and(|support| support.starts_with("support for neither"));
    let (decision, code) = if undecided {
        ("undecided", 3)
    } else if score >= threshold {
        ("accepted", 0)
    } else {
        ("rejected", 1)
    };
    assert_eq!((found["decision"].as_str(), done.code), (Some(decision), code));
    let calibrated = found["log10_lr"].is_number();
    assert_eq!((found["support"].is_string(), found["bound"].is_number()), (calibrated, calibrated));
    let singles: Vec<f64> =
        found["references"].as_array().unwrap().iter().map(|r| r["score"].as_f64().unwrap()).collect();
    assert_eq!(singles.len(), 2);
    let alone = desk.run(&format!("verify --reference {b} {c} --json")).json();
    assert_eq!(alone["score"].as_f64(), Some(singles[1]), "each reference has the score that it would have alone");
    let swapped = desk.run(&format!("verify --reference {b} --reference {a} {c} --json")).json();
    assert!((swapped["score"].as_f64().unwrap() - score).abs() < 1e-9, "their order does not matter");
    assert_eq!(found["references"][0]["path"], a);
    assert_eq!(found["questioned"], c);
    assert_eq!(found["model"]["name"], "bundled");
    assert_eq!(found["model"]["digest"].as_str().unwrap().len(), 16);
    for part in ["decode", "ink", "embed", "score"] {
        assert!(found["milliseconds"][part].as_f64().unwrap() >= 0.0, "{part}");
    }
}

#[test]
fn the_threshold_can_be_given_and_the_verdict_is_plain() {
    let desk = Desk::new();
    let genuine = example_files("002");
    let pair = format!("--reference {} {}", genuine[0].display(), genuine[1].display());
    let accepted = desk.run(&format!("verify {pair} --threshold 0"));
    assert_eq!(accepted.code, 0);
    assert!(accepted.out.starts_with("ACCEPTED: "), "{}", accepted.out);
    let rejected = desk.run(&format!("verify {pair} --threshold 9.5"));
    assert_eq!(rejected.code, 1);
    assert!(rejected.out.starts_with("REJECTED: "), "{}", rejected.out);
    assert!(rejected.out.contains("is below the threshold 9.5"), "{}", rejected.out);
}

#[test]
fn a_signature_is_most_like_itself_and_standard_input_is_an_image_too() {
    let desk = Desk::new();
    let genuine = example_files("003");
    let reference = genuine[0].display();
    let itself =
        desk.run_with_input(&format!("verify --reference {reference} - --json"), &fs::read(&genuine[0]).unwrap());
    let other =
        desk.run_with_input(&format!("verify --reference {reference} - --json"), &fs::read(&genuine[1]).unwrap());
    assert_eq!(itself.json()["questioned"], "-");
    let score = |done: &super::program::Done| done.json()["score"].as_f64().unwrap();
    assert!(score(&itself) > score(&other), "{} against {}", score(&itself), score(&other));
    let swapped =
        desk.run(&format!("verify --reference {} {reference} --json", genuine[1].display())).json()["score"].as_f64();
    assert!((swapped.unwrap() - score(&other)).abs() < 1e-6, "which one is the reference does not matter");
}

#[test]
fn two_signatures_on_one_sheet_are_left_to_a_person() {
    let desk = Desk::new();
    let genuine = example_files("001");
    let limits = Limits::default();
    let pictures =
        [&genuine[1], &genuine[2]].map(|path| decode(&fs::read(path).unwrap(), GrayRule::OnWhite, &limits).unwrap());
    // One above the other, with a sheet's height of paper between.
    let (width, height) = (pictures[0].width(), pictures[0].height());
    let dark = |gray: &inkproof::Gray| -> Vec<u8> {
        gray.pixels().iter().map(|&pixel| if pixel < 150 { 20 } else { 240 }).collect()
    };
    let mut sheet = format!("P5\n{width} {}\n255\n", 3 * height).into_bytes();
    sheet.extend([dark(&pictures[0]), vec![240; width * height], dark(&pictures[1])].concat());
    desk.write("two.pgm", &sheet);
    let reference = genuine[0].display();
    let done = desk.run(&format!("verify --reference {reference} two.pgm"));
    assert_eq!(done.code, 3, "{}", done.out);
    assert!(done.out.contains("Unfit: two.pgm: there seems to be more than one signature"), "{}", done.out);
    let found = desk.run(&format!("verify --reference {reference} two.pgm --json")).json();
    assert_eq!(found["decision"], "undecided");
    assert!(found["flaws"][0]["flaw"].as_str().unwrap().contains("more than one signature"), "{found}");
}

#[test]
fn of_several_files_the_last_is_judged_and_it_is_said() {
    let desk = Desk::new();
    let genuine = example_files("001");
    let [a, b, c, q] = [0, 1, 2, 4].map(|place| genuine[place].display().to_string());
    let spelled = desk.run(&format!("verify --reference {a} --reference {b} --reference {c} {q} --json"));
    for line in [format!("verify --reference {a} {b} {c} {q}"), format!("verify {a} {b} {c} {q}")] {
        let found = desk.run(&format!("{line} --json"));
        let (json, expected) = (found.json(), spelled.json());
        assert_eq!((&json["score"], &json["questioned"]), (&expected["score"], &q.as_str().into()), "{line}");
        assert_eq!(json["references"], expected["references"], "{line}");
        assert!(found.err.contains(&format!("{q} is judged, since it is the last")), "{}", found.err);
        let text = desk.run(&line);
        assert_eq!(text.code, spelled.code);
        assert!(text.out.contains(&format!("{a}, {b}, {c} are taken for the references")), "{}", text.out);
    }
    let two = desk.run(&format!("verify {a} {q}"));
    two.fails_with(&[&format!("--reference {a} {q}"), &format!("--reference {q} {a}")]);
    desk.run(&format!("verify {q}")).fails_with(&["nothing to compare", "--reference", "--writer"]);
    desk.run(&format!("verify --writer anna {a} {q}")).fails_with(&["one signature", "verify-batch"]);
    let one = desk.run(&format!("verify --reference {a} {q}"));
    assert!(!one.out.contains("is judged, since"), "{}", one.out);
}

/// The page's text without its pictures.
fn case_file(desk: &Desk, name: &str) -> String {
    let page = fs::read_to_string(desk.path(name)).unwrap();
    let mut parts = page.split("base64,");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + &part[part.find('"').expect("the picture ends")..])
}

#[test]
fn a_case_file_tells_all_that_the_verdict_rests_on() {
    let desk = Desk::new();
    let genuine = example_files("001");
    // A file may be called anything, and a name is not to become a part of the page.
    let hostile = "<script>alert(1)<\u{2215}script>&.png";
    fs::copy(&genuine[3], desk.path(hostile)).unwrap();
    let references: Vec<String> = genuine[..3].iter().map(|path| path.display().to_string()).collect();
    let done = desk.run(&format!("verify {} {hostile} --report case.html --json", references.join(" ")));
    let found = done.json();
    assert!(found["pictures"].is_null(), "pictures are the page's: {found}");
    let page = case_file(&desk, "case.html");
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
    let signed = |value: f64| format!("{value:+.2}").replace('-', "−");
    let lr = found["log10_lr"].as_f64().unwrap();
    let [low, high] = [0, 1].map(|end| found["log10_lr_ci95"][end].as_f64().unwrap());
    assert!(low <= lr && lr <= high && low < high, "{found}");
    for value in [signed(lr), format!("{} to {}", signed(low), signed(high))] {
        assert!(page.contains(&format!("<td>{value}</td>")), "{value}: {page}");
    }
    let sha256 = |path: &std::path::Path| -> String {
        use sha2::Digest;
        sha2::Sha256::digest(fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    for path in &genuine[..4] {
        assert!(page.contains(&sha256(path)), "{}: {page}", path.display());
    }
    let digest = found["model"]["digest"].as_str().unwrap();
    for words in [
        digest,
        "written by the writer of the references.",
        "written by somebody else, who imitated",
        " times more probable if proposition ",
        "What this does not say",
        "--report case.html",
        env!("CARGO_PKG_VERSION"),
        "alert(1)",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let whole = fs::read_to_string(desk.path("case.html")).unwrap();
    assert_eq!(whole.matches("<img ").count(), 5, "where they agree, and the four images");
    assert!(!whole.contains("http") && !whole.contains("url("), "it needs no other file");
}

#[test]
fn a_case_file_says_whose_threshold_it_was_and_gives_no_secret_away() {
    let desk = Desk::new();
    let genuine = example_files("001");
    let [a, b] = [&genuine[0], &genuine[4]].map(|path| path.display().to_string());
    let secret = "--key-command=secret --store postgres://user:password@nowhere/db";
    desk.run(&format!("verify --reference {a} {b} --threshold=-5 --report case.html {secret}")).succeeds();
    let page = case_file(&desk, "case.html");
    assert!(page.contains("given by whoever asked") && page.contains("--key-command ... --store ..."), "{page}");
    assert!(!page.contains("secret") && !page.contains("password"), "{page}");
    let stranger = example_files("004")[0].display().to_string();
    desk.run(&format!("verify --reference {a} {stranger} --threshold=-5 --report other.html")).succeeds();
    assert!(case_file(&desk, "other.html").contains("The decision and the evidence differ"));
}

#[test]
fn a_case_file_says_what_is_wrong_with_an_image() {
    let desk = Desk::new();
    let genuine = example_files("002");
    let [a, b] = [&genuine[0], &genuine[0]].map(|path| path.display().to_string());
    let done = desk.run(&format!("verify --reference {a} {b} --report same.html"));
    assert!(done.out.contains("The case file is same.html."), "{}", done.out);
    assert_eq!(done.code, 3);
    let page = case_file(&desk, "same.html");
    for words in ["Undecided: a person has to look at it", "the same signing as reference 1", "There is one reference"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
}
