//! Whether the store is what its audit says: every entry follows from the one before, and every row from the entries.
//!
//! What an entry tells (who, when, which references, which approval) is derived from it and compared; what it does not tell
//! (ids, keys, inks, notes) is under the seal that it carries. So a row that a trigger, or somebody with a shell, changed is
//! found even where the seal was computed after the change.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value as Json;

use crate::audit::{AuditPage, Checked, Entry, Event, Head, SealedHead, chained, entry, head, rows};
use crate::database::Session;
use crate::jobs::JobCounts;
use crate::schema::{SEALED, WITH_JOBS, WITH_MANDATES};
use crate::{Actor, Hash, Hex, Pseudonym, Result, Store, StoreError, Time, requests};

const PAGE: i64 = 1000;

/// What there has to be, by the entries up to now.
#[derive(Default)]
pub(crate) struct Expected {
    pub writers: HashMap<Pseudonym, ExpectedWriter>,
    /// Writers who were enrolled once.
    pub erased: HashSet<Pseudonym>,
    pub tokens: HashMap<String, ExpectedToken>,
    pub reviews: HashMap<i64, ExpectedReview>,
    /// Rules of accounts by their numbers.
    pub mandates: HashMap<i64, ExpectedMandate>,
    /// Jobs by their numbers.
    pub jobs: HashMap<i64, ExpectedJob>,
    /// Hashes of answers to requests, whose they are about, and when they were given.
    pub requests: HashMap<Hash, (Pseudonym, Time)>,
    last_reference: i64,
}

pub(crate) struct ExpectedWriter {
    pub number: i64,
    pub created: Time,
    pub changed: i64,
    pub seal: Hash,
    pub references: BTreeMap<i64, ExpectedReference>,
}

#[derive(PartialEq)]
pub(crate) struct ExpectedReference {
    pub added: Time,
    pub added_by: Actor,
    pub approved: Option<(Time, Actor)>,
    pub model: String,
}

pub(crate) struct ExpectedToken {
    pub seal: Hash,
    pub created: Time,
    pub created_by: Actor,
    pub owner: Option<String>,
    pub revoked: Option<Time>,
}

pub(crate) struct ExpectedReview {
    pub writer: Option<Pseudonym>,
    pub seal: Hash,
    pub settled: Option<Settled>,
}

pub(crate) struct ExpectedMandate {
    pub account: Pseudonym,
    pub seal: Hash,
    pub told: ToldMandate,
}

pub(crate) struct ExpectedJob {
    pub owner: Actor,
    pub kind: String,
    pub rows: i64,
    pub files: i64,
    pub upload: i64,
    pub created: Time,
    /// How, and when.
    pub ended: Option<(String, i64)>,
    /// What its end told of its rows.
    pub counts: Option<JobCounts>,
    /// Whose, and what was decided, by the places of its rows that were decided on.
    pub decided: HashMap<usize, (Option<Pseudonym>, String)>,
}

/// What the audit tells of a rule.
#[derive(PartialEq)]
pub(crate) struct ToldMandate {
    pub rule: Json,
    pub added: Time,
    pub added_by: Actor,
    pub approved: Option<(Time, Actor)>,
}

/// When, by whom and how.
pub(crate) type Settled = (Time, Actor, String);

impl Store {
    /// Looks whether the tables are as this program makes them, the audit is as it was written, reaches the `expected` head
    /// if one is given, and tells all that is stored. It changes nothing.
    pub fn check(&self, expected: Option<Hash>) -> Result<Checked> {
        self.database.check()?;
        let differences = self.database.differences()?;
        let version = self.database.version()?;
        match self.read(|session| check(session, version, expected)) {
            Ok(checked) => {
                let other =
                    self.other_key.map(|id| format!("it names master key {id}, which is not among the given ones"));
                let wrong = differences.into_iter().chain(other).chain(checked.wrong).collect();
                Ok(Checked { wrong, ..checked })
            }
            // Tables that are not as they should be cannot always be read.
            Err(_) if !differences.is_empty() => {
                let head = Hex([0; 32]);
                Ok(Checked { entries: 0, head, writers: 0, references: 0, has_key: false, wrong: differences })
            }
            Err(error) => Err(error),
        }
    }
}

