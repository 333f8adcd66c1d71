//! One story that both databases tell, and what is particular to SQLite.
//!
//! PostgreSQL takes part where `INKPROOF_TEST_POSTGRES` names a server on which databases may be made, as
//! `tests/postgres.sh` does.

mod crash;
mod postgres;
mod sqlite;
mod tamper;
mod tamper_postgres;
mod tamper_sqlite;

use inkproof::{Decision, Embedding, Ink, SIDE};
use serde_json::json;

use super::*;
use crate::audit::Checked;
use crate::tokens::NewToken;

/// A fresh place for each store, and how it is removed.
pub trait Ground {
    fn place(&self) -> String;
}

/// The master key of all stores here.
fn keys() -> KeySource {
    KeySource::Text(format!("inkproof-key-1 {}", "7e".repeat(32)))
}

fn by(name: &str) -> Actor {
    Actor::new(name)
}

fn id(name: &str) -> WriterId {
    name.parse().unwrap()
}

/// An ink of its own, also in parts.
fn ink(number: u32) -> Ink {
    let mut pixels = vec![0; SIDE * SIDE];
    for place in 0..500 {
        let mixed = ((place * 2_654_435_761_u64) ^ (u64::from(number) * 40_503)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        pixels[place as usize * 97] = (mixed >> 56) as u8 | 1;
    }
    Ink::new(pixels).unwrap()
}

/// A unit vector of its own.
fn embedding(number: u32) -> Embedding {
    let angle = number as f32;
    Embedding::Vector(vec![angle.cos(), angle.sin()])
}

fn reference(number: u32) -> NewReference {
    NewReference {
        ink: ink(number),
        embedding: embedding(number),
        digest: format!("{number:016x}").parse().unwrap(),
        image: (number % 2 == 1).then(|| vec![7; number as usize]),
        written: None,
    }
}

fn model(name: &str) -> ModelStamp {
    ModelStamp { digest: name.to_owned(), preprocess: "seen".to_owned() }
}

/// Enrols references by number.
fn enroll(store: &Store, writer: &str, numbers: &[u32], seen: i64) -> Result<Enrolled> {
    enroll_as(store, writer, numbers, seen, false, None)
}

fn enroll_as(
    store: &Store,
    writer: &str,
    numbers: &[u32],
    seen: i64,
    four_eyes: bool,
    key: Option<RequestKey>,
) -> Result<Enrolled> {
    let references: Vec<NewReference> = numbers.iter().copied().map(reference).collect();
    let (writer, model, by) = (&id(writer), &model("first"), &by("anna"));
    store.enroll(&Enrolment { writer, references: &references, model, by, four_eyes, seen, key })
}

fn decision(writer: Option<Pseudonym>, decision: Decision) -> NewDecision {
    NewDecision {
        writer,
        by: by("anna"),
        decision,
        model: "first".to_owned(),
        details: json!({"score": 0.123_456_789_012_345_68}),
        questioned: Some(ink(9)),
    }
}

/// Hands in a table and a file.
fn begin_job(store: &Store, name: &str, rows: usize) -> i64 {
    let mut upload = store.begin_upload();
    store.add_files(&mut upload, &[("", b"the table"), ("a.png", b"an image")]).unwrap();
    store.add_files(&mut upload, &[("b.png", b"another image")]).unwrap();
    let new = NewJob { upload: &upload, owner: &by(name), kind: "writers", rows, header: "first\n", most: 3 };
    store.begin_job(&new).unwrap()
}

fn row(decision: Option<NewDecision>) -> NewJobRow {
    NewJobRow { decision, writer: None, line: "a line\n".to_owned() }
}

/// A row of an enrolled writer that could not be judged.
fn failed_row(writer: Pseudonym) -> NewJobRow {
    NewJobRow { writer: Some(writer), ..row(None) }
}

fn is_whole(store: &Store) -> Checked {
    let checked = store.check(None).unwrap();
    assert_eq!(checked.wrong, Vec::<String>::new());
    checked
}

/// What every store does.
fn story(ground: &dyn Ground) {
    let place = ground.place();
    assert!(matches!(Store::open_existing(&place, &keys()), Err(StoreError::Missing(_))), "nothing is there yet");
    let store = Store::open(&place, &keys()).unwrap();
    assert_eq!(store.head().unwrap().sequence, 0);
    is_whole(&store);
    references_come_back(&store);
    a_request_is_answered_once(&store);
    four_eyes(&store);
    pages(&store);
    a_person_decides(&store);
    a_job_is_kept_until_it_ends(&store);
    a_job_goes_on_where_it_was(ground);
    two_persons(ground);
    a_rule_waits_for_a_second_person(ground);
    tokens(&store);
    a_clock_that_is_set_back_revives_no_token(&store);
    another_model(&store);
    the_search_keeps_up(&store);
    erased_is_gone(&store);
    accounts_have_rules(&store);
    let checked = is_whole(&store);
    assert_eq!(store.check(Some(checked.head)).unwrap().wrong, Vec::<String>::new());
    let other = store.check(Some(Hex::random())).unwrap();
    assert!(other.wrong[0].contains("given head"), "{other:?}");
    a_copy_is_the_same(&store, &ground.place());
    let again = Store::open_existing(&place, &keys()).unwrap();
    assert_eq!(again.head().unwrap(), store.head().unwrap(), "it is there when it is opened again");
}

fn references_come_back(store: &Store) {
    assert!(store.writer(&id("one")).unwrap().is_none());
    let enrolled = enroll(store, "one", &[1, 2], 0).unwrap();
    let writer = store.writer(&id("one")).unwrap().unwrap();
    assert_eq!(writer.references.iter().map(|reference| reference.id).collect::<Vec<_>>(), enrolled.references);
    for (kept, number) in writer.references.iter().zip([1, 2]) {
        assert_eq!((&kept.ink, &kept.embedding), (&ink(number), &embedding(number)));
        assert_eq!(kept.digest, reference(number).digest);
        assert_eq!((kept.added_by.as_str(), &kept.model), ("anna", &model("first")));
        assert_eq!(kept.approved.as_ref().unwrap().by, by("anna"));
        assert_eq!(kept.has_image, number == 1);
    }
    assert_eq!(store.image(&id("one"), enrolled.references[0]).unwrap(), Some(vec![7]));
    assert_eq!(store.image(&id("one"), enrolled.references[1]).unwrap(), None);
    assert!(matches!(store.image(&id("one"), 99), Err(StoreError::NoReference { .. })));
    assert!(matches!(enroll(store, "one", &[3], 0), Err(StoreError::Changed(_))), "somebody enrolled in between");
    assert!(matches!(enroll(store, "two", &[3], writer.changed), Err(StoreError::Changed(_))), "erased in between");
    enroll(store, "one", &[3], writer.changed).unwrap();
    let writer = store.writer(&id("one")).unwrap().unwrap();
    assert_eq!(writer.references.len(), 3);
    store.remove(&id("one"), writer.references[2].id, &by("anna")).unwrap();
    assert_eq!(store.writer(&id("one")).unwrap().unwrap().references.len(), 2);
    assert!(matches!(store.remove(&id("one"), 99, &by("anna")), Err(StoreError::NoReference { .. })));
}

fn a_request_is_answered_once(store: &Store) {
    let key = |request: u8| Some(RequestKey { key: "k1".to_owned(), request: Hex([request; 32]) });
    let first = enroll_as(store, "keyed", &[1], 0, false, key(1)).unwrap();
    let head = store.head().unwrap();
    let again = enroll_as(store, "keyed", &[1], 0, false, key(1)).unwrap();
    assert_eq!((again.references, again.repeated), (first.references, true));
    assert_eq!(store.head().unwrap(), head, "nothing was done");
    assert!(matches!(enroll_as(store, "keyed", &[2], 0, false, key(2)), Err(StoreError::KeyReused)));
    assert!(store.answered(&by("anna"), &key(1).unwrap()).unwrap().unwrap().repeated);
    assert_eq!(store.answered(&by("otto"), &key(1).unwrap()).unwrap(), None, "others have keys of their own");
}

fn four_eyes(store: &Store) {
    let enrolled = enroll_as(store, "watched", &[4], 0, true, None).unwrap();
    let number = enrolled.references[0];
    let counts = || store.writer(&id("watched")).unwrap().unwrap().approved().count();
    assert_eq!(counts(), 0);
    assert_eq!(store.info().unwrap().counts.waiting, 1);
    assert!(matches!(store.approve(&id("watched"), number, &by("anna")), Err(StoreError::FourEyes { .. })));
    store.approve(&id("watched"), number, &by("otto")).unwrap();
    assert_eq!(counts(), 1);
    assert!(matches!(store.approve(&id("watched"), number, &by("otto")), Err(StoreError::AlreadyApproved(_))));
    assert!(matches!(store.approve(&id("nobody"), number, &by("otto")), Err(StoreError::NoWriter(_))));
}

fn pages(store: &Store) {
    let ids = |after, limit, prefix: &str| {
        let page = WriterPage { after, limit, prefix: prefix.to_owned() };
        let found = store.writers(&page).unwrap();
        let last = found.last().map_or(0, |writer| writer.number);
        (found.into_iter().map(|writer| writer.id.to_string()).collect::<Vec<_>>(), last)
    };
    let (first, last) = ids(0, 2, "");
    assert_eq!(first, ["one", "keyed"], "in the order in which they were enrolled");
    assert_eq!(ids(last, 2, "").0, ["watched"]);
    assert_eq!(ids(0, 9, "wa").0, ["watched"]);
    assert_eq!(ids(0, 9, "%").0, Vec::<String>::new());
    let summary = &store.writers(&WriterPage { limit: 1, ..WriterPage::default() }).unwrap()[0];
    assert_eq!((summary.references, summary.waiting, summary.newest.is_some()), (2, 0, true));
    let (forward, backward) = (AuditPage::After(1), AuditPage::Before(i64::MAX));
    let numbers =
        |page, limit| -> Vec<i64> { store.audit(page, limit).unwrap().iter().map(|entry| entry.sequence).collect() };
    let head = store.head().unwrap().sequence;
    assert_eq!(numbers(forward, 2), [2, 3]);
    assert_eq!(numbers(backward, 2), [head, head - 1]);
}

fn a_person_decides(store: &Store) {
    let writer = store.writer(&id("one")).unwrap().unwrap();
    let all = [Decision::Accepted, Decision::Undecided, Decision::Undecided, Decision::Rejected];
    let decisions = all.map(|of| decision(Some(writer.pseudonym), of));
    let numbers = store.record(&decisions).unwrap();
    let open = store.reviews(0, 10).unwrap();
    assert_eq!(open.iter().map(|review| review.decision).collect::<Vec<_>>(), numbers[1..3]);
    assert_eq!(store.reviews(numbers[1], 10).unwrap().len(), 1);
    assert_eq!((open[0].writer.as_ref().unwrap(), open[0].questioned.as_ref().unwrap()), (&id("one"), &ink(9)));
    assert_eq!(open[0].details, decisions[1].details, "to the last bit");
    let settle = |of, note: Option<&str>| {
        let settlement = Settlement { decision: of, note: note.map(str::to_owned) };
        store.settle(numbers[1], &settlement, &by("otto"))
    };
    settle(None, Some("asked the branch")).unwrap();
    assert_eq!(store.review(numbers[1]).unwrap().note.unwrap(), "asked the branch");
    settle(None, Some("not in")).unwrap();
    assert_eq!(store.review(numbers[1]).unwrap().note.unwrap(), "asked the branch\nnot in", "nothing is replaced");
    assert_eq!(store.reviews(0, 10).unwrap().len(), 2, "it is still open");
    settle(Some(Decision::Rejected), None).unwrap();
    let settled = store.review(numbers[1]).unwrap();
    assert_eq!((settled.outcome.as_deref(), settled.settled_by), (Some("rejected"), Some(by("otto"))));
    assert_eq!((settled.questioned, settled.note.as_deref()), (None, Some("asked the branch\nnot in")));
    assert!(matches!(settle(Some(Decision::Accepted), None), Err(StoreError::Settled { .. })));
    assert!(matches!(store.review(numbers[0]), Err(StoreError::NoReview(_))), "it was decided");
}

/// Four eyes by the store's word: one person with two tokens, or with a token and at the command line, is one person.
fn two_persons(ground: &dyn Ground) {
    let store = Store::open(&ground.place(), &keys()).unwrap();
    let token = |owner: &str| store.create_token(Role::Operator, Some(owner), None, &by("otto")).unwrap().token.actor();
    let nobodys = store.create_token(Role::Clerk, None, None, &by("otto")).unwrap().token;
    assert!(matches!(store.keep_four_eyes(true, &by("otto")), Err(StoreError::NoOwner(id)) if id == nobodys.id));
    store.revoke_token(&nobodys.id, &by("otto")).unwrap();
    store.keep_four_eyes(true, &by("otto")).unwrap();
    assert_eq!(store.four_eyes().unwrap(), Some(true));
    assert!(matches!(store.four_eyes_as_asked(Some(false)), Err(StoreError::Policy { kept: "on" })));
    assert!(matches!(store.create_token(Role::Clerk, None, None, &by("otto")), Err(StoreError::NoOwner(_))));
    assert!(matches!(store.create_token(Role::Clerk, Some("a:b"), None, &by("otto")), Err(StoreError::Owner(_))));
    let (anna, again, otto) = (token("anna"), token("Anna"), token("otto"));

    let references = [reference(1)];
    let (writer, model) = (&id("one"), &model("first"));
    let enrolment =
        Enrolment { writer, references: &references, model, by: &anna, four_eyes: false, seen: 0, key: None };
    let number = store.enroll(&enrolment).unwrap().references[0];
    for same in [&anna, &again, &by("local:anna")] {
        assert!(matches!(store.approve(writer, number, same), Err(StoreError::FourEyes { .. })), "{same}");
    }
    store.approve(writer, number, &otto).unwrap();

    let ask = |by: &Actor| {
        let new = NewDecision { by: by.clone(), ..decision(None, Decision::Undecided) };
        store.record(&[new]).unwrap()[0]
    };
    let settlement = Settlement { decision: Some(Decision::Accepted), note: None };
    let review = ask(&anna);
    assert!(matches!(store.settle(review, &settlement, &again), Err(StoreError::OwnReview { .. })));
    assert!(matches!(store.settle(review, &settlement, &by("local:anna")), Err(StoreError::OwnReview { .. })));
    store.settle(review, &Settlement { decision: None, note: Some("it is hers".to_owned()) }, &anna).unwrap();
    assert!(!store.settle(review, &settlement, &otto).unwrap());
    assert!(store.settle(ask(&by("local:anna")), &settlement, &by("local:anna")).unwrap(), "alone at a machine");

    store.keep_four_eyes(false, &otto).unwrap();
    let asked = Enrolment { writer: &id("two"), four_eyes: true, ..enrolment };
    assert!(matches!(store.enroll(&asked), Err(StoreError::Policy { kept: "off" })));
    is_whole(&store);
}

fn tokens(store: &Store) {
    let NewToken { secret, token } = store.create_token(Role::Clerk, None, None, &by("otto")).unwrap();
    assert_eq!(secret.len(), "inkproof_".len() + 64);
    let found = store.token(Token::hash_of(&secret)).unwrap().unwrap();
    assert_eq!(found, token);
    assert!(found.is_valid(Time::now()));
    let expires = Time::now().plus_days(1);
    let other = store.create_token(Role::Auditor, None, Some(expires), &by("otto")).unwrap();
    assert!(other.token.is_valid(Time::now()) && !other.token.is_valid(expires));
    assert_eq!(store.tokens().unwrap().len(), 2);
    store.revoke_token(&token.id, &by("otto")).unwrap();
    assert!(!store.token(token.hash).unwrap().unwrap().is_valid(Time::now()));
    assert!(matches!(store.revoke_token("none", &by("otto")), Err(StoreError::NoToken(_))));
    assert_eq!(store.token(Token::hash_of("inkproof_guess")).unwrap(), None);
}

/// The clock goes to the day after tomorrow, something is written down, and the clock goes back.
fn a_clock_that_is_set_back_revives_no_token(store: &Store) {
    let made = |days| {
        let new = store.create_token(Role::Clerk, None, Some(Time::now().plus_days(days)), &by("otto")).unwrap();
        new.token.hash
    };
    let is_valid = |hash| store.token(hash).unwrap().unwrap().is_valid(Time::now());
    let (short, long) = (made(1), made(3));
    let append = |chain: &mut Chain<'_>| {
        chain.now = Time::now().plus_days(2);
        let (actor, outcome, details) = (by("nobody"), "expired token".to_owned(), json!({}));
        chain.append(NewEntry { actor, event: Event::Refused, writer: None, model: None, outcome, details }, None)
    };
    assert!(is_valid(short) && is_valid(long));
    store.write(append).unwrap();
    assert!(!is_valid(short) && is_valid(long));
    assert!(is_valid(made(1)), "one that is made with the right clock is as good as any");
}

