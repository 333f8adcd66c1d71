//! Jobs: long work that goes on after a restart. What was handed in is kept until a job ends, what came out of it a few days
//! longer.
//!
//! A job has two keys of its own, sealed with the master key: with the one its upload is sealed, with the other the lines of its
//! table that speak of no enrolled writer; those that do are sealed with that writer's key, and are erased with it. When a job
//! ends the first key is forgotten, and with it the upload, wherever the database has left copies; when it is removed the other.
//!
//! A row's decision, its entry in the audit and its line are written in one transaction that demands that the row is the next
//! one. So each row is recorded once, whoever stops when, and even where two servers work on the same job.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::audit::Chain;
use crate::check::ExpectedJob;
use crate::database::{Row, Session, Value};
use crate::decisions::record;
use crate::keys::{KeyId, Keyring};
use crate::sealing::Key;
use crate::writer_row::WriterRow;
use crate::{Actor, Event, Hex, NewDecision, NewEntry, Pseudonym, Result, Store, StoreError, Time};

/// The tables' columns, what numbers their rows first.
pub(crate) const COLUMNS: &str =
    "number, owner, kind, rows, files, upload, created, outcome, ended, upload_key, table_key";
pub(crate) const FILE_COLUMNS: &str = "number, upload, name, content";
pub(crate) const ROW_COLUMNS: &str = "number, writer, outcome, line";

/// The outcome of a row that could not be judged, and of a job that could not be gone on with.
pub const FAILED: &str = "failed";

/// What is sealed with the master key.
pub(crate) const UPLOAD_KEY: &str = "key of the upload of job";
pub(crate) const TABLE_KEY: &str = "key of the table of job";
/// What is sealed with a job's own.
const NAME: &str = "name of file";
const CONTENT: &str = "content of file";
const LINE: &str = "line of a job's table";

/// A line's number is its job's times 2 to the power of this, plus its place; the first line, without a row, is at 0.
const PLACES: u32 = 20;
/// Rows of a job, at most.
pub const MOST_ROWS: usize = (1 << PLACES) - 1;

/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;
/// So long an upload may take to become a job's, in milliseconds.
const ARRIVING: i64 = 60 * 60 * 1000;
/// Files that are deleted in one transaction: nobody waits long for it.
const AT_ONCE: i64 = 4;

/// What is being handed in: sealed with a key that nobody else has until it is a job's.
pub struct JobUpload {
    number: i64,
    key: Key,
    files: i64,
}

/// A file of a job, without its content.
#[derive(Debug, Clone)]
pub struct JobFile {
    /// Its number in the store.
    pub number: i64,
    /// As it was handed in.
    pub name: String,
}

/// What was handed in.
pub struct JobFiles {
    key: Key,
    /// In the order in which they came.
    pub files: Vec<JobFile>,
}

/// A job that is to be begun.
pub struct NewJob<'a> {
    /// What was handed in.
    pub upload: &'a JobUpload,
    /// Who did.
    pub owner: &'a Actor,
    /// What its rows are judged against, in a word.
    pub kind: &'a str,
    /// How many they are, [`MOST_ROWS`] at most.
    pub rows: usize,
    /// The first line of its table.
    pub header: &'a str,
    /// How many jobs its owner may have that have not ended, with this one.
    pub most: usize,
}

/// A row of a job, judged.
#[derive(Debug, Clone)]
pub struct NewJobRow {
    /// None where it could not be judged.
    pub decision: Option<NewDecision>,
    /// Of a row that could not be judged: the enrolled writer whom its line names.
    pub writer: Option<Pseudonym>,
    /// Its line in the table.
    pub line: String,
}

/// A job, as far as it has come.
#[derive(Debug, Clone)]
pub struct Job {
    /// The number of the audit's entry that tells of its beginning.
    pub number: i64,
    /// Who handed it in.
    pub owner: Actor,
    /// What its rows are judged against, in a word.
    pub kind: String,
    /// How many rows it has.
    pub rows: usize,
    /// When it was handed in.
    pub created: Time,
    /// `done`, `cancelled` or `failed`, and since when; None as long as it goes on.
    pub ended: Option<(String, Time)>,
    /// What came of its rows so far.
    pub counts: JobCounts,
}

