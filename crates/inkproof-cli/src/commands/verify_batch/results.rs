//! The results of a batch, as CSV or as a JSON object a line: written row by row, and read again when a batch goes on.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use inkproof::{Decision, Score, Threshold};
use inkproof_service::{ImageFlaw, Judged, VerdictFields};
use serde::Serialize;

use super::cases::{Case, Cases};

/// What came out of a row.
pub enum Outcome {
    /// The verdict, and what makes its images unfit.
    Judged { verdict: Box<VerdictFields>, flaws: String },
    /// Why not.
    Failed(String),
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
struct Line<'a> {
    row: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    references: Option<&'a str>,
    questioned: &'a Path,
    decision: Option<Decision>,
    score: Option<Score>,
    threshold: Option<Threshold>,
    log10_lr: Option<f64>,
    flaws: &'a str,
    error: Option<&'a str>,
}

impl From<Result<Judged, String>> for Outcome {
    /// Of an enrolled writer only the questioned image can be unfit, so its name would say nothing.
    fn from(judged: Result<Judged, String>) -> Self {
        match judged {
            Err(why) => Self::Failed(why),
            Ok(Judged { answer, .. }) => {
                let named = |flaw: &ImageFlaw| match answer.writer {
                    Some(_) => flaw.flaw.clone(),
                    None => format!("{}: {}", flaw.path, flaw.flaw),
                };
                let flaws = answer.flaws.iter().map(named).collect::<Vec<_>>().join("; ");
                Self::Judged { verdict: Box::new(answer.verdict), flaws }
            }
        }
    }
}

impl Results {
    /// Opens a file behind the rows that it has already; how many these are.
    pub fn open(path: &Path, cases: &Cases) -> Result<(Self, usize)> {
        let form = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Form::Csv,
            Some("jsonl") => Form::JsonLines,
            _ => bail!("{}: results are written as .csv or .jsonl", path.display()),
        };
        let failed = || format!("{}: cannot be written", path.display());
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.with_context(failed)?;
        let mut before = Vec::new();
        BufReader::new(&file).read_to_end(&mut before).with_context(failed)?;
        let (rows, end) = match form {
            Form::Csv => rows_of_csv(&before, cases),
            Form::JsonLines => rows_of_json_lines(&before, cases),
        }
        .with_context(|| format!("{}: holds the results of something else; give another --out", path.display()))?;
        file.set_len(end as u64).and_then(|()| file.seek(SeekFrom::End(0))).with_context(failed)?;
        let mut results =
            Self { path: path.to_owned(), file: BufWriter::new(file), form, of_writers: cases.of_writers };
        if end == 0 && form == Form::Csv {
            results.put(&format!("{}\n", header(cases.of_writers)))?;
        }
        Ok((results, rows))
    }

    pub fn write(&mut self, case: &Case, outcome: &Outcome) -> Result<()> {
        let claimed = |is_so: bool| is_so.then_some(case.claimed.as_str());
        let (verdict, flaws, error) = match outcome {
            Outcome::Judged { verdict, flaws } => (Some(verdict), flaws.as_str(), None),
            Outcome::Failed(why) => (None, "", Some(why.as_str())),
        };
        let line = Line {
            row: case.number,
            writer: claimed(self.of_writers),
            references: claimed(!self.of_writers),
            questioned: &case.questioned,
            decision: verdict.map(|verdict| verdict.decision),
            score: verdict.map(|verdict| verdict.score),
            threshold: verdict.map(|verdict| verdict.threshold),
            log10_lr: verdict.and_then(|verdict| verdict.log10_lr).map(|lr| lr.get()),
            flaws,
            error,
        };
        let text = match self.form {
            Form::JsonLines => serde_json::to_string(&line)? + "\n",
            Form::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
                writer.serialize(&line)?;
                String::from_utf8(writer.into_inner().map_err(|error| error.into_error())?)?
            }
        };
        self.put(&text)
    }

    /// Lets what was written be seen.
    pub fn flush(&mut self) -> Result<()> {
        self.file.flush().with_context(|| format!("{}: cannot be written", self.path.display()))
    }

    fn put(&mut self, text: &str) -> Result<()> {
        let written = self.file.write_all(text.as_bytes());
        written.with_context(|| format!("{}: cannot be written", self.path.display()))
    }
}

fn header(of_writers: bool) -> String {
    let claimed = if of_writers { "writer" } else { "references" };
    format!("row,{claimed},questioned,decision,score,threshold,log10_lr,flaws,error")
}

/// How many whole rows there are, and where the last of them ends. A row that was cut off is written again.
fn rows_of_csv(before: &[u8], cases: &Cases) -> Result<(usize, usize)> {
    let whole = &before[..before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)];
    if whole.is_empty() {
        return Ok((0, 0));
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(whole);
    let header = header(cases.of_writers);
    let columns = header.split(',').count();
    let (mut rows, mut end, mut record) = (0, 0, csv::StringRecord::new());
    ensure!(reader.read_record(&mut record)? && record.iter().eq(header.split(',')), "its first line is another one");
    end = end.max(reader.position().byte() as usize);
    while reader.read_record(&mut record)? && record.len() == columns {
        let case = cases.rows.get(rows).context("it has more rows than the table")?;
        ensure!(is_of(case, &record[0], &record[1], &record[2]), "row {} is another one", rows + 1);
        rows += 1;
        end = reader.position().byte() as usize;
    }
    Ok((rows, end))
}

fn rows_of_json_lines(before: &[u8], cases: &Cases) -> Result<(usize, usize)> {
    let (mut rows, mut end) = (0, 0);
    for line in before.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let found: serde_json::Value = serde_json::from_slice(line)?;
        let case = cases.rows.get(rows).context("it has more rows than the table")?;
        let claimed = if cases.of_writers { &found["writer"] } else { &found["references"] };
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let same = is_of(case, &found["row"].to_string(), &text(claimed), &text(&found["questioned"]));
        ensure!(same, "row {} is another one", rows + 1);
        rows += 1;
        end += line.len();
    }
    Ok((rows, end))
}

fn is_of(case: &Case, number: &str, claimed: &str, questioned: &str) -> bool {
    number == case.number.to_string() && claimed == case.claimed && Path::new(questioned) == case.questioned
}
