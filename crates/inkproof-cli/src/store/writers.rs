//! Writers and their references.

use std::collections::HashMap;

use inkproof::{Embedding, ImageDigest, Ink};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::audit::{Chain, feed};
use super::database::{Row, Session, Value};
use super::{
    Actor, Entry, Event, Hash, Hex, ModelStamp, NewEntry, Pseudonym, Result, Store, StoreError, Time, WriterId,
};

/// How long the answer to a request is kept for its repetition.
const REQUESTS_KEPT_DAYS: u32 = 7;

/// References to be kept of a writer, old or new.
#[derive(Debug, Clone)]
pub struct Enrolment<'a> {
    pub writer: &'a WriterId,
    pub references: &'a [NewReference],
    /// The model that embedded them.
    pub model: &'a ModelStamp,
    pub by: &'a Actor,
    /// Whether somebody else has to approve them before they count.
    pub four_eyes: bool,
    /// [`Writer::changed`] of the writer that the references were compared with; 0 where there was none.
    pub seen: i64,
    /// Makes the same request, sent again, give the same answer.
    pub key: Option<RequestKey>,
}

/// One reference, not yet kept.
#[derive(Debug, Clone)]
pub struct NewReference {
    pub ink: Ink,
    pub embedding: Embedding,
    /// Of the original image.
    pub digest: ImageDigest,
    /// The original image's file, where it is to be kept.
    pub image: Option<Vec<u8>>,
    /// When it was signed, if that is known.
    pub written: Option<Time>,
}

/// An idempotency key, and a hash of the request that it came with.
#[derive(Debug, Clone)]
pub struct RequestKey {
    pub key: String,
    pub request: Hash,
}

/// What an enrolment did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    /// The new references' numbers, in their order.
    pub references: Vec<i64>,
    /// Whether it was done before, with the same idempotency key.
    pub repeated: bool,
}

/// A writer with all references.
#[derive(Debug, Clone, Serialize)]
pub struct Writer {
    pub id: WriterId,
    pub pseudonym: Pseudonym,
    pub created: Time,
    /// The number of the audit's entry that last changed the references.
    pub changed: i64,
    pub references: Vec<Reference>,
}

/// One reference.
#[derive(Debug, Clone, Serialize)]
pub struct Reference {
    pub id: i64,
    pub added: Time,
    pub added_by: Actor,
    /// None where somebody has to approve it before it counts.
    pub approved: Option<Approval>,
    /// When it was signed, if that is known.
    pub written: Option<Time>,
    /// Of the original image.
    pub digest: ImageDigest,
    /// The model that embedded it.
    pub model: ModelStamp,
    #[serde(skip)]
    pub ink: Ink,
    #[serde(skip)]
    pub embedding: Embedding,
    /// Whether the original image is kept: [`Store::image`].
    pub has_image: bool,
}

/// Who let a reference count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    pub at: Time,
    /// Who enrolled it, where nobody else had to approve it.
    pub by: Actor,
}

/// Which writers are wanted, in the order in which they were enrolled.
#[derive(Debug, Clone, Default)]
pub struct WriterPage {
    /// [`WriterSummary::number`] of the last one that is known; 0 begins with the first.
    pub after: i64,
    pub limit: usize,
    /// How their ids begin.
    pub prefix: String,
}

/// A writer in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WriterSummary {
    #[serde(skip)]
    pub number: i64,
    pub id: WriterId,
    pub created: Time,
    pub references: i64,
    /// Those of them that somebody has to approve.
    pub waiting: i64,
    /// When the newest reference was signed, or added where that is not known.
    pub newest: Option<Time>,
}

/// What was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Erased {
    pub references: u64,
    /// Questioned signatures that waited for a person.
    pub reviews: u64,
}

const SIGNATURE: &str = "id, added, added_by, approved, approved_by, written, digest, model, preprocess, ink, embedding, \
                         CASE WHEN image IS NULL THEN 0 ELSE 1 END";

impl Reference {
    /// When it was signed, or added where that is not known.
    pub fn dated(&self) -> Time {
        self.written.unwrap_or(self.added)
    }
}

impl Writer {
    /// The references that count.
    pub fn approved(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|reference| reference.approved.is_some())
    }
}

impl Store {
    /// Keeps references, and the writer if it is a new one.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where somebody else changed the writer after `seen`; [`StoreError::KeyReused`].
    pub fn enroll(&self, enrolment: &Enrolment<'_>) -> Result<Enrolled> {
        self.write(|chain| {
            if let Some(answer) = earlier_answer(chain, enrolment)? {
                return Ok(Enrolled { references: answer, repeated: true });
            }
            enroll(chain, enrolment)
        })
    }

