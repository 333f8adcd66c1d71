//! Writers and references as the store takes and gives them: plain data.

use inkproof::{Embedding, ImageDigest, Ink};
use serde::Serialize;

use crate::{AccountId, Actor, Entry, Hash, ModelStamp, Pseudonym, Review, Time, WriterId};

/// References to be kept of a writer, old or new.
#[derive(Debug, Clone)]
pub struct Enrolment<'a> {
    /// Who they are of; enrolled with them if not known yet.
    pub writer: &'a WriterId,
    /// In the order in which they get their numbers.
    pub references: &'a [NewReference],
    /// The model that embedded them.
    pub model: &'a ModelStamp,
    /// Who enrols them.
    pub by: &'a Actor,
    /// Whether somebody else has to approve them before they count; so they do, too, where the store wants it.
    pub four_eyes: bool,
    /// [`Writer::changed`] of the writer that the references were compared with; 0 where there was none.
    pub seen: i64,
    /// Makes the same request, sent again, give the same answer.
    pub key: Option<RequestKey>,
}

/// One reference, not yet kept.
#[derive(Debug, Clone)]
pub struct NewReference {
    /// What the embedding was made from.
    pub ink: Ink,
    /// What questioned signatures are compared with.
    pub embedding: Embedding,
    /// Of the original image.
    pub digest: ImageDigest,
    /// The original image's file, where it is to be kept.
    pub image: Option<Vec<u8>>,
    /// When it was signed, if that is known.
    pub written: Option<Time>,
}

/// An idempotency key, and a hash of the request that it came with.
#[derive(Debug, Clone)]
pub struct RequestKey {
    /// The client's key; remembered for one actor and at least seven days.
    pub key: String,
    /// SHA-256 of all that the request asks for; with another one the key is refused.
    pub request: Hash,
}

/// What an enrolment did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    /// The new references' numbers, in their order.
    pub references: Vec<i64>,
    /// Whether it was done before, with the same idempotency key.
    pub repeated: bool,
}

/// A writer with all references.
#[derive(Debug, Clone, Serialize)]
pub struct Writer {
    /// What it was enrolled under.
    pub id: WriterId,
    /// What the audit calls the writer.
    pub pseudonym: Pseudonym,
    /// When it was enrolled first.
    pub created: Time,
    /// The number of the audit's entry that last changed the references.
    pub changed: i64,
    /// In the order of their numbers; also those that do not count yet.
    pub references: Vec<Reference>,
}

/// One reference.
#[derive(Debug, Clone, Serialize)]
pub struct Reference {
    /// Its number, which no other reference of the store ever has.
    pub id: i64,
    /// When it was enrolled.
    pub added: Time,
    /// Who enrolled it.
    pub added_by: Actor,
    /// None where somebody has to approve it before it counts.
    pub approved: Option<Approval>,
    /// When it was signed, if that is known.
    pub written: Option<Time>,
    /// Of the original image.
    pub digest: ImageDigest,
    /// The model that embedded it.
    pub model: ModelStamp,
    /// What is left of the image after preprocessing.
    #[serde(skip)]
    pub ink: Ink,
    /// What questioned signatures are compared with.
    #[serde(skip)]
    pub embedding: Embedding,
    /// Whether the original image is kept: [`Store::image`](super::Store::image).
    pub has_image: bool,
}

/// Who let a reference count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// When the reference began to count.
    pub at: Time,
    /// Who enrolled it, where nobody else had to approve it.
    pub by: Actor,
}

/// Which writers are wanted, in the order in which they were enrolled.
#[derive(Debug, Clone, Default)]
pub struct WriterPage {
    /// [`WriterSummary::number`] of the last one that is known; 0 begins with the first.
    pub after: i64,
    /// At most so many.
    pub limit: usize,
    /// How their ids begin.
    pub prefix: String,
}

/// A writer in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WriterSummary {
    /// The place in the order of enrolment, ascending but with gaps; to ask for the page after this writer.
    #[serde(skip)]
    pub number: i64,
    /// What it was enrolled under.
    pub id: WriterId,
    /// When it was enrolled first.
    pub created: Time,
    /// How many references there are, with those that wait.
    pub references: i64,
    /// Those of them that somebody has to approve.
    pub waiting: i64,
    /// When the newest reference was signed, or added where that is not known.
    pub newest: Option<Time>,
}

/// Everything that is kept of a writer.
#[derive(Debug, Clone, Serialize)]
pub struct Exported {
    /// The writer with all references, also those not yet approved.
    pub writer: Writer,
    /// Decisions that were left to a person, open or settled.
    pub reviews: Vec<Review>,
    /// Accounts whose signing rules name the writer.
    pub accounts: Vec<AccountId>,
    /// The audit's entries that name the writer.
    pub audit: Vec<Entry>,
}

/// What was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// How many references there were.
    pub references: u64,
    /// Questioned signatures that waited for a person.
    pub reviews: u64,
    /// Whether the key is still in the database's files, since another program reads there; it is cleared away later.
    pub pending: bool,
}

impl Reference {
    /// When it was signed, or added where that is not known.
    pub fn dated(&self) -> Time {
        self.written.unwrap_or(self.added)
    }
}

impl Writer {
    /// The references that count.
    pub fn approved(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|reference| reference.approved.is_some())
    }
}
