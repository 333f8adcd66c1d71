//! Story: an office enrols a writer over HTTP, verifies, settles what is undecided, and reads the audit.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::program::Desk;
use super::running::{Part, Server, base64, form};

/// Signatures of writers who do not exist, and one of them enrolled.
struct Office {
    desk: Desk,
    signatures: Vec<Vec<u8>>,
}

impl Office {
    fn open() -> Self {
        let desk = Desk::new();
        desk.synth("signatures", 2, 6, 1, 7);
        let signatures = (1..=6).map(|number| fs::read(Self::path(&desk, number)).unwrap()).collect();
        Self { desk, signatures }
    }

    /// A genuine signature of the first writer.
    fn path(desk: &Desk, number: usize) -> PathBuf {
        desk.path(&format!("signatures/001/001_{number:02}.png"))
    }

    fn references(&self) -> Vec<Part<'_>> {
        self.signatures[..3].iter().map(|bytes| ("reference", "a.png", &bytes[..])).collect()
    }

    fn enrol(&self, server: &Server, id: &str) {
        let mut parts = self.references();
        parts.push(("id", "", id.as_bytes()));
        server.post_form("/v1/writers", &parts).is(201);
    }

    /// So small that nothing can be decided of it.
    fn unfit(&self) -> Vec<u8> {
        let picture = image::load_from_memory(&self.signatures[4]).unwrap();
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture
            .resize(70, 70, image::imageops::FilterType::Triangle)
            .write_to(&mut bytes, image::ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }
}

#[test]
fn a_verdict_is_the_same_by_command_and_by_http() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    let [a, b, c] = [1, 2, 4].map(|number| Office::path(&office.desk, number).display().to_string());
    let by_command = office.desk.run(&format!("verify --reference {a} --reference {b} {c} --json")).json();
    let [one, two, four] = [&office.signatures[0], &office.signatures[1], &office.signatures[3]];
    let parts =
        [("reference", "a.png", &one[..]), ("reference", "b.png", &two[..]), ("questioned", "c.png", &four[..])];
    let by_form = server.post_form("/v1/verify", &parts).is(200).json();
    let keys = |document: &serde_json::Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&by_form), keys(&by_command));
    for key in ["decision", "score", "log10_lr", "support", "bound", "threshold", "flaws", "model"] {
        assert_eq!(by_form[key], by_command[key], "{key}");
    }
    assert_eq!(by_form["references"][1]["score"], by_command["references"][1]["score"]);
    assert_eq!(by_form["references"][1]["path"], "b.png");
    let image = |bytes: &Vec<u8>| json!({"image": base64(bytes)});
    let document = json!({"references": [image(one), image(two)], "questioned": image(four), "explain": true});
    let by_json = server.post_json("/v1/verify", &document).is(200).json();
    assert_eq!(by_json["score"], by_command["score"]);
    let is_png = |text: &serde_json::Value| text.as_str().unwrap().starts_with("iVBORw0KGgo");
    assert!(is_png(&by_json["pictures"]["explanation"]) && is_png(&by_json["pictures"]["questioned"]));
    assert_eq!(by_json["pictures"]["references"].as_array().unwrap().len(), 2);
}

