"""Writes metrics.json, the reference values of tests/metrics_golden.rs: scores of small made-up comparisons with the AUC
and the EER that follow from scikit-learn's roc_curve and roc_auc_score. The EER is the linear crossing of FAR and FRR over
all operating points (drop_intermediate=False).

    pip install scikit-learn==1.9.1 && python make_metric_refs.py
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import roc_auc_score, roc_curve


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
    document = {"scikit-learn": sklearn.__version__, "cases": cases}
    text = json.dumps(document, indent=None, separators=(",", ":")).replace('{"name"', '\n{"name"')
    Path(__file__).with_name("metrics.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
