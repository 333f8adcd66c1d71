//! Every way to change a store behind its back, in both databases: each is found, or the database itself does not allow it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A table's key, and its columns by kind; the table of PostgreSQL's version is apart.
struct Table {
    name: &'static str,
    key: &'static str,
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
    bytes: &'static [&'static str],
    /// So many rows are changed, column by column.
    rows: usize,
}

const TABLES: [Table; 11] = [
    Table {
        name: "chain",
        key: "one",
        numbers: &["one", "sequence", "last_reference"],
        texts: &[],
        bytes: &["hash"],
        rows: 4,
    },
    Table {
        name: "audit",
        key: "sequence",
        numbers: &["sequence", "time"],
        texts: &["actor", "event", "model", "outcome", "details"],
        bytes: &["writer", "seal", "hash"],
        rows: 4,
    },
    Table {
        name: "writers",
        key: "number",
        numbers: &["number", "created", "changed"],
        texts: &["id"],
        bytes: &["pseudonym", "key"],
        rows: 4,
    },
    Table {
        name: "signatures",
        key: "id",
        numbers: &["id", "writer", "added", "approved", "written"],
        texts: &["added_by", "approved_by", "model", "preprocess"],
        bytes: &["global", "kept", "image"],
        rows: 4,
    },
    Table {
        name: "reviews",
        key: "decision",
        numbers: &["decision", "settled"],
        texts: &["settled_by", "outcome"],
        bytes: &["writer", "ink", "note"],
        rows: 4,
    },
    Table {
        name: "tokens",
        key: "id",
        numbers: &["created", "expires", "revoked"],
        texts: &["id", "role", "created_by", "owner"],
        bytes: &["hash"],
        rows: 4,
    },
    Table {
        name: "mandates",
        key: "number",
        numbers: &["number", "added", "approved"],
        texts: &["account", "rule", "added_by", "approved_by"],
        bytes: &["pseudonym"],
        rows: 4,
    },
    Table {
        name: "jobs",
        key: "number",
        numbers: &["number", "rows", "files", "upload", "created", "ended"],
        texts: &["owner", "kind", "outcome"],
        bytes: &["upload_key", "table_key"],
        rows: 2,
    },
    Table {
        name: "job_files",
        key: "number",
        numbers: &["number", "upload"],
        texts: &[],
        bytes: &["name", "content"],
        rows: 2,
    },
    Table {
        name: "job_rows",
        key: "number",
        numbers: &["number"],
        texts: &["outcome"],
        bytes: &["writer", "line"],
        rows: 2,
    },
    Table {
        name: "requests",
        key: "key",
        numbers: &["time"],
        texts: &["actor", "answer"],
        bytes: &["key", "request", "writer"],
        rows: 4,
    },
];

impl Table {
    fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.numbers.iter().chain(self.texts).chain(self.bytes).copied()
    }

    /// The value of a column, a little changed, and nothing.
    fn changes(&self, bytes: &str) -> Vec<String> {
        let numbers = self.numbers.iter().map(|column| format!("{column} = coalesce({column}, 0) + 1"));
        let texts = self.texts.iter().map(|column| format!("{column} = coalesce({column}, '') || 'x'"));
        let longer = |column: &&str| format!("{column} = {}", bytes.replace("COLUMN", column));
        let nothing = self.columns().map(|column| format!("{column} = NULL"));
        numbers.chain(texts).chain(self.bytes.iter().map(longer)).chain(nothing).collect()
    }

    /// All rows two by two, with a column (the key too) of each in the other: all that is between rows.
    fn between(&self, a: &str, b: &str) -> Vec<String> {
        let (name, key, all) = (self.name, self.key, self.columns().collect::<Vec<_>>().join(", "));
        let exchange = |column: &str| {
            let values = self.columns().map(|of| format!("{}.{of}", if of == column { "other" } else { "own" }));
            format!(
                "CREATE TEMP TABLE two AS SELECT * FROM {name} WHERE {key} IN ({a}, {b});
                DELETE FROM {name} WHERE {key} IN ({a}, {b});
                INSERT INTO {name} ({all}) SELECT {} FROM two own JOIN two other ON own.{key} <> other.{key}",
                values.collect::<Vec<_>>().join(", ")
            )
        };
        let copied = |column: &str| {
            format!("UPDATE {name} SET {column} = (SELECT {column} FROM {name} WHERE {key} = {b}) WHERE {key} = {a}")
        };
        self.columns().flat_map(|column| [exchange(column), copied(column)]).collect()
    }
}

/// A database whose store can be copied, and changed with a shell.
pub trait Shell: Sync {
    /// Runs statements in a copy of the store; None where the database refuses them.
    fn changed(&self, statements: &str) -> Option<String>;
    fn forget(&self, place: &str);
    /// Keys of a table as literals, at most ten.
    fn keys(&self, table: &str, key: &str) -> Vec<String>;
    /// A copy of everything in a table, to see whether statements change something.
    fn content(&self, place: &str) -> Vec<String>;
    /// An expression that adds a byte to COLUMN.
    fn longer(&self) -> &'static str;
    /// Statements against tables, indexes and what else there may be.
    fn against_the_tables(&self) -> Vec<String>;
}

