//! Options that several commands share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use inkproof::{Architecture, InkParameters, Model, Preprocess, Verifier};
use inkproof_lab::candidate::Candidate;
use inkproof_lab::dataset::{DataSet, Layout, OnBad, Split};
use inkproof_lab::evaluate::VerificationOptions;
use inkproof_lab::pictures::ReadOptions;
use inkproof_lab::train::{Negatives, TrainOptions};
use inkproof_service::{Options, Service, Threads};
use inkproof_store::{Store, Upgraded, default_place};


/// Where the signatures are and how they are read.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// Folder of signatures, in one of the layouts notebook, cedar, bhsig260 or manifest
    pub data: PathBuf,
    /// Insist on a layout instead of looking which one fits: notebook, cedar, bhsig260 or manifest
    #[arg(long)]
    layout: Option<Layout>,
    #[command(flatten)]
    pub reading: Reading,
}

/// How images are read, wherever they are.
#[derive(Debug, Clone, Args)]
pub struct Reading {
    /// Leave out what cannot be read, and list it, instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Keep normalised images in memory (up to 1 GiB), or decode them whenever they are needed
    #[arg(long, value_enum, default_value = "on")]
    cache: Cache,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cache {
    On,
    Off,
}

impl Data {
    pub fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), layout: None, reading: Reading { skip_bad: false, cache: Cache::On } }
    }

    pub fn open(&self) -> Result<DataSet> {
        Ok(DataSet::open(&self.data, self.layout, self.reading.on_bad())?)
    }

    pub fn read_options(&self, preprocess: Preprocess) -> ReadOptions {
        self.reading.options(preprocess)
    }

    pub fn on_bad(&self) -> OnBad {
        self.reading.on_bad()
    }
}

impl Reading {
    pub fn options(&self, preprocess: Preprocess) -> ReadOptions {
        let cache_bytes = if self.cache == Cache::On { ReadOptions::CACHE_BYTES } else { 0 };
        ReadOptions { preprocess, bad: self.on_bad(), cache_bytes }
    }

    pub fn on_bad(&self) -> OnBad {
        if self.skip_bad { OnBad::Skip } else { OnBad::Stop }
    }
}

/// How images become what a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PreprocessKind {
    /// The notebook's: the whole picture, resized
    Raw,
    /// The shape of the strokes alone: no tone, no paper, no scan size
    Ink,
}

impl PreprocessKind {
    pub fn preprocess(self) -> Preprocess {
        match self {
            Self::Raw => Preprocess::Raw,
            Self::Ink => Preprocess::ink(),
        }
    }

    /// As a network wants it.
    pub fn of(self, network: Architecture) -> Preprocess {
        match (self, network) {
            (Self::Ink, Architecture::Inknet) => Preprocess::Ink(InkParameters::by_mass()),
            _ => self.preprocess(),
        }
    }
}

/// Which model judges.
#[derive(Debug, Clone, Args)]
pub struct ModelFile {
    /// Model file written by `inkproof train`; without it the one that comes with the program
    #[arg(long)]
    model: Option<PathBuf>,
}

impl ModelFile {
    pub fn load(&self) -> Result<Model> {
        match &self.model {
            Some(path) => Ok(Model::load(path)?),
            None => Ok(Model::bundled()),
        }
    }

    pub fn verifier(&self) -> Result<Arc<Verifier>> {
        Ok(Arc::new(Verifier::new(self.load()?)))
    }
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
pub struct StorePlace {
    /// A file, or postgres://USER@HOST/DATABASE; without it store.db in the user's data folder
    #[arg(long, value_name = "PLACE", env = "INKPROOF_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl StorePlace {
    /// Makes a store where there is none.
    pub fn open(&self) -> Result<Store> {
        Ok(Store::open(&self.place()?)?)
    }

    pub fn open_existing(&self) -> Result<Store> {
        Ok(Store::open_existing(&self.place()?)?)
    }

    /// To look, whichever older program wrote it.
    pub fn open_as_it_is(&self) -> Result<Store> {
        Ok(Store::open_as_it_is(&self.place()?)?)
    }

    pub fn upgrade(&self) -> Result<Upgraded> {
        Ok(Store::upgrade(&self.place()?)?)
    }

    /// What verifies with a store that has to be there.
    pub fn service(&self, model: &ModelFile) -> Result<Service> {
        let options = Options { threads: Threads::All, ..Options::default() };
        Ok(Service::new(model.verifier()?, Arc::new(self.open_existing()?), options))
    }

    /// The same with a store that is made where there is none.
    pub fn new_service(&self, verifier: Arc<Verifier>, options: Options) -> Result<Service> {
        Ok(Service::new(verifier, Arc::new(self.open()?), options))
    }

