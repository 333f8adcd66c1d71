//! The protocols on data sets in memory with made-up scores: counts, draws, refusals and the documented JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::dataset::tests::set_in_memory as set;
use crate::dataset::{DataSet, Kind};
use crate::error::Result;
use crate::progress::{Event, Progress, Silent};

/// A verifier that knows the writer and sees every other forgery, with a little noise.
fn knowing<'a>(set: &'a DataSet) -> impl Fn(&[usize], usize) -> f64 + Sync + 'a {
    move |references, questioned| {
        let image = &set.images[questioned];
        let noise = ((questioned * 7919) % 97) as f64 / 970.0;
        let same = set.images[references[0]].writer == image.writer;
        let seen = image.kind == Kind::Forgery && questioned % 2 == 0;
        let base = if same && !seen { 0.8 } else { 0.2 };
        base + noise
    }
}

fn options(references: usize) -> VerificationOptions {
    VerificationOptions { references, repeats: 4, seed: 5, threshold: Some(0.5), calibration: None }
}

fn run(set: &DataSet, references: usize) -> Result<VerificationResult> {
    verification(set, &knowing(set), &options(references), &mut Silent)
}

#[test]
fn every_comparison_is_of_its_class() {
    let set = set(&[(6, 4), (5, 6), (7, 2)]);
    let result = run(&set, 3).unwrap();
    assert_eq!((result.writers, result.images), (3, 30));
    let mut counts: BTreeMap<(String, usize), [usize; 3]> = BTreeMap::new();
    for comparison in &result.comparisons {
        let image = &set.images[comparison.questioned];
        let same = image.writer == comparison.writer;
        let expected = match comparison.class {
            Class::Genuine => (true, Kind::Genuine),
            Class::Skilled => (true, Kind::Forgery),
            Class::Random => (false, Kind::Genuine),
        };
        assert_eq!((same, image.kind), expected);
        assert_eq!(comparison.references.iter().collect::<BTreeSet<_>>().len(), 3);
        assert!(!comparison.references.contains(&comparison.questioned));
        for &reference in &*comparison.references {
            let image = &set.images[reference];
            assert_eq!((&image.writer, image.kind), (&comparison.writer, Kind::Genuine));
        }
        let round = (comparison.writer.to_string(), comparison.draw);
        counts.entry(round).or_default()[comparison.class as usize] += 1;
    }
    assert_eq!(counts.len(), 3 * 4);
    assert_eq!(counts[&("000".to_owned(), 0)], [3, 4, 2]);
    assert_eq!(counts[&("001".to_owned(), 3)], [2, 6, 2]);
    assert_eq!(counts[&("002".to_owned(), 2)], [4, 2, 2]);
}

#[test]
fn figures_are_those_of_the_scores() {
    let set = set(&[(6, 4), (5, 6), (7, 2)]);
    let result = run(&set, 1).unwrap();
    assert_eq!(result.random.eer, 0.0);
    assert_eq!(result.random.eer_ci95, Some([0.0, 0.0]));
    assert_eq!(result.random.auc, 1.0);
    assert_eq!(result.random.far_at_threshold, Some(0.0));
    let skilled = result.skilled.unwrap();
    assert_eq!(skilled.far_at_threshold, Some(0.5));
    assert_eq!(skilled.frr_at_threshold, Some(0.0));
    assert!(skilled.eer > 0.1 && skilled.auc < 0.9);
    let [low, high] = skilled.eer_ci95.unwrap();
    assert!(low <= skilled.eer && skilled.eer <= high && low < high);
}

#[test]
fn draws_follow_the_seed_and_nest_over_the_number_of_references() {
    let set = set(&[(6, 4), (5, 6), (7, 2)]);
    let references = |result: &VerificationResult| -> Vec<Vec<usize>> {
        let list = result.comparisons.iter().map(|c| c.references.to_vec());
        let mut list: Vec<_> = list.collect();
        list.dedup();
        list
    };
    let one = references(&run(&set, 1).unwrap());
    let three = references(&run(&set, 3).unwrap());
    assert_eq!(one, references(&run(&set, 1).unwrap()));
    assert_eq!(one.len(), three.len());
    assert!(one.iter().zip(&three).all(|(one, three)| three.starts_with(one)));
    let other_seed = VerificationOptions { seed: 6, ..options(1) };
    let other = verification(&set, &knowing(&set), &other_seed, &mut Silent).unwrap();
    assert_ne!(one, references(&other));
}

#[test]
fn writers_who_cannot_take_part_are_counted() {
    let set = set(&[(6, 4), (3, 9), (7, 0), (4, 1)]);
    let result = run(&set, 3).unwrap();
    assert_eq!((result.writers, result.images), (3, 22));
    let skipped = SkippedWriters { too_few_genuine: 1, no_forgeries: 1 };
    assert_eq!(result.skipped, skipped);
    let skilled = result.skilled.unwrap().comparisons;
    assert_eq!((skilled.genuine, skilled.forgery), (4 * (3 + 1), 4 * (4 + 1)));
    let random = result.random.comparisons;
    assert_eq!((random.genuine, random.forgery), (4 * (3 + 4 + 1), 4 * 3 * 2));
}

#[test]
fn without_forgeries_there_is_no_skilled_figure() {
    let set = set(&[(6, 0), (5, 0)]);
    let result = run(&set, 1).unwrap();
    assert!(result.skilled.is_none());
    let document = serde_json::to_value(&result).unwrap();
    assert_eq!(document["skilled"], Value::Null);
    assert_eq!(document["random"]["eer"], json!(0.0));
    assert_eq!(document["skipped"]["no_forgeries"], json!(2));
}

