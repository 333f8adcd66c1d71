//! Every comparison as a row of CSV, for those who compute or plot by themselves.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Class, VerificationResult};
use crate::dataset::{DataSet, WriterId};
use inkproof_table::cell;

const HEADER: [&str; 7] = ["writer", "references", "questioned", "class", "score", "draw", "fold"];

/// The comparisons of all runs, one row each below a header: the claimed writer; the references' files, joined by `;`;
/// the questioned file; `genuine`, `skilled` or `random`; the score; the draw; and the fold of the claimed writer, from
/// 1, empty where there are no folds. Files are named by their path below the data set's folder.
pub fn scores_csv(set: &DataSet, runs: &[VerificationResult], folds: &BTreeMap<WriterId, usize>) -> Vec<u8> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    let file = |image: usize| short(&set.images[image].path, &set.root);
    rows.write_record(HEADER).expect(IN_MEMORY);
    for comparison in runs.iter().flat_map(|run| &run.comparisons) {
        let references: Vec<String> = comparison.references.iter().map(|&image| file(image)).collect();
        let fold = folds.get(&comparison.writer).map_or(String::new(), |fold| (fold + 1).to_string());
        let row: [&str; 7] = [
            &cell(comparison.writer.as_str()),
            &cell(&references.join(";")),
            &cell(&file(comparison.questioned)),
            comparison.class.word(),
            &comparison.score.to_string(),
            &comparison.draw.to_string(),
            &fold,
        ];
        rows.write_record(row).expect(IN_MEMORY);
    }
    rows.into_inner().expect(IN_MEMORY)
}

const IN_MEMORY: &str = "memory takes every row";

fn short(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

impl Class {
    /// As in files: `genuine`, `skilled` or `random`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Skilled => "skilled",
            Self::Random => "random",
        }
    }
}
