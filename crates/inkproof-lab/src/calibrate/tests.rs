//! Freezing on made-up scores; the regression's values against scikit-learn's are in `tests/metrics_golden.rs`.

use inkproof::Score;
use proptest::prelude::*;

use super::*;
use crate::dataset::Kind;
use crate::dataset::tests::set_in_memory as set;
use crate::progress::Silent;

/// Scores in 0..1 that overlap a little: a forgery seldom looks like a genuine signature.
fn score(set: &DataSet) -> impl Fn(&[usize], usize) -> f64 + Sync + '_ {
    |references, questioned| {
        let image = &set.images[questioned];
        let same = set.images[references[0]].writer == image.writer && image.kind == Kind::Genuine;
        let noise = ((questioned * 7919 + references[0] * 31) % 97) as f64 / 97.0;
        0.6 * noise + if same { 0.4 } else { 0.0 } + 0.01 * references.len() as f64
    }
}

fn fit_at(set: &DataSet, decide: DecisionPoint) -> Result<FittedCalibration> {
    let options = CalibrationOptions { repeats: 3, decide, ..CalibrationOptions::default() };
    fit_calibration(set, &score(set), &options, &mut Silent)
}

#[test]
fn each_number_of_references_has_its_own_fit() {
    let set = set(&[(8, 12); 12]);
    let fitted = fit_at(&set, DecisionPoint::Eer).unwrap();
    assert_eq!(fitted.missing, []);
    let fits = fitted.calibration.fits();
    assert_eq!(fits.iter().map(|fit| fit.references).collect::<Vec<_>>(), [1, 2, 3, 5]);
    for fit in fits {
        assert_eq!((fit.writers, fit.against), (12, Forgeries::Skilled));
        assert!(fit.slope > 0.0);
        let threshold = Score::new(fit.threshold.value.get());
        assert!(fit.log10_lr(threshold).get().abs() < 0.3, "where FAR and FRR are equal nothing is supported");
        assert_eq!(fit.log10_lr(Score::new(9.0)), fit.bound());
        let [one, five] = fit.wanted_far.as_slice() else { panic!("two FARs") };
        assert!(matches!(one, WantedFar::Refused { far: 0.01, .. }), "144 forgeries are too few: {one:?}");
        assert!(matches!(five, WantedFar::Fixed { far: 0.05, .. }), "{five:?}");
    }
    assert!(fits[0].threshold.value < fits[2].threshold.value, "each reference adds to these scores");
    let origin = &fits[1].threshold.origin;
    assert!(origin.starts_with("on 12 calibration writers, with 2 references, "), "{origin}");
    assert_eq!(fitted, fit_at(&set, DecisionPoint::Eer).unwrap(), "the same again");
}

/// Two sets as one, in which the scores of the second are higher: a population whose signatures are more alike.
fn populations(writers: [usize; 2]) -> DataSet {
    let mut sets = writers.map(|writers| set(&vec![(6, 6); writers]));
    for (set, name) in sets.iter_mut().zip(["even", "alike"]) {
        set.root = name.into();
    }
    DataSet::together(sets.into())
}

#[test]
fn each_population_counts_for_the_same_however_many_writers_it_has() {
    let threshold = |writers| {
        let set = populations(writers);
        let plain = score(&set);
        let alike = |questioned: usize| set.images[questioned].writer.as_str().starts_with("alike");
        let score = |references: &[usize], questioned| {
            plain(references, questioned) + if alike(references[0]) { 0.3 } else { 0.0 }
        };
        let options = CalibrationOptions { repeats: 3, ..CalibrationOptions::default() };
        let fitted = fit_calibration(&set, &score, &options, &mut Silent).unwrap();
        let fit = &fitted.calibration.fits()[0];
        (fit.threshold.value.get(), -fit.intercept / fit.slope, fit.slope)
    };
    let even = threshold([10, 10]);
    let few = threshold([10, 40]);
    assert!((even.0 - few.0).abs() < 0.03, "{even:?} {few:?}");
    assert!((even.1 - few.1).abs() < 0.03, "{even:?} {few:?}");
    let options = CalibrationOptions { repeats: 3, ..CalibrationOptions::default() };
    let one = set(&[(6, 6); 20]);
    let alone = fit_calibration(&one, &score(&one), &options, &mut Silent).unwrap().calibration.fits()[0].slope;
    assert!(even.2 < 0.8 * alone, "what differs between populations weakens the evidence: {} {alone}", even.2);
}

