//! A store in one file, by SQLite: a log of what is written ahead (WAL), made last before anything is acknowledged, and
//! what is deleted is overwritten.

mod forget;
mod look;
mod shape;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, Transaction, TransactionBehavior, params_from_iter};

use crate::beside::{make_private_folder, written_whole};
use crate::database::{Database, Erasable, Opening, Row, Session, Value, Work};
use crate::schema::MIGRATIONS;
use crate::{Result, StoreError};
use look::{APPLICATION, Look, recognise};

const VERSION: &str = "PRAGMA user_version";
/// How long to wait for another program that writes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many steps of its machine SQLite takes between two looks whether it is to stop.
const STEPS: i32 = 1000;
/// Connections that are kept for readers.
const IDLE_READERS: usize = 8;

/// A file that holds a store.
pub struct Sqlite {
    path: PathBuf,
    /// What makes the migrations to the version that it is of.
    migrations: &'static [&'static str],
    /// Where it is only looked at.
    look: Option<Look>,
    /// What only looks has one that cannot write.
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Sqlite {
    /// Opens a file.
    ///
    /// # Errors
    /// It is missing and not to be created, no store, of another version than may be opened so, or cannot be opened.
    pub fn open(path: &Path, opening: Opening) -> Result<Self> {
        Self::open_with(path, opening, &MIGRATIONS)
    }

    pub fn open_with(path: &Path, opening: Opening, migrations: &'static [&'static str]) -> Result<Self> {
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) if opening == Opening::Create => create(path, migrations)?,
            Ok(false) => return Err(StoreError::Missing(path.display().to_string())),
            Err(error) => return Err(cannot_open(path, error)),
        }
        let found = recognise(path)?;
        opening.steps(found, migrations)?;
        let look = (opening == Opening::AsItIs).then(|| Look::new(path)).transpose()?;
        let writer = match &look {
            Some(look) => look.connect()?,
            None => connect(path)?,
        };
        if look.is_none() {
            shape::require_no_helpers(&writer)?;
            migrate(&writer, opening, migrations)?;
        }
        let version = usize::try_from(number(&writer, VERSION)?).unwrap_or_default();
        let migrations = migrations.get(..version).ok_or_else(|| StoreError::damaged("its version has changed"))?;
        Ok(Self { path: path.to_owned(), migrations, look, writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Brings a file to this program's version, after a backup next to it: the version that it was of, and the backup.
    ///
    /// # Errors
    /// As [`Sqlite::open`], and where the backup cannot be written.
    pub fn upgrade(path: &Path, migrations: &'static [&'static str]) -> Result<(i64, Option<PathBuf>)> {
        let before = Self::open_with(path, Opening::AsItIs, migrations)?;
        let found = before.version()?;
        if found == migrations.len() as i64 {
            return Ok((found, None));
        }
        let backup = free_name(path, found)?;
        written_whole(&backup, |begun| before.backup(begun, || false).unwrap_or(Ok(())))?;
        drop(before);
        Self::open_with(path, Opening::Upgrade, migrations)?;
        Ok((found, Some(backup)))
    }

    /// Fails where the file is only looked at, and somebody wrote to it.
    fn was_alone(&self) -> Result<()> {
        self.look.as_ref().map_or(Ok(()), Look::was_alone)
    }

    fn reader(&self) -> Result<Connection> {
        let idle = held(&self.readers).pop();
        let open = || self.look.as_ref().map_or_else(|| connect(&self.path), Look::connect);
        idle.map_or_else(open, Ok)
    }

    fn keep(&self, reader: Connection) {
        let mut readers = held(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
    }
}

/// What a thread that panicked left is a connection whose transaction was rolled back.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database for Sqlite {
    fn read(&self, work: Work<'_>) -> Result<()> {
        let mut reader = self.reader()?;
        let mut transaction = reader.transaction().map_err(said)?;
        let done = work(&mut transaction).and_then(|()| transaction.finish().map_err(said));
        // What another program wrote meanwhile looks like damage.
        self.was_alone()?;
        done?;
        self.keep(reader);
        Ok(())
    }

    fn write(&self, work: Work<'_>) -> Result<()> {
        let mut writer = held(&self.writer);
        let mut transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
        shape::require_no_helpers(&transaction)?;
        work(&mut transaction)?;
        transaction.commit().map_err(said)
    }

    fn forget(&self, tables: &[Erasable]) -> Result<bool> {
        forget::forget(&self.writer, tables)
    }

    fn backup(&self, out: &Path, stop: fn() -> bool) -> Option<Result<()>> {
        Some(self.reader().and_then(|mut reader| {
            let path = out.to_str().ok_or_else(|| cannot_open(out, "its name is not UTF-8"))?;
            make(out).map_err(|error| cannot_open(out, error))?;
            reader.progress_handler(STEPS, Some(stop)).map_err(said)?;
            reader.execute("VACUUM INTO ?1", [path]).map_err(said)?;
            reader.progress_handler(0, None::<fn() -> bool>).map_err(said)?;
            self.keep(reader);
            Ok(())
        }))
    }

    fn check(&self) -> Result<()> {
        let reader = self.reader()?;
        let found = reader.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0)).map_err(said);
        self.was_alone()?;
        let found = found?;
        self.keep(reader);
        if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found)) }
    }

    fn differences(&self) -> Result<Vec<String>> {
        let reader = self.reader()?;
        let found = shape::differences(&reader, self.migrations)?;
        self.keep(reader);
        Ok(found)
    }

    fn kind(&self) -> &'static str {
        "SQLite"
    }

    fn version(&self) -> Result<i64> {
        number(&held(&self.writer), VERSION)
    }
}

