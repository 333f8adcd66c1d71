//! What is particular to a store in one file.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::schema::MIGRATIONS;
use crate::sqlite::Sqlite;

/// Files in a folder that goes away.
struct Folder {
    folder: TempDir,
    files: Cell<usize>,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), files: Cell::new(0) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Ground for Folder {
    fn place(&self) -> String {
        self.files.set(self.files.get() + 1);
        self.file(&format!("new/folder/{}.db", self.files.get())).display().to_string()
    }
}

fn open(path: &Path) -> Store {
    Store::open(path.to_str().unwrap(), &keys()).unwrap()
}

#[test]
fn sqlite_tells_the_story() {
    story(&Folder::new());
}

#[test]
fn two_handles_on_one_file_are_as_one() {
    together(&Folder::new(), 400);
}

#[test]
fn whatever_is_changed_behind_the_audit_is_found() {
    let folder = Folder::new();
    let whole = folder.file("whole.db");
    let store = open(&whole);
    enroll(&store, "one", &[1, 2], 0).unwrap();
    enroll(&store, "two", &[3], 0).unwrap();
    store.record(&[decision(None, Decision::Rejected)]).unwrap();
    let token = store.create_token(Role::Clerk, None, None, &by("otto")).unwrap().token;
    store.revoke_token(&token.id, &by("otto")).unwrap();
    let noted = store.head().unwrap().hash;
    let earlier = folder.file("earlier.db");
    store.backup(&earlier).unwrap();
    store.record(&[decision(None, Decision::Accepted)]).unwrap();
    let later = store.head().unwrap().hash;
    let reviews = store.record(&[decision(None, Decision::Undecided), decision(None, Decision::Undecided)]).unwrap();
    let settlement = Settlement { decision: Some(Decision::Rejected), note: Some("not his R".to_owned()) };
    store.settle(reviews[0], &settlement, &by("otto")).unwrap();
    is_whole(&store);
    drop(store);
    for (change, words) in [
        ("UPDATE audit SET outcome = 'accepted' WHERE event = 'decided' AND outcome = 'rejected'", "entry 3"),
        ("UPDATE audit SET time = time - 1 WHERE sequence = 2", "entry 2"),
        ("DELETE FROM audit WHERE sequence = 3", "entries 3 to 3 of the audit are missing"),
        ("DELETE FROM audit WHERE sequence = 9", "ends at entry 8, but its head is 9"),
        (
            "UPDATE signatures SET kept = (SELECT kept FROM signatures WHERE id = 2) WHERE id = 1",
            "references of writer",
        ),
        ("UPDATE signatures SET added = added + 1 WHERE id = 3", "references of writer"),
        ("DELETE FROM signatures WHERE id = 2", "references of writer"),
        ("UPDATE writers SET id = 'three' WHERE id = 'two'", "id or references of writer"),
        ("DELETE FROM writers WHERE id = 'two'", "is missing, though never erased"),
        ("INSERT INTO writers VALUES (9, 'x', zeroblob(16), zeroblob(32), 0, 9)", "knows nothing of writer"),
        ("UPDATE tokens SET revoked = NULL", "was changed"),
        ("UPDATE tokens SET role = 'operator'", "was changed"),
        ("DELETE FROM tokens", "is missing"),
        ("UPDATE reviews SET outcome = 'accepted' WHERE settled IS NOT NULL", "was changed"),
        ("UPDATE reviews SET note = NULL", "was changed"),
        ("DELETE FROM reviews WHERE settled IS NULL", "is missing"),
        (
            "INSERT INTO tokens VALUES ('id', zeroblob(32), 'clerk', 0, 'me', NULL, NULL, NULL)",
            "knows nothing of token",
        ),
    ] {
        let changed = folder.file("changed.db");
        fs::copy(&whole, &changed).unwrap();
        let connection = Connection::open(&changed).unwrap();
        connection.execute_batch(&format!("PRAGMA foreign_keys = ON; {change}")).unwrap();
        drop(connection);
        let wrong = open(&changed).check(None).unwrap().wrong;
        assert!(wrong.iter().any(|wrong| wrong.contains(words)), "{change}: {wrong:?}");
    }
    let cut = Connection::open(&whole).unwrap();
    cut.execute_batch(
        "DELETE FROM audit WHERE sequence > 2; DELETE FROM tokens; DELETE FROM reviews;
        UPDATE chain SET sequence = 2, hash = (SELECT hash FROM audit WHERE sequence = 2)",
    )
    .unwrap();
    drop(cut);
    let wrong = open(&whole).check(None).unwrap().wrong;
    assert_eq!(wrong, ["the head of the audit was not written with the master key"], "nobody else can make one");
    let wrong = open(&whole).check(Some(noted)).unwrap().wrong;
    assert!(wrong.iter().any(|wrong| wrong.contains("was cut off")), "{wrong:?}");
    let store = open(&earlier);
    is_whole(&store);
    let wrong = store.check(Some(later)).unwrap().wrong;
    assert!(wrong[0].contains("was cut off"), "of an older state only the noted head tells: {wrong:?}");
}

