//! Decisions, which are entries of the audit, and those of them that a person has to take.
//!
//! The questioned signature is kept only while a person has to look at it.

use std::collections::HashMap;

use inkproof::{Decision, Ink};
use serde::Serialize;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::audit::{Chain, feed};
use crate::check::{ExpectedReview, Settled};
use crate::database::{Row, Session, Value};
use crate::keys::Keyring;
use crate::sealing::{NOTE, QUESTIONED};
use crate::writer_row::{WriterRow, stored_id};
use crate::{Actor, Event, Hash, Hex, NewEntry, Pseudonym, Result, Store, StoreError, Time, WriterId, policy};

/// What was decided of a questioned signature.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// None where references came with the question.
    pub writer: Option<Pseudonym>,
    /// Who asked.
    pub by: Actor,
    /// What was decided.
    pub decision: Decision,
    /// The model's digest.
    pub model: String,
    /// Score, threshold, log10 LR ..., as an object; nothing that tells who the writer is.
    pub details: Json,
    /// What a person will look at; kept of undecided ones only.
    pub questioned: Option<Ink>,
}

/// A decision that a person has to take, or has taken.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    /// The number of the decision's entry in the audit.
    pub decision: i64,
    /// When the decision was written down.
    pub time: Time,
    /// Who asked.
    pub by: Actor,
    /// None where references came with the question, or the writer is erased.
    pub writer: Option<WriterId>,
    /// The digest of the model that compared.
    pub model: Option<String>,
    /// Score, threshold, log10 LR ..., as an object.
    pub details: Json,
    /// None once it is settled.
    #[serde(skip)]
    pub questioned: Option<Ink>,
    /// All that was noted, a line for each note.
    pub note: Option<String>,
    /// When a person decided; None as long as it waits.
    pub settled: Option<Time>,
    /// Who decided.
    pub settled_by: Option<Actor>,
    /// What the person decided.
    pub outcome: Option<String>,
}

/// What a person says of a review.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// None where there is only something to note, and it stays open.
    pub decision: Option<Decision>,
    /// What to note, after earlier notes.
    pub note: Option<String>,
}

const COLUMNS: &str =
    "decision, time, actor, w.id, w.number, w.key, model, details, ink, note, settled, settled_by, r.outcome";
const TABLES: &str = "reviews r JOIN audit ON sequence = decision LEFT JOIN writers w ON w.pseudonym = r.writer";

impl Store {
    /// Writes decisions down, all or none; their numbers. An undecided one with its questioned signature waits for a
    /// person from now on.
    pub fn record(&self, decisions: &[NewDecision]) -> Result<Vec<i64>> {
        self.write(|chain| decisions.iter().map(|decision| record(chain, decision)).collect())
    }

    /// Decisions that wait for a person, the oldest first, after this one.
    pub fn reviews(&self, after: i64, limit: usize) -> Result<Vec<Review>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE settled IS NULL AND decision > $1 ORDER BY decision LIMIT $2"
        );
        let values = [after.into(), (limit as i64).into()];
        self.read(|session| found(session, &statement, &values))
    }

    /// All of one writer, settled ones too.
    pub(crate) fn reviews_of(&self, writer: Pseudonym) -> Result<Vec<Review>> {
        let statement = format!("SELECT {COLUMNS} FROM {TABLES} WHERE r.writer = $1 ORDER BY decision");
        self.read(|session| found(session, &statement, &[writer.0[..].into()]))
    }

    /// One of them, also when it is settled.
    ///
    /// # Errors
    /// [`StoreError::NoReview`].
    pub fn review(&self, decision: i64) -> Result<Review> {
        let statement = format!("SELECT {COLUMNS} FROM {TABLES} WHERE decision = $1");
        let found = self.read(|session| Ok(found(session, &statement, &[decision.into()])?.pop()))?;
        found.ok_or(StoreError::NoReview(decision))
    }

    /// Writes down what a person says; with a decision the questioned signature is forgotten. Whether somebody who wants four
    /// eyes decided alone, having no second pair at this machine.
    ///
    /// # Errors
    /// [`StoreError::NoReview`], [`StoreError::Settled`], [`StoreError::OwnReview`].
    pub fn settle(&self, review: i64, settlement: &Settlement, by: &Actor) -> Result<bool> {
        self.write(|chain| settle(chain, review, settlement, by))
    }
}

