//! Story: nobody is shown ink unseen, and what one route refuses no other gives.

use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::program::{Desk, example_files};
use super::running::{FORM, Reply, Server, base64, form};
use super::tokens::{guarded, token};
use super::writers::{Office, files};

/// A server that demands tokens, one writer, and a question that waits for a person.
struct Guarded {
    server: Server,
    desk: Desk,
    /// Of each role: its name, what a client sends, and who the audit says it is.
    tokens: Vec<(&'static str, String, String)>,
    review: i64,
}

impl Guarded {
    fn open(options: &str) -> Self {
        let desk = Desk::new();
        let server = guarded(&desk, options);
        let made = |role| (role, token(&desk, role));
        let tokens = ["clerk", "operator", "auditor", "monitor"].map(made);
        let tokens = tokens.map(|(role, (secret, id))| (role, secret, format!("token:{id}"))).to_vec();
        let mut office = Self { server, desk, tokens, review: 0 };
        office.send("operator", "POST", "/v1/writers", &enrolment()).is(201);
        let waiting = office.send("clerk", "POST", "/v1/writers/W-1/verify", &questioned(&unfit(), "")).is(200).json();
        assert_eq!(waiting["decision"], "undecided", "{waiting}");
        office.review = waiting["audit"].as_i64().unwrap();
        office
    }

    fn send(&self, role: &str, method: &str, path: &str, body: &[u8]) -> Reply {
        let token = &self.tokens.iter().find(|token| token.0 == role).unwrap().1;
        let kind = if body.starts_with(b"{") { "application/json" } else { FORM };
        let headers = [("Authorization", &token[..]), ("Content-Type", kind), ("Idempotency-Key", "one")];
        self.server.ask(method, path, &headers, body)
    }

