//! What the store has of a writer besides the references: above all the key.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::audit::{Chain, feed};
use crate::check::{ExpectedReference, ExpectedWriter};
use crate::database::{Row, Session, Value};
use crate::info::count;
use crate::keys::Keyring;
use crate::sealing::Key;
use crate::{Actor, Hash, Hex, Pseudonym, Result, StoreError, Time, WriterId};

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
            key: keys.unlock(number, &row.bytes()?)?,
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
            chain.session.keys().lock(chain.master()?, number, &row.key)?.into(),
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
        Ok(self.seal_of(&self.references(session)?))
    }

    /// All that is kept of the references, in the order of their numbers.
    fn references(&self, session: &mut dyn Session) -> Result<Vec<Row>> {
        const STATEMENT: &str = "
            SELECT id, added, added_by, approved, approved_by, written, model, preprocess, global, kept, image
            FROM signatures WHERE writer = $1 ORDER BY id";
        session.query(STATEMENT, &[self.number.into()])
    }

    fn seal_of(&self, references: &[Row]) -> Hash {
        let mut hash = Sha256::new();
        hash.update(b"inkproof references 1");
        hash.update(self.key.bytes());
        // Else two writers' ids could be exchanged, and each be verified by the other's references.
        feed(&mut hash, &Value::from(self.id.as_str()));
        for row in references {
            row.values().iter().for_each(|value| feed(&mut hash, value));
        }
        Hex(hash.finalize().into())
    }

    /// Says what is not as the audit has it.
    fn check(&self, references: Vec<Row>, expected: &ExpectedWriter, wrong: &mut Vec<String>) -> Result<()> {
        let pseudonym = self.pseudonym;
        if self.seal_of(&references) != expected.seal {
            wrong.push(format!("id or references of writer {pseudonym} were changed"));
        }
        if (self.number, self.created, self.changed) != (expected.number, expected.created, expected.changed) {
            wrong.push(format!("number or time of writer {pseudonym} were changed"));
        }
        let found = references.into_iter().map(told_by_audit).collect::<Result<Vec<_>>>()?;
        if !found.iter().map(|(id, reference)| (id, reference)).eq(&expected.references) {
            wrong.push(format!(
                "the audit tells otherwise who added or approved references of writer {pseudonym}, or when"
            ));
        }
        Ok(())
    }
}

/// A reference's number, and what the audit tells of it.
fn told_by_audit(mut row: Row) -> Result<(i64, ExpectedReference)> {
    let (id, added, added_by) = (row.integer()?, Time::from_milliseconds(row.integer()?)?, Actor::new(row.text()?));
    let (approved, approved_by) = (row.maybe_integer()?, row.maybe_text()?);
    let approved = approved.map(Time::from_milliseconds).transpose()?.zip(approved_by.map(Actor::new));
    row.maybe_integer()?;
    Ok((id, ExpectedReference { added, added_by, approved, model: row.text()? }))
}

pub(crate) fn stored_id(text: &str) -> Result<WriterId> {
    text.parse().map_err(StoreError::damaged)
}

/// A writer's number and pseudonym, for which no key is needed.
fn named(mut row: Row) -> Result<(i64, Pseudonym)> {
    let (number, _) = (row.integer()?, row.text()?);
    Ok((number, Hex::from_slice(&row.bytes()?)?))
}

/// Compares every writer with what the audit says, which takes the master key; how many writers and references there are.
pub(crate) fn check(
    session: &mut dyn Session,
    mut expected: HashMap<Pseudonym, ExpectedWriter>,
    has_key: bool,
    wrong: &mut Vec<String>,
) -> Result<(i64, i64)> {
    const PAGE: &str = "SELECT number, id, pseudonym, key, created, changed FROM writers WHERE number > $1
        ORDER BY number LIMIT 500";
    if !has_key {
        return Ok((count(session, "writers")?, count(session, "signatures")?));
    }
    let (mut writers, mut owned, mut last) = (0, 0, i64::MIN);
    loop {
        let page = session.query(PAGE, &[last.into()])?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let (number, pseudonym) = named(row.clone())?;
            (writers, last) = (writers + 1, number);
            let Some(expected) = expected.remove(&pseudonym) else {
                wrong.push(format!("the audit knows nothing of writer {pseudonym}"));
                continue;
            };
            match WriterRow::from_row(session.keys(), row) {
                Ok(row) => {
                    let references = row.references(session)?;
                    owned += references.len() as i64;
                    row.check(references, &expected, wrong)?;
                }
                Err(StoreError::Damaged(_) | StoreError::OtherMasterKey { .. }) => {
                    wrong.push(format!("the key of writer {pseudonym} was changed"));
                }
                Err(error) => return Err(error),
            }
        }
    }
    wrong.extend(expected.into_keys().map(|writer| format!("writer {writer} is missing, though never erased")));
    let references = count(session, "signatures")?;
    if references != owned {
        wrong.push(format!("{} references belong to no writer", references - owned));
    }
    Ok((writers, references))
}
