//! What leaks as one JSON document, for scripts and bindings.

use serde_json::{Value, json};

use super::{Finding, Leakage};
use crate::dataset::{Image, Kind, Skipped, Split};

impl Leakage {
    /// Everything that was found, as `inkproof leakage --json` prints it.
    pub fn document(&self) -> Value {
        let set = &self.set;
        let image = |index: &usize| described(&set.images[*index]);
        let count = |kind| set.images.iter().filter(|image| image.kind == kind).count();
        let finding = |finding: &Finding| json!({"severity": finding.severity, "kind": finding.kind, "sentence": finding.sentence});
        json!({
            "writers": set.writers().len(), "images": set.images.len(),
            "genuine": count(Kind::Genuine), "forgeries": count(Kind::Forgery), "seed": self.seed,
            "leaks_as_stored": self.leaks_as_stored(), "leaks_with_ink": self.leaks_with_ink(),
            "verdict": self.verdict(),
            "findings": self.findings().iter().map(finding).collect::<Vec<_>>(),
            "copies": self.copies.iter().map(|copies| json!({
                "how": copies.how, "crosses": copies.crosses, "likeness": copies.similarity,
                "images": copies.images.iter().map(image).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "shared_writers": self.shared_writers,
            "shared_forgers": self.shared_forgers.iter().map(|shared| json!({
                "forger": shared.forger,
                "train": shared.train.iter().map(image).collect::<Vec<_>>(),
                "test": shared.test.iter().map(image).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "cues": self.cues.as_ref().map(|tables| json!({
                "writers": tables.writers,
                "pairs": {"genuine": tables.genuine_pairs, "forged": tables.forged_pairs},
                "as_stored": tables.as_stored, "after_ink": tables.after_ink,
            })),
            "not_computed": self.not_computed,
            "left_out": set.skipped.iter().map(Skipped::document).collect::<Vec<_>>(),
        })
    }
}

fn described(image: &Image) -> Value {
    let kind = if image.kind == Kind::Genuine { "genuine" } else { "forgery" };
    let split = image.split.map(|split| if split == Split::Train { "train" } else { "test" });
    json!({"path": image.path, "writer": image.writer, "kind": kind, "split": split, "forger": image.forger})
}