/// A job that goes on.
#[derive(Debug, Clone)]
pub struct OpenJob {
    /// The job's number.
    pub number: i64,
    /// Who handed it in.
    pub owner: Actor,
    /// How many of its rows are done.
    pub done: usize,
}

/// How many rows came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCounts {
    /// Accepted signatures.
    pub accepted: usize,
    /// Rejected signatures.
    pub rejected: usize,
    /// Signatures that a person has to look at.
    pub undecided: usize,
    /// Rows that could not be judged.
    pub failed: usize,
}

impl JobCounts {
    /// Rows that are done.
    pub fn done(&self) -> usize {
        self.accepted + self.rejected + self.undecided + self.failed
    }

    fn add(&mut self, outcome: &str, count: usize) -> Result<()> {
        *match outcome {
            "accepted" => &mut self.accepted,
            "rejected" => &mut self.rejected,
            "undecided" => &mut self.undecided,
            FAILED => &mut self.failed,
            _ => return Err(StoreError::damaged(format_args!("a job has a row that is '{outcome}'"))),
        } += count;
        Ok(())
    }
}

impl Store {
    /// Whether somebody may begin a job, and have at most so many with it that have not ended.
    ///
    /// # Errors
    /// [`StoreError::TooManyJobs`], and what the database says.
    pub fn may_begin_job(&self, owner: &Actor, most: usize) -> Result<()> {
        self.read(|session| require_few(session, owner, most))
    }

    /// Begins an upload; what of it never becomes a job's is deleted an hour later, unless [`Store::drop_upload`] did so.
    pub fn begin_upload(&self) -> JobUpload {
        let random = i64::from(u32::from_le_bytes(Hex::<4>::random().0) >> 12);
        JobUpload { number: (Time::now().milliseconds() << PLACES) | random, key: Key::random(), files: 0 }
    }