fn check(session: &mut dyn Session, version: i64, noted: Option<Hash>) -> Result<Checked> {
    let mut wrong = Vec::new();
    let is_sealed = version >= SEALED;
    let sealed = if is_sealed { SealedHead::read(session, "")? } else { SealedHead::open(head(session, "")?) };
    let end = sealed.head;
    let has_key = sealed.master.is_none() || !session.keys().is_empty();
    if has_key && let Err(StoreError::Damaged(why)) = sealed.check(session.keys()) {
        wrong.push(why);
    }
    // A store is sealed from the moment at which it is of this version.
    if is_sealed && sealed.master.is_none() {
        wrong.push("it names no master key".to_owned());
    }
    let expected = replay(session, end, noted, &mut wrong)?;
    check_counters(session, &expected, &mut wrong)?;
    let Expected { writers, erased, tokens, reviews, mandates, jobs, requests, .. } = expected;
    let (writers, references) = crate::writer_row::check(session, writers, has_key, &mut wrong)?;
    crate::tokens::check(session, version, tokens, &mut wrong)?;
    crate::decisions::check(session, reviews, &mut wrong)?;
    // Before, the audit did not tell of answers to requests.
    if version > 1 {
        requests::check(session, requests, &mut wrong)?;
    }
    if version >= WITH_MANDATES {
        crate::mandates::check(session, mandates, &mut wrong)?;
    }
    if version >= WITH_JOBS {
        crate::jobs::check(session, jobs, &erased, has_key, &mut wrong)?;
    }
    Ok(Checked { entries: end.sequence, head: end.hash, writers, references, has_key, wrong })
}

/// Follows the audit from its beginning to its head.
fn replay(session: &mut dyn Session, end: Head, noted: Option<Hash>, wrong: &mut Vec<String>) -> Result<Expected> {
    let mut expected = Expected::default();
    let mut before = Head { sequence: 0, hash: Hex([0; 32]) };
    let mut meets_noted = noted.is_none_or(|noted| noted == before.hash);
    let mut after = i64::MIN;
    loop {
        let page = rows(session, AuditPage::After(after), PAGE)?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let found = entry(row.clone())?;
            after = found.sequence;
            if after < 1 {
                wrong.push(format!("the audit has an entry {after}, before its first"));
                continue;
            }
            if after != before.sequence + 1 {
                wrong.push(format!("entries {} to {} of the audit are missing", before.sequence + 1, after - 1));
            } else if chained(before.hash, &row.rest()[..9]) != found.hash {
                wrong.push(format!("entry {after} of the audit was changed, or one before it"));
            }
            before = Head { sequence: after, hash: found.hash };
            meets_noted |= Some(found.hash) == noted;
            expected.follow(&found);
        }
    }
    if before != end {
        wrong.push(format!("the audit ends at entry {}, but its head is {}", before.sequence, end.sequence));
    }
    if !meets_noted {
        wrong.push("the audit does not contain the given head hash: it was cut off or rewritten".to_owned());
    }
    Ok(expected)
}

fn check_counters(session: &mut dyn Session, expected: &Expected, wrong: &mut Vec<String>) -> Result<()> {
    let mut found = session.query("SELECT last_reference FROM chain", &[])?;
    if found.len() != 1 {
        wrong.push(format!("the table 'chain' has {} rows instead of one", found.len()));
    }
    let last = found.pop().ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?.integer()?;
    if last != expected.last_reference {
        wrong.push(format!("the last reference is said to be {last}, but was {}", expected.last_reference));
    }
    Ok(())
}

impl Expected {
    fn follow(&mut self, entry: &Entry) {
        self.follow_job(entry);
        match (entry.event, entry.writer, entry.seal) {
            (Event::Erased, Some(writer), _) => {
                self.writers.remove(&writer);
                self.erased.insert(writer);
                self.reviews.retain(|_, review| review.writer != Some(writer));
                self.requests.retain(|_, (of, _)| *of != writer);
            }
            (Event::TokenCreated | Event::TokenRevoked, _, Some(seal)) => self.follow_token(entry, seal),
            (Event::Decided, writer, Some(seal)) => {
                self.reviews.insert(entry.sequence, ExpectedReview { writer, seal, settled: None });
            }
            (Event::Settled, _, Some(seal)) => self.follow_settlement(entry, seal),
            (Event::MandateSet | Event::MandateApproved | Event::MandateRemoved, _, seal) => {
                self.follow_mandate(entry, seal);
            }
            (Event::Enrolled, Some(writer), Some(seal)) => self.follow_enrolment(entry, writer, seal),
            (_, Some(writer), Some(seal)) => {
                if let Some(known) = self.writers.get_mut(&writer) {
                    (known.changed, known.seal) = (entry.sequence, seal);
                    known.follow(entry);
                }
            }
            _ => {}
        }
    }

    fn follow_token(&mut self, entry: &Entry, seal: Hash) {
        let id = entry.details["token"].as_str().unwrap_or_default().to_owned();
        if entry.event == Event::TokenCreated {
            let (created, created_by) = (entry.time, entry.actor.clone());
            let owner = entry.details["owner"].as_str().map(str::to_owned);
            self.tokens.insert(id, ExpectedToken { seal, created, created_by, owner, revoked: None });
        } else if let Some(token) = self.tokens.get_mut(&id) {
            (token.seal, token.revoked) = (seal, Some(entry.time));
        }
    }

