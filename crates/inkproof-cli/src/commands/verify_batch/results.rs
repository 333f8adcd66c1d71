//! The results of a batch, as CSV or as a JSON object a line: written row by row, and read again when a batch goes on.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use csv::StringRecord;
use inkproof::calibration::Log10Lr;
use inkproof::{Decision, Score, Threshold};
use inkproof_lab::spreadsheet::cell;
use inkproof_service::{ImageFlaw, Judged, Verification};
use serde::{Deserialize, Serialize};

use super::cases::{Case, Cases};

/// What came out of a row: a decision, or why there is none.
pub type Outcome = Result<Decided, String>;

/// A decision as results tell it and the audit keeps it.
#[derive(Clone, Deserialize)]
pub struct Decided {
    pub decision: Decision,
    score: Score,
    threshold: Threshold,
    log10_lr: Option<Log10Lr>,
    /// What makes images unfit.
    flaws: Vec<String>,
}

/// The file that results are appended to.
pub struct Results {
    path: PathBuf,
    file: BufWriter<File>,
    form: Form,
    of_writers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    JsonLines,
}

/// A row of the results.
#[derive(Serialize)]
struct Line {
    row: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    references: Option<String>,
    questioned: String,
    decision: Option<Decision>,
    score: Option<Score>,
    threshold: Option<Threshold>,
    log10_lr: Option<Log10Lr>,
    flaws: String,
    error: Option<String>,
}

impl From<&Judged> for Decided {
    /// Of an enrolled writer only the questioned image can be unfit, so its name would say nothing.
    fn from(judged: &Judged) -> Self {
        let Verification { verdict, writer, flaws, notes, questioned, page, references, .. } = &judged.answer;
        // Which of several pages was read, and what else was found, is said where flaws are.
        let of_references = references.iter().filter_map(|scored| scored.page.sentence(&scored.reference.to_string()));
        let pages = page.sentence(questioned).into_iter().chain(of_references);
        let pages = pages.map(|page| page.trim_end_matches('.').to_owned());
        let named = |flaw: &ImageFlaw| match writer {
            Some(_) => flaw.flaw.clone(),
            None => format!("{}: {}", flaw.path, flaw.flaw),
        };
        Self {
            decision: verdict.decision,
            score: verdict.score,
            threshold: verdict.threshold,
            log10_lr: verdict.log10_lr,
            flaws: flaws.iter().map(named).chain(pages).chain(notes.iter().cloned()).collect(),
        }
    }
}

impl Results {
    /// Opens a file behind the rows that it has already; how many these are. What a stop cut off is cut off, and nothing
    /// else: a file that holds anything but results of these cases is left as it is.
    pub fn open(path: &Path, cases: &Cases) -> Result<(Self, usize)> {
        let form = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Form::Csv,
            Some("jsonl") => Form::JsonLines,
            _ => bail!("{}: results are written as .csv or .jsonl", path.display()),
        };
        let failed = || format!("{}: cannot be written", path.display());
        let mut file = open_locked(path)?;
        let mut before = Vec::new();
        BufReader::new(&file).read_to_end(&mut before).with_context(failed)?;
        let found = match form {
            Form::Csv => rows_of_csv(&before, cases),
            Form::JsonLines => rows_of_json_lines(&before, cases),
        };
        let (rows, end) = found
            .with_context(|| format!("{}: holds the results of something else; give another --out", path.display()))?;
        file.set_len(end as u64).and_then(|()| file.seek(SeekFrom::End(0))).with_context(failed)?;
        let mut results =
            Self { path: path.to_owned(), file: BufWriter::new(file), form, of_writers: cases.of_writers };
        if end == 0 && form == Form::Csv {
            results.put(&header(cases.of_writers))?;
            results.flush()?;
        }
        Ok((results, rows))
    }

    pub fn write(&mut self, case: &Case, outcome: &Outcome) -> Result<()> {
        let text = self.form.line(case, self.of_writers, outcome)?;
        self.put(&text)
    }

    /// Makes what was written last, also when the machine stops.
    pub fn flush(&mut self) -> Result<()> {
        let flushed = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        flushed.with_context(|| format!("{}: cannot be written", self.path.display()))
    }

    fn put(&mut self, text: &str) -> Result<()> {
        let written = self.file.write_all(text.as_bytes());
        written.with_context(|| format!("{}: cannot be written", self.path.display()))
    }
}

/// Opens a file that only its owner may read, and that no other batch writes at the same time.
fn open_locked(path: &Path) -> Result<File> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        bail!("{}: is no file; give another --out", path.display());
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.read(true).write(true).create(true).truncate(false).open(path);
    let file = file.with_context(|| format!("{}: cannot be written", path.display()))?;
    // Not every file system has locks.
    if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
        bail!("{}: another batch writes it; wait for that, or give another --out", path.display());
    }
    Ok(file)
}

