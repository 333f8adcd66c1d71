//! References whose embedding is another model's than the one in use.

use inkproof::Model;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::database::Row;
use crate::{Hex, Result, Store, WriterId};

/// Which model made an embedding, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelStamp {
    /// The model's digest.
    pub digest: String,
    /// Says whether two models are shown the same ink: the first 64 bits, in hexadecimal, of SHA-256 over the preprocessing
    /// as the model file has it.
    pub preprocess: String,
}

impl ModelStamp {
    /// The stamp of a model.
    pub fn new(model: &Model) -> Self {
        let json = serde_json::to_vec(model.preprocess()).expect("plain data");
        let hash = Sha256::digest(json);
        let preprocess = Hex::<8>::from_slice(&hash[..8]).expect("eight bytes").to_string();
        Self { digest: model.digest().to_owned(), preprocess }
    }
}

impl Store {
    /// Writers with references that another model than this one embedded, in the order in which they were enrolled, and the
    /// number to ask after next.
    pub fn outdated(&self, model: &str, after: i64, limit: usize) -> Result<Vec<(i64, WriterId)>> {
        const STATEMENT: &str = "
            SELECT number, id FROM writers w WHERE number > $1
                AND EXISTS (SELECT 1 FROM signatures WHERE writer = number AND model <> $2)
            ORDER BY number LIMIT $3";
        let writer = |mut row: Row| Ok((row.integer()?, crate::writer_row::stored_id(&row.text()?)?));
        let values = [after.into(), model.into(), (limit as i64).into()];
        self.read(|session| session.query(STATEMENT, &values)?.into_iter().map(writer).collect())
    }
}
