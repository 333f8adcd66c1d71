"""Writes metrics.json, the reference values of tests/metrics_golden.rs, from small made-up comparisons: AUC and EER follow
from scikit-learn's roc_auc_score and roc_curve; the FRR at a FAR from roc_curve; Cllr and Cllr_min from lir, the package
of the Netherlands Forensic Institute; the logistic calibration from scikit-learn's LogisticRegression. The EER is the
linear crossing of FAR and FRR over all operating points (drop_intermediate=False). Likelihood ratios for Cllr are
10 ** (LR_SLOPE * score + LR_INTERCEPT).

    pip install scikit-learn==1.9.1 lir==1.3.1 && python make_metric_refs.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import sklearn
from lir.data.models import LLRData
from lir.metrics import cllr, cllr_min
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

LR_SLOPE, LR_INTERCEPT = 0.8, -0.3

WANTED_FAR = 0.05

# One over the weight of the ridge in src/calibrate/logistic.rs.
C = 1000.0


def eer(labels, scores):
    far, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    frr = 1 - tpr
    after = int(np.argmax(far >= frr))  # thresholds fall, so FAR rises and FRR falls
    if far[after] == frr[after]:
        return float(far[after])
    before = after - 1
    excess = (frr - far)[before], (far - frr)[after]
    share = excess[0] / (excess[0] + excess[1])
    return float(far[before] + share * (far[after] - far[before]))


def frr_at_far(labels, scores):
    """The least FRR of all thresholds with a FAR of no more than WANTED_FAR."""
    far, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    return float((1 - tpr)[far <= WANTED_FAR].min())


def likelihood_costs(labels, scores):
    llrs = LLRData(features=LR_SLOPE * scores + LR_INTERCEPT, labels=labels.astype(int))
    return {"cllr": float(cllr(llrs)), "cllr_min": float(cllr_min(llrs))}


def logistic(labels, scores):
    """Natural log-odds = slope * score + intercept; both classes weigh one half, and the ridge holds the slope on the
    standardised score."""
    weights = np.where(labels == 1, 0.5 / np.sum(labels == 1), 0.5 / np.sum(labels == 0))
    mean = np.sum(weights * scores)
    deviation = np.sqrt(np.sum(weights * (scores - mean) ** 2))
    if deviation == 0:
        return {"slope": 0.0, "intercept": 0.0}
    model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(((scores - mean) / deviation)[:, None], labels, sample_weight=weights)
    slope = float(model.coef_[0, 0]) / deviation
    return {"slope": slope, "intercept": float(model.intercept_[0]) - slope * mean}


def case(name, genuine, forgeries):
    genuine, forgeries = np.asarray(genuine, float), np.asarray(forgeries, float)
    labels = np.r_[np.ones(len(genuine)), np.zeros(len(forgeries))]
    scores = np.r_[genuine, forgeries]
    return {
        "name": name,
        "genuine": genuine.tolist(),
        "forgeries": forgeries.tolist(),
        "auc": float(roc_auc_score(labels, scores)),
        "eer": eer(labels, scores),
        "frr_at_far": frr_at_far(labels, scores),
        **likelihood_costs(labels, scores),
        "logistic": logistic(labels, scores),
    }


def main():
    rng = np.random.default_rng(20110918)
    normal = lambda mean, count: np.round(rng.normal(mean, 1, count), 6)
    cases = [
        case("normal", normal(1.5, 60), normal(0, 80)),
        case("few genuine", normal(1, 7), normal(0, 150)),
        case("few forgeries", normal(1, 150), normal(0, 7)),
        case("ties", np.round(normal(1, 50)), np.round(normal(0, 70))),
        case("saturated", np.clip(normal(1, 40), -0.5, 0.5), np.clip(normal(0, 40), -0.5, 0.5)),
        case("all equal", [0.5] * 4, [0.5] * 9),
        case("apart", [0.8, 0.9, 0.7], [0.1, 0.3]),
        case("reversed", [0.1, 0.3], [0.8, 0.9, 0.7]),
        case("one each", [0.2], [0.4]),
        case("touching", [0.5, 0.9], [0.5, 0.1]),
    ]
    document = {"scikit-learn": sklearn.__version__, "lir": version("lir"), "cases": cases}
    text = json.dumps(document, indent=None, separators=(",", ":")).replace('{"name"', '\n{"name"')
    Path(__file__).with_name("metrics.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
