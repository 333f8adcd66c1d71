//! `manifest.csv`: a table with a header of the columns `path`, `writer`, `kind` (`genuine` or `forgery`) and optionally
//! `split` (`train` or `test`) and `forger`, in any order. Paths are relative to the manifest's folder. Either every row
//! has a split or none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::{Found, Image, Kind, Problem, Split, WriterId};
use crate::error::{Error, Result};

const FILE: &str = "manifest.csv";

pub(super) fn fits(root: &Path) -> bool {
    root.join(FILE).is_file()
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    let path = root.join(FILE);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_path(&path)
        .map_err(|error| csv_error(&path, error))?;
    let header = reader.headers().map_err(|error| csv_error(&path, error))?;
    let columns = Columns::from_header(header, &path)?;
    let mut lines: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let mut splits: Option<bool> = None;
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| csv_error(&path, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let row = columns.image(root, &record).and_then(|image| {
            check_against_earlier(&image, &lines, *splits.get_or_insert(image.split.is_some()))?;
            Ok(image)
        });
        match row {
            Ok(image) => {
                lines.insert(image.path.clone(), line);
                found.images.push(image);
            }
            Err(why) => found.refuse(&path, Problem::ManifestRow { line, why })?,
        }
    }
    Ok(())
}

/// Where each column is.
struct Columns {
    path: usize,
    writer: usize,
    kind: usize,
    split: Option<usize>,
    forger: Option<usize>,
}

impl Columns {
    fn from_header(header: &StringRecord, path: &Path) -> Result<Self> {
        let find = |name: &str| {
            header.iter().position(|column| column.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
        };
        let need = |name| find(name).ok_or_else(|| Problem::MissingColumn(name).at(path));
        Ok(Self {
            path: need("path")?,
            writer: need("writer")?,
            kind: need("kind")?,
            split: find("split"),
            forger: find("forger"),
        })
    }

    /// The image that a row describes, or what is wrong with the row.
    fn image(&self, root: &Path, row: &StringRecord) -> Result<Image, String> {
        let field = |column: usize, name: &str| match row.get(column) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(format!("no {name}")),
        };
        let optional =
            |column: Option<usize>| column.and_then(|column| row.get(column)).filter(|text| !text.is_empty());
        let path = root.join(field(self.path, "path")?);
        if !path.is_file() {
            return Err(format!("no such file: {}", path.display()));
        }
        Ok(Image {
            path,
            writer: WriterId::new(field(self.writer, "writer")?),
            kind: kind(field(self.kind, "kind")?)?,
            split: optional(self.split).map(split).transpose()?,
            forger: optional(self.forger).map(str::to_owned),
        })
    }
}

fn kind(word: &str) -> Result<Kind, String> {
    match word {
        "genuine" => Ok(Kind::Genuine),
        "forgery" => Ok(Kind::Forgery),
        other => Err(format!("unknown kind \"{other}\"; it is genuine or forgery")),
    }
}

fn split(word: &str) -> Result<Split, String> {
    match word {
        "train" => Ok(Split::Train),
        "test" => Ok(Split::Test),
        other => Err(format!("unknown split \"{other}\"; it is train or test")),
    }
}

/// What is wrong with a row because of the rows above it.
fn check_against_earlier(image: &Image, lines: &BTreeMap<PathBuf, u64>, splits: bool) -> Result<(), String> {
    if let Some(first) = lines.get(&image.path) {
        return Err(format!("{} is also on line {first}", image.path.display()));
    }
    match (splits, image.split.is_some()) {
        (true, false) => Err("no split, though rows above have one".to_owned()),
        (false, true) => Err("a split, though rows above have none".to_owned()),
        _ => Ok(()),
    }
}

/// A CSV error at its line, or the I/O error below it.
fn csv_error(path: &Path, error: csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let why = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::Io { path: path.to_owned(), source },
        _ => Problem::ManifestRow { line, why }.at(path),
    }
}
