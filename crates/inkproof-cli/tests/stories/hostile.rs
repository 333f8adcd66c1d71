//! Story: whatever is sent, the server answers without a mistake of its own, lives on, and keeps no memory of it.

#[path = "hostile/attacks.rs"]
mod attacks;
#[path = "hostile/bodies.rs"]
mod bodies;
#[path = "hostile/refusals.rs"]
mod refusals;
#[path = "hostile/sockets.rs"]
mod sockets;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::program::{Desk, example_files};
use super::running::{FORM, Server, form};

/// INKPROOF_TEST_HOSTILE says how many; the soak takes 10,000.
fn how_many() -> usize {
    std::env::var("INKPROOF_TEST_HOSTILE").ok().and_then(|text| text.parse().ok()).unwrap_or(400)
}

/// The same numbers every time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

/// Images of every format, to be damaged.
fn seeds() -> Vec<Vec<u8>> {
    let png = fs::read(&example_files("001")[0]).unwrap();
    let picture = image::load_from_memory(&png).unwrap().to_luma8();
    let (width, height) = picture.dimensions();
    let mut bmp = b"BM".to_vec();
    bmp.extend([0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0]);
    bmp.extend(width.to_le_bytes().iter().chain(&height.to_le_bytes()));
    bmp.extend([1, 0, 24, 0, 0, 0, 0, 0]);
    bmp.extend([0; 16]);
    bmp.extend(vec![200; (width as usize * 3).next_multiple_of(4) * height as usize]);
    let mut pgm = format!("P5\n{width} {height}\n255\n").into_bytes();
    pgm.extend(picture.as_raw());
    let mut tiff = b"II*\0\x08\0\0\0\x0a\0".to_vec();
    let tags: [(u16, u16, u32); 10] = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 134),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, width * height),
        (339, 3, 1),
    ];
    for (tag, kind, value) in tags {
        tiff.extend(
            tag.to_le_bytes().iter().chain(&kind.to_le_bytes()).chain(&1_u32.to_le_bytes()).chain(&value.to_le_bytes()),
        );
    }
    tiff.extend([0; 4]);
    tiff.extend(picture.as_raw());
    let starts: [&[u8]; 3] = [
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01",
        b"RIFF\x20\0\0\0WEBPVP8L\x0d\0\0\0\x2f",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    ];
    let started = starts.into_iter().map(|start| [start, &[7; 400]].concat());
    [png, bmp, pgm, tiff].into_iter().chain(started).collect()
}

/// One image of the corpus: cut, with bytes changed, sizes made huge, or of nothing that makes sense.
fn damaged(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut image = seeds[dice.roll(seeds.len())].clone();
    match dice.roll(6) {
        0 => image.truncate(dice.roll(image.len())),
        1 => (0..1 + dice.roll(30)).for_each(|_| {
            let place = dice.roll(image.len().min(600));
            image[place] = dice.roll(256) as u8;
        }),
        2 => {
            let place = dice.roll(image.len().min(60).saturating_sub(4).max(1));
            let end = image.len().min(place + 4);
            image[place..end].fill(0xff);
        }
        3 => image = (0..dice.roll(2000)).map(|_| dice.roll(256) as u8).collect(),
        4 => {
            let place = dice.roll(image.len());
            let copied = image[..place].to_vec();
            image.extend(copied);
        }
        _ => {}
    }
    image
}

