//! The layouts by name: which there are, how each is described, and which file of this module reads it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::names::Scheme;
use super::{Found, bhsig260, cedar, kinds, manifest, named, notebook, pair_list};
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
    /// `NNN/c-NNN-II.*` genuine, `NNN/cf-NNN-II.*` forgeries.
    Gpds,
    /// `NNNN/NNNNvII.*` genuine, `NNNN/NNNNfII.*` forgeries.
    Mcyt,
    /// `NNN_TT.*` genuine, `FFFFNNN_TT.*` forgeries, in one folder or in one for each writer.
    Sigcomp,
    /// `genuine/` and `forged/`, or folders of a like name.
    Kinds,
    /// `manifest.csv` with columns `path,writer,kind` and optional `split` and `forger`.
    Manifest,
    /// `pairs.csv` with columns `image1,image2,label`.
    Pairs,
}

impl Layout {
    /// Every layout, in the order in which they are looked for.
    pub const ALL: [Layout; 9] = [
        Layout::Manifest,
        Layout::Pairs,
        Layout::Cedar,
        Layout::Bhsig260,
        Layout::Gpds,
        Layout::Mcyt,
        Layout::Kinds,
        Layout::Sigcomp,
        Layout::Notebook,
    ];

    /// The layout in one line, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Layout::Notebook => "notebook (NNN/ and NNN_forg/, optionally below train/ and test/)",
            Layout::Cedar => "cedar (full_org/original_W_N.*, full_forg/forgeries_W_N.*)",
            Layout::Bhsig260 => "bhsig260 (Bengali/NNN/B-S-N-G-II.*, Hindi/NNN/H-S-N-F-II.*)",
            Layout::Gpds => "gpds (NNN/c-NNN-II.*, NNN/cf-NNN-II.*)",
            Layout::Mcyt => "mcyt (NNNN/NNNNvII.*, NNNN/NNNNfII.*)",
            Layout::Sigcomp => "sigcomp (NNN_TT.*, FFFFNNN_TT.*)",
            Layout::Kinds => "kinds (genuine/ and forged/, each with a folder for each writer)",
            Layout::Manifest => "manifest (manifest.csv with columns path,writer,kind)",
            Layout::Pairs => "pairs (pairs.csv with columns image1,image2,label)",
        }
    }

    pub(super) fn fits(self, root: &Path) -> Result<bool> {
        match self {
            Layout::Notebook => notebook::fits(root),
            Layout::Cedar => Ok(cedar::fits(root)),
            Layout::Bhsig260 => bhsig260::fits(root),
            Layout::Gpds => named::fits(Scheme::Gpds, root),
            Layout::Mcyt => named::fits(Scheme::Mcyt, root),
            Layout::Sigcomp => named::fits(Scheme::SigComp, root),
            Layout::Kinds => kinds::fits(root),
            Layout::Manifest => Ok(manifest::fits(root)),
            Layout::Pairs => Ok(pair_list::fits(root)),
        }
    }

    pub(super) fn read(self, root: &Path, found: &mut Found) -> Result<()> {
        match self {
            Layout::Notebook => notebook::read(root, found),
            Layout::Cedar => cedar::read(root, found),
            Layout::Bhsig260 => bhsig260::read(root, found),
            Layout::Gpds => named::read(Scheme::Gpds, root, found),
            Layout::Mcyt => named::read(Scheme::Mcyt, root, found),
            Layout::Sigcomp => named::read(Scheme::SigComp, root, found),
            Layout::Kinds => kinds::read(root, found),
            Layout::Manifest => manifest::read(root, found),
            Layout::Pairs => pair_list::read(root, found),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layout::Notebook => "notebook",
            Layout::Cedar => "cedar",
            Layout::Bhsig260 => "bhsig260",
            Layout::Gpds => "gpds",
            Layout::Mcyt => "mcyt",
            Layout::Sigcomp => "sigcomp",
            Layout::Kinds => "kinds",
            Layout::Manifest => "manifest",
            Layout::Pairs => "pairs",
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
#[error("unknown layout \"{0}\": one of notebook, cedar, bhsig260, gpds, mcyt, sigcomp, kinds, manifest, pairs")]
pub struct UnknownLayoutName(String);
