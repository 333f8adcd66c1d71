//! Story: more clients come than can be served; some are told to come back, nobody waits long.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::program::{Desk, example_files};
use super::running::{Reply, Server};

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

/// What came of some clients that asked again and again for a while.
struct Window {
    /// How long each verdict took, sorted.
    accepted: Vec<Duration>,
    /// How long each client waited to hear that it should come back, sorted.
    refused: Vec<Duration>,
    seconds: f64,
}

impl Window {
    fn measure(clients: usize, length: Duration, ask: &(impl Fn() -> (Reply, Duration) + Sync)) -> Self {
        let (accepted, refused) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let begun = Instant::now();
        thread::scope(|scope| {
            for _ in 0..clients {
                scope.spawn(|| {
                    while begun.elapsed() < length {
                        let (reply, took) = ask();
                        match reply.status {
                            200 => accepted.lock().unwrap().push(took),
                            429 => {
                                refused.lock().unwrap().push(took);
                                thread::sleep(Duration::from_millis(50));
                            }
                            status => panic!("{status}: {}", reply.text()),
                        }
                    }
                });
            }
        });
        let [accepted, refused] = [accepted, refused].map(|times| {
            let mut times = times.into_inner().unwrap();
            times.sort();
            times
        });
        Self { accepted, refused, seconds: begun.elapsed().as_secs_f64() }
    }

    fn rate(&self) -> f64 {
        self.accepted.len() as f64 / self.seconds
    }
}

/// The value below which so many of a hundred lie.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// As many clients as keep all cores busy, then four times as many, for five minutes.
///
/// What else the machine does changes from minute to minute; so each window of load is compared with one just before it in
/// which there are as many clients as workers and nobody waits. A verdict then waits for the places before it and its own
/// computation, each of which takes as long as the whole does without a queue. What depends on the machine is printed.
#[test]
#[ignore = "takes INKPROOF_TEST_LOAD_SECONDS, 300 by default; make soak"]
fn soak_of_the_queue() {
    const WINDOW: Duration = Duration::from_secs(5);
    /// What the clients, on the same cores, may add to the wait.
    const COMPANY: f64 = 2.0;
    let seconds = std::env::var("INKPROOF_TEST_LOAD_SECONDS").ok().and_then(|text| text.parse().ok());
    let whole = Duration::from_secs(seconds.unwrap_or(300));
    let desk = Desk::new();
    let by_bench = desk.run("bench --json").succeeds().json()["verify"].as_f64().unwrap();
    let workers = thread::available_parallelism().unwrap().get();
    let queue = workers;
    let server = Server::start(&desk, &format!("--workers {workers} --queue {queue}"));
    let images: Vec<_> = example_files("001")[..4].iter().map(|path| std::fs::read(path).unwrap()).collect();
    let mut parts: Vec<_> = images[..3].iter().map(|image| ("reference", "", &image[..])).collect();
    parts.extend([("id", "", &b"W-1"[..]), ("force", "", b"true")]);
    server.post_form("/v1/writers", &parts).is(201);
    let ask = || {
        let begun = Instant::now();
        (server.post_form("/v1/writers/W-1/verify", &[("questioned", "", &images[3])]), begun.elapsed())
    };
    Window::measure(workers, WINDOW / 5, &ask);
    for clients in [2 * workers, 8 * workers] {
        let own = own_seconds();
        let pairs: Vec<[Window; 2]> = (0..(whole / 4).as_secs().div_ceil(WINDOW.as_secs()).max(3))
            .map(|_| [workers, clients].map(|clients| Window::measure(clients, WINDOW, &ask)))
            .collect();
        let seconds: f64 = pairs.iter().flatten().map(|window| window.seconds).sum();
        let of_pairs =
            |of: &dyn Fn(&Window, &Window) -> f64| median(pairs.iter().map(|[free, load]| of(free, load)).collect());
        let p99 = |window: &Window| percentile(&window.accepted, 99).as_secs_f64();
        let wait = of_pairs(&|free, load| p99(load) / p99(free));
        let rate = of_pairs(&|free, load| load.rate() / free.rate());
        println!(
            "{clients} clients: {:.1} verdicts a second (bench {by_bench:.1}, {workers} clients {:.1}), p99 {:.1} ms ({:.1} \
             ms), {wait:.2} times as long, {} MiB, clients took {:.2} cores",
            of_pairs(&|_, load| load.rate()),
            of_pairs(&|free, _| free.rate()),
            1e3 * of_pairs(&|_, load| p99(load)),
            1e3 * of_pairs(&|free, _| p99(free)),
            server.resident() >> 10,
            (own_seconds() - own) / seconds,
        );
        let rounds = 1 + queue.div_ceil(workers);
        assert!(wait < COMPANY * rounds as f64, "{wait:.2} times as long as without a queue");
        assert!(rate > 0.85, "{rate:.2} of the verdicts a second of {workers} clients");
        if pairs.iter().any(|[free, _]| !free.refused.is_empty()) {
            panic!("somebody was told to come back while there were places");
        }
        if clients > workers + queue {
            assert!(pairs.iter().all(|[_, load]| !load.refused.is_empty()), "the queue has more places than it should");
            // Who is sent away does not wait for anybody's computation.
            let refused = of_pairs(&|_, load| {
                percentile(&load.refused, 50).as_secs_f64() / percentile(&load.accepted, 50).as_secs_f64()
            });
            println!("{clients} clients: a refusal takes {refused:.2} of the time of a verdict");
            assert!(refused < 0.5, "a refusal takes {refused:.2} of the time of a verdict");
        }
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