    /// All looks that the audit tells, the oldest first.
    fn looks(&self) -> Vec<Value> {
        let audit = self.send("auditor", "GET", "/v1/audit?limit=500", b"").is(200).json();
        let entries = audit["entries"].as_array().unwrap().iter().rev();
        entries.filter(|entry| entry["event"] == "viewed").cloned().collect()
    }
}

fn image(number: usize) -> Vec<u8> {
    fs::read(&example_files("001")[number]).unwrap()
}

fn enrolment() -> Vec<u8> {
    let images = [0, 1, 2].map(image);
    let mut parts: Vec<_> = images.iter().map(|image| ("reference", "", &image[..])).collect();
    parts.extend([("id", "", &b"W-1"[..]), ("force", "", b"true")]);
    form(&parts)
}

/// A question, with pictures of the answer where `explain` is true.
fn questioned(image: &[u8], explain: &str) -> Vec<u8> {
    form(&[("questioned", "", image), ("explain", "", explain.as_bytes())])
}

/// So small that nothing can be decided of it.
fn unfit() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::load_from_memory(&image(4)).unwrap();
    picture
        .resize(70, 70, image::imageops::FilterType::Triangle)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Whether there is a picture in it, in base64 or as it is.
fn shows(reply: &Reply) -> bool {
    ["iVBORw0KGgo", "PNG\r\n"].iter().any(|sign| reply.text().contains(sign))
}

/// What is asked, who may ask, and as what the audit tells that ink was shown; none where no answer shows any.
type Look = (&'static str, String, Vec<u8>, &'static [&'static str], Option<&'static str>);

fn all_looks(review: i64) -> Vec<Look> {
    const OPERATOR: &[&str] = &["operator"];
    const OFFICE: &[&str] = &["clerk", "operator"];
    const READERS: &[&str] = &["clerk", "operator", "auditor"];
    const ALL: &[&str] = &["clerk", "operator", "auditor", "monitor"];
    let question = |explain: &str| questioned(&image(4), explain);
    let document = json!({"questioned": {"image": base64(&image(4))}, "explain": true}).to_string().into_bytes();
    let note = json!({"note": "looked"}).to_string().into_bytes();
    let of_review = |query: &str| format!("/v1/reviews/{review}{query}");
    let get = |path: &str, roles, seen| ("GET", path.to_owned(), Vec::new(), roles, seen);
    let post = |path: &str, body: &[u8], roles, seen| ("POST", path.to_owned(), body.to_vec(), roles, seen);
    vec![
        get("/v1/writers", OFFICE, None),
        get("/v1/writers/W-1", OFFICE, None),
        get("/v1/writers/W-1?pictures=false", OFFICE, None),
        get("/v1/writers/W-1?pictures=true", OPERATOR, Some("references")),
        get("/v1/writers/W-1?%70ictures=tru%65", OPERATOR, Some("references")),
        post("/v1/writers", &enrolment(), OPERATOR, None),
        post("/v1/writers/W-1/verify", &question("false"), OFFICE, None),
        post("/v1/writers/W-1/verify", &question("true"), OFFICE, Some("verification")),
        post("/v1/writers/W-1/verify", &document, OFFICE, Some("verification")),
        post("/v1/identify", &question("true"), OFFICE, None),
        get("/v1/reviews", READERS, None),
        get(&of_review(""), READERS, None),
        get(&of_review("?pictures=true"), READERS, Some("review")),
        post(&of_review(""), &note, OFFICE, None),
        get("/v1/audit", &["auditor"], None),
        get("/v1/me", READERS, None),
        get("/metrics", ALL, None),
        get("/readyz", ALL, None),
        get("/v1/writers/W-1/references", &[], None),
        get("/v1/writers/W-1/references/1", &[], None),
        get("/v1/writers/W-1/export", &[], None),
        get("/v1/reviews?pictures=true", &[], None),
        get("/v1/writers?pictures=true", &[], None),
    ]
}

#[test]
fn each_role_is_shown_what_it_may_see_and_every_look_is_written_down() {
    let office = Guarded::open("");
    let pseudonym =
        office.send("operator", "GET", "/v1/writers/W-1", b"").is(200).json()["pseudonym"].as_str().unwrap().to_owned();
    let mut told = 0;
    for (method, path, body, roles, seen) in all_looks(office.review) {
        for (role, _, actor) in &office.tokens {
            let reply = office.send(role, method, &path, &body);
            let what = format!("{role} {method} {path}: {}", reply.status);
            assert_eq!((200..300).contains(&reply.status), roles.contains(role), "{what}");
            assert_eq!(shows(&reply), roles.contains(role) && seen.is_some(), "{what}");
            let looks = office.looks();
            if shows(&reply) {
                let look = looks.last().unwrap();
                assert_eq!(look["outcome"], seen.unwrap(), "{what}");
                assert_eq!((&look["actor"], &look["writer"]), (&json!(actor), &json!(pseudonym)), "{what}");
                assert_eq!(look["details"]["door"], "http", "{what}");
                let number = match seen {
                    Some("verification") => reply.json()["audit"].clone(),
                    Some("review") => json!(office.review),
                    _ => Value::Null,
                };
                assert_eq!(look["details"]["decision"], number, "{what}");
                told += 1;
            }
            assert_eq!(looks.len(), told, "{what}");
        }
    }
    assert_eq!(told, 9);
    office.desk.run("store check --store guarded.db").succeeds();
}

#[test]
fn a_token_that_looks_too_often_is_slowed_down_at_every_door() {
    let office = Guarded::open("--picture-rate 6");
    let review = format!("/v1/reviews/{}?pictures=true", office.review);
    let verify =
        |explain: &str| office.send("clerk", "POST", "/v1/writers/W-1/verify", &questioned(&image(4), explain));
    assert!(shows(&office.send("clerk", "GET", &review, b"").is(200)));
    for late in [office.send("clerk", "GET", &review, b""), verify("true")] {
        late.is_problem(429, None);
        assert!(late.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
        assert!(!shows(&late));
    }
    verify("false").is(200);
    office.send("operator", "GET", "/v1/writers/W-1?pictures=true", b"").is(200);
    office.send("operator", "GET", "/v1/writers/W-1?pictures=true", b"").is_problem(429, None);
    assert_eq!(office.looks().len(), 2, "as often as something was shown");
    office.desk.run("config --picture-rate 0").fails_with(&["picture-rate"]);
}

#[test]
fn what_cannot_be_written_down_is_not_shown() {
    let office = Guarded::open("");
    let other = Connection::open(office.desk.path("guarded.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = office.send("operator", "GET", "/v1/writers/W-1?pictures=true", b"");
    refused.is_problem(503, None);
    assert!(!shows(&refused));
    let command = format!("reviews show {} --picture seen.png --store guarded.db", office.review);
    office.desk.run(&command).fails_with(&["locked"]);
    assert!(!office.desk.path("seen.png").exists());
    other.execute_batch("ROLLBACK").unwrap();
    office.desk.run(&command).succeeds();
    assert_eq!(office.looks().len(), 1);
}

#[test]
fn looks_at_the_command_line_are_written_down() {
    let office = Office::new();
    office.enroll("a", "001", 3).succeeds();
    fs::write(office.desk.path("unfit.png"), unfit()).unwrap();
    let waiting = office.run("verify --writer a unfit.png --json").json();
    let (review, by_files) = (&waiting["audit"], files("001", 0..2));
    let looks = || -> Vec<(Value, Value, Value)> {
        let log = office.run("store log --last 50 --json").succeeds().json();
        let entries = log["entries"].as_array().unwrap().iter().rev();
        let looks = entries.filter(|entry| ["viewed", "exported"].iter().any(|event| entry["event"] == *event));
        let told = |entry: &Value| (entry["event"].clone(), entry["outcome"].clone(), entry["details"].clone());
        looks.map(told).collect()
    };
    office.run("writers show a --json").succeeds();
    office.run(&format!("reviews show {review}")).succeeds();
    office.run(&format!("verify --writer a {}", files("001", 4..5)));
    let references: String = by_files.split(' ').map(|path| format!("--reference {path} ")).collect();
    office.run(&format!("verify {references} {} --explain own.png", files("001", 4..5)));
    assert_eq!(looks(), [], "no ink that is kept was shown");
    office.run(&format!("reviews show {review} --picture seen.png")).succeeds();
    let explained = office.run(&format!("verify --writer a {} --explain why.png --json", files("001", 4..5))).json();
    let filed = office.run(&format!("verify --writer a {} --report case.html --json", files("001", 4..5))).json();
    office.run("writers export a --out all").succeeds();
    let expected = [
        (json!("viewed"), json!("review"), json!({"door": "command", "decision": review})),
        (json!("viewed"), json!("verification"), json!({"door": "command", "decision": explained["audit"]})),
        (json!("viewed"), json!("verification"), json!({"door": "command", "decision": filed["audit"]})),
        (json!("exported"), json!("exported"), json!({})),
    ];
    assert_eq!(looks(), expected);
    let exported: Value = serde_json::from_slice(&fs::read(office.desk.path("all/writer.json")).unwrap()).unwrap();
    let events = exported["audit"].as_array().unwrap().iter().filter(|entry| entry["event"] == "viewed");
    assert_eq!(events.count(), 3, "who looked is among what is kept of a writer");
}
