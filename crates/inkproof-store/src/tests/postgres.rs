//! The same in PostgreSQL, and what happens when that goes away.

use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::postgres::{Client, NoTls};

use super::*;
use crate::postgres::{Address, Pool};

/// Tests use the server one after the other, since one of them restarts it.
static SERVER: Mutex<()> = Mutex::new(());

/// Databases on the server that the environment names, dropped in the end.
pub struct Server {
    _turn: MutexGuard<'static, ()>,
    base: String,
    made: Mutex<Vec<String>>,
}

impl Server {
    /// None, loudly, where there is no server.
    pub fn find() -> Option<Self> {
        match std::env::var("INKPROOF_TEST_POSTGRES") {
            Ok(base) => {
                let turn = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
                Some(Self { _turn: turn, base, made: Mutex::default() })
            }
            Err(_) => {
                eprintln!("skipped: INKPROOF_TEST_POSTGRES names no server; tests/postgres.sh starts one");
                None
            }
        }
    }

    pub fn order(&self, order: &str) {
        connect(&self.in_database("postgres")).batch_execute(order).unwrap();
    }

    pub fn in_database(&self, name: &str) -> String {
        self.base.replace("/DATABASE", &format!("/{name}"))
    }
}

fn connect(place: &str) -> Client {
    Client::connect(place, NoTls).unwrap()
}

impl Ground for Server {
    fn place(&self) -> String {
        let name = format!("inkproof_{}", Hex::<6>::random());
        self.order(&format!("CREATE DATABASE {name}"));
        self.made.lock().unwrap().push(name.clone());
        self.in_database(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let made = std::mem::take(self.made.get_mut().unwrap_or_else(PoisonError::into_inner));
            made.iter().for_each(|name| self.order(&format!("DROP DATABASE {name} WITH (FORCE)")));
        }
    }
}

#[test]
fn postgres_tells_the_story() {
    if let Some(server) = Server::find() {
        story(&server);
    }
}

#[test]
fn two_servers_on_one_postgres_are_as_one() {
    let operations = std::env::var("INKPROOF_TEST_OPERATIONS").map_or(400, |count| count.parse().unwrap());
    if let Some(server) = Server::find() {
        together(&server, operations);
    }
}

#[test]
fn a_store_moves_to_postgres_and_back() {
    let Some(server) = Server::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let first = Store::open(&file("first.db"), &keys()).unwrap();
    enroll(&first, "one", &[1, 2], 0).unwrap();
    first.record(&[decision(None, Decision::Undecided)]).unwrap();
    first.create_token(Role::Clerk, None, None, &by("otto")).unwrap();
    let there = Store::open(&server.place(), &keys()).unwrap();
    assert_eq!(first.copy_to(&there).unwrap().head, first.head().unwrap());
    enroll(&there, "two", &[3], 0).unwrap();
    let back = there.backup(&folder.path().join("back.db")).unwrap();
    assert_eq!(back.head, there.head().unwrap());
    let back = Store::open_existing(&file("back.db"), &keys()).unwrap();
    assert_eq!(back.writer(&id("one")).unwrap().unwrap().references.len(), 2);
    assert_eq!(back.reviews(0, 9).unwrap()[0].questioned, Some(ink(9)));
    is_whole(&back);
}

#[test]
fn a_server_that_was_restarted_is_found_again() {
    let (Some(server), Ok(restart)) = (Server::find(), std::env::var("INKPROOF_TEST_POSTGRES_RESTART")) else { return };
    let store = Store::open(&server.place(), &keys()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let (answers, mut failures) = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let (mut numbers, mut failures) = (Vec::new(), Vec::new());
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                match store.record(&[decision(None, Decision::Accepted)]) {
                    Ok(recorded) => numbers.extend(recorded),
                    Err(error) => failures.push(error),
                }
            }
            (numbers, failures)
        });
        std::thread::sleep(Duration::from_millis(500));
        assert!(Command::new("sh").args(["-c", &restart]).status().unwrap().success());
        std::thread::sleep(Duration::from_millis(1500));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        worker.join().unwrap()
    });
    failures.retain(|error| !matches!(error, StoreError::Uncertain(_)));
    assert!(failures.is_empty(), "only what may have been stored is not done again: {failures:?}");
    let kept: std::collections::HashSet<i64> =
        store.audit(AuditPage::After(0), 1 << 20).unwrap().iter().map(|entry| entry.sequence).collect();
    assert!(answers.len() > 10 && answers.iter().all(|number| kept.contains(number)), "what was acknowledged is there");
    is_whole(&store);
}

