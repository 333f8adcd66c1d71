//! The store: writers and their references, decisions that a person has to take, signing rules of accounts, jobs, tokens, and the
//! audit trail.
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
mod erasures;
mod error;
mod info;
mod jobs;
mod keys;
mod mandates;
mod model_stamp;
mod policy;
#[cfg(feature = "postgres")]
mod postgres;
mod records;
mod requests;
mod rotate;
mod schema;
mod sealing;
mod search;
mod spool;
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
pub use jobs::{FAILED, Job, JobCounts, JobFile, JobFiles, JobUpload, MOST_ROWS, NewJob, NewJobRow, OpenJob};
pub use keys::{KeyId, KeySource, default_key_file};
pub use mandates::{Mandate, MandatePage, NewMandate, Signer};
pub use model_stamp::ModelStamp;
pub use records::{
    Approval, Enrolled, Enrolment, Erased, Exported, NewReference, Reference, RequestKey, Writer, WriterPage,
    WriterSummary,
};
pub use rotate::Rotated;
pub use search::{Changes, Known, KnownVector};
pub use spool::{Spool, SpoolReader};
pub use tokens::{NewToken, Role, Token};
pub use transfer::Copied;
pub use words::{AccountId, Actor, Hash, Hex, Pseudonym, Time, WriterId};

use std::path::{Path, PathBuf};

use audit::Chain;
use database::{Database, Keyed, Opening, Session};
use keys::Keyring;

/// Where signatures, decisions and the audit are kept.
pub struct Store {
    place: String,
    database: Box<dyn Database>,
    keys: Keyring,
    has_made_key: bool,
    /// The key that it names, where that is not among those that were given.
    other_key: Option<KeyId>,
}

impl Store {
    /// Opens a store; makes one where there is none, and then also a key file that is not there.
    ///
    /// # Errors
    /// Where it cannot be opened, is not a store, is of another version than this program's, or was sealed with another
    /// master key.
    pub fn open(place: &str, keys: &KeySource) -> Result<Self> {
        Self::open_so(place, Opening::Create)?.unlocked(keys)
    }

    /// The same, but of a store that has to be there.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Missing`].
    pub fn open_existing(place: &str, keys: &KeySource) -> Result<Self> {
        Self::open_so(place, Opening::Existing)?.unlocked(keys)
    }

    /// Opens a store of this program's version or an older one, which stays as it is to the byte: to look, not to
    /// write. Without the master key nothing that is kept of a writer can be read.
    ///
    /// # Errors
    /// As [`Store::open_existing`], but for an older version and for the key.
    pub fn open_as_it_is(place: &str, keys: &KeySource) -> Result<Self> {
        let mut store = Self::open_so(place, Opening::AsItIs)?;
        if let Some(master) = store.master()?
            && let Ok(keys) = Keyring::read(keys)
        {
            let is_there = keys.require(master).is_ok();
            (store.keys, store.other_key) = if is_there { (keys, None) } else { (Keyring::none(), Some(master)) };
        }
        Ok(store)
    }

    /// Brings a store to this program's version. Of a file a backup is written next to it before; a database server has
    /// backups of its own.
    ///
    /// # Errors
    /// As [`Store::open_existing`], but for an older version; where the backup cannot be written.
    pub fn upgrade(place: &str, keys: &KeySource) -> Result<Upgraded> {
        let to = schema::MIGRATIONS.len() as i64;
        if is_address(place) {
            let from = Self::open_so(place, Opening::AsItIs)?.database.version()?;
            Self::open_so(place, Opening::Upgrade)?.unlocked(keys)?;
            return Ok(Upgraded { from, to, backup: None });
        }
        #[cfg(feature = "sqlite")]
        {
            let (from, backup) = sqlite::Sqlite::upgrade(Path::new(place), &schema::MIGRATIONS)?;
            Self::open_existing(place, keys)?;
            Ok(Upgraded { from, to, backup })
        }
        #[cfg(not(feature = "sqlite"))]
        Err(StoreError::NotBuiltIn { place: place.to_owned(), kind: "SQLite" })
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
        Ok(Self {
            place: without_password(place),
            database,
            keys: Keyring::none(),
            has_made_key: false,
            other_key: None,
        })
    }

    /// With the keys that it is sealed with or, where it is not yet, will be from now on.
    fn unlocked(mut self, source: &KeySource) -> Result<Self> {
        if let Some(id) = self.master()? {
            self.keys = Keyring::of_store(source, id)?;
        } else {
            (self.keys, self.has_made_key) = Keyring::read_or_make(source)?;
            self.adopt()?;
        }
        // What hinders it hinders nobody from using the store, and it stays pending.
        self.clear_away(&Actor::local()).ok();
        Ok(self)
    }

    /// Whether the key file was made when this was opened: it is to be kept elsewhere, too.
    pub fn has_made_key(&self) -> bool {
        self.has_made_key
    }

    /// The id of the master key that it is sealed with; None for a store that an older program wrote.
    ///
    /// # Errors
    /// What the database says.
    pub fn master(&self) -> Result<Option<KeyId>> {
        if self.database.version()? < schema::SEALED { Ok(None) } else { self.read(audit::master) }
    }

    fn source(&self) -> Result<&KeySource> {
        self.keys.source().ok_or(StoreError::NoMasterKey)
    }

    /// Where it is, without a password.
    pub fn place(&self) -> &str {
        &self.place
    }

    fn read<T>(&self, mut work: impl FnMut(&mut dyn Session) -> Result<T>) -> Result<T> {
        let mut found = None;
        self.database.read(&mut |session| {
            found = Some(work(&mut Keyed { session, keys: &self.keys })?);
            Ok(())
        })?;
        Ok(found.expect("the work was done"))
    }

    fn write<T>(&self, mut work: impl FnMut(&mut Chain<'_>) -> Result<T>) -> Result<T> {
        let mut done = None;
        self.database.write(&mut |session| {
            let session = &mut Keyed { session, keys: &self.keys };
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
    user_folder("XDG_DATA_HOME", ".local/share")?.join("inkproof/store.db").into_os_string().into_string().ok()
}

/// A folder of the user's that a variable names, or else one within the home folder (XDG Base Directory Specification).
fn user_folder(variable: &str, within_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    named.or_else(|| std::env::home_dir().map(|home| home.join(within_home)))
}

#[cfg(test)]
mod tests;
