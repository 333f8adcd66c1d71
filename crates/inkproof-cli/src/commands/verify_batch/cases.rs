//! The table of a batch.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use csv::StringRecord;

use inkproof_store::WriterId;

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
    References(Vec<PathBuf>),
}

impl Cases {
    /// All files that rows name, whether they are there or not; they are in `folder` unless their paths are absolute.
    pub fn files(&self, folder: &Path) -> impl Iterator<Item = PathBuf> {
        let references = |case: &Case| match &case.against {
            Ok(Against::References(references)) => references.clone(),
            _ => Vec::new(),
        };
        let named = self.rows.iter().flat_map(move |case| [vec![case.questioned.clone().into()], references(case)]);
        named.flatten().map(move |path| folder.join(path))
    }

    pub fn read(path: &Path) -> Result<Self> {
        let read = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_path(path);
        let mut reader = read.with_context(|| format!("{}: cannot be read", path.display()))?;
        let headers = reader.headers().with_context(|| format!("{}: is not a CSV file", path.display()))?.clone();
        let column = |name: &str| headers.iter().position(|header| header.trim_start_matches('\u{feff}') == name);
        let (writer, references) = (column("writer"), column("references"));
        let (Some(questioned), Some(claimed)) = (column("questioned"), writer.or(references)) else {
            bail!("{}: needs the columns writer,questioned or references,questioned in its first line", path.display());
        };
        if writer.is_some() && references.is_some() {
            bail!("{}: has both a column writer and a column references; leave one out", path.display());
        }
        let of_writers = writer.is_some();
        let row = |(place, record): (usize, csv::Result<StringRecord>)| {
            case(place + 1, record, claimed, questioned, of_writers)
        };
        let rows = reader.records().enumerate().map(row).collect();
        Ok(Self { of_writers, rows })
    }
}

fn case(number: usize, record: csv::Result<StringRecord>, claimed: usize, questioned: usize, of_writers: bool) -> Case {
    let record = match record {
        Ok(record) => record,
        Err(error) => {
            let against = Err(format!("the row cannot be read ({error})"));
            return Case { number, claimed: String::new(), questioned: String::new(), against };
        }
    };
    let claimed = record.get(claimed).unwrap_or_default().to_owned();
    let questioned = record.get(questioned).unwrap_or_default();
    let against = match (questioned, of_writers) {
        ("", _) => Err("the row names no questioned signature".to_owned()),
        (_, true) => claimed.parse().map(Against::Writer).map_err(|error| error.to_string()),
        (_, false) => references(&claimed),
    };
    Case { number, claimed, questioned: questioned.to_owned(), against }
}

fn references(claimed: &str) -> Result<Against, String> {
    let paths = claimed.split(';').map(str::trim).filter(|path| !path.is_empty());
    match paths.map(PathBuf::from).collect::<Vec<_>>() {
        none if none.is_empty() => Err("the row names no reference".to_owned()),
        paths => Ok(Against::References(paths)),
    }
}
