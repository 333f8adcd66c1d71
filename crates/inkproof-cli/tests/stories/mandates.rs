//! Accounts have rules of who has to sign, and signatures, those of a page too, are judged by them.

use std::fs;

use serde_json::{Value, json};

use super::find::letter;
use super::program::{Desk, example_files};
use super::running::Server;
use super::tokens::guarded;
use super::writers::{Office, files};

/// Writers `w001`, `w002` ..., each with the first bundled signatures of that number.
fn enrolled(writers: &[&str]) -> Office {
    let office = Office::new();
    for writer in writers {
        office.run(&format!("enroll w{writer} {} --anyway", files(writer, 0..5))).succeeds();
    }
    office
}

#[test]
fn a_rule_is_set_shown_replaced_and_removed() {
    let office = enrolled(&["001", "002", "005"]);
    let set = office.run("mandates set K-1 w001, or 2 of w001 w002 w005, or w005 up to 10000").succeeds();
    for words in ["For 'K-1' has to sign:", "  1. w001\n", "  2. 2 of w001, w002, w005\n", "  3. w005, up to 10000\n"] {
        assert!(set.out.contains(words), "{words}: {}", set.out);
    }
    let shown = office.run("mandates show K-1 --json").succeeds().json();
    assert_eq!(shown["rule"]["rule"], "w001, or 2 of w001 w002 w005, or w005 up to 10000");
    let second = json!({"at_least": 2, "of": ["w001", "w002", "w005"]});
    assert_eq!((&shown["rule"]["any_of"][1], &shown["waiting"]), (&second, &Value::Null));
    office.run("mandates set K-2 w002 and w005").succeeds();
    let list = office.run("mandates list").succeeds().out;
    assert!(list.contains("K-1 ") && list.contains("w002 and w005 (set by local:"), "{list}");
    office.run("mandates set K-1 w002").succeeds();
    let list = office.run("mandates list --json").succeeds().json();
    let rules: Vec<_> = list["mandates"].as_array().unwrap().iter().map(|rule| rule["rule"].clone()).collect();
    assert_eq!(rules, ["w002 and w005", "w002"], "in the order in which they were set");
    assert_eq!(office.run("mandates list --prefix K-1 --json").json()["mandates"].as_array().unwrap().len(), 1);

    office.run("mandates set K-1 2 of w001, w002 or w005").fails_with(&["a comma comes only before 'or'"]);
    office.run("mandates set K-1 w001, or w009").fails_with(&["there is no writer 'w009'", "writers list"]);
    office.run("mandates set K-1 w001 up to much").fails_with(&["'much' is no amount"]);
    office.run("mandates set ../K w001").is_no_usage();
    office.run("mandates show K-3").fails_with(&["account 'K-3' has no signing rule", "mandates list"]);
    assert_eq!(office.run("mandates show K-1 --json").json()["rule"]["rule"], "w002", "nothing was changed");

    let account = office.run("store info --json").json()["counts"]["mandates"].clone();
    assert_eq!(account, 2);
    office.run("mandates remove K-1").succeeds();
    office.run("mandates remove K-1").fails_with(&["account 'K-1' has no signing rule"]);
    let log = office.run("store log --last 9").succeeds().out;
    assert_eq!((log.matches("mandate-set").count(), log.matches("mandate-removed").count()), (3, 1), "{log}");
    office.run("store check").succeeds();
}

