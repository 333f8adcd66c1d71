//! What can go wrong in a use, named after what the user sees. Messages name what is wrong; how to go on differs between
//! programs, so they add it.

use inkproof::enrolment::EnrolmentReport;
use inkproof_store::{AccountId, StoreError, WriterId};

use crate::calibrate::percent;
use crate::{ImageField, MOST_SIGNATURES};

/// The result of a use.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in a use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An image that cannot be used.
    #[error("{name}: {source}")]
    Image {
        /// Which image of the question it is.
        field: ImageField,
        /// What the user calls it.
        name: String,
        /// What is wrong with it.
        source: inkproof::Error,
    },
    /// A row of a table that says nothing that could be judged.
    #[error("{0}")]
    Row(String),
    /// What the engine says of the comparison.
    #[error(transparent)]
    Engine(#[from] inkproof::Error),
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The writer is enrolled, but has no approved reference.
    #[error("'{0}' has no reference that counts: none is enrolled, or none is approved yet")]
    NoApprovedReference(WriterId),
    /// A reference that was made for a model with another preprocessing.
    #[error("reference {reference} of '{writer}' was made for another model ({model}) and has to be embedded again")]
    OtherPreprocessing {
        /// Its number in the store.
        reference: i64,
        /// Whose it is.
        writer: WriterId,
        /// The digest of the model that it was made for.
        model: String,
    },
    /// New references cannot be compared with those of another model.
    #[error(
        "reference {reference} of '{writer}' was embedded by another model ({model}); all have to be embedded by this one \
         before more are enrolled"
    )]
    OtherModel {
        /// Its number in the store.
        reference: i64,
        /// Whose it is.
        writer: WriterId,
        /// The digest of the model that embedded it.
        model: String,
    },
    /// A share of genuine signatures that nobody can promise.
    #[error("{0} is no share of genuine signatures that may be turned away: give one above 0 and below 0.5, as 0.05")]
    Frr(f64),
    /// A model without likelihood ratios.
    #[error(
        "the model has no likelihood ratios yet: calibrate its file first, on signatures with forgeries if there are any"
    )]
    NotCalibrated,
    /// Too few writers to calibrate on.
    #[error(
        "{writers} writers have two references or more; to promise that at most {} of genuine signatures go to a person, at \
         least {needed} must have",
        percent(*frr)
    )]
    TooFewWriters {
        /// The wanted share, 0..1.
        frr: f64,
        /// How many there are.
        writers: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The account has a rule, and nobody has approved it yet.
    #[error("the rule of account '{0}' waits for somebody else's approval, and does not hold yet")]
    MandateWaits(AccountId),
    /// More signatures than are judged by a rule at once.
    #[error("there are {0} signatures; give at most {MOST_SIGNATURES} at once")]
    TooManySignatures(usize),
    /// A writer who was to be new.
    #[error("there is a writer '{0}' already")]
    WriterExists(WriterId),
    /// References that do not fit.
    #[error("nothing was enrolled: {}", in_one_line(.0))]
    Objections(Box<EnrolmentReport>),
    /// Others changed the writer at each attempt.
    #[error("others keep changing '{0}'; nothing was enrolled")]
    Contended(WriterId),
    /// A reference of the store that its model cannot embed.
    #[error("reference {reference} of '{writer}': {source}")]
    StoredReference {
        /// Its number in the store.
        reference: i64,
        /// Whose it is.
        writer: WriterId,
        /// What the engine says.
        source: inkproof::Error,
    },
}

fn in_one_line(report: &EnrolmentReport) -> String {
    report.objections.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
