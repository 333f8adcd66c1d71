//! Sorted listings of folders, without the files that systems and tools leave behind.

use std::path::{Path, PathBuf};

use super::{DataSet, Found, Layout, Problem, Split, pair_list};
use crate::error::{Error, Result};

/// The extensions of image files, in lower case; either case is read.
pub(super) const EXTENSIONS: [&str; 21] = [
    "png", "jpg", "jpeg", "jpe", "jfif", "tif", "tiff", "gif", "bmp", "webp", "jp2", "j2k", "heic", "heif", "hif",
    "avif", "pgm", "pbm", "ppm", "pnm", "pam",
];

/// Files that are not part of any data set.
const IGNORED: [&str; 2] = ["thumbs.db", "synth.json"];

/// What tells of a data set.
const NOTES: [&str; 3] = [MANIFESTS[0], MANIFESTS[1], "synth.json"];

/// Tables of all images.
pub(super) const MANIFESTS: [&str; 2] = ["manifest.csv", "manifest.tsv"];

impl DataSet {
    /// Every file that belongs to the data set: its images, also those that were left out, and the notes beside them.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        let left_out = self.skipped.iter().map(|skipped| &skipped.path).filter(|path| is_image(path));
        let images = self.images.iter().map(|image| &image.path).chain(left_out).cloned();
        let pairs = if self.layout == Layout::Pairs { pair_list::table_of(&self.root).ok().flatten() } else { None };
        images.chain(pairs).chain(NOTES.map(|name| self.root.join(name)))
    }
}

/// Everything in the folder but hidden and ignored files, sorted by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let io_error = |source| Error::Io { path: folder.to_owned(), source };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error)? {
        let path = entry.map_err(io_error)?.path();
        let name = name_of(&path);
        if !name.starts_with('.') && !IGNORED.contains(&name.to_lowercase().as_str()) {
            entries.push(path);
        }
    }
    entries.sort();
    Ok(entries)
}

/// The folders in the folder, sorted by name.
pub(super) fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = entries(folder)?;
    entries.retain(|path| path.is_dir());
    Ok(entries)
}

/// `train/` and `test/`, those that are there, or else the folder itself.
pub(super) fn parts(root: &Path) -> Vec<(PathBuf, Option<Split>)> {
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

/// Notes folders beside `train/` and `test/`.
pub(super) fn note_others_beside_parts(root: &Path, found: &mut Found) -> Result<()> {
    let parts = parts(root);
    if parts[0].1.is_some() {
        for folder in folders(root)? {
            if !parts.iter().any(|(part, _)| *part == folder) {
                found.note(&folder, &Problem::UnexpectedFolder);
            }
        }
    }
    Ok(())
}

/// Whether the folder is named by digits alone.
pub(super) fn is_numbered(folder: &Path) -> bool {
    let name = name_of(folder);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

/// The image files in the folder itself, sorted by name; nothing is noted.
pub(super) fn image_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = entries(folder)?;
    entries.retain(|path| is_image(path));
    Ok(entries)
}

/// The image files in a folder and in those below it, sorted by path.
///
/// # Errors
/// [`Error::Io`] for a folder that cannot be read.
pub fn image_files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    /// Whoever nests deeper has a link that leads back.
    const DEEPEST: usize = 8;
    fn collect(folder: &Path, depth: usize, images: &mut Vec<PathBuf>) -> Result<()> {
        for path in entries(folder)? {
            if is_image(&path) {
                images.push(path);
            } else if path.is_dir() && depth < DEEPEST {
                collect(&path, depth + 1, images)?;
            }
        }
        Ok(())
    }
    let mut images = Vec::new();
    collect(folder, 1, &mut images)?;
    images.sort();
    Ok(images)
}

/// Whether images lie in the folder itself.
pub(super) fn holds_images(folder: &Path) -> Result<bool> {
    Ok(!image_files(folder)?.is_empty())
}

/// The folders in the folder that hold images, sorted by name; others are noted as left out.
pub(super) fn folders_of_images(folder: &Path, found: &mut Found) -> Result<Vec<PathBuf>> {
    let mut holding = Vec::new();
    for folder in folders(folder)? {
        if holds_images(&folder)? {
            holding.push(folder);
        } else {
            found.note(&folder, &Problem::NoWriter);
        }
    }
    Ok(holding)
}

/// The image files in the folder, sorted by name, be there none; other files are noted as left out, and folders are not.
pub(super) fn images_beside(folder: &Path, found: &mut Found) -> Result<Vec<PathBuf>> {
    let (images, others): (Vec<_>, Vec<_>) = entries(folder)?.into_iter().partition(|path| is_image(path));
    for other in others.iter().filter(|path| !path.is_dir()) {
        found.note(other, &Problem::NotAnImage);
    }
    Ok(images)
}

/// The image files in the folder, sorted by name; anything else in it is noted as left out.
/// None where there are no images, after refusing the folder.
pub(super) fn images(folder: &Path, found: &mut Found) -> Result<Option<Vec<PathBuf>>> {
    let entries = entries(folder)?;
    if entries.is_empty() {
        found.refuse(folder, Problem::Empty)?;
        return Ok(None);
    }
    let (images, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| is_image(path));
    for other in others {
        let problem = if other.is_dir() { Problem::UnexpectedFolder } else { Problem::NotAnImage };
        found.note(&other, &problem);
    }
    if images.is_empty() {
        found.refuse(folder, Problem::NoImages)?;
        return Ok(None);
    }
    Ok(Some(images))
}

/// The last component of the path, as text.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The last component of the path without its extension, as text.
pub(super) fn stem_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a file's extension is that of an image.
pub(super) fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    EXTENSIONS.contains(&extension.to_lowercase().as_str()) && !path.is_dir()
}
