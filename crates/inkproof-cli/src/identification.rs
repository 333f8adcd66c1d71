//! Which enrolled writer a signature may be by: the nearest in memory, then those scored in full.

use anyhow::Result;
use inkproof::{Embedding, Model};
use rayon::prelude::*;
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
    let near = index.nearest(&questioned.global(), SCORED.max(top));
    let suspects = near.par_iter().with_max_len(1).map(|near| suspect(store, model, questioned, asked, &near.writer));
    let mut suspects = suspects.filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
    suspects.sort_by(|a, b| b.judgement.score.get().total_cmp(&a.judgement.score.get()));
    suspects.truncate(top);
    Ok(suspects)
}

/// None where the writer was erased, or has no reference that counts any more.
fn suspect(
    store: &Store,
    model: &Model,
    questioned: &Embedding,
    asked: Asked,
    writer: &WriterId,
) -> Result<Option<Suspect>> {
    let Some(writer) = store.writer(writer)?.filter(|writer| writer.approved().next().is_some()) else {
        return Ok(None);
    };
    let known = KnownWriter::of(&writer, model)?;
    let references: Vec<&Embedding> = known.embeddings.iter().collect();
    let judgement = Judgement::of(model, &references, questioned, asked)?;
    Ok(Some(Suspect { writer: known.id, pseudonym: known.pseudonym, judgement }))
}
