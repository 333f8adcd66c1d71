//! Story: whoever sends slowly, or much, leaves room for everybody else.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Desk, example_files};
use crate::running::{FORM, Server, form};

use super::sockets::{NEIGHBOR, PATIENCE, connect_from, post_head};

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Signatures in a form that is answered with a verdict.
fn question() -> Vec<u8> {
    let image = std::fs::read(&example_files("001")[0]).unwrap();
    form(&[("reference", "a.png", &image), ("questioned", "b.png", &image)])
}

/// What comes back on a connection until it is closed.
fn rest(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn bodies_that_send_nothing_hold_nobody_up() {
    /// Times 16 MiB are four times what all bodies may hold together.
    const CLIENTS: usize = 16;
    let desk = Desk::new();
    let server = Server::start(&desk, "");
    let begun = Instant::now();
    let head = format!(
        "POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"
    );
    let mut silent: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    thread::sleep(Duration::from_millis(200));
    let question = question();
    let ask = || server.ask("POST", "/v1/verify", &[("Content-Type", FORM)], &question).status;
    assert_eq!([ask(), ask(), ask()], [200; 3]);
    for stream in &mut silent {
        let answer = rest(stream);
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    // Of the 15 seconds that a whole body is given, and five more for what is left unread.
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

/// Sends most of a large body, and the rest of it a little at a time.
fn hold(address: &str, source: IpAddr, authorization: &str) -> TcpStream {
    let mut stream = connect_from(source, address).unwrap();
    let head = post_head("/v1/verify", 390_000).replace("\r\n\r\n", &format!("\r\n{authorization}\r\n"));
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[b'x'; 300_000]).unwrap();
    let mut slow = stream.try_clone().unwrap();
    thread::spawn(move || {
        for _ in 0..17 {
            thread::sleep(Duration::from_millis(500));
            if slow.write_all(&[b'x'; 5000]).is_err() {
                return;
            }
        }
    });
    // Until it has arrived.
    thread::sleep(Duration::from_millis(500));
    stream
}

/// The answer to a body of a given size.
fn send(address: &str, source: IpAddr, authorization: &str, body: &[u8]) -> String {
    let mut stream = connect_from(source, address).unwrap();
    let more = format!("\r\n{authorization}Connection: close\r\n\r\n");
    stream.write_all(post_head("/v1/verify", body.len()).replace("\r\n\r\n", &more).as_bytes()).unwrap();
    stream.write_all(body).ok();
    rest(&mut stream)
}

/// One holds most of its half; its next is told to come back, and another's is answered.
fn shares(server: &Server, one: (IpAddr, &str), other: (IpAddr, &str)) {
    let held = hold(&server.address, one.0, one.1);
    let refused = send(&server.address, one.0, one.1, &[b'x'; 300_000]).to_lowercase();
    assert!(refused.starts_with("http/1.1 429") && refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    let answered = send(&server.address, other.0, other.1, &question());
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    drop(held);
}

#[test]
fn one_address_leaves_half_of_the_memory_to_others() {
    let desk = Desk::new();
    let server = Server::start(&desk, "--max-body 400000 --max-bodies 800000");
    shares(&server, (LOCAL, ""), (NEIGHBOR, ""));
}

#[test]
fn one_token_leaves_half_of_the_memory_to_others() {
    let desk = Desk::new();
    let server = Server::start(&desk, "--require-tokens --store office.db --max-body 400000 --max-bodies 800000");
    let token = || {
        let made = desk.run("token create --role clerk --expires 1 --store office.db --json").succeeds().json();
        format!("Authorization: Bearer {}\r\n", made["secret"].as_str().unwrap())
    };
    let (one, other) = (token(), token());
    shares(&server, (LOCAL, &one), (LOCAL, &other));
}
