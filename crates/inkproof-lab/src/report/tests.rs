//! The page from made-up comparisons: complete, self-contained, escaped, and written whole or not at all.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::dataset::tests::set_in_memory;
use crate::evaluate::{ModelName, VerificationOptions, verification_runs};
use crate::progress::Silent;

/// Two runs over 8 made-up writers, whose scores lie roughly as a mediocre model's.
fn report() -> Report {
    let set = set_in_memory(&[(9, 8); 8]);
    let score = |references: &[usize], questioned: usize| {
        let image = &set.images[questioned];
        let same = set.images[references[0]].writer == image.writer;
        let base = match (same, image.kind) {
            (true, crate::dataset::Kind::Genuine) => 0.66,
            (true, crate::dataset::Kind::Forgery) => 0.5,
            (false, _) => 0.3,
        };
        let mut rng = ChaCha8Rng::seed_from_u64((questioned * 31 + references[0]) as u64);
        let noise: f64 = (0..4).map(|_| rng.random_range(-0.12..0.12)).sum();
        base + noise + 0.01 * references.len() as f64
    };
    let options = VerificationOptions { threshold: Some(0.58), ..Default::default() };
    let runs = verification_runs(&set, &score, &[1, 3], &options, &mut Silent).unwrap();
    let mut runs = runs.runs;
    for run in &mut runs {
        run.model = Some(ModelName { name: "made-up".to_owned(), digest: "0123456789abcdef".to_owned() });
        run.training_images_in_test = Some(0);
    }
    Report {
        title: "Verification of <made-up> signatures".to_owned(),
        data: "8 writers with 9 genuine signatures and 8 skilled forgeries each, none of them in training.".to_owned(),
        verdict: verdict(&runs[0]),
        verification: runs,
        notebook: None,
        examples: vec![
            example(Decision::Accepted, Class::Genuine, 0.71),
            example(Decision::Rejected, Class::Random, 0.22),
            example(Decision::Accepted, Class::Skilled, 0.63),
            example(Decision::Undecided, Class::Skilled, 0.57),
        ],
        made: Making {
            command: "inkproof evaluate data --references 1,3 --report report.html".to_owned(),
            seed: 0,
            model: "made-up".to_owned(),
            model_digest: "0123456789abcdef".to_owned(),
            version: "0.1.0".to_owned(),
        },
    }
}

fn example(decision: Decision, truth: Class, score: f64) -> Example {
    let picture = include_bytes!("../../tests/data/picture.png").to_vec();
    Example {
        writer: "w&1".to_owned(),
        references: vec![picture.clone(); 2],
        questioned: picture,
        score,
        threshold: 0.58,
        decision,
        truth,
    }
}

#[test]
fn page_is_complete_and_needs_nothing_beside_it() {
    let report = report();
    let page = report.html().unwrap();
    assert_eq!(page, report.html().unwrap(), "deterministic");
    assert_eq!(page.matches("<svg role=\"img\"").count(), 4, "two charts a run");
    assert_eq!(page.matches("<article").count(), 4);
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 12);
    assert_eq!(page.matches("src=").count(), 12);
    assert!(!page.contains("href=") && !page.contains("url(") && !page.contains("<script"));
    assert!(page.contains("Verification of &lt;made-up&gt; signatures"));
    assert!(page.contains("Writer w&amp;1;"));
    assert!(!page.contains("Not a fair test") && !page.contains("NaN"));
    for row in ["3 references, 8 writers", "skilled forgeries", "0123456789abcdef"] {
        assert!(page.contains(row), "{row}");
    }
}

#[test]
fn a_test_that_met_the_training_is_called_so() {
    let mut report = report();
    report.verification[1].training_images_in_test = Some(7);
    assert!(report.html().unwrap().contains("Not a fair test.</strong> 7 test images"));
    assert!(verdict(&report.verification[1]).starts_with("The model was trained on 7 of the 136 test images"));
}

#[test]
fn verdict_is_plain_language() {
    let mut run = report().verification.remove(0);
    run.random.eer = 0.081;
    run.random.eer_ci95 = Some([0.05, 0.112]);
    let text = verdict(&run).replace('\u{a0}', " ");
    assert!(text.contains("it is 8.1 % (95 % interval 5.0 % to 11.2 %)."), "{text}");
    assert!(text.contains("At the model's threshold it accepts "), "{text}");
    run.skilled = None;
    run.random.far_at_threshold = None;
    let text = verdict(&run);
    assert!(text.starts_with("There are no skilled forgeries in this data"));
    assert!(!text.contains("threshold"));
}

#[test]
fn odd_runs_are_drawn_too() {
    let mut report = report();
    report.examples.clear();
    report.verification.truncate(1);
    let run = &mut report.verification[0];
    run.skilled = None;
    run.threshold = None;
    run.comparisons.retain(|comparison| comparison.class != Class::Skilled);
    for comparison in &mut run.comparisons {
        comparison.score = 1.0;
        comparison.references = Arc::from([0]);
    }
    let page = report.html().unwrap();
    assert!(page.contains("none in this data") && !page.contains("Examples"));
    report.verification[0].comparisons.clear();
    assert!(!report.html().unwrap().contains("<svg"));
}

#[test]
fn file_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let report = report();
    report.write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), report.html().unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = folder.path().join("missing/report.html");
    let error = report.write(&nowhere).unwrap_err().to_string();
    assert!(error.contains("missing/report.html"), "{error}");
}

/// Writes the page for the eye: `INKPROOF_REPORT=/tmp/report.html cargo test -p inkproof-lab look -- --ignored`.
#[test]
#[ignore = "writes a file to look at"]
fn page_to_look_at() {
    let path = std::env::var_os("INKPROOF_REPORT").expect("INKPROOF_REPORT names the file");
    report().write(Path::new(&path)).unwrap();
}
