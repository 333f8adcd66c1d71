//! Jobs: the rows of a table that was handed in with its files, judged one after the other, also after a restart.
//!
//! A job is handed in once, worked at as a server has time, and its table can be had as far as it has come.

mod archive;

use std::collections::{HashMap, HashSet};
use std::error::Error as _;
use std::io::{Read, Seek};
use std::time::Instant;

use inkproof_store::{Actor, JobFiles, JobUpload, NewJob, NewJobRow, Pseudonym, StoreError, WriterId};

use crate::{
    BatchJudge, BatchMemory, Case, Cases, CasesProblem, Decided, Error, ImageField, Judged, ListedImage, Result,
    ResultForm, Service, without_page,
};
use archive::{Archive, in_plain};

/// Files of references that a job remembers; see [`BatchMemory::new`].
const REMEMBERED: usize = 256;
/// Bytes of files, and files, that are written to the store at once: nobody else waits long for it.
const AT_ONCE: usize = 2 << 20;
const FILES_AT_ONCE: usize = 64;
/// How many times its size an archive may have when it is unpacked.
const UNPACKED: u64 = 4;
/// Rows of a job, and cells and files in its table: in memory each takes many times what it takes in the table.
const MOST_ROWS: usize = 100_000;
const MOST_CELLS: usize = 500_000;
/// The table among a job's files.
const TABLE: &str = "";

/// What a job may bring.
#[derive(Debug, Clone, Copy)]
pub struct JobLimits {
    /// Bytes of the archive.
    pub archive: u64,
    /// Bytes of a file in it.
    pub file: u64,
    /// Jobs of one owner that have not ended.
    pub jobs: usize,
}

/// Why a job was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobProblem {
    /// The archive cannot be used.
    #[error("the archive cannot be used: {0}")]
    Archive(String),
    /// A limit was met.
    #[error("{0}")]
    TooLarge(String),
    /// The table cannot be used.
    #[error("{table}: {problem}")]
    Table {
        /// Its name in the archive.
        table: String,
        /// What is wrong with it.
        problem: CasesProblem,
    },
    /// The table has no row.
    #[error("{0}: has no row below its first line")]
    NoRow(String),
    /// Nobody waits for it any more.
    #[error("whoever handed it in is gone")]
    GivenUp,
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is needed to work at a job.
pub struct JobWork {
    number: i64,
    owner: Actor,
    cases: Cases,
    files: JobFiles,
    /// Numbers of files by their names.
    named: HashMap<String, i64>,
    memory: BatchMemory,
}

impl Service {
    /// Takes a zip archive with a table (`rows.csv`, or the only .csv in it) and the files that its rows name; the job's number.
    /// Where it is given up meanwhile there is no job.
    ///
    /// # Errors
    /// Where archive or table cannot be used as a whole. A row that cannot be judged says so in the job's table.
    pub fn hand_in(
        &self,
        archive: impl Read + Seek,
        limits: &JobLimits,
        owner: &Actor,
        is_given_up: &dyn Fn() -> bool,
    ) -> Result<i64, JobProblem> {
        let mut archive = Archive::open(archive, UNPACKED.saturating_mul(limits.archive))?;
        let (name, table) = archive.table()?;
        require_few(&name, &table)?;
        let cases =
            Cases::parse(table.clone()).map_err(|problem| JobProblem::Table { table: name.clone(), problem })?;
        match cases.rows.len() {
            0 => return Err(JobProblem::NoRow(name)),
            rows if rows > MOST_ROWS => return Err(too_many(&name, MOST_ROWS, "rows")),
            _ => {}
        }
        let mut upload = self.store.begin_upload();
        let (kind, header, rows) = (kind(&cases), ResultForm::Csv.header(cases.of_writers), cases.rows.len());
        let kept = self.keep_archive(&mut upload, &mut archive, &cases, &table, limits.file, is_given_up);
        let begun = kept.and_then(|()| {
            let new = NewJob { upload: &upload, owner, kind, rows, header: &header, most: limits.jobs };
            Ok(self.store.begin_job(&new)?)
        });
        if begun.is_err() {
            // Where this fails too, it is deleted an hour later.
            self.store.drop_upload(&upload).ok();
        }
        begun
    }

