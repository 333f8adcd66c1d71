//! New files of a whole store, which appear when they are complete, and what is left of those that never were.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{Result, StoreError};

/// How the hidden folder begins in which such a file is written.
const PREFIX: &str = ".inkproof-backup-";

/// Lets `write` fill a file in a folder of its own beside `out`, which its owner alone can look into, and gives it its name
/// when it is complete. Nothing is left where that fails.
pub(crate) fn written_whole<T>(out: &Path, write: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let failed = |why: String| StoreError::Write { place: out.display().to_string(), why };
    if fs::symlink_metadata(out).is_ok() {
        return Err(failed(THERE.to_owned()));
    }
    let folder = folder_of(out);
    let within = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder);
    let within = within.map_err(|error| failed(error.to_string()))?;
    let begun = within.path().join("store.db");
    let written = write(&begun)?;
    let finish = || {
        File::open(&begun)?.sync_all()?;
        name_anew(&begun, out)?;
        File::open(folder)?.sync_all()
    };
    match finish() {
        Ok(()) => Ok(written),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(failed(THERE.to_owned())),
        Err(error) => Err(failed(error.to_string())),
    }
}

const THERE: &str = "there is a file already; give another name";

/// A new name takes nobody's place, unless the file system knows no second names.
fn name_anew(begun: &Path, out: &Path) -> std::io::Result<()> {
    match fs::hard_link(begun, out) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => fs::rename(begun, out),
        linked => linked,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The folders on the way to a file, for their owner alone.
pub(crate) fn make_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder_of(path))
}

/// Temporary files of this program beside a file: of programs that write them now, or that were killed over it. They may
/// hold signatures.
pub fn leftovers_beside(file: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder_of(file)) else { return Vec::new() };
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(PREFIX) || (name.starts_with('.') && name.ends_with(".partial"))
    };
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_ours).collect();
    found.sort();
    found
}
