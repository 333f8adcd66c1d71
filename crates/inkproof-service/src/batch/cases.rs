//! The table of a batch.

use inkproof_store::{StoreError, WriterId};
use inkproof_table::{Column, Row, Table, TableProblem};

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
#[derive(Debug)]
pub struct Cases {
    /// Whether the questioned signatures are judged against enrolled writers.
    pub of_writers: bool,
    /// In the table's order.
    pub rows: Vec<Case>,
}

/// One row.
#[derive(Debug)]
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
#[derive(Debug)]
pub enum Against {
    /// An enrolled writer.
    Writer(WriterId),
    /// Files, as the table says.
    References(Vec<String>),
}

/// What can be wrong with a table of cases as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CasesProblem {
    /// It is no table, or one whose columns cannot be told apart.
    #[error(transparent)]
    Table(#[from] TableProblem),
    /// It says twice against what to judge.
    #[error("has both a column writer and a column references; leave one out")]
    WriterAndReferences,
    /// It does not say what to judge, or against what.
    #[error("needs the columns writer,questioned or references,questioned in its first line, which has {0}")]
    MissingColumns(String),
}

impl Cases {
    /// Reads a table's bytes.
    ///
    /// # Errors
    /// Where it is no table or lacks a column. What is wrong with a single row is in [`Case::against`].
    pub fn parse(bytes: Vec<u8>) -> Result<Self, CasesProblem> {
        let table = Table::parse(bytes)?;
        let writer = table.find(&WRITER)?;
        let references = table.numbered(&REFERENCES);
        let claimed = match writer {
            Some(_) if !references.is_empty() => return Err(CasesProblem::WriterAndReferences),
            Some(writer) => vec![writer],
            None => references,
        };
        let (Some(questioned), false) = (table.find(&QUESTIONED)?, claimed.is_empty()) else {
            return Err(CasesProblem::MissingColumns(table.seen()));
        };
        let of_writers = writer.is_some();
        let case = |(place, row)| case(place + 1, row, &claimed, questioned, of_writers);
        Ok(Self { of_writers, rows: table.rows.iter().enumerate().map(case).collect() })
    }

    /// The files that rows name, as the table says.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let named = self.rows.iter().flat_map(|case| [&case.questioned].into_iter().chain(case.references()));
        named.map(String::as_str).filter(|name| !name.is_empty())
    }
}

impl Case {
    /// The files of references that it names.
    fn references(&self) -> &[String] {
        match &self.against {
            Ok(Against::References(references)) => references,
            _ => &[],
        }
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
