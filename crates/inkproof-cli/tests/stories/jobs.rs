//! Stories: a table with its files is handed in over HTTP, and judged row by row, whatever happens to the service meanwhile.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::program::{Desk, example_files};
use super::running::Server;
use super::tokens::{guarded, token};
use super::writers::files;

/// No job here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// On a connection of its own: what is refused before it is read ends its connection.
fn hand_in(server: &Server, authorization: &str, archive: &[u8]) -> super::running::Reply {
    let headers = [("Content-Type", "application/zip"), ("Authorization", authorization), ("Connection", "close")];
    server.ask("POST", "/v1/jobs", &headers, archive)
}

/// Asks for a job until it is so.
fn until(server: &Server, job: &str, authorization: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let state = server.ask("GET", job, &[("Authorization", authorization)], b"").is(200).json();
        if is_so(&state) {
            return state;
        }
        assert!(begun.elapsed() < PATIENCE, "{state}; {}", server.log());
        sleep(Duration::from_millis(50));
    }
}

/// Writes a table of so many rows, and the files that it names, into a folder of the desk; the same as an archive.
fn batch(desk: &Desk, rows: usize) -> Vec<u8> {
    let images: Vec<Vec<u8>> = ["005", "002"]
        .iter()
        .flat_map(|writer| example_files(writer)[3..7].to_vec())
        .map(|path| fs::read(path).unwrap())
        .collect();
    let mut table = "writer,questioned\n".to_owned();
    for row in 0..rows {
        match row % 16 {
            7 => writeln!(table, "005,").unwrap(),
            15 => writeln!(table, "009,{}.png", row % 8).unwrap(),
            _ => writeln!(table, "{},{}.png", ["005", "002"][row / 4 % 2], row % 8).unwrap(),
        }
    }
    let names: Vec<String> = (0..8).map(|image| format!("{image}.png")).collect();
    desk.write("rows.csv", table.as_bytes());
    names.iter().zip(&images).for_each(|(name, image)| desk.write(name, image));
    let mut all: Vec<(&str, &[u8])> =
        vec![("batch/rows.csv", table.as_bytes()), ("batch/secret.txt", b"named by no row")];
    let named: Vec<String> = names.iter().map(|name| format!("batch/{name}")).collect();
    all.extend(named.iter().zip(&images).map(|(name, image)| (name.as_str(), &image[..])));
    archive(&all)
}

