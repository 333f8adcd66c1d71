//! AUC and EER against scikit-learn; `tests/golden/make_metric_refs.py` writes the reference values.

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
}

/// Both sides sum a few hundred f64, so only the order of the additions may differ.
const TOLERANCE: f64 = 1e-12;

#[test]
fn auc_and_eer_equal_scikit_learns() {
    let golden: Golden = serde_json::from_str(include_str!("golden/metrics.json")).unwrap();
    assert_eq!(golden.cases.len(), 10);
    for case in golden.cases {
        let scores = Scores::of_classes(&case.genuine, &case.forgeries).unwrap();
        let (auc, eer) = (scores.auc(), scores.eer().rate);
        assert!((auc - case.auc).abs() < TOLERANCE, "{}: {auc}", case.name);
        assert!((eer - case.eer).abs() < TOLERANCE, "{}: {eer}", case.name);
    }
}
