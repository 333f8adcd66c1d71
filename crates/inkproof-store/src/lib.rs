//! The store: writers and their references, decisions that a person has to take, tokens, and the audit trail.
//!
//! Each verb is one transaction: it happens with its entry in the audit or not at all, and when it returns it is on the
//! disk. The verbs are written once, over the few statements that SQLite and PostgreSQL have in common (`database`); so
//! a [`Store`] is the same whichever of them holds it, and can be used by many threads at once.
//!
//! A place is a path, which SQLite keeps, or `postgres://USER@HOST/DATABASE`.

mod audit;
mod beside;
mod check;
mod database;
mod decisions;
mod error;
mod info;
mod outdated;
mod policy;
#[cfg(feature = "postgres")]
mod postgres;
mod records;
mod requests;
mod schema;
mod sealing;
mod search;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tokens;
mod transfer;
mod words;
mod writer_row;
mod writers;

pub use audit::{AuditPage, Checked, Entry, Event, Head, NewEntry};
pub use beside::leftovers_beside;
pub use decisions::{NewDecision, Review, Settlement};
pub use error::{Result, StoreError};
pub use info::{Counts, Info};
pub use outdated::ModelStamp;
pub use records::{
    Approval, Enrolled, Enrolment, Erased, Exported, NewReference, Reference, RequestKey, Writer, WriterPage,
    WriterSummary,
};
pub use search::{Changes, Known, KnownVector};
pub use tokens::{NewToken, Role, Token};
pub use transfer::Copied;
pub use words::{Actor, Hash, Hex, Pseudonym, Time, WriterId};

use std::path::{Path, PathBuf};

use audit::Chain;
use database::{Database, Opening, Session};

/// Where signatures, decisions and the audit are kept.
pub struct Store {
    place: String,
    database: Box<dyn Database>,
}

impl Store {
    /// Opens a store; makes one where there is none.
    ///
    /// # Errors
    /// Where it cannot be opened, is not a store, or is of another version than this program's.
    pub fn open(place: &str) -> Result<Self> {
        Self::open_so(place, Opening::Create)
    }

    /// The same, but of a store that has to be there.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Missing`].
    pub fn open_existing(place: &str) -> Result<Self> {
        Self::open_so(place, Opening::Existing)
    }

    /// Opens a store of this program's version or an older one, which stays as it is to the byte: to look, not to
    /// write.
    ///
    /// # Errors
    /// As [`Store::open_existing`], but for an older version.
    pub fn open_as_it_is(place: &str) -> Result<Self> {
        Self::open_so(place, Opening::AsItIs)
    }

    /// Brings a store to this program's version. Of a file a backup is written next to it before; a database server has
    /// backups of its own.
    ///
    /// # Errors
    /// As [`Store::open_existing`], but for an older version; where the backup cannot be written.
    pub fn upgrade(place: &str) -> Result<Upgraded> {
        let to = schema::MIGRATIONS.len() as i64;
        if is_address(place) {
            let from = Self::open_as_it_is(place)?.database.version()?;
            Self::open_so(place, Opening::Upgrade)?;
            return Ok(Upgraded { from, to, backup: None });
        }
        #[cfg(feature = "sqlite")]
        {
            let (from, backup) = sqlite::Sqlite::upgrade(Path::new(place), &schema::MIGRATIONS)?;
            Ok(Upgraded { from, to, backup })
        }
        #[cfg(not(feature = "sqlite"))]
        Err(StoreError::NotBuiltIn { place: place.to_owned(), kind: "SQLite" })
    }

    /// Clears what is left of erased writers where another program kept it at the time.
    ///
    /// # Errors
    /// [`StoreError::StillInLog`] where one still does.
    pub fn clear_erased(&self) -> Result<()> {
        self.database.forget()
    }

    fn open_so(place: &str, opening: Opening) -> Result<Self> {
        let database: Box<dyn Database> = if is_address(place) {
            #[cfg(not(feature = "postgres"))]
            return Err(StoreError::NotBuiltIn { place: without_password(place), kind: "PostgreSQL" });
            #[cfg(feature = "postgres")]
            Box::new(postgres::Postgres::open(place, opening)?)
        } else {
            #[cfg(not(feature = "sqlite"))]
            return Err(StoreError::NotBuiltIn { place: place.to_owned(), kind: "SQLite" });
            #[cfg(feature = "sqlite")]
            Box::new(sqlite::Sqlite::open(Path::new(place), opening)?)
        };
        Ok(Self { place: without_password(place), database })
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

/// What an upgrade did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Upgraded {
    /// The version that the store was of.
    pub from: i64,
    /// The version that it is of now.
    pub to: i64,
    /// The file with the store as it was before; None where nothing was done, or a database server holds the store.
    pub backup: Option<PathBuf>,
}

/// Whether a place is the address of a database and not a file.
fn is_address(place: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| place.starts_with(scheme))
}

/// A place as it may be shown: without the password that the address of a database may hold.
pub fn without_password(place: &str) -> String {
    if !is_address(place) {
        return place.to_owned();
    }
    #[cfg(feature = "postgres")]
    return postgres::without_password(place);
    #[cfg(not(feature = "postgres"))]
    "postgres://...".to_owned()
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