    /// What was answered to an enrolment with this key before, so that a repetition needs no work.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where the key came with another request.
    pub fn answered(&self, by: &Actor, key: &RequestKey) -> Result<Option<Enrolled>> {
        let found = self.read(|session| answer(session, by, key))?;
        Ok(found.map(|references| Enrolled { references, repeated: true }))
    }

    /// A writer, if enrolled.
    pub fn writer(&self, id: &WriterId) -> Result<Option<Writer>> {
        self.read(|session| {
            let Some(row) = WriterRow::find(session, id)? else { return Ok(None) };
            let statement = format!("SELECT {SIGNATURE} FROM signatures WHERE writer = $1 ORDER BY id");
            let found = session.query(&statement, &[row.number.into()])?;
            let references = found.into_iter().map(reference).collect::<Result<_>>()?;
            let WriterRow { pseudonym, created, changed, .. } = row;
            Ok(Some(Writer { id: id.clone(), pseudonym, created, changed, references }))
        })
    }

    /// The id behind a pseudonym, as long as the writer is not erased.
    pub fn writer_behind(&self, pseudonym: Pseudonym) -> Result<Option<WriterId>> {
        self.read(|session| {
            let found = session.query("SELECT id FROM writers WHERE pseudonym = $1", &[pseudonym.0[..].into()])?;
            found.into_iter().next().map(|mut row| stored_id(&row.text()?)).transpose()
        })
    }

    /// Some writers.
    pub fn writers(&self, page: &WriterPage) -> Result<Vec<WriterSummary>> {
        const STATEMENT: &str = "
            SELECT number, w.id, created, count(s.id), count(s.id) - count(s.approved), max(coalesce(written, added))
            FROM (SELECT * FROM writers WHERE number > $1 AND substr(id, 1, $2) = $3 ORDER BY number LIMIT $4) w
            LEFT JOIN signatures s ON s.writer = number
            GROUP BY number, w.id, created ORDER BY number";
        let values = [
            page.after.into(),
            (page.prefix.len() as i64).into(),
            page.prefix.as_str().into(),
            (page.limit as i64).into(),
        ];
        self.read(|session| session.query(STATEMENT, &values)?.into_iter().map(summary).collect())
    }

    /// The original image of a reference, where it is kept.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`], [`StoreError::NoReference`].
    pub fn image(&self, writer: &WriterId, reference: i64) -> Result<Option<Vec<u8>>> {
        self.read(|session| {
            let row = WriterRow::get(session, writer)?;
            let values = [row.number.into(), reference.into()];
            let found = session.query("SELECT image FROM signatures WHERE writer = $1 AND id = $2", &values)?;
            let mut found = found.into_iter().next().ok_or_else(|| no_reference(writer, reference))?;
            found.maybe_bytes()
        })
    }

