//! Figures of small made-up comparisons against scikit-learn and lir; `tests/golden/make_metric_refs.py` writes the
//! reference values.

use inkproof::Log10Lr;
use inkproof_lab::Error;
use inkproof_lab::calibrate::logistic;
use inkproof_lab::metrics::Scores;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    genuine: Vec<f64>,
    forgeries: Vec<f64>,
    auc: f64,
    eer: f64,
    frr_at_far: f64,
    cllr: f64,
    cllr_min: f64,
    logistic: Line,
}

#[derive(Deserialize)]
struct Line {
    slope: f64,
    intercept: f64,
}

/// Both sides sum a few hundred f64, so only the order of the additions may differ.
const TOLERANCE: f64 = 1e-12;

fn cases() -> Vec<(Case, Scores)> {
    let golden: Golden = serde_json::from_str(include_str!("golden/metrics.json")).unwrap();
    assert_eq!(golden.cases.len(), 10);
    let with_scores = |case: Case| {
        let scores = Scores::from_classes(&case.genuine, &case.forgeries).unwrap();
        (case, scores)
    };
    golden.cases.into_iter().map(with_scores).collect()
}

#[test]
fn auc_and_eer_equal_scikit_learns() {
    for (case, scores) in cases() {
        let (auc, eer) = (scores.auc(), scores.eer().rate);
        assert!((auc - case.auc).abs() < TOLERANCE, "{}: {auc}", case.name);
        assert!((eer - case.eer).abs() < TOLERANCE, "{}: {eer}", case.name);
    }
}

/// At FAR 5 %, which takes 60 forgeries.
#[test]
fn frr_at_a_far_equals_scikit_learns_where_it_is_given() {
    let mut given = 0;
    for (case, scores) in cases() {
        match scores.at_far(0.05) {
            Ok(point) => {
                assert!((point.frr - case.frr_at_far).abs() < TOLERANCE, "{}: {}", case.name, point.frr);
                given += 1;
            }
            Err(error) => assert!(matches!(error, Error::TooFewForgeries { images, .. } if images < 60), "{error}"),
        }
    }
    assert_eq!(given, 3);
}

#[test]
fn likelihood_costs_equal_lirs() {
    for (case, scores) in cases() {
        let cllr = scores.cllr(|score| Log10Lr::new(0.8 * score - 0.3));
        assert!((cllr - case.cllr).abs() < TOLERANCE, "{}: {cllr}", case.name);
        assert!((scores.cllr_min() - case.cllr_min).abs() < TOLERANCE, "{}: {}", case.name, scores.cllr_min());
    }
}

/// Two solvers of one convex problem stop where the loss is flat, with values of up to 20.
#[test]
fn calibration_equals_scikit_learns_logistic_regression() {
    for (case, scores) in cases() {
        let line = logistic(&scores);
        let expected = match case.logistic {
            // Ours takes scores that are higher for forgeries for worth nothing.
            Line { slope, .. } if slope <= 0.0 => Line { slope: 0.0, intercept: 0.0 },
            line => line,
        };
        assert!((line.slope - expected.slope).abs() < 1e-7, "{}: {line:?}", case.name);
        assert!((line.intercept - expected.intercept).abs() < 1e-7, "{}: {line:?}", case.name);
    }
}