    /// Adds files to an upload, each with its name; they are on the disk when this returns.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_files(&self, upload: &mut JobUpload, files: &[(&str, &[u8])]) -> Result<()> {
        const LAST: &str = "SELECT coalesce(max(number), 0) FROM job_files";
        let insert = format!("INSERT INTO job_files ({FILE_COLUMNS}) VALUES ($1, $2, $3, $4)");
        self.write(|chain| {
            let mut number = chain.session.query(LAST, &[])?.pop().map_or(Ok(0), |mut row| row.integer())?;
            for (name, content) in files {
                number += 1;
                let (name, content) =
                    (upload.key.seal(NAME, number, name.as_bytes()), upload.key.seal(CONTENT, number, content));
                let values = [number.into(), upload.number.into(), name.into(), content.into()];
                chain.session.execute(&insert, &values)?;
            }
            Ok(())
        })?;
        upload.files += files.len() as i64;
        Ok(())
    }

    /// Deletes what came of an upload, unless it has become a job's.
    ///
    /// # Errors
    /// What the database says.
    pub fn drop_upload(&self, upload: &JobUpload) -> Result<()> {
        const DELETE: &str = "DELETE FROM job_files WHERE number IN (SELECT number FROM job_files
            WHERE upload = $1 AND upload NOT IN (SELECT upload FROM jobs) LIMIT $2)";
        let values = [upload.number.into(), AT_ONCE.into()];
        while self.write(|chain| chain.session.execute(DELETE, &values))? == AT_ONCE as u64 {}
        Ok(())
    }

    /// Begins a job; its number.
    ///
    /// # Errors
    /// [`StoreError::TooManyJobs`], [`StoreError::UploadGone`], and what the database says.
    pub fn begin_job(&self, new: &NewJob<'_>) -> Result<i64> {
        self.write(|chain| begin(chain, new))
    }

    /// The newest of the jobs that are meant, which is asked before their rows are counted; the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn newest_jobs(&self, is_meant: impl Fn(&Job) -> bool, most: usize) -> Result<Vec<Job>> {
        self.read(|session| {
            let jobs = found(session, "", &[])?;
            let meant = jobs.into_iter().rev().filter(&is_meant).take(most);
            meant.map(|job| counted(session, job)).collect()
        })
    }

    /// Those that have not ended, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn open_jobs(&self) -> Result<Vec<OpenJob>> {
        self.read(|session| {
            let jobs = found(session, "WHERE ended IS NULL", &[])?;
            let open = |Job { number, owner, .. }| Ok(OpenJob { number, owner, done: done(session, number)? });
            jobs.into_iter().map(open).collect()
        })
    }

    /// A job.
    ///
    /// # Errors
    /// [`StoreError::NoJob`], and what the database says.
    pub fn job(&self, number: i64) -> Result<Job> {
        self.read(|session| {
            let job = job(session, number)?;
            counted(session, job)
        })
    }

    /// What was handed in with a job that goes on.
    ///
    /// # Errors
    /// [`StoreError::JobEnded`], [`StoreError::NoJob`], and what the database says.
    pub fn job_files(&self, number: i64) -> Result<JobFiles> {
        const FIND: &str = "SELECT upload, upload_key FROM jobs WHERE number = $1";
        const FILES: &str = "SELECT number, name FROM job_files WHERE upload = $1 ORDER BY number";
        self.read(|session| {
            let row = session.query(FIND, &[number.into()])?.pop();
            let mut row = row.ok_or(StoreError::NoJob(number))?;
            let (upload, key) = (row.integer()?, row.maybe_bytes()?.ok_or(StoreError::JobEnded(number))?);
            let key = Key::from_slice(&session.keys().open(UPLOAD_KEY, number, &key)?)?;
            let file = |mut row: Row| {
                let number = row.integer()?;
                let name = String::from_utf8(key.open(NAME, number, &row.bytes()?)?).map_err(StoreError::damaged)?;
                Ok(JobFile { number, name })
            };
            let files = session.query(FILES, &[upload.into()])?.into_iter().map(file).collect::<Result<_>>()?;
            Ok(JobFiles { key, files })
        })
    }

    /// The content of one of these files.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it is not there any more, and what the database says.
    pub fn job_file(&self, of: &JobFiles, number: i64) -> Result<Vec<u8>> {
        let row = self.read(|session| {
            Ok(session.query("SELECT content FROM job_files WHERE number = $1", &[number.into()])?.pop())
        })?;
        let mut row = row.ok_or_else(|| StoreError::damaged("a file of a job is gone"))?;
        of.key.open(CONTENT, number, &row.bytes()?)
    }

    /// Writes the next rows of a job down, all or none, with their decisions: `first` is the first one's place, from 0. With the
    /// last row the job ends.
    ///
    /// # Errors
    /// [`StoreError::JobMoved`] where another row is the next, [`StoreError::JobEnded`], [`StoreError::NoJob`], and what the
    /// database says.
    pub fn record_rows(&self, number: i64, first: usize, rows: &[NewJobRow]) -> Result<()> {
        let has_ended = self.write(|chain| {
            let job = open_job(chain.session, number)?;
            if done(chain.session, number)? != first || first + rows.len() > job.rows {
                return Err(StoreError::JobMoved(number));
            }
            let table_key = table_key(chain.session, number)?;
            for (row, place) in rows.iter().zip(first + 1..) {
                record_row(chain, number, place, row, table_key)?;
            }
            let is_last = first + rows.len() == job.rows;
            if is_last {
                end(chain, number, "done", &job.owner)?;
            }
            Ok(is_last)
        })?;
        if has_ended {
            self.forget_keys(&Actor::local());
        }
        Ok(())
    }

    /// What was asked for is done, whatever comes of this: a key that cannot be cleared away now is a pending erasure.
    fn forget_keys(&self, by: &Actor) {
        self.clear_away(by).ok();
    }

    /// Ends a job before its last row, `cancelled` or [`FAILED`]; its rows that are done stay.
    ///
    /// # Errors
    /// [`StoreError::JobEnded`], [`StoreError::NoJob`], and what the database says.
    pub fn end_job(&self, number: i64, outcome: &str, by: &Actor) -> Result<()> {
        self.write(|chain| {
            open_job(chain.session, number)?;
            end(chain, number, outcome, by)
        })?;
        self.forget_keys(by);
        Ok(())
    }

    /// Numbers of the jobs that ended so many days ago, or earlier.
    ///
    /// # Errors
    /// What the database says.
    pub fn expired_jobs(&self, days: u32) -> Result<Vec<i64>> {
        let until = Time::now().milliseconds() - i64::from(days) * DAY;
        self.read(|session| {
            let rows = session.query("SELECT number FROM jobs WHERE ended <= $1 ORDER BY number", &[until.into()])?;
            rows.into_iter().map(|mut row| row.integer()).collect()
        })
    }

    /// Forgets a job that has ended, with its table.
    ///
    /// # Errors
    /// [`StoreError::JobGoesOn`], [`StoreError::NoJob`], and what the database says.
    pub fn remove_job(&self, number: i64, by: &Actor) -> Result<()> {
        self.write(|chain| {
            if job(chain.session, number)?.ended.is_none() {
                return Err(StoreError::JobGoesOn(number));
            }
            let of_job = [line_number(number, 0).into(), line_number(number + 1, 0).into()];
            chain.session.execute("DELETE FROM job_rows WHERE number >= $1 AND number < $2", &of_job)?;
            chain.session.execute("DELETE FROM jobs WHERE number = $1", &[number.into()])?;
            chain.append(entry(by, Event::JobRemoved, "removed", json!({"job": number})), None)
        })?;
        self.forget_keys(by);
        Ok(())
    }

    /// Lines of a job's table after a place; the first line, without a row, is at 0. A line is None where the writer whom it spoke
    /// of is erased.
    ///
    /// # Errors
    /// [`StoreError::NoJob`], and what the database says.
    pub fn job_lines(&self, number: i64, after: Option<usize>, limit: usize) -> Result<Vec<(usize, Option<String>)>> {
        const FIND: &str = "SELECT r.number, line, r.writer, w.number, w.key
            FROM job_rows r LEFT JOIN writers w ON w.pseudonym = r.writer
            WHERE r.number > $1 AND r.number < $2 ORDER BY r.number LIMIT $3";
        let from = after.map_or(line_number(number, 0) - 1, |place| line_number(number, place));
        let values = [from.into(), line_number(number + 1, 0).into(), (limit as i64).into()];
        self.read(|session| {
            let table_key = table_key(session, number)?;
            let rows = session.query(FIND, &values)?;
            rows.into_iter().map(|row| line(session, row, number, table_key)).collect()
        })
    }

    /// Deletes some of what is left of uploads of jobs that have ended or never began; whether there may be more.
    ///
    /// # Errors
    /// What the database says.
    pub fn sweep_uploads(&self) -> Result<bool> {
        const FIND: &str = "SELECT number FROM job_files
            WHERE upload NOT IN (SELECT upload FROM jobs WHERE ended IS NULL)
            AND (upload < $1 OR upload IN (SELECT upload FROM jobs WHERE ended IS NOT NULL)) LIMIT $2";
        let values = || [((Time::now().milliseconds() - ARRIVING) << PLACES).into(), AT_ONCE.into()];
        if self.read(|session| session.query(FIND, &values()))?.is_empty() {
            return Ok(false);
        }
        let delete = format!("DELETE FROM job_files WHERE number IN ({FIND})");
        self.write(|chain| chain.session.execute(&delete, &values())).map(|deleted| deleted == AT_ONCE as u64)
    }
}