    /// Lets a reference count from now on.
    ///
    /// # Errors
    /// [`StoreError::FourEyes`] where the same one enrolled it, [`StoreError::AlreadyApproved`],
    /// [`StoreError::NoWriter`], [`StoreError::NoReference`].
    pub fn approve(&self, writer: &WriterId, reference: i64, by: &Actor) -> Result<()> {
        self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            const FIND: &str = "SELECT added_by, approved FROM signatures WHERE writer = $1 AND id = $2";
            let found = chain.session.query(FIND, &[row.number.into(), reference.into()])?.pop();
            let mut found = found.ok_or_else(|| no_reference(writer, reference))?;
            let (added_by, approved) = (found.text()?, found.maybe_integer()?);
            if approved.is_some() {
                return Err(StoreError::AlreadyApproved(reference));
            }
            if added_by == by.as_str() {
                return Err(StoreError::FourEyes { reference, by: added_by });
            }
            let values = [chain.now.milliseconds().into(), by.as_str().into(), reference.into()];
            chain.session.execute("UPDATE signatures SET approved = $1, approved_by = $2 WHERE id = $3", &values)?;
            sealed(chain, &row, entry(by, Event::Approved, row.pseudonym, "approved", json!({"reference": reference})))
        })
    }

    /// Forgets one reference; the writer stays, also without any.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`], [`StoreError::NoReference`].
    pub fn remove(&self, writer: &WriterId, reference: i64, by: &Actor) -> Result<()> {
        self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            let values = [row.number.into(), reference.into()];
            let removed = chain.session.execute("DELETE FROM signatures WHERE writer = $1 AND id = $2", &values)?;
            if removed == 0 {
                return Err(no_reference(writer, reference));
            }
            sealed(chain, &row, entry(by, Event::Removed, row.pseudonym, "removed", json!({"reference": reference})))
        })?;
        self.database.forget()
    }

    /// Forgets a writer: id, references, questioned signatures that wait, notes, and what connects the audit to the id.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`]; [`StoreError::StillInLog`] where it is erased but the log could not be cleared.
    pub fn erase(&self, writer: &WriterId, by: &Actor) -> Result<Erased> {
        let erased = self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            let pseudonym = || Value::from(&row.pseudonym.0[..]);
            let references = chain.session.execute("DELETE FROM signatures WHERE writer = $1", &[row.number.into()])?;
            let reviews = chain.session.execute("DELETE FROM reviews WHERE writer = $1", &[pseudonym()])?;
            chain.session.execute("DELETE FROM requests WHERE writer = $1", &[pseudonym()])?;
            chain.session.execute("DELETE FROM writers WHERE number = $1", &[row.number.into()])?;
            chain.append(entry(by, Event::Erased, row.pseudonym, "erased", json!({"references": references})), None)?;
            Ok(Erased { references, reviews })
        })?;
        self.database.forget()?;
        Ok(erased)
    }

    /// Everything that is kept of a writer, and the audit's entries on it; the export is written down too. Images are at
    /// [`Store::image`].
    ///
    /// # Errors
    /// [`StoreError::NoWriter`].
    pub fn export(&self, writer: &WriterId, by: &Actor) -> Result<(Writer, Vec<Entry>)> {
        self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            chain.append(entry(by, Event::Exported, row.pseudonym, "exported", json!({})), None)
        })?;
        let found = self.writer(writer)?.ok_or_else(|| StoreError::NoWriter(writer.clone()))?;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let after = entries.last().map_or(0, |entry| entry.sequence);
            match self.audit_of(found.pseudonym, after, 1000)? {
                page if page.is_empty() => return Ok((found, entries)),
                page => entries.extend(page),
            }
        }
    }

    /// Replaces embeddings of references, by number, with those of another model, and the inks with what that was shown.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`]; [`StoreError::Changed`] where somebody else changed the writer after `seen`.
    pub fn reembed(
        &self,
        writer: &WriterId,
        seen: i64,
        embeddings: &[(i64, Embedding, Ink)],
        model: &ModelStamp,
        by: &Actor,
    ) -> Result<()> {
        const UPDATE: &str = "UPDATE signatures SET model = $1, preprocess = $2, global = $3, embedding = $4, ink = $5
            WHERE id = $6 AND writer = $7";
        self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            row.is_as_seen(writer, seen)?;
            for (reference, embedding, ink) in embeddings {
                let values = [
                    model.digest.as_str().into(),
                    model.preprocess.as_str().into(),
                    as_bytes(&embedding.global()).into(),
                    embedding.to_bytes().into(),
                    ink.to_bytes().into(),
                    (*reference).into(),
                    row.number.into(),
                ];
                if chain.session.execute(UPDATE, &values)? == 0 {
                    return Err(no_reference(writer, *reference));
                }
            }
            let details = json!({"references": embeddings.iter().map(|(reference, ..)| reference).collect::<Vec<_>>()});
            let entry = entry(by, Event::Reembedded, row.pseudonym, "reembedded", details);
            sealed(chain, &row, NewEntry { model: Some(model.digest.clone()), ..entry })
        })
    }
}

/// What the store knows of a writer beside the references.
pub(super) struct WriterRow {
    pub number: i64,
    pub pseudonym: Pseudonym,
    secret: Hex<16>,
    created: Time,
    changed: i64,
}

impl WriterRow {
    pub fn find(session: &mut dyn Session, id: &WriterId) -> Result<Option<Self>> {
        const STATEMENT: &str = "SELECT number, pseudonym, secret, created, changed FROM writers WHERE id = $1";
        session.query(STATEMENT, &[id.as_str().into()])?.pop().map(Self::of).transpose()
    }

    pub fn get(session: &mut dyn Session, id: &WriterId) -> Result<Self> {
        Self::find(session, id)?.ok_or_else(|| StoreError::NoWriter(id.clone()))
    }

    fn of(mut row: Row) -> Result<Self> {
        Ok(Self {
            number: row.integer()?,
            pseudonym: Hex::of_slice(&row.bytes()?)?,
            secret: Hex::of_slice(&row.bytes()?)?,
            created: Time::of_milliseconds(row.integer()?)?,
            changed: row.integer()?,
        })
    }

    fn is_as_seen(&self, id: &WriterId, seen: i64) -> Result<()> {
        if self.changed == seen { Ok(()) } else { Err(StoreError::Changed(id.clone())) }
    }