/// Writers with references that another model than this one embedded, among the first so many.
fn outdated(store: &Store, model: &str, limit: usize) -> Vec<WriterId> {
    let page = store.writers(&WriterPage { after: 0, limit, prefix: String::new() }).unwrap();
    let is_outdated = |id: &WriterId| {
        store.writer(id).unwrap().unwrap().references.iter().any(|reference| reference.model.digest != model)
    };
    page.into_iter().map(|writer| writer.id).filter(is_outdated).collect()
}

fn another_model(store: &Store) {
    let first = outdated(store, "second", 2);
    assert_eq!(first.len(), 2);
    for writer in &first {
        let found = store.writer(writer).unwrap().unwrap();
        let fresh: Vec<_> = found.references.iter().map(|kept| (kept.id, embedding(77), kept.ink.clone())).collect();
        let stale = store.reembed(writer, found.changed - 1, &fresh, &model("second"), &by("otto"));
        assert!(matches!(stale, Err(StoreError::Changed(_))));
        store.reembed(writer, found.changed, &fresh, &model("second"), &by("otto")).unwrap();
        let found = store.writer(writer).unwrap().unwrap();
        assert!(found.references.iter().all(|kept| kept.model == model("second") && kept.embedding == embedding(77)));
    }
    assert_eq!(outdated(store, "second", 9).len(), 1);
    assert_eq!(store.info().unwrap().models, [("first".to_owned(), 1), ("second".to_owned(), 3)]);
}

