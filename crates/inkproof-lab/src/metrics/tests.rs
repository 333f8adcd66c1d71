//! Error rates by hand, their laws as properties, and the interval's determinism. Values from scikit-learn are in
//! `tests/metrics_golden.rs`.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn trials(scores: &[(usize, bool, f64)]) -> Vec<Trial> {
    let trial = |&(writer, genuine, score)| Trial { score, writer, genuine };
    scores.iter().map(trial).collect()
}

#[test]
fn thresholds_accept_from_their_score_on() {
    let scores = Scores::of_classes(&[0.4, 0.6, 0.8], &[0.2, 0.6]).unwrap();
    let rates = |threshold| {
        let point = scores.at_threshold(threshold);
        (point.far, point.frr)
    };
    assert_eq!(rates(0.0), (1.0, 0.0));
    assert_eq!(rates(0.6), (0.5, 1.0 / 3.0));
    assert_eq!(rates(0.61), (0.0, 2.0 / 3.0));
    assert_eq!(rates(0.9), (0.0, 1.0));
}

#[test]
fn threshold_of_classes_apart_lies_in_the_middle() {
    let eer = Scores::of_classes(&[0.8, 0.7], &[0.1, 0.3]).unwrap().eer();
    assert_eq!(eer.rate, 0.0);
    assert!((eer.threshold - 0.5).abs() < 1e-12);
}

#[test]
fn empty_classes_and_nan_are_errors() {
    let message = |genuine: &[f64], forgeries: &[f64]| {
        let error = Scores::of_classes(genuine, forgeries).unwrap_err();
        error.to_string()
    };
    assert!(message(&[], &[1.0]).starts_with("no genuine scores"));
    assert!(message(&[1.0], &[]).starts_with("no forgery scores"));
    assert!(message(&[1.0, f64::NAN], &[0.0]).starts_with("a genuine score is NaN"));
    assert!(message(&[1.0], &[f64::INFINITY]).starts_with("a forgery score is inf"));
}

#[test]
fn writer_thresholds_are_optimistic() {
    let two_scales = trials(&[(7, true, 0.9), (7, false, 0.8), (9, true, 0.3), (9, false, 0.2)]);
    let scores = Scores::new(two_scales).unwrap();
    assert_eq!(scores.writers(), 2);
    assert_eq!(scores.eer().rate, 0.5);
    assert_eq!(scores.eer_writer_thresholds(), Some(0.0));
    let apart = Scores::new(trials(&[(1, true, 1.0), (2, false, 0.0)])).unwrap();
    assert_eq!(apart.eer_writer_thresholds(), None);
}

#[test]
fn interval_needs_two_writers() {
    let one = Scores::of_classes(&[0.9, 0.2], &[0.1, 0.5]).unwrap();
    assert_eq!(one.eer_interval(0), None);
}

#[test]
fn interval_does_not_depend_on_the_number_of_threads() {
    let many: Vec<_> = (0..400).map(|i| (i % 10, i % 3 == 0, ((i * 7919) % 101) as f64)).collect();
    let scores = Scores::new(trials(&many)).unwrap();
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| scores.eer_interval(3))
    };
    assert_eq!(with_threads(1), with_threads(4));
    assert_ne!(with_threads(1), scores.eer_interval(4));
}

/// Writers that differ in kind give a wide interval, writers that are alike a narrow one.
#[test]
fn interval_tells_how_much_writers_differ() {
    let width = |easy_writers: usize| {
        let mut all = Vec::new();
        for writer in 0..20 {
            let forged = if writer < easy_writers { 0.0 } else { 1.5 };
            all.extend((0..10).map(|i| (writer, true, 1.0 + 0.1 * i as f64)));
            all.extend((0..10).map(|i| (writer, false, forged + 0.1 * i as f64 - 0.1)));
        }
        let [low, high] = Scores::new(trials(&all)).unwrap().eer_interval(0).unwrap();
        high - low
    };
    assert!(width(0) < 1e-9);
    assert!(width(10) > 0.1);
}

fn any_scores() -> impl Strategy<Value = Vec<(usize, bool, f64)>> {
    let score = prop_oneof![-1.0..1.0f64, (-3..3i32).prop_map(f64::from)];
    let one_of_each = [(0, true, 0.25), (1, false, -0.25)];
    vec((0..5usize, any::<bool>(), score), 0..80).prop_map(move |scores| [scores, one_of_each.to_vec()].concat())
}

proptest! {
    #[test]
    fn rates_do_not_change_under_a_monotone_map(scores in any_scores()) {
        let mapped: Vec<_> = scores
            .iter()
            .map(|&(writer, genuine, score)| (writer, genuine, (2.0 * score).exp() - 5.0))
            .collect();
        let (before, after) = (Scores::new(trials(&scores))?, Scores::new(trials(&mapped))?);
        prop_assert_eq!(before.eer().rate, after.eer().rate);
        prop_assert_eq!(before.auc(), after.auc());
        prop_assert_eq!(before.eer_writer_thresholds(), after.eer_writer_thresholds());
    }

    #[test]
    fn swapping_the_classes_mirrors_the_rates(scores in any_scores()) {
        let swapped: Vec<_> = scores.iter().map(|&(writer, genuine, score)| (writer, !genuine, score)).collect();
        let turned: Vec<_> = swapped.iter().map(|&(writer, genuine, score)| (writer, genuine, -score)).collect();
        let original = Scores::new(trials(&scores))?;
        let swapped = Scores::new(trials(&swapped))?;
        let turned = Scores::new(trials(&turned))?;
        prop_assert!((original.eer().rate + swapped.eer().rate - 1.0).abs() < 1e-12);
        prop_assert!((original.auc() + swapped.auc() - 1.0).abs() < 1e-12);
        prop_assert!((original.eer().rate - turned.eer().rate).abs() < 1e-12);
        prop_assert!((original.auc() - turned.auc()).abs() < 1e-12);
    }

    #[test]
    fn interval_contains_the_rate(scores in any_scores(), seed in 0..10u64) {
        let scores = Scores::new(trials(&scores))?;
        let rate = scores.eer().rate;
        let [low, high] = scores.eer_interval(seed).expect("two writers");
        prop_assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0);
    }

    #[test]
    fn curve_falls_and_rises_from_end_to_end(scores in any_scores()) {
        let curve = Scores::new(trials(&scores))?.curve(50);
        prop_assert_eq!((curve[0].far, curve[0].frr), (1.0, 0.0));
        prop_assert_eq!((curve[49].far, curve[49].frr), (0.0, 1.0));
        for pair in curve.windows(2) {
            prop_assert!(pair[0].far >= pair[1].far && pair[0].frr <= pair[1].frr);
        }
    }
}
