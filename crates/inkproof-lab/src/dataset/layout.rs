//! The layouts by name: which there are, how each is described, and which file of this module reads it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::{Found, bhsig260, cedar, manifest, notebook};
use crate::error::Result;

/// How the folders and file names of a data set are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `NNN/` genuine, `NNN_forg/` forgeries, optionally below `train/` and `test/`.
    Notebook,
    /// `full_org/original_W_N.*`, `full_forg/forgeries_W_N.*`.
    Cedar,
    /// `Bengali/NNN/B-S-N-G-II.*` genuine, `-F-` forgeries; `Hindi/NNN/H-S-...`.
    Bhsig260,
    /// `manifest.csv` with columns `path,writer,kind` and optional `split` and `forger`.
    Manifest,
}

impl Layout {
    /// Every layout, in the order in which they are looked for.
    pub const ALL: [Layout; 4] = [Layout::Manifest, Layout::Cedar, Layout::Bhsig260, Layout::Notebook];

    /// The layout in one line, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Layout::Notebook => "notebook (NNN/ and NNN_forg/, optionally below train/ and test/)",
            Layout::Cedar => "cedar (full_org/original_W_N.*, full_forg/forgeries_W_N.*)",
            Layout::Bhsig260 => "bhsig260 (Bengali/NNN/B-S-N-G-II.*, Hindi/NNN/H-S-N-F-II.*)",
            Layout::Manifest => "manifest (manifest.csv with columns path,writer,kind)",
        }
    }

    pub(super) fn fits(self, root: &Path) -> Result<bool> {
        match self {
            Layout::Notebook => notebook::fits(root),
            Layout::Cedar => Ok(cedar::fits(root)),
            Layout::Bhsig260 => bhsig260::fits(root),
            Layout::Manifest => Ok(manifest::fits(root)),
        }
    }

    pub(super) fn read(self, root: &Path, found: &mut Found) -> Result<()> {
        match self {
            Layout::Notebook => notebook::read(root, found),
            Layout::Cedar => cedar::read(root, found),
            Layout::Bhsig260 => bhsig260::read(root, found),
            Layout::Manifest => manifest::read(root, found),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layout::Notebook => "notebook",
            Layout::Cedar => "cedar",
            Layout::Bhsig260 => "bhsig260",
            Layout::Manifest => "manifest",
        })
    }
}

impl FromStr for Layout {
    type Err = UnknownLayoutName;

    fn from_str(name: &str) -> Result<Self, UnknownLayoutName> {
        Layout::ALL
            .into_iter()
            .find(|layout| layout.to_string() == name)
            .ok_or_else(|| UnknownLayoutName(name.to_owned()))
    }
}

/// A word that names no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown layout \"{0}\": one of notebook, cedar, bhsig260, manifest")]
pub struct UnknownLayoutName(String);