#[test]
fn references_of_tomorrow_and_without_number_are_refused() {
    let folder = Folder::new();
    let store = open(&folder.file("new.db"));
    let tomorrow = Time::from_milliseconds(Time::now().milliseconds() + 3 * 24 * 60 * 60 * 1000).unwrap();
    let references = [NewReference { written: Some(tomorrow), ..reference(1) }];
    let (writer, model, by) = (&id("one"), &model("first"), &by("anna"));
    let enrolment = Enrolment { writer, references: &references, model, by, four_eyes: false, seen: 0, key: None };
    assert!(matches!(store.enroll(&enrolment), Err(StoreError::NotWrittenYet(_))));
    let numbers: Vec<u32> = (0..101).collect();
    assert!(matches!(enroll(&store, "one", &numbers, 0), Err(StoreError::TooManyReferences { there: 0, .. })));
    assert!(store.writer(&id("one")).unwrap().is_none(), "nothing of what was refused is kept");
    is_whole(&store);
}

#[test]
fn files_that_are_no_store_of_ours_are_left_alone() {
    let folder = Folder::new();
    let place = |name: &str| folder.file(name).display().to_string();
    fs::write(folder.file("text.db"), "no database at all, and long enough to be looked at as one: ".repeat(20))
        .unwrap();
    assert!(matches!(Store::open(&place("text.db"), &keys()), Err(StoreError::NoStore(_))));
    Connection::open(folder.file("other.db")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Store::open(&place("other.db"), &keys()), Err(StoreError::NoStore(_))));
    drop(Store::open(&place("new.db"), &keys()).unwrap());
    Connection::open(folder.file("new.db")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let error = Store::open(&place("new.db"), &keys()).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert!(matches!(Store::open(&folder.folder.path().display().to_string(), &keys()), Err(StoreError::Open { .. })));
}

#[test]
fn of_an_erased_writer_not_a_byte_is_left() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    let store = open(&path);
    const WRITERS: u32 = 90;
    let name = |number: u32| format!("writer-{}-{number}", number.wrapping_mul(2_654_435_761));
    for number in 0..WRITERS {
        enroll(&store, &name(number), &[1000 + number], 0).unwrap();
        let writer = store.writer(&id(&name(number))).unwrap().unwrap();
        store
            .record(&[NewDecision {
                questioned: Some(ink(3000 + number)),
                ..decision(Some(writer.pseudonym), Decision::Undecided)
            }])
            .unwrap();
    }
    let plain = |number: u32| {
        let kept = reference(1000 + number);
        let inks = [kept.ink.to_bytes(), ink(3000 + number).to_bytes()];
        let parts = inks.iter().flat_map(|ink| [100, 500, 900].map(|from| ink[from..from + 60].to_vec()));
        parts.chain([kept.embedding.to_bytes()]).collect::<Vec<_>>()
    };
    let keys = stored_keys(&path);
    let bytes = everything(&path);
    for number in (0..WRITERS).step_by(7) {
        assert!(found(&bytes, name(number).as_bytes()) && found(&bytes, &keys[number as usize]), "they can be found");
        assert!(!plain(number).iter().any(|plain| found(&bytes, plain)), "nothing lies open at any time");
    }
    let erased: Vec<u32> = (0..WRITERS).filter(|number| number % 3 != 0).collect();
    for number in &erased {
        store.erase(&id(&name(*number)), &by("otto")).unwrap();
    }
    let backup = folder.file("backup.db");
    store.backup(&backup).unwrap();
    is_whole(&store);
    for file in [everything(&path), fs::read(&backup).unwrap()] {
        for number in 0..WRITERS {
            let (name, key) = (found(&file, name(number).as_bytes()), found(&file, &keys[number as usize]));
            assert_eq!((name, key), (number % 3 == 0, number % 3 == 0), "writer {number}");
        }
    }
    assert_eq!(store.writer(&id(&name(0))).unwrap().unwrap().references.len(), 1, "the others are as they were");
    enroll(&store, "again", &[1], 0).unwrap();
    assert!(store.erase(&id("again"), &by("otto")).is_ok());
}