fn begin(chain: &mut Chain<'_>, new: &NewJob<'_>) -> Result<i64> {
    let insert = format!("INSERT INTO jobs ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, $8, $9)");
    require_few(chain.session, new.owner, new.most)?;
    require_files(chain.session, new.upload)?;
    let (number, master, table_key) = (chain.next(), chain.master()?, Key::random());
    let lock = |purpose, key: &Key| chain.session.keys().seal(master, purpose, number, key.bytes());
    let (upload, rows) = (new.upload, new.rows as i64);
    let values = [
        number.into(),
        new.owner.as_str().into(),
        new.kind.into(),
        rows.into(),
        upload.files.into(),
        upload.number.into(),
        chain.now.milliseconds().into(),
        lock(UPLOAD_KEY, &upload.key)?.into(),
        lock(TABLE_KEY, &table_key)?.into(),
    ];
    chain.session.execute(&insert, &values)?;
    insert_line(chain, number, 0, (None, "first"), table_key, new.header)?;
    let details = json!({"kind": new.kind, "rows": rows, "files": upload.files, "upload": upload.number});
    chain.append(entry(new.owner, Event::JobBegun, "begun", details), None)
}

fn require_few(session: &mut dyn Session, owner: &Actor, most: usize) -> Result<()> {
    let mut open = 0;
    for mut row in session.query("SELECT owner FROM jobs WHERE ended IS NULL", &[])? {
        open += usize::from(Actor::new(row.text()?).is_same_person(owner));
    }
    if open < most { Ok(()) } else { Err(StoreError::TooManyJobs(most)) }
}