#[test]
fn signatures_meet_a_rule_or_do_not_and_the_exit_code_says_so() {
    let office = enrolled(&["001", "002", "005"]);
    office.run("mandates set K-1 w001, or 2 of w001 w002 w005, or w005 up to 10000").succeeds();
    let [one, two, five] = ["001", "002", "005"].map(|writer| files(writer, 6..7));
    let stranger = files("007", 0..1);
    let decided = |writer: &str, image: &str| {
        office.run(&format!("verify --writer w{writer} {image} --json")).json()["decision"].clone()
    };
    assert_eq!(decided("001", &one), "accepted");
    let met = office.run(&format!("mandates verify K-1 {stranger} {one} --json"));
    let found = met.json();
    assert_eq!((met.code, &found["outcome"], &found["alternative"]), (0, &"met".into(), &1.into()), "{found}");
    assert_eq!(found["counted"], json!([{"signature": 2, "writer": "w001", "decision": "accepted"}]));
    assert_eq!(found["alternatives"][2], json!({"demands": "w005 up to 10000", "standing": "no-amount"}));
    assert!(found["notes"][0].as_str().unwrap().contains("Alternative 3"), "{found}");
    let of_one = &found["signatures"][1]["signers"];
    assert_eq!((&of_one[0]["writer"], of_one.as_array().unwrap().len()), (&"w001".into(), 3));
    let alone = office.run(&format!("verify --writer w001 {one} --json")).json();
    assert_eq!((&of_one[0]["score"], &of_one[0]["threshold"]), (&alone["score"], &alone["threshold"]));

    let amount = |amount: &str| office.run(&format!("mandates verify K-1 {five} --amount {amount} --json"));
    assert_eq!(decided("005", &five), "accepted");
    assert_eq!((amount("10000").code, amount("10000.01").code), (0, 1));
    assert_eq!(amount("10000").json()["alternative"], 3);
    amount("1,000").is_no_usage();
    let not_met = office.run(&format!("mandates verify K-1 {stranger}"));
    assert_eq!(not_met.code, 1, "{}", not_met.out);
    assert!(not_met.out.starts_with("NOT MET: ") && not_met.out.contains("counts for nobody"), "{}", not_met.out);

    office.desk.write("broken.png", b"no image");
    office.run("mandates set K-2 w001 and w005").succeeds();
    let met = office.run(&format!("mandates verify K-2 broken.png {five} {one}"));
    assert_eq!(met.code, 0, "{}{}", met.out, met.err);
    assert!(met.out.contains("Signature 1, broken.png: cannot be read ("), "{}", met.out);
    assert!(met.out.contains("counts for 'w001'") && met.out.contains("counts for 'w005'"), "{}", met.out);
    let twice = office.run(&format!("mandates verify K-2 {one} {one} --json"));
    assert_eq!(twice.json()["outcome"], "not-met", "a person signs once");
    assert_eq!(
        decided("002", &two),
        office.run(&format!("mandates verify K-1 {two} --json")).json()["signatures"][0]["signers"][1]["decision"]
    );

    // The same image as a reference is undecided, whoever gave it.
    office.run("mandates set K-3 w001").succeeds();
    let look = office.run(&format!("mandates verify K-3 {}", files("001", 0..1)));
    assert_eq!(look.code, 3, "{}", look.out);
    assert!(look.out.starts_with("LOOK: ") && look.out.contains("would count for 'w001'"), "{}", look.out);
    assert!(look.out.contains("unfit: it is the same signing as reference 1"), "{}", look.out);
    office.run("mandates verify K-9 broken.png").fails_with(&["account 'K-9' has no signing rule"]);

    let log = office.run("store log --last 3 --json").succeeds().json();
    let entry = &log["entries"][0];
    assert_eq!((&entry["event"], &entry["outcome"]), (&"mandate-decided".into(), &"look".into()));
    let told = log.to_string();
    assert!(!told.contains("K-1") && !told.contains("w001") && !told.contains(".png"), "pseudonyms alone: {told}");
    assert_eq!(entry["details"]["signatures"][0]["signers"][0]["decision"], "undecided");
    office.run("store check").succeeds();
}