#[test]
fn an_erasure_waits_for_readers_and_nobody_waits_for_it() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    let store = open(&path);
    enroll(&store, "gone", &[1], 0).unwrap();
    enroll(&store, "kept", &[2], 0).unwrap();
    let key = stored_keys(&path).remove(0);
    let reader = Connection::open(&path).unwrap();
    let seen = || reader.query_row("SELECT count(*) FROM writers", [], |row| row.get::<_, i64>(0)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(seen(), 2);

    let begun = std::time::Instant::now();
    assert!(store.erase(&id("gone"), &by("otto")).unwrap().pending);
    enroll(&store, "new", &[3], 0).unwrap();
    let other = open(&path);
    enroll(&other, "newer", &[4], 0).unwrap();
    assert!(begun.elapsed().as_millis() < 3000, "nobody was kept waiting: {:?}", begun.elapsed());
    assert!(store.writer(&id("gone")).unwrap().is_none(), "it is erased for everybody who looks now");
    assert_eq!((seen(), store.finish_erasures(&by("otto")).unwrap()), (2, 1));
    assert_eq!((other.pending_erasures().unwrap(), store.info().unwrap().pending_erasures), (1, 1));
    assert!(found(&everything(&path), &key), "the reader may still look at it");
    let backup = folder.file("backup.db");
    assert_eq!(store.backup(&backup).unwrap().head, store.head().unwrap());
    assert!(!found(&fs::read(&backup).unwrap(), &key));

    reader.execute_batch("COMMIT").unwrap();
    let again = open(&path);
    assert_eq!((again.pending_erasures().unwrap(), store.pending_erasures().unwrap()), (0, 0));
    assert!(!found(&everything(&path), &key) && !found(&everything(&path), b"gone"));
    let last = store.audit(AuditPage::Before(i64::MAX), 1).unwrap().remove(0);
    assert_eq!((last.event, &last.details["up_to"]), (Event::Cleared, &3.into()), "and the audit says since when");
    is_whole(&store);
}

#[test]
fn a_check_and_a_look_change_nothing_of_an_erasure() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    let store = open(&path);
    enroll(&store, "gone", &[1], 0).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM writers").unwrap();
    assert!(store.erase(&id("gone"), &by("otto")).unwrap().pending);
    drop(store);
    reader.execute_batch("COMMIT").unwrap();
    let looking = Store::open_as_it_is(path.to_str().unwrap(), &keys()).unwrap();
    is_whole(&looking);
    assert_eq!(looking.info().unwrap().pending_erasures, 1);
}

/// The writers' keys, in the order in which they were enrolled.
fn stored_keys(path: &Path) -> Vec<Vec<u8>> {
    let connection = Connection::open(path).unwrap();
    let mut keys = connection.prepare("SELECT key FROM writers ORDER BY number").unwrap();
    keys.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The database and its log.
fn everything(path: &Path) -> Vec<u8> {
    let log = path.with_extension("db-wal");
    [fs::read(path).unwrap(), fs::read(log).unwrap_or_default()].concat()
}

fn found(bytes: &[u8], secret: &[u8]) -> bool {
    let (first, rest) = secret.split_first().unwrap();
    let begins = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    begins.map(|(place, _)| &bytes[place + 1..]).any(|after| after.starts_with(rest))
}

#[test]
fn a_locked_a_read_only_and_a_missing_store_say_so() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    let store = open(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = std::time::Instant::now();
    assert!(matches!(enroll(&store, "one", &[1], 0), Err(StoreError::Locked)));
    assert!(begun.elapsed().as_secs() >= 5, "it waits for the other");
    assert!(store.writer(&id("one")).unwrap().is_none(), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    enroll(&store, "one", &[1], 0).unwrap();
    let missing = Store::open_existing(folder.file("none.db").to_str().unwrap(), &keys());
    assert!(matches!(missing, Err(StoreError::Missing(_))));
    assert!(!folder.file("none.db").exists(), "looking makes nothing");
}

#[cfg(unix)]
#[test]
fn others_cannot_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.file("data/store.db");
    let store = open(&path);
    enroll(&store, "one", &[1], 0).unwrap();
    store.backup(&folder.file("backup.db")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    for file in [&path, &path.with_extension("db-wal"), &folder.file("backup.db"), &folder.file("data")] {
        assert_eq!(mode(file), 0, "{}", file.display());
    }
}

#[test]
fn a_backup_is_a_store_and_overwrites_nothing() {
    let folder = Folder::new();
    let store = open(&folder.file("store.db"));
    enroll(&store, "one", &[1, 2], 0).unwrap();
    let backup = folder.file("backup.db");
    let copied = store.backup(&backup).unwrap();
    assert_eq!(copied.head, store.head().unwrap());
    assert!(matches!(store.backup(&backup), Err(StoreError::Write { .. })));
    enroll(&store, "two", &[3], 0).unwrap();
    let restored = open(&backup);
    assert_eq!(restored.writers(&WriterPage { limit: 9, ..WriterPage::default() }).unwrap().len(), 1);
    is_whole(&restored);
    let left: Vec<_> = fs::read_dir(folder.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".inkproof")), "{left:?}");
}