#[test]
fn one_writer_with_forgeries_has_no_interval() {
    let result = run(&set(&[(6, 3), (5, 0)]), 1).unwrap();
    assert_eq!(result.skilled.unwrap().eer_ci95, None);
    assert!(result.random.eer_ci95.is_some());
}

#[test]
fn too_little_is_refused() {
    let message = |result: Result<VerificationResult>| result.unwrap_err().to_string();
    let one_writer = message(run(&set(&[(9, 9)]), 1));
    assert!(one_writer.starts_with("made: 1 usable writer(s)"), "{one_writer}");
    let one_each = message(run(&set(&[(1, 3), (1, 3)]), 1));
    assert!(one_each.contains("0 usable writer(s)") && one_each.contains("at least 2 genuine"));
    let set = set(&[(3, 3), (3, 3)]);
    assert_eq!(message(run(&set, 0)), "references must be at least 1");
    let nan = |_: &[usize], _: usize| f64::NAN;
    let nan = message(verification(&set, &nan, &options(1), &mut Silent));
    assert!(nan.contains(".png: the model's score is NaN"), "{nan}");
}

/// The keys of design's example, in its order.
#[test]
fn json_has_the_documented_keys() {
    let set = set(&[(6, 4), (5, 6)]);
    let mut result = run(&set, 1).unwrap();
    result.training_images_in_test = Some(0);
    result.model = Some(ModelName { name: "bundled".to_owned(), digest: "abc".to_owned() });
    let text = serde_json::to_string(&result).unwrap();
    let start = r#"{"protocol":"verification","references":1,"repeats":4,"seed":5,"writers":2,"images":21,"skipped":{"too_few_genuine":0,"no_forgeries":0},"training_images_in_test":0,"skilled":{"eer":"#;
    assert!(text.starts_with(start), "{text}");
    let end = r#""calibration_images_in_test":null,"threshold":0.5,"model":{"name":"bundled","digest":"abc"}}"#;
    assert!(text.ends_with(end), "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    for row in ["skilled", "random"] {
        let keys: Vec<&String> = document[row].as_object().unwrap().keys().collect();
        let expected = [
            "eer",
            "eer_ci95",
            "auc",
            "auc_ci95",
            "eer_writer_thresholds",
            "far_at_threshold",
            "far_at_threshold_ci95",
            "frr_at_threshold",
            "frr_at_threshold_ci95",
            "decisions",
            "frr_at_far",
            "cllr",
            "cllr_ci95",
            "cllr_min",
            "calibration_loss",
            "comparisons",
        ];
        assert_eq!(keys.len(), expected.len());
        for key in expected {
            assert!(document[row].get(key).is_some(), "{key}");
        }
        for key in ["decisions", "cllr", "cllr_ci95", "cllr_min", "calibration_loss"] {
            assert_eq!(document[row][key], Value::Null, "not calibrated");
        }
        let [percent, per_mille] = document[row]["frr_at_far"].as_array().unwrap().as_slice() else { panic!("two") };
        assert_eq!((&percent["far"], &per_mille["far"]), (&json!(0.01), &json!(0.001)));
        assert!(percent["refused"].as_str().unwrap().starts_with("FAR 1 % needs 300 different"), "{percent}");
    }
}

#[test]
fn several_numbers_of_references_give_several_runs() {
    let set = set(&[(6, 4), (5, 6)]);
    let runs = verification_runs(&set, &knowing(&set), &[1, 3], &options(9), &mut Silent).unwrap();
    let document = serde_json::to_value(&runs).unwrap();
    assert_eq!(document["runs"][0]["references"], 1);
    assert_eq!(document["runs"][1]["references"], 3);
}

#[test]
fn progress_counts_the_rounds() {
    struct Seen(Vec<usize>);
    impl Progress for Seen {
        fn report(&mut self, event: Event<'_>) {
            match event {
                Event::Stage { total, .. } => self.0.push(total),
                Event::Advance { done } => self.0.push(done),
                _ => {}
            }
        }
    }
    let set = set(&[(6, 4), (5, 6)]);
    let mut seen = Seen(Vec::new());
    verification(&set, &knowing(&set), &options(1), &mut seen).unwrap();
    assert_eq!(seen.0, [8, 2, 4, 6, 8]);
}

#[test]
fn notebook_measures_loss_and_accuracy() {
    let set = set(&[(4, 2), (3, 5)]);
    let half = notebook(&set, &|_, _| 0.5, 1).unwrap();
    assert_eq!(half.pairs, 4 + 2 + 3 + 3);
    assert!((half.loss - 2.0_f64.ln()).abs() < 1e-12);
    assert_eq!(half.accuracy, 5.0 / 12.0, "0.5 itself is not an acceptance");
    let kind = |image: usize| set.images[image].kind;
    let right = notebook(&set, &|_, b| f64::from(u8::from(kind(b) == Kind::Genuine)), 1).unwrap();
    assert_eq!(right.accuracy, 1.0);
    assert!((right.loss - 1e-7).abs() < 1e-12, "clipped: {}", right.loss);
    let text = serde_json::to_string(&right).unwrap();
    assert!(text.starts_with(r#"{"protocol":"notebook","pairs":12,"loss":"#), "{text}");
    assert!(notebook(&set, &|_, _| f64::NAN, 1).is_err());
}

/// The intervals of a full CEDAR-sized run take seconds, not minutes.
#[test]
fn a_set_of_55_writers_takes_seconds() {
    let set = set(&[(24, 24); 55]);
    let options = VerificationOptions { references: 5, ..Default::default() };
    let start = std::time::Instant::now();
    let result = verification(&set, &knowing(&set), &options, &mut Silent).unwrap();
    assert_eq!(result.random.comparisons.forgery, 10 * 55 * 54);
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{seconds:.2} s");
    assert!(seconds < 30.0, "{seconds} s");
}
