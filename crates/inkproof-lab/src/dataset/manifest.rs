//! `manifest.csv` (or `.tsv`): a [`Table`] with a first line of the columns `path`, `writer`, `kind` (`genuine` or
//! `forgery`) and optionally `split` (`train` or `test`) and `forger`, in any order, by these or other usual names and
//! words. Paths are relative to the manifest's folder. Either every row has a split or none.
//!
//! A `1` or `0` says which is which only where the column is called `genuine` or `forged`, or where the names of the files
//! tell; otherwise it is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Found, Image, Kind, Problem, Split, WriterId, listing, words};
use crate::error::Result;
use crate::table::{self, Column, Row, Table, TableProblem};

/// The first that is there is read.
const FILES: [&str; 2] = listing::MANIFESTS;

const PATH: Column = Column {
    name: "path",
    others: &[
        "file",
        "filename",
        "filepath",
        "image",
        "img",
        "imagepath",
        "imagefile",
        "imagename",
        "signature",
        "scan",
    ],
};
const WRITER: Column = Column {
    name: "writer",
    others: &[
        "writerid",
        "signer",
        "signerid",
        "user",
        "userid",
        "person",
        "personid",
        "author",
        "authorid",
        "subject",
        "subjectid",
        "client",
        "customer",
        "claimed",
        "owner",
    ],
};
const KIND: Column =
    Column { name: "kind", others: &["type", "label", "class", "category", "signaturetype", "genuineforged"] };
const GENUINE: Column = Column { name: "genuine", others: &["isgenuine", "original", "isoriginal", "real", "isreal"] };
const FORGED: Column =
    Column { name: "forged", others: &["isforged", "forgery", "isforgery", "fake", "isfake", "skilled"] };
const SPLIT: Column = Column { name: "split", others: &["partition", "subset"] };
const FORGER: Column = Column { name: "forger", others: &["forgerid", "forgedby", "imitator", "imitatorid"] };

pub(super) fn fits(root: &Path) -> bool {
    file(root).is_some()
}

fn file(root: &Path) -> Option<PathBuf> {
    FILES.map(|name| root.join(name)).into_iter().find(|path| path.is_file())
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    let path = file(root).unwrap_or_else(|| root.join(FILES[0]));
    let table = table::read(&path)?;
    let columns = Columns::of(&table, root).map_err(table::in_file(&path))?;
    let mut lines: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let mut splits: Option<bool> = None;
    for row in &table.rows {
        let image = columns.image(root, row).and_then(|image| {
            check_against_earlier(&image, &lines, *splits.get_or_insert(image.split.is_some()))?;
            Ok(image)
        });
        match image {
            Ok(image) => {
                lines.insert(image.path.clone(), row.line);
                found.images.push(image);
            }
            Err(why) => found.refuse(&path, Problem::ManifestRow { line: row.line, why })?,
        }
    }
    Ok(())
}

/// A table of any name with the columns `path` and `writer`; where it has a kind, that counts.
pub(super) fn read_references(path: &Path, found: &mut Found) -> Result<()> {
    let table = table::read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let at = table::in_file(path);
    let columns = match table.find(&KIND).map_err(&at)?.or(table.find(&GENUINE).map_err(&at)?) {
        Some(_) => Some(Columns::of(&table, folder).map_err(&at)?),
        None => None,
    };
    let (file, writer) = (table.need(&PATH).map_err(&at)?, table.need(&WRITER).map_err(&at)?);
    for row in &table.rows {
        let image = match &columns {
            Some(columns) => columns.image(folder, row),
            None => file_and_writer(folder, row, file, writer).map(|(path, writer)| {
                let kind = Kind::Genuine;
                Image { path, writer, kind, split: None, forger: None }
            }),
        };
        match image {
            Ok(image) => found.images.push(image),
            Err(why) => found.refuse(path, Problem::ManifestRow { line: row.line, why })?,
        }
    }
    Ok(())
}

