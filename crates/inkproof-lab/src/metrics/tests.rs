//! Error rates by hand, their laws as properties, and the interval's determinism. Values from scikit-learn are in
//! `tests/metrics_golden.rs`.

use proptest::collection::vec;
use proptest::prelude::*;

use inkproof::Log10Lr;

use super::*;

fn trials(scores: &[(usize, bool, f64)]) -> Vec<Trial> {
    let trial = |(questioned, &(writer, genuine, score))| Trial { score, writer, questioned, genuine };
    scores.iter().enumerate().map(trial).collect()
}

#[test]
fn thresholds_accept_from_their_score_on() {
    let scores = Scores::from_classes(&[0.4, 0.6, 0.8], &[0.2, 0.6]).unwrap();
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
    let eer = Scores::from_classes(&[0.8, 0.7], &[0.1, 0.3]).unwrap().eer();
    assert_eq!(eer.rate, 0.0);
    assert!((eer.threshold - 0.5).abs() < 1e-12);
}

#[test]
fn empty_classes_and_nan_are_errors() {
    let message = |genuine: &[f64], forgeries: &[f64]| {
        let error = Scores::from_classes(genuine, forgeries).unwrap_err();
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
    let one = Scores::from_classes(&[0.9, 0.2], &[0.1, 0.5]).unwrap();
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

/// Writers that differ in kind give a wide interval, writers that are similar a narrow one.
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

#[test]
fn frr_at_a_far_is_that_of_the_lowest_threshold_which_holds_it() {
    let forged: Vec<f64> = (0..100).map(f64::from).collect();
    let scores = Scores::from_classes(&[94.5, 96.0, 97.0, 200.0], &forged).unwrap();
    let at = |far| scores.at_far(far).unwrap();
    assert_eq!(at(0.05), OperatingPoint { threshold: 94.25, far: 0.05, frr: 0.0 });
    assert_eq!(at(0.049), OperatingPoint { threshold: 95.5, far: 0.04, frr: 0.25 });
    assert_eq!(at(0.03), OperatingPoint { threshold: 96.5, far: 0.03, frr: 0.5 });
    assert_eq!(scores.at_threshold(96.5), at(0.03));
}

#[test]
fn frr_at_a_far_needs_three_over_far_different_forgeries() {
    let forged: Vec<f64> = (0..300).map(f64::from).collect();
    assert_eq!(Scores::from_classes(&[1.0], &forged).unwrap().forged_images(), 300);
    assert!(Scores::from_classes(&[1.0], &forged).unwrap().at_far(0.01).is_ok());
    let refused = Scores::from_classes(&[1.0], &forged[1..]).unwrap().at_far(0.01).unwrap_err();
    assert!(matches!(refused, Error::TooFewForgeries { images: 299, needed: 300, .. }));
    assert!(refused.to_string().starts_with("FAR 1 % needs 300 "), "{refused}");
    let needed = Scores::from_classes(&[1.0], &forged).unwrap().at_far(0.001).unwrap_err().to_string();
    assert!(needed.starts_with("FAR 0.1 % needs 3000 different questioned forgeries (rule of 3); there are 300"));

    // The same image in two draws, or against two writers, is one.
    let again = |shift: usize| {
        let trial = move |(questioned, &score)| Trial { score, writer: shift, questioned, genuine: false };
        forged[..150].iter().enumerate().map(trial)
    };
    let genuine = Trial { score: 1.0, writer: 0, questioned: 999, genuine: true };
    let scores = Scores::new(again(0).chain(again(1)).chain([genuine]).collect()).unwrap();
    assert_eq!(scores.count(false), 300);
    assert!(matches!(scores.at_far(0.01), Err(Error::TooFewForgeries { images: 150, .. })));
    for far in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(matches!(scores.at_far(far), Err(Error::WantedFar(_))));
    }
}

#[test]
fn cllr_by_hand() {
    let scores = Scores::from_classes(&[1.0, 0.0], &[0.0, -1.0]).unwrap();
    assert_eq!(scores.cllr(|_| Log10Lr::new(0.0)), 1.0, "LR 1 for everything costs one bit");
    // LR 3, 1 and 1/3: (log2(4/3) + 1) / 2 for either class.
    let thirds = scores.cllr(|score| Log10Lr::new(score * 3f64.log10()));
    assert!((thirds - ((4.0f64 / 3.0).log2() + 1.0) / 2.0).abs() < 1e-12, "{thirds}");
    let misleading = scores.cllr(|score| Log10Lr::new(-1000.0 * score));
    assert!((misleading - (1000.0 * 10f64.log2() + 1.0) / 2.0).abs() < 1e-9, "no overflow: {misleading}");
    // The best calibration knows the ends for certain and leaves the tie at LR 1.
    assert_eq!(scores.cllr_min(), 0.5);
    assert_eq!(Scores::from_classes(&[2.0, 3.0], &[0.0, 1.0]).unwrap().cllr_min(), 0.0);
    assert_eq!(Scores::from_classes(&[0.0, 1.0], &[2.0, 3.0]).unwrap().cllr_min(), 1.0, "a reversed order is pooled");
    assert_eq!(Scores::from_classes(&[0.5; 4], &[0.5; 9]).unwrap().cllr_min(), 1.0);
}

#[test]
fn reliability_weighs_classes_alike() {
    let scores = Scores::from_classes(&[0.0, 1.0], &[0.0, 0.0, 0.0, 1.0]).unwrap();
    let bins = scores.reliability(|score| Log10Lr::new(2.0 * score - 1.0), 4);
    let low = ReliabilityBin { stated: 1.0 / 11.0, observed: 0.5 / (0.5 + 0.75), count: 4 };
    let high = ReliabilityBin { stated: 10.0 / 11.0, observed: 0.5 / (0.5 + 0.25), count: 2 };
    for (found, expected) in bins.iter().zip([low, high]) {
        assert!((found.stated - expected.stated).abs() < 1e-12, "{found:?}");
        assert!((found.observed - expected.observed).abs() < 1e-12, "{found:?}");
        assert_eq!(found.count, expected.count);
    }
    assert_eq!(bins.len(), 2, "parts without comparisons are left out");
}

#[test]
fn leaving_the_closest_undecided_lowers_the_risk() {
    let scores = Scores::from_classes(&[0.9, 0.4], &[0.1, 0.55]).unwrap();
    let points = scores.risk_coverage(0.5, 10);
    let found: Vec<_> = points.iter().map(|point| (point.coverage, point.risk)).collect();
    assert_eq!(found, [(0.5, 0.0), (0.75, 1.0 / 3.0), (1.0, 0.5)], "those at equal distance are decided together");
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
    fn every_interval_contains_its_figure(scores in any_scores(), seed in 0..5u64, at in -1.5..1.5f64) {
        let scores = Scores::new(trials(&scores))?;
        let statistics: [&(dyn Fn(&Sample<'_>) -> f64 + Sync); 5] = [
            &|sample| sample.auc(),
            &|sample| sample.at_threshold(at).far,
            &|sample| sample.at_threshold(at).frr,
            &|sample| sample.at_far(0.1).frr,
            &|sample| sample.cllr_min(),
        ];
        for statistic in statistics {
            let figure = statistic(&scores.whole());
            let [low, high] = scores.interval(seed, statistic).expect("two writers");
            prop_assert!(0.0 <= low && low <= figure && figure <= high && high <= 1.0 + 1e-12);
        }
        let lr = |score| Log10Lr::new(2.0 * score);
        let [low, high] = scores.cllr_interval(seed, lr).expect("two writers");
        prop_assert!(low <= scores.cllr(lr) && scores.cllr(lr) <= high);
    }

    #[test]
    fn no_monotone_calibration_costs_less_than_cllr_min(
        scores in any_scores(), slope in 0.0..20.0f64, intercept in -5.0..5.0f64, bound in 0.1..4.0f64,
    ) {
        let scores = Scores::new(trials(&scores))?;
        let least = scores.cllr_min();
        let lr = |score: f64| Log10Lr::new((slope * score + intercept).clamp(-bound, bound));
        prop_assert!((0.0..=1.0 + 1e-12).contains(&least));
        prop_assert!(least <= scores.cllr(lr) + 1e-12);
    }

    #[test]
    fn cllr_min_depends_on_the_order_alone(scores in any_scores()) {
        let before = Scores::new(trials(&scores))?;
        let after = before.mapped(|score| (2.0 * score).exp() - 5.0)?;
        prop_assert_eq!(before.cllr_min(), after.cllr_min());
    }

    #[test]
    fn swapping_and_turning_mirrors_likelihood_figures(scores in any_scores()) {
        let turned: Vec<_> = scores.iter().map(|&(writer, genuine, score)| (writer, !genuine, -score)).collect();
        let (original, turned) = (Scores::new(trials(&scores))?, Scores::new(trials(&turned))?);
        prop_assert!((original.cllr_min() - turned.cllr_min()).abs() < 1e-12);
        let lr = |score| Log10Lr::new(2.0 * score);
        prop_assert!((original.cllr(lr) - turned.cllr(lr)).abs() < 1e-12);
    }

    #[test]
    fn det_is_thinned_and_keeps_its_ends(scores in any_scores(), most in 2..100usize) {
        let scores = Scores::new(trials(&scores))?;
        let det = scores.det(most);
        prop_assert!((2..=most).contains(&det.len()));
        prop_assert_eq!((det[0].far, det[0].frr), (1.0, 0.0));
        let last = det[det.len() - 1];
        prop_assert_eq!((last.far, last.frr), (0.0, 1.0));
        for point in &det {
            prop_assert_eq!(scores.at_threshold(point.threshold), *point);
        }
        prop_assert!(det.is_sorted_by(|a, b| a.far >= b.far && a.frr <= b.frr && a.threshold < b.threshold));
    }

    #[test]
    fn risk_without_a_band_is_the_mean_of_far_and_frr(scores in any_scores(), at in -1.5..1.5f64, most in 2..60usize) {
        let scores = Scores::new(trials(&scores))?;
        let points = scores.risk_coverage(at, most);
        prop_assert!(points.len() <= most);
        let OperatingPoint { far, frr, .. } = scores.at_threshold(at);
        let last = points[points.len() - 1];
        prop_assert!((last.coverage - 1.0).abs() < 1e-9);
        prop_assert!((last.risk - (far + frr) / 2.0).abs() < 1e-9);
        prop_assert!(points.is_sorted_by(|a, b| a.coverage < b.coverage));
        prop_assert!(points.iter().all(|point| (0.0..=1.0 + 1e-12).contains(&point.risk)));
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
