//! What can be measured: a trained network or a baseline, by name or by file.

use std::path::Path;

use inkproof::{Model, Preprocess};

use crate::baselines::hog::Hog;
use crate::dataset::DataSet;
use crate::error::{Error, Result};
use crate::evaluate::{Embedded, Verifier};
use crate::loader::{LoadedImages, Reading};
use crate::progress::Progress;
use crate::train::TrainOptions;

/// A model or a baseline that has not seen a data set yet.
pub enum Candidate {
    /// A model file, or the one that comes with the program.
    Network(Box<Model>),
    /// Histograms of gradients, not trained; see [`crate::baselines::hog`].
    Hog,
    /// Everything but the shape, as [`crate::leakage::Shortcuts`] learn it.
    /// Fitted on writers of the same data set, so it can only judge fold by fold.
    Shortcuts,
}

/// What judges a test: the same whatever else there is to learn from, or something that is trained first.
#[derive(Clone, Copy)]
pub enum Judge<'a> {
    /// What is there already.
    Ready(&'a Candidate),
    /// A network that is trained so.
    Trained(&'a TrainOptions),
}

impl<'a> Judge<'a> {
    /// The candidate, where it is there already.
    pub fn candidate(self) -> Option<&'a Candidate> {
        match self {
            Self::Ready(candidate) => Some(candidate),
            Self::Trained(_) => None,
        }
    }

    /// What it sees of an image.
    pub fn preprocess(&self) -> Preprocess {
        match self {
            Self::Ready(candidate) => candidate.preprocess(),
            Self::Trained(training) => training.read.preprocess.clone(),
        }
    }
}

impl Candidate {
    /// The names that [`Candidate::find`] knows, besides `cues`, which shortcuts were called before.
    pub const NAMES: [&str; 3] = ["bundled", "hog", "shortcuts"];

    /// The model file of this path, or where there is no such file, what goes by this name.
    ///
    /// # Errors
    /// Names the file that cannot be read, or the name that nothing goes by.
    pub fn find(name: &str) -> Result<Self> {
        let path = Path::new(name);
        match name {
            _ if path.exists() => Ok(Self::Network(Box::new(Model::load(path)?))),
            "bundled" => Ok(Self::bundled()),
            "hog" => Ok(Self::Hog),
            "shortcuts" | "cues" => Ok(Self::Shortcuts),
            _ => Err(Error::NoSuchModel { name: name.to_owned(), names: Self::NAMES.join(", ") }),
        }
    }

    /// The model that comes with the program.
    pub fn bundled() -> Self {
        Self::Network(Box::new(Model::bundled()))
    }

    /// What it sees of an image.
    pub fn preprocess(&self) -> Preprocess {
        match self {
            Self::Network(model) => model.preprocess().clone(),
            Self::Hog => Hog::preprocess(),
            // It reads the files themselves; this is only asked whether they can be read.
            Self::Shortcuts => Preprocess::Raw,
        }
    }

    /// The images of a data set as the candidate sees them. What cannot be read is left out of `set`, or an error, as
    /// `reading` says.
    ///
    /// # Errors
    /// As [`LoadedImages::read`].
    pub fn load(&self, set: &mut DataSet, reading: Reading, progress: &mut dyn Progress) -> Result<LoadedImages> {
        LoadedImages::read(set, &reading.with(self.preprocess()), progress)
    }

    /// The candidate on a data set, whose images it has `loaded`.
    ///
    /// # Errors
    /// Images that can no longer be read; [`Error::ShortcutsAlone`] for [`Candidate::Shortcuts`].
    pub fn verifier_of(
        &self,
        set: DataSet,
        loaded: &LoadedImages,
        progress: &mut dyn Progress,
    ) -> Result<Box<dyn Verifier + '_>> {
        Ok(match self {
            Self::Network(model) => Box::new(Embedded::new(model, set, loaded, progress)?.with(model)),
            Self::Hog => Box::new(Hog::new(set, loaded, progress)?),
            Self::Shortcuts => return Err(Error::ShortcutsAlone),
        })
    }

    /// [`Candidate::load`] and [`Candidate::verifier_of`] in one.
    ///
    /// # Errors
    /// As both.
    pub fn verifier(
        &self,
        mut set: DataSet,
        reading: Reading,
        progress: &mut dyn Progress,
    ) -> Result<Box<dyn Verifier + '_>> {
        let loaded = self.load(&mut set, reading, progress)?;
        self.verifier_of(set, &loaded, progress)
    }
}