fn the_search_keeps_up(store: &Store) {
    let all = store.changes(0, 100).unwrap();
    assert_eq!(all.known.len(), 3);
    let one = all.known.iter().find(|known| known.id == id("one")).unwrap();
    assert_eq!(one.vectors.len(), 2);
    assert_eq!((&one.vectors[0].values, one.vectors[0].model.as_str()), (&embedding(77).global(), "second"));
    let (first, rest) = (store.changes(0, 2).unwrap(), store.changes(store.changes(0, 2).unwrap().up_to, 2).unwrap());
    assert_eq!((first.known.len(), rest.known.len(), rest.up_to), (2, 1, all.up_to), "by pages");
    assert_eq!(store.changes(all.up_to, 100).unwrap().known.len(), 0);
    enroll(store, "late", &[5], 0).unwrap();
    let waiting = enroll_as(store, "later", &[6], 0, true, None).unwrap();
    let news = store.changes(all.up_to, 100).unwrap();
    assert_eq!(news.known.iter().map(|known| known.vectors.len()).collect::<Vec<_>>(), [1, 0], "none that waits");
    store.approve(&id("later"), waiting.references[0], &by("otto")).unwrap();
    assert_eq!(store.changes(news.up_to, 100).unwrap().known[0].vectors.len(), 1);
}

