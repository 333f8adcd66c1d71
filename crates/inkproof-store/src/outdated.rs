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
    /// Says whether two models are shown ink that is drawn alike: the first 64 bits, in hexadecimal, of SHA-256 over the
    /// preprocessing as the model file has it, without the steps that find the signature in an image.
    pub preprocess: String,
}

impl ModelStamp {
    /// The stamp of a model.
    pub fn new(model: &Model) -> Self {
        let json = serde_json::to_vec(&model.preprocess().drawing()).expect("plain data");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_the_bundled_model_before_there_were_steps_are_still_its_own() {
        let ModelStamp { digest, preprocess } = ModelStamp::new(&Model::bundled());
        // As tests/data/store-version-1.db of the program has them.
        assert_eq!((&*digest, &*preprocess), ("61e8c22ea3b9547c", "d3306bf71179a99c"));
    }
}
