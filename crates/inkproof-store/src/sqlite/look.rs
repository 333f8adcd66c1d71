//! A connection that changes nothing: not the file, not its log, not the index of the log, and that leaves no new file
//! beside them, so that it works on a read-only medium and a full disk, and what it looked at is still the same evidence.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{PATIENCE, cannot_open, number, said};
use crate::{Result, StoreError};

/// Marks a file as ours: `inkp`.
pub const APPLICATION: i64 = 0x696e_6b70;
/// SQLite's way to files that takes no locks and knows no memory shared with others.
const WITHOUT_LOCKS: &str = if cfg!(windows) { "vfs=win32-none" } else { "vfs=unix-none" };

/// Bytes before the first page of a log (SQLite's file format, 4.1).
const HEAD_OF_LOG: u64 = 32;

/// How a file is looked at.
pub struct Look {
    path: PathBuf,
    way: Way,
    /// What it was like at first, where nothing keeps others from writing meanwhile.
    alone: Option<Traces>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Others have it open, or were killed over it: by their index of the log, which is only read.
    WithOthers,
    /// There is a log and no index of it, as in a copy: an index is made in memory.
    WithLog,
    /// The file alone: its log holds nothing.
    Still,
}

/// Length and time of the last change of the file and of its log, and whether somebody has it open.
type Traces = [Option<(u64, Option<SystemTime>)>; 3];

impl Look {
    pub fn new(path: &Path) -> Result<Self> {
        let path = path.canonicalize().map_err(|error| cannot_open(path, error))?;
        if !path.is_file() {
            return Err(cannot_open(&path, "it is not a file"));
        }
        let traces @ [_, log, index] = traces(&path);
        let way = match (log, index) {
            // Whoever was killed before the first page left nothing in it, and SQLite waits ten seconds in vain for more.
            (Some((1..=HEAD_OF_LOG, _)), _) => Way::Still,
            (Some(_), Some(_)) => Way::WithOthers,
            (Some((1.., _)), None) => Way::WithLog,
            _ => Way::Still,
        };
        Ok(Self { path, way, alone: (way != Way::WithOthers).then_some(traces) })
    }

    pub fn connect(&self) -> Result<Connection> {
        let option = match self.way {
            Way::WithOthers => "readonly_shm=1",
            Way::WithLog => WITHOUT_LOCKS,
            Way::Still => "immutable=1",
        };
        let address = format!("file:{}?{option}", escaped(&self.path));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(address, flags).map_err(|error| cannot_open(&self.path, error))?;
        connection.busy_timeout(PATIENCE).map_err(said)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(said)?;
        let exclusive = if self.way == Way::WithLog { "PRAGMA locking_mode = EXCLUSIVE;" } else { "" };
        let settings = format!("{exclusive} PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;");
        connection.execute_batch(&settings).map_err(said)?;
        Ok(connection)
    }

    /// Fails where somebody wrote to the file while it was read without their knowing.
    pub fn was_alone(&self) -> Result<()> {
        match self.alone {
            Some(before) if before != traces(&self.path) => Err(StoreError::Locked),
            _ => Ok(()),
        }
    }
}

/// The version of a store, known by its mark; any other file is left as it is.
pub fn recognise(path: &Path) -> Result<i64> {
    let connection = Look::new(path)?.connect()?;
    match number(&connection, "PRAGMA application_id") {
        Ok(APPLICATION) => number(&connection, "PRAGMA user_version"),
        Ok(_) | Err(StoreError::NoStore(_)) => Err(StoreError::NoStore(path.display().to_string())),
        Err(error) => Err(error),
    }
}

fn traces(path: &Path) -> Traces {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = OsString::from(path);
        name.push(suffix);
        let found = fs::metadata(name).ok()?;
        Some((found.len(), found.modified().ok()))
    })
}

/// As SQLite's addresses have it.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().map(|&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") }).collect()
}
