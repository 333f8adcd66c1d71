//! What the store has of a writer besides the references: above all the key.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::audit::{Chain, feed};
use crate::database::{Row, Session, Value};
use crate::info::count;
use crate::keys::Keyring;
use crate::sealing::Key;
use crate::{Hash, Hex, Pseudonym, Result, StoreError, Time, WriterId};

/// What the store knows of a writer besides the references.
pub(crate) struct WriterRow {
    pub number: i64,
    pub id: WriterId,
    pub pseudonym: Pseudonym,
    pub key: Key,
    pub created: Time,
    pub changed: i64,
}

impl WriterRow {
    pub fn find(session: &mut dyn Session, id: &WriterId) -> Result<Option<Self>> {
        const STATEMENT: &str = "SELECT number, id, pseudonym, key, created, changed FROM writers WHERE id = $1";
        let row = session.query(STATEMENT, &[id.as_str().into()])?.pop();
        row.map(|row| Self::from_row(session.keys(), row)).transpose()
    }

    /// By the name that the audit has for the writer.
    pub fn behind(session: &mut dyn Session, pseudonym: Pseudonym) -> Result<Option<Self>> {
        const STATEMENT: &str = "SELECT number, id, pseudonym, key, created, changed FROM writers WHERE pseudonym = $1";
        let row = session.query(STATEMENT, &[pseudonym.0[..].into()])?.pop();
        row.map(|row| Self::from_row(session.keys(), row)).transpose()
    }

    pub fn get(session: &mut dyn Session, id: &WriterId) -> Result<Self> {
        Self::find(session, id)?.ok_or_else(|| StoreError::NoWriter(id.clone()))
    }

    pub fn from_row(keys: &Keyring, mut row: Row) -> Result<Self> {
        let number = row.integer()?;
        Ok(Self {
            number,
            id: stored_id(&row.text()?)?,
            pseudonym: Hex::from_slice(&row.bytes()?)?,
            key: Key::unlock(keys, number, &row.bytes()?)?,
            created: Time::from_milliseconds(row.integer()?)?,
            changed: row.integer()?,
        })
    }

    pub fn is_as_seen(&self, id: &WriterId, seen: i64) -> Result<()> {
        if self.changed == seen { Ok(()) } else { Err(StoreError::Changed(id.clone())) }
    }

    pub fn new(chain: &mut Chain<'_>, id: &WriterId) -> Result<Self> {
        let number = chain.next();
        let row = Self {
            number,
            id: id.clone(),
            pseudonym: Hex::random(),
            key: Key::random(),
            created: chain.now,
            changed: number,
        };
        let values = [
            number.into(),
            id.as_str().into(),
            row.pseudonym.0[..].into(),
            row.key.locked(chain.session.keys(), chain.master()?, number)?.into(),
            row.created.milliseconds().into(),
            number.into(),
        ];
        const INSERT: &str = "INSERT INTO writers (number, id, pseudonym, key, created, changed)
            VALUES ($1, $2, $3, $4, $5, $6)";
        chain.session.execute(INSERT, &values)?;
        Ok(row)
    }

    /// A hash over the id and all that is kept of the references; without the key nothing can be compared with it.
    pub fn seal(&self, session: &mut dyn Session) -> Result<Hash> {
        const STATEMENT: &str = "
            SELECT id, added, added_by, approved, approved_by, written, model, preprocess, global, kept, image
            FROM signatures WHERE writer = $1 ORDER BY id";
        let mut hash = Sha256::new();
        hash.update(b"inkproof references 1");
        hash.update(self.key.bytes());
        // Else two writers' ids could be exchanged, and each be verified by the other's references.
        feed(&mut hash, &Value::from(self.id.as_str()));
        for row in session.query(STATEMENT, &[self.number.into()])? {
            row.rest().iter().for_each(|value| feed(&mut hash, value));
        }
        Ok(Hex(hash.finalize().into()))
    }
}

pub(crate) fn stored_id(text: &str) -> Result<WriterId> {
    text.parse().map_err(StoreError::damaged)
}

/// Compares every writer with the last seal of the audit, which takes the master key; how many writers and references there are.
pub(crate) fn check(
    session: &mut dyn Session,
    mut seals: HashMap<Pseudonym, Option<Hash>>,
    has_key: bool,
    wrong: &mut Vec<String>,
) -> Result<(i64, i64)> {
    const PAGE: &str = "SELECT number, id, pseudonym, key, created, changed FROM writers WHERE number > $1
        ORDER BY number LIMIT 500";
    if !has_key {
        return Ok((count(session, "writers")?, count(session, "signatures")?));
    }
    let (mut writers, mut last) = (0, 0);
    loop {
        let page = session.query(PAGE, &[last.into()])?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let row = WriterRow::from_row(session.keys(), row)?;
            (writers, last) = (writers + 1, row.number);
            match seals.remove(&row.pseudonym).flatten() {
                Some(seal) if seal == row.seal(session)? => {}
                Some(_) => wrong.push(format!("id or references of writer {} were changed", row.pseudonym)),
                None => wrong.push(format!("the audit knows nothing of writer {}", row.pseudonym)),
            }
        }
    }
    let lost = seals.into_iter().filter(|(_, seal)| seal.is_some());
    wrong.extend(lost.map(|(writer, _)| format!("writer {writer} is missing, though never erased")));
    Ok((writers, count(session, "signatures")?))
}
