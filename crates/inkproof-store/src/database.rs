//! The little that SQLite and PostgreSQL are asked for: a transaction, and in it statements with values.
//!
//! Every verb of the store is written once over this, so that the two cannot come to differ. Statements are in words that
//! both understand; their values are `$1`, `$2` ..., each first met in ascending order.

use std::path::Path;

use crate::keys::Keyring;
use crate::{Result, StoreError};

/// A database that holds a store.
pub trait Database: Send + Sync {
    /// Runs `work` in a transaction that sees one state of everything.
    ///
    /// # Errors
    /// Those of `work`, and what the database says.
    fn read(&self, work: Work<'_>) -> Result<()>;

    /// Runs `work` in a transaction and makes what it wrote last: when this returns, it is on the disk. On any error
    /// nothing was written, except for [`StoreError::Uncertain`]. `work` may be called again after a failure.
    ///
    /// # Errors
    /// Those of `work`, and what the database says.
    fn write(&self, work: Work<'_>) -> Result<()>;

    /// Makes sure that nothing of the rows that were deleted from these tables is left in the database's files; false where
    /// another program that still reads hinders that. Nobody is kept waiting for longer than a moment.
    ///
    /// # Errors
    /// [`StoreError::MayNotRewrite`], and what the database says.
    fn forget(&self, tables: &[Erasable]) -> Result<bool>;

    /// A copy of everything in a new file, while others go on reading and writing; None where the database cannot do that
    /// itself. It ends early where it is to `stop`.
    ///
    /// # Errors
    /// What the database says.
    fn backup(&self, out: &Path, stop: fn() -> bool) -> Option<Result<()>>;

    /// What the database finds wrong with its own file; nothing is changed.
    ///
    /// # Errors
    /// What it found, or that it cannot look.
    fn check(&self) -> Result<()>;

    /// In sentences, what of its tables, indexes, triggers and the like is not as the migrations to its version make it.
    ///
    /// # Errors
    /// That it cannot look.
    fn differences(&self) -> Result<Vec<String>>;

    /// `SQLite` or `PostgreSQL`.
    fn kind(&self) -> &'static str;

    /// The version of the tables.
    ///
    /// # Errors
    /// What the database says.
    fn version(&self) -> Result<i64>;
}

/// A table that has ids of persons, or keys: it is small, and rewritten after an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasable {
    /// Writers' ids and keys.
    Writers,
    /// Accounts' ids.
    Mandates,
    /// Jobs' keys.
    Jobs,
}

impl Erasable {
    /// What the schema calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Writers => "writers",
            Self::Mandates => "mandates",
            Self::Jobs => "jobs",
        }
    }
}

/// What opening may do to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Make one where there is none.
    Create,
    /// It has to be there, of this program's version.
    Existing,
    /// It has to be there, of this program's version or an older one; nothing is written, not even beside it.
    AsItIs,
    /// It has to be there, and is brought to this program's version.
    Upgrade,
}

impl Opening {
    /// Whether a store of the version `found` may be opened so, and which migrations it needs.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Older`].
    pub fn steps(self, found: i64, migrations: &'static [&'static str]) -> Result<&'static [&'static str]> {
        let known = migrations.len() as i64;
        let steps = usize::try_from(found).ok().and_then(|found| migrations.get(found..));
        match (self, steps) {
            (_, None) => Err(StoreError::Newer { found, known }),
            (Self::Existing | Self::Create, Some(steps)) if found > 0 && !steps.is_empty() => {
                Err(StoreError::Older { found, known })
            }
            (Self::AsItIs, Some(_)) => Ok(&[]),
            (_, Some(steps)) => Ok(steps),
        }
    }
}

/// What is done in a transaction.
pub type Work<'a> = &'a mut dyn FnMut(&mut dyn Session) -> Result<()>;

/// A transaction that is going on.
pub trait Session {
    /// How many rows it changed.
    ///
    /// # Errors
    /// What the database says.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64>;

    /// The rows that it finds.
    ///
    /// # Errors
    /// What the database says.
    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>>;

    /// The master keys.
    fn keys(&self) -> &Keyring {
        static NONE: Keyring = Keyring::none();
        &NONE
    }

    /// What is put behind a SELECT whose rows nobody else shall change before this transaction ends.
    fn locking(&self) -> &'static str;
}

/// A transaction with the keys to what it finds.
pub struct Keyed<'a> {
    pub session: &'a mut dyn Session,
    pub keys: &'a Keyring,
}

impl Session for Keyed<'_> {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64> {
        self.session.execute(statement, values)
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.session.query(statement, values)
    }

    fn keys(&self) -> &Keyring {
        self.keys
    }

    fn locking(&self) -> &'static str {
        self.session.locking()
    }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The values of a row, taken from the left.
#[derive(Debug, Clone)]
pub struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The same without taking them.
    pub fn values(&self) -> &[Value] {
        self.0.as_slice()
    }

    /// The values that are left.
    pub fn rest(self) -> Vec<Value> {
        self.0.collect()
    }

    pub fn integer(&mut self) -> Result<i64> {
        self.maybe_integer()?.ok_or_else(missing)
    }

    pub fn text(&mut self) -> Result<String> {
        self.maybe_text()?.ok_or_else(missing)
    }

    pub fn bytes(&mut self) -> Result<Vec<u8>> {
        self.maybe_bytes()?.ok_or_else(missing)
    }

    pub fn maybe_integer(&mut self) -> Result<Option<i64>> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Integer(value) => Ok(Some(value)),
            other => Err(other_kind(&other)),
        }
    }

    pub fn maybe_text(&mut self) -> Result<Option<String>> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value)),
            other => Err(other_kind(&other)),
        }
    }

    pub fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Bytes(value) => Ok(Some(value)),
            other => Err(other_kind(&other)),
        }
    }

    fn next(&mut self) -> Result<Value> {
        self.0.next().ok_or_else(|| StoreError::damaged("a row has too few columns"))
    }
}

fn missing() -> StoreError {
    StoreError::damaged("a value is missing")
}

fn other_kind(value: &Value) -> StoreError {
    let kind = match value {
        Value::Null => "nothing",
        Value::Integer(_) => "a number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    };
    StoreError::damaged(format_args!("{kind} where something else belongs"))
}
