//! Tables of a data set: what [`inkproof_table`] reads, from files and with their paths in what is wrong.

use std::path::Path;

pub use inkproof_table::{Column, Row, Table, TableProblem, file};

use crate::error::{Error, Result};

/// Reads a file.
///
/// # Errors
/// [`Error::Io`]; [`Error::Table`] for what is no table. A single row that cannot be read is in [`Row::cells`].
pub fn read(path: &Path) -> Result<Table> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    Table::parse(bytes).map_err(in_file(path))
}

/// Makes a problem that of a file.
pub(crate) fn in_file(path: &Path) -> impl Fn(TableProblem) -> Error {
    |problem| Error::Table { path: path.to_owned(), problem }
}
