//! The finder of signatures on pages: what it learns from, and how well it finds.
//!
//! It learns from synthetic pages alone (`learn`, `boost`); on pages whose boxes are known it is measured, with intervals
//! that resample documents (`judge`).

mod boost;
mod judge;
mod learn;

pub use boost::BoostOptions;
pub use judge::{Counted, JudgedPages, PageTruth, PagesFolder, Share, judge, with_thresholds};
pub use learn::{LearnOptions, LearnedFinder, learn};
