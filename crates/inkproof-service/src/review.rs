//! A decision that a person has to take, with what that person has to see.

use inkproof_store::{Pseudonym, Review};
use serde::Serialize;

use crate::{Error, Pictures, Result, Service};

/// A review, and pictures of what it is about.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenReview {
    /// What was decided, and by whom.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub review: Review,
    /// Null where they were not asked for, and once it is settled.
    pub pictures: Option<Pictures>,
    /// What the audit calls the writer, where the pictures show one who is not erased.
    #[serde(skip)]
    pub pseudonym: Option<Pseudonym>,
}

impl From<Review> for OpenReview {
    /// Without pictures.
    fn from(review: Review) -> Self {
        Self { review, pictures: None, pseudonym: None }
    }
}

impl Service {
    /// A review with pictures, by the number of its decision. Where no reference counts any more the questioned signature is
    /// shown alone, so that it can be settled.
    ///
    /// # Errors
    /// [`StoreError::NoReview`](inkproof_store::StoreError::NoReview), and what the engine says of the ink.
    pub fn open_review(&self, decision: i64) -> Result<OpenReview> {
        let review = self.store.review(decision)?;
        let Some(ink) = review.questioned.clone() else { return Ok(review.into()) };
        let embedding = self.verifier.model().embed(&ink)?;
        let writer = review.writer.as_ref().map(|id| self.store.writer(id)).transpose()?.flatten();
        let pseudonym = writer.as_ref().map(|writer| writer.pseudonym);
        let enrolled = match writer.map(|writer| self.as_enrolled(writer)) {
            Some(Err(Error::Store(error))) => return Err(error.into()),
            found => found.and_then(Result::ok),
        };
        let references = enrolled.map_or_else(Vec::new, |writer| writer.references);
        let preprocess = self.verifier.model().preprocess();
        let pictures = Pictures::new(preprocess, &references, &ink, &embedding);
        Ok(OpenReview { review, pictures: Some(pictures), pseudonym })
    }
}
