//! Options that several commands share.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use inkproof::{Model, Preprocess};
use inkproof_lab::dataset::{DataSet, Layout, OnBad};
use inkproof_lab::pictures::ReadOptions;

/// Where the signatures are and how they are read.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// Folder of signatures, in one of the layouts notebook, cedar, bhsig260 or manifest
    pub data: PathBuf,
    /// Insist on a layout instead of looking which one fits: notebook, cedar, bhsig260 or manifest
    #[arg(long)]
    layout: Option<Layout>,
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
        Self { data: data.to_owned(), layout: None, skip_bad: false, cache: Cache::On }
    }

    pub fn open(&self) -> Result<DataSet> {
        Ok(DataSet::open(&self.data, self.layout, self.on_bad())?)
    }

    pub fn read_options(&self, preprocess: Preprocess) -> ReadOptions {
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
}
