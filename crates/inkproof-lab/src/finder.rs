//! The finder of signatures on pages: what it learns from, and how well it finds.
//!
//! It learns from synthetic pages alone (`learn`, `boost`, `network`); on pages whose boxes are known it is measured, with
//! intervals that resample documents (`judge`).

mod boost;
mod judge;
mod learn;
mod network;

pub use boost::BoostOptions;
pub use judge::{Counted, JudgedPages, PageTruth, PagesFolder, Share, judge, thresholds};
pub use learn::{LearnOptions, LearnedFinder, learn};
pub use network::NetworkOptions;
