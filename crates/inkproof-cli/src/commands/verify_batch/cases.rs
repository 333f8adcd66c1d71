//! The table of a batch.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use inkproof_lab::table::{self, Column, Row, Table, TableProblem};
use inkproof_store::{StoreError, WriterId};

const WRITER: Column = Column {
    name: "writer",
    others: &[
        "writerid", "signer", "signerid", "user", "userid", "person", "personid", "customer", "client", "claimed",
    ],
};
const QUESTIONED: Column = Column {
    name: "questioned",
    others: &["question", "questionedimage", "questionedsignature", "query", "test", "suspect", "disputed"],
};

/// Alone or numbered, as `reference1` and `reference2`.
const REFERENCES: [&str; 5] = ["references", "reference", "ref", "refs", "known"];

/// All rows of a table.
pub struct Cases {
    /// Whether the questioned signatures are judged against enrolled writers.
    pub of_writers: bool,
    pub rows: Vec<Case>,
}

/// One row.
pub struct Case {
    /// From 1.
    pub number: usize,
    /// What the first column says.
    pub claimed: String,
    /// The file, as the table says.
    pub questioned: String,
    /// Or what is wrong with the row.
    pub against: Result<Against, String>,
}

/// What a questioned signature is judged against.
pub enum Against {
    Writer(WriterId),
    /// As the table says.
    References(Vec<String>),
}

impl Cases {
    /// All files that rows name, whether they are there or not; they are in `folder` unless their paths are absolute.
    pub fn files(&self, folder: &Path) -> impl Iterator<Item = PathBuf> {
        let references = |case: &'_ Case| match &case.against {
            Ok(Against::References(references)) => references.clone(),
            _ => Vec::new(),
        };
        let named = self.rows.iter().flat_map(move |case| [vec![case.questioned.clone()], references(case)]);
        named.flatten().map(move |path| table::file(folder, &path))
    }

    pub fn read(path: &Path) -> Result<Self> {
        let table = Table::read(path)?;
        let at = |problem: TableProblem| problem.at(path);
        let writer = table.find(&WRITER).map_err(at)?;
        let references = table.numbered(&REFERENCES);
        let claimed = match writer {
            Some(_) if !references.is_empty() => {
                bail!("{}: has both a column writer and a column references; leave one out", path.display())
            }
            Some(writer) => vec![writer],
            None => references,
        };
        let (Some(questioned), false) = (table.find(&QUESTIONED).map_err(at)?, claimed.is_empty()) else {
            bail!(
                "{}: needs the columns writer,questioned or references,questioned in its first line, which has {}",
                path.display(),
                table.seen()
            );
        };
        let of_writers = writer.is_some();
        let case = |(place, row)| case(place + 1, row, &claimed, questioned, of_writers);
        Ok(Self { of_writers, rows: table.rows.iter().enumerate().map(case).collect() })
    }
}

fn case(number: usize, row: &Row, claimed: &[usize], questioned: usize, of_writers: bool) -> Case {
    if let Err(why) = &row.cells {
        let against = Err(format!("the row on line {} cannot be read: it {why}", row.line));
        return Case { number, claimed: String::new(), questioned: String::new(), against };
    }
    let cells: Vec<&str> = claimed.iter().filter_map(|&column| row.cell(column)).collect();
    let claimed = cells.join("; ");
    let questioned = row.cell(questioned).unwrap_or_default();
    let against = match (questioned, of_writers) {
        ("", _) => Err("the row names no questioned signature".to_owned()),
        (_, true) => claimed.parse().map(Against::Writer).map_err(|error: StoreError| error.to_string()),
        (_, false) => references(&claimed),
    };
    Case { number, claimed, questioned: questioned.to_owned(), against }
}

fn references(claimed: &str) -> Result<Against, String> {
    let paths = claimed.split([';', '|']).map(str::trim).filter(|path| !path.is_empty());
    match paths.map(str::to_owned).collect::<Vec<_>>() {
        none if none.is_empty() => Err("the row names no reference".to_owned()),
        paths => Ok(Against::References(paths)),
    }
}
