//! What can go wrong with a store, named after what the user sees.

use crate::{AccountId, Time, WriterId};

/// The store's result.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is nothing at the place.
    #[error("{0}: there is no store")]
    Missing(String),
    /// The place cannot be used: its folder, its permissions, its address.
    #[error("{place}: the store cannot be opened ({why}); check the place and its permissions")]
    Open {
        /// The path, or the address without a password.
        place: String,
        /// What is wrong, by the system or the database.
        why: String,
    },
    /// A kind of database that this program was built without.
    #[error("{place}: this program was built without {kind}")]
    NotBuiltIn {
        /// The path, or the address without a password.
        place: String,
        /// `SQLite` or `PostgreSQL`.
        kind: &'static str,
    },
    /// A file, but not one of ours.
    #[error("{0}: is not a store of inkproof")]
    NoStore(String),
    /// A trigger, a view or a rule that is none of ours: it could do or show something else than the program is told.
    #[error("somebody added a {0} to the store; look at it with `store check`, find out who did so, and remove it")]
    Added(String),
    /// A newer program wrote it.
    #[error("the store is of version {found}, this program knows versions up to {known}; use a newer inkproof")]
    Newer {
        /// The store's version.
        found: i64,
        /// This program's version.
        known: i64,
    },
    /// An older program wrote it: [`Store::upgrade`](crate::Store::upgrade).
    #[error("the store is of version {found}, older than this program's version {known}, and has to be upgraded first")]
    Older {
        /// The store's version.
        found: i64,
        /// This program's version.
        known: i64,
    },
    /// Another program held it for too long, or kept getting in the way; nothing was stored.
    #[error("the store is locked by another program; try again when that has finished")]
    Locked,
    /// The file, the folder or the database user does not allow writing.
    #[error("the store cannot be written to: it is read-only; give its user the right to write")]
    ReadOnly,
    /// The file can be opened, and what SQLite keeps beside it cannot.
    #[error(
        "the store's log cannot be opened beside it: its folder or file system may be read-only, or too many files may be \
         open; give its user the right to write in the folder"
    )]
    NoLog,
    /// There is no room left; nothing was stored.
    #[error("the store cannot be written to: the disk is full; make room and try again")]
    Full,
    /// A file that may not grow, a disk that fails.
    #[error("the store's files cannot be read or written ({0}); look at the disk, its quota and its health")]
    Disk(String),
    /// The database server is not there; nothing was stored.
    #[error("the database cannot be reached ({0}); nothing was stored, try again when it is back")]
    Unreachable(String),
    /// The database server takes too long, or is asked too much at once; nothing was stored.
    #[error("the database is too slow to answer ({0}); nothing was stored, try again later")]
    Overloaded(String),
    /// The database server went away between the order to store and its answer.
    #[error("the database went away before it answered ({0}); look whether this was stored before you repeat it")]
    Uncertain(String),
    /// Nobody is enrolled under this id.
    #[error("there is no writer '{0}'")]
    NoWriter(WriterId),
    /// Text that cannot be an id; its first 128 characters.
    #[error(
        "'{0}' cannot be a writer's id; give 1 to 128 letters, digits or . _ : @ - and begin with a letter or digit"
    )]
    WriterId(String),
    /// The account has no signing rule, not even one that waits.
    #[error("account '{0}' has no signing rule")]
    NoMandate(AccountId),
    /// Text that cannot be an id; its first 128 characters.
    #[error(
        "'{0}' cannot be an account's id; give 1 to 128 letters, digits or . _ : @ - and begin with a letter or digit"
    )]
    AccountId(String),
    /// The account has no rule of this number, or not any more.
    #[error("account '{account}' has no rule {rule}, or another one was set in its place; look again")]
    NoRule {
        /// Whose it would be.
        account: AccountId,
        /// The number that was asked for.
        rule: i64,
    },
    /// By its number: it holds already.
    #[error("rule {0} is approved already")]
    RuleApproved(i64),
    /// Under four eyes, the rule was set by the same person.
    #[error("rule {rule} was set by {by}, who cannot approve it too; let somebody else do it")]
    OwnRule {
        /// The rule's number.
        rule: i64,
        /// Who set it and tried to approve it.
        by: String,
    },
    /// There is no job of this number, or not any more.
    #[error("there is no job {0}")]
    NoJob(i64),
    /// By its number: nothing can be added to it.
    #[error("job {0} has ended")]
    JobEnded(i64),
    /// By its number: it has to end before it can be removed.
    #[error("job {0} goes on; cancel it first")]
    JobGoesOn(i64),
    /// By its number: somebody else has recorded its next rows.
    #[error("somebody else works at job {0}")]
    JobMoved(i64),
    /// So many of one owner go on at most.
    #[error("{0} of your jobs go on; wait until one has ended, or cancel one")]
    TooManyJobs(usize),
    /// Its files were deleted as those of an upload that becomes no job.
    #[error("the job was handed in too slowly, and its files are deleted; hand it in again")]
    UploadGone,
    /// The writer is enrolled, but without a reference of this number.
    #[error("'{writer}' has no reference {reference}")]
    NoReference {
        /// Who is enrolled.
        writer: WriterId,
        /// The number that was asked for.
        reference: i64,
    },
    /// There would be more references than are compared at most.
    #[error("'{writer}' has {there} references, and no more than {most} are kept; remove old ones first")]
    TooManyReferences {
        /// Whose they would be.
        writer: WriterId,
        /// How many there are before the new ones.
        there: i64,
        /// How many there may be.
        most: i64,
    },
    /// A reference dated more than a day after now.
    #[error("a reference cannot be of {0}, which is yet to come; give the date when it was written")]
    NotWrittenYet(Time),
    /// By its number: it counts already.
    #[error("reference {0} is approved already")]
    AlreadyApproved(i64),
    /// Where two have to agree, one cannot be both.
    #[error("reference {reference} was enrolled by {by}, who cannot approve it too; let somebody else do it")]
    FourEyes {
        /// The reference's number.
        reference: i64,
        /// Who enrolled it and tried to approve it.
        by: String,
    },
    /// A flag or a setting that contradicts the store's word.
    #[error("the store's policy on four eyes is {kept}, and this asks otherwise; leave that out, or change the policy")]
    Policy {
        /// `on` or `off`.
        kept: &'static str,
    },
    /// Under four eyes, the question was the same person's.
    #[error("review {review} was asked for by {by}, who cannot settle it too; let somebody else do it")]
    OwnReview {
        /// The review's number.
        review: i64,
        /// Who asked and tried to settle it.
        by: String,
    },
    /// By its id, or that of none yet: under four eyes a token is somebody's.
    #[error("token {0} has no owner, and four eyes are two persons; revoke it, and make tokens for a person each")]
    NoOwner(String),
    /// A token for somebody whose name cannot be one.
    #[error("'{0}' cannot be a token's owner; give 1 to 64 letters, digits or . _ @ -")]
    Owner(String),
    /// The writer is not as it was when the change was prepared; nothing was stored.
    #[error("'{0}' was changed by somebody else in the meantime; look again")]
    Changed(WriterId),
    /// The key came before, by the same actor, with something else to do.
    #[error("the idempotency key was used for another request; give each request a key of its own")]
    KeyReused,
    /// No decision of this number was left to a person, or its writer is erased.
    #[error("there is no review {0}")]
    NoReview(i64),
    /// A person has decided already.
    #[error("review {review} was settled on {at}")]
    Settled {
        /// The review's number.
        review: i64,
        /// When it was settled.
        at: Time,
    },
    /// No token has this id.
    #[error("there is no token '{0}'")]
    NoToken(String),
    /// A word that is not a role.
    #[error("unknown role '{0}'; roles are clerk, operator, auditor, monitor and administrator")]
    NoRole(String),
    /// A source of master keys that cannot be used.
    #[error("{keys}: cannot be used as master key ({why})")]
    MasterKey {
        /// Where the keys come from.
        keys: String,
        /// What is wrong with it.
        why: String,
    },
    /// The source has keys, but not the one that the store is sealed with.
    #[error(
        "the store is sealed with master key {id}, which is not in {keys}; give the key that it was made with: without it \
         nothing of the store can be read"
    )]
    OtherMasterKey {
        /// The id of the key that is needed.
        id: crate::keys::KeyId,
        /// Where the keys come from that are there.
        keys: String,
    },
    /// What is sealed was asked for, and no key was given.
    #[error("the store is sealed with a master key, and none was given")]
    NoMasterKey,
    /// There is nothing to exchange the key for.
    #[error("{0} has no newer key than the one in use; add one")]
    NoNewerKey(String),
    /// Text that is not a hash in hexadecimal.
    #[error("'{0}' is not a head of an audit, which has 64 hexadecimal digits")]
    NoHead(String),
    /// The place to copy to has an audit already.
    #[error("the store at {0} is not empty; copy into a new one")]
    NotEmpty(String),
    /// Erased, but id and key are still in the file of a table that belongs to somebody else.
    #[error(
        "the writer or account is erased, but the key or id is left in the database's files, since its user may not rewrite \
         the tables 'writers' and 'mandates'; let their owner open the store, or make this user the owner"
    )]
    MayNotRewrite,
    /// What is stored cannot have been written by this program.
    #[error("the store is damaged: {0}; restore a backup")]
    Damaged(String),
    /// A backup or another file that is not the store itself.
    #[error("{place}: cannot be written ({why})")]
    Write {
        /// The file's path.
        place: String,
        /// What is wrong, by the system.
        why: String,
    },
    /// The user wanted it.
    #[error("stopped before it was complete; nothing is left of it")]
    Stopped,
    /// Whatever else the database finds wrong.
    #[error("the database says: {0}")]
    Database(String),
}

impl StoreError {
    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}
