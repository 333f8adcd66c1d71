//! A file's bytes, where it is one and has no more than so many.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// Why a file is not read.
pub(crate) enum NotRead {
    Failed(io::Error),
    Folder,
    /// A pipe, a device or a socket, which may never end.
    NotAFile,
    /// It has so many bytes, as far as they were counted.
    TooLarge(u64),
}

impl From<io::Error> for NotRead {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Reads a file whole. Its size is checked before, and what it grows meanwhile is not read.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, NotRead> {
    let file = open_without_waiting(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(NotRead::Folder);
    }
    if !metadata.is_file() {
        return Err(NotRead::NotAFile);
    }
    check(metadata.len(), limit)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    check(bytes.len() as u64, limit)?;
    Ok(bytes)
}

fn check(bytes: u64, limit: u64) -> Result<(), NotRead> {
    if bytes > limit { Err(NotRead::TooLarge(bytes)) } else { Ok(()) }
}

/// Opening a pipe waits for somebody who writes to it, unless it is asked not to.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    options.read(true).open(path)
}
