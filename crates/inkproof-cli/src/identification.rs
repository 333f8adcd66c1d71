//! Which enrolled writer a signature may be by: the nearest in memory, then those scored in full.

use anyhow::Result;
use inkproof::{Embedding, Model};
use serde::Serialize;

use crate::judgement::{Asked, Judgement};
use crate::known_writer::KnownWriter;
use crate::search_index::SearchIndex;
use crate::store::{Pseudonym, Store, WriterId};

/// So many of the nearest are scored in full.
const SCORED: usize = 20;

/// A writer that a signature may be by.
#[derive(Debug, Serialize)]
pub struct Suspect {
    pub writer: WriterId,
    #[serde(skip)]
    pub pseudonym: Pseudonym,
    #[serde(flatten)]
    pub judgement: Judgement,
}

/// The writers with the best scores, the best first. Those erased since the index was refreshed are left out.
pub fn identify(
    store: &Store,
    index: &SearchIndex,
    model: &Model,
    questioned: &Embedding,
    asked: Asked,
    top: usize,
) -> Result<Vec<Suspect>> {
    let mut suspects = Vec::new();
    for near in index.nearest(&questioned.global(), SCORED.max(top)) {
        let Some(writer) = store.writer(&near.writer)?.filter(|writer| writer.approved().next().is_some()) else {
            continue;
        };
        let known = KnownWriter::of(&writer, model)?;
        let references: Vec<&Embedding> = known.embeddings.iter().collect();
        let judgement = Judgement::of(model, &references, questioned, asked)?;
        suspects.push(Suspect { writer: known.id, pseudonym: known.pseudonym, judgement });
    }
    suspects.sort_by(|a, b| b.judgement.score.get().total_cmp(&a.judgement.score.get()));
    suspects.truncate(top);
    Ok(suspects)
}
