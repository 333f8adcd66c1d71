//! An enrolled writer as a model needs to see it: the references that count, embedded by that very model.

use anyhow::{Context, Result, bail, ensure};
use inkproof::{Embedding, Ink, Model};
use serde::Serialize;
use serde_json::json;

use crate::judgement::Judgement;
use crate::store::{ModelStamp, Pseudonym, Store, StoreError, Time, Writer, WriterId};

/// From this age on a set of references is old: signatures change over the years.
pub const OLD_AFTER_DAYS: i64 = 2 * 365;

/// The references of a writer that count.
pub struct KnownWriter {
    pub id: WriterId,
    pub pseudonym: Pseudonym,
    /// Their numbers in the store.
    pub numbers: Vec<i64>,
    pub inks: Vec<Ink>,
    pub embeddings: Vec<Embedding>,
    pub age: Age,
}

/// How old a set of references is.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Age {
    /// Since the newest reference was signed, or added where that is not known.
    pub newest_days: i64,
    /// Whether fresh references should be asked for.
    pub old: bool,
}

impl Age {
    pub fn of(newest: Time, now: Time) -> Self {
        let newest_days = newest.days_until(now);
        Self { newest_days, old: newest_days > OLD_AFTER_DAYS }
    }

    /// What is to be done about it; None while the set is young.
    pub fn advice(self) -> Option<String> {
        let years = self.newest_days / 365;
        self.old.then(|| format!("The newest reference is {years} years old: ask the writer for fresh ones."))
    }
}

impl KnownWriter {
    /// Looks a writer up. References that another model embedded are embedded anew from their ink, but not stored.
    pub fn find(store: &Store, id: &WriterId, model: &Model) -> Result<Self> {
        let writer = store.writer(id)?.ok_or_else(|| StoreError::NoWriter(id.clone()))?;
        Self::of(&writer, model)
    }

    pub fn of(writer: &Writer, model: &Model) -> Result<Self> {
        let stamp = ModelStamp::of(model);
        let approved: Vec<_> = writer.approved().collect();
        let newest = approved.iter().map(|reference| reference.dated()).max();
        let Some(newest) = newest else {
            bail!("'{}' has no reference that counts; enroll one, or approve those that wait", writer.id);
        };
        let mut embeddings = Vec::with_capacity(approved.len());
        for reference in &approved {
            embeddings.push(if reference.model.digest == stamp.digest {
                reference.embedding.clone()
            } else {
                ensure!(
                    reference.model.preprocess == stamp.preprocess,
                    "reference {} of '{}' was made for another model ({}); run `inkproof store reembed`",
                    reference.id,
                    writer.id,
                    reference.model.digest
                );
                model.embed(&reference.ink).with_context(|| format!("reference {} of '{}'", reference.id, writer.id))?
            });
        }
        Ok(Self {
            id: writer.id.clone(),
            pseudonym: writer.pseudonym,
            numbers: approved.iter().map(|reference| reference.id).collect(),
            inks: approved.iter().map(|reference| reference.ink.clone()).collect(),
            embeddings,
            age: Age::of(newest, Time::now()),
        })
    }

    /// What the audit keeps of a judgement.
    pub fn details(&self, judgement: &Judgement, flaws: &[String]) -> serde_json::Value {
        let references = self.numbers.iter().zip(&judgement.alone);
        let references: Vec<_> =
            references.map(|(number, score)| json!({"reference": number, "score": score})).collect();
        json!({
            "score": judgement.score,
            "threshold": judgement.threshold,
            "log10_lr": judgement.log10_lr,
            "references": references,
            "flaws": flaws,
        })
    }
}
