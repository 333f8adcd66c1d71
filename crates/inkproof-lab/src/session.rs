//! Everything that can be asked of a data set, as one call each: plain options in, plain data out.
//!
//! A [`Session`] holds an opened data set, how its files are read, and whom progress is reported to. It prints nothing and
//! knows no command line: the program and every binding call the same functions. What needs several sets, of which some
//! must stay closed until everything is fixed, is [`cross`](crate::cross::cross).
//!
//! ```no_run
//! use inkproof_lab::candidate::{Candidate, Judge};
//! use inkproof_lab::progress::Silent;
//! use inkproof_lab::session::{DataOptions, EvaluateOptions, Session};
//!
//! # fn main() -> inkproof_lab::Result<()> {
//! let mut progress = Silent;
//! let mut session = Session::open(&DataOptions::new("signatures"), &mut progress)?;
//! let options = EvaluateOptions { references: vec![1, 5], ..EvaluateOptions::default() };
//! let evaluation = session.evaluate(Judge::Ready(&Candidate::bundled()), &options)?;
//! for run in &evaluation.runs {
//!     println!("{} reference(s): EER {:.3} on random forgeries", run.references, run.random.eer);
//! }
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use inkproof::{InkParameters, Model, Preprocess, SIDE};

use crate::calibrate::{self, CalibrationOptions, FittedCalibration};
use crate::candidate::{Candidate, Judge};
use crate::compare::{CompareResult, compare, compare_by_folds};
use crate::dataset::{DataSet, Layout, Part, Skipped, Split};
use crate::error::{Error, Result};
use crate::evaluate::{Embedded, Evaluation, ModelName, NotebookEvaluation, VerificationOptions};
use crate::folds::{FoldOptions, evaluate_by_folds};
use crate::leakage::{self, Leakage};
use crate::loader::{LoadedImages, Reading};
use crate::pairs::Pair;
use crate::progress::{Event, Progress};
use crate::statistics::{self, Compared};
use crate::synth::SynthOptions;
use crate::train::in_memory::Origin;
use crate::train::{self, Negatives, Outcome, TrainOptions};
use crate::truth::{self, TruthOptions, TruthOutcome};

/// Where the signatures are and how they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataOptions {
    /// Folder of signatures.
    pub path: PathBuf,
    /// The layout of the folder; None takes the first that fits.
    pub layout: Option<Layout>,
    /// How its files are read.
    pub reading: Reading,
}

impl DataOptions {
    /// Any layout, and what cannot be read is an error.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), layout: None, reading: Reading::default() }
    }

    /// Opens the folder; no image is decoded yet.
    ///
    /// # Errors
    /// As [`DataSet::open`].
    pub fn open(&self) -> Result<DataSet> {
        DataSet::open(&self.path, self.layout, self.reading.bad)
    }
}

/// Which writers are judged, and whether at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The writers of one part at once, by a model that is there.
    Part(Part),
    /// All writers, both parts together, cut into so many folds: each is judged at a threshold and with a calibration that
    /// are fixed on the others, or by a network that is trained on the others. Scores are log10 likelihood ratios.
    Folds(usize),
}

/// What the verification protocol compares; by default the part `test`, one reference, ten draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluateOptions {
    /// None takes the part `test`, or [`FOLDS_OF_SHORTCUTS`] folds for the baseline that is fitted on other folds.
    pub scope: Option<Scope>,
    /// References in a comparison; one run each.
    pub references: Vec<usize>,
    /// Draws of the references per writer.
    pub repeats: usize,
    /// Of the folds, the draws and the intervals.
    pub seed: u64,
}

/// Into how many folds the writers are cut where shortcuts are judged and nobody asks for folds.
pub const FOLDS_OF_SHORTCUTS: usize = 5;

impl Default for EvaluateOptions {
    fn default() -> Self {
        let VerificationOptions { references, repeats, seed, .. } = VerificationOptions::default();
        Self { scope: None, references: vec![references], repeats, seed }
    }
}

impl EvaluateOptions {
    /// The scope for what is judged.
    fn scope(&self, judged: &[&Candidate]) -> Result<Scope> {
        let shortcuts = judged.iter().any(|candidate| matches!(candidate, Candidate::Shortcuts));
        match self.scope {
            Some(Scope::Part(_)) if shortcuts => Err(Error::ShortcutsOnPart),
            Some(scope) => Ok(scope),
            None if shortcuts => Ok(Scope::Folds(FOLDS_OF_SHORTCUTS)),
            None => Ok(Scope::Part(Part::default())),
        }
    }

    fn in_folds(&self, folds: usize) -> FoldOptions {
        FoldOptions { folds, references: self.references.clone(), repeats: self.repeats, seed: self.seed }
    }

    fn at_once(&self) -> VerificationOptions {
        VerificationOptions { repeats: self.repeats, seed: self.seed, ..VerificationOptions::default() }
    }
}

