//! The laboratory of inkproof: data sets, pairs, metrics, evaluation, training, synthesis and reports.
//!
//! Everything here returns plain data and prints nothing; long work reports how far it is through [`progress::Progress`].
//! Every random draw comes from a seed or a generator that the caller passes in, so the same call gives the same result,
//! to the last bit.
//!
//! # Where to start
//!
//! A [`session::Session`] opens a folder of signatures and answers every question about it with one call: how good is a
//! model ([`evaluate`](session::Session::evaluate)), which of two is better ([`compare`](session::Session::compare)), what
//! would make any result worthless ([`leakage`](session::Session::leakage)), what are scores worth
//! ([`calibrate`](session::Session::calibrate)), and what does a network learn from it
//! ([`train`](session::Session::train)). What needs several sets is [`cross::cross`]. Which model: a
//! [`candidate::Candidate`], by name or by file.
//!
//! ```
//! use inkproof_lab::candidate::{Candidate, Judge};
//! use inkproof_lab::progress::Silent;
//! use inkproof_lab::session::{DataOptions, EvaluateOptions, Session};
//! use inkproof_lab::synth::{self, SynthOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Signatures of three writers who do not exist.
//! let desk = tempfile::tempdir()?;
//! let folder = desk.path().join("signatures");
//! let writers = SynthOptions { writers: 3, genuine: 4, forgeries: 2, seed: 7, style: None };
//! synth::write(&folder, &writers, &mut Silent)?;
//!
//! let mut progress = Silent;
//! let mut session = Session::open(&DataOptions::new(folder), &mut progress)?;
//! let options = EvaluateOptions { references: vec![1, 3], repeats: 2, ..EvaluateOptions::default() };
//! let evaluation = session.evaluate(Judge::Ready(&Candidate::Hog), &options)?;
//!
//! assert_eq!(evaluation.model.name, "hog");
//! for run in &evaluation.runs {
//!     assert_eq!(run.writers, 3);
//!     assert!((0.0..=1.0).contains(&run.random.eer));
//! }
//! let genuine = evaluation.runs[0].random.comparisons.genuine;
//! assert_eq!(genuine, 3 * 2 * 3, "of each writer, in each draw, three are compared with the reference");
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`dataset`], [`loader`], [`pairs`] | folders as lists of images, images as ink, images as pairs |
//! | [`table`] | tables as people have them, as files of a data set |
//! | [`session`], [`cross`], [`truth`] | the experiments, one call each |
//! | [`evaluate`], [`folds`], [`compare`], [`metrics`] | protocols, figures and their intervals |
//! | [`calibrate`] | likelihood ratios and thresholds, fixed on other writers |
//! | [`candidate`], [`baselines`] | what is judged: a model, or a baseline that keeps it humble |
//! | [`leakage`] | copies, shared writers and cues that are not the shape |
//! | [`train`] | from signatures to a model file |
//! | [`synth`], [`statistics`] | signatures and pages of writers who do not exist, and how they compare with real ones |
//! | [`robustness`] | the verifier on turned, stamped, photographed signatures |
//! | [`report`] | an evaluation as a page |
//! | [`matrix`] | many signatures compared with each other, in groups |

#![forbid(unsafe_code)]

pub mod baselines;
pub mod calibrate;
pub mod candidate;
pub mod compare;
pub mod cross;
pub mod dataset;
pub mod error;
pub mod evaluate;
pub mod finder;
pub mod folds;
pub mod leakage;
pub mod loader;
pub mod matrix;
pub mod metrics;
pub mod pairs;
mod png_file;
pub mod progress;
pub mod report;
pub mod robustness;
pub mod session;
pub mod statistics;
pub mod synth;
pub mod table;
pub mod train;
pub mod truth;

pub use error::{Error, Result};