    /// Writes the table, and the files that its rows name and the archive has, to the store.
    fn keep_archive<R: Read + Seek>(
        &self,
        upload: &mut JobUpload,
        archive: &mut Archive<R>,
        cases: &Cases,
        table: &[u8],
        most: u64,
        is_given_up: &dyn Fn() -> bool,
    ) -> Result<(), JobProblem> {
        self.store.add_files(upload, &[(TABLE, table)])?;
        let (mut some, mut bytes, mut known) = (Vec::new(), 0, HashSet::new());
        for name in cases.files() {
            let name = file_name(name, |name| archive.has(name));
            if !known.insert(name.clone()) {
                continue;
            }
            if is_given_up() {
                return Err(JobProblem::GivenUp);
            }
            let Some(content) = archive.file(&name, most)? else { continue };
            bytes += content.len();
            some.push((name, content));
            if bytes >= AT_ONCE || some.len() >= FILES_AT_ONCE {
                self.add_files(upload, &mut some)?;
                bytes = 0;
            }
        }
        self.add_files(upload, &mut some)?;
        if is_given_up() { Err(JobProblem::GivenUp) } else { Ok(()) }
    }

    fn add_files(&self, upload: &mut JobUpload, some: &mut Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        let files: Vec<(&str, &[u8])> = some.iter().map(|(name, content)| (name.as_str(), &content[..])).collect();
        self.store.add_files(upload, &files)?;
        some.clear();
        Ok(())
    }

    /// What is needed to work at a job.
    ///
    /// # Errors
    /// [`StoreError::JobEnded`], [`StoreError::NoJob`]; [`StoreError::Damaged`] where what was handed in cannot be read.
    pub fn job_work(&self, number: i64) -> Result<JobWork, StoreError> {
        let owner = self.store.job(number)?.owner;
        let files = self.store.job_files(number)?;
        let named: HashMap<String, i64> = files.files.iter().map(|file| (file.name.clone(), file.number)).collect();
        let table = named.get(TABLE).ok_or_else(|| StoreError::Damaged("a job has no table".to_owned()))?;
        let table = self.store.job_file(&files, *table)?;
        let cases =
            Cases::parse(table).map_err(|_| StoreError::Damaged("a job's table cannot be read any more".to_owned()))?;
        Ok(JobWork { number, owner, cases, files, named, memory: BatchMemory::new(REMEMBERED) })
    }

    /// Judges a row of a job, by its place from 0; nothing is written down. What is wrong with the row is in its line.
    ///
    /// # Errors
    /// Where it is not the row's fault: the store cannot be reached, or what was handed in cannot be read any more.
    pub fn judge_job_row(
        &self,
        work: &JobWork,
        place: usize,
        deadline: Option<Instant>,
    ) -> Result<NewJobRow, StoreError> {
        let case = &work.cases.rows[place];
        let writer = self.named_writer(work, case)?;
        let read = |_: ImageField, name: &str| {
            let file = file_name(name, |name| work.named.contains_key(name));
            let (_, page) = without_page(name, |_| file == in_plain(name));
            let number = work.named.get(&file).filter(|_| !file.is_empty());
            let number = number.ok_or_else(|| Error::Row(format!("{name}: the archive has no such file")))?;
            let bytes = self.store.job_file(&work.files, *number).map_err(Unjudged::Upload)?;
            Ok::<_, Unjudged>(ListedImage { name: name.to_owned(), bytes, page, deadline })
        };
        let judged = BatchJudge::Service(self).judge(case, &work.memory, work.owner.clone(), read);
        let judged = match judged {
            Err(Unjudged::Upload(error)) => return Err(error),
            Err(Unjudged::Row(Error::Store(error))) if !is_of_row(&error) => return Err(error),
            Err(Unjudged::Row(error)) => Err(error),
            Ok(judged) => Ok(judged),
        };
        Ok(row(case, work.cases.of_writers, writer, judged))
    }

    /// A row that could not be judged.
    ///
    /// # Errors
    /// Where the store cannot be reached or read.
    pub fn failed_job_row(&self, work: &JobWork, place: usize, why: &str) -> Result<NewJobRow, StoreError> {
        let case = &work.cases.rows[place];
        let writer = self.named_writer(work, case)?;
        Ok(row(case, work.cases.of_writers, writer, Err(Error::Row(why.to_owned()))))
    }

    /// The enrolled writer whom a row names, whatever else is wrong with it.
    fn named_writer(&self, work: &JobWork, case: &Case) -> Result<Option<Pseudonym>, StoreError> {
        match case.claimed.parse::<WriterId>() {
            Ok(writer) if work.cases.of_writers => self.store.pseudonym_of(&writer),
            _ => Ok(None),
        }
    }

