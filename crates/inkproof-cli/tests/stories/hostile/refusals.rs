//! Story: who is let in nowhere does not fill the record, and everything that was refused is in it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::program::Desk;
use crate::running::Server;

use super::sockets::PATIENCE;

/// The refusals that the audit has once the server has ended: why, how many, from how many addresses.
fn told(desk: &Desk, server: Server, options: &str, headers: &[(&str, &str)]) -> Vec<(String, u64, u64)> {
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    desk.run("store check --store office.db").succeeds();
    let server = Server::start(desk, options);
    let audit = server.ask("GET", "/v1/audit?limit=500", headers, b"").is(200).json();
    let number = |entry: &Value, name: &str| entry["details"][name].as_u64().unwrap();
    let refused = audit["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == "refused");
    let told = refused.map(|entry| {
        let why = entry["outcome"].as_str().unwrap().to_owned();
        assert!(entry["details"]["first_addresses"].as_array().unwrap().len() <= 5);
        (why, number(entry, "count"), number(entry, "addresses"))
    });
    told.collect()
}

/// Many requests at once on one connection: the statuses of their answers.
fn pipelined(server: &Server, request: &str, count: usize) -> Vec<String> {
    let last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{}{last}", request.repeat(count - 1)).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect()
}

#[test]
fn a_flood_of_strangers_is_a_handful_of_entries() {
    const OPTIONS: &str = "--require-tokens --store office.db";
    let desk = Desk::new();
    let server = Server::start(&desk, OPTIONS);
    let token = |role: &str| {
        let made = desk.run(&format!("token create --role {role} --expires 1 --store office.db --json")).succeeds();
        format!("Bearer {}", made.json()["secret"].as_str().unwrap())
    };
    let (clerk, auditor) = (token("clerk"), token("auditor"));
    let me = || server.ask("GET", "/v1/me", &[("Authorization", &clerk)], b"").status;
    assert_eq!(me(), 200);
    let mut statuses = Vec::new();
    for round in 0..20 {
        let with = if round % 2 == 0 { "Authorization: Bearer inkproof_00\r\n" } else { "" };
        statuses.extend(pipelined(&server, &format!("GET /v1/writers HTTP/1.1\r\nHost: localhost\r\n{with}\r\n"), 100));
    }
    assert_eq!(statuses.len(), 2000);
    let looked_at = statuses.iter().filter(|status| *status == "401").count();
    assert!(statuses.iter().all(|status| ["401", "429"].contains(&&status[..])) && looked_at >= 300);
    assert!(looked_at < 1000, "{looked_at} were looked at");
    assert_eq!(me(), 200, "a token that is known is let in from the same address");
    let told = told(&desk, server, OPTIONS, &[("Authorization", &auditor)]);
    assert!(told.len() <= 9, "{told:?}");
    assert_eq!(told.iter().map(|(_, count, _)| count).sum::<u64>(), 2000, "{told:?}");
    for why in ["no token", "unknown token", "too many refused"] {
        assert!(told.iter().any(|(told, _, addresses)| told == why && *addresses == 1), "{why} in {told:?}");
    }
}

#[test]
fn so_is_a_flood_of_other_sites() {
    let desk = Desk::new();
    let server = Server::start(&desk, "");
    let statuses = pipelined(&server, "GET /v1/writers HTTP/1.1\r\nHost: rebound.example\r\n\r\n", 200);
    assert_eq!((statuses.len(), statuses.iter().all(|status| status == "403")), (200, true));
    let told = told(&desk, server, "", &[]);
    assert!(told.len() <= 3, "{told:?}");
    assert_eq!(told.iter().map(|(_, count, _)| count).sum::<u64>(), 200, "{told:?}");
}

#[test]
#[ignore = "waits for a minute; make soak"]
fn what_was_counted_is_written_after_a_minute() {
    let desk = Desk::new();
    let server = Server::start(&desk, "");
    pipelined(&server, "GET /v1/writers HTTP/1.1\r\nHost: rebound.example\r\n\r\n", 200);
    let counts = || -> Vec<u64> {
        let audit = server.get("/v1/audit").is(200).json();
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["details"]["count"].as_u64().unwrap()).collect()
    };
    assert_eq!(counts(), [1]);
    std::thread::sleep(Duration::from_secs(65));
    assert_eq!(counts(), [199, 1], "the newest first");
}