fn require_files(session: &mut dyn Session, upload: &JobUpload) -> Result<()> {
    let rows = session.query("SELECT count(*) FROM job_files WHERE upload = $1", &[upload.number.into()])?;
    let there = rows.into_iter().next().map_or(Ok(0), |mut row| row.integer())?;
    if there == upload.files { Ok(()) } else { Err(StoreError::UploadGone) }
}

fn record_row(chain: &mut Chain<'_>, job: i64, place: usize, new: &NewJobRow, table_key: Key) -> Result<()> {
    let (writer, outcome) = match &new.decision {
        None => (new.writer, FAILED.to_owned()),
        Some(decision) => {
            let mut decision = decision.clone();
            decision.details["job"] = json!({"number": job, "row": place});
            record(chain, &decision)?;
            (decision.writer, decision.decision.to_string())
        }
    };
    let key = match writer {
        None => table_key,
        // Who was erased since the row was judged is in no line, either.
        Some(writer) => WriterRow::behind(chain.session, writer)?.map_or_else(Key::random, |row| row.key),
    };
    insert_line(chain, job, place, (writer, &outcome), key, &new.line)
}

fn insert_line(
    chain: &mut Chain<'_>,
    job: i64,
    place: usize,
    (writer, outcome): (Option<Pseudonym>, &str),
    key: Key,
    line: &str,
) -> Result<()> {
    let insert = format!("INSERT INTO job_rows ({ROW_COLUMNS}) VALUES ($1, $2, $3, $4)");
    let number = line_number(job, place);
    let line = key.seal(LINE, number, line.as_bytes());
    let values = [number.into(), writer.as_ref().map(|writer| &writer.0[..]).into(), outcome.into(), line.into()];
    chain.session.execute(&insert, &values).map(drop)
}

/// With the key of the upload the upload is gone; its files are deleted later, some at a time.
fn end(chain: &mut Chain<'_>, number: i64, outcome: &str, by: &Actor) -> Result<()> {
    const UPDATE: &str = "UPDATE jobs SET outcome = $1, ended = $2, upload_key = NULL WHERE number = $3";
    let counts = counts(chain.session, number)?;
    let values = [outcome.into(), chain.now.milliseconds().into(), number.into()];
    chain.session.execute(UPDATE, &values)?;
    chain.append(entry(by, Event::JobEnded, outcome, json!({"job": number, "rows": counts})), None).map(drop)
}

