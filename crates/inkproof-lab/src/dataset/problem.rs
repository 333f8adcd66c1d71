//! What can be wrong with a folder of signatures, in words that say what to do; the path is shown with it.

use std::path::Path;

use super::{Layout, Skipped, WriterId, listing};
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
    /// Everything was left out.
    #[error("no images are left; of what was left out ({others} in all) the first is {first}")]
    NothingLeft {
        /// What was left out first, and why.
        first: String,
        /// How many were left out altogether.
        others: usize,
    },
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
    /// A folder without images between folders of writers.
    #[error("no signatures in it, so it is passed over")]
    NoWriter,
    /// A folder of images whose name is not like those of writers.
    #[error(
        "passed over: the other writers are numbered, and there are no forgeries of it either; rename it if it is a writer's"
    )]
    NotLikeWriters,
    /// Genuine and forged signatures seem to lie in one folder, and nothing says which are which.
    #[error(
        "genuine and forged signatures seem to lie in it together, as {genuine} and {forged}; the layouts whose file names tell them apart are gpds, mcyt, sigcomp and bhsig260, and a manifest.csv of path,writer,kind says it of any file"
    )]
    TwoKinds {
        /// An example of one kind of name.
        genuine: String,
        /// An example of the other.
        forged: String,
    },
    /// A folder whose name says *forged*, in a layout that does not say of whom.
    #[error("its name says forged, but not of whose signatures; call it as the writer's folder with _forg at its end")]
    ForgeriesOfNobody,
    /// A folder of forgeries where references are looked for.
    #[error("its name says forged, and forgeries are nobody's references")]
    Forgeries,
    /// Two folders of the same signatures of one writer.
    #[error("a second folder of the same kind of writer {0}")]
    SecondFolder(WriterId),
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
    /// No images: because of what was left out, or because there are none.
    pub(super) fn nothing_left(skipped: &[Skipped]) -> Self {
        match skipped {
            [] => Self::NoImages,
            [Skipped { path, why }, ..] => {
                Self::NothingLeft { first: format!("{}: {why}", path.display()), others: skipped.len() }
            }
        }
    }

    pub(super) fn at(self, path: &Path) -> Error {
        Error::DataSet { path: path.to_owned(), problem: self }
    }
}
