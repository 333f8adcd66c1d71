//! The store: writers and their references, decisions that a person has to take, tokens, and the audit trail.
//!
//! Each verb is one transaction: it happens with its entry in the audit or not at all, and when it returns it is on the
//! disk. The verbs are written once, over the few statements that SQLite and PostgreSQL have in common ([`database`]); so
//! a [`Store`] is the same whichever of them holds it, and can be used by many threads at once.
//!
//! A place is a path, which SQLite keeps, or `postgres://USER@HOST/DATABASE`.

mod audit;
mod database;
mod decisions;
mod error;
mod info;
mod outdated;
mod postgres;
mod records;
mod requests;
mod schema;
mod sealing;
mod search;
mod sqlite;
mod tokens;
mod transfer;
mod words;
mod writer_row;
mod writers;

pub use audit::{AuditPage, Checked, Entry, Event, Head, NewEntry};
pub use decisions::{NewDecision, Review, Settlement};
pub use error::{Result, StoreError};
pub use info::{Counts, Info};
pub use outdated::ModelStamp;
pub use postgres::without_password;
pub use records::{
    Approval, Enrolled, Enrolment, Erased, NewReference, Reference, RequestKey, Writer, WriterPage, WriterSummary,
};
pub use search::{Changes, Known, KnownVector};
pub use tokens::{NewToken, Role, Token};
pub use transfer::Copied;
pub use words::{Actor, Hash, Hex, Pseudonym, Time, WriterId};


use std::path::{Path, PathBuf};

use audit::Chain;
use database::{Database, Session};

/// Where signatures, decisions and the audit are kept.
pub struct Store {
    place: String,
    database: Box<dyn Database>,
}

impl Store {
    /// Opens a store and brings it to this program's version; makes one where there is none.
    ///
    /// # Errors
    /// Where it cannot be opened, is no store, or of a newer version.
    pub fn open(place: &str) -> Result<Self> {
        Self::at(place, true)
    }

    /// The same, but of a store that has to be there.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Missing`].
    pub fn open_existing(place: &str) -> Result<Self> {
        Self::at(place, false)
    }

    fn at(place: &str, create: bool) -> Result<Self> {
        match ["postgres://", "postgresql://"].iter().any(|scheme| place.starts_with(scheme)) {
            true => Ok(Self {
                place: postgres::without_password(place),
                database: Box::new(postgres::Postgres::open(place, create)?),
            }),
            false => Ok(Self {
                place: place.to_owned(),
                database: Box::new(sqlite::Sqlite::open(Path::new(place), create)?),
            }),
        }
    }

    /// Where it is, without a password.
    pub fn place(&self) -> &str {
        &self.place
    }

    fn read<T>(&self, mut work: impl FnMut(&mut dyn Session) -> Result<T>) -> Result<T> {
        let mut found = None;
        self.database.read(&mut |session| {
            found = Some(work(session)?);
            Ok(())
        })?;
        Ok(found.expect("the work was done"))
    }

    fn write<T>(&self, mut work: impl FnMut(&mut Chain<'_>) -> Result<T>) -> Result<T> {
        let mut done = None;
        self.database.write(&mut |session| {
            let mut chain = Chain::lock(session)?;
            done = Some(work(&mut chain)?);
            chain.close()
        })?;
        Ok(done.expect("the work was done"))
    }
}

/// `store.db` in the user's data folder: `$XDG_DATA_HOME/inkproof`, or `~/.local/share/inkproof`; None where there is no home
/// folder, or its name is not UTF-8.
pub fn default_place() -> Option<String> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let data = data.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")))?;
    data.join("inkproof/store.db").into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests;
