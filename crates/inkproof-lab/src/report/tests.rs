//! The page from made-up comparisons: complete, self-contained, escaped, and written whole or not at all.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::dataset::WriterId;
use crate::dataset::tests::set_in_memory;
use crate::evaluate::{Comparison, ModelName, VerificationOptions, verification_runs};
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
        leakage: Some(LeakageSummary {
            verdict: "Nothing but shape tells the classes apart.".to_owned(),
            findings: vec![LeakageFinding {
                severity: Severity::Caution,
                sentence: "ink <tone>: AUC 0.51 (0.47 to 0.55)".to_owned(),
            }],
            ink_is_seen: false,
        }),
        verification: runs,
        notebook: None,
        mistakes: vec![
            example(Decision::Rejected, Class::Genuine, 0.31),
            example(Decision::Accepted, Class::Skilled, 0.7),
        ],
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

/// A run of nothing but these comparisons: claimed writer, class, score.
pub(super) fn run_of(comparisons: &[(&str, Class, f64)]) -> VerificationResult {
    let comparison = |(place, &(writer, class, score)): (usize, &(&str, Class, f64))| Comparison {
        class,
        writer: WriterId::new(writer),
        references: Arc::from([0]),
        questioned: place,
        score,
        draw: 0,
    };
    let comparisons = comparisons.iter().enumerate().map(comparison).collect();
    VerificationResult { comparisons, ..report().verification.remove(0) }
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
    let charts = page.matches("<svg role=\"img\" aria-label=\"").count();
    assert_eq!(charts, 1 + 2 + 2 + 2 * 2, "intervals; DET and risk for each kind of forgeries; two charts a run");
    assert_eq!(page.matches("<svg").count(), charts);
    assert_eq!(page.matches("<article").count(), 6);
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 18);
    assert_eq!(page.matches("src=").count(), 18);
    for foreign in ["http", "url(", "<script", "<link", "@import", "<iframe"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
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
    report.mistakes.clear();
    let page = report.html().unwrap();
    assert!(page.contains("none in this data") && !page.contains("Examples"));
    assert!(!page.contains("id=\"mistakes\"") && !page.contains("NaN"));
    report.verification[0].comparisons.clear();
    assert_eq!(report.html().unwrap().matches("<svg").count(), 1, "the intervals need no comparisons");
}

#[test]
fn the_page_says_what_it_cannot_say() {
    let mut report = report();
    let page = report.html().unwrap();
    let limits = section(&page, "limits");
    assert!(limits.contains("no likelihood ratio") && limits.contains("8 of them are few"), "{limits}");
    for absent in ["was not checked for leaks", "there are none in this data", "has no threshold"] {
        assert!(!limits.contains(absent), "{absent}");
    }
    report.leakage = None;
    for run in &mut report.verification {
        run.threshold = None;
    }
    let page = report.html().unwrap();
    assert!(section(&page, "limits").contains("the folds have a threshold each"));
    assert!(section(&page, "figures").contains("a threshold for each fold"));
    assert!(page.contains("The markers are at the threshold."));
    for run in &mut report.verification {
        run.skilled = None;
        (run.random.far_at_threshold, run.random.frr_at_threshold) = (None, None);
        run.comparisons.retain(|comparison| comparison.class != Class::Skilled);
    }
    report.verdict = verdicts(&report.verification);
    let page = report.html().unwrap();
    let limits = section(&page, "limits");
    for said in ["was not checked for leaks", "there are none in this data", "has no threshold"] {
        assert!(limits.contains(said), "{said}");
    }
    assert!(section(&page, "writers").contains("which this test itself gave"));
    assert!(page.contains("Nothing was tested against skilled forgeries."));
    assert!(page.contains("There is no threshold to mark.") && !page.contains("id=\"risk\""));
}

#[test]
fn the_audit_is_told_and_a_leak_comes_first() {
    let mut report = report();
    let page = report.html().unwrap();
    let leakage = section(&page, "leakage");
    assert!(leakage.contains("Nothing but shape") && leakage.contains("ink &lt;tone&gt;: AUC 0.51"), "{leakage}");
    assert!(!page.contains("The data set leaks."));
    let summary = report.leakage.as_mut().unwrap();
    summary.verdict = "Figures measure the scanner.".to_owned();
    summary.findings[0].severity = Severity::AsStored;
    let page = report.html().unwrap();
    let warned = page.find("The data set leaks.</strong> Figures measure the scanner.").unwrap();
    assert!(warned < page.find("id=\"verdict\"").unwrap());
    // What the model does not see is mentioned without an alarm.
    report.leakage.as_mut().unwrap().ink_is_seen = true;
    let page = report.html().unwrap();
    assert!(!page.contains("The data set leaks.") && section(&page, "leakage").contains("gone after ink"));
    report.leakage.as_mut().unwrap().findings[0].severity = Severity::AnyPreprocessing;
    assert!(report.html().unwrap().contains("The data set leaks."));
}

