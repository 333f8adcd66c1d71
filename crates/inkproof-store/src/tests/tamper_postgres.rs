//! The same in PostgreSQL, with the shell of a superuser.

use std::sync::Mutex;

use ::postgres::{Client, NoTls, SimpleQueryMessage};

use super::postgres::Server;
use super::tamper::{Shell, approves_for_a_while, fill, tally};
use super::*;
use crate::postgres::shape;
use crate::schema::MIGRATIONS;

struct Base {
    server: Server,
    whole: String,
    /// Copies that nobody has changed yet: what is refused leaves them as they are.
    copies: Mutex<Vec<String>>,
}

impl Base {
    fn copy(&self) -> String {
        if let Some(copy) = self.copies.lock().unwrap().pop() {
            return copy;
        }
        let name = format!("inkproof_{}", Hex::<6>::random());
        self.server.order(&format!("CREATE DATABASE {name} TEMPLATE {}", self.whole));
        name
    }
}

fn connect(place: &str) -> Client {
    Client::connect(place, NoTls).unwrap()
}

/// The first column.
fn texts(place: &str, query: &str) -> Vec<String> {
    let found = connect(place).simple_query(query).unwrap();
    let text = |message: SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    };
    found.into_iter().filter_map(text).collect()
}

/// Without the triggers that keep references together.
fn alter(place: &str, statements: &str) -> bool {
    connect(place).batch_execute(&format!("SET session_replication_role = replica; {statements}")).is_ok()
}

impl Shell for Base {
    fn changed(&self, statements: &str) -> Option<String> {
        let name = self.copy();
        let place = self.server.in_database(&name);
        let done = alter(&place, statements);
        if !done {
            self.copies.lock().unwrap().push(name);
        }
        done.then_some(place)
    }

    fn forget(&self, place: &str) {
        let name = place.rsplit('/').next().unwrap();
        self.server.order(&format!("DROP DATABASE {name} WITH (FORCE)"));
    }

    fn keys(&self, table: &str, key: &str) -> Vec<String> {
        let query = format!("SELECT quote_literal({key}::text) FROM {table} ORDER BY {key} LIMIT 10");
        texts(&self.server.in_database(&self.whole), &query)
    }

    fn content(&self, place: &str) -> Vec<String> {
        let tables = [
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
        ];
        let rows = |table: &str| format!("SELECT '{table} ' || t::text AS row FROM {table} t");
        let all = tables.map(rows).join(" UNION ALL ");
        texts(place, &format!("SELECT row FROM ({all}) rows ORDER BY row"))
    }

    fn longer(&self) -> &'static str {
        r"coalesce(COLUMN, ''::bytea) || '\x00'::bytea"
    }

    fn against_the_tables(&self) -> Vec<String> {
        let place = self.server.in_database(&self.whole);
        let indexes = "SELECT 'DROP INDEX ' || indexrelid::regclass FROM pg_index
            WHERE NOT indisunique AND indrelid::regclass::text !~ '[.]'";
        let constraints = "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname || ' CASCADE'
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace";
        let required = "SELECT 'ALTER TABLE ' || attrelid::regclass || ' ALTER ' || attname || ' DROP NOT NULL'
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relkind = 'r' AND attnum > 0 AND attnotnull
            AND relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_index
                WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey))";
        let others = [
            TRIGGER,
            "CREATE RULE helper AS ON INSERT TO signatures DO ALSO UPDATE signatures SET approved = 1",
            "CREATE VIEW helper AS SELECT key FROM writers",
            "CREATE MATERIALIZED VIEW helper AS SELECT key FROM writers",
            "CREATE TABLE helper AS SELECT key FROM writers",
            "CREATE SCHEMA helper; CREATE TABLE helper.writers AS SELECT key FROM writers",
            "CREATE TABLE helper () INHERITS (writers)",
            "CREATE INDEX helper ON writers (key)",
            "CREATE SEQUENCE helper",
            "CREATE POLICY helper ON tokens USING (revoked IS NOT NULL)",
            "ALTER TABLE tokens ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE tokens SET UNLOGGED",
            "ALTER TABLE tokens ADD COLUMN helper TEXT",
            "ALTER TABLE tokens DROP COLUMN revoked",
            "ALTER TABLE tokens RENAME COLUMN revoked TO helper",
            "ALTER TABLE signatures ALTER approved SET DEFAULT 1",
            "ALTER TABLE signatures ALTER approved TYPE INTEGER USING NULL",
            "ALTER TABLE signatures DISABLE TRIGGER ALL",
            "ALTER TABLE reviews RENAME TO helper; CREATE VIEW reviews AS SELECT * FROM helper",
            "DROP INDEX reviews_open; CREATE INDEX reviews_open ON reviews (decision)",
            "INSERT INTO inkproof_store VALUES (2)",
            "UPDATE inkproof_store SET version = 1",
            "UPDATE inkproof_store SET version = 77",
            "DELETE FROM inkproof_store",
            "CREATE FUNCTION helper () RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE EVENT TRIGGER helper ON ddl_command_end EXECUTE FUNCTION helper ()",
        ];
        let found = [indexes, constraints, required].into_iter().flat_map(|query| texts(&place, query));
        found.chain(others.map(str::to_owned)).collect()
    }
}

const TRIGGER: &str = "CREATE FUNCTION helper () RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.approved := NEW.added; NEW.approved_by := ''otto''; RETURN NEW; END';
    CREATE TRIGGER helper BEFORE INSERT ON signatures FOR EACH ROW EXECUTE FUNCTION helper ()";

#[test]
fn in_postgres_every_change_behind_the_audit_is_found() {
    let Some(server) = Server::find() else { return };
    let place = server.place();
    let noted = fill(&place);
    let whole = place.rsplit('/').next().unwrap().to_owned();
    let base = Base { server, whole, copies: Mutex::default() };
    let tally = tally(&base, noted);
    eprintln!("PostgreSQL: {} changes, {} more refused, {} not found", tally.made, tally.refused, tally.unfound.len());
    assert_eq!(tally.unfound, Vec::<String>::new());
    assert!(tally.made > 200, "{}", tally.made);
    for copy in base.copies.lock().unwrap().iter() {
        base.forget(&base.server.in_database(copy));
    }
}

#[test]
fn a_trigger_in_postgres_is_refused_and_found() {
    let Some(server) = Server::find() else { return };
    let make = |place: &str| connect(place).batch_execute(TRIGGER).unwrap();
    let unmake = |place: &str| connect(place).batch_execute("DROP FUNCTION helper CASCADE").unwrap();
    approves_for_a_while(&server.place(), make, unmake);
}

/// With INKPROOF_WRITE_SHAPES the lists are written anew, as for a new version.
#[test]
fn what_is_expected_of_postgres_is_what_the_migrations_make() {
    let Some(server) = Server::find() else { return };
    for version in 1..=MIGRATIONS.len() {
        let mut client = connect(&server.place());
        client.batch_execute("CREATE TABLE inkproof_store (version BIGINT NOT NULL)").unwrap();
        MIGRATIONS[..version].iter().for_each(|step| client.batch_execute(step).unwrap());
        let found: Vec<String> = shape::found(&mut client).unwrap().into_iter().collect();
        if std::env::var_os("INKPROOF_WRITE_SHAPES").is_some() {
            let path = format!("{}/src/postgres/version-{version}.txt", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(path, found.join("\n") + "\n").unwrap();
        } else {
            assert_eq!(found, shape::SHAPES[version - 1].lines().collect::<Vec<_>>(), "version {version}");
        }
    }
}