fn erased_is_gone(store: &Store) {
    let (before, late) = (store.head().unwrap().sequence, store.writer(&id("late")).unwrap().unwrap());
    let waiting = store.record(&[decision(Some(late.pseudonym), Decision::Undecided)]).unwrap();
    let exported = store.export(&id("late"), &by("otto")).unwrap();
    assert_eq!((exported.writer.references.len(), exported.audit.last().unwrap().event), (1, Event::Exported));
    assert_eq!(exported.reviews.iter().map(|review| review.decision).collect::<Vec<_>>(), waiting);
    let erased = store.erase(&id("late"), &by("otto")).unwrap();
    assert_eq!((erased.references, erased.reviews), (1, 1));
    assert!(store.writer(&id("late")).unwrap().is_none());
    assert_eq!(store.writer_behind(late.pseudonym).unwrap(), None);
    assert!(matches!(store.review(waiting[0]), Err(StoreError::NoReview(_))));
    assert!(matches!(store.erase(&id("late"), &by("otto")), Err(StoreError::NoWriter(_))));
    let changes = store.changes(before, 100).unwrap();
    assert_eq!((changes.known.len(), &changes.erased[..]), (0, &[late.pseudonym][..]));
    assert!(!store.audit_of(late.pseudonym, 0, 10).unwrap().is_empty(), "the audit knows the pseudonym");
    enroll(store, "late", &[5], 0).unwrap();
    let again = store.writer(&id("late")).unwrap().unwrap();
    assert_ne!(again.pseudonym, late.pseudonym, "who comes again is somebody new");
    assert!(again.references[0].id > late.references[0].id, "numbers are given once");
}

