//! The key that a store is sealed with, and that is kept elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::program::{Done, example_files};
use super::running::Server;
use super::writers::{Office, files};

/// An office whose store is another's, and whose key is its own.
fn thief(office: &Office) -> Office {
    let thief = Office::new();
    thief.run(&format!("enroll own {} --store mine.db", files("004", 0..2))).succeeds();
    fs::copy(office.store(), thief.store()).unwrap();
    thief
}

#[test]
fn the_key_is_made_with_the_settings_and_the_backup_says_where() {
    let office = Office::new();
    let note = office.enroll("W-1", "001", 3).succeeds().err;
    let key = office.desk.key_file();
    assert!(note.contains(&key.display().to_string()) && note.contains("elsewhere"), "{note}");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(office.enroll("W-2", "002", 3).succeeds().err.is_empty(), "it is said once");
    let backup = office.run("store backup b.db").succeeds().out;
    assert!(backup.contains(&key.display().to_string()) && backup.contains("elsewhere"), "{backup}");
    office.run("store check --store b.db").succeeds();
}

#[test]
fn a_stolen_store_gives_no_signature_away() {
    let office = Office::new();
    office.enroll("W-1", "001", 3).succeeds();
    office.run("store backup backup.db").succeeds();
    let thief = thief(&office);
    let before = fs::read(thief.store()).unwrap();
    let key = thief.desk.key_file().display().to_string();
    for line in [
        format!("verify --writer W-1 {}", files("001", 4..5)),
        format!("enroll W-1 {}", files("001", 5..6)),
        format!("identify {}", files("001", 4..5)),
        "writers export W-1 --out there".to_owned(),
        "writers show W-1".to_owned(),
        "writers erase W-1".to_owned(),
        "token create --role operator".to_owned(),
        "store backup stolen.db".to_owned(),
        "store rotate-key".to_owned(),
    ] {
        thief.run(&line).fails_with(&["sealed with master key", &key]);
    }
    thief.run("store check").fails_with(&["names master key", "not among the given ones"]);
    assert!(fs::read(thief.store()).unwrap() == before, "nothing was written");
    fs::remove_file(thief.desk.key_file()).unwrap();
    thief.run("writers list").fails_with(&["sealed with master key", &key]);
    assert!(!thief.desk.key_file().exists(), "no new key takes the place of the lost one");
    let checked = thief.run("store check");
    assert_eq!(checked.code, 3, "the audit alone can be compared");
    assert!(checked.out.contains("in the audit") && checked.err.contains("no master key"), "{}", checked.err);
}

#[test]
fn the_key_comes_from_a_variable_or_a_command_too() {
    let office = Office::new();
    office.enroll("W-1", "001", 3).succeeds();
    let key = fs::read_to_string(office.desk.key_file()).unwrap();
    fs::remove_file(office.desk.key_file()).unwrap();
    office.desk.write("vault", key.as_bytes());
    let list = |name: &str, value: &str| {
        let mut command = office.desk.command("writers list");
        Done::new(command.env("INKPROOF_STORE", office.store()).env(name, value).output().unwrap())
    };
    list("INKPROOF_KEY", &key).succeeds();
    list("INKPROOF_KEY_COMMAND", "cat vault").succeeds();
    list("INKPROOF_KEY_COMMAND", "false").fails_with(&["key's command", "exit status: 1"]);
    let wrong = list("INKPROOF_KEY", "inkproof-key-1 abcdef");
    assert!(!wrong.err.contains("abcdef"), "no key is shown");
    wrong.fails_with(&["given key", "64 digits"]);
    fs::set_permissions(office.desk.path("vault"), fs::Permissions::from_mode(0o644)).unwrap();
    list("INKPROOF_KEY_FILE", "vault").fails_with(&["vault", "chmod 600"]);
}

#[test]
fn the_key_is_exchanged_while_the_service_runs() {
    let office = Office::new();
    office.enroll("W-1", "001", 3).succeeds();
    office.run("store backup old.db").succeeds();
    let old = fs::read(office.desk.key_file()).unwrap();
    let server = Server::start(&office.desk, &format!("--store {}", office.store().display()));
    let verify = || {
        let image = fs::read(&example_files("001")[4]).unwrap();
        server.post_form("/v1/writers/W-1/verify", &[("questioned", "q.png", &image)]).is(200);
    };
    verify();
    let rotated = office.run("store rotate-key --json").succeeds().json();
    assert_eq!(rotated["writers"], 1);
    verify();
    office.enroll("W-2", "002", 3).succeeds();

    let both = fs::read_to_string(office.desk.key_file()).unwrap();
    assert!(both.as_bytes().starts_with(&old), "the old key stays until it is taken out");
    let new = both.lines().last().unwrap();
    fs::write(office.desk.key_file(), new).unwrap();
    office.run("store check").succeeds();
    verify();
    office.run("store check --store old.db").fails_with(&["names master key"]);
    office.run("writers show W-1 --store old.db").fails_with(&["sealed with master key"]);
    office.desk.write("both", both.as_bytes());
    fs::set_permissions(office.desk.path("both"), fs::Permissions::from_mode(0o600)).unwrap();
    office.run("writers show W-1 --store old.db --key-file both").succeeds();
    let log = office.run("store log --json").succeeds().json();
    assert!(log["entries"].as_array().unwrap().iter().any(|entry| entry["event"] == "master-key-changed"));
}
