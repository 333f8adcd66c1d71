//! An enrolled writer as a model needs to see it: the references that count, embedded by that very model.

use inkproof::{Embedding, Page, Signature, Times};
use inkproof_store::{Pseudonym, Reference, StoreError, Time, Writer, WriterId};
use serde::Serialize;

use crate::{Error, Result, Service};

/// From this age on a set of references is old: signatures change over the years.
pub const OLD_AFTER_DAYS: i64 = 2 * 365;

/// A writer with the references that count.
#[derive(Debug, Clone)]
pub struct EnrolledWriter {
    /// The id under which the writer is enrolled.
    pub id: WriterId,
    /// What the audit calls the writer.
    pub pseudonym: Pseudonym,
    /// The references' numbers in the store.
    pub numbers: Vec<i64>,
    /// The references, in the same order.
    pub references: Vec<Signature>,
    /// How old they are.
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
    /// Of a set whose newest reference is from `newest`.
    pub fn new(newest: Time, now: Time) -> Self {
        let newest_days = newest.days_until(now);
        Self { newest_days, old: newest_days > OLD_AFTER_DAYS }
    }

    /// What is to be done about it; None while the set is young.
    pub fn advice(self) -> Option<String> {
        let years = self.newest_days / 365;
        self.old.then(|| format!("The newest reference is {years} years old: ask the writer for fresh ones."))
    }
}

impl Service {
    /// Looks a writer up. References that another model embedded are embedded again from their ink, but not stored.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`], [`Error::NoApprovedReference`], [`Error::OtherPreprocessing`].
    pub fn enrolled_writer(&self, id: &WriterId) -> Result<EnrolledWriter> {
        let writer = self.store.writer(id)?.ok_or_else(|| StoreError::NoWriter(id.clone()))?;
        self.as_enrolled(writer)
    }

    pub(crate) fn as_enrolled(&self, writer: Writer) -> Result<EnrolledWriter> {
        let newest = writer.approved().map(Reference::dated).max();
        let newest = newest.ok_or_else(|| Error::NoApprovedReference(writer.id.clone()))?;
        let (mut numbers, mut references) = (Vec::new(), Vec::new());
        for reference in writer.references.into_iter().filter(|reference| reference.approved.is_some()) {
            let embedding = self.embedding(&reference, &writer.id)?;
            numbers.push(reference.id);
            references.push(Signature {
                ink: reference.ink,
                embedding,
                digest: reference.digest,
                flaws: Vec::new(),
                page: Page::ONLY,
                times: Times::default(),
            });
        }
        let age = Age::new(newest, Time::now());
        Ok(EnrolledWriter { id: writer.id, pseudonym: writer.pseudonym, numbers, references, age })
    }

    fn embedding(&self, reference: &Reference, writer: &WriterId) -> Result<Embedding> {
        if reference.model.digest == self.stamp.digest {
            return Ok(reference.embedding.clone());
        }
        if reference.model.preprocess != self.stamp.preprocess {
            return Err(Error::OtherPreprocessing {
                reference: reference.id,
                writer: writer.clone(),
                model: reference.model.digest.clone(),
            });
        }
        let failed = |source| Error::StoredReference { reference: reference.id, writer: writer.clone(), source };
        self.verifier.model().embed(&reference.ink).map_err(failed)
    }
}
