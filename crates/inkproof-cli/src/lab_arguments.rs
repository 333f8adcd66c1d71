//! Options that several commands of the laboratory share, as the laboratory's own options.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use inkproof::{Architecture, Preprocess};
use inkproof_lab::candidate::Candidate;
use inkproof_lab::dataset::{self, Layout, OnBad};
use inkproof_lab::loader::{self, ReadOptions};
use inkproof_lab::session::{DataOptions, EvaluateOptions, Scope};
use inkproof_lab::synth::Style;
use inkproof_lab::train::{Negatives, TrainOptions};

/// Where the signatures are and how they are read.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// Folder of signatures, in one of the layouts of docs/data.md
    data: PathBuf,
    /// Insist on a layout instead of looking which one fits: notebook, cedar, bhsig260, gpds, mcyt, sigcomp, kinds, manifest
    /// or pairs
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
    pub fn options(&self) -> DataOptions {
        DataOptions { path: self.data.clone(), layout: self.layout, reading: self.reading.options() }
    }
}

impl Reading {
    pub fn options(&self) -> loader::Reading {
        loader::Reading {
            bad: if self.skip_bad { OnBad::Skip } else { OnBad::Stop },
            cache_bytes: if self.cache == Cache::On { ReadOptions::CACHE_BYTES } else { 0 },
        }
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
    pub fn for_network(self, network: Architecture) -> Preprocess {
        match self {
            Self::Raw => Preprocess::Raw,
            Self::Ink => TrainOptions::ink_for(network),
        }
    }
}

/// Which model, or baseline, is measured.
#[derive(Debug, Clone, Args)]
pub struct ModelOrName {
    /// Model file written by `inkproof train`, or a name: bundled (the model that comes with the program), hog (gradient
    /// histograms, not trained) or shortcuts (everything but the shape). A file of that name is preferred to the name
    #[arg(long, value_name = "FILE|NAME")]
    model: Option<String>,
}

impl ModelOrName {
    /// The file that it may be.
    pub fn path(&self) -> Option<&Path> {
        self.model.as_deref().map(Path::new)
    }

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
        let preprocess = self.preprocess.for_network(backbone);
        Some(TrainOptions {
            read: reading.options().with(preprocess.clone()),
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
    /// Which part of DATA is measured; by default the test
    #[arg(long, value_enum, conflicts_with = "folds")]
    part: Option<Part>,
    /// Cut the writers of DATA, both parts together, into so many folds. Each is judged at a threshold and with a
    /// calibration fixed on the others; scores are then log10 likelihood ratios. The baseline shortcuts is always fitted
    /// on other folds, by default 5
    #[arg(long)]
    folds: Option<usize>,
}

impl Measured {
    pub fn part(self) -> dataset::Part {
        self.part.map_or(dataset::Part::Test, Part::part)
    }

    pub fn asks_for_folds(self) -> bool {
        self.folds.is_some()
    }

    /// With these comparisons, as the laboratory takes them.
    pub fn options(self, comparisons: &Comparisons) -> EvaluateOptions {
        let Comparisons { references, draws: Draws { repeats, seed } } = comparisons.clone();
        let part = self.part.map(|part| Scope::Part(part.part()));
        EvaluateOptions { scope: self.folds.map(Scope::Folds).or(part), references, repeats, seed }
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
    pub fn part(self) -> dataset::Part {
        match self {
            Self::Test => dataset::Part::Test,
            Self::Train => dataset::Part::Train,
            Self::All => dataset::Part::All,
        }
    }
}

/// Names of styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Script {
    /// Every writer has one of these
    Mixed,
    /// Joined Latin letters
    Latin,
    /// Overlapping initials with flourishes
    Monogram,
    /// Right to left, like Arabic and Urdu
    Flowing,
    /// Letters that hang from a line, like Devanagari and Bengali
    Headline,
    /// Dense blocks of short strokes, like Chinese and Japanese
    Blocks,
    /// Several words, or letters that stand apart
    Print,
}

impl Script {
    pub fn style(self) -> Option<Style> {
        match self {
            Self::Mixed => None,
            Self::Latin => Some(Style::Latin),
            Self::Monogram => Some(Style::Monogram),
            Self::Flowing => Some(Style::Flowing),
            Self::Headline => Some(Style::Headline),
            Self::Blocks => Some(Style::Blocks),
            Self::Print => Some(Style::Print),
        }
    }
}

/// Before any work is begun: a model can be written there.
pub fn require_place_for(model: &Path) -> Result<()> {
    if model.is_dir() {
        bail!("{}: is a folder; give the name of a file for the model", model.display());
    }
    let folder = model.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(missing) = folder.filter(|folder| !folder.is_dir()) {
        bail!("{}: there is no such folder for the model; make it first", missing.display());
    }
    Ok(())
}
