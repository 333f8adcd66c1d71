//! The store proves that it was not changed, moves, and goes along with a new model.

use std::fs;

use super::program::Desk;
use super::writers::{Office, files};

#[test]
fn the_head_that_was_noted_proves_that_nothing_was_cut_off() {
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let early = fs::read(office.store()).unwrap();
    let log = fs::read(office.desk.path("store.db-wal")).unwrap_or_default();
    office.run(&format!("verify --writer a {}", files("005", 4..5)));
    let checked = office.run("store check --json").succeeds().json();
    let head = checked["head"].as_str().unwrap();
    assert_eq!(checked["entries"], 2);
    office.run(&format!("store check --head {head}")).succeeds();
    office.run(&format!("verify --writer a {}", files("005", 5..6)));
    office.run(&format!("store check --head {head}")).succeeds();
    office.run("store check --head 1234").is_no_usage();
    for name in ["store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(office.desk.path(name));
    }
    office.desk.write("store.db", &early);
    office.desk.write("store.db-wal", &log);
    office.run("store check").succeeds();
    office.run(&format!("store check --head {head}")).fails_with(&["the store was changed", "cut off"]);
}

#[test]
fn a_backup_is_restored_by_using_it_and_a_copy_is_the_same() {
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let backup = office.run("store backup backup.db --json").succeeds().json();
    let head = backup["head"]["hash"].as_str().unwrap();
    office.run("store backup backup.db").fails_with(&["backup.db", "there is a file already"]);
    office.run(&format!("store check --store backup.db --head {head}")).succeeds();
    let copy = office.run("store copy backup.db copy.db --json").succeeds().json();
    assert_eq!((&copy["head"], &copy["counts"]), (&backup["head"], &backup["counts"]));
    office.run("store copy backup.db copy.db").fails_with(&["copy.db is not empty"]);
    let verdict = |store: &str| {
        let json = office.run(&format!("verify --writer a {} --store {store} --json", files("005", 4..5))).json();
        (json["score"].clone(), json["decision"].clone())
    };
    assert_eq!(verdict("copy.db"), verdict("store.db"));
    let info = office.run("store info --json").succeeds().json();
    assert_eq!((&info["counts"]["writers"], &info["kind"]), (&1.into(), &"SQLite".into()));
}

/// A store whose backup takes a while, since its audit is long.
#[cfg(unix)]
fn large_office() -> Office {
    use inkproof_store::{Actor, Event, NewEntry, Store};
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let long = NewEntry {
        actor: Actor::new("nobody"),
        event: Event::Refused,
        writer: None,
        model: None,
        outcome: "no token".to_owned(),
        details: serde_json::json!({"long": "x".repeat(1_000_000)}),
    };
    Store::open(office.store().to_str().unwrap(), &office.keys()).unwrap().append(&vec![long; 100]).unwrap();
    office
}

