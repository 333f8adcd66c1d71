//! Writes a file whole or not at all, and readable by its owner alone.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to a temporary name beside `path` and renames it, so that nobody ever sees half a file and a failure
/// leaves what was there before. What is written may hold ink: nobody but its owner may read it.
///
/// # Errors
/// What the system says; something at `path` that is no file. The temporary file is removed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A rename would put a file in the place of a device such as /dev/null.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "what is there is no file"));
    }
    let temporary = temporary_beside(path);
    let mut file = new_private(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What went wrong is reported; that the rest cannot be cleared away as well adds nothing.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A hidden name beside `path` that nobody can guess, and so nobody can put a link there beforehand.
pub fn temporary_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // The keys of the hash are the system's randomness.
    let random = RandomState::new().build_hasher().finish();
    path.with_file_name(format!(".{name}.{random:016x}.partial"))
}

/// A file that was not there, nor a link to one.
fn new_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = std::env::temp_dir().join(format!("inkproof-atomic-{}", std::process::id()));
        fs::create_dir_all(folder.join("taken")).unwrap();
        assert!(write_atomically(&folder.join("taken"), b"x").is_err(), "a folder cannot be replaced by a file");
        assert!(write_atomically(&folder.join("missing/file"), b"x").is_err());
        write_atomically(&folder.join("file"), b"old").unwrap();
        write_atomically(&folder.join("file"), b"new").unwrap();
        assert_eq!(fs::read(folder.join("file")).unwrap(), b"new");
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_temporary_file_is_new_private_and_never_called_the_same() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = std::env::temp_dir().join(format!("inkproof-temporary-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (planted, victim) = (folder.join("planted"), folder.join("victim"));
        fs::write(&victim, b"evidence").unwrap();
        symlink(&victim, &planted).unwrap();
        assert!(new_private(&planted).is_err(), "a link is not followed");
        assert!(new_private(&victim).is_err(), "what is there is not emptied");
        assert_eq!(fs::read(&victim).unwrap(), b"evidence");
        let [one, other] = [&planted; 2].map(|path| temporary_beside(path));
        assert_ne!(one, other);
        new_private(&one).unwrap();
        assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }
}
