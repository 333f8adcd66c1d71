//! What can be wrong with a folder of signatures, in words that tell what to do; the path is told beside it.

use std::path::Path;

use super::{Layout, WriterId, listing};
use crate::error::Error;

/// One thing that is wrong with a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    #[error("not a folder; a data set is a folder of signatures")]
    NotAFolder,
    #[error("an empty folder")]
    Empty,
    #[error("no images ({})", listing::EXTENSIONS.join(", "))]
    NoImages,
    #[error("fits no layout; the layouts are: {}", Layout::ALL.map(Layout::describe).join("; "))]
    UnknownLayout,
    #[error("not of the layout {}", .0.describe())]
    NotOfLayout(Layout),
    /// At the path of the missing folder.
    #[error("missing: {present} needs it as its counterpart ({needs})")]
    MissingCounterpart { present: String, needs: &'static str },
    #[error("forgeries of writer {0}, of whom there is no genuine signature")]
    NoGenuine(WriterId),
    #[error("the file name does not fit {expected}")]
    FileName { expected: &'static str },
    #[error("not an image by its extension")]
    NotAnImage,
    #[error("a folder where the layout has none")]
    UnexpectedFolder,
    #[error("no column \"{0}\" in the header; the columns are path,writer,kind and optionally split,forger")]
    MissingColumn(&'static str),
    /// Line numbers count from 1, the header included.
    #[error("line {line}: {why}")]
    ManifestRow { line: u64, why: String },
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> Error {
        Error::DataSet { path: path.to_owned(), problem: self }
    }
}
