//! Tables as people have them: CSV whose cells are parted by commas, semicolons, tabs or bars, with or without Excel's
//! `sep=` line, in UTF-8 or UTF-16, with the line ends of any system.
//!
//! [`Table::parse`] is the one place where a table becomes cells, for data sets and for batches alike.
//! Columns are found by their own name or by another that people give them ([`Column`]). Lines are numbered as an editor
//! numbers them. What is written for a spreadsheet to open goes through [`cell`].
#![forbid(unsafe_code)]

mod spreadsheet;

use std::path::{Path, PathBuf};

use csv::ByteRecord;

pub use spreadsheet::cell;

/// What may part cells; where a first line has as many of two, the former does.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Characters of a table that are told in a message.
const MOST_TOLD: usize = 200;

/// A table's first line and what is below it.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<String>,
    separator: u8,
    /// The rows that hold anything.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    /// On which line of the file it begins, counted from 1.
    pub line: u64,
    /// Its cells without blanks around them, or in words why they cannot be read.
    pub cells: Result<Vec<String>, String>,
}

/// A column by its own name, and the names that others give it: letters and digits alone, in lower case.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// As it is called in messages; preferred where a table has several of the names.
    pub name: &'static str,
    /// Any of these will do.
    pub others: &'static [&'static str],
}

/// What can be wrong with a table as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableProblem {
    /// A file of Excel's own.
    #[error("is an Excel workbook, not a table of text; save it as CSV (UTF-8)")]
    Workbook,
    /// Bytes that are no characters.
    #[error("is not a table of text; save it as CSV (UTF-8)")]
    NotText,
    /// UTF-16 with half a character.
    #[error("is UTF-16 text with a broken character; save it as CSV (UTF-8)")]
    BrokenUtf16,
    /// A first line that cannot be read.
    #[error("line {line}: {why}")]
    Header {
        /// Its number.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// `sep=` with nothing that could part cells.
    #[error("the line \"{0}\" does not say what parts the cells; it is sep=, or sep=; and the like")]
    SeparatorLine(String),
    /// No line at all.
    #[error("is an empty table")]
    Empty,
    /// A column that is needed.
    #[error("no column \"{name}\" in its first line, which has {seen}")]
    MissingColumn {
        /// Its own name.
        name: &'static str,
        /// The columns that are there, and what parts them.
        seen: String,
    },
    /// Two columns, either of which may be meant.
    #[error("the columns \"{first}\" and \"{second}\" may both be the column \"{name}\"; call the right one {name}")]
    TwoColumns {
        /// The column that is looked for.
        name: &'static str,
        /// One that may be meant.
        first: String,
        /// Another.
        second: String,
    },
}

