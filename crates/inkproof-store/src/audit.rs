//! The audit trail: who did what, when, with which model and which outcome, each entry chained to the one before.
//!
//! The hash of an entry is SHA-256 over the hash before and all of its fields, each with its length before it. An entry
//! that changes what is kept of a writer also carries a seal: a hash over the writer's key, the id and all that is stored
//! of the references, so that [`Store::check`] sees when these were changed behind the audit's back. With the writer's row
//! the key is gone and the seal says nothing any more.
//!
//! Who can write to the database can make a whole new chain; that is what a head noted elsewhere is for.

use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::database::{Row, Session, Value};
use crate::keys::{KeyId, Keyring};
use crate::{Actor, Hash, Hex, Pseudonym, Result, Store, StoreError, Time};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// References were added; the outcome is `approved`, or `waiting` for somebody else.
    Enrolled,
    /// A reference counts from now on.
    Approved,
    /// A reference was deleted.
    Removed,
    /// A writer was deleted, with all that was kept.
    Erased,
    /// The keys of writers who were erased before are gone from the database's files.
    Cleared,
    /// All that is kept of a writer was read.
    Exported,
    /// References got the embeddings of another model.
    Reembedded,
    /// A questioned signature was verified against references.
    Decided,
    /// A person decided or noted something on a review.
    Settled,
    /// A questioned signature was compared with all writers.
    Identified,
    /// Somebody was shown ink that is kept of a writer, or pictures of it.
    Viewed,
    /// A request to the server was not allowed.
    Refused,
    /// A token was made.
    TokenCreated,
    /// A token was revoked.
    TokenRevoked,
    /// Another master key seals from now on.
    MasterKeyChanged,
    /// Four eyes are wanted from now on, or are not any more.
    PolicyChanged,
    /// From now on signatures are accepted as this store's own writers show; or as the model says again.
    Calibrated,
    /// An account got a signing rule; the outcome is `approved`, or `waiting` for somebody else.
    MandateSet,
    /// A signing rule that somebody else set holds from now on.
    MandateApproved,
    /// An account has no signing rule any more.
    MandateRemoved,
    /// Signatures were judged by the signing rule of an account.
    MandateDecided,
    /// A table with its files was handed in, to be judged row by row.
    JobBegun,
    /// That is over; the outcome is `done`, `cancelled` or `failed`.
    JobEnded,
    /// A job that had ended was forgotten, with its table.
    JobRemoved,
}

impl Event {
    const ALL: [Self; 24] = [
        Self::Enrolled,
        Self::Approved,
        Self::Removed,
        Self::Erased,
        Self::Cleared,
        Self::Exported,
        Self::Reembedded,
        Self::Decided,
        Self::Settled,
        Self::Identified,
        Self::Viewed,
        Self::Refused,
        Self::TokenCreated,
        Self::TokenRevoked,
        Self::MasterKeyChanged,
        Self::PolicyChanged,
        Self::Calibrated,
        Self::MandateSet,
        Self::MandateApproved,
        Self::MandateRemoved,
        Self::MandateDecided,
        Self::JobBegun,
        Self::JobEnded,
        Self::JobRemoved,
    ];

    /// The word that the audit has for it, in kebab case.
    pub fn word(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Approved => "approved",
            Self::Removed => "removed",
            Self::Erased => "erased",
            Self::Cleared => "cleared",
            Self::Exported => "exported",
            Self::Reembedded => "reembedded",
            Self::Decided => "decided",
            Self::Settled => "settled",
            Self::Identified => "identified",
            Self::Viewed => "viewed",
            Self::Refused => "refused",
            Self::TokenCreated => "token-created",
            Self::TokenRevoked => "token-revoked",
            Self::MasterKeyChanged => "master-key-changed",
            Self::PolicyChanged => "policy-changed",
            Self::Calibrated => "calibrated",
            Self::MandateSet => "mandate-set",
            Self::MandateApproved => "mandate-approved",
            Self::MandateRemoved => "mandate-removed",
            Self::MandateDecided => "mandate-decided",
            Self::JobBegun => "job-begun",
            Self::JobEnded => "job-ended",
            Self::JobRemoved => "job-removed",
        }
    }
}

