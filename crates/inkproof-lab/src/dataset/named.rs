//! Data sets whose file names say everything (GPDS, MCYT, ICDAR's): the files lie in one folder or in a folder for each
//! writer, optionally below `train/` and `test/`.

use std::path::{Path, PathBuf};

use super::names::{Named, Scheme};
use super::{Found, Image, Kind, Problem, Split, listing, notebook};
use crate::error::Result;

/// A file of this form is there. ICDAR's names are also those of the notebook's layout, so in folders of writers they only
/// count where a forgery lies among genuine signatures.
pub(super) fn fits(scheme: Scheme, root: &Path) -> Result<bool> {
    for (part, _) in listing::parts(root) {
        let folders = listing::folders(&part)?;
        let in_folders = scheme != Scheme::SigComp || !folders.iter().any(|folder| notebook::is_forgeries(folder));
        if holds(scheme, &part, |_| true)? {
            return Ok(true);
        }
        for folder in folders.iter().filter(|_| in_folders) {
            let counts = |kind| scheme != Scheme::SigComp || (kind == Kind::Forgery && listing::is_numbered(folder));
            if holds(scheme, folder, counts)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn holds(scheme: Scheme, folder: &Path, counts: impl Fn(Kind) -> bool) -> Result<bool> {
    let images = listing::image_files(folder)?;
    let mut named = images.iter().filter_map(|path| scheme.parse(&listing::stem_of(path)));
    Ok(named.any(|named| counts(named.kind)))
}

pub(super) fn read(scheme: Scheme, root: &Path, found: &mut Found) -> Result<()> {
    for (part, split) in listing::parts(root) {
        for path in listing::images_beside(&part, found)? {
            add(scheme, path, None, split, found)?;
        }
        for folder in listing::folders_of_images(&part, found)? {
            let number = listing::is_numbered(&folder).then(|| listing::name_of(&folder));
            for path in listing::images_beside(&folder, found)? {
                add(scheme, path, number.as_deref(), split, found)?;
            }
        }
    }
    Ok(())
}

/// An image in the folder of the writer with this number, or in one that says nothing.
fn add(scheme: Scheme, path: PathBuf, number: Option<&str>, split: Option<Split>, found: &mut Found) -> Result<()> {
    let fits = |writer: &str| number.is_none_or(|number| is_same_number(number, writer));
    match scheme.parse(&listing::stem_of(&path)).filter(|named| fits(named.writer.as_str())) {
        Some(Named { writer, kind, forger }) => found.images.push(Image { path, writer, kind, split, forger }),
        None => found.refuse(&path, Problem::FileName { expected: scheme.expected() })?,
    }
    Ok(())
}

fn is_same_number(a: &str, b: &str) -> bool {
    a.trim_start_matches('0') == b.trim_start_matches('0')
}