fn account(name: &str) -> AccountId {
    name.parse().unwrap()
}

/// Sets a rule whose demand is a number; the rule's number.
fn set_rule(store: &Store, of: &str, signers: &[&str], demands: i64, four_eyes: bool) -> Result<i64> {
    let signers: Vec<WriterId> = signers.iter().copied().map(id).collect();
    let (account, rule, by) = (&account(of), &json!(demands), &by("anna"));
    store.set_mandate(&NewMandate { account, signers: &signers, rule, by, four_eyes })
}

/// The demands of an account's rules, and whether each holds.
fn demands(store: &Store, of: &str) -> Vec<(i64, bool)> {
    let rules = store.mandates_of(&account(of)).unwrap();
    rules.iter().map(|rule| (rule.rule.as_i64().unwrap(), rule.approved.is_some())).collect()
}

fn accounts_have_rules(store: &Store) {
    for (name, number) in [("signer-a", 50), ("signer-b", 51)] {
        enroll(store, name, &[number], 0).unwrap();
    }
    let number = set_rule(store, "K-1", &["signer-a", "signer-b"], 1, false).unwrap();
    let kept = store.mandates_of(&account("K-1")).unwrap().remove(0);
    let names = |mandate: &Mandate| -> Vec<Option<WriterId>> {
        mandate.signers.iter().map(|signer| signer.writer.clone()).collect()
    };
    assert_eq!((kept.number, &kept.account, &kept.rule), (number, &account("K-1"), &json!(1)));
    assert_eq!(names(&kept), [Some(id("signer-a")), Some(id("signer-b"))]);
    assert_eq!((&kept.added_by, kept.approved.as_ref().unwrap().by.as_str()), (&by("anna"), "anna"));
    assert_eq!(store.info().unwrap().counts.mandates, 1);
    assert!(matches!(set_rule(store, "K-1", &["nobody"], 9, false), Err(StoreError::NoWriter(_))));

    let waiting = [2, 3].map(|demand| set_rule(store, "K-1", &["signer-a"], demand, true).unwrap())[1];
    assert_eq!(demands(store, "K-1"), [(1, true), (3, false)], "one holds, the last waits");
    let approve = |number, name| store.approve_mandate(&account("K-1"), number, &by(name));
    assert!(matches!(approve(waiting, "anna"), Err(StoreError::OwnRule { .. })));
    assert!(matches!(approve(waiting - 1, "otto"), Err(StoreError::NoRule { .. })), "that was replaced");
    assert!(matches!(approve(number, "otto"), Err(StoreError::RuleApproved(_))));
    approve(waiting, "otto").unwrap();
    assert_eq!(demands(store, "K-1"), [(3, true)]);
    assert_eq!(store.mandates_of(&account("K-1")).unwrap()[0].pseudonym, kept.pseudonym, "the audit's name stays");
    set_rule(store, "K-1", &["signer-a"], 4, true).unwrap();
    set_rule(store, "K-1", &["signer-a", "signer-b"], 5, false).unwrap();
    assert_eq!(demands(store, "K-1"), [(5, true)], "what waited before is withdrawn");
    is_whole(store);

    set_rule(store, "L-1", &["signer-b"], 6, false).unwrap();
    let page = |after, limit, prefix: &str| {
        let found = store.mandates(&MandatePage { after, limit, prefix: prefix.to_owned() }).unwrap();
        found.into_iter().map(|mandate| mandate.account.to_string()).collect::<Vec<_>>()
    };
    let first = store.mandates(&MandatePage { limit: 1, ..MandatePage::default() }).unwrap()[0].number;
    assert_eq!(
        (page(0, 9, ""), page(first, 9, "")),
        (vec!["K-1".to_owned(), "L-1".to_owned()], vec!["L-1".to_owned()])
    );
    assert_eq!((page(0, 9, "L"), page(0, 9, "%")), (vec!["L-1".to_owned()], vec![]));

    let of_writer = store.export(&id("signer-a"), &by("otto")).unwrap();
    assert_eq!(of_writer.accounts, [account("K-1")]);
    assert!(of_writer.audit.iter().any(|entry| entry.event == Event::MandateSet), "{:?}", of_writer.audit);
    store.erase(&id("signer-a"), &by("otto")).unwrap();
    enroll(store, "signer-a", &[52], 0).unwrap();
    let kept = store.mandates_of(&account("K-1")).unwrap().remove(0);
    assert_eq!(names(&kept), [None, Some(id("signer-b"))], "who comes again may not sign for who was erased");
    is_whole(store);

    let copied = set_rule(store, "M-1", &["signer-b"], 7, true).unwrap();
    assert_eq!(demands(store, "M-1"), [(7, false)], "nothing holds yet");
    store.remove_mandate(&account("K-1"), &by("otto")).unwrap();
    assert!(store.mandates_of(&account("K-1")).unwrap().is_empty());
    assert!(matches!(store.remove_mandate(&account("K-1"), &by("otto")), Err(StoreError::NoMandate(_))));
    assert!(matches!(approve(copied, "otto"), Err(StoreError::NoRule { .. })), "it is another account's");
    assert_eq!(store.pending_erasures().unwrap(), 0);
    set_rule(store, "K-1", &["signer-b"], 8, false).unwrap();
    let again = store.mandates_of(&account("K-1")).unwrap().remove(0);
    assert_ne!(again.pseudonym, kept.pseudonym, "what is removed is forgotten");
    assert!("a b".parse::<AccountId>().is_err() && "x".repeat(129).parse::<AccountId>().is_err());
}

