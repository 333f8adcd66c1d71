//! Genuine signatures of many writers, as they are enrolled: a folder of writers, in any layout, or a table of
//! `path,writer`. Forgeries that lie there too are never among them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{DataSet, Found, Kind, Layout, OnBad, Problem, Skipped, WriterId, listing, manifest, words};
use crate::error::Result;

/// Genuine signatures by writer, and what was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct References {
    /// Sorted by writer and path.
    pub writers: BTreeMap<WriterId, Vec<PathBuf>>,
    /// Forgeries, and what is nobody's signature.
    pub skipped: Vec<Skipped>,
}

impl References {
    /// Reads a folder or a table.
    ///
    /// # Errors
    /// As [`DataSet::open`]; a folder in which genuine and forged signatures seem to lie together is refused.
    pub fn read(path: &Path) -> Result<Self> {
        let mut found = Found::new(OnBad::Stop);
        if path.is_file() {
            manifest::read_references(path, &mut found)?;
            return Self::of(found, path);
        }
        for layout in Layout::ALL.into_iter().filter(|layout| *layout != Layout::Notebook) {
            if path.is_dir() && layout.fits(path)? {
                let set = DataSet::open(path, Some(layout), OnBad::Stop)?;
                found.images = set.images;
                found.skipped = set.skipped;
                return Self::of(found, path);
            }
        }
        read_folders(path, &mut found)?;
        Self::of(found, path)
    }

    fn of(found: Found, path: &Path) -> Result<Self> {
        let Found { images, mut skipped, .. } = found;
        let mut writers: BTreeMap<WriterId, Vec<PathBuf>> = BTreeMap::new();
        for image in images {
            match image.kind {
                Kind::Genuine => writers.entry(image.writer).or_default().push(image.path),
                Kind::Forgery => {
                    skipped
                        .push(Skipped { path: image.path, why: "a forgery, which is nobody's reference".to_owned() });
                }
            }
        }
        if writers.is_empty() {
            return Err(Problem::nothing_left(&skipped).at(path));
        }
        writers.values_mut().for_each(|paths| paths.sort());
        Ok(Self { writers, skipped })
    }
}

/// Folders of writers by whatever names.
fn read_folders(root: &Path, found: &mut Found) -> Result<()> {
    if !root.is_dir() {
        return Err(Problem::NotAFolder.at(root));
    }
    for folder in listing::folders_of_images(root, found)? {
        let name = listing::name_of(&folder);
        if words::kind_of_name(&name) == Some(Kind::Forgery) {
            found.note(&folder, &Problem::Forgeries);
            continue;
        }
        let images = listing::images_beside(&folder, found)?;
        if found.are_genuine(&folder, &images)? {
            let writer = words::role_of_folder(&name).map_or(&name[..], |(writer, _)| writer);
            found.images.extend(images.into_iter().map(|path| super::Image {
                path,
                writer: WriterId::new(writer),
                kind: Kind::Genuine,
                split: None,
                forger: None,
            }));
        }
    }
    Ok(())
}