/// A model with what was fixed for it.
pub struct Calibrated {
    /// The model; its weights are unchanged.
    pub model: Model,
    /// What was fixed, and what could not be.
    pub fitted: FittedCalibration,
    /// Images that were left out.
    pub skipped: Vec<Skipped>,
}

/// Pairs of a data set's images.
pub struct LoadedPairs {
    /// Without what could not be read.
    pub set: DataSet,
    /// As the preprocessing has them, in the order of the set's.
    pub images: LoadedImages,
    /// In the data set's order.
    pub pairs: Vec<Pair>,
    /// What a model that is trained on them has to remember.
    pub origin: Origin,
}

impl LoadedPairs {
    /// The first pictures of all pairs, then the second ones, `SIDE * SIDE` numbers in 0..1 each.
    ///
    /// # Errors
    /// Where a file has changed since it was read.
    pub fn pictures(&self) -> Result<[Vec<f32>; 2]> {
        let side = |image: fn(&Pair) -> usize| -> Result<Vec<f32>> {
            let mut pictures = Vec::with_capacity(self.pairs.len() * SIDE * SIDE);
            for pair in &self.pairs {
                pictures.extend(self.images.ink(image(pair))?.values());
            }
            Ok(pictures)
        };
        Ok([side(|pair| pair.a)?, side(|pair| pair.b)?])
    }
}

/// An opened data set and all that can be asked of it.
pub struct Session<'a> {
    set: DataSet,
    reading: Reading,
    progress: &'a mut dyn Progress,
}

impl<'a> Session<'a> {
    /// Opens a data set.
    ///
    /// # Errors
    /// As [`DataSet::open`].
    pub fn open(data: &DataOptions, progress: &'a mut dyn Progress) -> Result<Self> {
        Ok(Self { set: data.open()?, reading: data.reading, progress })
    }

    /// One part of each of several data sets as one, where wanted of at most so many writers of each
    /// ([`DataSet::of_writers`]); `data` are read alike, as the first says.
    ///
    /// # Errors
    /// As [`DataSet::open`].
    pub fn open_together(
        data: &[DataOptions],
        part: Part,
        writers: Option<usize>,
        progress: &'a mut dyn Progress,
    ) -> Result<Self> {
        let of_writers = |set: DataSet| match writers {
            Some(most) => set.of_writers(most),
            None => set,
        };
        let sets = data.iter().map(|data| Ok(of_writers(data.open()?.select(part)))).collect::<Result<_>>()?;
        let reading = data.first().map_or(Reading::default(), |data| data.reading);
        Ok(Self { set: DataSet::together(sets), reading, progress })
    }

    /// The data set.
    pub fn set(&self) -> &DataSet {
        &self.set
    }

    /// Measures how well genuine signatures are distinguished from skilled and from random forgeries.
    ///
    /// # Errors
    /// [`Error::WritersInBothSplits`]; [`Error::ShortcutsOnPart`]; [`Error::TrainingNeedsFolds`] for a network that is to
    /// be trained and judged at once; as [`Candidate::verifier`], [`crate::evaluate::verification`] and
    /// [`evaluate_by_folds`].
    pub fn evaluate(&mut self, judge: Judge<'_>, options: &EvaluateOptions) -> Result<Evaluation> {
        self.set.require_disjoint_splits()?;
        let ready: Vec<&Candidate> = judge.candidate().into_iter().collect();
        match (options.scope(&ready)?, judge) {
            (Scope::Folds(folds), judge) => {
                evaluate_by_folds(self.set.clone(), judge, &options.in_folds(folds), self.reading, self.progress)
            }
            (Scope::Part(part), Judge::Ready(candidate)) => self.evaluate_at_once(part, candidate, options),
            (Scope::Part(_), Judge::Trained(_)) => Err(Error::TrainingNeedsFolds),
        }
    }

    fn evaluate_at_once(&mut self, part: Part, candidate: &Candidate, options: &EvaluateOptions) -> Result<Evaluation> {
        let verifier = candidate.verifier(self.set.select(part), self.reading, self.progress)?;
        let runs = verifier.runs(&options.references, &options.at_once(), self.progress)?.runs;
        Ok(Evaluation {
            model: verifier.name(),
            preprocess: candidate.preprocess(),
            set: verifier.set().clone(),
            folds: None,
            fold_of: BTreeMap::new(),
            training_images: verifier.training_images(),
            seed: options.seed,
            runs,
        })
    }

    /// Measures loss and accuracy over the notebook's pairs of one part. Writers in both parts are only warned of, as the
    /// notebook has them.
    ///
    /// # Errors
    /// [`Error::BaselineHasNoProbabilities`] for a baseline; as [`Embedded::notebook`]; an image that cannot be read.
    pub fn notebook(&mut self, candidate: &Candidate, part: Part, seed: u64) -> Result<NotebookEvaluation> {
        let Candidate::Network(model) = candidate else { return Err(Error::BaselineHasNoProbabilities) };
        if let Err(error) = self.set.require_disjoint_splits() {
            self.progress.report(Event::Warning(&error.to_string()));
        }
        let embedded = self.embed(model, part)?;
        Ok(NotebookEvaluation {
            model: ModelName { name: model.name().to_owned(), digest: model.digest().to_owned() },
            result: embedded.notebook(model, seed)?,
            training_images: embedded.training_images(),
            set: embedded.set().clone(),
        })
    }

