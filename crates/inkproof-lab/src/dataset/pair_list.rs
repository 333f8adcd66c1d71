//! A list of pairs: `pairs.csv`, or any table of the folder with two columns of images and one that says whether both are
//! genuine signatures of one writer. It becomes a list of images: what stands in a genuine pair is genuine, and what is
//! paired with it as forged is a forgery of the same writer.
//!
//! Which way round a label of 1 and 0 is, is said by the column's name or by the names of the files; whose signature an
//! image is, by a column `writer`, by its name (`names`) or by its folder. What nothing says is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::manifest::{kind_of_path, one_by_examples};
use super::{Found, Image, Kind, Problem, WriterId, listing, names, words};
use crate::error::Result;
use crate::table::{self, Column, Row, Table, TableProblem};

const FILES: [&str; 2] = ["pairs.csv", "pairs.tsv"];

const FIRST: Column = Column {
    name: "image1",
    others: &[
        "img1",
        "file1",
        "path1",
        "imagea",
        "first",
        "reference",
        "imagereal",
        "imagegenuine",
        "anchor",
        "signature1",
    ],
};
const SECOND: Column = Column {
    name: "image2",
    others: &[
        "img2",
        "file2",
        "path2",
        "imageb",
        "second",
        "questioned",
        "imageforg",
        "imageforged",
        "query",
        "signature2",
    ],
};
const LABEL: Column = Column { name: "label", others: &["kind", "type", "class", "target"] };
const GENUINE: Column = Column { name: "genuine", others: &["isgenuine", "same", "samewriter", "issame", "match"] };
const FORGED: Column = Column { name: "forged", others: &["isforged", "forgery", "isforgery", "fake", "isfake"] };
const WRITER: Column = Column { name: "writer", others: &["writerid", "signer", "user", "userid", "person"] };

pub(super) fn fits(root: &Path) -> bool {
    FILES.iter().any(|name| root.join(name).is_file())
}

/// A table of any other name whose columns are those of pairs; looked for where nothing else fits.
pub(super) fn fits_by_columns(root: &Path) -> Result<bool> {
    Ok(any_table(root)?.is_some())
}

/// The table that is read.
pub(super) fn table_of(root: &Path) -> Result<Option<PathBuf>> {
    let named = FILES.map(|name| root.join(name)).into_iter().find(|path| path.is_file());
    if named.is_some() { Ok(named) } else { any_table(root) }
}

fn any_table(root: &Path) -> Result<Option<PathBuf>> {
    let is_table = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let table = || table::read(path).ok().filter(|table| Columns::of(table, root).is_ok());
        ["csv", "tsv"].contains(&extension.as_str()) && path.is_file() && table().is_some()
    };
    Ok(listing::entries(root)?.into_iter().find(is_table))
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    let path = table_of(root)?.unwrap_or_else(|| root.join(FILES[0]));
    let table = table::read(&path)?;
    let columns = Columns::of(&table, root).map_err(table::in_file(&path))?;
    let mut pairs = Vec::new();
    for row in &table.rows {
        match columns.pair(root, row) {
            Ok(pair) => pairs.push(pair),
            Err(why) => found.refuse(&path, Problem::ManifestRow { line: row.line, why })?,
        }
    }
    let writers = Writers::of(root, &pairs);
    let mut images: BTreeMap<PathBuf, (Kind, WriterId)> = BTreeMap::new();
    // What is genuine has to be known before a pair can say which of its images is forged.
    let (genuine, others): (Vec<_>, Vec<_>) = pairs.iter().partition(|pair| pair.kind == Kind::Genuine);
    let genuine_images: BTreeSet<&Path> = genuine.iter().flat_map(|pair| pair.images()).collect();
    for pair in genuine.into_iter().chain(others) {
        if let Err(why) = writers.take(pair, &genuine_images, &mut images) {
            found.refuse(&path, Problem::ManifestRow { line: pair.line, why })?;
        }
    }
    let image = |(path, (kind, writer)): (PathBuf, (Kind, WriterId))| {
        let named = names::parse(&listing::stem_of(&path)).filter(|_| kind == Kind::Forgery);
        Image { path, writer, kind, split: None, forger: named.and_then(|named| named.forger) }
    };
    found.images.extend(images.into_iter().map(image));
    Ok(())
}

/// Where each column is.
struct Columns {
    images: [usize; 2],
    label: usize,
    /// What 1 means in the column of labels, if that is known.
    one: Option<Kind>,
    writer: Option<usize>,
}

/// One row.
struct Pair {
    line: u64,
    first: PathBuf,
    second: PathBuf,
    kind: Kind,
    writer: Option<WriterId>,
}

impl Columns {
    fn of(table: &Table, root: &Path) -> Result<Self, TableProblem> {
        let images = [table.need(&FIRST)?, table.need(&SECOND)?];
        let (label, one) = match (table.find(&LABEL)?, table.find(&GENUINE)?, table.find(&FORGED)?) {
            (Some(label), ..) => (label, one_by_names(table, root, images, label)),
            (None, Some(genuine), None) => (genuine, Some(Kind::Genuine)),
            (None, None, Some(forged)) => (forged, Some(Kind::Forgery)),
            _ => (table.need(&LABEL)?, None),
        };
        Ok(Self { images, label, one, writer: table.find(&WRITER)? })
    }

