//! A store as another store: backup and copy.

use std::path::Path;

use crate::beside::written_whole;
use crate::database::{Keyed, Session, Value};
use crate::keys::{KeyId, Keyring};
use crate::{Counts, Head, Result, Store, StoreError, jobs, mandates};

/// Tables, what numbers their rows, and all columns, that first; each before those which refer to it.
const TABLES: [(&str, &str); 8] = [
    ("audit", "sequence, time, actor, event, writer, model, outcome, details, seal, hash"),
    ("writers", "number, id, pseudonym, key, created, changed"),
    (
        "signatures",
        "id, writer, added, added_by, approved, approved_by, written, model, preprocess, global, kept, image",
    ),
    ("reviews", "decision, writer, ink, settled, settled_by, outcome, note"),
    ("mandates", mandates::COLUMNS),
    ("jobs", jobs::COLUMNS),
    ("job_files", jobs::FILE_COLUMNS),
    ("job_rows", jobs::ROW_COLUMNS),
];
/// Which of the columns of `writers` is sealed with the master key.
const WRITER_KEY: usize = 3;
/// Rows that are large.
const FEW: i64 = 8;
const TOKENS: &str = "id, hash, role, created, created_by, expires, revoked, owner";
const REQUESTS: &str = "actor, key, request, writer, answer, time";
const CHAIN: &str = "sequence, hash, last_reference";
const PAGE: i64 = 200;

/// What was copied.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Copied {
    /// The end of the copy's audit.
    pub head: Head,
    /// How much is in the copy.
    pub counts: Counts,
}

impl Store {
    /// Writes everything to a new file, an SQLite store of its own, while others go on reading and writing.
    ///
    /// # Errors
    /// The file is there already or cannot be written.
    pub fn backup(&self, out: &Path) -> Result<Copied> {
        self.backup_unless(|| false, out)
    }

    /// The same, unless it is to `stop` before it is complete.
    ///
    /// # Errors
    /// As [`Store::backup`], and [`StoreError::Stopped`].
    pub fn backup_unless(&self, stop: fn() -> bool, out: &Path) -> Result<Copied> {
        written_whole(out, |begun| {
            let copied = self.copy_to_file(begun, stop)?;
            if stop() { Err(StoreError::Stopped) } else { Ok(copied) }
        })
    }

    fn copy_to_file(&self, path: &Path, stop: fn() -> bool) -> Result<Copied> {
        let place = path.to_str().ok_or_else(|| StoreError::Write {
            place: path.display().to_string(),
            why: "its name is not UTF-8".to_owned(),
        })?;
        if let Some(done) = self.database.backup(path, stop) {
            done?;
            // Nothing is written to it, so that its head is this one's.
            return Self::open_as_it_is(place, self.source()?)?.checked(None);
        }
        self.copy_unless(stop, &Self::open(place, self.source()?)?)
    }

    /// Writes everything to an empty store, and checks what arrived.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], or what did not arrive as it was sent.
    pub fn copy_to(&self, to: &Self) -> Result<Copied> {
        self.copy_unless(|| false, to)
    }

    fn copy_unless(&self, stop: fn() -> bool, to: &Self) -> Result<Copied> {
        let mut sent = None;
        to.database.write(&mut |session| {
            let target = &mut Keyed { session, keys: &to.keys };
            require_empty(target, &to.place)?;
            self.database.read(&mut |session| {
                sent = Some(copy(&mut Keyed { session, keys: &self.keys }, target, stop)?);
                Ok(())
            })
        })?;
        to.checked(sent)
    }

    fn checked(&self, head: Option<Head>) -> Result<Copied> {
        let checked = self.check(head.map(|head| head.hash))?;
        if let Some(wrong) = checked.wrong.first() {
            return Err(StoreError::damaged(format_args!("in the copy {wrong}")));
        }
        let info = self.info()?;
        Ok(Copied { head: info.head, counts: info.counts })
    }
}

fn require_empty(target: &mut dyn Session, place: &str) -> Result<()> {
    let statement = format!("SELECT sequence FROM chain WHERE one = 1{}", target.locking());
    match target.query(&statement, &[])?.pop().map(|mut row| row.integer()).transpose()? {
        Some(0) => Ok(()),
        _ => Err(StoreError::NotEmpty(place.to_owned())),
    }
}

fn copy(source: &mut dyn Session, target: &mut dyn Session, stop: fn() -> bool) -> Result<Head> {
    let master = crate::audit::master(target)?.ok_or(StoreError::NoMasterKey)?;
    for (table, columns) in TABLES {
        let key = columns.split(',').next().expect("there are columns");
        let select = format!("SELECT {columns} FROM {table} WHERE {key} > $1 ORDER BY {key} LIMIT $2");
        let insert = insert(table, columns);
        let page = if table == "job_files" { FEW } else { PAGE };
        let mut last = i64::MIN;
        loop {
            if stop() {
                return Err(StoreError::Stopped);
            }
            let rows = source.query(&select, &[last.into(), page.into()])?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                last = row.clone().integer()?;
                let mut values = row.rest();
                if table == "writers" {
                    lock_anew(&mut values[WRITER_KEY], last, source.keys(), (target.keys(), master))?;
                }
                target.execute(&insert, &values)?;
            }
        }
    }
    jobs::lock_keys(target, Some(source.keys()), master)?;
    for (table, columns) in [("tokens", TOKENS), ("requests", REQUESTS)] {
        for row in source.query(&format!("SELECT {columns} FROM {table}"), &[])? {
            target.execute(&insert(table, columns), &row.rest())?;
        }
    }
    let row = source.query(&format!("SELECT {CHAIN} FROM chain WHERE one = 1"), &[])?.pop();
    let row = row.ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?;
    target.execute("UPDATE chain SET sequence = $1, hash = $2, last_reference = $3 WHERE one = 1", &row.rest())?;
    let head = crate::audit::head(target, "")?;
    let mark = crate::audit::mark(target.keys(), master, head)?;
    target.execute("UPDATE chain SET mark = $1 WHERE one = 1", &[mark.into()])?;
    Ok(head)
}

/// A writer's key, sealed with the master key of the store that it comes to.
fn lock_anew(stored: &mut Value, writer: i64, from: &Keyring, (to, master): (&Keyring, KeyId)) -> Result<()> {
    let Value::Bytes(bytes) = stored else { return Err(StoreError::damaged("a writer has no key")) };
    *bytes = to.lock(master, writer, &from.unlock(writer, bytes)?)?;
    Ok(())
}

fn insert(table: &str, columns: &str) -> String {
    let places: Vec<String> = (1..=columns.split(',').count()).map(|place| format!("${place}")).collect();
    format!("INSERT INTO {table} ({columns}) VALUES ({})", places.join(", "))
}