#[test]
fn a_job_gives_the_table_of_a_batch_also_when_the_service_is_killed_meanwhile() {
    const ROWS: usize = 80;
    let desk = Desk::new();
    desk.run(&format!("enroll 005 {} --store office.db", files("005", 0..3))).succeeds();
    desk.run(&format!("enroll 002 {} --store office.db", files("002", 0..3))).succeeds();
    let archive = batch(&desk, ROWS);
    desk.run("verify-batch rows.csv --out results.csv --store office.db").succeeds();
    let before = desk.run("store check --store office.db --json").succeeds().json()["entries"].as_u64().unwrap();

    let server = Server::start(&desk, "");
    let reply = hand_in(&server, "", &archive).is(202);
    let job = reply.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(reply.json()["rows"], ROWS);
    let state = until(&server, &job, "", |state| state["done"].as_u64() >= Some(16));
    assert_eq!(state["state"], "running", "{state}");
    // As kill -9 does; a second one soon after its start, and an end as an operator asks for it.
    drop(server);
    drop(Server::start(&desk, ""));
    let server = Server::start(&desk, "");
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let server = Server::start(&desk, "");
    let state = until(&server, &job, "", |state| state["state"] == "done");
    assert_eq!((state["done"].as_u64(), state["failed"].as_u64()), (Some(ROWS as u64), Some(ROWS as u64 / 8)));
    let table = server.get(&format!("{job}/table")).is(200);
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(table.text(), fs::read_to_string(desk.path("results.csv")).unwrap());
    // It is counted once it is recorded.
    let begun = Instant::now();
    while !server.get("/metrics").is(200).text().contains("inkproof_jobs_total{outcome=\"done\"} 1") {
        assert!(begun.elapsed() < PATIENCE, "{}", server.log());
        sleep(Duration::from_millis(20));
    }

    let mut audit = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/v1/audit?limit=100{cursor}")).is(200).json();
        audit.extend(page["entries"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let of_job: Vec<u64> = audit.iter().filter_map(|entry| entry["details"]["job"]["row"].as_u64()).collect();
    assert_eq!(of_job.len(), ROWS - ROWS / 8, "each row is decided once");
    assert_eq!(of_job.iter().collect::<HashSet<_>>().len(), of_job.len());
    let told = |event: &str| audit.iter().filter(|entry| entry["event"] == event).count();
    assert_eq!((told("job-begun"), told("job-ended")), (1, 1));

    let checked = desk.run("store check --store office.db --json").succeeds().json();
    assert!(checked["entries"].as_u64().unwrap() > before + of_job.len() as u64);
    let removed = server.ask("DELETE", &job, &[], b"").is(200).json();
    assert_eq!(removed["removed"], true);
    server.get(&job).is_problem(404, None);
    desk.run("store check --store office.db").succeeds();
}

#[test]
fn a_job_is_its_owner_s_and_what_cannot_be_one_is_refused() {
    let desk = Desk::new();
    let server = guarded(&desk, "--max-job 400000 --max-body 100000 --max-jobs 2");
    let [clerk, other, auditor, administrator] =
        ["clerk", "clerk", "auditor", "administrator"].map(|role| token(&desk, role).0);
    let image = fs::read(&example_files("003")[0]).unwrap();
    let rows = |count: usize| format!("references,questioned\n{}", "a.png,a.png\n".repeat(count));
    let table = rows(3000);
    let good = archive(&[("rows.csv", table.as_bytes()), ("a.png", &image)]);
    let job = hand_in(&server, &clerk, &good).is(202).headers["location"].to_str().unwrap().to_owned();
    let ask = |method: &str, path: &str, by: &str| server.ask(method, path, &[("Authorization", by)], b"");
    until(&server, &job, &clerk, |state| state["done"].as_u64() > Some(0));
    for path in [job.clone(), format!("{job}/table")] {
        ask("GET", &path, &other).is_problem(404, None);
    }
    ask("DELETE", &job, &other).is_problem(404, None);
    let listed = |by: &str| ask("GET", "/v1/jobs", by).is(200).json()["jobs"].as_array().unwrap().len();
    assert_eq!([&clerk, &other, &auditor, &administrator].map(|by| listed(by)), [1, 0, 1, 1]);
    ask("GET", &format!("{job}/table"), &administrator).is_problem(403, Some("Authorization"));
    // Another's small job does not wait for a large one.
    let small = archive(&[("x/rows.csv", rows(2).as_bytes()), ("x/a.png", &image)]);
    let small = super::running::form(&[("archive", "b.zip", &small)]);
    let headers = [("Content-Type", super::running::FORM), ("Authorization", &other[..])];
    let second =
        server.ask("POST", "/v1/jobs", &headers, &small).is(202).headers["location"].to_str().unwrap().to_owned();
    until(&server, &second, &other, |state| state["state"] == "done");
    assert_eq!(ask("GET", &job, &clerk).json()["state"], "running");
    assert_eq!(ask("DELETE", &job, &clerk).is(200).json()["cancelled"], true);
    let state = until(&server, &job, &clerk, |state| state["state"] == "cancelled");
    let lines = ask("GET", &format!("{job}/table"), &clerk).is(200).text().lines().count() as u64;
    assert_eq!(Some(lines), state["done"].as_u64().map(|done| done + 1), "rows that are done are kept");
    assert_eq!(ask("DELETE", &job, &administrator).is(200).json()["removed"], true);

    let zeros = vec![0; 5 << 20];
    let table = rows(1);
    let table = ("rows.csv", table.as_bytes());
    let refused: [(&str, Vec<u8>, u16, &str); 9] = [
        ("no archive", b"PK, or not".to_vec(), 400, "no zip archive"),
        ("no table", archive(&[("a.png", &image)]), 400, "rows.csv"),
        ("two tables", archive(&[("a.csv", b""), ("b.csv", b"")]), 400, "2 tables"),
        ("another table", archive(&[("rows.csv", b"who,what\n1,2\n")]), 400, "needs the columns"),
        ("no row", archive(&[("rows.csv", b"writer,questioned\n")]), 400, "no row"),
        ("a name that leads out", archive(&[table, ("../a.png", &image)]), 400, "leads out"),
        ("a bomb", archive(&[table, ("a.png", &zeros)]), 413, "larger than may be unpacked"),
        ("a table that is one", archive(&[("rows.csv", &zeros[..])]), 413, "larger than may be unpacked"),
        ("too much", vec![7; 500_000], 413, "max-job"),
    ];
    for (what, archive, status, words) in refused {
        let reply = hand_in(&server, &other, &archive);
        reply.is_problem(status, Some("archive"));
        assert!(reply.text().contains(words), "{what}: {}", reply.text());
    }
    let headers = [("Content-Type", "text/csv"), ("Authorization", &other[..])];
    server.ask("POST", "/v1/jobs", &headers, b"a").is_problem(415, Some("Content-Type"));
    let long = rows(3000);
    let long = archive(&[("rows.csv", long.as_bytes()), ("a.png", &image)]);
    hand_in(&server, &other, &long).is(202);
    hand_in(&server, &other, &long).is(202);
    hand_in(&server, &other, &long).is_problem(409, None);
    desk.run("store check --store guarded.db").succeeds();
}
