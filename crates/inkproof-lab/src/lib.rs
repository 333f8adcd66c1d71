//! The laboratory of inkproof: data sets, pairs, metrics, evaluation and reports.
//!
//! Everything here returns plain data and prints nothing; long work tells how far it is through [`progress::Progress`].
//! Every random draw comes from a seed or a generator that the caller passes in, so the same call gives the same result.

#![forbid(unsafe_code)]

pub mod audit;
pub mod baselines;
pub mod calibrate;
pub mod candidate;
pub mod compare;
pub mod cross;
pub mod dataset;
pub mod error;
pub mod evaluate;
pub mod folds;
pub mod metrics;
pub mod pairs;
pub mod pictures;
mod png_file;
pub mod progress;
pub mod report;
pub mod statistics;
pub mod synth;
pub mod train;

pub use error::{Error, Result};