    /// Lines of a job's table as CSV, the first line first, after a place; None where there is none. Then the place of the last.
    ///
    /// # Errors
    /// [`StoreError::NoJob`], and what else the store says.
    pub fn job_table(&self, number: i64, after: Option<usize>, limit: usize) -> Result<Option<(String, usize)>> {
        let lines = self.store.job_lines(number, after, limit)?;
        let Some((last, _)) = lines.last() else { return Ok(None) };
        let last = *last;
        let erased = |row| format!("{row},,,,,,,,the writer was erased\n");
        let lines = lines.into_iter().map(|(row, line)| line.unwrap_or_else(|| erased(row)));
        Ok(Some((lines.collect(), last)))
    }
}

impl JobWork {
    /// The job's number.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.cases.rows.len()
    }
}

/// What can be told of a table before it is read; some lines may be empty, or be in a cell.
fn require_few(name: &str, table: &[u8]) -> Result<(), JobProblem> {
    let count = |bytes: &[u8]| table.iter().filter(|byte| bytes.contains(byte)).count();
    if count(b"\n").max(count(b"\r")) > 2 * MOST_ROWS {
        return Err(too_many(name, MOST_ROWS, "rows"));
    }
    if count(b",;\t|") > MOST_CELLS {
        return Err(too_many(name, MOST_CELLS, "cells and files"));
    }
    Ok(())
}

fn too_many(name: &str, most: usize, what: &str) -> JobProblem {
    JobProblem::TooLarge(format!("{name}: has more than {most} {what}; hand in several jobs"))
}

fn kind(cases: &Cases) -> &'static str {
    if cases.of_writers { "writers" } else { "references" }
}

fn row(case: &Case, of_writers: bool, writer: Option<Pseudonym>, judged: Result<Judged>) -> NewJobRow {
    let outcome = judged.as_ref().map(Decided::from).map_err(in_one_line);
    let line = ResultForm::Csv.line(case, of_writers, &outcome);
    NewJobRow { decision: judged.ok().map(|judged| judged.decision), writer, line }
}

/// The name of a file without its page, as an archive has it.
fn file_name(name: &str, is_there: impl Fn(&str) -> bool) -> String {
    let (file, _) = without_page(name, |name| is_there(&in_plain(name)));
    in_plain(file)
}

/// Why a row was not judged.
enum Unjudged {
    /// What was handed in cannot be read.
    Upload(StoreError),
    Row(Error),
}

impl From<Error> for Unjudged {
    fn from(error: Error) -> Self {
        Self::Row(error)
    }
}

/// Whether it is the row that asks for what is not there; anything else is tried again.
fn is_of_row(error: &StoreError) -> bool {
    matches!(error, StoreError::NoWriter(_) | StoreError::WriterId(_) | StoreError::Damaged(_))
}

