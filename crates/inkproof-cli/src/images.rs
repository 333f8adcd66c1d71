//! Image files on the command line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use inkproof::{Limits, read_image_file};
use inkproof_service::NamedImage;

/// Image files as they are, with the paths that they were given by.
pub struct ImageFiles(Vec<(String, Vec<u8>)>);

impl ImageFiles {
    /// Reads what a user names: files, `-` for standard input, pipes as a shell makes them of `<(...)`.
    pub fn read<P: AsRef<Path>>(paths: &[P], limits: &Limits) -> Result<Self> {
        Self::read_by(paths, |path| read(path, limits))
    }

    /// Reads what a table names: files alone, since a pipe may never end.
    pub fn read_listed<P: AsRef<Path>>(paths: &[P], limits: &Limits) -> Result<Self> {
        Self::read_by(paths, |path| Ok(read_image_file(path, limits)?))
    }

    fn read_by<P: AsRef<Path>>(paths: &[P], read: impl Fn(&Path) -> Result<Vec<u8>>) -> Result<Self> {
        let read = |path: &P| Ok((path.as_ref().display().to_string(), read(path.as_ref())?));
        Ok(Self(paths.iter().map(read).collect::<Result<_>>()?))
    }

    /// The files as a service takes them.
    pub fn named(&self) -> Vec<NamedImage<'_>> {
        self.0.iter().map(|(name, bytes)| NamedImage { name, bytes, deadline: None }).collect()
    }
}

/// The bytes of a file, of standard input or of a pipe; no more than are allowed.
fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = limits.bytes.saturating_add(1);
    if path.as_os_str() == "-" {
        let all = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
        all.context("standard input cannot be read")?;
    } else if is_pipe(path) {
        let all = File::open(path).and_then(|pipe| pipe.take(most).read_to_end(&mut bytes));
        all.with_context(|| format!("{}: cannot be read", path.display()))?;
    } else {
        return Ok(read_image_file(path, limits)?);
    }
    limits.check_bytes(bytes.len() as u64).map_err(|error| error.at(path))?;
    Ok(bytes)
}

fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    return std::fs::metadata(path).is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type()));
    #[cfg(not(unix))]
    false
}