fn entry(by: &Actor, event: Event, outcome: &str, details: Json) -> NewEntry {
    NewEntry { actor: by.clone(), event, writer: None, model: None, outcome: outcome.to_owned(), details }
}

fn line_number(job: i64, place: usize) -> i64 {
    (job << PLACES) + place as i64
}

fn table_key(session: &mut dyn Session, number: i64) -> Result<Key> {
    let row = session.query("SELECT table_key FROM jobs WHERE number = $1", &[number.into()])?.pop();
    let sealed = row.ok_or(StoreError::NoJob(number))?.bytes()?;
    Key::from_slice(&session.keys().open(TABLE_KEY, number, &sealed)?)
}

fn open_job(session: &mut dyn Session, number: i64) -> Result<Job> {
    let job = job(session, number)?;
    if job.ended.is_some() { Err(StoreError::JobEnded(number)) } else { Ok(job) }
}

fn job(session: &mut dyn Session, number: i64) -> Result<Job> {
    found(session, "WHERE number = $1", &[number.into()])?.pop().ok_or(StoreError::NoJob(number))
}

/// Jobs whose rows are not counted.
fn found(session: &mut dyn Session, which: &str, values: &[Value]) -> Result<Vec<Job>> {
    let statement =
        format!("SELECT number, owner, kind, rows, created, outcome, ended FROM jobs {which} ORDER BY number");
    let rows = session.query(&statement, values)?;
    rows.into_iter().map(read_job).collect()
}

fn read_job(mut row: Row) -> Result<Job> {
    Ok(Job {
        number: row.integer()?,
        owner: Actor::new(row.text()?),
        kind: row.text()?,
        rows: row.integer()? as usize,
        created: Time::from_milliseconds(row.integer()?)?,
        ended: match (row.maybe_text()?, row.maybe_integer()?) {
            (Some(outcome), Some(time)) => Some((outcome, Time::from_milliseconds(time)?)),
            _ => None,
        },
        counts: JobCounts::default(),
    })
}

fn counted(session: &mut dyn Session, job: Job) -> Result<Job> {
    Ok(Job { counts: counts(session, job.number)?, ..job })
}

/// How many rows of a job are done, without counting them: they are recorded one after the other.
fn done(session: &mut dyn Session, job: i64) -> Result<usize> {
    const LAST: &str = "SELECT max(number) FROM job_rows WHERE number >= $1 AND number < $2";
    let first = line_number(job, 0);
    let last = session.query(LAST, &[first.into(), line_number(job + 1, 0).into()])?.pop();
    let last = last.map_or(Ok(None), |mut row| row.maybe_integer())?;
    Ok(last.map_or(0, |last| (last - first) as usize))
}

fn counts(session: &mut dyn Session, job: i64) -> Result<JobCounts> {
    const COUNT: &str = "SELECT outcome, count(*) FROM job_rows WHERE number > $1 AND number < $2 GROUP BY outcome";
    let mut counts = JobCounts::default();
    for mut row in session.query(COUNT, &[line_number(job, 0).into(), line_number(job + 1, 0).into()])? {
        let (outcome, count) = (row.text()?, row.integer()?);
        counts.add(&outcome, count as usize)?;
    }
    Ok(counts)
}

fn line(session: &mut dyn Session, mut row: Row, job: i64, table_key: Key) -> Result<(usize, Option<String>)> {
    let (number, sealed, writer) = (row.integer()?, row.bytes()?, row.maybe_bytes()?);
    let key = match (writer, row.maybe_integer()?.zip(row.maybe_bytes()?)) {
        (None, _) => Some(table_key),
        (Some(_), None) => None,
        (Some(_), Some((writer, key))) => Some(session.keys().unlock(writer, &key)?),
    };
    let open = |key: Key| String::from_utf8(key.open(LINE, number, &sealed)?).map_err(StoreError::damaged);
    Ok(((number - line_number(job, 0)) as usize, key.map(open).transpose()?))
}