/// By the store's word, too, and one person with two tokens is one person.
fn a_rule_waits_for_a_second_person(ground: &dyn Ground) {
    let store = Store::open(&ground.place(), &keys()).unwrap();
    enroll(&store, "one", &[1], 0).unwrap();
    store.keep_four_eyes(true, &by("otto")).unwrap();
    let token = |owner: &str| store.create_token(Role::Administrator, Some(owner), None, &by("otto")).unwrap();
    let [anna, again, otto] = ["anna", "Anna", "otto"].map(|owner| token(owner).token.actor());
    let (signers, rule, of) = ([id("one")], json!(1), account("K-1"));
    let new = NewMandate { account: &of, signers: &signers, rule: &rule, by: &anna, four_eyes: false };
    let number = store.set_mandate(&new).unwrap();
    assert_eq!(demands(&store, "K-1"), [(1, false)], "without being asked");
    for same in [&anna, &again, &by("local:anna")] {
        let refused = store.approve_mandate(&of, number, same);
        assert!(matches!(refused, Err(StoreError::OwnRule { .. })), "{same}");
    }
    store.approve_mandate(&of, number, &otto).unwrap();
    assert_eq!(demands(&store, "K-1"), [(1, true)]);
    store.keep_four_eyes(false, &otto).unwrap();
    let asked = NewMandate { four_eyes: true, ..new };
    assert!(matches!(store.set_mandate(&asked), Err(StoreError::Policy { kept: "off" })));
    is_whole(&store);
}

