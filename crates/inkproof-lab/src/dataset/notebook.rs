//! The notebook's layout: for each writer a folder `NNN/` of genuine signatures and a folder `NNN_forg/` of skilled
//! forgeries, all in one folder, or in `train/` and `test/`. The ICDAR 2011 files of this layout tell the forger:
//! `FFFFNNN_TT.png` or `TT_FFFFNNN.png`, where NNN is the imitated writer and TT the try.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Found, Image, Kind, Problem, Split, WriterId, listing};
use crate::error::Result;

const FORGERIES: &str = "_forg";

/// A folder named by digits alone, or `*_forg`, is there.
pub(super) fn fits(root: &Path) -> Result<bool> {
    for (part, _) in parts(root) {
        let folders = listing::folders(&part)?;
        if folders.iter().any(|folder| is_writer_folder(folder)) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    let parts = parts(root);
    if parts[0].1.is_some() {
        for folder in listing::folders(root)? {
            if !parts.iter().any(|(part, _)| *part == folder) {
                found.note(&folder, &Problem::UnexpectedFolder);
            }
        }
    }
    for (part, split) in parts {
        read_part(&part, split, found)?;
    }
    Ok(())
}

/// `train/` and `test/`, those that are there, or else the folder itself.
fn parts(root: &Path) -> Vec<(PathBuf, Option<Split>)> {
    let splits = [("train", Split::Train), ("test", Split::Test)];
    let mut parts: Vec<_> = splits
        .map(|(name, split)| (root.join(name), Some(split)))
        .into_iter()
        .filter(|(part, _)| part.is_dir())
        .collect();
    if parts.is_empty() {
        parts.push((root.to_owned(), None));
    }
    parts
}

fn is_writer_folder(folder: &Path) -> bool {
    let name = listing::name_of(folder);
    let writer = name.strip_suffix(FORGERIES);
    writer.is_some() || (!name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()))
}

/// A writer's folders, as far as they are there.
#[derive(Default)]
struct Folders {
    genuine: Option<PathBuf>,
    forgeries: Option<PathBuf>,
}

fn read_part(part: &Path, split: Option<Split>, found: &mut Found) -> Result<()> {
    let mut writers: BTreeMap<String, Folders> = BTreeMap::new();
    for folder in listing::folders(part)? {
        let name = listing::name_of(&folder);
        match name.strip_suffix(FORGERIES) {
            Some(writer) => writers.entry(writer.to_owned()).or_default().forgeries = Some(folder),
            None => writers.entry(name).or_default().genuine = Some(folder),
        }
    }
    if writers.is_empty() {
        return found.refuse(part, Problem::Empty);
    }
    for (writer, folders) in writers {
        read_writer(part, &WriterId::new(writer), &folders, split, found)?;
    }
    Ok(())
}

fn read_writer(
    part: &Path,
    writer: &WriterId,
    folders: &Folders,
    split: Option<Split>,
    found: &mut Found,
) -> Result<()> {
    if let (Some(forgeries), None) = (&folders.forgeries, &folders.genuine) {
        let missing = Problem::MissingCounterpart {
            present: listing::name_of(forgeries),
            needs: "the genuine signatures that were forged",
        };
        return found.refuse(&part.join(writer.as_str()), missing);
    }
    if let (Some(genuine), None) = (&folders.genuine, &folders.forgeries) {
        let missing = Problem::MissingCounterpart {
            present: listing::name_of(genuine),
            needs: "skilled forgeries of these signatures",
        };
        found.refuse(&part.join(format!("{writer}{FORGERIES}")), missing)?;
    }
    read_folder(folders.genuine.as_deref(), writer, Kind::Genuine, split, found)?;
    read_folder(folders.forgeries.as_deref(), writer, Kind::Forgery, split, found)
}

fn read_folder(
    folder: Option<&Path>,
    writer: &WriterId,
    kind: Kind,
    split: Option<Split>,
    found: &mut Found,
) -> Result<()> {
    let Some(folder) = folder else { return Ok(()) };
    let Some(images) = listing::images(folder, found)? else {
        return Ok(());
    };
    for path in images {
        let forger = match kind {
            Kind::Genuine => None,
            Kind::Forgery => forger(&listing::stem_of(&path), writer),
        };
        found.images.push(Image { path, writer: writer.clone(), kind, split, forger });
    }
    Ok(())
}

/// The forger in `FFFFNNN_TT` or `TT_FFFFNNN`, where NNN is the writer.
fn forger(stem: &str, writer: &WriterId) -> Option<String> {
    const DIGITS: usize = 4;
    let (left, right) = stem.split_once('_')?;
    [left, right].into_iter().find_map(|field| {
        let forger = field.strip_suffix(writer.as_str())?;
        let fits = forger.len() == DIGITS && forger.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| forger.to_owned())
    })
}
