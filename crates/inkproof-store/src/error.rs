//! What can go wrong with a store, named after what the user sees.

use crate::{Time, WriterId};

/// The store's result.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is nothing at the place.
    #[error("{0}: there is no store")]
    Missing(String),
    #[error("{place}: the store cannot be opened ({why}); check the place and its permissions")]
    Open { place: String, why: String },
    /// A kind of database that this program was built without.
    #[error("{place}: this program was built without {kind}")]
    NotBuiltIn { place: String, kind: &'static str },
    /// A file, but not one of ours.
    #[error("{0}: is not a store of inkproof")]
    NoStore(String),
    #[error("the store is of version {found}, this program knows versions up to {known}; use a newer inkproof")]
    Newer { found: i64, known: i64 },
    #[error("the store is of version {found}, older than this program's version {known}, and has to be upgraded first")]
    Older { found: i64, known: i64 },
    #[error("the store is locked by another program; try again when that has finished")]
    Locked,
    #[error("the store cannot be written to: it is read-only; give its user the right to write")]
    ReadOnly,
    #[error("the store cannot be written to: the disk is full; make room and try again")]
    Full,
    /// A file that may not grow, a disk that fails.
    #[error("the store's files cannot be read or written ({0}); look at the disk, its quota and its health")]
    Disk(String),
    /// The database server is not there; nothing was stored.
    #[error("the database cannot be reached ({0}); nothing was stored, try again when it is back")]
    Unreachable(String),
    /// The database server went away between the order to store and its answer.
    #[error("the database went away before it answered ({0}); look whether this was stored before you repeat it")]
    Uncertain(String),
    #[error("there is no writer '{0}'")]
    NoWriter(WriterId),
    #[error(
        "'{0}' cannot be a writer's id; give 1 to 128 letters, digits or . _ : @ - and begin with a letter or digit"
    )]
    WriterId(String),
    #[error("'{writer}' has no reference {reference}")]
    NoReference { writer: WriterId, reference: i64 },
    #[error("'{writer}' has {there} references, and no more than {most} are kept; remove old ones first")]
    TooManyReferences { writer: WriterId, there: i64, most: i64 },
    #[error("a reference cannot be of {0}, which is yet to come; give the date when it was written")]
    NotWrittenYet(Time),
    #[error("reference {0} is approved already")]
    AlreadyApproved(i64),
    #[error("reference {reference} was enrolled by {by}, who cannot approve it too; let somebody else do it")]
    FourEyes { reference: i64, by: String },
    #[error("'{0}' was changed by somebody else in the meantime; look again")]
    Changed(WriterId),
    #[error("the idempotency key was used for another request; give each request a key of its own")]
    KeyReused,
    #[error("there is no review {0}")]
    NoReview(i64),
    #[error("review {review} was settled on {at}")]
    Settled { review: i64, at: Time },
    #[error("there is no token '{0}'")]
    NoToken(String),
    #[error("unknown role '{0}'; roles are clerk, operator and auditor")]
    NoRole(String),
    #[error("'{0}' is not a head of an audit, which has 64 hexadecimal digits")]
    NoHead(String),
    #[error("the store at {0} is not empty; copy into a new one")]
    NotEmpty(String),
    /// Erased, but id and key are still in SQLite's log.
    #[error(
        "the writer is erased, but another program keeps what is left from being cleared; check the store when that has \
         finished"
    )]
    StillInLog,
    /// What is stored cannot have been written by this program.
    #[error("the store is damaged: {0}; restore a backup")]
    Damaged(String),
    /// A file beside the store.
    #[error("{place}: cannot be written ({why})")]
    Write { place: String, why: String },
    /// The user wanted it.
    #[error("stopped before it was complete; nothing is left of it")]
    Stopped,
    #[error("the database says: {0}")]
    Database(String),
}

impl StoreError {
    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}