fn a_copy_is_the_same(store: &Store, place: &str) {
    let copy = Store::open(place, &keys()).unwrap();
    let copied = store.copy_to(&copy).unwrap();
    assert_eq!(copied.head, store.head().unwrap());
    assert_eq!(copied.counts, store.info().unwrap().counts);
    assert_eq!(demands(&copy, "M-1"), demands(store, "M-1"));
    assert!(matches!(store.copy_to(&copy), Err(StoreError::NotEmpty(_))));
    let ids = enroll(&copy, "after", &[8], 0).unwrap().references;
    assert!(
        store
            .writers(&WriterPage { limit: 100, ..WriterPage::default() })
            .unwrap()
            .iter()
            .all(|w| w.references < ids[0])
    );
    is_whole(&copy);
}

/// Two handles, as two servers have them, and threads that enrol, decide, settle and erase at once: the audit is unbroken
/// and each sees what all did.
fn together(ground: &dyn Ground, operations: usize) {
    let place = ground.place();
    let stores = [Store::open(&place, &keys()).unwrap(), Store::open(&place, &keys()).unwrap()];
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let store = &stores[worker % 2];
            scope.spawn(move || (0..operations / 4).for_each(|step| mixed(store, worker, step)));
        }
    });
    let [a, b] = &stores;
    assert_eq!(a.head().unwrap(), b.head().unwrap());
    let checked = is_whole(a);
    let erased = a.changes(0, usize::MAX >> 1).unwrap().erased.len();
    let audit = a.audit(AuditPage::After(0), 1 << 20).unwrap();
    let cleared = audit.iter().filter(|entry| entry.event == Event::Cleared).count();
    assert_eq!(checked.entries, (operations + cleared) as i64, "nothing was lost or done twice");
    assert_eq!(a.finish_erasures(&by("otto")).unwrap(), 0, "nobody reads any more");
    assert_eq!(erased, 4 * (0..operations / 4).filter(|step| step % 10 == 9).count());
    let summary = |store: &Store| store.writers(&WriterPage { limit: 1 << 20, ..WriterPage::default() }).unwrap();
    assert_eq!(summary(a), summary(b));
}

/// One step of a worker: every tenth writer is erased again.
fn mixed(store: &Store, worker: usize, step: usize) {
    let name = format!("w{worker}-{}", step / 10);
    let writer = store.writer(&id(&name)).unwrap();
    match step % 10 {
        9 => drop(store.erase(&id(&name), &by("otto")).unwrap()),
        4 => drop(store.record(&[decision(writer.map(|writer| writer.pseudonym), Decision::Undecided)]).unwrap()),
        5 => {
            let mine = writer.map(|writer| writer.id);
            let open = store.reviews(0, 1 << 20).unwrap().into_iter().find(|review| review.writer == mine).unwrap();
            let settlement = Settlement { decision: Some(Decision::Accepted), note: None };
            store.settle(open.decision, &settlement, &by("otto")).unwrap();
        }
        3 | 6 | 7 => drop(enroll(store, &name, &[step as u32], writer.map_or(0, |writer| writer.changed)).unwrap()),
        _ => drop(store.record(&[decision(None, Decision::Accepted)]).unwrap()),
    }
}

