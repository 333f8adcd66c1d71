//! A program that is killed at any moment: what was acknowledged is done, and nothing is half done.
//!
//! `make soak` does it 100 times with 1,000 operations each.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

const PLACE: &str = "INKPROOF_TEST_CRASH_PLACE";
const ROUND: &str = "INKPROOF_TEST_CRASH_ROUND";

fn from_environment(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

fn operations() -> u32 {
    from_environment("INKPROOF_TEST_CRASH_OPERATIONS", 60)
}

/// What a worker has acknowledged.
#[derive(Default)]
struct Acknowledged {
    writers: HashSet<String>,
    decisions: HashSet<i64>,
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.db");
    let rounds = from_environment("INKPROOF_TEST_CRASH_ROUNDS", 6);
    let mut acknowledged = Acknowledged::default();
    let begun = Instant::now();
    work(&place, 0, None, &mut acknowledged);
    let whole = begun.elapsed();
    assert_eq!(acknowledged.writers.len() + acknowledged.decisions.len(), operations() as usize);
    for round in 1..=rounds {
        let share = f64::from(u32::from_le_bytes(Hex::<4>::random().0)) / f64::from(u32::MAX);
        work(&place, round, Some(whole.mul_f64(share)), &mut acknowledged);
        let store = Store::open_existing(place.to_str().unwrap(), &keys()).unwrap();
        is_whole(&store);
        let writers = store.writers(&WriterPage { limit: 1 << 20, ..WriterPage::default() }).unwrap();
        assert!(writers.iter().all(|writer| writer.references == 2), "no writer is half enrolled");
        let kept: HashSet<String> = writers.iter().map(|writer| writer.id.to_string()).collect();
        assert!(acknowledged.writers.is_subset(&kept), "a writer was lost in round {round}");
        let entries = store.audit(AuditPage::After(0), 1 << 24).unwrap();
        let decided = entries.iter().filter(|entry| entry.event == Event::Decided);
        let kept: HashSet<i64> = decided.map(|entry| entry.sequence).collect();
        assert!(acknowledged.decisions.is_subset(&kept), "a decision was lost in round {round}");
    }
    eprintln!(
        "killed {rounds} times; {} writers and {} decisions survived",
        acknowledged.writers.len(),
        acknowledged.decisions.len()
    );
}

/// Runs [`worker`] in a process of its own and kills it after a while, if one is given.
fn work(place: &Path, round: u32, kill_after: Option<Duration>, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::worker", "--ignored", "--nocapture", "--test-threads=1"])
        .envs([(PLACE, place.to_str().unwrap()), (ROUND, &round.to_string())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<String>>());
    if let Some(after) = kill_after {
        std::thread::sleep(after);
        // It may have finished before.
        let _ = child.kill();
    }
    let status = child.wait().unwrap();
    assert!(kill_after.is_some() || status.success());
    for line in reader.join().unwrap() {
        match line.split_once("acknowledged ").map(|(_, what)| what.split_once(' ')) {
            Some(Some(("writer", name))) => drop(acknowledged.writers.insert(name.to_owned())),
            Some(Some(("decision", number))) => drop(acknowledged.decisions.insert(number.parse().unwrap())),
            _ => {}
        }
    }
}

#[test]
#[ignore = "the process that is killed"]
fn worker() {
    let (Ok(place), Ok(round)) = (std::env::var(PLACE), std::env::var(ROUND)) else { return };
    let store = Store::open(&place, &keys()).unwrap();
    for step in 0..operations() {
        if step % 3 == 0 {
            let name = format!("w{round}-{step}");
            enroll(&store, &name, &[step, step + 1], 0).unwrap();
            println!("\nacknowledged writer {name}");
        } else {
            let of = if step % 3 == 1 { Decision::Accepted } else { Decision::Undecided };
            let number = store.record(&[decision(None, of)]).unwrap()[0];
            println!("\nacknowledged decision {number}");
        }
    }
}