#[test]
fn a_writer_is_enrolled_verified_reviewed_and_erased() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    office.enrol(&server, "A-1");
    let shown = server.get("/v1/writers/A-1?pictures=true").is(200).json();
    assert_eq!(shown["references"].as_array().unwrap().len(), 3);
    assert_eq!(shown["pictures"].as_array().unwrap().len(), 3);
    let ask =
        |image: &[u8]| server.post_form("/v1/writers/A-1/verify", &[("questioned", "q.png", image)]).is(200).json();
    let decided = ask(&office.signatures[3]);
    assert_eq!((&decided["writer"], &decided["age"]["old"]), (&"A-1".into(), &false.into()));
    let undecided = ask(&office.unfit());
    assert_eq!(undecided["decision"], "undecided", "{undecided}");
    let reviews = server.get("/v1/reviews").is(200).json();
    assert_eq!(reviews["reviews"][0]["decision"], undecided["audit"]);
    let review = format!("/v1/reviews/{}", undecided["audit"]);
    assert!(server.get(&review).is(200).json()["pictures"].is_null(), "they are given to who asks for them");
    let opened = server.get(&format!("{review}?pictures=true")).is(200).json();
    assert_eq!(opened["pictures"]["references"].as_array().unwrap().len(), 3);
    server.post_json(&review, &json!({"note": "the pen was dry"})).is(200);
    assert_eq!(server.get("/v1/reviews").json()["reviews"][0]["note"], "the pen was dry");
    server.post_json(&review, &json!({"decision": "rejected"})).is(200);
    server.post_json(&review, &json!({"decision": "accepted"})).is_problem(409, None);
    assert_eq!(server.get("/v1/reviews").json()["reviews"].as_array().unwrap().len(), 0);
    let found = server.post_form("/v1/identify", &[("questioned", "q.png", &office.signatures[5])]).is(200).json();
    assert_eq!((&found["writers"][0]["writer"], &found["compared"]), (&"A-1".into(), &3.into()));
    let reference = shown["references"][0]["id"].as_i64().unwrap();
    server.ask("DELETE", &format!("/v1/writers/A-1/references/{reference}"), &[], &[]).is(200);
    assert_eq!(server.get("/v1/writers").json()["writers"][0]["references"], 2);
    server.ask("DELETE", "/v1/writers/A-1", &[], &[]).is(200);
    server.get("/v1/writers/A-1").is_problem(404, None);
    let searched = server.post_form("/v1/identify", &[("questioned", "q.png", &office.signatures[5])]).json();
    assert_eq!(searched["compared"], 0, "who is erased is not found");
    let audit = server.get("/v1/audit?limit=500").is(200).json();
    let events: Vec<_> =
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    for event in ["enrolled", "viewed", "decided", "settled", "identified", "removed", "erased"] {
        assert!(events.contains(&event), "{event} in {events:?}");
    }
    let figures = server.get("/metrics").is(200).text();
    for figure in
        ["inkproof_requests_total{", "inkproof_decisions_total{decision=\"undecided\"} 1", "inkproof_build_info"]
    {
        assert!(figures.contains(figure), "{figure} in {figures}");
    }
    for private in ["A-1", "q.png", "dry"] {
        assert!(!server.log().contains(private), "{private} in {}", server.log());
    }
}

#[test]
fn an_erasure_is_finished_when_the_last_reader_has_gone() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    office.enrol(&server, "A-1");
    let file = office.desk.path("office.db");
    let reader = rusqlite::Connection::open(&file).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let key: Vec<u8> = reader.query_row("SELECT key FROM writers", [], |row| row.get(0)).unwrap();
    let is_left = || {
        let [store, log] = [&file, &office.desk.path("office.db-wal")].map(|file| fs::read(file).unwrap_or_default());
        [store, log].iter().any(|bytes| bytes.windows(key.len()).any(|window| window == key))
    };
    let begun = Instant::now();
    assert_eq!(server.ask("DELETE", "/v1/writers/A-1", &[], &[]).is(200).json()["pending"], true);
    office.enrol(&server, "B-1");
    assert!(begun.elapsed() < Duration::from_secs(8), "others go on: {:?}", begun.elapsed());
    assert_eq!(server.get("/v1/writers").is(200).json()["pending_erasures"], 1);
    let list = office.desk.run("writers list --store office.db --json").succeeds().json();
    let info = office.desk.run("store info --store office.db --json").succeeds().json();
    assert_eq!((&list["pending_erasures"], &info["pending_erasures"]), (&1.into(), &1.into()));
    assert!(is_left(), "the reader may still look at it");
    reader.execute_batch("COMMIT").unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while server.get("/v1/writers").is(200).json()["pending_erasures"] != 0 {
        assert!(Instant::now() < deadline, "the service finishes it by itself");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(!is_left());
}

#[test]
fn lists_come_in_pages() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    ["B-1", "B-2", "C-1"].iter().for_each(|id| office.enrol(&server, id));
    let first = server.get("/v1/writers?limit=2").is(200).json();
    let next = first["next"].as_str().unwrap();
    let second = server.get(&format!("/v1/writers?limit=2&cursor={next}")).is(200).json();
    assert_eq!((&first["writers"][1]["id"], &second["writers"][0]["id"]), (&"B-2".into(), &"C-1".into()));
    assert!(second["next"].is_null());
    assert_eq!(server.get("/v1/writers?prefix=C").json()["writers"].as_array().unwrap().len(), 1);
    server.get("/v1/writers?limit=0").is_problem(400, Some("limit"));
    server.get("/v1/writers?cursor=x").is_problem(400, Some("cursor"));
    server.get("/v1/audit?limit=1").is(200);
}

