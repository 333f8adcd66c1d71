//! A manifest.csv, or a list of pairs, of a data set.
#![no_main]

use inkproof_lab::dataset::{DataSet, Layout, OnBad};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, layout) in [("manifest.csv", Layout::Manifest), ("pairs.csv", Layout::Pairs)] {
        std::fs::write(folder.path().join(file), bytes).expect("a file");
        let _ = DataSet::open(folder.path(), Some(layout), OnBad::Skip);
    }
});