/// Something to be written down.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
    /// To whom, where it was about one writer.
    pub writer: Option<Pseudonym>,
    /// The model's digest.
    pub model: Option<String>,
    /// In a word or two: `accepted`, `no token`.
    pub outcome: String,
    /// An object; nothing that tells who a writer is.
    pub details: Json,
}

/// An entry of the audit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its number: 1 for the first, without gaps.
    pub sequence: i64,
    /// When it was written.
    pub time: Time,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
    /// To whom, where it was about one writer.
    pub writer: Option<Pseudonym>,
    /// The model's digest, where one was used.
    pub model: Option<String>,
    /// In a word or two: `accepted`, `no token`.
    pub outcome: String,
    /// An object; what is in it depends on the event.
    pub details: Json,
    /// A hash over what is kept of the writer, token, review or rule after this event, where that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Hash>,
    /// SHA-256 over the hash of the entry before and all of the above.
    pub hash: Hash,
}

/// The last entry of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its number, which is how many entries there are; 0 in an empty store.
    pub sequence: i64,
    /// Its hash; zeros in an empty store.
    pub hash: Hash,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Copy)]
pub enum AuditPage {
    /// Those after this one, the oldest first.
    After(i64),
    /// Those before this one, the newest first; `i64::MAX` begins at the head.
    Before(i64),
}

/// What [`Store::check`] looked at, and what is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// How many entries the audit has.
    pub entries: i64,
    /// The hash of the last one.
    pub head: Hash,
    /// How many writers are enrolled.
    pub writers: i64,
    /// How many references they have together.
    pub references: i64,
    /// Whether the master key was there: without it, what is kept of writers cannot be compared with the audit.
    pub has_key: bool,
    /// In sentences; the store is as it was left where there is none.
    pub wrong: Vec<String>,
}

/// A write that goes on: nobody else appends before it ends.
pub(crate) struct Chain<'a> {
    pub session: &'a mut dyn Session,
    pub now: Time,
    begun_at: i64,
    head: Head,
    master: Option<KeyId>,
}

/// What the master key marks.
const MARK: &str = "head of the audit";

const COLUMNS: &str = "sequence, time, actor, event, writer, model, outcome, details, seal, hash";

impl Store {
    /// Writes down what changes nothing in the store, as that somebody was refused; all of it or nothing.
    pub fn append(&self, entries: &[NewEntry]) -> Result<()> {
        self.write(|chain| {
            for entry in entries {
                chain.append(entry.clone(), None)?;
            }
            Ok(())
        })
    }

    /// Writes one such entry down; its number.
    ///
    /// # Errors
    /// What the database says.
    pub fn append_one(&self, entry: &NewEntry) -> Result<i64> {
        self.write(|chain| chain.append(entry.clone(), None))
    }

    /// Some entries.
    pub fn audit(&self, page: AuditPage, limit: usize) -> Result<Vec<Entry>> {
        self.read(|session| entries(session, page, limit as i64))
    }

    /// Entries that speak of one writer, the oldest first; also those that name the writer as one among others: whom a
    /// signature may be by, or who may sign for an account.
    pub fn audit_of(&self, writer: Pseudonym, after: i64, limit: usize) -> Result<Vec<Entry>> {
        const NAMED: &str =
            "(writer = $1 OR (event IN ('identified', 'mandate-set', 'mandate-decided') AND details LIKE $2))";
        let statement =
            format!("SELECT {COLUMNS} FROM audit WHERE {NAMED} AND sequence > $3 ORDER BY sequence LIMIT $4");
        let among = format!("%\"{writer}\"%");
        let values = [writer.0[..].into(), among.as_str().into(), after.into(), (limit as i64).into()];
        self.read(|session| session.query(&statement, &values)?.into_iter().map(entry).collect())
    }

