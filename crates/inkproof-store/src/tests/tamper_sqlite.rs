//! The same in a file.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;
use rusqlite::types::Value as Kept;
use tempfile::TempDir;

use super::tamper::{Shell, approves_for_a_while, fill, tally};
use super::*;

struct File {
    folder: TempDir,
    copies: AtomicUsize,
}

impl File {
    fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn alter(place: &str, statements: &str) -> rusqlite::Result<()> {
    let connection = Connection::open(place)?;
    let freely = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;";
    connection.execute_batch(&format!("{freely} {statements}"))
}

impl Shell for File {
    fn changed(&self, statements: &str) -> Option<String> {
        let place = self.place(&format!("{}.db", self.copies.fetch_add(1, Ordering::Relaxed)));
        fs::copy(self.place("whole.db"), &place).unwrap();
        alter(&place, statements).is_ok().then_some(place)
    }

    fn forget(&self, place: &str) {
        fs::remove_file(place).unwrap();
    }

    fn keys(&self, table: &str, key: &str) -> Vec<String> {
        let connection = Connection::open(self.place("whole.db")).unwrap();
        let statement = format!("SELECT quote({key}) FROM {table} ORDER BY {key} LIMIT 10");
        let mut statement = connection.prepare(&statement).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn content(&self, place: &str) -> Vec<String> {
        let connection = Connection::open(place).unwrap();
        let mut all = Vec::new();
        for table in [
            "chain",
            "audit",
            "writers",
            "signatures",
            "reviews",
            "tokens",
            "mandates",
            "jobs",
            "job_files",
            "job_rows",
            "requests",
        ] {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let row = |row: &rusqlite::Row<'_>| {
                (0..columns)
                    .map(|column| Ok(format!("{:?}", row.get::<_, Kept>(column)?)))
                    .collect::<Result<String, _>>()
            };
            all.extend(statement.query_map([], row).unwrap().map(|row| format!("{table} {}", row.unwrap())));
        }
        all.sort();
        all
    }

    fn longer(&self) -> &'static str {
        "CAST(coalesce(COLUMN, x'') || x'00' AS BLOB)"
    }

    fn against_the_tables(&self) -> Vec<String> {
        let connection = Connection::open(self.place("whole.db")).unwrap();
        let find = "SELECT 'DROP INDEX ' || name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
        let mut statement = connection.prepare(find).unwrap();
        let dropped: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let others = [
            "CREATE TRIGGER helper AFTER INSERT ON signatures BEGIN UPDATE signatures SET approved = 1; END",
            "CREATE VIEW helper AS SELECT key FROM writers",
            "CREATE TABLE helper AS SELECT key FROM writers",
            "CREATE TABLE helper (x)",
            "CREATE INDEX helper ON writers (key)",
            "ALTER TABLE tokens ADD COLUMN helper TEXT",
            "ALTER TABLE tokens DROP COLUMN revoked",
            "ALTER TABLE tokens RENAME COLUMN revoked TO helper",
            "ALTER TABLE reviews RENAME TO helper; CREATE VIEW reviews AS SELECT * FROM helper",
            "DROP INDEX reviews_open; CREATE INDEX reviews_open ON reviews (decision)",
            "CREATE TABLE helper AS SELECT * FROM requests; DROP TABLE requests; ALTER TABLE helper RENAME TO requests",
            "ANALYZE",
            "PRAGMA user_version = 1",
            "PRAGMA user_version = 0",
            "PRAGMA user_version = 77",
            "PRAGMA application_id = 0",
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_tokens_2'",
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'CHECK (one = 1)', '')",
        ];
        dropped.into_iter().chain(others.map(str::to_owned)).collect()
    }
}

#[test]
fn in_a_file_every_change_behind_the_audit_is_found() {
    let file = File { folder: tempfile::tempdir().unwrap(), copies: AtomicUsize::new(0) };
    let noted = fill(&file.place("whole.db"));
    let tally = tally(&file, noted);
    eprintln!("SQLite: {} changes, {} more refused, {} not found", tally.made, tally.refused, tally.unfound.len());
    assert_eq!(tally.unfound, Vec::<String>::new());
    assert!(tally.made > 200, "{}", tally.made);
}

#[test]
fn a_trigger_in_a_file_is_refused_and_found() {
    let file = File { folder: tempfile::tempdir().unwrap(), copies: AtomicUsize::new(0) };
    let trigger = "CREATE TRIGGER helper AFTER INSERT ON signatures
        BEGIN UPDATE signatures SET approved = added, approved_by = 'otto'; END";
    let make = |place: &str| alter(place, trigger).unwrap();
    let unmake = |place: &str| alter(place, "DROP TRIGGER helper").unwrap();
    approves_for_a_while(&file.place("store.db"), make, unmake);
}
