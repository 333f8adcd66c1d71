//! A folder of genuine and one of forged signatures, by whichever usual names: `genuine/` and `forged/` with a folder for
//! each writer in both, or with files whose names say the writer (`names`); or the two inside each writer's folder.
//! Optionally below `train/` and `test/`.

use std::path::{Path, PathBuf};

use super::names::{self, Named};
use super::{Found, Image, Kind, Problem, Split, WriterId, listing, words};
use crate::error::Result;

const EXPECTED: &str = "NNN_TT, FFFFNNN_TT, c-NNN-II, cf-NNN-II, NNNNvII, NNNNfII, original_W_N or forgeries_W_N";

pub(super) fn fits(root: &Path) -> Result<bool> {
    for (part, _) in listing::parts(root) {
        if !folders_of_kinds(&part)?.is_empty() || !writers(&part)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    listing::note_others_beside_parts(root, found)?;
    for (part, split) in listing::parts(root) {
        let kinds = folders_of_kinds(&part)?;
        let writers = if kinds.is_empty() { writers(&part)? } else { Vec::new() };
        for folder in listing::folders(&part)? {
            if !kinds.iter().any(|(kind, _)| *kind == folder) && !writers.contains(&folder) {
                found.note(&folder, &Problem::UnexpectedFolder);
            }
        }
        for (folder, kind) in &kinds {
            read_kind(folder, *kind, split, found)?;
        }
        for writer in writers {
            for (folder, kind) in folders_of_kinds(&writer)? {
                let id = WriterId::new(listing::name_of(&writer));
                read_writer(&folder, &id, kind, split, found)?;
            }
        }
    }
    Ok(())
}

/// The folders in the folder whose whole names mean *genuine* or *forged*.
fn folders_of_kinds(folder: &Path) -> Result<Vec<(PathBuf, Kind)>> {
    let of_kind = |folder: PathBuf| Some((words::kind_of_folder(&listing::name_of(&folder))?, folder));
    Ok(listing::folders(folder)?.into_iter().filter_map(of_kind).map(|(kind, folder)| (folder, kind)).collect())
}

/// The folders in the folder that have folders of kinds in them.
fn writers(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut writers = Vec::new();
    for folder in listing::folders(folder)? {
        if !folders_of_kinds(&folder)?.is_empty() {
            writers.push(folder);
        }
    }
    Ok(writers)
}

/// A folder of one kind: writers' folders, and files whose names say the writer.
fn read_kind(folder: &Path, kind: Kind, split: Option<Split>, found: &mut Found) -> Result<()> {
    for path in listing::images_beside(folder, found)? {
        match named(&listing::stem_of(&path), kind) {
            Some(Named { writer, forger, .. }) => found.images.push(Image { path, writer, kind, split, forger }),
            None => found.refuse(&path, Problem::FileName { expected: EXPECTED })?,
        }
    }
    for writer in listing::folders_of_images(folder, found)? {
        let name = listing::name_of(&writer);
        let id = match words::role_of_folder(&name) {
            Some((_, of_kind)) if of_kind != kind => {
                let (genuine, forged) = (listing::name_of(folder), name);
                found.refuse(&writer, Problem::TwoKinds { genuine, forged })?;
                continue;
            }
            Some((base, _)) => base.to_owned(),
            None => name,
        };
        read_writer(&writer, &WriterId::new(id), kind, split, found)?;
    }
    Ok(())
}

/// What a file's name in a folder of this kind says; None where it says no writer, or another kind. A forgery may be called
/// as the genuine signature that it imitates.
fn named(stem: &str, kind: Kind) -> Option<Named> {
    let says_other = match words::kind_of_name(stem) {
        Some(says) => says != kind,
        None => false,
    };
    let named = names::parse(stem).or_else(|| names::cedar(stem)).filter(|_| !says_other)?;
    (kind == Kind::Forgery || named.kind == Kind::Genuine).then_some(named)
}

/// A folder of one writer's signatures of one kind.
fn read_writer(folder: &Path, writer: &WriterId, kind: Kind, split: Option<Split>, found: &mut Found) -> Result<()> {
    let Some(images) = listing::images(folder, found)? else { return Ok(()) };
    if kind == Kind::Genuine && !found.are_genuine(folder, &images)? {
        return Ok(());
    }
    for path in images {
        let forger = names::parse(&listing::stem_of(&path)).and_then(|named| named.forger);
        found.images.push(Image { path, writer: writer.clone(), kind, split, forger });
    }
    Ok(())
}
