//! The files that commands write: never over what they read, whole or not at all, and readable by their owner alone.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use inkproof::write_atomically;
use inkproof_lab::dataset::DataSet;

/// What a command reads, and what of that it may write: nothing.
///
/// Every command that writes a file asks [`Inputs::spare`] before it begins.
#[derive(Default)]
pub struct Inputs(Vec<PathBuf>);

impl Inputs {
    /// These too; what is not there, as the name of a model that comes with the program, cannot be written over.
    pub fn and<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.0.extend(paths.into_iter().map(Into::into));
        self
    }

    pub fn and_data(self, set: &DataSet) -> Self {
        self.and(set.files())
    }

    /// A store's file and those that SQLite has beside it; a database server has none here.
    pub fn and_store(self, place: Option<&str>) -> Self {
        let Some(file) = place.and_then(|place| fs::canonicalize(place).ok()) else { return self };
        self.and(["", "-wal", "-shm", "-journal"].map(|ending| with_suffix(&file, ending)))
    }

    /// Refuses an output that is one of these, by whatever path or link, and one that is given twice.
    pub fn spare(&self, outputs: &[&Path]) -> Result<()> {
        for (place, output) in outputs.iter().enumerate() {
            let shown = output.display();
            if outputs[..place].iter().any(|other| are_one(other, output)) {
                bail!("{shown}: cannot take two outputs; give each a file of its own");
            }
            let Some(there) = Identity::of(output) else { continue };
            if let Some(input) = self.0.iter().find(|input| Identity::of(input).as_ref() == Some(&there)) {
                bail!("{shown}: is an input ({}) and would be written over; give another output", input.display());
            }
        }
        Ok(())
    }

    /// Refuses a folder for outputs in which an input is, by whatever link; outputs of earlier runs may be in it.
    pub fn spare_folder(&self, folder: &Path) -> Result<()> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        let there: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        there.iter().filter(|path| path.is_file()).try_for_each(|path| self.spare(&[path]))
    }
}

/// Writes a file.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically(path, bytes).with_context(|| format!("{}: cannot be written", path.display()))
}

/// The path with something behind its name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// What tells a file from all others, whatever it is called.
#[derive(PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    #[cfg(not(unix))]
    path: PathBuf,
}

impl Identity {
    /// None where there is nothing.
    fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let found = fs::metadata(path).ok()?;
            Some(Self { device_and_inode: (found.dev(), found.ino()) })
        }
        #[cfg(not(unix))]
        Some(Self { path: fs::canonicalize(path).ok()? })
    }
}

/// Whether two outputs, which may not be there yet, are one file.
fn are_one(a: &Path, b: &Path) -> bool {
    let folder = |path: &Path| path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
    let folder = |path: &Path| Identity::of(&folder(path).unwrap_or_else(|| PathBuf::from(".")));
    match (Identity::of(a), Identity::of(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a == b || (folder(a).is_some() && folder(a) == folder(b) && a.file_name() == b.file_name()),
        _ => false,
    }
}
