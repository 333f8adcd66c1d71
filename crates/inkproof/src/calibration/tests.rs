//! Likelihood ratios by hand, their bound as a property, the words, and invalid calibrations.

use proptest::prelude::*;

use super::*;

fn fit(references: usize, writers: usize) -> ReferenceCalibration {
    let threshold = ThresholdInfo { value: Threshold::new(0.4).unwrap(), origin: "a test".into() };
    let (against, wanted_far) = (Forgeries::Skilled, Vec::new());
    ReferenceCalibration {
        references,
        writers,
        against,
        slope: 10.0,
        intercept: -4.0,
        threshold,
        wanted_far,
        random_far: None,
        spread: None,
    }
}

#[test]
fn a_score_becomes_a_ratio_within_what_the_writers_support() {
    let calibration = Calibration::new(vec![fit(1, 20), fit(3, 1000)]).unwrap();
    let lr = |score, references| calibration.log10_lr(Score::new(score), references).map(Log10Lr::get);
    assert_eq!(lr(0.5, 1), Some(1.0));
    assert_eq!(lr(0.9, 1), Some(20f64.log10()));
    assert_eq!(lr(0.0, 1), Some(-20f64.log10()));
    assert_eq!(lr(0.9, 2), None, "one reference says nothing about the best of two");
    assert_eq!(lr(0.9, 3), Some(3.0));
    assert_eq!(lr(0.5, 12), Some(1.0), "3 stands for more");
    assert_eq!(lr(0.5, 0), None);
    let more = Calibration::new(vec![fit(2, 20), fit(3, 1000), fit(5, 50)]).unwrap();
    let writers = |references| more.fit(references).map(|fit| fit.writers);
    assert_eq!([1, 2, 3, 4, 5, 9].map(writers), [None, Some(20), Some(1000), Some(1000), Some(50), Some(50)]);
}

#[test]
fn the_interval_of_a_ratio_is_that_of_the_line_within_the_bound() {
    let spread = LineSpread { slope: 4.0, intercept: 1.0, covariance: -1.6 };
    let fit = ReferenceCalibration { spread: Some(spread), ..fit(1, 1000) };
    let interval = |score| fit.log10_lr_ci95(Score::new(score)).unwrap().map(Log10Lr::get);
    // 4 * 0.25 - 2 * 1.6 * 0.5 + 1 is 0.4.
    let half = 1.96 * 0.4_f64.sqrt();
    assert!((interval(0.5)[0] - (1.0 - half)).abs() < 1e-12 && (interval(0.5)[1] - (1.0 + half)).abs() < 1e-12);
    assert_eq!(interval(9.0), [3.0, 3.0], "more than the writers support is stated of neither end");
    assert_eq!(ReferenceCalibration { spread: None, ..fit.clone() }.log10_lr_ci95(Score::new(0.5)), None);
    let broken = LineSpread { intercept: -1.0, ..spread };
    let error = Calibration::new(vec![ReferenceCalibration { spread: Some(broken), ..fit }]).unwrap_err();
    assert!(error.to_string().contains("variances 4 and -1"), "{error}");
}

#[test]
fn levels_of_acceptance_serve_numbers_of_references_and_are_none_where_they_are_broken() {
    let level = |references, log10_lr| AcceptanceLevel { references, log10_lr };
    let levels = AcceptanceLevels::new(&[level(1, -0.5), level(3, 0.25)]).unwrap();
    let score = |references| fit(references, 20).threshold_at(&levels, references).map(Threshold::get);
    assert_eq!([1, 2, 3, 9].map(score), [0.35, 0.35, 0.425, 0.425].map(Some), "(level + 4) / 10");
    let later = AcceptanceLevels::new(&[level(2, 0.0)]).unwrap();
    assert_eq!(fit(1, 20).threshold_at(&later, 1), None);
    assert_eq!(ReferenceCalibration { slope: 0.0, ..fit(1, 20) }.threshold_at(&levels, 1), None);
    let many: Vec<_> = (1..10).map(|references| level(references, 0.0)).collect();
    for broken in [vec![], vec![level(0, 0.0)], vec![level(2, 0.0), level(1, 0.0)], vec![level(1, f64::NAN)], many] {
        assert!(AcceptanceLevels::new(&broken).is_err(), "{broken:?}");
    }
}

