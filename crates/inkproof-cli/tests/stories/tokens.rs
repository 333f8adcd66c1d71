//! Story: who has no token, a wrong one, or one of another role is let in nowhere, and the audit says so.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::program::{Desk, example_files};
use super::running::{FORM, Server, form};

/// A server that demands tokens, on a store of its own.
pub fn guarded(desk: &Desk, options: &str) -> Server {
    Server::start(desk, &format!("--require-tokens --store guarded.db {options}"))
}

/// A new token: what a client sends, and its id.
pub fn token(desk: &Desk, role: &str) -> (String, String) {
    let made =
        desk.run(&format!("token create --role {role} --expires 30 --store guarded.db --json")).succeeds().json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (format!("Bearer {}", text(&made["secret"])), text(&made["token"]["id"]))
}

/// Every method of every route that the OpenAPI document has, with something in the place of each part.
fn routes(server: &Server) -> Vec<(String, String)> {
    let document = server.get("/openapi.json").is(200).json();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "W-1").replace("{reference}", "1").replace("{review}", "1");
        let path = path.replace("{account}", "K-1").replace("{rule}", "1").replace("{job}", "1");
        found.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    found
}

/// Who may do what: the routes that each role may use, besides those that need no token or any token.
const ALLOWED: &[(&str, &str, &[&str])] = &[
    ("POST", "/v1/verify", &["clerk", "operator"]),
    ("POST", "/v1/identify", &["clerk", "operator"]),
    ("POST", "/v1/find", &["clerk", "operator"]),
    ("POST", "/v1/verify-document", &["clerk", "operator"]),
    ("POST", "/v1/identify-document", &["clerk", "operator"]),
    ("POST", "/v1/writers/W-1/verify-document", &["clerk", "operator"]),
    ("GET", "/v1/writers", &["clerk", "operator"]),
    ("POST", "/v1/writers", &["operator"]),
    ("GET", "/v1/writers/W-1", &["clerk", "operator"]),
    ("DELETE", "/v1/writers/W-1", &["operator"]),
    ("POST", "/v1/writers/W-1/references", &["operator"]),
    ("DELETE", "/v1/writers/W-1/references/1", &["operator"]),
    ("POST", "/v1/writers/W-1/references/1/approve", &["operator"]),
    ("POST", "/v1/writers/W-1/verify", &["clerk", "operator"]),
    ("GET", "/v1/reviews", &["clerk", "operator", "auditor"]),
    ("GET", "/v1/reviews/1", &["clerk", "operator", "auditor"]),
    ("POST", "/v1/reviews/1", &["clerk", "operator"]),
    ("GET", "/v1/audit", &["auditor"]),
    ("GET", "/v1/me", &["clerk", "operator", "auditor", "administrator"]),
    ("GET", "/metrics", &["clerk", "operator", "auditor", "monitor", "administrator"]),
    ("GET", "/v1/calibration", &["clerk", "operator", "auditor", "administrator"]),
    ("POST", "/v1/calibration", &["administrator"]),
    ("DELETE", "/v1/calibration", &["administrator"]),
    ("GET", "/v1/mandates", &["clerk", "operator", "administrator"]),
    ("GET", "/v1/mandates/K-1", &["clerk", "operator", "administrator"]),
    ("PUT", "/v1/mandates/K-1", &["administrator"]),
    ("DELETE", "/v1/mandates/K-1", &["administrator"]),
    ("POST", "/v1/mandates/K-1/verify-document", &["clerk", "operator"]),
    ("POST", "/v1/mandates/K-1/rules/1/approve", &["administrator"]),
    ("GET", "/v1/jobs", &["clerk", "operator", "auditor", "administrator"]),
    ("POST", "/v1/jobs", &["clerk", "operator"]),
    ("GET", "/v1/jobs/1", &["clerk", "operator", "auditor", "administrator"]),
    ("DELETE", "/v1/jobs/1", &["clerk", "operator", "administrator"]),
    ("GET", "/v1/jobs/1/table", &["clerk", "operator"]),
];
const PUBLIC: &[(&str, &str)] = &[("GET", "/healthz"), ("GET", "/readyz")];