impl Session for rusqlite::Transaction<'_> {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64> {
        let mut statement = self.prepare_cached(statement).map_err(said)?;
        Ok(statement.execute(params_from_iter(values)).map_err(said)? as u64)
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.prepare_cached(statement).map_err(said)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values)).map_err(said)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(said)? {
            let values = (0..columns).map(|column| value(row.get_ref(column).map_err(said)?));
            found.push(Row::new(values.collect::<Result<_>>()?));
        }
        Ok(found)
    }

    fn locking(&self) -> &'static str {
        ""
    }
}

fn value(value: ValueRef<'_>) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).map_err(StoreError::damaged)?),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(value) => return Err(StoreError::damaged(format_args!("{value} is not a whole number"))),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Lays a store that appears when it is whole, in folders that only its owner may look into.
fn create(path: &Path, migrations: &'static [&'static str]) -> Result<()> {
    make_private_folder(path).map_err(|error| cannot_open(path, error))?;
    let laid = written_whole(path, |begun| {
        make(begun).map_err(|error| cannot_open(path, error))?;
        let connection = connect(begun)?;
        migrate(&connection, Opening::Create, migrations)?;
        connection.close().map_err(|(_, error)| said(error))
    });
    match laid {
        // Another program was first.
        Err(StoreError::Write { .. }) if path.exists() => Ok(()),
        Err(StoreError::Write { why, .. }) => Err(cannot_open(path, why)),
        laid => laid,
    }
}

/// An empty file that only its owner may read.
fn make(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create(true).truncate(false).open(path)?;
    Ok(())
}

fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, error))?;
    connection.busy_timeout(PATIENCE).map_err(said)?;
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
        PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;";
    connection.execute_batch(settings).map_err(said)?;
    Ok(connection)
}

fn number(connection: &Connection, query: &str) -> Result<i64> {
    connection.query_row(query, [], |row| row.get(0)).map_err(said)
}

fn migrate(connection: &Connection, opening: Opening, migrations: &'static [&'static str]) -> Result<()> {
    if opening.steps(number(connection, VERSION)?, migrations)?.is_empty() {
        return Ok(());
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive).map_err(said)?;
    // Another program may have been first.
    for step in opening.steps(number(&transaction, VERSION)?, migrations)? {
        transaction.execute_batch(&in_own_words(step)).map_err(said)?;
    }
    let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {}", migrations.len());
    transaction.execute_batch(&marks).map_err(said)?;
    transaction.commit().map_err(said)
}

/// The name of a file next to the store that is not there yet, for a backup of a version.
fn free_name(path: &Path, version: i64) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| cannot_open(path, "it has no file name"))?.to_string_lossy();
    let names = (1..).map(|number| match number {
        1 => path.with_file_name(format!("{name}.version-{version}")),
        number => path.with_file_name(format!("{name}.version-{version}-{number}")),
    });
    let free = |path: &PathBuf| matches!(path.try_exists(), Ok(false));
    names.take(100).find(free).ok_or_else(|| cannot_open(path, "there are too many backups next to it"))
}

fn in_own_words(step: &str) -> String {
    step.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB").replace("\n);", "\n) STRICT;")
}

fn cannot_open(path: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Open { place: path.display().to_string(), why: why.to_string() }
}

fn said(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked,
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly,
        Some(ErrorCode::CannotOpen) => StoreError::NoLog,
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::OperationInterrupted) => StoreError::Stopped,
        Some(ErrorCode::SystemIoFailure) => StoreError::Disk(error.to_string()),
        Some(ErrorCode::NotADatabase) => StoreError::NoStore(String::new()),
        Some(ErrorCode::DatabaseCorrupt) => StoreError::damaged(error),
        _ => StoreError::Database(error.to_string()),
    }
}