impl Table {
    /// Reads a table's bytes.
    ///
    /// # Errors
    /// For what is no table. A single row that cannot be read is in [`Row::cells`].
    pub fn parse(bytes: Vec<u8>) -> Result<Self, TableProblem> {
        let text = with_plain_line_ends(&decoded(bytes)?);
        let (separator, begin) = match separator_line(&text)? {
            Some(found) => found,
            None => (separator_of(&text), 0),
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(separator)
            .from_reader(&text[begin..]);
        let mut lines = Lines { text: &text, counted: 0, line: 1 };
        let mut header: Option<Vec<String>> = None;
        let (mut rows, mut record) = (Vec::new(), ByteRecord::new());
        while reader.read_byte_record(&mut record).expect("memory can be read, and any number of cells is allowed") {
            let line = lines.at(begin + record.position().map_or(0, |position| position.byte() as usize));
            if record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            let cells = text_of(&record);
            match &header {
                None => header = Some(cells.map_err(|why| TableProblem::Header { line, why })?),
                Some(header) => {
                    let cells = cells.and_then(|cells| require_fit(cells, header.len(), separator));
                    rows.push(Row { line, cells });
                }
            }
        }
        Ok(Self { header: header.ok_or(TableProblem::Empty)?, separator, rows })
    }

    /// Where a column is; None where there is none of these names.
    ///
    /// # Errors
    /// [`TableProblem::TwoColumns`].
    pub fn find(&self, column: &Column) -> Result<Option<usize>, TableProblem> {
        let named = |is_it: &dyn Fn(&str) -> bool| -> Vec<usize> {
            self.header.iter().enumerate().filter(|(_, name)| is_it(&plain(name))).map(|(place, _)| place).collect()
        };
        let mut found = named(&|name| name == column.name);
        if found.is_empty() {
            found = named(&|name| column.others.contains(&name));
        }
        match found[..] {
            [] => Ok(None),
            [place] => Ok(Some(place)),
            [first, second, ..] => Err(TableProblem::TwoColumns {
                name: column.name,
                first: beginning(&self.header[first]),
                second: beginning(&self.header[second]),
            }),
        }
    }

    /// Where a column is that has to be there.
    ///
    /// # Errors
    /// [`TableProblem::MissingColumn`], [`TableProblem::TwoColumns`].
    pub fn need(&self, column: &Column) -> Result<usize, TableProblem> {
        self.find(column)?.ok_or_else(|| TableProblem::MissingColumn { name: column.name, seen: self.seen() })
    }

    /// All columns whose names begin so, as `reference1` and `reference2`.
    pub fn numbered(&self, beginnings: &[&str]) -> Vec<usize> {
        let is_one = |name: &str| {
            let name = plain(name);
            beginnings.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit()))
        };
        self.header.iter().enumerate().filter(|(_, name)| is_one(name)).map(|(place, _)| place).collect()
    }

    /// The columns that are there, and what parts them: "path, writer (parted by ;)". Of a long line the beginning.
    pub fn seen(&self) -> String {
        let parted = match self.header.len() {
            1 => "one cell, with no , ; tab or | in it".to_owned(),
            _ => format!("parted by {}", shown(self.separator)),
        };
        format!("{} ({parted})", beginning(&self.header.join(", ")))
    }
}

impl Row {
    /// A cell that holds something.
    pub fn cell(&self, column: usize) -> Option<&str> {
        let cell = self.cells.as_ref().ok()?.get(column)?;
        (!cell.is_empty()).then_some(cell)
    }
}

/// The file that a cell names, in `folder` unless its path is absolute. Windows' backslashes part folders too, unless a
/// file is called so.
pub fn file(folder: &Path, cell: &str) -> PathBuf {
    let named = folder.join(cell);
    if cell.contains('\\') && !named.exists() { folder.join(cell.replace('\\', "/")) } else { named }
}

/// A name without what people write differently: its letters and digits in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// As much of a text from a table as is told.
fn beginning(text: &str) -> String {
    match text.char_indices().nth(MOST_TOLD) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text.to_owned(),
    }
}

fn shown(separator: u8) -> String {
    match separator {
        b'\t' => "tabs".to_owned(),
        other => char::from(other).to_string(),
    }
}