/// Seals the keys of all jobs with a master key, where `from` opens them: None for the session's own keys, another keyring where
/// they were copied from another store.
pub(crate) fn lock_keys(session: &mut dyn Session, from: Option<&Keyring>, master: KeyId) -> Result<()> {
    for (number, upload, table) in sealed_keys(session)? {
        let keys = session.keys();
        let open = |purpose, sealed: &[u8]| from.unwrap_or(keys).open(purpose, number, sealed);
        let lock = |purpose, sealed: &[u8]| keys.seal(master, purpose, number, &open(purpose, sealed)?);
        let upload = upload.map(|sealed| lock(UPLOAD_KEY, &sealed)).transpose()?;
        let table = lock(TABLE_KEY, &table)?;
        replace_keys(session, number, upload, table)?;
    }
    Ok(())
}

/// A job's number, and the keys of its upload and its table as the database has them.
type SealedKeys = (i64, Option<Vec<u8>>, Vec<u8>);

fn sealed_keys(session: &mut dyn Session) -> Result<Vec<SealedKeys>> {
    let rows = session.query("SELECT number, upload_key, table_key FROM jobs", &[])?;
    rows.into_iter().map(|mut row| Ok((row.integer()?, row.maybe_bytes()?, row.bytes()?))).collect()
}

fn replace_keys(session: &mut dyn Session, job: i64, upload: Option<Vec<u8>>, table: Vec<u8>) -> Result<()> {
    const UPDATE: &str = "UPDATE jobs SET upload_key = $1, table_key = $2 WHERE number = $3";
    session.execute(UPDATE, &[upload.into(), table.into(), job.into()]).map(drop)
}

/// Compares the jobs with what the audit says; without the master key, what is sealed is not looked at.
pub(crate) fn check(
    session: &mut dyn Session,
    mut expected: HashMap<i64, ExpectedJob>,
    erased: &HashSet<Pseudonym>,
    has_key: bool,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let mut lines = 0;
    for row in session.query(&format!("SELECT {COLUMNS} FROM jobs ORDER BY number"), &[])? {
        let number = row.clone().integer()?;
        let Some(expected) = expected.remove(&number) else {
            wrong.push(format!("the audit knows nothing of job {number}"));
            continue;
        };
        let keys = told_by_audit(session, row, &expected, has_key)?;
        if keys.is_none() {
            wrong.push(format!("job {number} was changed"));
        }
        let (upload_key, table_key) = keys.unwrap_or_default();
        if expected.ended.is_none() && !files_are_whole(session, &expected, upload_key)? {
            wrong.push(format!("files of job {number} were changed or are missing"));
        }
        match lines_are_whole(session, number, &expected, erased, table_key)? {
            Some(found) => lines += found,
            None => wrong.push(format!("rows of job {number} were changed or are missing")),
        }
    }
    wrong.extend(expected.into_keys().map(|number| format!("job {number} is missing")));
    if crate::info::count(session, "job_rows")? != lines && !wrong.iter().any(|wrong| wrong.contains("job ")) {
        wrong.push("there are rows of a job that the audit knows nothing of".to_owned());
    }
    Ok(())
}

/// The keys of a job's upload and of its table, as far as they are there.
type JobKeys = (Option<Key>, Option<Key>);

/// None where the audit tells otherwise, or a key was not sealed for this job.
fn told_by_audit(
    session: &mut dyn Session,
    mut row: Row,
    expected: &ExpectedJob,
    has_key: bool,
) -> Result<Option<JobKeys>> {
    let number = row.integer()?;
    let told = (row.text()?, row.text()?, [row.integer()?, row.integer()?, row.integer()?, row.integer()?]);
    let ended = (row.maybe_text()?, row.maybe_integer()?);
    let (upload_key, table_key) = (row.maybe_bytes()?, row.bytes()?);
    let is_as_told = told == told_of(expected)
        && ended == expected.ended.clone().unzip()
        && upload_key.is_some() == expected.ended.is_none();
    if !is_as_told || !has_key {
        return Ok(is_as_told.then_some((None, None)));
    }
    let open =
        |purpose, sealed: &[u8]| session.keys().open(purpose, number, sealed).and_then(|key| Key::from_slice(&key));
    let upload_key = upload_key.map(|sealed| open(UPLOAD_KEY, &sealed)).transpose();
    Ok(upload_key.ok().zip(open(TABLE_KEY, &table_key).ok()).map(|(upload, table)| (upload, Some(table))))
}