#[test]
fn an_older_store_is_upgraded_after_a_backup_beside_it() {
    const LATER: [&str; 5] =
        [MIGRATIONS[0], MIGRATIONS[1], MIGRATIONS[2], MIGRATIONS[3], "CREATE TABLE later (one BIGINT PRIMARY KEY\n);"];
    let folder = Folder::new();
    let path = folder.file("store.db");
    let place = path.to_str().unwrap();
    enroll(&Store::open(place, &keys()).unwrap(), "W-1", &[1, 2], 0).unwrap();
    let before = std::fs::read(&path).unwrap();
    let open = |opening| Sqlite::open_with(&path, opening, &LATER);
    assert!(matches!(open(Opening::Existing), Err(StoreError::Older { found: 4, known: 5 })));
    assert!(matches!(open(Opening::Create), Err(StoreError::Older { found: 4, known: 5 })));
    let older = open(Opening::AsItIs).unwrap();
    older.check().unwrap();
    assert_eq!(older.version().unwrap(), 4);
    drop(older);
    assert!(std::fs::read(&path).unwrap() == before, "looking changes nothing");

    let (found, backup) = Sqlite::upgrade(&path, &LATER).unwrap();
    let backup = backup.unwrap();
    assert_eq!((found, backup.as_path()), (4, folder.file("store.db.version-4").as_path()));
    assert_eq!(open(Opening::Existing).unwrap().version().unwrap(), 5);
    assert!(matches!(Store::open(place, &keys()), Err(StoreError::Newer { found: 5, known: 4 })));
    let kept = Store::open_existing(backup.to_str().unwrap(), &keys()).unwrap();
    assert!(kept.check(None).unwrap().wrong.is_empty());
    assert_eq!(kept.writer(&id("W-1")).unwrap().unwrap().references.len(), 2);

    assert_eq!(Sqlite::upgrade(&path, &LATER).unwrap(), (5, None), "nothing is left to do");
}

#[test]
fn of_a_removed_account_not_a_byte_is_left() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    let store = open(&path);
    enroll(&store, "one", &[1], 0).unwrap();
    let name = |number: u32| format!("account-{}-{number}", number.wrapping_mul(2_654_435_761));
    for number in 0..90 {
        set_rule(&store, &name(number), &["one"], i64::from(number), number % 2 == 0).unwrap();
    }
    assert!(found(&everything(&path), name(1).as_bytes()), "it can be found");
    for number in (0..90).filter(|number| number % 3 != 0) {
        assert!(!store.remove_mandate(&account(&name(number)), &by("otto")).unwrap(), "nobody reads");
    }
    is_whole(&store);
    let bytes = everything(&path);
    for number in 0..90 {
        assert_eq!(found(&bytes, name(number).as_bytes()), number % 3 == 0, "account {number}");
    }
    set_rule(&store, &name(1), &["one"], 1, false).unwrap();
    is_whole(&store);
}

