//! Writers and their references: enrolled, approved, removed, erased.

use inkproof::{Embedding, Ink};
use serde_json::json;

use crate::audit::Chain;
use crate::database::{Row, Value};
use crate::records::Approval;
use crate::sealing::{GLOBAL, IMAGE, KEPT, Kept, Key, vector_to_bytes};
use crate::writer_row::{WriterRow, stored_id};
use crate::{
    Actor, Enrolled, Enrolment, Entry, Erased, Event, Exported, Hex, ModelStamp, NewEntry, NewReference, Pseudonym,
    Reference, RequestKey, Result, Store, StoreError, Time, Writer, WriterId, WriterPage, WriterSummary, policy,
    requests,
};

/// Writers that [`Store::all_writers`] asks for at once.
const AT_ONCE: usize = 500;

const SIGNATURE: &str = "id, kept, added, added_by, approved, approved_by, written, model, preprocess, \
                         CASE WHEN image IS NULL THEN 0 ELSE 1 END";

impl Store {
    /// Keeps references, and the writer if it is a new one.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where somebody else changed the writer after `seen`; [`StoreError::KeyReused`].
    pub fn enroll(&self, enrolment: &Enrolment<'_>) -> Result<Enrolled> {
        self.write(|chain| {
            let key = enrolment.key.as_ref();
            match key.map(|key| requests::answer(chain.session, enrolment.by, key)).transpose()?.flatten() {
                Some(answer) => Ok(Enrolled { references: answer, repeated: true }),
                None => enroll(chain, enrolment),
            }
        })
    }

    /// What was answered to an enrolment with this key before, so that a repetition needs no work.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where the key came with another request.
    pub fn answered(&self, by: &Actor, key: &RequestKey) -> Result<Option<Enrolled>> {
        let found = self.read(|session| requests::answer(session, by, key))?;
        Ok(found.map(|references| Enrolled { references, repeated: true }))
    }

    /// A writer, if enrolled.
    pub fn writer(&self, id: &WriterId) -> Result<Option<Writer>> {
        self.read(|session| {
            let Some(row) = WriterRow::find(session, id)? else { return Ok(None) };
            let statement = format!("SELECT {SIGNATURE} FROM signatures WHERE writer = $1 ORDER BY id");
            let found = session.query(&statement, &[row.number.into()])?;
            let references = found.into_iter().map(|found| reference(found, &row.key)).collect::<Result<_>>()?;
            let WriterRow { pseudonym, created, changed, .. } = row;
            Ok(Some(Writer { id: id.clone(), pseudonym, created, changed, references }))
        })
    }

    /// What changes whenever the references of a writer do, or the calibration of a model: the numbers of the audit's last
    /// entries about them, 0 where there is none.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`].
    pub fn state_of_references(&self, id: &WriterId, model: &str) -> Result<[i64; 2]> {
        const CALIBRATED: &str = "SELECT coalesce(max(sequence), 0) FROM audit WHERE event = $1 AND model = $2";
        self.read(|session| {
            let found = session.query("SELECT changed FROM writers WHERE id = $1", &[id.as_str().into()])?.pop();
            let changed = found.ok_or_else(|| StoreError::NoWriter(id.clone()))?.integer()?;
            let values = [Event::Calibrated.word().into(), model.into()];
            let calibrated = session.query(CALIBRATED, &values)?.pop().map_or(Ok(0), |mut row| row.integer())?;
            Ok([changed, calibrated])
        })
    }