/// What the audit tells of what does not change.
fn told_of(job: &ExpectedJob) -> (String, String, [i64; 4]) {
    let numbers = [job.rows, job.files, job.upload, job.created.milliseconds()];
    (job.owner.to_string(), job.kind.clone(), numbers)
}

/// Without the key they are only counted.
fn files_are_whole(session: &mut dyn Session, expected: &ExpectedJob, key: Option<Key>) -> Result<bool> {
    const PAGE: &str = "SELECT number, name, content FROM job_files WHERE upload = $1 AND number > $2
        ORDER BY number LIMIT 8";
    let (mut files, mut last) = (0, i64::MIN);
    loop {
        let rows = session.query(PAGE, &[expected.upload.into(), last.into()])?;
        if rows.is_empty() {
            return Ok(files == expected.files);
        }
        for mut row in rows {
            last = row.integer()?;
            files += 1;
            let (name, content) = (row.bytes()?, row.bytes()?);
            let opens = |key: Key| key.open(NAME, last, &name).is_ok() && key.open(CONTENT, last, &content).is_ok();
            if !key.is_none_or(opens) {
                return Ok(false);
            }
        }
    }
}

/// How many lines there are, with the first; None where one is not as the audit tells.
fn lines_are_whole(
    session: &mut dyn Session,
    job: i64,
    expected: &ExpectedJob,
    erased: &HashSet<Pseudonym>,
    key: Option<Key>,
) -> Result<Option<i64>> {
    const PAGE: &str = "SELECT r.number, line, r.writer, w.number, w.key, r.outcome
        FROM job_rows r LEFT JOIN writers w ON w.pseudonym = r.writer
        WHERE r.number >= $1 AND r.number < $2 ORDER BY r.number LIMIT 500";
    let (mut place, mut counts) = (0, JobCounts::default());
    loop {
        let rows = session.query(PAGE, &[line_number(job, place).into(), line_number(job + 1, 0).into()])?;
        if rows.is_empty() {
            let is_whole = place > 0 && expected.counts.is_none_or(|told| told == counts);
            let has_all = expected.decided.keys().all(|told| *told < place);
            return Ok((is_whole && has_all).then_some(place as i64));
        }
        for row in rows {
            let of_line = row.clone();
            let mut row = row;
            let (number, _, writer) = (row.integer()?, row.bytes()?, row.maybe_bytes()?);
            let (writer_number, _, outcome) = (row.maybe_integer()?, row.maybe_bytes()?, row.text()?);
            let told = match expected.decided.get(&place) {
                Some((writer, outcome)) => (writer.as_ref().map(|writer| writer.0.to_vec()), outcome.as_str()),
                None if place == 0 => (None, "first"),
                // The audit tells nothing of a row that failed; its line opens with the key of the writer whom it names.
                None => (writer.clone(), FAILED),
            };
            let is_erased = writer.is_some() && writer_number.is_none();
            let was_enrolled =
                |writer: &[u8]| Pseudonym::from_slice(writer).is_ok_and(|writer| erased.contains(&writer));
            if is_erased && !writer.as_deref().is_some_and(was_enrolled) {
                return Ok(None);
            }
            let opens = |key| is_erased || line(session, of_line, job, key).is_ok();
            if number != line_number(job, place) || told != (writer, &outcome) || !key.is_none_or(opens) {
                return Ok(None);
            }
            if place > 0 {
                counts.add(&outcome, 1)?;
            }
            place += 1;
        }
    }
}