pub(crate) fn record(chain: &mut Chain<'_>, new: &NewDecision) -> Result<i64> {
    let entry = NewEntry {
        actor: new.by.clone(),
        event: Event::Decided,
        writer: new.writer,
        model: Some(new.model.clone()),
        outcome: new.decision.to_string(),
        details: new.details.clone(),
    };
    let seal = match (new.decision, &new.questioned) {
        (Decision::Undecided, Some(ink)) => wait(chain, new.writer, ink)?,
        _ => None,
    };
    chain.append(entry, seal)
}

/// Keeps the questioned signature for a person under the number of the entry that comes next, unless the writer was erased
/// since the decision was asked for; the seal of what is kept.
fn wait(chain: &mut Chain<'_>, writer: Option<Pseudonym>, ink: &Ink) -> Result<Option<Hash>> {
    let number = chain.next();
    let ink = match writer.map(|writer| WriterRow::behind(chain.session, writer)).transpose()? {
        None => ink.to_bytes(),
        Some(Some(row)) => row.key.seal(QUESTIONED, number, &ink.to_bytes()),
        Some(None) => return Ok(None),
    };
    let values = [number.into(), writer.as_ref().map(|writer| &writer.0[..]).into(), ink.into()];
    chain.session.execute("INSERT INTO reviews (decision, writer, ink) VALUES ($1, $2, $3)", &values)?;
    seal(chain.session, number).map(Some)
}

const SEALED: &str = "SELECT decision, writer, ink, settled, settled_by, outcome, note FROM reviews";

/// A hash over all that is kept of a review, as it is now.
fn seal(session: &mut dyn Session, review: i64) -> Result<Hash> {
    let found = session.query(&format!("{SEALED} WHERE decision = $1"), &[review.into()])?.pop();
    Ok(hash_of(&found.ok_or(StoreError::NoReview(review))?.rest()))
}

fn hash_of(row: &[Value]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"inkproof review 1");
    row.iter().for_each(|value| feed(&mut hash, value));
    Hex(hash.finalize().into())
}

/// Compares the reviews with what the audit says.
pub(crate) fn check(
    session: &mut dyn Session,
    mut expected: HashMap<i64, ExpectedReview>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    for row in session.query(&format!("{SEALED} ORDER BY decision"), &[])? {
        let seal = hash_of(row.values());
        let (review, settled) = told_by_audit(row)?;
        match expected.remove(&review) {
            Some(expected) if (expected.seal, &expected.settled) == (seal, &settled) => {}
            Some(_) => wrong.push(format!("review {review} was changed")),
            None => wrong.push(format!("the audit knows nothing of review {review}")),
        }
    }
    wrong.extend(expected.into_keys().map(|review| format!("review {review} is missing")));
    Ok(())
}

/// A review's number, and when, by whom and how it was settled.
fn told_by_audit(mut row: Row) -> Result<(i64, Option<Settled>)> {
    let review = row.integer()?;
    row.maybe_bytes()?;
    row.maybe_bytes()?;
    let settled = row.maybe_integer()?.map(Time::from_milliseconds).transpose()?;
    let (by, outcome) = (row.maybe_text()?, row.maybe_text()?);
    Ok((review, settled.zip(by).zip(outcome).map(|((at, by), outcome)| (at, Actor::new(by), outcome))))
}