    /// What the audit calls a writer, if enrolled.
    ///
    /// # Errors
    /// What the database says.
    pub fn pseudonym_of(&self, id: &WriterId) -> Result<Option<Pseudonym>> {
        self.read(|session| {
            let found = session.query("SELECT pseudonym FROM writers WHERE id = $1", &[id.as_str().into()])?.pop();
            found.map(|mut row| Hex::from_slice(&row.bytes()?)).transpose()
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

    /// All writers whose ids begin so, in the order in which they were enrolled. They are asked for some at a time: whoever is
    /// enrolled or erased meanwhile is among them or not. An error is the last.
    pub fn all_writers(&self, prefix: &str) -> impl Iterator<Item = Result<WriterSummary>> {
        let mut page = WriterPage { after: 0, limit: AT_ONCE, prefix: prefix.to_owned() };
        let mut ended = false;
        let pages = std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let found = self.writers(&page);
            match found.as_ref().ok().and_then(|found| found.last()) {
                Some(last) => page.after = last.number,
                None => ended = true,
            }
            Some(found)
        });
        pages.flat_map(|found| match found {
            Ok(found) => found.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
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
            found.maybe_bytes()?.map(|image| row.key.open(IMAGE, reference, &image)).transpose()
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
            if by.is_same_person(&Actor::new(added_by.clone())) {
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
        })
    }

    /// Forgets a writer: id, references, questioned signatures that wait, notes, what connects the audit to the id, and the
    /// key without which nothing of that can be read, should the database have kept a copy somewhere. While somebody reads
    /// what was before, that key stays in the database's files, and clearing it away is pending.
    ///
    /// # Errors
    /// [`StoreError::NoWriter`]; [`StoreError::MayNotRewrite`] where it is erased but the key can never be cleared away so.
    pub fn erase(&self, writer: &WriterId, by: &Actor) -> Result<Erased> {
        let erased = self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            let pseudonym = || Value::from(&row.pseudonym.0[..]);
            let references = chain.session.execute("DELETE FROM signatures WHERE writer = $1", &[row.number.into()])?;
            let reviews = chain.session.execute("DELETE FROM reviews WHERE writer = $1", &[pseudonym()])?;
            chain.session.execute("DELETE FROM requests WHERE writer = $1", &[pseudonym()])?;
            chain.session.execute("DELETE FROM writers WHERE number = $1", &[row.number.into()])?;
            chain.append(entry(by, Event::Erased, row.pseudonym, "erased", json!({"references": references})), None)?;
            Ok(Erased { references, reviews, pending: true })
        })?;
        Ok(Erased { pending: self.clear_away(by)?, ..erased })
    }

    /// Everything that is kept of a writer; the export is written down too. Images are at [`Store::image`].
    ///
    /// # Errors
    /// [`StoreError::NoWriter`].
    pub fn export(&self, writer: &WriterId, by: &Actor) -> Result<Exported> {
        self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            chain.append(entry(by, Event::Exported, row.pseudonym, "exported", json!({})), None)
        })?;
        let found = self.writer(writer)?.ok_or_else(|| StoreError::NoWriter(writer.clone()))?;
        let reviews = self.reviews_of(found.pseudonym)?;
        let accounts = self.accounts_of(found.pseudonym)?;
        let mut audit: Vec<Entry> = Vec::new();
        loop {
            let after = audit.last().map_or(0, |entry| entry.sequence);
            match self.audit_of(found.pseudonym, after, 1000)? {
                page if page.is_empty() => return Ok(Exported { writer: found, reviews, accounts, audit }),
                page => audit.extend(page),
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
        const UPDATE: &str = "UPDATE signatures SET model = $1, preprocess = $2, global = $3, kept = $4
            WHERE id = $5 AND writer = $6";
        const FIND: &str = "SELECT kept FROM signatures WHERE writer = $1 AND id = $2";
        self.write(|chain| {
            let row = WriterRow::get(chain.session, writer)?;
            row.is_as_seen(writer, seen)?;
            for (id, embedding, ink) in embeddings {
                let found = chain.session.query(FIND, &[row.number.into(), (*id).into()])?.pop();
                let found = found.ok_or_else(|| no_reference(writer, *id))?.bytes()?;
                let digest = Kept::from_bytes(&row.key.open(KEPT, *id, &found)?)?.digest;
                let kept = Kept { digest, ink: ink.clone(), embedding: embedding.clone() };
                let values = [
                    model.digest.as_str().into(),
                    model.preprocess.as_str().into(),
                    row.key.seal(GLOBAL, *id, &vector_to_bytes(&embedding.global())).into(),
                    row.key.seal(KEPT, *id, &kept.to_bytes()).into(),
                    (*id).into(),
                    row.number.into(),
                ];
                chain.session.execute(UPDATE, &values)?;
            }
            let details = json!({"references": embeddings.iter().map(|(id, ..)| id).collect::<Vec<_>>()});
            let entry = entry(by, Event::Reembedded, row.pseudonym, "reembedded", details);
            sealed(chain, &row, NewEntry { model: Some(model.digest.clone()), ..entry })
        })
    }
}

fn enroll(chain: &mut Chain<'_>, enrolment: &Enrolment<'_>) -> Result<Enrolled> {
    let row = match WriterRow::find(chain.session, enrolment.writer)? {
        Some(row) => row.is_as_seen(enrolment.writer, enrolment.seen).map(|()| row)?,
        None if enrolment.seen == 0 => WriterRow::new(chain, enrolment.writer)?,
        None => return Err(StoreError::Changed(enrolment.writer.clone())),
    };
    is_reasonable(chain, enrolment, &row)?;
    let four_eyes = policy::agreed(policy::kept(chain.session)?, enrolment.four_eyes.then_some(true))?;
    let last = chain.session.query("SELECT last_reference FROM chain WHERE one = 1", &[])?.pop();
    let last = last.ok_or_else(|| StoreError::damaged("the head of the audit is missing"))?.integer()?;
    let ids: Vec<i64> = (last + 1..).take(enrolment.references.len()).collect();
    for (id, reference) in ids.iter().zip(enrolment.references) {
        insert(chain, enrolment, four_eyes, &row, *id, reference)?;
    }
    let last = last + ids.len() as i64;
    chain.session.execute("UPDATE chain SET last_reference = $1 WHERE one = 1", &[last.into()])?;
    let mut details = json!({"references": ids});
    if let Some(key) = &enrolment.key {
        details["request"] = json!(requests::remember(chain, enrolment.by, key, &row, &ids)?);
    }
    let outcome = if four_eyes { "waiting" } else { "approved" };
    let entry = entry(enrolment.by, Event::Enrolled, row.pseudonym, outcome, details);
    sealed(chain, &row, NewEntry { model: Some(enrolment.model.digest.clone()), ..entry })?;
    Ok(Enrolled { references: ids, repeated: false })
}