/// Sends a signal to a backup once it has begun.
#[cfg(unix)]
fn interrupted(office: &Office, signal: &str) -> super::program::Done {
    use std::process::{Command, Stdio};
    let mut command = office.desk.command("store backup backup.db");
    command.env("INKPROOF_STORE", office.store()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let begun = || office.desk.everything().iter().any(|name| name.ends_with("/store.db"));
    while !begun() && !office.desk.path("backup.db").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    super::program::Done {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[cfg(unix)]
#[test]
fn a_backup_that_is_stopped_leaves_nothing() {
    let office = large_office();
    let before: Vec<String> = office.desk.everything().into_iter().filter(|name| !name.contains("db-")).collect();
    for signal in ["-INT", "-TERM"] {
        let done = interrupted(&office, signal);
        done.fails_with(&["stopped before it was complete", "nothing is left"]);
        let after: Vec<String> = office.desk.everything().into_iter().filter(|name| !name.contains("db-")).collect();
        assert_eq!(after, before);
    }
}

#[cfg(unix)]
#[test]
fn the_check_tells_what_a_killed_backup_left() {
    let office = large_office();
    assert!(!office.run("store check").succeeds().err.contains("warning"));
    assert_eq!(interrupted(&office, "-KILL").code, -1);
    assert!(!office.desk.path("backup.db").exists(), "half a backup is none");
    let told = office.run("store check").succeeds();
    assert!(told.err.contains(".inkproof-backup-") && told.err.contains("delete it"), "{}", told.err);
    let left = office.run("store check --json").succeeds().json()["leftovers"].as_array().unwrap().clone();
    assert_eq!(left.len(), 1);
    std::fs::remove_dir_all(left[0].as_str().unwrap()).unwrap();
    assert!(!office.run("store check").succeeds().err.contains("warning"));
}

#[test]
fn a_new_model_reads_the_stored_ink() {
    let office = Office::new();
    office.desk.synth("data", 6, 3, 2, 5);
    office.run("train data --backbone inknet --out other.safetensors").succeeds();
    office.enroll("a", "005", 3).succeeds();
    office.enroll("b", "002", 2).succeeds();
    let questioned = files("005", 4..5);
    let before = office.run(&format!("verify --writer a {questioned} --model other.safetensors --json")).json();
    assert!(office.run(&format!("identify {questioned} --model other.safetensors")).out.contains("Nobody"));
    office.run(&format!("enroll a {} --model other.safetensors", files("005", 4..5))).fails_with(&["store reembed"]);
    let done = office.run("store reembed --model other.safetensors --json").succeeds().json();
    assert_eq!((&done["reembedded"], &done["left"]), (&5.into(), &serde_json::json!([])));
    let after = office.run(&format!("verify --writer a {questioned} --model other.safetensors --json")).json();
    assert_eq!(after["score"], before["score"], "the ink is what it was");
    let again = office.run("store reembed --model other.safetensors --json").succeeds().json();
    assert_eq!(again["reembedded"], 0, "nothing is done twice");
    let found = office.run(&format!("identify {questioned} --model other.safetensors --json")).json();
    assert_eq!(found["compared"], 5);
    office.run("store check").succeeds();
}

#[test]
fn another_preprocessing_needs_the_images() {
    let office = Office::new();
    office.desk.synth("data", 5, 3, 2, 5);
    office.run("train data --backbone simple-cnn --preprocess ink --epochs 1 --out other.safetensors").succeeds();
    office.run(&format!("enroll a {} --keep-images=false", files("005", 0..2))).succeeds();
    office.run(&format!("enroll b {}", files("002", 0..2))).succeeds();
    let done = office.run("store reembed --model other.safetensors --json").succeeds().json();
    assert_eq!(done["reembedded"], 2, "those of which the image is kept");
    assert_eq!(done["left"].as_array().unwrap().len(), 2);
    let verify = |writer: &str, of: &str| {
        office.run(&format!("verify --writer {writer} {} --model other.safetensors", files(of, 3..4)))
    };
    verify("a", "005").fails_with(&["made for another model", "store reembed"]);
    assert_ne!(verify("b", "002").code, 2);
}

#[test]
fn tokens_are_shown_once_and_can_be_revoked() {
    let office = Office::new();
    let made = office.run("token create --role clerk --expires 90 --json").succeeds().json();
    let (secret, id) = (made["secret"].as_str().unwrap(), made["token"]["id"].as_str().unwrap());
    let list = office.run("token list").succeeds();
    assert!(list.out.contains(id) && list.out.contains("clerk") && !list.out.contains(secret), "{}", list.out);
    assert!(!fs::read(office.store()).unwrap().windows(64).any(|window| window == &secret.as_bytes()[9..]));
    office.run(&format!("token revoke {id}")).succeeds();
    assert!(office.run("token list").out.contains("revoked"));
    office.run("token revoke nothing").fails_with(&["no token 'nothing'"]);
    office.run("token create --role admin").is_no_usage();
    let plain = office.run("token create --role auditor").succeeds();
    assert_eq!(plain.out.trim().len(), secret.len(), "the token alone is on standard output");
    office.run("store check").succeeds();
}

#[test]
fn a_store_that_cannot_be_used_says_why() {
    let office = Office::new();
    office.desk.write(
        "text.db",
        "this is not a database, and long enough to be read as if it were one. ".repeat(30).as_bytes(),
    );
    office.run("writers list --store text.db").fails_with(&["text.db: is not a store of inkproof"]);
    office.run("writers list --store postgres://nobody@127.0.0.1:1/none").fails_with(&["cannot be reached"]);
    office.run("store copy none.db other.db").fails_with(&["none.db", "there is no store"]);
    let desk = Desk::new();
    assert_eq!(desk.everything(), Vec::<String>::new());
}

#[test]
fn an_office_moves_to_postgres() {
    let Ok(server) = std::env::var("INKPROOF_TEST_POSTGRES") else {
        eprintln!("skipped: INKPROOF_TEST_POSTGRES names no server; tests/postgres.sh starts one");
        return;
    };
    let office = Office::new();
    let name = format!("office_{}", std::process::id());
    let order = |order: &str| {
        let place = server.replace("/DATABASE", "/postgres");
        postgres::Client::connect(&place, postgres::NoTls).unwrap().batch_execute(order).unwrap();
    };
    order(&format!("CREATE DATABASE {name}"));
    let place = server.replace("/DATABASE", &format!("/{name}"));
    office.enroll("a", "005", 3).succeeds();
    office.run(&format!("writers list --store {place}")).fails_with(&["there is no store"]);
    office.run(&format!("store copy store.db {place}")).succeeds();
    let verify = |store: &str| {
        let verdict = office.run(&format!("verify --writer a {} --store {store} --json", files("005", 4..5))).json();
        (verdict["score"].clone(), verdict["audit"].clone())
    };
    assert_eq!(verify(&place), verify("store.db"));
    office.run(&format!("enroll b {} --store {place}", files("002", 0..3))).succeeds();
    let found = office.run(&format!("identify {} --store {place} --json", files("002", 5..6))).succeeds().json();
    assert_eq!(found["writers"][0]["writer"], "b");
    office.run(&format!("writers erase a --store {place}")).succeeds();
    let backup = office.run(&format!("store backup back.db --store {place} --json")).succeeds().json();
    assert_eq!(backup["counts"]["writers"], 1);
    let checked = office.run(&format!("store check --store {place} --json")).succeeds().json();
    assert_eq!(checked["head"], backup["head"]["hash"]);
    order(&format!("DROP DATABASE {name} WITH (FORCE)"));
}

/// A store that the program wrote before its parts were crates of their own: decisions by command and over HTTP, which the
/// audit kept in two forms then, open and settled reviews, a token, an erased writer.
const EARLIER: &[u8] = include_bytes!("../data/store-version-1.db");
/// Its head, as the program that wrote it printed it.
const EARLIER_HEAD: &str = "2f1c5b21f026357c900510ecc564926339e2c879522700e5c1b1b164811f5344";

#[test]
fn a_store_that_was_written_before_goes_on() {
    let office = Office::new();
    office.desk.write("store.db", EARLIER);
    office.run(&format!("store check --head {EARLIER_HEAD}")).succeeds();
    let upgraded = office.run("store upgrade --json").succeeds().json();
    assert_eq!((&upgraded["from"], &upgraded["to"]), (&1.into(), &4.into()));
    office.run(&format!("store check --store store.db.version-1 --head {EARLIER_HEAD}")).succeeds();

    let verified = office.run(&format!("verify --writer K-1 --json {}", files("001", 4..5))).json();
    assert_eq!(verified["decision"], "accepted");
    assert_eq!(verified["audit"], 27, "after the entry that its erasure is finished");
    let reviews = office.run("reviews list --json").succeeds().json();
    assert_eq!(reviews["reviews"].as_array().unwrap().len(), 2);
    office.run("reviews settle 12 --accept").succeeds();
    assert!(office.run("mandates list").succeeds().out.contains("No account has a signing rule"));
    let found = office.run(&format!("identify --json {}", files("001", 6..7))).succeeds().json();
    assert_eq!(found["writers"][0]["writer"], "K-1");
    let log = office.run("store log --last 40 --json").succeeds().json();
    assert_eq!(log["entries"].as_array().unwrap().len(), 29);
    office.run(&format!("store check --head {EARLIER_HEAD}")).succeeds();
}

/// Every file on the desk: its name, size, time and digest. By other programs: closing a file here would give up the locks
/// of a store that this program has open.
#[cfg(unix)]
fn traces(office: &Office) -> String {
    let look = "find . -type f -exec stat -c '%n %s %y' {} + -exec sha256sum {} + | sort";
    let done = std::process::Command::new("sh").args(["-c", look]).current_dir(office.desk.path("")).output().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

#[cfg(unix)]
#[test]
fn a_check_changes_nothing_whoever_has_the_store_open() {
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let check = |when: &str| {
        let before = traces(&office);
        office.run("store check").succeeds();
        office.run("store info").succeeds();
        assert!(traces(&office) == before, "{when}");
    };
    check("closed");
    let other = inkproof_store::Store::open(office.store().to_str().unwrap(), &office.keys()).unwrap();
    check("open");
    other.append(&[]).unwrap();
    office.run(&format!("verify --writer a {}", files("005", 4..5)));
    assert!(office.desk.path("store.db-wal").exists(), "what was written is in the log");
    check("open, with a log");
    assert_eq!(office.run("store check --json").json()["entries"], 2);
    drop(other);
    office.desk.write("store.db", EARLIER);
    check("of an older version");
    assert!(!office.desk.path("store.db.version-1").exists());
}

#[cfg(unix)]
#[test]
fn a_check_works_where_nothing_can_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let allow = |file: u32, folder: u32| {
        fs::set_permissions(office.store(), fs::Permissions::from_mode(file)).unwrap();
        fs::set_permissions(office.desk.path(""), fs::Permissions::from_mode(folder)).unwrap();
    };
    allow(0o400, 0o500);
    office.run("store check").succeeds();
    // As on a full disk: no file may grow.
    let program = env!("CARGO_BIN_EXE_inkproof");
    let full = format!("ulimit -f 0; exec {program} store check --store {}", office.store().display());
    let mut shell = std::process::Command::new("sh");
    let done = shell.args(["-c", &full]).env("XDG_CONFIG_HOME", office.desk.settings()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    allow(0o600, 0o700);
}

#[cfg(unix)]
#[test]
fn no_command_makes_a_store_of_another_file() {
    let office = Office::new();
    let image = files("005", 0..1);
    office.desk.write("empty.db", b"");
    let foreign = rusqlite::Connection::open(office.desk.path("other.db")).unwrap();
    foreign.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
    drop(foreign);
    let before = traces(&office);
    for store in ["empty.db", "other.db"] {
        for command in [
            "store check",
            "store info",
            "store log",
            "store upgrade",
            "store clear",
            "writers list",
            "reviews list",
            "token list",
            "token create --role clerk",
            &format!("enroll a {image}"),
            &format!("verify --writer a {image}"),
            "serve --listen 127.0.0.1:0",
        ] {
            office.run(&format!("{command} --store {store}")).fails_with(&[store, "is not a store of inkproof"]);
        }
    }
    assert!(traces(&office) == before, "all is as it was");
}

#[test]
fn the_policy_binds_every_door() {
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    assert!(office.run("store policy").succeeds().out.contains("Nobody has decided"));
    let nobodys = office.run("token create --role clerk --json").succeeds().json();
    office.run("store policy --four-eyes on").fails_with(&["has no owner", "token create --for"]);
    office.run(&format!("token revoke {}", nobodys["token"]["id"].as_str().unwrap())).succeeds();
    office.run("store policy --four-eyes on").succeeds();
    office.run("token create --role clerk").fails_with(&["has no owner"]);
    let owned = office.run("token create --role clerk --for anna --json").succeeds().json();
    assert_eq!(owned["token"]["owner"], "anna");
    let enrolled = office.run(&format!("enroll b {} --json", files("002", 0..3))).succeeds().json();
    assert_eq!(enrolled["waiting"], true, "without being asked");
    let serve = "serve --listen 127.0.0.1:0 --store store.db --four-eyes false";
    office.run(serve).fails_with(&["the store's policy on four eyes is on, and this asks otherwise"]);
    office.run("store policy --four-eyes off").succeeds();
    let images = files("006", 0..3);
    office.run(&format!("enroll c {images} --four-eyes")).fails_with(&["policy on four eyes is off", "store policy"]);
    let log = office.run("store log --last 1").succeeds().out;
    assert!(log.contains("policy-changed") && log.contains("two-eyes"), "{log}");
    office.run("store check").succeeds();
}

#[test]
fn a_trigger_is_refused_and_told() {
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let alter = |statement: &str| {
        rusqlite::Connection::open(office.store()).unwrap().execute_batch(statement).unwrap();
    };
    alter("CREATE TRIGGER helper AFTER INSERT ON signatures BEGIN UPDATE signatures SET approved = 1; END");
    office.enroll("b", "002", 3).fails_with(&["somebody added a trigger 'helper'", "store check"]);
    office.run("store check").fails_with(&["the store was changed", "a trigger 'helper' was added"]);
    alter("DROP TRIGGER helper; UPDATE signatures SET approved_by = 'otto' WHERE id = 1");
    office.run("store check").fails_with(&["who added or approved references"]);
}

/// A store of the program before it looked at pressure, and its key: writer `kept` has two signatures of 005 and their
/// images, `inks` two of 002 and no images.
const BEFORE_PRESSURE: &[u8] = include_bytes!("../data/store-before-pressure.db");
const ITS_KEY: &[u8] = include_bytes!("../data/store-before-pressure.key");

/// A store that the program wrote before it kept jobs, sealed with the same key: a writer, an account's rule, a decision.
const BEFORE_JOBS: &[u8] = include_bytes!("../data/store-version-3.db");

/// An office with an earlier store and its key.
fn office_with(store: &[u8]) -> Office {
    let office = Office::new();
    office.desk.write("store.db", store);
    let key = office.desk.key_file();
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    fs::write(&key, ITS_KEY).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    office
}

#[test]
fn a_store_from_before_there_were_jobs_goes_on() {
    let office = office_with(BEFORE_JOBS);
    office.run("store check").succeeds();
    let upgraded = office.run("store upgrade --json").succeeds().json();
    assert_eq!((&upgraded["from"], &upgraded["to"]), (&3.into(), &4.into()));
    office.run("store check --store store.db.version-3").succeeds();
    assert!(office.run("mandates list").succeeds().out.contains("A-1"));
    assert_eq!(office.run(&format!("verify --writer K-1 --json {}", files("001", 4..5))).json()["audit"], 4);
    assert!(office.run("store info").succeeds().out.contains("0 jobs"));
    office.run("store check").succeeds();
}

#[test]
fn references_from_before_get_their_pressure_from_the_originals() {
    let office = office_with(BEFORE_PRESSURE);
    let verify =
        |writer: &str, of: &str| office.run(&format!("verify --writer {writer} --json {}", files(of, 3..4))).json();
    let older = ["older than this program's version 4", "store upgrade"];
    office.run(&format!("verify --writer kept {}", files("005", 3..4))).fails_with(&older);
    office.run("store check").succeeds();
    let upgraded = office.run("store upgrade --json").succeeds().json();
    assert_eq!((&upgraded["from"], &upgraded["to"]), (&2.into(), &4.into()));
    office.run("store check --store store.db.version-2").succeeds();
    office.run("mandates set K-1 kept and inks").succeeds();
    let before = verify("kept", "005");
    assert!(before["score"].is_number() && before["contributions"].is_null(), "{before}");
    let done = office.run("store reembed --json").succeeds().json();
    // The pen of one of the two that are kept shows no pressure.
    assert_eq!((&done["reembedded"], &done["shape_alone"]), (&1.into(), &3.into()));
    let after = verify("kept", "005");
    let [shape, pressure] = ["shape", "pressure"].map(|part| after["contributions"][part].as_f64().unwrap());
    let (sum, bound) = (shape + pressure, after["bound"].as_f64().unwrap());
    assert!((sum.clamp(-bound, bound) - after["log10_lr"].as_f64().unwrap()).abs() < 1e-9, "{after}");
    assert!(verify("inks", "002")["contributions"].is_null());
    let again = office.run("store reembed").succeeds().out;
    assert!(
        again.contains("0 references are embedded") && again.contains("3 references are compared by their shape"),
        "{again}"
    );
    office.run("store check").succeeds();
}
