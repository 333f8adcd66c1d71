//! What the notebook's number is worth: its network is trained on writers that are not in the test, on raw pixels and on
//! ink, and asked what the notebook never asks: does it accept strangers?

use std::path::PathBuf;

use inkproof::{Architecture, Backbone, Model, Preprocess, Threshold};
use serde::Serialize;

use crate::dataset::{Part, Split};
use crate::error::{Error, Result};
use crate::evaluate::VerificationOptions;
use crate::progress::Event;
use crate::session::Session;
use crate::train::{self, Outcome, TrainOptions};

/// Which trainings are made; by default raw and ink with three seeds, ten epochs each, as in the notebook.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthOptions {
    /// Folder for the trained models; it is made. A model that is there already is not trained again.
    pub out: PathBuf,
    /// One training each, with each preprocessing.
    pub seeds: Vec<u64>,
    /// What the networks see.
    pub preprocess: Vec<Preprocess>,
    /// Passes over all pairs.
    pub epochs: usize,
}

impl Default for TruthOptions {
    fn default() -> Self {
        Self {
            out: PathBuf::from("truth"),
            seeds: vec![0, 1, 2],
            preprocess: vec![Preprocess::Raw, Preprocess::ink()],
            epochs: 10,
        }
    }
}

/// How the experiment ended.
#[derive(Debug, Clone, PartialEq)]
pub enum TruthOutcome {
    /// One row for each training.
    Finished(Vec<TruthRow>),
    /// It was stopped; with the same options it continues from this checkpoint.
    Stopped {
        /// Of the training that was stopped.
        checkpoint: PathBuf,
    },
}

/// The figures of one training; rates are 0..1, decisions are at the notebook's threshold of 0.5.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TruthRow {
    /// `raw` or `ink`.
    pub preprocess: &'static str,
    /// Of the training and of what is drawn in the test.
    pub seed: u64,
    /// Share of the notebook's pairs on the right side of 0.5.
    pub accuracy: f64,
    /// On skilled forgeries; None where there are none.
    pub skilled_eer: Option<f64>,
    /// Resampling the writers of the test.
    pub skilled_eer_ci95: Option<[f64; 2]>,
    /// Share of other writers' genuine signatures that are accepted.
    pub strangers_accepted: Option<f64>,
    /// On random forgeries.
    pub random_eer: f64,
    /// Resampling the writers of the test.
    pub random_eer_ci95: Option<[f64; 2]>,
}

/// Trains and measures one network after the other.
pub(crate) fn run(session: &mut Session<'_>, options: &TruthOptions, stop: &dyn Fn() -> bool) -> Result<TruthOutcome> {
    session.set().require_disjoint_splits()?;
    std::fs::create_dir_all(&options.out).map_err(|source| Error::Io { path: options.out.clone(), source })?;
    let mut rows = Vec::new();
    for preprocess in &options.preprocess {
        for &seed in &options.seeds {
            match trained(session, options, preprocess, seed, stop)? {
                Trained::Model(model) => rows.push(measure(session, &model, seed)?),
                Trained::Stopped(checkpoint) => return Ok(TruthOutcome::Stopped { checkpoint }),
            }
        }
    }
    Ok(TruthOutcome::Finished(rows))
}

/// A network, or the checkpoint of its training.
enum Trained {
    Model(Box<Model>),
    Stopped(PathBuf),
}

/// The model of an earlier run, or a new one.
fn trained(
    session: &mut Session<'_>,
    options: &TruthOptions,
    preprocess: &Preprocess,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Trained> {
    let kind = name(preprocess);
    let path = options.out.join(format!("{kind}-{seed}-{}.safetensors", options.epochs));
    if path.exists() {
        return Ok(Trained::Model(Box::new(Model::load(&path)?)));
    }
    let resume = train::checkpoint_path(&path).exists();
    let training = TrainOptions {
        read: session.reading().with(preprocess.clone()),
        epochs: options.epochs,
        seed,
        ..TrainOptions::new(Architecture::Siamese(Backbone::SimpleCnn), preprocess.clone())
    };
    session.progress().report(Event::Note(&format!("training with {kind} and seed {seed}")));
    let set = session.set().part(Split::Train);
    match train::train(set, &training, &path, resume, stop, session.progress())? {
        Outcome::Finished(trained) => Ok(Trained::Model(Box::new(trained.model))),
        Outcome::Stopped { checkpoint, .. } => Ok(Trained::Stopped(checkpoint)),
    }
}

fn measure(session: &mut Session<'_>, model: &Model, seed: u64) -> Result<TruthRow> {
    let embedded = session.embed(model, Part::Test)?;
    let threshold = Some(Threshold::NOTEBOOK.get());
    let options = VerificationOptions { threshold, seed, ..VerificationOptions::default() };
    let verification = embedded.verification(model, &options, session.progress())?;
    let skilled = verification.skilled.as_ref();
    Ok(TruthRow {
        preprocess: name(model.preprocess()),
        seed,
        accuracy: embedded.notebook(model, seed)?.accuracy,
        skilled_eer: skilled.map(|rates| rates.eer),
        skilled_eer_ci95: skilled.and_then(|rates| rates.eer_ci95),
        strangers_accepted: verification.random.far_at_threshold,
        random_eer: verification.random.eer,
        random_eer_ci95: verification.random.eer_ci95,
    })
}

fn name(preprocess: &Preprocess) -> &'static str {
    match preprocess {
        Preprocess::Raw => "raw",
        Preprocess::Ink(_) => "ink",
    }
}