    fn new(chain: &mut Chain<'_>, id: &WriterId) -> Result<Self> {
        let number = chain.next();
        let row = Self { number, pseudonym: Hex::random(), secret: Hex::random(), created: chain.now, changed: number };
        let values = [
            number.into(),
            id.as_str().into(),
            row.pseudonym.0[..].into(),
            row.secret.0[..].into(),
            row.created.milliseconds().into(),
            number.into(),
        ];
        const INSERT: &str = "INSERT INTO writers (number, id, pseudonym, secret, created, changed)
            VALUES ($1, $2, $3, $4, $5, $6)";
        chain.session.execute(INSERT, &values)?;
        Ok(row)
    }

    /// A hash over all that is kept of the references; without the secret nothing can be compared with it.
    fn seal(&self, session: &mut dyn Session) -> Result<Hash> {
        const STATEMENT: &str = "
            SELECT id, added, added_by, approved, approved_by, written, digest, model, preprocess, global, ink, embedding,
                image
            FROM signatures WHERE writer = $1 ORDER BY id";
        let mut hash = Sha256::new();
        hash.update(b"inkproof references 1");
        hash.update(self.secret.0);
        for row in session.query(STATEMENT, &[self.number.into()])? {
            row.rest().iter().for_each(|value| feed(&mut hash, value));
        }
        Ok(Hex(hash.finalize().into()))
    }
}

fn enroll(chain: &mut Chain<'_>, enrolment: &Enrolment<'_>) -> Result<Enrolled> {
    let row = match WriterRow::find(chain.session, enrolment.writer)? {
        Some(row) => row.is_as_seen(enrolment.writer, enrolment.seen).map(|()| row)?,
        None if enrolment.seen == 0 => WriterRow::new(chain, enrolment.writer)?,
        None => return Err(StoreError::Changed(enrolment.writer.clone())),
    };
    let last = chain.session.query("SELECT last_reference FROM chain WHERE one = 1", &[])?.pop();
    let last = last.ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?.integer()?;
    let ids: Vec<i64> = (last + 1..).take(enrolment.references.len()).collect();
    for (id, reference) in ids.iter().zip(enrolment.references) {
        insert(chain, enrolment, row.number, *id, reference)?;
    }
    let last = last + ids.len() as i64;
    chain.session.execute("UPDATE chain SET last_reference = $1 WHERE one = 1", &[last.into()])?;
    if let Some(key) = &enrolment.key {
        remember(chain, enrolment.by, key, row.pseudonym, &ids)?;
    }
    let outcome = if enrolment.four_eyes { "waiting" } else { "approved" };
    let entry = entry(enrolment.by, Event::Enrolled, row.pseudonym, outcome, json!({"references": ids}));
    sealed(chain, &row, NewEntry { model: Some(enrolment.model.digest.clone()), ..entry })?;
    Ok(Enrolled { references: ids, repeated: false })
}

fn insert(chain: &mut Chain<'_>, of: &Enrolment<'_>, writer: i64, id: i64, new: &NewReference) -> Result<()> {
    const INSERT: &str = "
        INSERT INTO signatures (id, writer, added, added_by, approved, approved_by, written, digest, model, preprocess,
            global, ink, embedding, image)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let now = chain.now.milliseconds();
    let values = [
        id.into(),
        writer.into(),
        now.into(),
        of.by.as_str().into(),
        (!of.four_eyes).then_some(now).into(),
        (!of.four_eyes).then_some(of.by.as_str()).into(),
        new.written.map(Time::milliseconds).into(),
        new.digest.to_string().as_str().into(),
        of.model.digest.as_str().into(),
        of.model.preprocess.as_str().into(),
        as_bytes(&new.embedding.global()).into(),
        new.ink.to_bytes().into(),
        new.embedding.to_bytes().into(),
        new.image.clone().into(),
    ];
    chain.session.execute(INSERT, &values)?;
    Ok(())
}

/// Appends an entry with the writer's seal, and notes at the writer that it is the last to have changed something.
fn sealed(chain: &mut Chain<'_>, row: &WriterRow, entry: NewEntry) -> Result<()> {
    let seal = row.seal(chain.session)?;
    let sequence = chain.append(entry, Some(seal))?;
    chain
        .session
        .execute("UPDATE writers SET changed = $1 WHERE number = $2", &[sequence.into(), row.number.into()])?;
    Ok(())
}

fn entry(by: &Actor, event: Event, writer: Pseudonym, outcome: &str, details: serde_json::Value) -> NewEntry {
    NewEntry { actor: by.clone(), event, writer: Some(writer), model: None, outcome: outcome.to_owned(), details }
}

