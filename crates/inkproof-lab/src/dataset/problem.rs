//! What can be wrong with a folder of signatures, in words that say what to do; the path is shown with it.

use std::path::Path;

use super::{Layout, WriterId, listing};
use crate::error::Error;

/// One thing that is wrong with a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The path is a file, or nothing.
    #[error("not a folder; a data set is a folder of signatures")]
    NotAFolder,
    /// The folder holds nothing.
    #[error("an empty folder")]
    Empty,
    /// No file has the extension of an image.
    #[error("no images ({})", listing::EXTENSIONS.join(", "))]
    NoImages,
    /// No layout fits.
    #[error("fits no layout; the layouts are: {}", Layout::ALL.map(Layout::describe).join("; "))]
    UnknownLayout,
    /// The layout that the caller insists on does not fit.
    #[error("not of the layout {}", .0.describe())]
    NotOfLayout(Layout),
    /// At the path of the missing folder.
    #[error("missing: {present} needs it as its counterpart ({needs})")]
    MissingCounterpart {
        /// The folder that is there.
        present: String,
        /// What the layout asks for.
        needs: &'static str,
    },
    /// A writer has forgeries only.
    #[error("forgeries of writer {0}, of whom there is no genuine signature")]
    NoGenuine(WriterId),
    /// A file name that the layout cannot read.
    #[error("the file name does not fit {expected}")]
    FileName {
        /// The form that the layout asks for.
        expected: &'static str,
    },
    /// A file with another extension.
    #[error("not an image by its extension")]
    NotAnImage,
    /// A folder between images.
    #[error("a folder where the layout has none")]
    UnexpectedFolder,
    /// A row of a manifest. Lines are counted from 1, as an editor counts them.
    #[error("line {line}: {why}")]
    ManifestRow {
        /// Its number.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> Error {
        Error::DataSet { path: path.to_owned(), problem: self }
    }
}