    /// The last entry of one kind that is about a model.
    pub fn last(&self, event: Event, model: &str) -> Result<Option<Entry>> {
        let statement =
            format!("SELECT {COLUMNS} FROM audit WHERE event = $1 AND model = $2 ORDER BY sequence DESC LIMIT 1");
        let values = [event.word().into(), model.into()];
        self.read(|session| session.query(&statement, &values)?.pop().map(entry).transpose())
    }

    /// The end of the chain, to be noted elsewhere.
    pub fn head(&self) -> Result<Head> {
        self.read(|session| head(session, ""))
    }
}

impl<'a> Chain<'a> {
    pub fn lock(session: &'a mut dyn Session) -> Result<Self> {
        let locking = session.locking();
        let sealed = SealedHead::read(session, locking)?;
        sealed.check(session.keys())?;
        let SealedHead { head, master, .. } = sealed;
        Ok(Self { session, now: Time::now(), begun_at: head.sequence, head, master })
    }

    /// The master key that seals.
    pub fn master(&self) -> Result<KeyId> {
        self.master.ok_or(StoreError::NoMasterKey)
    }

    /// From now on this one seals.
    pub fn change_master(&mut self, to: KeyId) -> Result<()> {
        self.session.execute("UPDATE chain SET master = $1 WHERE one = 1", &[to.0[..].into()])?;
        self.master = Some(to);
        Ok(())
    }

    /// The number of the entry that comes next.
    pub fn next(&self) -> i64 {
        self.head.sequence + 1
    }

    pub fn append(&mut self, new: NewEntry, seal: Option<Hash>) -> Result<i64> {
        let NewEntry { actor, event, writer, model, outcome, details } = new;
        let mut values: Vec<Value> = vec![
            self.next().into(),
            self.now.milliseconds().into(),
            actor.as_str().into(),
            event.word().into(),
            writer.as_ref().map(|writer| &writer.0[..]).into(),
            model.as_deref().into(),
            outcome.as_str().into(),
            details.to_string().as_str().into(),
            seal.as_ref().map(|seal| &seal.0[..]).into(),
        ];
        let hash = chained(self.head.hash, &values);
        values.push(hash.0[..].into());
        let statement = format!("INSERT INTO audit ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        self.session.execute(&statement, &values)?;
        self.head = Head { sequence: self.next(), hash };
        Ok(self.head.sequence)
    }

    pub fn close(self) -> Result<()> {
        if self.head.sequence > self.begun_at {
            let mark = mark(self.session.keys(), self.master()?, self.head)?;
            let values = [self.head.sequence.into(), self.head.hash.0[..].into(), mark.into()];
            self.session.execute("UPDATE chain SET sequence = $1, hash = $2, mark = $3 WHERE one = 1", &values)?;
        }
        Ok(())
    }
}

pub(crate) fn head(session: &mut dyn Session, locking: &str) -> Result<Head> {
    let statement = format!("SELECT sequence, hash FROM chain WHERE one = 1{locking}");
    let row = session.query(&statement, &[])?.pop();
    let mut row = row.ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?;
    Head::from_row(&mut row)
}

impl Head {
    fn from_row(row: &mut Row) -> Result<Self> {
        let (sequence, hash) = (row.integer()?, row.maybe_bytes()?);
        Ok(Self { sequence, hash: hash.map_or(Ok(Hex([0; 32])), |hash| Hash::from_slice(&hash))? })
    }
}

/// The id of the master key that a store of this version is sealed with; None before it is.
pub(crate) fn master(session: &mut dyn Session) -> Result<Option<KeyId>> {
    let row = session.query("SELECT master FROM chain WHERE one = 1", &[])?.pop();
    let id = row.map(|mut row| row.maybe_bytes()).transpose()?.flatten();
    id.map(|id| KeyId::from_slice(&id)).transpose()
}

/// What only who has the master key can write of a head.
pub(crate) fn mark(keys: &Keyring, master: KeyId, head: Head) -> Result<Vec<u8>> {
    keys.seal(master, MARK, head.sequence, &head.hash.0)
}

/// The head of a store that is sealed, or will be: with the master key's id, and the mark that it made.
pub(crate) struct SealedHead {
    pub head: Head,
    pub master: Option<KeyId>,
    mark: Vec<u8>,
}

impl SealedHead {
    pub fn read(session: &mut dyn Session, locking: &str) -> Result<Self> {
        let statement = format!("SELECT sequence, hash, master, mark FROM chain WHERE one = 1{locking}");
        let row = session.query(&statement, &[])?.pop();
        let mut row = row.ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?;
        Ok(Self {
            head: Head::from_row(&mut row)?,
            master: row.maybe_bytes()?.map(|id| KeyId::from_slice(&id)).transpose()?,
            mark: row.maybe_bytes()?.unwrap_or_default(),
        })
    }