/// The key of a writer, and whether the table's file holds it.
fn key_of(place: &str, writer: &str) -> Vec<u8> {
    connect(place).query_one("SELECT key FROM writers WHERE id = $1", &[&writer]).unwrap().get(0)
}

fn is_in_the_file(place: &str, key: &[u8]) -> bool {
    const LOOK: &str = "SELECT position($1::bytea IN pg_read_binary_file(pg_relation_filepath('writers'))) > 0";
    let mut client = connect(place);
    client.batch_execute("CHECKPOINT").unwrap();
    client.query_one(LOOK, &[&key]).unwrap().get(0)
}

#[test]
fn an_erasure_waits_for_readers_of_postgres_and_nobody_waits_for_it() {
    let Some(server) = Server::find() else { return };
    let place = server.place();
    let store = Store::open(&place, &keys()).unwrap();
    enroll(&store, "gone", &[1], 0).unwrap();
    let key = key_of(&place, "gone");
    for table in ["chain", "writers"] {
        let mut reader = connect(&place);
        reader.batch_execute(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM {table}")).unwrap();
        let begun = Instant::now();
        let name = format!("also-{table}");
        enroll(&store, &name, &[2], 0).unwrap();
        assert!(store.erase(&id(&name), &by("otto")).unwrap().pending);
        if table == "chain" {
            store.erase(&id("gone"), &by("otto")).unwrap();
            assert!(is_in_the_file(&place, &key), "the reader may still look at it");
        }
        enroll(&store, &format!("new-{table}"), &[3], 0).unwrap();
        is_whole(&store);
        assert!(begun.elapsed() < Duration::from_secs(5), "nobody was kept waiting: {:?}", begun.elapsed());
        assert!(store.finish_erasures(&by("otto")).unwrap() > 0);
        reader.batch_execute("COMMIT").unwrap();
        drop(reader);
        assert_eq!(
            Store::open(&place, &keys()).unwrap().pending_erasures().unwrap(),
            0,
            "the next opening finishes it"
        );
    }
    assert!(!is_in_the_file(&place, &key));
    is_whole(&store);
}

#[test]
fn an_erasure_that_the_user_cannot_carry_out_is_an_error() {
    let Some(server) = Server::find() else { return };
    let place = server.place();
    let owner = Store::open(&place, &keys()).unwrap();
    enroll(&owner, "gone", &[1], 0).unwrap();
    let key = key_of(&place, "gone");
    let guest = format!("guest_{}", Hex::<6>::random());
    connect(&place)
        .batch_execute(&format!("CREATE ROLE {guest} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {guest}"))
        .unwrap();
    let store = Store::open(&place.replace("inkproof@", &format!("{guest}@")), &keys()).unwrap();
    let error = store.erase(&id("gone"), &by("otto")).unwrap_err();
    assert!(matches!(error, StoreError::MayNotRewrite), "{error}");
    assert!(store.writer(&id("gone")).unwrap().is_none() && is_in_the_file(&place, &key), "it says what is left");
    assert_eq!(store.pending_erasures().unwrap(), 1);
    assert_eq!(owner.finish_erasures(&by("otto")).unwrap(), 0);
    assert!(!is_in_the_file(&place, &key));
    drop(store);
    connect(&place).batch_execute(&format!("DROP OWNED BY {guest}; DROP ROLE {guest}")).unwrap();
}

#[test]
fn a_check_waits_for_nobody_who_holds_a_table_or_opens_the_store() {
    let Some(server) = Server::find() else { return };
    let place = server.place();
    let store = Store::open(&place, &keys()).unwrap();
    enroll(&store, "gone", &[1], 0).unwrap();
    let mut other = connect(&place);
    other
        .batch_execute("BEGIN; LOCK TABLE writers IN ROW EXCLUSIVE MODE; SELECT pg_advisory_xact_lock(1768844144)")
        .unwrap();
    let begun = Instant::now();
    is_whole(&Store::open_as_it_is(&place, &keys()).unwrap());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn connections_are_few_and_wait_for_nothing_for_ever() {
    let Some(server) = Server::find() else { return };
    let place = server.place();
    drop(Store::open(&place, &keys()).unwrap());
    let pool = Pool::with_most(Address::parse(&place).unwrap(), 2, Duration::from_millis(300));
    let (mut first, second) = (pool.take().unwrap(), pool.take().unwrap());
    assert!(matches!(pool.take().err(), Some(StoreError::Overloaded(_))), "two are all there are");
    second.keep();
    drop(pool.take().unwrap());
    for (setting, value) in [("statement_timeout", "1min"), ("lock_timeout", "10s"), ("synchronous_commit", "on")] {
        let found: String = first.query_one(&format!("SHOW {setting}"), &[]).unwrap().get(0);
        assert_eq!(found, value, "{setting}");
    }
    first.batch_execute("SET statement_timeout = '50ms'").unwrap();
    let late = first.batch_execute("SELECT pg_sleep(5)").map_err(crate::postgres::said).unwrap_err();
    assert!(matches!(late, StoreError::Overloaded(_)), "{late}");
}

#[test]
fn the_way_to_postgres_is_encrypted_and_the_server_has_to_show_who_it_is() {
    let Some(server) = Server::find() else { return };
    let name = server.place();
    let name = name.rsplit('/').next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (trusted, foreign) = (file("trusted.pem", made.cert.pem()), file("foreign.pem", stranger.cert.pem()));
    // The server writes them itself, so that they are its user's.
    let write = |name: &str, text: &str| {
        let lines = text.trim().replace('\n', "'), ('");
        server.order(&format!("COPY (VALUES ('{lines}')) TO PROGRAM 'umask 077; cat > {name}'"));
    };
    write("server.crt", &made.cert.pem());
    write("server.key", &made.signing_key.serialize_pem());
    let password = Hex::<16>::random().to_string();
    server.order(&format!("ALTER ROLE inkproof PASSWORD '{password}'"));
    server.order("ALTER SYSTEM SET ssl = on");
    server.order("SELECT pg_reload_conf()");
    let port: String = connect(&server.in_database("postgres")).query_one("SHOW port", &[]).unwrap().get(0);
    let place = |host: &str, words: &str| format!("postgres://inkproof:{password}@{host}:{port}/{name}?{words}");
    let full = |authorities: &str| format!("sslmode=verify-full&sslrootcert={authorities}");
    let deadline = Instant::now() + Duration::from_secs(10);
    let store = loop {
        match Store::open(&place("localhost", &full(&trusted)), &keys()) {
            Ok(store) => break store,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    enroll(&store, "one", &[1], 0).unwrap();
    let encrypted: bool = connect(&server.in_database(name))
        .query_one("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'inkproof'", &[])
        .unwrap()
        .get(0);
    assert!(encrypted);
    Store::open(&place("localhost", &full(&trusted).replace("verify-full", "require")), &keys()).unwrap();
    let refused = |host: &str, words: &str, why: &str| {
        let error = Store::open(&place(host, words), &keys()).err().unwrap().to_string();
        assert!(error.contains(why) && !error.contains(&password), "{error}");
    };
    refused("localhost", &full(&foreign), "invalid peer certificate");
    refused("127.0.0.1", &full(&trusted), "not valid for name");
    refused("localhost", "sslmode=require", "needs sslrootcert");
    refused("localhost", &full("/nowhere.pem"), "/nowhere.pem");
    refused("localhost", "sslmode=always", "sslmode=always is none of");
    server.order("ALTER SYSTEM RESET ssl");
    server.order("SELECT pg_reload_conf()");
}

#[test]
fn a_server_that_is_not_there_is_said_to_be() {
    let error = Store::open("postgres://inkproof:secret@127.0.0.1:1/inkproof", &keys()).err().unwrap();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn signatures_do_not_go_over_a_network_in_the_clear_unless_told() {
    let error = Store::open("postgres://inkproof:secret@192.0.2.7/inkproof", &keys()).err().unwrap().to_string();
    assert!(error.contains("192.0.2.7 would not be encrypted") && !error.contains("secret"), "{error}");
    let error = Store::open("postgres://inkproof@127.0.0.2:1/inkproof?sslmode=disable", &keys()).err().unwrap();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
}