/// So many references of one writer are kept at most: every verification compares with all of them.
const MOST_REFERENCES: i64 = 100;
/// Clocks of clients may be ahead by so much, in milliseconds.
const AHEAD: i64 = 24 * 60 * 60 * 1000;

/// A date that is yet to come would hide for ever that a set is old, and references without number stop the service.
fn is_reasonable(chain: &mut Chain<'_>, enrolment: &Enrolment<'_>, row: &WriterRow) -> Result<()> {
    const COUNT: &str = "SELECT COUNT(*) FROM signatures WHERE writer = $1";
    let now = chain.now.milliseconds();
    let mut written = enrolment.references.iter().filter_map(|reference| reference.written);
    if let Some(time) = written.find(|time| time.milliseconds() > now + AHEAD) {
        return Err(StoreError::NotWrittenYet(time));
    }
    let found = chain.session.query(COUNT, &[row.number.into()])?.pop();
    let there = found.ok_or_else(|| StoreError::damaged("a count gives nothing"))?.integer()?;
    if there + enrolment.references.len() as i64 > MOST_REFERENCES {
        return Err(StoreError::TooManyReferences { writer: enrolment.writer.clone(), there, most: MOST_REFERENCES });
    }
    Ok(())
}

fn insert(
    chain: &mut Chain<'_>,
    of: &Enrolment<'_>,
    four_eyes: bool,
    writer: &WriterRow,
    id: i64,
    new: &NewReference,
) -> Result<()> {
    const INSERT: &str = "
        INSERT INTO signatures (id, writer, added, added_by, approved, approved_by, written, model, preprocess,
            global, kept, image)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let now = chain.now.milliseconds();
    let kept = Kept { digest: new.digest, ink: new.ink.clone(), embedding: new.embedding.clone() };
    let seal = |purpose, plain: &[u8]| writer.key.seal(purpose, id, plain);
    let values = [
        id.into(),
        writer.number.into(),
        now.into(),
        of.by.as_str().into(),
        (!four_eyes).then_some(now).into(),
        (!four_eyes).then_some(of.by.as_str()).into(),
        new.written.map(Time::milliseconds).into(),
        of.model.digest.as_str().into(),
        of.model.preprocess.as_str().into(),
        seal(GLOBAL, &vector_to_bytes(&new.embedding.global())).into(),
        seal(KEPT, &kept.to_bytes()).into(),
        new.image.as_ref().map(|image| seal(IMAGE, image)).into(),
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

fn reference(mut row: Row, key: &Key) -> Result<Reference> {
    let (id, sealed) = (row.integer()?, row.bytes()?);
    let Kept { digest, ink, embedding } = Kept::from_bytes(&key.open(KEPT, id, &sealed)?)?;
    Ok(Reference {
        id,
        added: Time::from_milliseconds(row.integer()?)?,
        added_by: Actor::new(row.text()?),
        approved: match (row.maybe_integer()?, row.maybe_text()?) {
            (Some(at), Some(by)) => Some(Approval { at: Time::from_milliseconds(at)?, by: Actor::new(by) }),
            _ => None,
        },
        written: row.maybe_integer()?.map(Time::from_milliseconds).transpose()?,
        digest,
        model: ModelStamp { digest: row.text()?, preprocess: row.text()? },
        ink,
        embedding,
        has_image: row.integer()? == 1,
    })
}

fn summary(mut row: Row) -> Result<WriterSummary> {
    Ok(WriterSummary {
        number: row.integer()?,
        id: stored_id(&row.text()?)?,
        created: Time::from_milliseconds(row.integer()?)?,
        references: row.integer()?,
        waiting: row.integer()?,
        newest: row.maybe_integer()?.map(Time::from_milliseconds).transpose()?,
    })
}

fn no_reference(writer: &WriterId, reference: i64) -> StoreError {
    StoreError::NoReference { writer: writer.clone(), reference }
}
