//! The program is killed while it enrols and decides, and the disk is full: what was said to be done is done.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use super::program::{Done, example_files};
use super::writers::{Office, files};

/// Rounds; `make soak` has more.
fn rounds() -> u64 {
    std::env::var("INKPROOF_TEST_CRASH_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap())
}

#[test]
fn a_batch_and_enrolments_that_are_killed_leave_a_whole_store() {
    const ROWS: usize = 400;
    let office = Office::new();
    office.enroll("w", "005", 3).succeeds();
    let rows: String = (0..ROWS).map(|row| format!("w,{}\n", example_files("005")[row % 8].display())).collect();
    office.desk.write("cases.csv", format!("writer,questioned\n{rows}").as_bytes());
    for round in 0..rounds() {
        let spawn = |line: &str| {
            let mut command = office.desk.command(line);
            command.env("INKPROOF_STORE", office.store()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut batch = spawn(&format!("verify-batch cases.csv --out {round}.csv"));
        let mut enrolment = spawn(&format!("enroll e{round} {} --keep-images", files("002", 0..3)));
        std::thread::sleep(Duration::from_millis(150 + 170 * (round * 7 % 10)));
        // Either may have finished before.
        let _ = (enrolment.kill(), batch.kill());
        let enrolled = enrolment.wait().unwrap().success();
        batch.wait().unwrap();
        let checked = office.run("store check --json").succeeds().json();
        let written = fs::read_to_string(office.desk.path(&format!("{round}.csv"))).unwrap_or_default();
        let decided = written.lines().count().saturating_sub(1) as i64;
        assert!(checked["entries"].as_i64().unwrap() >= decided, "a decision was acknowledged and not kept");
        let shown = office.run(&format!("writers show e{round} --json"));
        match shown.code {
            0 => assert_eq!(shown.json()["references"].as_array().unwrap().len(), 3, "no writer is half enrolled"),
            _ => assert!(!enrolled, "an enrolment was acknowledged and not kept"),
        }
    }
    for round in 0..rounds() {
        office.run(&format!("verify-batch cases.csv --out {round}.csv")).succeeds();
        let results = fs::read_to_string(office.desk.path(&format!("{round}.csv"))).unwrap();
        let numbers: Vec<usize> =
            results.lines().skip(1).map(|row| row.split(',').next().unwrap().parse().unwrap()).collect();
        assert!(numbers.into_iter().eq(1..=ROWS), "each row once");
    }
    assert_eq!(decisions(&office), rounds() as usize * ROWS, "nothing is recorded twice");
    assert!(office.desk.everything().iter().all(|name| !name.ends_with(".unfinished")));
}

/// How many decisions the audit has.
fn decisions(office: &Office) -> usize {
    let log = office.run("store log --last 1000000 --json").succeeds().json();
    log["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == "decided").count()
}

/// The results may not grow, as if the machine had stopped when the decisions were recorded and not told yet.
#[cfg(target_os = "linux")]
#[test]
fn what_was_recorded_and_not_told_is_told_later_and_not_recorded_again() {
    const BEFORE: usize = 6000;
    const ROWS: usize = 12;
    let office = Office::new();
    office.enroll("w", "005", 3).succeeds();
    let name = "n".repeat(150);
    let mut table = format!("writer,questioned\n{}", format!("w,{name}\n").repeat(BEFORE));
    office.desk.write("cases.csv", table.as_bytes());
    office.run("verify-batch cases.csv --out results.csv").succeeds();
    let told = fs::metadata(office.desk.path("results.csv")).unwrap().len();
    for row in 0..ROWS {
        office.desk.write(&format!("{row}.png"), &fs::read(&example_files("005")[row % 8]).unwrap());
        table += &format!("w,{row}.png\n");
    }
    office.desk.write("cases.csv", table.as_bytes());
    let line = "verify-batch cases.csv --out results.csv";
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" {line}", told.div_ceil(512));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_inkproof")]).current_dir(office.desk.path("."));
    shell.env("INKPROOF_STORE", office.store()).env("XDG_CONFIG_HOME", office.desk.settings());
    Done::new(shell.output().unwrap()).fails_with(&["results.csv"]);
    assert_eq!(decisions(&office), ROWS, "all were recorded");
    let rows = || fs::read_to_string(office.desk.path("results.csv")).unwrap().lines().count() - 1;
    assert!(rows() < BEFORE + ROWS, "and not all told");
    for row in 0..ROWS {
        fs::remove_file(office.desk.path(&format!("{row}.png"))).unwrap();
    }
    let told = office.run(&format!("{line} --json")).succeeds().json();
    assert_eq!((rows(), &told["failed"]), (BEFORE + ROWS, &0.into()), "as they were recorded, without the images");
    assert_eq!(decisions(&office), ROWS, "nothing is recorded twice");
    office.run("store check").succeeds();
}

/// Files may not grow beyond what a shell allows, as on a full disk.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_nothing_is_half_stored() {
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let before = office.run("store check --json").succeeds().json();
    let program = env!("CARGO_BIN_EXE_inkproof");
    let blocks = fs::metadata(office.store()).unwrap().len().div_ceil(512) + 40;
    let limited = |line: &str| {
        let mut shell = std::process::Command::new("sh");
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} {line}");
        shell.env("INKPROOF_STORE", office.store()).env("XDG_CONFIG_HOME", office.desk.settings());
        Done::new(shell.args(["-c", &line]).output().unwrap())
    };
    let images = files("002", 0..8);
    limited(&format!("enroll b {images} --keep-images --anyway"))
        .fails_with(&["cannot be read or written", "look at the disk"]);
    let after = office.run("store check --json").succeeds().json();
    assert_eq!(after, before, "nothing of it is there");
    office.run(&format!("enroll b {images} --anyway")).succeeds();
}

#[cfg(unix)]
#[test]
fn a_read_only_store_says_so_and_tells_no_decision() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const NOBODY: u32 = 65534;
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    fs::copy(files("005", 4..5), office.desk.path("questioned.png")).unwrap();
    let is_root = fs::metadata(office.store()).unwrap().uid() == 0;
    fs::set_permissions(office.store(), fs::Permissions::from_mode(0o444)).unwrap();
    for folder in [0o777, 0o555] {
        fs::set_permissions(office.desk.path("."), fs::Permissions::from_mode(folder)).unwrap();
        let line = "verify --writer a questioned.png";
        // Root may write whatever the permissions say.
        let mut command = if is_root { office.desk.command_as(NOBODY, line) } else { office.desk.command(line) };
        let key = fs::read_to_string(office.desk.key_file()).unwrap();
        command.env("INKPROOF_STORE", office.store()).env("INKPROOF_KEY", key);
        Done::new(command.output().unwrap()).fails_with(&["read-only"]);
    }
    fs::set_permissions(office.desk.path("."), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Says what this machine cannot check, also where `make check` collects it.
#[cfg(target_os = "linux")]
fn skip(what: &str) {
    use std::io::Write;
    eprintln!("skipped: {what}");
    if let Some(path) = std::env::var_os("INKPROOF_SKIPPED") {
        let mut list = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(list, "skipped: {what}").unwrap();
    }
}

/// On a file system that is mounted read-only for this one command; needs Linux' namespaces for that.
#[test]
#[cfg(target_os = "linux")]
fn a_store_on_a_read_only_file_system_says_so() {
    use std::process::Command;
    let mut namespace = Command::new("unshare");
    namespace.args(["--map-root-user", "--mount", "sh", "-c"]);
    let can_mount = namespace.arg("mount --bind . . && mount -o remount,ro,bind .").output();
    if !can_mount.is_ok_and(|done| done.status.success()) {
        return skip("a store on a read-only file system; no namespace can be made");
    }
    let office = Office::new();
    office.enroll("a", "005", 3).succeeds();
    let plain = office.desk.command(&format!("verify --writer a {}", files("005", 4..5)));
    let mount = r#"mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", mount]).arg(office.desk.path("."));
    command.arg(plain.get_program()).args(plain.get_args());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let key = fs::read_to_string(office.desk.key_file()).unwrap();
    command.env("INKPROOF_STORE", office.store()).env("INKPROOF_KEY", key);
    Done::new(command.output().unwrap()).fails_with(&["log cannot be opened beside it", "read-only"]);
}
