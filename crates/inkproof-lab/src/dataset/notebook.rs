//! The notebook's layout: for each writer a folder `NNN/` of genuine signatures and a folder `NNN_forg/` of skilled
//! forgeries, all in one folder, or in `train/` and `test/`. The ICDAR 2011 files of this layout tell the forger:
//! `FFFFNNN_TT.png` or `TT_FFFFNNN.png`, where NNN is the imitated writer and TT the try.
//!
//! `-forged`, `_fake` and the like are taken for `_forg`. Without any forgeries all folders are genuine signatures, but only
//! where nothing in them looks forged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Found, Image, Kind, Problem, Split, WriterId, listing, names, words};
use crate::error::Result;

const FORGERIES: &str = "_forg";

/// A folder named by digits alone, or `*_forg`, is there; or several whose names differ by a number.
pub(super) fn fits(root: &Path) -> Result<bool> {
    for (part, _) in listing::parts(root) {
        let folders = listing::folders(&part)?;
        if folders.iter().any(|folder| listing::is_numbered(folder) || is_forgeries(folder)) {
            return Ok(true);
        }
        let mut numbered = 0;
        for folder in &folders {
            let is_numbered = ends_with_number(&listing::name_of(folder)) && listing::holds_images(folder)?;
            numbered += usize::from(is_numbered);
        }
        if numbered >= 2 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a folder is by its name one of forgeries.
pub(super) fn is_forgeries(folder: &Path) -> bool {
    matches!(words::role_of_folder(&listing::name_of(folder)), Some((_, Kind::Forgery)))
}

fn ends_with_number(name: &str) -> bool {
    name.ends_with(|c: char| c.is_ascii_digit())
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    listing::note_others_beside_parts(root, found)?;
    for (part, split) in listing::parts(root) {
        read_part(&part, split, found)?;
    }
    Ok(())
}

/// A writer's folders, as far as they are there.
#[derive(Default)]
struct Folders {
    genuine: Option<PathBuf>,
    forgeries: Option<PathBuf>,
}

fn read_part(part: &Path, split: Option<Split>, found: &mut Found) -> Result<()> {
    let mut writers = folders_of_writers(part, found)?;
    if writers.is_empty() {
        return found.refuse(part, Problem::Empty);
    }
    pass_over_strange(&mut writers, found);
    let have_forgeries = writers.values().any(|folders| folders.forgeries.is_some());
    let genuine_alone = !have_forgeries && writers.len() > 1;
    if genuine_alone {
        let names: Vec<String> = writers.keys().cloned().collect();
        if let Some((genuine, forged)) = names::two_kinds(&names) {
            let (genuine, forged) = (genuine.clone(), forged.clone());
            return found.refuse(part, Problem::TwoKinds { genuine, forged });
        }
    }
    for (writer, folders) in writers {
        read_writer(part, &WriterId::new(writer), &folders, split, genuine_alone, found)?;
    }
    Ok(())
}

/// The folders by writer. What holds no signatures and is nobody's is noted.
fn folders_of_writers(part: &Path, found: &mut Found) -> Result<BTreeMap<String, Folders>> {
    let mut writers: BTreeMap<String, Folders> = BTreeMap::new();
    let all = listing::folders(part)?;
    let is_there = |name: &str| all.iter().any(|folder| listing::name_of(folder) == name);
    for folder in &all {
        let name = listing::name_of(folder);
        let lone_f = name.strip_suffix(['f', 'F']).map(|base| base.trim_end_matches(['_', '-', ' ']));
        let (writer, kind) = match words::role_of_folder(&name) {
            Some((writer, kind)) => (writer, kind),
            None => match lone_f.filter(|base| is_there(base)) {
                Some(writer) => (writer, Kind::Forgery),
                None => (&name[..], Kind::Genuine),
            },
        };
        let is_writer = kind == Kind::Forgery || listing::is_numbered(folder) || listing::holds_images(folder)?;
        if !is_writer {
            found.note(folder, &Problem::NoWriter);
        } else if writer == name && words::kind_of_name(&name) == Some(Kind::Forgery) {
            found.refuse(folder, Problem::ForgeriesOfNobody)?;
        } else {
            let folders = writers.entry(writer.to_owned()).or_default();
            let place = if kind == Kind::Genuine { &mut folders.genuine } else { &mut folders.forgeries };
            if place.is_some() {
                found.refuse(folder, Problem::SecondFolder(WriterId::new(writer)))?;
            } else {
                *place = Some(folder.clone());
            }
        }
    }
    Ok(writers)
}

/// Takes out folders of images that are not called as the writers are, such as `results` among numbers, and notes them.
fn pass_over_strange(writers: &mut BTreeMap<String, Folders>, found: &mut Found) {
    let is_strange = |name: &str, folders: &Folders| !ends_with_number(name) && folders.forgeries.is_none();
    if !writers.keys().any(|name| ends_with_number(name)) {
        return;
    }
    writers.retain(|name, folders| {
        let is_strange = is_strange(name, folders);
        if let (true, Some(folder)) = (is_strange, &folders.genuine) {
            found.note(folder, &Problem::NotLikeWriters);
        }
        !is_strange
    });
}

fn read_writer(
    part: &Path,
    writer: &WriterId,
    folders: &Folders,
    split: Option<Split>,
    genuine_alone: bool,
    found: &mut Found,
) -> Result<()> {
    if let (Some(forgeries), None) = (&folders.forgeries, &folders.genuine) {
        let missing = Problem::MissingCounterpart {
            present: listing::name_of(forgeries),
            needs: "the genuine signatures that were forged",
        };
        return found.refuse(&part.join(writer.as_str()), missing);
    }
    let Some(folder) = &folders.genuine else { return Ok(()) };
    let images = listing::image_files(folder)?;
    let may_be_genuine = match &folders.forgeries {
        Some(_) => found.none_says_forged(folder, &images)?,
        None => found.are_genuine(folder, &images)?,
    };
    if !may_be_genuine {
        return Ok(());
    }
    if folders.forgeries.is_none() && !genuine_alone {
        let missing = Problem::MissingCounterpart {
            present: listing::name_of(folder),
            needs: "skilled forgeries of these signatures",
        };
        found.refuse(&part.join(format!("{writer}{FORGERIES}")), missing)?;
    }
    let genuine = read_folder(folder, found)?;
    let forgeries = match &folders.forgeries {
        Some(folder) => read_folder(folder, found)?,
        None => Vec::new(),
    };
    let genuine = genuine.into_iter().map(|path| (path, Kind::Genuine));
    for (path, kind) in genuine.chain(forgeries.into_iter().map(|path| (path, Kind::Forgery))) {
        let forger = (kind == Kind::Forgery).then(|| forger(&listing::stem_of(&path), writer)).flatten();
        found.images.push(Image { path, writer: writer.clone(), kind, split, forger });
    }
    Ok(())
}

fn read_folder(folder: &Path, found: &mut Found) -> Result<Vec<PathBuf>> {
    Ok(listing::images(folder, found)?.unwrap_or_default())
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