fn settle(chain: &mut Chain<'_>, review: i64, Settlement { decision, note }: &Settlement, by: &Actor) -> Result<bool> {
    const FIND: &str = "SELECT r.writer, settled, note, actor FROM reviews r JOIN audit ON sequence = decision
        WHERE decision = $1";
    let found = chain.session.query(FIND, &[review.into()])?.pop();
    let mut found = found.ok_or(StoreError::NoReview(review))?;
    let writer = found.maybe_bytes()?.map(|bytes| Pseudonym::from_slice(&bytes)).transpose()?;
    if let Some(at) = found.maybe_integer()? {
        return Err(StoreError::Settled { review, at: Time::from_milliseconds(at)? });
    }
    let (earlier, asked_by) = (found.maybe_bytes()?, Actor::new(found.text()?));
    let alone = decision.is_some() && policy::kept(chain.session)? == Some(true) && by.is_same_person(&asked_by);
    if alone && !(by.is_local() && asked_by.is_local()) {
        return Err(StoreError::OwnReview { review, by: asked_by.to_string() });
    }
    if let Some(note) = note {
        let row = writer.map(|writer| WriterRow::behind(chain.session, writer)).transpose()?.flatten();
        let note = appended(review, row.as_ref(), earlier, note)?;
        let values = [note.into(), review.into()];
        chain.session.execute("UPDATE reviews SET note = $1 WHERE decision = $2", &values)?;
    }
    let outcome = decision.map_or_else(|| "noted".to_owned(), |decision| decision.to_string());
    if decision.is_some() {
        let values = [chain.now.milliseconds().into(), by.as_str().into(), outcome.as_str().into(), review.into()];
        const UPDATE: &str =
            "UPDATE reviews SET settled = $1, settled_by = $2, outcome = $3, ink = NULL WHERE decision = $4";
        chain.session.execute(UPDATE, &values)?;
    }
    let entry = NewEntry {
        actor: by.clone(),
        event: Event::Settled,
        writer,
        model: None,
        outcome,
        details: if alone { json!({"decision": review, "alone": true}) } else { json!({"decision": review}) },
    };
    let seal = seal(chain.session, review)?;
    chain.append(entry, Some(seal))?;
    Ok(alone)
}

/// Earlier notes and a new one, as they are kept. None is ever replaced: it is what somebody saw before somebody decided.
fn appended(review: i64, writer: Option<&WriterRow>, earlier: Option<Vec<u8>>, note: &str) -> Result<Vec<u8>> {
    let earlier = match (earlier, writer) {
        (Some(sealed), Some(row)) => Some(row.key.open(NOTE, review, &sealed)?),
        (earlier, _) => earlier,
    };
    let plain = earlier.map_or_else(Vec::new, |earlier| [&earlier, &b"\n"[..]].concat());
    let plain = [&plain, note.as_bytes()].concat();
    Ok(writer.map_or_else(|| plain.clone(), |row| row.key.seal(NOTE, review, &plain)))
}

fn found(session: &mut dyn Session, statement: &str, values: &[Value]) -> Result<Vec<Review>> {
    let rows = session.query(statement, values)?;
    rows.into_iter().map(|row| review(session.keys(), row)).collect()
}

fn review(keys: &Keyring, mut row: Row) -> Result<Review> {
    let (decision, time, by) = (row.integer()?, Time::from_milliseconds(row.integer()?)?, Actor::new(row.text()?));
    let writer = row.maybe_text()?.map(|id| stored_id(&id)).transpose()?;
    let key = row.maybe_integer()?.zip(row.maybe_bytes()?);
    let key = key.map(|(number, key)| keys.unlock(number, &key)).transpose()?;
    let open = |purpose, bytes: Vec<u8>| key.map_or(Ok(bytes.clone()), |key| key.open(purpose, decision, &bytes));
    let model = row.maybe_text()?;
    let details = serde_json::from_str(&row.text()?).map_err(StoreError::damaged)?;
    let ink = row.maybe_bytes()?.map(|ink| open(QUESTIONED, ink)).transpose()?;
    let note = row.maybe_bytes()?.map(|note| open(NOTE, note)).transpose()?;
    Ok(Review {
        decision,
        time,
        by,
        writer,
        model,
        details,
        questioned: ink.map(|ink| Ink::from_bytes(&ink).map_err(StoreError::damaged)).transpose()?,
        note: note.map(|note| String::from_utf8(note).map_err(StoreError::damaged)).transpose()?,
        settled: row.maybe_integer()?.map(Time::from_milliseconds).transpose()?,
        settled_by: row.maybe_text()?.map(Actor::new),
        outcome: row.maybe_text()?,
    })
}
