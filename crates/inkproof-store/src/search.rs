//! What a search in memory has to know, and what changed since it last looked: each server asks this of the store that it
//! shares with others.

use std::collections::HashMap;

use crate::database::{Row, Value};
use crate::sealing::{GLOBAL, Key, vector_from_bytes};
use crate::{Pseudonym, Result, Store, StoreError, WriterId};

/// What happened to writers since a number of the audit.
#[derive(Debug, Clone)]
pub struct Changes {
    /// Writers who are new or whose references changed, as they are now.
    pub known: Vec<Known>,
    /// Writers who were erased.
    pub erased: Vec<Pseudonym>,
    /// What to ask after next; the same as asked after where nothing happened.
    pub up_to: i64,
}

/// A writer as the search knows it.
#[derive(Debug, Clone)]
pub struct Known {
    /// What the audit calls the writer.
    pub pseudonym: Pseudonym,
    /// What the writer was enrolled under.
    pub id: WriterId,
    /// One for each reference that counts; none where none does.
    pub vectors: Vec<KnownVector>,
}

/// The global vector of a reference that counts.
#[derive(Debug, Clone)]
pub struct KnownVector {
    /// The digest of the model that it is from; vectors of two models cannot be compared.
    pub model: String,
    /// [`Embedding::global`](inkproof::Embedding::global) of the reference.
    pub values: Vec<f32>,
}

impl Store {
    /// What happened after a number of the audit (0: everything), of at most so many writers.
    pub fn changes(&self, after: i64, writers: usize) -> Result<Changes> {
        const WRITERS: &str =
            "SELECT number, pseudonym, id, changed, key FROM writers WHERE changed > $1 ORDER BY changed LIMIT $2";
        const VECTORS: &str = "
            SELECT writer, s.id, model, global FROM signatures s JOIN writers ON writer = number
            WHERE changed > $1 AND changed <= $2 AND approved IS NOT NULL ORDER BY s.id";
        const ERASED: &str = "SELECT writer FROM audit WHERE event = 'erased' AND sequence > $1 AND sequence <= $2";
        self.read(|session| {
            let mut head = session.query("SELECT sequence FROM chain WHERE one = 1", &[])?;
            let head = head.pop().ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?.integer()?;
            let found = session.query(WRITERS, &[after.into(), (writers as i64).into()])?;
            let full = found.len() == writers;
            let mut known = Vec::with_capacity(found.len());
            let (mut numbers, mut last) = (HashMap::new(), after);
            for mut row in found {
                let number = row.integer()?;
                let pseudonym = Pseudonym::from_slice(&row.bytes()?)?;
                known.push(Known { pseudonym, id: crate::writer_row::stored_id(&row.text()?)?, vectors: Vec::new() });
                last = row.integer()?;
                numbers.insert(number, (known.len() - 1, session.keys().unlock(number, &row.bytes()?)?));
            }
            let up_to = if full { last } else { head };
            let range: [Value; 2] = [after.into(), up_to.into()];
            for mut row in session.query(VECTORS, &range)? {
                if let Some((place, key)) = numbers.get(&row.integer()?) {
                    known[*place].vectors.push(vector(row, key)?);
                }
            }
            let erased = session.query(ERASED, &range)?.into_iter();
            let erased = erased.map(|mut row| Pseudonym::from_slice(&row.bytes()?)).collect::<Result<_>>()?;
            Ok(Changes { known, erased, up_to })
        })
    }
}

fn vector(mut row: Row, key: &Key) -> Result<KnownVector> {
    let (reference, model, sealed) = (row.integer()?, row.text()?, row.bytes()?);
    Ok(KnownVector { model, values: vector_from_bytes(&key.open(GLOBAL, reference, &sealed)?) })
}
