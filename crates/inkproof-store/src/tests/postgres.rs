//! The same in PostgreSQL, and what happens when that goes away.

use std::cell::RefCell;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::*;

/// Tests use the server one after the other, since one of them restarts it.
static SERVER: Mutex<()> = Mutex::new(());

/// Databases on the server that the environment names, dropped in the end.
pub struct Server {
    _turn: MutexGuard<'static, ()>,
    base: String,
    made: RefCell<Vec<String>>,
}

impl Server {
    /// None, loudly, where there is no server.
    pub fn find() -> Option<Self> {
        match std::env::var("INKPROOF_TEST_POSTGRES") {
            Ok(base) => {
                let turn = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
                Some(Self { _turn: turn, base, made: RefCell::default() })
            }
            Err(_) => {
                eprintln!("skipped: INKPROOF_TEST_POSTGRES names no server; tests/postgres.sh starts one");
                None
            }
        }
    }

    pub fn order(&self, order: &str) {
        let mut client = ::postgres::Client::connect(&self.in_database("postgres"), ::postgres::NoTls).unwrap();
        client.batch_execute(order).unwrap();
    }

    pub fn in_database(&self, name: &str) -> String {
        self.base.replace("/DATABASE", &format!("/{name}"))
    }
}

impl Ground for Server {
    fn place(&self) -> String {
        let name = format!("inkproof_{}", Hex::<6>::random());
        self.order(&format!("CREATE DATABASE {name}"));
        self.made.borrow_mut().push(name.clone());
        self.in_database(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let made = self.made.take();
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
    let first = Store::open(&file("first.db")).unwrap();
    enroll(&first, "one", &[1, 2], 0).unwrap();
    first.record(&[decision(None, Decision::Undecided)]).unwrap();
    first.create_token(Role::Clerk, None, None, &by("otto")).unwrap();
    let there = Store::open(&server.place()).unwrap();
    assert_eq!(first.copy_to(&there).unwrap().head, first.head().unwrap());
    enroll(&there, "two", &[3], 0).unwrap();
    let back = there.backup(&folder.path().join("back.db")).unwrap();
    assert_eq!(back.head, there.head().unwrap());
    let back = Store::open_existing(&file("back.db")).unwrap();
    assert_eq!(back.writer(&id("one")).unwrap().unwrap().references.len(), 2);
    assert_eq!(back.reviews(0, 9).unwrap()[0].questioned, Some(ink(9)));
    is_whole(&back);
}

#[test]
fn a_server_that_was_restarted_is_found_again() {
    let (Some(server), Ok(restart)) = (Server::find(), std::env::var("INKPROOF_TEST_POSTGRES_RESTART")) else { return };
    let store = Store::open(&server.place()).unwrap();
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

#[test]
fn a_server_that_is_not_there_is_said_to_be() {
    let error = Store::open("postgres://inkproof:secret@127.0.0.1:1/inkproof").err().unwrap();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn signatures_do_not_go_over_a_network_in_the_clear_unless_told() {
    let error = Store::open("postgres://inkproof:secret@192.0.2.7/inkproof").err().unwrap().to_string();
    assert!(error.contains("192.0.2.7 would not be encrypted") && !error.contains("secret"), "{error}");
    let error = Store::open("postgres://inkproof@127.0.0.2:1/inkproof?sslmode=disable").err().unwrap();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
}