impl Form {
    fn line(self, case: &Case, of_writers: bool, outcome: &Outcome) -> Result<String> {
        let text = |text: &str| match self {
            Self::Csv => cell(text),
            Self::JsonLines => text.to_owned(),
        };
        let claimed = |is_so: bool| is_so.then(|| text(&case.claimed));
        let (decided, error) = (outcome.as_ref().ok(), outcome.as_ref().err());
        let line = Line {
            row: case.number,
            writer: claimed(of_writers),
            references: claimed(!of_writers),
            questioned: text(&case.questioned),
            decision: decided.map(|decided| decided.decision),
            score: decided.map(|decided| decided.score),
            threshold: decided.map(|decided| decided.threshold),
            log10_lr: decided.and_then(|decided| decided.log10_lr),
            flaws: decided.map_or(String::new(), |decided| text(&decided.flaws.join("; "))),
            error: error.map(|why| text(why)),
        };
        match self {
            Self::JsonLines => Ok(serde_json::to_string(&line)? + "\n"),
            Self::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
                writer.serialize(&line)?;
                Ok(String::from_utf8(writer.into_inner().map_err(|error| error.into_error())?)?)
            }
        }
    }

    /// How the line of a case begins, whatever comes out: up to the decision.
    fn beginning(self, case: &Case, of_writers: bool) -> Result<String> {
        let mut line = self.line(case, of_writers, &Err(String::new()))?;
        let rest = match self {
            Self::Csv => ",,,,,\n".len(),
            Self::JsonLines => {
                r#""decision":null,"score":null,"threshold":null,"log10_lr":null,"flaws":"","error":""}"#.len() + 1
            }
        };
        line.truncate(line.len() - rest);
        Ok(line)
    }
}

fn header(of_writers: bool) -> String {
    let claimed = if of_writers { "writer" } else { "references" };
    format!("row,{claimed},questioned,decision,score,threshold,log10_lr,flaws,error\n")
}

/// How many whole rows there are, and where the last of them ends. A row that was cut off is written again.
fn rows_of_csv(before: &[u8], cases: &Cases) -> Result<(usize, usize)> {
    let header = header(cases.of_writers);
    if !before.starts_with(header.as_bytes()) {
        ensure!(header.as_bytes().starts_with(before), "its first line is another one");
        return Ok((0, 0));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(before);
    let columns = reader.headers()?.len();
    let (mut rows, mut end, mut record) = (0, header.len(), StringRecord::new());
    loop {
        let is_there = reader.read_record(&mut record);
        let next = reader.position().byte() as usize;
        let is_whole = next > end && before[next - 1] == b'\n';
        // What was cut within a character is no text.
        if !is_there.is_ok_and(|is_there| is_there && record.len() == columns && is_whole) {
            break;
        }
        let case = cases.rows.get(rows).context("it has more rows than the table")?;
        let expected = [case.number.to_string(), cell(&case.claimed), cell(&case.questioned)];
        ensure!(record.iter().take(3).eq(&expected), "row {} is another one", rows + 1);
        (rows, end) = (rows + 1, next);
    }
    ensure!(is_cut_row(Form::Csv, &before[end..], cases, rows)?, "row {} is another one", rows + 1);
    Ok((rows, end))
}

fn rows_of_json_lines(before: &[u8], cases: &Cases) -> Result<(usize, usize)> {
    let (mut rows, mut end) = (0, 0);
    for line in before.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let found: serde_json::Value = serde_json::from_slice(line)?;
        let case = cases.rows.get(rows).context("it has more rows than the table")?;
        let claimed = if cases.of_writers { &found["writer"] } else { &found["references"] };
        let is_of = found["row"] == case.number && *claimed == case.claimed && found["questioned"] == case.questioned;
        ensure!(is_of, "row {} is another one", rows + 1);
        rows += 1;
        end += line.len();
    }
    ensure!(is_cut_row(Form::JsonLines, &before[end..], cases, rows)?, "row {} is another one", rows + 1);
    Ok((rows, end))
}

/// Whether the end of a file is nothing, or the beginning of the next row and no more than that.
fn is_cut_row(form: Form, end: &[u8], cases: &Cases, rows: usize) -> Result<bool> {
    if end.is_empty() {
        return Ok(true);
    }
    let case = cases.rows.get(rows).context("it has more rows than the table")?;
    let beginning = form.beginning(case, cases.of_writers)?;
    // A line that ends is whole, unless the end is within quotes.
    let quotes = end.iter().filter(|byte| **byte == b'"').count();
    let is_open = form == Form::Csv && quotes % 2 == 1;
    let lines = end.iter().filter(|byte| **byte == b'\n').count();
    Ok((lines == 0 || is_open) && (end.starts_with(beginning.as_bytes()) || beginning.as_bytes().starts_with(end)))
}