/// How wide the interval of the log10 likelihood ratio is where it is 0.
fn uncertainty(set: &DataSet, score: &(dyn Fn(&[usize], usize) -> f64 + Sync)) -> f64 {
    let options = CalibrationOptions { repeats: 3, ..CalibrationOptions::default() };
    let fitted = fit_calibration(set, score, &options, &mut Silent).unwrap();
    let fit = &fitted.calibration.fits()[0];
    let [low, high] = fit.log10_lr_ci95(Score::new(-fit.intercept / fit.slope)).unwrap();
    assert!(low.get() < 0.0 && high.get() > 0.0, "{low:?} {high:?}");
    high.get() - low.get()
}

#[test]
fn more_writers_make_the_interval_narrower_and_populations_that_differ_make_it_wider() {
    let alone = |writers: usize| {
        let set = set(&vec![(6, 6); writers]);
        uncertainty(&set, &score(&set))
    };
    let (few, many) = (alone(10), alone(90));
    assert!((1.5..6.0).contains(&(few / many)), "nine times the writers are three times as sure: {few} {many}");
    let differing = |shift: f64| {
        let set = populations([20, 20]);
        let plain = score(&set);
        let alike = |claimed: usize| set.images[claimed].writer.as_str().starts_with("alike");
        uncertainty(&set, &|references, questioned| {
            plain(references, questioned) + if alike(references[0]) { shift } else { 0.0 }
        })
    };
    let (same, apart) = (differing(0.0), differing(0.3));
    assert!(apart > 2.0 * same, "{same} {apart}");
}

#[test]
fn a_wanted_far_decides_where_the_writers_can_show_it() {
    let enough = set(&[(8, 12); 12]);
    let fitted = fit_at(&enough, DecisionPoint::Far(0.05)).unwrap();
    for fit in fitted.calibration.fits() {
        let WantedFar::Fixed { threshold, .. } = fit.wanted_far[1] else { panic!("{:?}", fit.wanted_far) };
        assert_eq!(fit.threshold.value, threshold);
    }
    let refused = fit_at(&enough, DecisionPoint::Far(0.01)).unwrap_err();
    assert!(matches!(refused, Error::TooFewForgeries { images: 144, needed: 300, .. }), "{refused}");
    assert!(matches!(fit_at(&enough, DecisionPoint::Far(2.0)), Err(Error::WantedFar(_))));
}

#[test]
fn a_hundred_writers_show_a_low_far_against_strangers() {
    let fits = |writers: usize| fit_at(&set(&vec![(4, 2); writers]), DecisionPoint::Eer).unwrap().calibration;
    assert!(fits(99).fits().iter().all(|fit| fit.random_far.is_none()));
    let calibration = fits(100);
    for fit in calibration.fits() {
        let Some(WantedFar::Fixed { far: 0.001, threshold, frr }) = fit.random_far else { panic!("{fit:?}") };
        // Strangers reach no more than 0.6, and 0.01 for each reference.
        let highest = 0.6 + 0.01 * fit.references as f64;
        assert!((highest - 0.02..=highest + 0.02).contains(&threshold.get()), "{threshold:?}");
        assert!((0.1..0.5).contains(&frr), "{frr}");
    }
    let json = serde_json::to_value(&calibration).unwrap();
    assert_eq!(serde_json::from_value::<Calibration>(json.clone()).unwrap(), calibration);
    let mut before = json;
    before.as_array_mut().unwrap().iter_mut().for_each(|fit| {
        fit.as_object_mut().unwrap().remove("random_far").unwrap();
    });
    let before: Calibration = serde_json::from_value(before).unwrap();
    assert!(before.fits().iter().all(|fit| fit.random_far.is_none()), "files from before lack it");
}

#[test]
fn without_skilled_forgeries_of_two_writers_random_ones_serve() {
    let fitted = fit_at(&set(&[(4, 0), (4, 5), (4, 0)]), DecisionPoint::Eer).unwrap();
    let fit = &fitted.calibration.fits()[0];
    assert_eq!((fit.writers, fit.against), (3, Forgeries::Random));
    assert!(fit.threshold.origin.contains("random forgeries"));
}

#[test]
fn what_the_writers_have_too_few_signatures_for_is_missing() {
    let fitted = fit_at(&set(&[(2, 4), (3, 4), (3, 4)]), DecisionPoint::Eer).unwrap();
    assert_eq!(fitted.calibration.fits().len(), 2);
    let [missing] = fitted.missing.as_slice() else { panic!("{:?}", fitted.missing) };
    assert_eq!(missing.references, 3);
    assert!(missing.why.contains("at least 4 genuine signatures"), "{}", missing.why);
    assert_eq!(fitted.calibration.log10_lr(Score::new(0.5), 5), None);
    assert!(fit_at(&set(&[(9, 9)]), DecisionPoint::Eer).is_err(), "one writer has no strangers");
}

