//! Soak: what one hostile client takes from the others while it does its worst.

use std::io::Cursor;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Desk, example_files};
use crate::running::{FORM, Server, form};

/// Clients of the attacker at the same time.
const CLIENTS: usize = 4;
const WINDOW: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
/// Time on the way between a refusal and the next try.
const WAY: Duration = Duration::from_millis(50);

/// A large image of a pattern that costs much.
fn image(ink: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let draw = |x, y| image::Luma([if ink(x, y) { 20 } else { 230 }]);
    let mut png = Cursor::new(Vec::new());
    image::GrayImage::from_fn(2800, 2800, draw).write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A token for the attacker, and one for everybody else.
fn token(desk: &Desk) -> String {
    let made = desk.run("token create --role clerk --store guarded.db --json").succeeds().json();
    format!("Bearer {}", made["secret"].as_str().unwrap())
}

/// Verdicts a second of somebody who asks one thing after another.
fn rate(ask: &dyn Fn() -> u16) -> f64 {
    let (begun, mut verdicts) = (Instant::now(), 0);
    while begun.elapsed() < WINDOW {
        match ask() {
            200 => verdicts += 1,
            // There was no place left: others were not known yet.
            429 => thread::sleep(Duration::from_millis(100)),
            status => panic!("{status}"),
        }
    }
    f64::from(verdicts) / begun.elapsed().as_secs_f64()
}

/// The same while something else is done on so many threads, over and over.
fn rate_beside(threads: usize, work: &(dyn Fn() + Sync), ask: &dyn Fn() -> u16) -> f64 {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    work();
                }
            });
        }
        let rate = rate(ask);
        over.store(true, Ordering::Relaxed);
        rate
    })
}

#[test]
#[ignore = "takes a minute and all cores; make soak"]
fn soak_nobody_takes_more_than_half_from_the_others() {
    let desk = Desk::new();
    let [attacker, other] = [token(&desk), token(&desk)];
    let workers = thread::available_parallelism().unwrap().get().max(2);
    let options = format!("--store guarded.db --require-tokens --rate 12000 --workers {workers}");
    let server = Server::start(&desk, &options);
    let scan = std::fs::read(&example_files("001")[0]).unwrap();
    let question = form(&[("reference", "a.png", &scan), ("questioned", "b.png", &scan)]);
    let verify = |token: &str, body: &[u8]| {
        server.ask("POST", "/v1/verify", &[("Authorization", token), ("Content-Type", FORM)], body).status
    };
    let with = |image: &[u8]| form(&[("reference", "a.png", image), ("questioned", "b.png", image)]);
    let (board, comb) = (with(&image(|x, y| (x + y) % 2 == 0)), with(&image(|_, y| y % 2 == 0)));
    let attacks: [(&str, &(dyn Fn() -> u16 + Sync)); 4] = [
        ("a checkerboard", &|| verify(&attacker, &board)),
        ("a comb", &|| verify(&attacker, &comb)),
        ("an unknown token", &|| verify("Bearer nobody", &question)),
        ("many small questions", &|| verify(&attacker, &question)),
    ];
    let ask = || verify(&other, &question);
    rate(&ask);
    for (name, attack) in attacks {
        let mut shares: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                // The attacker may keep all workers busy but one; so many threads are busy here, since the machine may have other
                // things to do, too, and a verdict then takes longer whoever asks.
                let undisturbed = rate_beside(workers - 1, &std::hint::spin_loop, &ask);
                let attack = || {
                    let status = attack();
                    assert!([200, 401, 422, 429].contains(&status), "{name}: {status}");
                    if status != 200 && status != 422 {
                        // What the attacker computes is on another machine, some way off.
                        thread::sleep(WAY);
                    }
                };
                rate_beside(CLIENTS, &attack, &ask) / undisturbed
            })
            .collect();
        shares.sort_by(f64::total_cmp);
        println!(
            "{name}: the others have {:.2} of their verdicts a second, {} MiB",
            shares[ROUNDS / 2],
            server.resident() >> 10
        );
        assert!(shares[ROUNDS / 2] >= 0.5, "{name}: {shares:?}");
        assert!(server.resident() < 600 << 10, "{} KiB", server.resident());
    }
}