#[test]
fn every_section_can_be_reached_and_headings_are_in_order() {
    let page = report().html().unwrap();
    let links: Vec<&str> = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 11, "{links:?}");
    for link in links {
        let id = link.strip_prefix('#').expect("no link leads out of the page");
        assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
    }
    let levels: Vec<u32> = page.split("<h").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10)).collect();
    assert_eq!(levels.iter().filter(|&&level| level == 1).count(), 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    assert_eq!(page.matches("<th scope=").count(), page.matches("<th").count() - page.matches("<thead").count());
}

#[test]
fn the_table_has_the_figures_of_every_run() {
    let mut report = report();
    let rates = report.verification[1].skilled.as_mut().unwrap();
    (rates.eer, rates.eer_ci95, rates.auc) = (0.1234, Some([0.1, 0.15]), 0.9555);
    (rates.far_at_threshold, rates.frr_at_threshold) = (Some(0.2), Some(0.0625));
    let page = report.html().unwrap().replace('\u{a0}', " ");
    let table = section(&page, "figures");
    for cell in [
        "EER\">12.3 % <small>10.0 to 15.0</small>",
        "AUC\">0.956 <small>",
        "FAR\">20.0 % <small>",
        "FRR\">6.2 % <small>",
    ] {
        assert!(table.contains(&format!("<td data-label=\"{cell}")), "{cell} in {table}");
    }
    for class in ["skilled", "random"] {
        let refused = format!("Not given for {class} forgeries: FAR 1 % needs 300 different questioned forgeries");
        assert_eq!(table.matches(&refused).count(), 1, "64 skilled and 72 random ones");
    }
    assert!(!table.contains("FRR at FAR"), "no column without a figure");
    assert!(table.contains("3 references, 8 writers, 10 draws, threshold 0.580"));
    assert!(!table.contains("Cllr"), "no column without a figure");
    report.verification[0].random.cllr = Some(0.4321);
    assert!(section(&report.html().unwrap(), "figures").contains(">0.432</td>"));
}

#[test]
fn mistakes_are_counted_and_say_by_how_much_they_missed() {
    let report = report();
    let page = report.html().unwrap().replace('\u{a0}', " ");
    let mistakes = section(&page, "mistakes");
    let run = &report.verification[1];
    let genuine: Vec<f64> = run.comparisons.iter().filter(|c| c.class == Class::Genuine).map(|c| c.score).collect();
    let rejected = genuine.iter().filter(|&&score| score < 0.58).count();
    assert!(mistakes.contains(&format!("{rejected} of {} comparisons were rejected", genuine.len())), "{mistakes}");
    assert!(mistakes.contains("Score 0.310 &lt; threshold 0.580. It missed by 0.270."));
    assert!(mistakes.contains("Score 0.700 \u{2265} threshold 0.580. It missed by 0.120."));
}

/// FAR 10 % and FRR 20 % at the threshold, on a DET chart whose plot is 706 wide and 692 high: the marker lies where
/// `scipy.stats.norm.ppf` (SciPy 1.17) puts it, -1.2815515655 and -0.8416212336 between -3.0902323062 and 0.
#[test]
fn the_threshold_is_marked_where_its_rates_are() {
    let mut report = report();
    report.verification.truncate(1);
    let rates = &mut report.verification[0].random;
    (rates.far_at_threshold, rates.frr_at_threshold) = (Some(0.1), Some(0.2));
    let page = report.html().unwrap();
    let det = section(&page, "det").split("<svg").nth(2).unwrap();
    let marker = det.split("<circle").nth(1).unwrap();
    let number = |name: &str| -> f64 {
        marker.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    let place = |quantile: f64| 1.0 + quantile / 3.0902323062;
    assert!((number("cx") - (104.0 + 706.0 * place(-1.2815515655))).abs() <= 1.5, "{marker}");
    assert!((number("cy") - (716.0 - 692.0 * place(-0.8416212336))).abs() <= 1.5, "{marker}");
}

#[test]
fn several_runs_make_one_verdict() {
    let mut runs = report().verification;
    for (run, eer) in runs.iter_mut().zip([0.25, 0.125]) {
        let skilled = run.skilled.as_mut().unwrap();
        (skilled.eer, skilled.eer_ci95) = (eer, None);
        (run.random.eer, run.random.eer_ci95) = (eer / 10.0, None);
        run.threshold = None;
        run.random.far_at_threshold = None;
    }
    assert_eq!(
        verdicts(&runs).replace('\u{a0}', " "),
        "Skilled forgeries are distinguished from genuine signatures with an equal error rate of 25.0 % with 1 reference, and \
         12.5 % with 3 references. For other people's signatures (random forgeries) it is 2.5 % with 1 reference, and \
         1.2 % with 3 references."
    );
    assert_eq!(
        text::in_plain_words(&runs[0]),
        "With 1 reference, about 25 skilled forgeries in 100 pass for genuine when as many genuine signatures are turned \
         away. For other people's signatures it is about 2 in 100."
    );
    runs[0].skilled.as_mut().unwrap().eer_ci95 = Some([0.2, 0.5]);
    assert!(text::in_plain_words(&runs[0]).contains("20 to 50, so this test cannot exclude mere guessing."));
}

/// The section of the page with this id.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page.find(&format!("<section id=\"{id}\"")).expect(id);
    page[start..].split("</section>").next().unwrap()
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
