//! Image files on the command line.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use inkproof::{Limits, read_image_file};
use inkproof_service::NamedImage;

/// Image files as they are, with the paths that they were given by.
pub struct ImageFiles(Vec<(String, Vec<u8>)>);

impl ImageFiles {
    /// Reads files; `-` is standard input.
    pub fn read<P: AsRef<Path>>(paths: &[P], limits: &Limits) -> Result<Self> {
        let read = |path: &P| Ok((path.as_ref().display().to_string(), read(path.as_ref(), limits)?));
        Ok(Self(paths.iter().map(read).collect::<Result<_>>()?))
    }

    /// The files as a service takes them.
    pub fn named(&self) -> Vec<NamedImage<'_>> {
        self.0.iter().map(|(name, bytes)| NamedImage { name, bytes, deadline: None }).collect()
    }
}

/// The bytes of a file, or of standard input; no more than are allowed.
fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return Ok(read_image_file(path, limits)?);
    }
    let mut bytes = Vec::new();
    let all = std::io::stdin().lock().take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes);
    all.context("standard input cannot be read")?;
    limits.check_bytes(bytes.len() as u64).map_err(|error| error.at(path))?;
    Ok(bytes)
}