#[test]
fn the_same_request_is_done_once() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    let mut parts = office.references();
    parts.push(("id", "", b"D-1"));
    let key = [("Idempotency-Key", "4711")];
    let first = server.post_form_with("/v1/writers", &key, &parts).is(201).json();
    let again = server.post_form_with("/v1/writers", &key, &parts).is(201).json();
    assert_eq!((&first["repeated"], &again["repeated"]), (&false.into(), &true.into()));
    assert_eq!(first["references"], again["references"]);
    assert_eq!(server.get("/v1/writers/D-1").json()["references"].as_array().unwrap().len(), 3);
    parts.pop();
    parts.push(("id", "", b"D-2"));
    server.post_form_with("/v1/writers", &key, &parts).is_problem(422, Some("Idempotency-Key"));
    server
        .post_form("/v1/writers", &[("id", "", b"D-1"), ("reference", "", &office.signatures[3])])
        .is_problem(409, Some("id"));
}

#[test]
fn references_that_do_not_fit_are_refused_unless_forced() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    office.enrol(&server, "E-1");
    let add = "/v1/writers/E-1/references";
    let stranger = fs::read(office.desk.path("signatures/002/002_01.png")).unwrap();
    server.post_form(add, &[("reference", "x.png", &stranger)]).is_problem(422, Some("references[0]"));
    let twice = [("reference", "n.png", &office.signatures[3][..]), ("reference", "x.png", &office.signatures[0][..])];
    server.post_form(add, &twice).is_problem(422, Some("references[1]"));
    assert_eq!(server.get("/v1/writers/E-1").json()["references"].as_array().unwrap().len(), 3, "none was kept");
    let forced = server.post_form(add, &[("reference", "x.png", &stranger), ("force", "", b"true")]).is(201).json();
    assert_eq!(forced["objections"].as_array().unwrap().len(), 1, "{forced}");
    server.post_form("/v1/writers/E-9/references", &[("reference", "", &stranger)]).is_problem(404, None);
}

#[test]
fn what_is_wrong_is_named() {
    let office = Office::open();
    let server = Server::start(&office.desk, "--max-body 1000000 --max-bodies 4000000 --max-images 3");
    let good = &office.signatures[0][..];
    let verify = |parts: &[Part<'_>]| server.post_form("/v1/verify", parts);
    verify(&[("questioned", "", good)]).is_problem(400, Some("references"));
    verify(&[("reference", "", good)]).is_problem(400, Some("questioned"));
    verify(&[("reference", "", good), ("questioned", "", b"no picture")]).is_problem(422, Some("questioned"));
    verify(&[("reference", "", &good[..good.len() / 2]), ("questioned", "", good)])
        .is_problem(422, Some("references[0]"));
    verify(&[("reference", "", &large(4000, 4001)), ("questioned", "", good)]).is_problem(413, Some("references[0]"));
    verify(&[("reference", "", good); 4]).is_problem(413, Some("references"));
    verify(&[("reference", "", &[0; 1_000_001])]).is_problem(413, None);
    verify(&[("reference", "", good), ("questioned", "", good), ("threshold", "", b"inf")])
        .is_problem(400, Some("threshold"));
    verify(&[("picture", "", good)]).is_problem(400, Some("picture"));
    server.ask("POST", "/v1/verify", &[("Content-Type", "text/plain")], b"hello").is_problem(415, Some("Content-Type"));
    server.post_json("/v1/verify", &json!({"questioned": {"image": "%"}})).is_problem(400, Some("questioned.image"));
    server.post_form("/v1/writers/nobody/verify", &[("questioned", "", good)]).is_problem(404, None);
    server.post_form("/v1/writers/%20/verify", &[("questioned", "", good)]).is_problem(400, Some("id"));
    server.post_json("/v1/reviews/1", &json!({"decision": "accepted"})).is_problem(404, None);
    server.post_json("/v1/reviews/1", &json!({"decision": "maybe"})).is_problem(400, None);
    server.get("/v1/nothing").is_problem(404, None);
    server.get("/v1/reviews/x").is_problem(400, None);
    server.ask("PUT", "/v1/verify", &[], b"").is_problem(405, None);
}

#[test]
fn answers_are_secured_and_the_page_has_nothing_inline() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    let page = server.get("/").is(200);
    let policy = page.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = page.text();
    assert!(!text.contains("<style") && !text.contains("style=") && !text.contains(" onclick"), "nothing is inline");
    assert!(
        text.matches("<script").count()
            == text.matches("<script src=").count() + text.matches("<script type=\"module\" src=").count()
    );
    assert!(!text.contains("http://") && !text.contains("https://"), "no other host");
    for file in text.split(['"']).filter(|word| word.starts_with('/')) {
        server.get(file).is(200);
    }
    let healthy = server.get("/healthz").is(200);
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store")]
    {
        assert_eq!(healthy.headers[name], value);
    }
    assert!(healthy.headers.get("access-control-allow-origin").is_none());
    server.get("/readyz").is(200);
    server.get("/docs/").is(200);
    let document = server.get("/openapi.json").is(200).json();
    assert!(document["paths"]["/v1/verify"]["post"]["requestBody"]["content"]["multipart/form-data"].is_object());
    server.ask("GET", "/v1/writers", &[("Origin", "http://elsewhere.example")], b"").is_problem(403, Some("Origin"));
    server.ask("GET", "/v1/writers", &[("Host", "elsewhere.example")], b"").is_problem(403, Some("Host"));
}

