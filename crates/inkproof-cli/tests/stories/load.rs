//! Story: more clients come than can be served; some are told to come back, nobody waits long.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::program::{Desk, example_files};
use super::running::Server;

const CLIENTS: usize = 24;

#[test]
fn a_full_queue_answers_at_once_and_the_others_do_not_wait_long() {
    let desk = Desk::new();
    let server = Server::start(&desk, "--workers 1 --queue 2");
    let [reference, questioned] = [0, 1].map(|file| std::fs::read(&example_files("001")[file]).unwrap());
    let ask = || {
        let begun = Instant::now();
        let reply = server.post_form("/v1/verify", &[("reference", "", &reference), ("questioned", "", &questioned)]);
        (reply, begun.elapsed())
    };
    let mut alone: Vec<Duration> = (0..15).map(|_| ask().1).collect();
    alone.sort();
    let median = alone[alone.len() / 2];
    let (accepted, refused) = (Mutex::new(Vec::new()), Mutex::new(0));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..8 {
                    let (reply, took) = ask();
                    match reply.status {
                        200 => accepted.lock().unwrap().push(took),
                        429 => {
                            assert_eq!(reply.headers["retry-after"], "1");
                            *refused.lock().unwrap() += 1;
                        }
                        status => panic!("{status}: {}", reply.text()),
                    }
                }
            });
        }
    });
    let mut accepted = accepted.into_inner().unwrap();
    accepted.sort();
    let refused = refused.into_inner().unwrap();
    let p99 = accepted[(accepted.len() - 1) * 99 / 100];
    println!("{} accepted, {refused} told to come back; alone {median:?}, p99 {p99:?}", accepted.len());
    assert!(refused > 0 && accepted.len() >= 8, "{refused} of {}", CLIENTS * 8);
    // The clients are on the same cores; the soak measures it with less company.
    assert!(p99 < 40 * median.max(Duration::from_millis(10)), "{p99:?} against {median:?}");
    assert!(server.resident() < 300 << 10, "{} KiB", server.resident());
}

/// As many clients as keep all cores busy, then four times as many: what the issue asks of five minutes.
#[test]
#[ignore = "takes INKPROOF_TEST_LOAD_SECONDS, 300 unless told; make soak"]
fn soak_of_the_queue() {
    let told = std::env::var("INKPROOF_TEST_LOAD_SECONDS").ok().and_then(|text| text.parse().ok());
    let whole = Duration::from_secs(told.unwrap_or(300));
    let desk = Desk::new();
    let rate = desk.run("bench --json").succeeds().json()["verify"].as_f64().unwrap();
    let server = Server::start(&desk, "");
    let images: Vec<_> = example_files("001")[..4].iter().map(|path| std::fs::read(path).unwrap()).collect();
    let mut parts: Vec<_> = images[..3].iter().map(|image| ("reference", "", &image[..])).collect();
    parts.extend([("id", "", &b"W-1"[..]), ("force", "", b"true")]);
    server.post_form("/v1/writers", &parts).is(201);
    let ask = || {
        let begun = Instant::now();
        (server.post_form("/v1/writers/W-1/verify", &[("questioned", "", &images[3])]), begun.elapsed())
    };
    let mut alone: Vec<Duration> = (0..200).map(|_| ask().1).collect();
    alone.sort();
    let median = alone[alone.len() / 2];
    let cores = thread::available_parallelism().unwrap().get();
    for clients in [2 * cores, 8 * cores] {
        let (accepted, refused) = (Mutex::new(Vec::new()), Mutex::new(0));
        let (begun, own) = (Instant::now(), own_seconds());
        thread::scope(|scope| {
            for _ in 0..clients {
                scope.spawn(|| {
                    while begun.elapsed() < whole / 2 {
                        let (reply, took) = ask();
                        match reply.status {
                            200 => accepted.lock().unwrap().push(took),
                            429 => {
                                *refused.lock().unwrap() += 1;
                                thread::sleep(Duration::from_millis(50));
                            }
                            status => panic!("{status}: {}", reply.text()),
                        }
                    }
                });
            }
        });
        let seconds = begun.elapsed().as_secs_f64();
        let mut accepted = accepted.into_inner().unwrap();
        accepted.sort();
        let p99 = accepted[(accepted.len() - 1) * 99 / 100];
        println!(
            "{clients} clients: {:.1} verdicts a second, p99 {p99:?} (alone {median:?}), {} told to come back, {} MiB, \
             clients took {:.2} cores",
            accepted.len() as f64 / seconds,
            refused.into_inner().unwrap(),
            server.resident() >> 10,
            (own_seconds() - own) / seconds,
        );
        assert!(p99 < 5 * median, "{p99:?} against {median:?}");
        assert!(accepted.len() as f64 / seconds > 0.85 * rate, "{rate:.1} a second by bench");
        assert!(server.resident() < 300 << 10, "{} KiB", server.resident());
    }
}

/// Seconds of processor time that this process has used.
fn own_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