fn in_one_line(error: &Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !line.contains(&said) {
            line = format!("{line}: {said}");
        }
        cause = error.source();
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Cursor, Write};
    use std::path::PathBuf;
    use std::sync::Arc;

    use inkproof::Verifier;
    use inkproof_store::{KeySource, Store};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::{EnrolRequest, NamedImage, Options, WriterState};

    const LIMITS: JobLimits = JobLimits { archive: 1 << 20, file: 1 << 20, jobs: 2 };

    fn service(folder: &tempfile::TempDir) -> Service {
        let keys = KeySource::Text(format!("inkproof-key-1 {}", "7e".repeat(32)));
        let store = Store::open(folder.path().join("store.db").to_str().unwrap(), &keys).unwrap();
        Service::new(Arc::new(Verifier::bundled()), Arc::new(store), Options::default())
    }

    fn archive(table: &str) -> Cursor<Vec<u8>> {
        let signatures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/signatures/003");
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut add = |name: &str, content: &[u8]| {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        };
        add("rows.csv", table.as_bytes());
        add("a/1.png", &fs::read(signatures.join("003_01.png")).unwrap());
        add("a/2.png", &fs::read(signatures.join("003_02.png")).unwrap());
        add("b.png", b"no picture");
        zip.finish().unwrap()
    }

    #[test]
    fn what_is_given_up_is_no_job() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(&folder);
        let table = "references,questioned\na/1.png,a/2.png\n";
        let asked = std::cell::Cell::new(0);
        for times in 0..3 {
            asked.set(0);
            let is_given_up = || asked.replace(asked.get() + 1) == times;
            let refused = service.hand_in(archive(table), &LIMITS, &Actor::local(), &is_given_up);
            assert!(matches!(refused, Err(JobProblem::GivenUp)), "{times}: {refused:?}");
        }
        assert!(service.store().open_jobs().unwrap().is_empty());
    }

    #[test]
    fn a_table_of_too_many_rows_or_cells_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(&folder);
        let rows = format!("writer,questioned\n{}", "a,b\n".repeat(2 * MOST_ROWS));
        let cells = format!("references,questioned\na{},b\n", ";a".repeat(MOST_CELLS));
        for (table, words) in [(rows, "more than 100000 rows"), (cells, "more than 500000 cells")] {
            let refused = service.hand_in(archive(&table), &LIMITS, &Actor::local(), &|| false).unwrap_err();
            assert!(matches!(refused, JobProblem::TooLarge(_)) && refused.to_string().contains(words), "{refused}");
        }
    }

    #[test]
    fn a_line_that_names_a_writer_is_erased_with_them_whatever_became_of_the_row() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(&folder);
        let image = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/signatures/003/003_01.png");
        let bytes = fs::read(image).unwrap();
        let images = [NamedImage { name: "one.png", bytes: &bytes, page: None, deadline: None }];
        let (id, state) = ("karl".parse::<WriterId>().unwrap(), WriterState::New);
        let request =
            EnrolRequest { writer: id.clone(), images: &images, written: None, force: true, state, key: None };
        service.enroll(&request, &Actor::local()).unwrap();
        let table = "writer,questioned\nkarl,a/2.png\nkarl,c.png\nkarl,\nkarl,b.png\nkarl,a/1.png\n";
        let job = service.hand_in(archive(table), &LIMITS, &Actor::local(), &|| false).unwrap();
        let work = service.job_work(job).unwrap();
        let mut rows: Vec<NewJobRow> = (0..4).map(|place| service.judge_job_row(&work, place, None).unwrap()).collect();
        rows.push(service.failed_job_row(&work, 4, "it panicked").unwrap());
        assert_eq!(rows.iter().filter(|row| row.decision.is_some()).count(), 1, "{rows:?}");
        service.store().record_rows(job, 0, &rows).unwrap();
        let told = || service.job_table(job, None, 99).unwrap().unwrap().0;
        assert_eq!(told().matches("karl").count(), 5);
        service.store().erase(&id, &Actor::local()).unwrap();
        assert_eq!((told().matches("karl").count(), told().matches("was erased").count()), (0, 5), "{}", told());
        assert_eq!(service.store().check(None).unwrap().wrong, Vec::<String>::new());
    }

    #[test]
    fn a_row_is_judged_or_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(&folder);
        let table =
            "references,questioned\na/1.png,a\\2.png\na/1.png,c.png\nb.png,a/2.png[1]\n,a/1.png\na/1.png,a/1.png[7]\n";
        let job = service.hand_in(archive(table), &LIMITS, &Actor::local(), &|| false).unwrap();
        let work = service.job_work(job).unwrap();
        assert_eq!((work.number(), work.rows(), work.files.files.len()), (job, 5, 4), "the table and what rows name");
        let rows: Vec<NewJobRow> = (0..5).map(|place| service.judge_job_row(&work, place, None).unwrap()).collect();
        assert!(rows[0].decision.is_some() && rows[0].line.starts_with("1,a/1.png,a\\2.png,"), "{}", rows[0].line);
        let words = ["", "c.png: the archive has no such file", "b.png: is text", "names no reference", "page"];
        for (row, words) in rows.iter().zip(words).skip(1) {
            assert!(row.decision.is_none() && row.line.contains(words), "{words}: {}", row.line);
        }
        let gave_up = service.judge_job_row(&work, 0, Some(Instant::now())).unwrap();
        assert!(gave_up.line.contains("too long"), "{}", gave_up.line);
        service.store().record_rows(job, 0, &rows).unwrap();
        let (text, last) = service.job_table(job, None, 99).unwrap().unwrap();
        assert_eq!((text.lines().count(), last), (6, 5));
        assert!(text.starts_with("row,references,questioned,") && text.ends_with(&rows[4].line), "{text}");
        assert!(service.job_table(job, Some(5), 99).unwrap().is_none());
        assert!(matches!(service.job_work(job), Err(StoreError::JobEnded(_))));
        while service.store().sweep_uploads().unwrap() {}
        let lost = service.judge_job_row(&work, 0, None);
        assert!(matches!(lost, Err(StoreError::Damaged(_))), "that a file is gone is not the row's fault: {lost:?}");
    }
}