#[test]
fn what_is_no_store_of_ours_never_becomes_one() {
    let folder = Folder::new();
    fs::write(folder.file("empty.db"), b"").unwrap();
    let foreign = "CREATE TABLE t (x); INSERT INTO t VALUES (1)";
    Connection::open(folder.file("other.db")).unwrap().execute_batch(foreign).unwrap();
    let marked = "PRAGMA application_id = 7; PRAGMA user_version = 1";
    Connection::open(folder.file("marked.db")).unwrap().execute_batch(marked).unwrap();
    for name in ["empty.db", "other.db", "marked.db"] {
        let before = traces(&folder);
        for opening in [Opening::Create, Opening::Existing, Opening::AsItIs, Opening::Upgrade] {
            let opened = Sqlite::open(&folder.file(name), opening);
            assert!(matches!(opened, Err(StoreError::NoStore(_))), "{name} {opening:?}");
        }
        assert_eq!(traces(&folder), before, "{name}");
    }
}

/// Every file in the folder: its name, a digest of its bytes, and when it was written.
fn traces(folder: &Folder) -> Vec<String> {
    use sha2::{Digest, Sha256};
    let trace = |path: PathBuf| {
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        format!("{} {written:?} {:x?}", path.display(), &Sha256::digest(fs::read(&path).unwrap())[..8])
    };
    let mut all: Vec<String> =
        fs::read_dir(folder.folder.path()).unwrap().map(|entry| trace(entry.unwrap().path())).collect();
    all.sort();
    all
}

/// Looks at a store, whose files are the same before and after; how many entries it has.
fn looked_at(folder: &Folder, name: &str) -> i64 {
    let before = traces(folder);
    let store = Store::open_as_it_is(folder.file(name).to_str().unwrap(), &keys()).unwrap();
    let checked = is_whole(&store);
    store.info().unwrap();
    drop(store);
    assert_eq!(traces(folder), before, "{name}");
    checked.entries
}

#[test]
fn a_program_killed_before_the_first_page_of_its_log_leaves_a_store_that_opens() {
    let folder = Folder::new();
    let store = open(&folder.file("store.db"));
    store.record(&[decision(None, Decision::Undecided)]).unwrap();
    for suffix in ["-wal", "-shm"] {
        fs::copy(folder.file(&format!("store.db{suffix}")), folder.file(&format!("kept{suffix}"))).unwrap();
    }
    drop(store);
    // The head of a log is made last before its first page is written.
    for bytes in [1, 31, 32] {
        let killed = format!("killed{bytes}.db");
        let log = fs::read(folder.file("kept-wal")).unwrap();
        fs::copy(folder.file("store.db"), folder.file(&killed)).unwrap();
        fs::write(folder.file(&format!("{killed}-wal")), &log[..bytes]).unwrap();
        fs::copy(folder.file("kept-shm"), folder.file(&format!("{killed}-shm"))).unwrap();
        assert_eq!(looked_at(&folder, &killed), 1, "{bytes} bytes");
        enroll(&open(&folder.file(&killed)), "two", &[3], 0).unwrap();
        assert_eq!(looked_at(&folder, &killed), 2, "{bytes} bytes, opened");
    }
}

#[test]
fn a_check_changes_nothing_and_sees_what_is_in_the_log() {
    let folder = Folder::new();
    let store = open(&folder.file("store.db"));
    enroll(&store, "one", &[1, 2], 0).unwrap();
    store.record(&[decision(None, Decision::Undecided)]).unwrap();
    // As a killed program leaves it, with the index of the log and without.
    for (killed, suffixes) in [("killed.db", &["", "-wal", "-shm"][..]), ("copied.db", &["", "-wal"])] {
        for suffix in suffixes {
            fs::copy(folder.file(&format!("store.db{suffix}")), folder.file(&format!("{killed}{suffix}"))).unwrap();
        }
        assert_eq!(looked_at(&folder, killed), 2, "{killed}");
    }
    drop(store);
    assert!(!folder.file("store.db-wal").exists());
    assert_eq!(looked_at(&folder, "store.db"), 2, "when nobody has");
    let looking = Store::open_as_it_is(folder.file("store.db").to_str().unwrap(), &keys()).unwrap();
    assert!(matches!(enroll(&looking, "two", &[3], 0), Err(StoreError::ReadOnly)));
    enroll(&open(&folder.file("store.db")), "two", &[3], 0).unwrap();
    assert!(matches!(looking.check(None), Err(StoreError::Locked)), "somebody wrote while it was looked at");
}
