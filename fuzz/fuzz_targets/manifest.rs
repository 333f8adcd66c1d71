//! A manifest.csv of a data set.
#![no_main]

use inkproof_lab::dataset::{DataSet, Layout, OnBad};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("manifest.csv"), bytes).expect("a file");
    let layout: Layout = "manifest".parse().expect("a layout");
    let _ = DataSet::open(folder.path(), Some(layout), OnBad::Skip);
});