#[test]
fn images_that_are_none() {
    let desk = Desk::new();
    let server = Server::start(&desk, "");
    let good = fs::read(&example_files("001")[0]).unwrap();
    let (seeds, mut dice) = (seeds(), Dice(2026));
    let mut statuses = std::collections::BTreeMap::new();
    // What is held at the moment comes and goes with the allocator's own time: the least of several readings stays.
    let mut least_held = || {
        let readings = (0..8).map(|_| {
            for _ in 0..how_many() / 8 {
                let image = damaged(&seeds, &mut dice);
                let parts = match dice.roll(2) {
                    0 => [("reference", "", &image[..]), ("questioned", "", &good)],
                    _ => [("reference", "", &good[..]), ("questioned", "", &image)],
                };
                let reply = server.post_form("/v1/verify", &parts);
                assert!(reply.status < 500, "{}", reply.text());
                *statuses.entry(reply.status).or_insert(0) += 1;
            }
            server.resident()
        });
        readings.min().unwrap()
    };
    let before = least_held();
    let grown = least_held().saturating_sub(before);
    assert!(statuses[&422] > 0, "{statuses:?}");
    assert!(grown < 48 << 10, "{grown} KiB were kept");
    server.get("/healthz").is(200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
    let figures = server.get("/metrics").text();
    assert!(figures.contains("inkproof_panics_total 0"), "{figures}");
}

#[test]
fn requests_that_are_none() {
    let desk = Desk::new();
    let server = Server::start(&desk, "");
    let good = fs::read(&example_files("001")[0]).unwrap();
    let whole = form(&[("reference", "a.png", &good), ("questioned", "b.png", &good)]);
    let document = json!({"references": [{"image": "aGVsbG8="}], "questioned": {"image": "aGVsbG8="}}).to_string();
    let mut dice = Dice(7);
    for round in 0..how_many() {
        let (media_type, mut body) = match round % 3 {
            0 => (FORM, whole.clone()),
            1 => ("application/json", document.clone().into_bytes()),
            _ => ("multipart/form-data; boundary=\"", whole.clone()),
        };
        for _ in 0..1 + dice.roll(8) {
            let place = dice.roll(body.len().min(300));
            body[place] = dice.roll(256) as u8;
        }
        body.truncate(dice.roll(body.len() + 1));
        let paths = [
            "/v1/verify",
            "/v1/verify-document",
            "/v1/identify",
            "/v1/find",
            "/v1/writers",
            "/v1/writers/A/verify",
            "/v1/reviews/1",
        ];
        let reply = server.ask("POST", paths[dice.roll(paths.len())], &[("Content-Type", media_type)], &body);
        assert!((400..500).contains(&reply.status) || reply.status < 300, "{}: {}", reply.status, reply.text());
    }
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    server.ask("POST", "/v1/verify", &[("Content-Type", "application/json")], deep.as_bytes()).is_problem(400, None);
    server.ask("GET", "/v1/writers/%ff%fe", &[], b"").is_problem(400, None);
    server.ask("GET", &format!("/v1/writers/{}", "a".repeat(8000)), &[], b"").is_problem(400, Some("id"));
    for raw in [
        &b"\0\0\0\0"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let answer = server.raw(raw);
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
    }
    let huge_head = [b"GET / HTTP/1.1\r\nA: ".to_vec(), vec![b'a'; 200_000]].concat();
    assert!(!server.raw(&huge_head).starts_with(b"HTTP/1.1 5"));
    server.get("/healthz").is(200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Whether the server answers somebody new.
fn answers(address: &str) -> bool {
    let ask = || -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.read(&mut [0; 64])
    };
    ask().is_ok_and(|read| read > 0)
}

#[test]
fn clients_that_never_read_do_not_hold_the_server() {
    const CLIENTS: usize = 3;
    let desk = Desk::new();
    let server = Server::start(&desk, &format!("--connections {CLIENTS}"));
    // More answers than the sockets' buffers hold.
    let asked = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40);
    let clients: Vec<TcpStream> = (0..CLIENTS).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    clients.iter().for_each(|mut client| client.write_all(asked.as_bytes()).unwrap());
    std::thread::sleep(Duration::from_secs(3));
    assert!(!answers(&server.address), "they hold all connections");
    let freed = (0..60).any(|_| {
        std::thread::sleep(Duration::from_millis(500));
        answers(&server.address)
    });
    assert!(freed, "{}", server.log());
}