    /// Of a store of a version that knew no master key.
    pub fn open(head: Head) -> Self {
        Self { head, master: None, mark: Vec::new() }
    }

    /// # Errors
    /// Where the head was not written by a program that had the master key.
    pub fn check(&self, keys: &Keyring) -> Result<()> {
        let Some(master) = self.master else { return Ok(()) };
        keys.require(master)?;
        match keys.open(MARK, self.head.sequence, &self.mark) {
            Ok(hash) if hash == self.head.hash.0 => Ok(()),
            Ok(_) | Err(StoreError::Damaged(_)) => {
                Err(StoreError::damaged("the head of the audit was not written with the master key"))
            }
            Err(error) => Err(error),
        }
    }
}

/// SHA-256 over the hash before and the fields of an entry.
pub(crate) fn chained(before: Hash, fields: &[Value]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"inkproof audit 1");
    hash.update(before.0);
    fields.iter().for_each(|field| feed(&mut hash, field));
    Hex(hash.finalize().into())
}

/// A value's kind, its length and its bytes, so that no two rows feed the same.
pub(crate) fn feed(hash: &mut Sha256, value: &Value) {
    let number;
    let (kind, bytes) = match value {
        Value::Null => (0_u8, &[][..]),
        Value::Integer(value) => {
            number = value.to_le_bytes();
            (1, &number[..])
        }
        Value::Text(text) => (2, text.as_bytes()),
        Value::Bytes(bytes) => (3, &bytes[..]),
    };
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn entries(session: &mut dyn Session, page: AuditPage, limit: i64) -> Result<Vec<Entry>> {
    rows(session, page, limit)?.into_iter().map(entry).collect()
}

pub(crate) fn rows(session: &mut dyn Session, page: AuditPage, limit: i64) -> Result<Vec<Row>> {
    let (relation, order, from) = match page {
        AuditPage::After(from) => (">", "ASC", from),
        AuditPage::Before(from) => ("<", "DESC", from),
    };
    let statement =
        format!("SELECT {COLUMNS} FROM audit WHERE sequence {relation} $1 ORDER BY sequence {order} LIMIT $2");
    session.query(&statement, &[from.into(), limit.into()])
}

pub(crate) fn entry(mut row: Row) -> Result<Entry> {
    Ok(Entry {
        sequence: row.integer()?,
        time: Time::from_milliseconds(row.integer()?)?,
        actor: Actor::new(row.text()?),
        event: event(&row.text()?)?,
        writer: row.maybe_bytes()?.map(|bytes| Pseudonym::from_slice(&bytes)).transpose()?,
        model: row.maybe_text()?,
        outcome: row.text()?,
        details: serde_json::from_str(&row.text()?).map_err(StoreError::damaged)?,
        seal: row.maybe_bytes()?.map(|bytes| Hash::from_slice(&bytes)).transpose()?,
        hash: Hash::from_slice(&row.bytes()?)?,
    })
}

fn event(word: &str) -> Result<Event> {
    let found = Event::ALL.into_iter().find(|event| event.word() == word);
    found.ok_or_else(|| StoreError::damaged(format_args!("the audit has an event '{word}'")))
}
