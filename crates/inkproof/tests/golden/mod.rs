//! The reference files of `tests/golden`.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of reference files.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name)
}

/// The pictures of a folder without their references, sorted.
pub fn pictures(name: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with(".ref.png"))
        .collect();
    files.sort();
    files
}
