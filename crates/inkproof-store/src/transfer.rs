//! A store as another store: backup and copy.

use std::fs::{self, File};
use std::path::Path;

use crate::database::Session;
use crate::{Counts, Head, Result, Store, StoreError};

/// Tables, what numbers their rows, and all columns, that first; each before those which refer to it. Answers to
/// requests are short-lived and stay behind.
const TABLES: [(&str, &str); 4] = [
    ("audit", "sequence, time, actor, event, writer, model, outcome, details, seal, hash"),
    ("writers", "number, id, pseudonym, key, created, changed"),
    (
        "signatures",
        "id, writer, added, added_by, approved, approved_by, written, model, preprocess, global, kept, image",
    ),
    ("reviews", "decision, writer, ink, settled, settled_by, outcome, note"),
];
const TOKENS: &str = "id, hash, role, created, created_by, expires, revoked";
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
        let failed = |why: String| StoreError::Write { place: out.display().to_string(), why };
        if out.try_exists().map_err(|error| failed(error.to_string()))? {
            return Err(failed("there is a file already; give another name".to_owned()));
        }
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let within = tempfile::Builder::new().prefix(".inkproof-backup-").tempdir_in(folder);
        let within = within.map_err(|error| failed(error.to_string()))?;
        let begun = within.path().join("store.db");
        let copied = self.copy_to_file(&begun)?;
        let finish = || {
            File::open(&begun)?.sync_all()?;
            fs::rename(&begun, out)?;
            File::open(folder)?.sync_all()
        };
        finish().map_err(|error| failed(error.to_string()))?;
        Ok(copied)
    }

    fn copy_to_file(&self, path: &Path) -> Result<Copied> {
        let place = path.to_str().ok_or_else(|| StoreError::Write {
            place: path.display().to_string(),
            why: "its name is not UTF-8".to_owned(),
        })?;
        if let Some(done) = self.database.backup(path) {
            done?;
            let copy = Self::open_existing(place)?;
            return copy.checked(None);
        }
        self.copy_to(&Self::open(place)?)
    }

    /// Writes everything to an empty store, and checks what arrived.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], or what did not arrive as it was sent.
    pub fn copy_to(&self, to: &Self) -> Result<Copied> {
        let mut sent = None;
        to.database.write(&mut |target| {
            require_empty(target, &to.place)?;
            self.database.read(&mut |source| {
                sent = Some(copy(source, target)?);
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

fn copy(source: &mut dyn Session, target: &mut dyn Session) -> Result<Head> {
    for (table, columns) in TABLES {
        let key = columns.split(',').next().expect("there are columns");
        let select = format!("SELECT {columns} FROM {table} WHERE {key} > $1 ORDER BY {key} LIMIT $2");
        let insert = insert(table, columns);
        let mut last = i64::MIN;
        loop {
            let rows = source.query(&select, &[last.into(), PAGE.into()])?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                last = row.clone().integer()?;
                target.execute(&insert, &row.rest())?;
            }
        }
    }
    for row in source.query(&format!("SELECT {TOKENS} FROM tokens"), &[])? {
        target.execute(&insert("tokens", TOKENS), &row.rest())?;
    }
    let row = source.query(&format!("SELECT {CHAIN} FROM chain WHERE one = 1"), &[])?.pop();
    let row = row.ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?;
    target.execute("UPDATE chain SET sequence = $1, hash = $2, last_reference = $3 WHERE one = 1", &row.rest())?;
    crate::audit::head(target, "")
}

fn insert(table: &str, columns: &str) -> String {
    let places: Vec<String> = (1..=columns.split(',').count()).map(|place| format!("${place}")).collect();
    format!("INSERT INTO {table} ({columns}) VALUES ({})", places.join(", "))
}