#[test]
fn what_was_begun_is_finished_when_the_service_stops() {
    let office = Office::open();
    let server = Server::start(&office.desk, "");
    let good = &office.signatures[0][..];
    let body = form(&[("reference", "", good), ("questioned", "", good)]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
        super::running::FORM,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..body.len() / 2]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.terminate();
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(&body[body.len() / 2..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(TcpStream::connect(&server.address).is_err(), "nobody new is let in");
    let begun = Instant::now();
    assert_eq!(server.wait(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn two_servers_share_a_store() {
    let office = Office::open();
    share(&office, "one.db");
}

#[test]
fn two_servers_share_a_postgres() {
    let Ok(server) = std::env::var("INKPROOF_TEST_POSTGRES") else {
        eprintln!("skipped: INKPROOF_TEST_POSTGRES names no server; tests/postgres.sh starts one");
        return;
    };
    let name = format!("served_{}", std::process::id());
    let order = |order: &str| {
        let place = server.replace("/DATABASE", "/postgres");
        postgres::Client::connect(&place, postgres::NoTls).unwrap().batch_execute(order).unwrap();
    };
    order(&format!("CREATE DATABASE {name}"));
    share(&Office::open(), &server.replace("/DATABASE", &format!("/{name}")));
    order(&format!("DROP DATABASE {name} WITH (FORCE)"));
}

/// Two servers on one store give the same answers as one.
fn share(office: &Office, store: &str) {
    let serve = || Server::start(&office.desk, &format!("--store {store}"));
    let [first, second] = [serve(), serve()];
    office.enrol(&first, "F-1");
    let ask = |server: &Server| {
        server.post_form("/v1/writers/F-1/verify", &[("questioned", "", &office.signatures[3])]).is(200).json()
    };
    let (by_first, by_second) = (ask(&first), ask(&second));
    assert_eq!(by_first["score"], by_second["score"]);
    let find =
        |server: &Server| server.post_form("/v1/identify", &[("questioned", "", &office.signatures[4])]).is(200).json();
    assert_eq!(find(&second)["writers"][0]["writer"], "F-1");
    second.ask("DELETE", "/v1/writers/F-1", &[], &[]).is(200);
    assert_eq!(find(&first)["compared"], 0);
    std::thread::scope(|scope| {
        for server in [&first, &second, &first, &second] {
            scope.spawn(move || {
                let parts =
                    [("reference", "", &office.signatures[0][..]), ("questioned", "", &office.signatures[1][..])];
                (0..10).for_each(|_| drop(server.post_form("/v1/verify", &parts)));
            });
        }
    });
    let checked = office.desk.run(&format!("store check --store {store} --json")).succeeds().json();
    assert_eq!(checked["wrong"], json!([]), "{checked}");
}

#[test]
fn who_is_refused_early_still_hears_why() {
    let office = Office::open();
    let server = Server::start(&office.desk, "--require-tokens --max-body 1000000 --max-bodies 2000000");
    let body = vec![b'x'; 1_900_000];
    let head = format!("POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    for part in body.chunks(100_000) {
        stream.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

/// A white PNG, small as a file.
fn large(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_pixel(width, height, image::Luma([255]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}