/// Something of everything.
pub fn fill(place: &str) -> Hash {
    let store = Store::open(place, &keys()).unwrap();
    let key = |key: &str| Some(RequestKey { key: key.to_owned(), request: Hex([7; 32]) });
    enroll_as(&store, "one", &[1, 2], 0, false, key("k1")).unwrap();
    enroll_as(&store, "two", &[3, 4], 0, true, key("k2")).unwrap();
    enroll(&store, "gone", &[5], 0).unwrap();
    store.approve(&id("two"), 3, &by("otto")).unwrap();
    store.erase(&id("gone"), &by("otto")).unwrap();
    enroll(&store, "three", &[6], 0).unwrap();
    store.remove(&id("one"), 2, &by("otto")).unwrap();
    let one = store.writer(&id("one")).unwrap().unwrap().pseudonym;
    let two = store.writer(&id("two")).unwrap().unwrap().pseudonym;
    let of = [Some(one), Some(two), None, Some(one)].map(|writer| decision(writer, Decision::Undecided));
    let reviews = store.record(&of).unwrap();
    store.record(&[decision(Some(one), Decision::Rejected), decision(None, Decision::Accepted)]).unwrap();
    let settle = |review: i64, of, note: Option<&str>| {
        let settlement = Settlement { decision: of, note: note.map(str::to_owned) };
        store.settle(review, &settlement, &by("otto")).unwrap();
    };
    settle(reviews[0], None, Some("asked the branch"));
    settle(reviews[0], Some(Decision::Rejected), Some("not his R"));
    settle(reviews[2], None, Some("of nobody"));
    let expires = Some(Time::now().plus_days(1));
    store.create_token(Role::Clerk, Some("karl"), expires, &by("otto")).unwrap();
    let token = store.create_token(Role::Operator, Some("olga"), None, &by("anna")).unwrap().token;
    store.revoke_token(&token.id, &by("otto")).unwrap();
    set_rule(&store, "K-1", &["one"], 1, false).unwrap();
    set_rule(&store, "K-1", &["two", "three"], 2, true).unwrap();
    set_rule(&store, "K-2", &["one", "two"], 3, true).unwrap();
    let approved = store.mandates_of(&account("K-2")).unwrap()[0].number;
    store.approve_mandate(&account("K-2"), approved, &by("otto")).unwrap();
    set_rule(&store, "K-3", &["one"], 4, false).unwrap();
    store.remove_mandate(&account("K-3"), &by("otto")).unwrap();
    for name in ["anna", "otto"] {
        let job = begin_job(&store, name, 3);
        let of_writer = row(Some(decision(Some(one), Decision::Rejected)));
        store
            .record_rows(job, 0, &[failed_row(one), of_writer, row(Some(decision(None, Decision::Accepted)))])
            .unwrap();
        let goes_on = begin_job(&store, name, 4);
        let of_writer = row(Some(decision(Some(two), Decision::Undecided)));
        store.record_rows(goes_on, 0, &[row(None), of_writer]).unwrap();
    }
    while store.sweep_uploads().unwrap() {}
    is_whole(&store).head
}

/// How many changes there were, how many of them the database refused, and those that nobody found.
pub struct Tally {
    pub made: usize,
    pub refused: usize,
    pub unfound: Vec<String>,
}

pub fn tally(shell: &dyn Shell, noted: Hash) -> Tally {
    let whole = shell.changed("SELECT 1").unwrap();
    assert!(!is_found(&whole, noted), "what nobody changed is whole");
    let content = shell.content(&whole);
    shell.forget(&whole);
    let everything = everything(shell);
    let next = AtomicUsize::new(0);
    let some = || {
        let mut some = Tally { made: 0, refused: 0, unfound: Vec::new() };
        while let Some((kind, statement)) = everything.get(next.fetch_add(1, Ordering::Relaxed)) {
            some.add(shell, noted, &content, kind, statement);
        }
        some
    };
    // A database mostly waits.
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(some)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let sum = |of: fn(&Tally) -> usize| parts.iter().map(of).sum();
    Tally {
        made: sum(|part| part.made),
        refused: sum(|part| part.refused),
        unfound: parts.iter().flat_map(|part| part.unfound.clone()).collect(),
    }
}

impl Tally {
    fn add(&mut self, shell: &dyn Shell, noted: Hash, content: &[String], kind: &str, statement: &str) {
        let Some(place) = shell.changed(statement) else {
            self.refused += 1;
            return;
        };
        // Two rows may have the same in a column: then it is as it was.
        if kind == "table" || shell.content(&place) != content {
            self.made += 1;
            if !is_found(&place, noted) {
                self.unfound.push(statement.to_owned());
            }
        }
        shell.forget(&place);
    }
}