#[test]
fn every_route_refuses_who_may_not_and_the_audit_says_so() {
    let desk = Desk::new();
    let server = guarded(&desk, "");
    let roles = ["clerk", "operator", "auditor", "monitor", "administrator"];
    let tokens: Vec<_> = roles.iter().map(|role| token(&desk, role).0).collect();
    let (revoked, revoked_id) = token(&desk, "operator");
    desk.run(&format!("token revoke {revoked_id} --store guarded.db")).succeeds();
    let (expired, expired_id) = token(&desk, "operator");
    let database = rusqlite::Connection::open(desk.path("guarded.db")).unwrap();
    database.execute("UPDATE tokens SET expires = 1000 WHERE id = ?1", [&expired_id]).unwrap();
    let mut refused = BTreeMap::new();
    for (method, path) in routes(&server) {
        if PUBLIC.contains(&(&method, &path)) {
            server.ask(&method, &path, &[], b"").is(200);
            continue;
        }
        let entry = ALLOWED.iter().find(|allowed| (allowed.0, allowed.1) == (&method, &path));
        let allowed = entry.unwrap_or_else(|| panic!("{method} {path} is in the table of this story")).2;
        let ask = |authorization: Option<&str>| {
            let headers: Vec<_> = authorization.map(|value| ("Authorization", value)).into_iter().collect();
            server.ask(&method, &path, &headers, b"")
        };
        let outsiders = [
            (None, "no token"),
            (Some("Basic YTpi"), "no token"),
            (Some("Bearer inkproof_00"), "unknown token"),
            (Some(&revoked[..]), "revoked token"),
            (Some(&expired[..]), "expired token"),
        ];
        for (authorization, why) in outsiders {
            ask(authorization).is_problem(401, Some("Authorization"));
            *refused.entry(why).or_insert(0) += 1;
        }
        for (role, token) in roles.iter().zip(&tokens) {
            let reply = ask(Some(token));
            if allowed.contains(role) {
                assert!(![401, 403].contains(&reply.status), "{role} {method} {path}: {}", reply.text());
            } else {
                reply.is_problem(403, Some("Authorization"));
                *refused.entry("wrong role").or_insert(0) += 1;
            }
        }
    }
    assert!(refused.values().sum::<u64>() > 95, "{refused:?}");
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    assert_eq!(told_of_refusals(&guarded(&desk, ""), &tokens[2]), refused);
}

/// The refusals that the audit has: why, and how many.
fn told_of_refusals(server: &Server, auditor: &str) -> BTreeMap<&'static str, u64> {
    const WHY: [&str; 5] = ["no token", "unknown token", "revoked token", "expired token", "wrong role"];
    let audit = server.ask("GET", "/v1/audit?limit=500", &[("Authorization", auditor)], b"").is(200).json();
    let mut found = BTreeMap::new();
    for entry in audit["entries"].as_array().unwrap().iter().filter(|entry| entry["event"] == "refused") {
        let why = WHY.into_iter().find(|why| entry["outcome"] == *why).unwrap();
        *found.entry(why).or_insert(0) += entry["details"]["count"].as_u64().unwrap();
    }
    found
}

#[test]
fn a_revoked_token_ends_at_once_and_secrets_are_nowhere() {
    let desk = Desk::new();
    let server = guarded(&desk, "");
    let (clerk, id) = token(&desk, "clerk");
    let me = |token: &str| server.ask("GET", "/v1/me", &[("Authorization", token)], b"");
    assert_eq!(me(&clerk).is(200).json()["role"], "clerk");
    desk.run(&format!("token revoke {id} --store guarded.db")).succeeds();
    me(&clerk).is_problem(401, Some("Authorization"));
    let secret = clerk.strip_prefix("Bearer ").unwrap();
    assert!(!server.log().contains(secret));
    for file in ["guarded.db", "guarded.db-wal"] {
        let bytes = fs::read(desk.path(file)).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{file}");
    }
}