    fn pair(&self, root: &Path, row: &Row) -> Result<Pair, String> {
        if let Err(why) = &row.cells {
            return Err(why.clone());
        }
        let file = |place: usize| {
            let cell = row.cell(self.images[place]).ok_or_else(|| format!("no image{}", place + 1))?;
            let path = table::file(root, cell);
            if path.is_file() { Ok(path) } else { Err(format!("no such file: {}", path.display())) }
        };
        let label = row.cell(self.label).ok_or("no label")?;
        let kind = match (words::kind_of_cell(label), words::flag(label), self.one) {
            (Some(kind), ..) => kind,
            (None, Some(true), Some(one)) => one,
            (None, Some(false), Some(one)) => one.opposite(),
            (None, Some(_), None) => {
                return Err(format!(
                    "label \"{label}\" does not say whether it means genuine or forged; write the words, or call the \
                     column genuine or forged"
                ));
            }
            (None, None, _) => return Err(format!("unknown label \"{label}\"; it is genuine or forged")),
        };
        let writer = self.writer.and_then(|column| row.cell(column)).map(WriterId::new);
        Ok(Pair { line: row.line, first: file(0)?, second: file(1)?, kind, writer })
    }
}

/// What 1 means where the names of the files say it: a pair with a forgery is forged, and one of two genuine is genuine.
fn one_by_names(table: &Table, root: &Path, images: [usize; 2], label: usize) -> Option<Kind> {
    let examples = table.rows.iter().filter_map(|row| {
        let flag = words::flag(row.cell(label)?)?;
        let says = |column: usize| Some(kind_of_image(root, &table::file(root, row.cell(column)?)));
        match [says(images[0])?, says(images[1])?] {
            [Some(Kind::Genuine), Some(Kind::Genuine)] => Some((flag, Kind::Genuine)),
            [a, b] if a == Some(Kind::Forgery) || b == Some(Kind::Forgery) => Some((flag, Kind::Forgery)),
            _ => None,
        }
    });
    one_by_examples(examples)
}

/// What the names of a file and of its folders say.
fn kind_of_image(root: &Path, path: &Path) -> Option<Kind> {
    let named = || names::parse(&listing::stem_of(path)).map(|named| named.kind);
    kind_of_path(root, path).or_else(named)
}

impl Pair {
    fn images(&self) -> [&Path; 2] {
        [&self.first, &self.second]
    }
}

/// Whose signatures images are.
struct Writers<'a> {
    root: &'a Path,
    /// Whether the folders are the writers': there are several.
    by_folder: bool,
}

impl<'a> Writers<'a> {
    fn of(root: &'a Path, pairs: &[Pair]) -> Self {
        let folders: BTreeSet<String> = pairs.iter().flat_map(Pair::images).map(|path| folder_of(root, path)).collect();
        Self { root, by_folder: folders.len() > 1 }
    }

    fn writer(&self, pair: &Pair, image: &Path) -> Result<WriterId, String> {
        if let Some(writer) = &pair.writer {
            return Ok(writer.clone());
        }
        let stem = listing::stem_of(image);
        if let Some(named) = names::parse(&stem).or_else(|| names::cedar(&stem)) {
            return Ok(named.writer);
        }
        if self.by_folder {
            return Ok(WriterId::new(folder_of(self.root, image)));
        }
        Err(format!("whose signature {} is, is not said; add a column writer", image.display()))
    }

    /// Adds a pair's images; genuine pairs first.
    fn take(
        &self,
        pair: &Pair,
        genuine: &BTreeSet<&Path>,
        images: &mut BTreeMap<PathBuf, (Kind, WriterId)>,
    ) -> Result<(), String> {
        let [first, second] = pair.images();
        let writers = [self.writer(pair, first)?, self.writer(pair, second)?];
        let are_of_one = writers[0] == writers[1];
        if pair.kind == Kind::Genuine {
            if !are_of_one {
                let [a, b] = &writers;
                return Err(format!("is labelled genuine, but the names say two writers, {a} and {b}"));
            }
            if let Some(forged) = pair.images().into_iter().find(|image| self.says_forged(image)) {
                return Err(format!("is labelled genuine, but {} is a forgery by its name", forged.display()));
            }
            for (image, writer) in pair.images().into_iter().zip(writers) {
                images.insert(image.to_owned(), (Kind::Genuine, writer));
            }
            return Ok(());
        }
        if !are_of_one {
            // Two people's signatures, which say nothing new.
            return Ok(());
        }
        let is_forged = |image: &Path| self.says_forged(image) || !genuine.contains(image);
        let [writer, _] = writers;
        match (is_forged(first), is_forged(second)) {
            (false, true) => images.insert(second.to_owned(), (Kind::Forgery, writer)),
            (true, false) => images.insert(first.to_owned(), (Kind::Forgery, writer)),
            (false, false) => return Err("is labelled forged, but both images are in genuine pairs too".to_owned()),
            (true, true) if self.says_forged(first) && self.says_forged(second) => {
                return Err("has two forgeries by their names".to_owned());
            }
            (true, true) if self.says_forged(second) => images.insert(second.to_owned(), (Kind::Forgery, writer)),
            (true, true) if self.says_forged(first) => images.insert(first.to_owned(), (Kind::Forgery, writer)),
            (true, true) => {
                return Err("does not say which of the two is forged; neither is in a genuine pair".to_owned());
            }
        };
        Ok(())
    }

    fn says_forged(&self, image: &Path) -> bool {
        kind_of_image(self.root, image) == Some(Kind::Forgery)
    }
}

/// The writer's folder of an image, without a word for a kind.
fn folder_of(root: &Path, image: &Path) -> String {
    let below = image.strip_prefix(root).unwrap_or(image);
    let mut folders = below.ancestors().skip(1).map(listing::name_of);
    let folder = folders.find(|name| words::kind_of_folder(name).is_none()).unwrap_or_default();
    words::role_of_folder(&folder).map_or(folder.clone(), |(base, _)| base.to_owned())
}