#[test]
fn who_was_erased_signs_for_nobody() {
    let office = enrolled(&["001", "002", "005"]);
    office.run("mandates set K-1 2 of w001 w002 w005, or w002").succeeds();
    office.run("writers export w002 --out all").succeeds();
    let exported: Value = serde_json::from_slice(&fs::read(office.desk.path("all/writer.json")).unwrap()).unwrap();
    assert_eq!(exported["accounts"], json!(["K-1"]));
    office.run("writers erase w002").succeeds();
    office.run(&format!("enroll w002 {} --anyway", files("002", 0..5))).succeeds();
    let shown = office.run("mandates show K-1").succeeds().out;
    assert!(shown.contains("2 of w001, (erased), w005") && shown.contains("  2. (erased)"), "{shown}");
    assert_eq!(office.run("mandates show K-1 --json").json()["rule"]["any_of"][1]["of"], json!([null]));
    let [one, two, five] = ["001", "002", "005"].map(|writer| files(writer, 6..7));
    let alone = office.run(&format!("mandates verify K-1 {two} --json"));
    assert_eq!(alone.code, 1, "the same id, and somebody else: {}", alone.out);
    assert!(alone.out.contains("A signer of the rule was erased"), "{}", alone.out);
    assert_eq!(office.run(&format!("mandates verify K-1 {five} {one}")).code, 0, "two are left");
    office.run("store check").succeeds();
}

#[test]
fn the_signatures_of_an_order_are_found_and_judged() {
    let office = enrolled(&["006", "005"]);
    office.run("mandates set K-1 w006 and w005").succeeds();
    let [six, five] = ["006", "005"].map(|writer| example_files(writer)[6].clone());
    letter(&office.desk, "order.png", &[(&six, 55), (&five, 75)]);
    let found = office.run("mandates verify K-1 --document order.png --json");
    let document = found.json();
    assert_eq!(document["signatures"].as_array().unwrap().len(), 2, "{document}");
    let area = &document["signatures"][0]["found"];
    assert!(area["page"] == 1 && area["area"]["width"].as_u64().unwrap() > 100, "{document}");
    assert_eq!((found.code, &document["outcome"]), (0, &"met".into()), "{document}");
    let text = office.run("mandates verify K-1 --document order.png").out;
    assert!(text.contains("order.png, page 1, signature 2: counts for"), "{text}");
    image::GrayImage::from_pixel(1240, 1754, image::Luma([255])).save(office.desk.path("blank.png")).unwrap();
    let unsigned = office.run("mandates verify K-1 --document blank.png");
    assert_eq!(unsigned.code, 1, "{}", unsigned.out);
    assert!(unsigned.out.contains("blank.png shows no signature that could be found"), "{}", unsigned.out);
    let server = Server::start(&office.desk, "--store store.db");
    let page = fs::read(office.desk.path("order.png")).unwrap();
    let sent = [("questioned", "order.png", &page[..]), ("amount", "", b"250.50")];
    let by_http = server.post_form("/v1/mandates/K-1/verify-document", &sent).is(200).json();
    assert_eq!((&by_http["outcome"], &by_http["amount"]), (&"met".into(), &"250.50".into()), "{by_http}");
    assert_eq!(by_http["counted"], document["counted"]);
    let wrong = [("questioned", "order.png", &page[..]), ("amount", "", b"1,000")];
    server.post_form("/v1/mandates/K-1/verify-document", &wrong).is_problem(400, Some("amount"));
    server.post_form("/v1/mandates/nobody/verify-document", &sent).is_problem(404, None);
}

