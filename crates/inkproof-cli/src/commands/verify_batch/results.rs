//! The results of a batch, as CSV or as a JSON object a line: written row by row, and read again when a batch goes on.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use csv::StringRecord;
use inkproof_service::{Case, CaseOutcome, Cases, ResultForm};
use inkproof_table::cell;

/// The file that results are appended to.
pub struct Results {
    path: PathBuf,
    file: BufWriter<File>,
    form: ResultForm,
    of_writers: bool,
}

impl Results {
    /// Opens a file behind the rows that it has already; how many these are. What a stop cut off is cut off, and nothing
    /// else: a file that holds anything but results of these cases is left as it is.
    pub fn open(path: &Path, cases: &Cases) -> Result<(Self, usize)> {
        let form = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => ResultForm::Csv,
            Some("jsonl") => ResultForm::JsonLines,
            _ => bail!("{}: results are written as .csv or .jsonl", path.display()),
        };
        let failed = || format!("{}: cannot be written", path.display());
        let mut file = open_locked(path)?;
        let mut before = Vec::new();
        BufReader::new(&file).read_to_end(&mut before).with_context(failed)?;
        let found = match form {
            ResultForm::Csv => rows_of_csv(&before, cases),
            ResultForm::JsonLines => rows_of_json_lines(&before, cases),
        };
        let (rows, end) = found
            .with_context(|| format!("{}: holds the results of something else; give another --out", path.display()))?;
        file.set_len(end as u64).and_then(|()| file.seek(SeekFrom::End(0))).with_context(failed)?;
        let mut results =
            Self { path: path.to_owned(), file: BufWriter::new(file), form, of_writers: cases.of_writers };
        if end == 0 {
            results.put(&form.header(cases.of_writers))?;
            results.flush()?;
        }
        Ok((results, rows))
    }

    pub fn write(&mut self, case: &Case, outcome: &CaseOutcome) -> Result<()> {
        let text = self.form.line(case, self.of_writers, outcome);
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

/// How many whole rows there are, and where the last of them ends. A row that was cut off is written again.
fn rows_of_csv(before: &[u8], cases: &Cases) -> Result<(usize, usize)> {
    let header = ResultForm::Csv.header(cases.of_writers);
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
    ensure!(is_cut_row(ResultForm::Csv, &before[end..], cases, rows)?, "row {} is another one", rows + 1);
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
    ensure!(is_cut_row(ResultForm::JsonLines, &before[end..], cases, rows)?, "row {} is another one", rows + 1);
    Ok((rows, end))
}

/// Whether the end of a file is nothing, or the beginning of the next row and no more than that.
fn is_cut_row(form: ResultForm, end: &[u8], cases: &Cases, rows: usize) -> Result<bool> {
    if end.is_empty() {
        return Ok(true);
    }
    let case = cases.rows.get(rows).context("it has more rows than the table")?;
    let beginning = form.beginning(case, cases.of_writers);
    // A line that ends is whole, unless the end is within quotes.
    let quotes = end.iter().filter(|byte| **byte == b'"').count();
    let is_open = form == ResultForm::Csv && quotes % 2 == 1;
    let lines = end.iter().filter(|byte| **byte == b'\n').count();
    Ok((lines == 0 || is_open) && (end.starts_with(beginning.as_bytes()) || beginning.as_bytes().starts_with(end)))
}