/// The table as UTF-8 without a byte order mark, as far as it is text.
fn decoded(bytes: Vec<u8>) -> Result<Vec<u8>, TableProblem> {
    const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"];
    if WORKBOOKS.iter().any(|beginning| bytes.starts_with(beginning)) {
        return Err(TableProblem::Workbook);
    }
    match bytes[..] {
        [0xef, 0xbb, 0xbf, ..] => Ok(bytes[3..].to_vec()),
        [0xff, 0xfe, ..] => from_utf16(&bytes[2..], u16::from_le_bytes),
        [0xfe, 0xff, ..] => from_utf16(&bytes[2..], u16::from_be_bytes),
        // Without a mark the first character, which is a letter or a quote, tells.
        [1..=255, 0, ..] => from_utf16(&bytes, u16::from_le_bytes),
        [0, 1..=255, ..] => from_utf16(&bytes, u16::from_be_bytes),
        _ if bytes.contains(&0) => Err(TableProblem::NotText),
        _ => Ok(bytes),
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Vec<u8>, TableProblem> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match String::from_utf16(&units) {
        Ok(text) if rest.is_empty() && !text.contains('\0') => Ok(text.into_bytes()),
        _ => Err(TableProblem::BrokenUtf16),
    }
}

/// With `\n` for Windows' `\r\n` and the old Macintosh's `\r`.
fn with_plain_line_ends(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    for (place, &byte) in text.iter().enumerate() {
        match byte {
            b'\r' if text.get(place + 1) == Some(&b'\n') => {}
            b'\r' => plain.push(b'\n'),
            other => plain.push(other),
        }
    }
    plain
}

/// What Excel's first line `sep=;` says, and where the next line begins; None where there is no such line.
fn separator_line(text: &[u8]) -> Result<Option<(u8, usize)>, TableProblem> {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let line = String::from_utf8_lossy(&text[..end]);
    let unquoted = line.trim_matches(['"', ' ']);
    let Some((_, said)) = unquoted.split_at_checked(4).filter(|(word, _)| word.eq_ignore_ascii_case("sep=")) else {
        return Ok(None);
    };
    // Excel writes `sep=,,` where its table is parted by commas.
    let separator = SEPARATORS.into_iter().find(|&separator| said.as_bytes().first() == Some(&separator));
    let separator = separator.or((said == "\\t").then_some(b'\t'));
    let separator = separator.ok_or_else(|| TableProblem::SeparatorLine(beginning(&line)))?;
    Ok(Some((separator, (end + 1).min(text.len()))))
}

/// What stands most often in the first line that holds anything, outside quotes.
fn separator_of(text: &[u8]) -> u8 {
    let lines = text.split(|byte| *byte == b'\n');
    let first = lines.into_iter().find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let mut counts = [0; SEPARATORS.len()];
    let mut is_quoted = false;
    for byte in first {
        is_quoted ^= *byte == b'"';
        if let (false, Some(place)) = (is_quoted, SEPARATORS.iter().position(|separator| separator == byte)) {
            counts[place] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    SEPARATORS[counts.iter().position(|count| *count == most).unwrap_or_default()]
}

/// Counts lines on the way through a text.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which what begins here, after empty lines, stands.
    fn at(&mut self, place: usize) -> u64 {
        let empty = self.text[place..].iter().take_while(|byte| **byte == b'\n').count();
        let passed = &self.text[self.counted..place + empty];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = place + empty;
        self.line
    }
}

fn text_of(record: &ByteRecord) -> Result<Vec<String>, String> {
    let cell = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let byte = bytes[error.valid_up_to()];
            Err(format!("is not UTF-8 text (byte 0x{byte:02X}); save the table as CSV (UTF-8)"))
        }
    };
    record.iter().map(cell).collect()
}