fn earlier_answer(chain: &mut Chain<'_>, enrolment: &Enrolment<'_>) -> Result<Option<Vec<i64>>> {
    let Some(key) = &enrolment.key else { return Ok(None) };
    answer(chain.session, enrolment.by, key)
}

fn answer(session: &mut dyn Session, by: &Actor, key: &RequestKey) -> Result<Option<Vec<i64>>> {
    const FIND: &str = "SELECT request, answer FROM requests WHERE actor = $1 AND key = $2";
    let found = session.query(FIND, &[by.as_str().into(), key.key.as_str().into()])?.pop();
    let Some(mut row) = found else { return Ok(None) };
    let (request, answer) = (Hash::of_slice(&row.bytes()?)?, row.text()?);
    if request != key.request {
        return Err(StoreError::KeyReused);
    }
    serde_json::from_str(&answer).map(Some).map_err(StoreError::damaged)
}

fn remember(chain: &mut Chain<'_>, by: &Actor, key: &RequestKey, writer: Pseudonym, answer: &[i64]) -> Result<()> {
    let old = chain.now.milliseconds() - i64::from(REQUESTS_KEPT_DAYS) * 24 * 60 * 60 * 1000;
    chain.session.execute("DELETE FROM requests WHERE time < $1", &[old.into()])?;
    const INSERT: &str =
        "INSERT INTO requests (actor, key, request, writer, answer, time) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        by.as_str().into(),
        key.key.as_str().into(),
        key.request.0[..].into(),
        writer.0[..].into(),
        json!(answer).to_string().as_str().into(),
        chain.now.milliseconds().into(),
    ];
    chain.session.execute(INSERT, &values)?;
    Ok(())
}

fn reference(mut row: Row) -> Result<Reference> {
    Ok(Reference {
        id: row.integer()?,
        added: Time::of_milliseconds(row.integer()?)?,
        added_by: Actor::new(row.text()?),
        approved: match (row.maybe_integer()?, row.maybe_text()?) {
            (Some(at), Some(by)) => Some(Approval { at: Time::of_milliseconds(at)?, by: Actor::new(by) }),
            _ => None,
        },
        written: row.maybe_integer()?.map(Time::of_milliseconds).transpose()?,
        digest: row.text()?.parse().map_err(StoreError::damaged)?,
        model: ModelStamp { digest: row.text()?, preprocess: row.text()? },
        ink: Ink::from_bytes(&row.bytes()?).map_err(StoreError::damaged)?,
        embedding: Embedding::from_bytes(&row.bytes()?).map_err(StoreError::damaged)?,
        has_image: row.integer()? == 1,
    })
}

fn summary(mut row: Row) -> Result<WriterSummary> {
    Ok(WriterSummary {
        number: row.integer()?,
        id: stored_id(&row.text()?)?,
        created: Time::of_milliseconds(row.integer()?)?,
        references: row.integer()?,
        waiting: row.integer()?,
        newest: row.maybe_integer()?.map(Time::of_milliseconds).transpose()?,
    })
}

pub(super) fn stored_id(text: &str) -> Result<WriterId> {
    text.parse().map_err(StoreError::damaged)
}

fn no_reference(writer: &WriterId, reference: i64) -> StoreError {
    StoreError::NoReference { writer: writer.clone(), reference }
}

pub(super) fn as_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Compares every writer with the last seal of the audit; how many writers and references there are.
pub(super) fn check(
    session: &mut dyn Session,
    mut seals: HashMap<Pseudonym, Option<Hash>>,
    wrong: &mut Vec<String>,
) -> Result<(i64, i64)> {
    const PAGE: &str = "SELECT number, pseudonym, secret, created, changed FROM writers WHERE number > $1
        ORDER BY number LIMIT 500";
    let (mut writers, mut last) = (0, 0);
    loop {
        let page = session.query(PAGE, &[last.into()])?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let row = WriterRow::of(row)?;
            (writers, last) = (writers + 1, row.number);
            match seals.remove(&row.pseudonym).flatten() {
                Some(seal) if seal == row.seal(session)? => {}
                Some(_) => wrong.push(format!("references of writer {} were changed", row.pseudonym)),
                None => wrong.push(format!("the audit knows nothing of writer {}", row.pseudonym)),
            }
        }
    }
    let lost = seals.into_iter().filter(|(_, seal)| seal.is_some());
    wrong.extend(lost.map(|(writer, _)| format!("writer {writer} is missing, though never erased")));
    let count = session.query("SELECT count(*) FROM signatures", &[])?.pop();
    Ok((writers, count.map_or(Ok(0), |mut row| row.integer())?))
}