    fn follow_settlement(&mut self, entry: &Entry, seal: Hash) {
        let Some(review) = entry.details["decision"].as_i64().and_then(|number| self.reviews.get_mut(&number)) else {
            return;
        };
        review.seal = seal;
        if entry.outcome != "noted" {
            review.settled = Some((entry.time, entry.actor.clone(), entry.outcome.clone()));
        }
    }

    fn follow_mandate(&mut self, entry: &Entry, seal: Option<Hash>) {
        let Some(Ok(account)) = entry.details["account"].as_str().map(str::parse::<Pseudonym>) else { return };
        let (approval, is_approved) = ((entry.time, entry.actor.clone()), entry.outcome == "approved");
        match (entry.event, seal) {
            (Event::MandateSet, Some(seal)) => {
                // One that waits leaves that which holds as it is.
                self.mandates
                    .retain(|_, rule| rule.account != account || (!is_approved && rule.told.approved.is_some()));
                let told = ToldMandate {
                    rule: entry.details["rule"].clone(),
                    added: entry.time,
                    added_by: entry.actor.clone(),
                    approved: is_approved.then_some(approval),
                };
                self.mandates.insert(entry.sequence, ExpectedMandate { account, seal, told });
            }
            (Event::MandateApproved, Some(seal)) => {
                let approved = entry.details["number"].as_i64().unwrap_or_default();
                self.mandates.retain(|number, rule| rule.account != account || *number == approved);
                if let Some(rule) = self.mandates.get_mut(&approved) {
                    (rule.seal, rule.told.approved) = (seal, Some(approval));
                }
            }
            (Event::MandateRemoved, _) => self.mandates.retain(|_, rule| rule.account != account),
            _ => {}
        }
    }

    fn follow_job(&mut self, entry: &Entry) {
        let number = |name: &str| entry.details[name].as_i64().unwrap_or_default();
        match entry.event {
            Event::JobBegun => {
                let job = ExpectedJob {
                    owner: entry.actor.clone(),
                    kind: entry.details["kind"].as_str().unwrap_or_default().to_owned(),
                    rows: number("rows"),
                    files: number("files"),
                    upload: number("upload"),
                    created: entry.time,
                    ended: None,
                    counts: None,
                    decided: HashMap::new(),
                };
                self.jobs.insert(entry.sequence, job);
            }
            Event::Decided => {
                let of = &entry.details["job"];
                let place = of["row"].as_u64().unwrap_or_default() as usize;
                if let Some(job) = of["number"].as_i64().and_then(|number| self.jobs.get_mut(&number)) {
                    job.decided.insert(place, (entry.writer, entry.outcome.clone()));
                }
            }
            Event::JobEnded => {
                if let Some(job) = self.jobs.get_mut(&number("job")) {
                    job.ended = Some((entry.outcome.clone(), entry.time.milliseconds()));
                    job.counts = serde_json::from_value(entry.details["rows"].clone()).ok();
                }
            }
            Event::JobRemoved => drop(self.jobs.remove(&number("job"))),
            _ => {}
        }
    }

    fn follow_enrolment(&mut self, entry: &Entry, writer: Pseudonym, seal: Hash) {
        let known = self.writers.entry(writer).or_insert_with(|| ExpectedWriter {
            number: entry.sequence,
            created: entry.time,
            changed: entry.sequence,
            seal,
            references: BTreeMap::new(),
        });
        (known.changed, known.seal) = (entry.sequence, seal);
        for id in references(entry) {
            self.last_reference = self.last_reference.max(id);
            let reference = ExpectedReference {
                added: entry.time,
                added_by: entry.actor.clone(),
                approved: (entry.outcome == "approved").then(|| (entry.time, entry.actor.clone())),
                model: entry.model.clone().unwrap_or_default(),
            };
            known.references.insert(id, reference);
        }
        if let Some(Ok(request)) = entry.details["request"].as_str().map(str::parse) {
            self.requests.retain(|_, (_, time)| !requests::is_forgotten(*time, entry.time));
            self.requests.insert(request, (writer, entry.time));
        }
    }
}

impl ExpectedWriter {
    fn follow(&mut self, entry: &Entry) {
        let reference = entry.details["reference"].as_i64().unwrap_or_default();
        match entry.event {
            Event::Approved => {
                if let Some(known) = self.references.get_mut(&reference) {
                    known.approved = Some((entry.time, entry.actor.clone()));
                }
            }
            Event::Removed => drop(self.references.remove(&reference)),
            Event::Reembedded => {
                for id in references(entry) {
                    if let (Some(known), Some(model)) = (self.references.get_mut(&id), &entry.model) {
                        known.model.clone_from(model);
                    }
                }
            }
            _ => {}
        }
    }
}

fn references(entry: &Entry) -> impl Iterator<Item = i64> {
    entry.details["references"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_i64)
}