#[test]
fn a_token_that_comes_too_often_is_slowed_down() {
    let desk = Desk::new();
    let server = guarded(&desk, "--rate 60");
    let (clerk, _) = token(&desk, "clerk");
    let (other, _) = token(&desk, "clerk");
    let me = |token: &str| server.ask("GET", "/v1/me", &[("Authorization", token)], b"");
    let replies: Vec<_> = (0..20).map(|_| me(&clerk)).collect();
    assert_eq!(replies[0].status, 200);
    let slowed = replies.iter().find(|reply| reply.status == 429).expect("the burst is used up");
    assert!(slowed.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    me(&other).is(200);
}

#[test]
fn who_enrolled_a_reference_does_not_approve_it() {
    let desk = Desk::new();
    let server = guarded(&desk, "--four-eyes");
    let [(first, _), (second, _)] = [token(&desk, "operator"), token(&desk, "operator")];
    let images: Vec<_> = example_files("001")[..4].iter().map(|path| fs::read(path).unwrap()).collect();
    let mut parts: Vec<_> = images[..3].iter().map(|image| ("reference", "", &image[..])).collect();
    parts.extend([("id", "", &b"W-1"[..]), ("force", "", b"true")]);
    let send = |path: &str, token: &str, body: &[u8]| {
        server.ask("POST", path, &[("Authorization", token), ("Content-Type", FORM)], body)
    };
    let enrolled = send("/v1/writers", &first, &form(&parts)).is(201).json();
    assert_eq!(enrolled["waiting"], true);
    let verify = || send("/v1/writers/W-1/verify", &first, &form(&[("questioned", "", &images[3])]));
    verify().is_problem(409, None);
    for reference in enrolled["references"].as_array().unwrap() {
        let path = format!("/v1/writers/W-1/references/{}/approve", reference["reference"]);
        send(&path, &first, b"").is_problem(403, None);
        send(&path, &second, b"").is(200);
        send(&path, &second, b"").is_problem(409, None);
    }
    assert_eq!(verify().is(200).json()["references"].as_array().unwrap().len(), 3);
}

#[test]
fn another_address_demands_tokens_and_tls_or_a_proxy() {
    let desk = Desk::new();
    desk.run("serve --listen 0.0.0.0:0").fails_with(&["0.0.0.0:0", "tls-certificate", "behind-proxy"]);
    desk.run("serve --tls-key key.pem").fails_with(&["tls-certificate", "tls-key"]);
    desk.run("serve --listen 127.0.0.1:0 --max-images 0").fails_with(&["max-images"]);
    let proxied = Server::start(&desk, "--behind-proxy");
    proxied.get("/v1/writers").is_problem(401, Some("Authorization"));
    proxied.get("/healthz").is(200);
}

#[test]
fn settings_come_from_flags_the_environment_and_a_file() {
    let desk = Desk::new();
    desk.write("inkproof.toml", b"max-images = 5\nrate = 100\nstore = \"postgres://me:secret@db/ink\"\n");
    let mut command = desk.command("config --rate 300 --json");
    let shown = command.env("INKPROOF_MAX_PIXELS", "1000000").env("INKPROOF_RATE", "200").output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["max-images"], json!({"value": 5, "from": "inkproof.toml"}));
    assert_eq!(shown["max-pixels"], json!({"value": 1_000_000, "from": "INKPROOF_MAX_PIXELS"}));
    assert_eq!(shown["rate"], json!({"value": 300, "from": "--rate"}));
    assert_eq!(shown["listen"], json!({"value": "127.0.0.1:8080", "from": "default"}));
    assert_eq!(shown["store"]["value"], "postgres://db:5432/ink", "without the password");
    assert!(desk.run("config").succeeds().out.contains("max-images = 5"));
    desk.write("wrong.toml", b"max-image = 5\n");
    desk.run("config --config wrong.toml").fails_with(&["wrong.toml", "max-image"]);
    let wrong = desk.command("config").env("INKPROOF_RATE", "often").output().unwrap();
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("INKPROOF_RATE=often"));
}