#[test]
fn an_administrator_sets_rules_over_http_and_another_approves_them() {
    let desk = Desk::new();
    let server = guarded(&desk, "");
    for writer in ["001", "002"] {
        desk.run(&format!("enroll w{writer} {} --anyway --store guarded.db", files(writer, 0..3))).succeeds();
    }
    let owned = |role: &str, owner: &str| {
        let made =
            desk.run(&format!("token create --role {role} --for {owner} --store guarded.db --json")).succeeds().json();
        format!("Bearer {}", made["secret"].as_str().unwrap())
    };
    let (anna, otto, clerk) = (owned("administrator", "anna"), owned("administrator", "otto"), owned("clerk", "karl"));
    let ask = |who: &str, method: &str, path: &str, body: &str| {
        server.ask(method, &format!("/v1/mandates{path}"), &[("Authorization", who)], body.as_bytes())
    };
    ask(&clerk, "GET", "/K-1", "").is_problem(404, None);
    ask(&clerk, "PUT", "/K-1", r#"{"rule": "w001"}"#).is_problem(403, Some("Authorization"));
    let set = ask(&anna, "PUT", "/K-1", r#"{"rule": "w001, or w002 up to 250.5"}"#).is(200).json();
    assert_eq!(
        (&set["rule"]["rule"], &set["rule"]["set_by"]),
        (&"w001, or w002 up to 250.50".into(), &actor(&server, &anna))
    );
    let same = json!({"rule": {"any_of": set["rule"]["any_of"]}}).to_string();
    let again = ask(&anna, "PUT", "/K-2", &same).is(200).json();
    assert_eq!(again["rule"]["rule"], set["rule"]["rule"], "as data");
    for (rule, words) in [
        (r#"{"rule": "w001 or w002"}"#, "write a comma before 'or'"),
        (r#"{"rule": "w009"}"#, "there is no writer 'w009'"),
        (r#"{"rule": {"any_of": []}}"#, "the rule is empty"),
        (r#"{"rule": 7}"#, "invalid type"),
    ] {
        let refused = ask(&anna, "PUT", "/K-1", rule);
        refused.is_problem(400, Some("rule"));
        assert!(refused.text().contains(words), "{rule}: {}", refused.text());
    }
    ask(&anna, "PUT", "/K-1", "{").is_problem(400, None);
    ask(&anna, "PUT", "/a%20b", r#"{"rule": "w001"}"#).is_problem(400, Some("account"));
    let first = ask(&clerk, "GET", "?limit=1", "").is(200).json();
    assert_eq!(first["mandates"][0]["account"], "K-1");
    let rest = ask(&clerk, "GET", &format!("?cursor={}", first["next"].as_str().unwrap()), "").is(200).json();
    assert_eq!((&rest["mandates"][0]["account"], &rest["next"]), (&"K-2".into(), &Value::Null));
    assert_eq!(ask(&clerk, "GET", "?prefix=K-2", "").is(200).json()["mandates"].as_array().unwrap().len(), 1);

    desk.run("store policy --four-eyes on --store guarded.db").succeeds();
    let waits = ask(&anna, "PUT", "/K-1", r#"{"rule": "w002"}"#).is(200).json();
    assert_eq!((&waits["rule"]["rule"], &waits["waiting"]["rule"]), (&set["rule"]["rule"], &"w002".into()));
    let approve = |who: &str, rule: &Value| ask(who, "POST", &format!("/K-1/rules/{rule}/approve"), "");
    let number = &waits["waiting"]["number"];
    approve(&clerk, number).is_problem(403, Some("Authorization"));
    approve(&anna, number).is_problem(403, None);
    approve(&otto, &1.into()).is_problem(404, None);
    let holds = approve(&otto, number).is(200).json();
    assert_eq!((&holds["rule"]["rule"], &holds["waiting"]), (&"w002".into(), &Value::Null));
    approve(&otto, number).is_problem(409, None);
    ask(&anna, "PUT", "/K-3", r#"{"rule": "w001"}"#).is(200);
    let image = files("001", 0..1);
    let refused = desk.run(&format!("mandates verify K-3 {image} --store guarded.db"));
    refused.fails_with(&["the rule of account 'K-3' waits for somebody else's approval"]);
    let shown = desk.run("mandates show K-3 --store guarded.db").succeeds().out;
    assert!(shown.contains("To be approved for 'K-3'") && shown.contains("mandates approve K-3 "), "{shown}");

    assert_eq!(ask(&otto, "DELETE", "/K-1", "").is(200).json()["removed"], true);
    ask(&otto, "DELETE", "/K-1", "").is_problem(404, None);
    let auditor = owned("auditor", "aud");
    let audit = server.ask("GET", "/v1/audit?limit=500", &[("Authorization", &auditor)], b"").is(200).text();
    assert!(!audit.contains("K-1") && !audit.contains("w001"), "pseudonyms alone: {audit}");
    desk.run("store check --store guarded.db").succeeds();
}

fn actor(server: &Server, token: &str) -> Value {
    server.ask("GET", "/v1/me", &[("Authorization", token)], b"").is(200).json()["actor"].clone()
}