/// What every row says.
fn file_and_writer(root: &Path, row: &Row, path: usize, writer: usize) -> Result<(PathBuf, WriterId), String> {
    if let Err(why) = &row.cells {
        return Err(why.clone());
    }
    let path = table::file(root, row.cell(path).ok_or("no path")?);
    if !path.is_file() {
        return Err(format!("no such file: {}", path.display()));
    }
    Ok((path, WriterId::new(row.cell(writer).ok_or("no writer")?)))
}

/// Where each column is.
struct Columns {
    path: usize,
    writer: usize,
    kind: usize,
    /// What 1 means in the column of kinds, if that is known.
    one: Option<Kind>,
    split: Option<usize>,
    forger: Option<usize>,
}

impl Columns {
    fn of(table: &Table, root: &Path) -> Result<Self, TableProblem> {
        let path = table.need(&PATH)?;
        let writer = table.need(&WRITER)?;
        let (kind, one) = match (table.find(&KIND)?, table.find(&GENUINE)?, table.find(&FORGED)?) {
            (Some(kind), ..) => (kind, one_by_names(table, root, path, kind)),
            (None, Some(genuine), None) => (genuine, Some(Kind::Genuine)),
            (None, None, Some(forged)) => (forged, Some(Kind::Forgery)),
            _ => (table.need(&KIND)?, None),
        };
        Ok(Self { path, writer, kind, one, split: table.find(&SPLIT)?, forger: table.find(&FORGER)? })
    }

    /// The image that a row describes, or what is wrong with the row.
    fn image(&self, root: &Path, row: &Row) -> Result<Image, String> {
        let (path, writer) = file_and_writer(root, row, self.path, self.writer)?;
        let optional = |column: Option<usize>| column.and_then(|column| row.cell(column));
        Ok(Image {
            path,
            writer,
            kind: self.kind(row.cell(self.kind).ok_or("no kind")?)?,
            split: optional(self.split).map(split).transpose()?,
            forger: optional(self.forger).map(str::to_owned),
        })
    }

    fn kind(&self, word: &str) -> Result<Kind, String> {
        if let Some(kind) = words::kind_of_cell(word) {
            return Ok(kind);
        }
        match (words::flag(word), self.one) {
            (Some(is_one), Some(one)) => Ok(if is_one { one } else { one.opposite() }),
            (Some(_), None) => Err(format!(
                "kind \"{word}\" does not say whether it means genuine or forged; write the words, or call the column \
                 genuine or forged"
            )),
            (None, _) => Err(format!("unknown kind \"{word}\"; it is genuine or forgery")),
        }
    }
}

/// What 1 means where the files' names say it.
fn one_by_names(table: &Table, root: &Path, path: usize, kind: usize) -> Option<Kind> {
    let said = table.rows.iter().filter_map(|row| {
        let flag = words::flag(row.cell(kind)?)?;
        Some((flag, kind_of_path(root, &table::file(root, row.cell(path)?))?))
    });
    one_by_examples(said)
}

/// What a path below `root` says of its signature: the file's name, or else the nearest folder that says anything.
pub(super) fn kind_of_path(root: &Path, path: &Path) -> Option<Kind> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let of_file = words::kind_of_name(&listing::stem_of(path));
    of_file.or_else(|| below.ancestors().skip(1).find_map(|folder| words::kind_of_name(&listing::name_of(folder))))
}

/// What *true* means, by examples that all have to agree; there has to be a forgery among them.
pub(super) fn one_by_examples(examples: impl Iterator<Item = (bool, Kind)>) -> Option<Kind> {
    let (mut one, mut has_forgery) = (None, false);
    for (flag, kind) in examples {
        let says = if flag { kind } else { kind.opposite() };
        if *one.get_or_insert(says) != says {
            return None;
        }
        has_forgery |= kind == Kind::Forgery;
    }
    one.filter(|_| has_forgery)
}

fn split(word: &str) -> Result<Split, String> {
    match word.to_lowercase().as_str() {
        "train" | "training" => Ok(Split::Train),
        "test" | "testing" => Ok(Split::Test),
        _ => Err(format!("unknown split \"{word}\"; it is train or test")),
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
