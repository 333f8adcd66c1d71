//! Which model a reference is from: another than the one in use cannot compare its embedding.

use inkproof::Model;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Hex;

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