fn everything(shell: &dyn Shell) -> Vec<(&'static str, String)> {
    let mut rows = inserts();
    for table in &TABLES {
        let keys = shell.keys(table.name, table.key);
        for key in keys.iter().take(table.rows) {
            let at = format!("WHERE {} = {key}", table.key);
            let changes = table.changes(shell.longer());
            rows.extend(changes.iter().map(|change| format!("UPDATE {} SET {change} {at}", table.name)));
            rows.push(format!("DELETE FROM {} {at}", table.name));
        }
        if let [a, .., b] = &keys[..] {
            rows.extend(table.between(a, b));
        }
        if let [a, b, _, ..] = &keys[..] {
            rows.extend(table.between(a, b));
        }
    }
    let rows = rows.into_iter().map(|statement| ("row", statement));
    rows.chain(shell.against_the_tables().into_iter().map(|statement| ("table", statement))).collect()
}

/// Rows that look like others.
fn inserts() -> Vec<String> {
    let like =
        |table: &str, columns: &str, from: &str| format!("INSERT INTO {table} ({columns}) SELECT {from} FROM {table}");
    let audit = "sequence, time, actor, event, writer, model, outcome, details, seal, hash";
    let of_audit = |sequence: &str| {
        let from = format!("{sequence}, time, actor, event, writer, model, outcome, details, seal, hash");
        format!("{} WHERE sequence = 2", like("audit", audit, &from))
    };
    let writer = "number, id, pseudonym, key, created, changed";
    let of_writers = |number: &str| {
        let from = format!("{number}, id || 'x', substr(key, 1, 16), key, created, {number}");
        format!("{} WHERE id = 'one'", like("writers", writer, &from))
    };
    let signature =
        "id, writer, added, added_by, approved, approved_by, written, model, preprocess, global, kept, image";
    let of_signatures = |writer: &str| {
        let from = signature.replacen("id, writer", &format!("99, {writer}"), 1);
        format!("{} WHERE id = 1", like("signatures", signature, &from))
    };
    let review = "decision, writer, ink, settled, settled_by, outcome, note";
    let token = "id, hash, role, created, created_by, expires, revoked";
    let answer = "actor, key, request, writer, answer, time";
    let mandate = "number, account, pseudonym, rule, added, added_by, approved, approved_by";
    let job = "number, owner, kind, rows, files, upload, created, outcome, ended, upload_key, table_key";
    let of_mandates = |account: &str| {
        let from = mandate.replacen("number, account", &format!("999, {account}"), 1);
        format!("{} WHERE number = (SELECT min(number) FROM mandates)", like("mandates", mandate, &from))
    };
    vec![
        like("chain", "one, sequence, hash, last_reference", "2, sequence, hash, last_reference"),
        of_audit("0"),
        of_audit("-7"),
        of_audit("(SELECT max(sequence) + 1 FROM audit)"),
        of_writers("999"),
        of_writers("-999"),
        of_signatures("writer"),
        of_signatures("(SELECT max(number) FROM writers)"),
        of_signatures("12345"),
        format!(
            "{} WHERE decision = (SELECT min(decision) FROM reviews)",
            like("reviews", review, &review.replacen("decision", "1", 1))
        ),
        format!(
            "{} WHERE revoked IS NOT NULL",
            like("tokens", token, "'new', substr(hash, 2), role, created, created_by, NULL, NULL")
        ),
        of_mandates("account"),
        of_mandates("'K-9'"),
        format!(
            "{} WHERE number = (SELECT min(number) FROM jobs)",
            like("jobs", job, &job.replacen("number", "999", 1))
        ),
        format!(
            "{} WHERE number = (SELECT max(number) FROM job_files)",
            like("job_files", "number, upload, name, content", "number + 1, upload, name, content")
        ),
        format!(
            "{} WHERE number = (SELECT max(number) FROM job_rows)",
            like("job_rows", "number, writer, outcome, line", "number + 1, writer, outcome, line")
        ),
        format!("{} WHERE answer = '[1,2]'", like("requests", answer, &answer.replacen("actor", "'otto'", 1))),
    ]
}

fn is_found(place: &str, noted: Hash) -> bool {
    let checked = Store::open_as_it_is(place, &keys()).and_then(|store| store.check(Some(noted)));
    checked.map_or(true, |checked| !checked.wrong.is_empty())
}

/// A trigger that approves what is enrolled, and is gone when somebody looks: seals are computed after it.
pub fn approves_for_a_while(place: &str, make: impl Fn(&str), unmake: impl Fn(&str)) {
    let store = Store::open(place, &keys()).unwrap();
    make(place);
    let refused = enroll_as(&store, "late", &[7], 0, true, None);
    assert!(matches!(refused, Err(StoreError::Added(_))), "a program that was running when it came");
    assert!(matches!(Store::open_existing(place, &keys()), Err(StoreError::Added(_))), "one that starts");
    assert!(store.check(None).unwrap().wrong.iter().any(|wrong| wrong.contains("trigger")));
    unmake(place);
    enroll_as(&store, "late", &[7], 0, true, None).unwrap();
    is_whole(&store);
}