/// What is fitted on some writers is used on others: worth more than LR 1 for everything, if less than it could be, since
/// 12 writers bound it and these scores are spread evenly, which no logistic regression expects.
#[test]
fn frozen_on_some_writers_and_used_on_others() {
    let fitted = fit_at(&set(&[(8, 12); 12]), DecisionPoint::Eer).unwrap();
    let others = set(&[(9, 10); 15]);
    let options = VerificationOptions {
        references: 2,
        repeats: 3,
        calibration: Some(fitted.calibration.clone()),
        ..VerificationOptions::default()
    };
    let result = evaluate::verification(&others, &score(&others), &options, &mut Silent).unwrap();
    assert_eq!(result.threshold, Some(fitted.calibration.fits()[1].threshold.value.get()));
    let rates = result.skilled.as_ref().unwrap();
    let (cllr, least, loss) = (rates.cllr.unwrap(), rates.cllr_min.unwrap(), rates.calibration_loss.unwrap());
    assert!(least < cllr && cllr < least + 0.2, "{cllr} {least}");
    assert!((loss - (cllr - least)).abs() < 1e-12);
    let decisions = rates.decisions.unwrap();
    for of in [decisions.genuine, decisions.forgeries] {
        assert!((of.accepted + of.undecided + of.rejected - 1.0).abs() < 1e-12, "{of:?}");
        assert!(of.undecided > 0.0, "LR 1/2 to 2 is left to a person: {of:?}");
        let [low, high] = of.accepted_ci95.unwrap();
        assert!(low <= of.accepted && of.accepted <= high, "{of:?}");
    }
    assert!(decisions.forgeries.accepted < rates.far_at_threshold.unwrap());
    assert!(decisions.genuine.rejected < rates.frr_at_threshold.unwrap());
    let [low, high] = rates.cllr_ci95.unwrap();
    assert!(low <= cllr && cllr <= high && low < high);
    let fit = result.calibration.clone().unwrap();
    let bins = result.scores(Class::Skilled).unwrap().reliability(|score| fit.log10_lr(Score::new(score)), 10);
    assert!(bins.is_sorted_by(|a, b| a.stated < b.stated));
    let count: usize = bins.iter().map(|bin| bin.count).sum();
    assert_eq!(count, rates.comparisons.genuine + rates.comparisons.forgery);
}

#[test]
fn scores_that_say_nothing_are_worth_nothing() {
    let nothing = Line { slope: 0.0, intercept: 0.0 };
    let line = |genuine: &[f64], forgeries: &[f64]| logistic(&Scores::from_classes(genuine, forgeries).unwrap());
    assert_eq!(line(&[0.5; 3], &[0.5; 7]), nothing);
    assert_eq!(line(&[0.1, 0.2], &[0.8, 0.9]), nothing, "higher for forgeries");
    let apart = line(&[3.0, 4.0], &[0.0, 1.0]);
    assert!(apart.slope > 1.0 && apart.slope < 10.0, "the ridge keeps it finite: {apart:?}");
    assert!((apart.slope * 2.0 + apart.intercept).abs() < 1e-9, "nothing is known half-way");
}

proptest! {
    /// The mean of the fitted probabilities is that of the classes, and other units of the score change nothing.
    #[test]
    fn the_fit_is_balanced_and_has_no_units(
        genuine in proptest::collection::vec(-1.0..3.0f64, 1..40),
        forgeries in proptest::collection::vec(-3.0..1.0f64, 1..40),
        unit in 0.01..100.0f64, origin in -10.0..10.0f64,
    ) {
        let scores = Scores::from_classes(&genuine, &forgeries)?;
        let line = logistic(&scores);
        let probability = |x: &f64| 1.0 / (1.0 + (-(line.slope * x + line.intercept)).exp());
        let mean = |of: &[f64]| of.iter().map(probability).sum::<f64>() / of.len() as f64;
        prop_assert!((mean(&genuine) + mean(&forgeries) - 1.0).abs() < 1e-6);
        let other = logistic(&scores.mapped(|score| origin + unit * score)?);
        for x in [-2.0, 0.0, 2.0] {
            let log_odds = line.slope * x + line.intercept;
            let in_other = other.slope * (origin + unit * x) + other.intercept;
            prop_assert!((log_odds - in_other).abs() < 1e-6 * (1.0 + log_odds.abs()), "{log_odds} {in_other}");
        }
    }
}