/// A row with more than its table has columns means something else than it seems to.
fn require_fit(cells: Vec<String>, columns: usize, separator: u8) -> Result<Vec<String>, String> {
    match cells.iter().rposition(|cell| !cell.is_empty()) {
        Some(last) if last >= columns => Err(format!(
            "has {} cells, but the first line has {columns}; a cell with {} in it goes in quotes",
            last + 1,
            shown(separator)
        )),
        _ => Ok(cells),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(bytes: &[u8]) -> Table {
        Table::parse(bytes.to_vec()).unwrap()
    }

    fn refusal(bytes: &[u8]) -> String {
        Table::parse(bytes.to_vec()).unwrap_err().to_string()
    }

    /// Lines and cells of all rows.
    fn rows(table: &Table) -> Vec<(u64, Vec<&str>)> {
        fn cells(row: &Row) -> Vec<&str> {
            row.cells.as_ref().unwrap().iter().map(String::as_str).collect()
        }
        table.rows.iter().map(|row| (row.line, cells(row))).collect()
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn one_table_in_every_form_that_programs_write() {
        let plain = "path,writer\nimg/1.png,anna\nimg/2.png,zoë\n";
        let semicolons = plain.replace(',', ";");
        let windows = semicolons.replace('\n', "\r\n");
        let forms: Vec<Vec<u8>> = vec![
            plain.into(),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
            semicolons.clone().into(),
            windows.clone().into(),
            plain.replace('\n', "\r").into(),
            plain.replace(',', "\t").into(),
            plain.replace(',', " | ").into(),
            plain.trim_end().into(),
            utf16(plain, u16::to_le_bytes),
            utf16(plain, u16::to_be_bytes),
            [b"\xff\xfe".to_vec(), utf16(&windows, u16::to_le_bytes)].concat(),
            [b"\xfe\xff".to_vec(), utf16(&windows, u16::to_be_bytes)].concat(),
            format!("{plain},\n,,,\n\n").into(),
        ];
        for form in forms {
            let table = table(&form);
            assert_eq!(table.header, ["path", "writer"]);
            assert_eq!(rows(&table), [(2, vec!["img/1.png", "anna"]), (3, vec!["img/2.png", "zoë"])]);
        }
        for line in ["sep=;", "SEP=;", "\"sep=;\"", "sep=;;"] {
            let table = table(format!("{line}\r\n{windows}").as_bytes());
            assert_eq!(rows(&table)[1], (4, vec!["img/2.png", "zoë"]), "{line}");
        }
        assert_eq!(rows(&table(b"sep=\t\na\tb\n1,5\t2\n")), [(3, vec!["1,5", "2"])]);
    }

    #[test]
    fn lines_are_an_editor_s() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["", "a,b", "1,\"x\n", "y\"", "", "", "2,z", " ", "3,w"].join(end);
            let lines: Vec<u64> = table(text.as_bytes()).rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [3, 8, 10], "{end:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_table_or_an_error(
            bytes in proptest::collection::vec(proptest::sample::select(&b"a1,;\t|\"\r\n =\0\xff\xfe\xefsep"[..]), 0..60),
        ) {
            if let Ok(table) = Table::parse(bytes) {
                let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
                proptest::prop_assert!(lines.is_sorted() && lines.first().is_none_or(|&first| first > 1));
            }
        }
    }

    #[test]
    fn what_is_no_table_is_called_what_it_is() {
        assert!(refusal(b"PK\x03\x04\x14\0").contains("Excel workbook"));
        assert!(refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..").contains("Excel workbook"));
        assert!(refusal(b"a,b\n\0\0").contains("not a table of text"));
        assert!(refusal(b"\xff\xfea\0,").contains("UTF-16"));
        assert!(refusal(b"").contains("empty table") && refusal(b"\n\n,,\n").contains("empty table"));
        assert!(refusal(b"sep=x\na,b\n").contains("\"sep=x\" does not say what parts"));
        assert!(refusal(format!("sep={}", "x".repeat(1 << 20)).as_bytes()).len() < 400);
        assert!(table("a".repeat(1 << 20).as_bytes()).seen().len() < 400);
        assert!(refusal(b"\nn\xfcr,b\n").contains("line 2: is not UTF-8 text (byte 0xFC)"));
        let rows = table(b"a;b\n1;m\xfcller\na;b;c\n1;2;;\n").rows;
        assert!(rows[0].cells.as_ref().unwrap_err().contains("byte 0xFC"));
        assert!(rows[1].cells.as_ref().unwrap_err().contains("has 3 cells, but the first line has 2"));
        assert!(rows[2].cells.is_ok());
    }

    #[test]
    fn columns_go_by_several_names_and_none_by_two() {
        const PATH: Column = Column { name: "path", others: &["file", "image"] };
        let place = |header: &str| table(header.as_bytes()).find(&PATH);
        assert_eq!(place("writer,path,file"), Ok(Some(1)));
        assert_eq!(place("writer;File "), Ok(Some(1)));
        assert_eq!(place("writer\t I-mage"), Ok(Some(1)));
        assert_eq!(place("writer,kind"), Ok(None));
        assert!(place("file,image").unwrap_err().to_string().contains("\"file\" and \"image\" may both be"));
        assert!(place("path,Path").is_err());
        let missing = table(b"a;b\n").need(&PATH).unwrap_err().to_string();
        assert_eq!(missing, "no column \"path\" in its first line, which has a, b (parted by ;)");
        assert_eq!(table(b"reference1,questioned,Reference 2\n").numbered(&["reference"]), [0, 2]);
    }

    #[test]
    fn backslashes_part_folders_unless_a_file_is_called_so() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(file(folder.path(), r"d\1.png"), folder.path().join("d/1.png"));
        assert_eq!(file(folder.path(), "d/1.png"), folder.path().join("d/1.png"));
        #[cfg(unix)]
        {
            std::fs::write(folder.path().join(r"d\1.png"), b"").unwrap();
            assert_eq!(file(folder.path(), r"d\1.png"), folder.path().join(r"d\1.png"));
        }
    }
}