#[test]
fn words_name_two_propositions_and_mirror_each_other() {
    for (ratio, words) in [
        (2.1f64, "weak support for the proposition"),
        (10.0, "moderate support"),
        (99.0, "moderate support"),
        (101.0, "moderately strong support"),
        (999.0, "moderately strong support"),
        (1.1e3, "strong support"),
        (1.1e4, "very strong support"),
        (1.1e6, "extremely strong support"),
    ] {
        let same = Support::from_lr(Log10Lr::new(ratio.log10())).to_string();
        let other = Support::from_lr(Log10Lr::new(-ratio.log10())).to_string();
        assert!(same.starts_with(words) && other.starts_with(words), "{ratio}: {same}");
        assert!(same.ends_with("written by the writer of the references, rather than by somebody else"), "{same}");
        assert!(other.ends_with("written by somebody else, rather than by the writer of the references"), "{other}");
        assert!(!same.contains("forged") && !other.contains("forged"));
    }
    for ratio in [1.0f64, 1.9, 1.0 / 1.9] {
        let neither = Support::from_lr(Log10Lr::new(ratio.log10())).to_string();
        assert!(neither.starts_with("support for neither proposition"), "{neither}");
    }
}

#[test]
fn a_flat_prior_becomes_a_probability() {
    assert_eq!(Log10Lr::new(0.0).probability(), 0.5);
    assert!((Log10Lr::new(1.0).probability() - 10.0 / 11.0).abs() < 1e-15);
    assert_eq!(Log10Lr::new(-1000.0).probability(), 0.0);
}

#[test]
fn calibrations_that_are_none_are_refused_also_from_a_file() {
    let refused = |fits: Vec<ReferenceCalibration>, word: &str| {
        let json = serde_json::to_string(&fits).unwrap();
        let error = Calibration::new(fits).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert!(serde_json::from_str::<Calibration>(&json).unwrap_err().to_string().contains(word), "{json}");
    };
    refused(vec![], "no fit");
    refused(vec![fit(0, 9)], "no references");
    refused(vec![fit(1, 1)], "1 writer");
    refused(vec![fit(2, 9), fit(1, 9)], "ascend");
    refused(vec![fit(1, 9), fit(1, 9)], "ascend");
    refused(vec![ReferenceCalibration { slope: -1.0, ..fit(1, 9) }], "slope -1");
    let not_a_number = ReferenceCalibration { intercept: f64::NAN, ..fit(1, 9) };
    assert!(Calibration::new(vec![not_a_number]).is_err());
}

#[test]
fn a_file_keeps_it_whole() {
    let fixed = WantedFar::Fixed { far: 0.05, threshold: Threshold::new(0.7).unwrap(), frr: 0.25 };
    let refused = WantedFar::Refused { far: 0.01, refused: "too few".into() };
    let fit = ReferenceCalibration { wanted_far: vec![fixed, refused], ..fit(2, 9) };
    let calibration = Calibration::new(vec![fit]).unwrap();
    let json = serde_json::to_string(&calibration).unwrap();
    assert!(json.contains(r#""against":"skilled""#) && json.contains(r#"{"far":0.01,"refused":"too few"}"#), "{json}");
    assert_eq!(serde_json::from_str::<Calibration>(&json).unwrap(), calibration);
}

proptest! {
    #[test]
    fn ratios_rise_with_the_score_and_keep_the_bound(
        a in -1e6..1e6f64, b in -1e6..1e6f64, slope in 0.0..1e3f64, intercept in -1e3..1e3f64, writers in 2..5000usize,
    ) {
        let fit = ReferenceCalibration { slope, intercept, ..fit(1, writers) };
        let (low, high) = (fit.log10_lr(Score::new(a.min(b))), fit.log10_lr(Score::new(a.max(b))));
        prop_assert!(low <= high);
        prop_assert!(-fit.bound().get() <= low.get() && high <= fit.bound());
    }
}
