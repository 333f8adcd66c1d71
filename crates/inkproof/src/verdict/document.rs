//! A verdict as one JSON document and in sentences, for languages that cannot see its fields.

use std::fmt;

use serde_json::{Value, json};

use super::{Compared, ImageFlaw, Repeated, Verdict};
use crate::{Model, Turned};

impl Verdict {
    /// Everything of it but pictures, under the names of its fields; images are `"questioned"` and `"reference 1"`. `model` is
    /// the one that judged. Numbers that are None are null; `repeated` are pairs of indices, from 0.
    pub fn document(&self, model: &Model) -> Value {
        let flaw = |flawed: &ImageFlaw| json!({"image": flawed.image.to_string(), "flaw": flawed.flaw});
        let pair = |again: &Repeated| (again.reference, again.earlier);
        json!({
            "decision": self.decision, "score": self.score, "threshold": self.threshold,
            "log10_lr": self.log10_lr, "log10_lr_ci95": self.log10_lr_ci95,
            "contributions": self.contributions, "bound": self.bound,
            "support": self.support.map(|support| support.to_string()),
            "calibration_writers": self.calibration_writers,
            "reference_scores": self.reference_scores,
            "flaws": self.flaws.iter().map(flaw).collect::<Vec<_>>(),
            "repeated": self.repeated.iter().map(pair).collect::<Vec<_>>(),
            "turned": self.turned.as_ref().map(Turned::by),
            "wanted_far": self.wanted_far, "random_far": self.random_far,
            "model": model.name(), "model_digest": model.digest(),
        })
    }

    /// What the decision rests on, one sentence each; nothing in them comes from a caller.
    pub fn sentences(&self) -> Vec<String> {
        let (score, threshold) = (self.score.get(), self.threshold.get());
        let relation = if score >= threshold { "reaches" } else { "is below" };
        let mut sentences = vec![format!("The score {score:.4} {relation} the threshold {threshold:.4}.")];
        sentences.extend(self.evidence().iter().flat_map(|evidence| evidence.lines()).map(str::to_owned));
        let turned = self.turned.iter().map(Turned::by);
        sentences.extend(turned.map(|by| format!("The questioned signature was turned by {by} to be judged.")));
        sentences.extend(self.repeated.iter().map(|again| {
            let (reference, earlier) = (again.reference + 1, again.earlier + 1);
            format!("Reference {reference} is the same signing as reference {earlier} and counts once with it.")
        }));
        sentences.extend(self.flaws.iter().map(|flawed| format!("Unfit: {}: {}.", flawed.image, flawed.flaw)));
        sentences
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Questioned => f.write_str("questioned"),
            Self::Reference(index) => write!(f, "reference {}", index + 1),
        }
    }
}