    fn place(&self) -> Result<String> {
        let place = self.store.clone().or_else(default_place);
        place.context("there is no home folder; say with --store where the store is")
    }
}

/// Which model, or baseline, is measured.
#[derive(Debug, Clone, Args)]
pub struct ModelOrName {
    /// Model file written by `inkproof train`, or a name: bundled (the model that comes with the program), hog (gradient
    /// histograms, not trained) or cues (everything but the shape). A file of that name is preferred to the name
    #[arg(long, value_name = "FILE|NAME")]
    model: Option<String>,
}

impl ModelOrName {
    pub fn find(&self) -> Result<Candidate> {
        match &self.model {
            Some(model) => Ok(Candidate::find(model)?),
            None => Ok(Candidate::bundled()),
        }
    }
}

/// How often and from which seed references are drawn.
#[derive(Debug, Clone, Args)]
pub struct Draws {
    /// Draws of the references of each writer
    #[arg(long, default_value_t = 10)]
    pub repeats: usize,
    /// Decides what is drawn
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

impl Draws {
    pub fn options(&self) -> VerificationOptions {
        VerificationOptions { repeats: self.repeats, seed: self.seed, ..VerificationOptions::default() }
    }
}

/// Which comparisons the verification protocol makes.
#[derive(Debug, Clone, Args)]
pub struct Comparisons {
    /// References in a comparison; several numbers give several runs, as in 1,3,5
    #[arg(long, value_delimiter = ',', default_value = "1")]
    pub references: Vec<usize>,
    #[command(flatten)]
    pub draws: Draws,
}

/// A network to train before the test, instead of a model that is there.
#[derive(Debug, Clone, Args)]
pub struct ToTrain {
    /// Train this network: inknet, simple-cnn or efficientnet-b0
    #[arg(long, conflicts_with = "model")]
    backbone: Option<Architecture>,
    /// How images become what the network sees
    #[arg(long, value_enum, default_value = "ink", requires = "backbone")]
    preprocess: PreprocessKind,
    /// What the network learns to refuse
    #[arg(long, value_enum, default_value = "skilled", requires = "backbone")]
    negatives: NegativesKind,
    /// Passes over all pairs
    #[arg(long, default_value_t = 10, requires = "backbone")]
    epochs: usize,
}

impl ToTrain {
    /// How it is trained; None where nothing is.
    pub fn options(&self, reading: &Reading, seed: u64) -> Option<TrainOptions> {
        let backbone = self.backbone?;
        let preprocess = self.preprocess.of(backbone);
        Some(TrainOptions {
            read: reading.options(preprocess.clone()),
            negatives: self.negatives.negatives(),
            epochs: self.epochs,
            seed,
            ..TrainOptions::new(backbone, preprocess)
        })
    }
}

/// What a network learns to refuse.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum NegativesKind {
    Skilled,
    Random,
    Both,
}

impl NegativesKind {
    pub fn negatives(self) -> Negatives {
        match self {
            Self::Skilled => Negatives::Skilled,
            Self::Random => Negatives::Random,
            Self::Both => Negatives::Both,
        }
    }
}

/// The part that is measured, or folds of the whole.
#[derive(Debug, Clone, Copy, Args)]
pub struct Measured {
    /// Which part of DATA is measured: the test unless told
    #[arg(long, value_enum, conflicts_with = "folds")]
    part: Option<Part>,
    /// Cut the writers of DATA, both parts together, into so many folds. Each is judged at a threshold and with a
    /// calibration fixed on the others; scores are then log10 likelihood ratios. The baseline cues is always fitted on
    /// other folds, 5 unless told
    #[arg(long)]
    folds: Option<usize>,
}

/// The baseline cues is fitted on other folds' writers, whether or not folds are asked for.
const FOLDS_OF_CUES: usize = 5;

impl Measured {
    /// Into how many folds the writers are cut for these candidates; None where a part is judged at once.
    pub fn folds(self, candidates: &[&Candidate]) -> Result<Option<usize>> {
        let cues = candidates.iter().any(|candidate| matches!(candidate, Candidate::Cues));
        if cues && self.part.is_some() {
            bail!("cues is fitted on other folds of all writers, so it cannot be measured on a part: leave out --part");
        }
        Ok(self.folds.or(cues.then_some(FOLDS_OF_CUES)))
    }

    pub fn part(self, set: &DataSet) -> DataSet {
        self.part.unwrap_or(Part::Test).of(set)
    }

    pub fn asks_for_folds(self) -> bool {
        self.folds.is_some()
    }
}

/// Which part of a data set that has train/ and test/ is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// DATA/test where there is one, else everything
    Test,
    /// DATA/train where there is one, else everything
    Train,
    /// Everything
    All,
}

impl Part {
    pub fn of(self, set: &DataSet) -> DataSet {
        match self {
            Self::Test => set.part(Split::Test),
            Self::Train => set.part(Split::Train),
            Self::All => set.clone(),
        }
    }
}