fn a_job_is_kept_until_it_ends(store: &Store) {
    let job = begin_job(store, "anna", 3);
    let files = store.job_files(job).unwrap();
    let of: Vec<(&str, Vec<u8>)> =
        files.files.iter().map(|file| (&file.name[..], store.job_file(&files, file.number).unwrap())).collect();
    assert_eq!(of[..2], [("", b"the table".to_vec()), ("a.png", b"an image".to_vec())]);
    assert!(store.open_jobs().unwrap().iter().any(|open| open.number == job));
    is_whole(store);

    let rejected = row(Some(decision(None, Decision::Rejected)));
    let entries = store.head().unwrap().sequence;
    store.record_rows(job, 0, &[row(None), rejected.clone()]).unwrap();
    assert_eq!(store.head().unwrap().sequence, entries + 1, "what was not judged is no decision");
    for first in [0, 1, 3] {
        assert!(
            matches!(store.record_rows(job, first, std::slice::from_ref(&rejected)), Err(StoreError::JobMoved(_))),
            "{first}"
        );
    }
    let more = [rejected.clone(), rejected.clone()];
    assert!(matches!(store.record_rows(job, 2, &more), Err(StoreError::JobMoved(_))), "more than there are");
    assert_eq!(store.head().unwrap().sequence, entries + 1, "nothing of that was recorded");
    assert!(matches!(store.remove_job(job, &by("anna")), Err(StoreError::JobGoesOn(_))));
    is_whole(store);
    store.record_rows(job, 2, std::slice::from_ref(&rejected)).unwrap();
    let ended = store.job(job).unwrap();
    assert_eq!(ended.ended.map(|(outcome, _)| outcome), Some("done".to_owned()));
    assert_eq!(ended.counts, JobCounts { rejected: 2, failed: 1, ..JobCounts::default() });
    assert!(matches!(store.record_rows(job, 3, &[rejected]), Err(StoreError::JobEnded(_))));
    assert!(matches!(store.job_files(job), Err(StoreError::JobEnded(_))));
    while store.sweep_uploads().unwrap() {}
    assert!(store.job_file(&files, files.files[0].number).is_err(), "what was handed in is gone");
    let lines = store.job_lines(job, None, 9).unwrap();
    assert_eq!(lines[0], (0, Some("first\n".to_owned())));
    assert_eq!(lines[1..], [1, 2, 3].map(|place| (place, Some("a line\n".to_owned()))));
    assert_eq!(store.job_lines(job, Some(2), 9).unwrap().len(), 1);

    let cancelled = begin_job(store, "anna", 9);
    store.record_rows(cancelled, 0, &[row(None)]).unwrap();
    store.end_job(cancelled, "cancelled", &by("otto")).unwrap();
    assert_eq!(store.job(cancelled).unwrap().counts.done(), 1);
    store.remove_job(cancelled, &by("otto")).unwrap();
    assert!(matches!(store.job(cancelled), Err(StoreError::NoJob(_))));
    let open = begin_job(store, "anna", 9);
    let expired = |days| store.expired_jobs(days).unwrap();
    assert!(expired(0).contains(&job) && !expired(0).contains(&open) && !expired(1).contains(&job));
    store.end_job(open, "cancelled", &by("anna")).unwrap();
    let goes_on = [begin_job(store, "anna", 1), begin_job(store, "anna", 1), begin_job(store, "anna", 1)];
    let kept = || store.read(|session| info::count(session, "job_files")).unwrap();
    let before = kept();
    let mut upload = store.begin_upload();
    store.add_files(&mut upload, &[("", b"the table"), ("a.png", b"an image")]).unwrap();
    let new = NewJob { upload: &upload, owner: &by("anna"), kind: "writers", rows: 1, header: "", most: 3 };
    assert!(matches!(store.begin_job(&new), Err(StoreError::TooManyJobs(3))));
    assert!(matches!(store.may_begin_job(&by("Anna"), 3), Err(StoreError::TooManyJobs(3))));
    store.may_begin_job(&by("anna"), 4).unwrap();
    store.drop_upload(&upload).unwrap();
    assert_eq!(kept(), before, "nothing is left of it, and all of the others");
    assert!(matches!(store.begin_job(&NewJob { most: 4, ..new }), Err(StoreError::UploadGone)));
    goes_on.iter().for_each(|job| store.end_job(*job, "cancelled", &by("anna")).unwrap());
    assert_eq!(store.pending_erasures().unwrap(), 0, "the keys of what ended are gone");
    is_whole(store);
}

/// Lines about a writer are erased with the writer; a job goes on in another program, under another master key, in a copy.
fn a_job_goes_on_where_it_was(ground: &dyn Ground) {
    let store = Store::open(&ground.place(), &keys()).unwrap();
    enroll(&store, "job-1", &[1], 0).unwrap();
    enroll(&store, "job-2", &[2], 0).unwrap();
    let writer = |name: &str| store.writer(&id(name)).unwrap().unwrap().pseudonym;
    let (one, two) = (writer("job-1"), writer("job-2"));
    let job = begin_job(&store, "anna", 7);
    let of = |writer| row(Some(decision(Some(writer), Decision::Undecided)));
    store.record_rows(job, 0, &[of(one), of(two), failed_row(one), failed_row(two)]).unwrap();
    store.erase(&id("job-1"), &by("otto")).unwrap();
    store.record_rows(job, 4, &[of(one), failed_row(one)]).unwrap();
    is_whole(&store);
    let copy = Store::open(&ground.place(), &keys()).unwrap();
    store.copy_to(&copy).unwrap();
    for store in [&store, &copy] {
        let told: Vec<bool> =
            store.job_lines(job, None, 9).unwrap().into_iter().map(|(_, line)| line.is_some()).collect();
        assert_eq!(told, [true, false, true, false, true, false, false]);
        assert_eq!(store.job_files(job).unwrap().files.len(), 3);
        store.record_rows(job, 6, &[of(two)]).unwrap();
        assert_eq!(store.job(job).unwrap().counts, JobCounts { undecided: 4, failed: 3, ..JobCounts::default() });
        is_whole(store);
    }
}