    /// One part as a model sees it.
    ///
    /// # Errors
    /// Where an image cannot be read.
    pub fn embed(&mut self, model: &Model, part: Part) -> Result<Embedded> {
        let mut set = self.set.select(part);
        let read = self.reading.with(model.preprocess().clone());
        let loaded = LoadedImages::read(&mut set, &read, self.progress)?;
        Embedded::new(model, set, &loaded, self.progress)
    }

    /// The pairs that a siamese network is trained on, of one part: each genuine image with another one of the writer's, and
    /// the i-th genuine with the i-th forgery, or what else `negatives` says.
    ///
    /// # Errors
    /// Where an image cannot be read; [`Error::NoPairs`].
    pub fn pairs(
        &mut self,
        part: Part,
        preprocess: Preprocess,
        negatives: Negatives,
        seed: u64,
    ) -> Result<LoadedPairs> {
        let mut set = self.set.select(part);
        let loaded = LoadedImages::read(&mut set, &self.reading.with(preprocess), self.progress)?;
        let pairs = train::pairs_of(&set, negatives, seed, self.progress)?;
        let origin = Origin { described: loaded.describe(&set), digests: loaded.digests().collect() };
        Ok(LoadedPairs { set, images: loaded, pairs, origin })
    }

    /// Two models on the same comparisons of the images that both can read.
    ///
    /// # Errors
    /// As [`Session::evaluate`].
    pub fn compare(&mut self, candidates: [&Candidate; 2], options: &EvaluateOptions) -> Result<CompareResult> {
        self.set.require_disjoint_splits()?;
        match options.scope(&candidates)? {
            Scope::Folds(folds) => {
                compare_by_folds(candidates, self.set.clone(), self.reading, &options.in_folds(folds), self.progress)
            }
            Scope::Part(part) => compare(
                candidates,
                self.set.select(part),
                self.reading,
                &options.references,
                &options.at_once(),
                self.progress,
            ),
        }
    }

    /// Fixes a model's thresholds and likelihood ratios on all writers of the set.
    ///
    /// # Errors
    /// As [`calibrate::calibrate_model`]; an image that cannot be read.
    pub fn calibrate(&mut self, model: Model, options: &CalibrationOptions) -> Result<Calibrated> {
        let mut set = self.set.clone();
        let read = self.reading.with(model.preprocess().clone());
        let loaded = LoadedImages::read(&mut set, &read, self.progress)?;
        let (model, fitted) = calibrate::calibrate_model(model, &set, &loaded, options, self.progress)?;
        Ok(Calibrated { model, fitted, skipped: set.skipped })
    }

    /// Trains on the part `train` and writes the model to `out`; see [`train::train`].
    ///
    /// # Errors
    /// As [`train::train`], and [`Error::InknetNeedsInk`] or [`Error::InitNeedsInknet`] for options that contradict each
    /// other.
    pub fn train(
        &mut self,
        options: &TrainOptions,
        out: &Path,
        resume: bool,
        stop: &dyn Fn() -> bool,
    ) -> Result<Outcome> {
        options.require_consistent()?;
        train::train(self.set.part(Split::Train), options, out, resume, stop, self.progress)
    }

    /// Trains the notebook's network on writers that are not in the test, and asks it about strangers; see [`truth`].
    ///
    /// # Errors
    /// [`Error::WritersInBothSplits`]; [`Error::Io`] where the folder of models cannot be made; as training and
    /// verification.
    pub fn truth(&mut self, options: &TruthOptions, stop: &dyn Fn() -> bool) -> Result<TruthOutcome> {
        truth::run(self, options, stop)
    }

    /// What would make a result on the data set worthless; cues are measured again after this `ink` preprocessing, that of
    /// the model in question.
    ///
    /// # Errors
    /// As [`leakage::examine`].
    pub fn leakage(&mut self, ink: &InkParameters, seed: u64) -> Result<Leakage> {
        leakage::examine(self.set.clone(), self.reading.bad, ink, seed, self.progress)
    }

    /// How the shapes of the genuine signatures compare with those of synthetic writers.
    ///
    /// # Errors
    /// As [`statistics::compare`].
    pub fn statistics(&mut self, synthetic: &SynthOptions) -> Result<Vec<Compared>> {
        statistics::compare(self.set.clone(), self.reading, synthetic, self.progress)
    }

    /// For the experiments of the lab.
    pub(crate) fn reading(&self) -> Reading {
        self.reading
    }

    /// For the experiments of the lab.
    pub(crate) fn progress(&mut self) -> &mut dyn Progress {
        self.progress
    }
}

#[cfg(test)]
mod tests;
