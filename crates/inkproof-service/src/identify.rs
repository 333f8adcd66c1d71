//! Which enrolled writer a signature may be by: the nearest in memory, then those scored in full.

use std::time::{Duration, Instant};

use inkproof::{Decision, Signature, VerifyOptions};
use inkproof_store::{Actor, Event, NewEntry, Pseudonym, WriterId};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::images::{EmbeddedImage, ImageField, NamedImage};
use crate::search_index::Snapshot;
use crate::{ImageFlaw, PageRead, Result, Service, VerdictFields};

/// So many of the nearest are scored in full.
const SCORED: usize = 20;

/// The writers that fit best.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identification {
    /// What the user calls the questioned image.
    pub questioned: String,
    /// The best first, each with the verdict on the references that count.
    pub writers: Vec<Candidate>,
    /// How many references were compared.
    pub compared: usize,
    /// Which page of the questioned image was read, where its file has several.
    #[serde(flatten)]
    pub page: PageRead,
    /// The number, in the audit, of the calibration on the store's own writers that the thresholds are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<i64>,
    /// What makes the image unfit to decide on; then every decision is undecided.
    pub flaws: Vec<ImageFlaw>,
    /// How long the steps took.
    pub milliseconds: SearchTimes,
}

/// How long the steps of a search took.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchTimes {
    /// From the store into memory what changed since the last search; everything, the first time.
    pub load: f64,
    /// The comparison with all references, and with the nearest in full.
    pub search: f64,
}

/// A writer that a signature may be by.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// The id under which the writer is enrolled.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub writer: WriterId,
    /// What the audit calls the writer.
    #[serde(skip)]
    pub pseudonym: Pseudonym,
    /// The verdict on the writer's references.
    #[serde(flatten)]
    pub verdict: VerdictFields,
}

/// Writers that were found, but not yet written down.
pub struct Identified {
    /// The answer.
    pub answer: Identification,
    /// What is to be written down.
    pub entry: NewEntry,
}

impl Service {
    /// Finds the `top` enrolled writers whose references score best, the best first. Writers that are erased meanwhile are
    /// left out.
    ///
    /// # Errors
    /// Where the image cannot be used, and what the store says.
    pub fn identify(
        &self,
        questioned: NamedImage<'_>,
        top: usize,
        options: &VerifyOptions,
        by: Actor,
    ) -> Result<Identified> {
        let questioned = EmbeddedImage::new(&self.verifier, questioned, ImageField::Questioned)?;
        self.identified(questioned, top, options, by)
    }

    pub(crate) fn identified(
        &self,
        questioned: EmbeddedImage,
        top: usize,
        options: &VerifyOptions,
        by: Actor,
    ) -> Result<Identified> {
        let begun = Instant::now();
        let index = self.refreshed_index()?;
        let load = begun.elapsed();
        let begun = Instant::now();
        let kept = self.calibration()?;
        let levels = kept.as_ref().map(|kept| *kept.acceptance);
        let calibration = kept.filter(|_| options.threshold.is_none()).map(|kept| kept.audit);
        let options = VerifyOptions { levels, ..*options };
        let writers = self.best(&index, &questioned.signature, top, &options)?;
        let (search, compared) = (begun.elapsed(), index.len());
        let entry = self.entry(&writers, compared, calibration, by);
        let milliseconds = SearchTimes { load: in_milliseconds(load), search: in_milliseconds(search) };
        let flaws = questioned.flaws().collect();
        let page = questioned.signature.page.into();
        let answer =
            Identification { questioned: questioned.name, page, writers, compared, calibration, flaws, milliseconds };
        Ok(Identified { answer, entry })
    }

    fn best(
        &self,
        index: &Snapshot,
        questioned: &Signature,
        top: usize,
        options: &VerifyOptions,
    ) -> Result<Vec<Candidate>> {
        let near = index.nearest(&questioned.embedding.global(), SCORED.max(top));
        let score = |writer: &WriterId| self.candidate(writer, questioned, options);
        let scored = near.par_iter().with_max_len(1).map(|near| score(&near.writer));
        let mut found = scored.filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
        found.sort_by(|a, b| b.verdict.score.get().total_cmp(&a.verdict.score.get()));
        found.truncate(top);
        Ok(found)
    }

    /// None where the writer was erased, or has no reference that counts any more.
    fn candidate(&self, id: &WriterId, questioned: &Signature, options: &VerifyOptions) -> Result<Option<Candidate>> {
        let Some(writer) = self.store.writer(id)?.filter(|writer| writer.approved().next().is_some()) else {
            return Ok(None);
        };
        let writer = self.as_enrolled(writer)?;
        let verdict = self.verifier.verify_with(&writer.references, questioned, options)?;
        let verdict = VerdictFields::from(&verdict);
        Ok(Some(Candidate { writer: writer.id, pseudonym: writer.pseudonym, verdict }))
    }

    /// What the audit keeps: the outcome is the decision on the best, and all that were shown are named by pseudonym.
    fn entry(&self, writers: &[Candidate], compared: usize, calibration: Option<i64>, by: Actor) -> NewEntry {
        let best = writers.first();
        let shown = |candidate: &Candidate| json!({"writer": candidate.pseudonym, "score": candidate.verdict.score});
        let mut details = json!({"writers": writers.iter().map(shown).collect::<Vec<_>>(), "compared": compared});
        if let Some(number) = calibration {
            details["calibration"] = number.into();
        }
        NewEntry {
            actor: by,
            event: Event::Identified,
            writer: best.map(|best| best.pseudonym),
            model: Some(self.stamp.digest.clone()),
            outcome: best.map_or("nobody".to_owned(), |best: &Candidate| Decision::to_string(&best.verdict.decision)),
            details,
        }
    }
}

fn in_milliseconds(duration: Duration) -> f64 {
    1000.0 * duration.as_secs_f64()
}
