//! What can be measured: a trained network or a baseline, by name or by file.

use std::path::Path;

use inkproof::{Model, Preprocess};

use crate::baselines::hog::Hog;
use crate::dataset::DataSet;
use crate::error::{Error, Result};
use crate::evaluate::{Embedded, Verifier};
use crate::pictures::{Pictures, ReadOptions};
use crate::progress::Progress;
use crate::train::TrainOptions;

/// A model or a baseline that has not seen a data set yet.
pub enum Candidate {
    Network(Box<Model>),
    Hog,
    /// Fitted on writers of the same data set, so it can only judge fold by fold.
    Cues,
}

/// What judges a test: the same whatever else there is to learn from, or something that is trained first.
#[derive(Clone, Copy)]
pub enum Judge<'a> {
    Ready(&'a Candidate),
    Trained(&'a TrainOptions),
}

impl Judge<'_> {
    /// What it sees of an image.
    pub fn preprocess(&self) -> Preprocess {
        match self {
            Self::Ready(candidate) => candidate.preprocess(),
            Self::Trained(training) => training.read.preprocess.clone(),
        }
    }
}

impl Candidate {
    /// The names that [`Candidate::find`] knows.
    pub const NAMES: [&str; 3] = ["bundled", "hog", "cues"];

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
            "cues" => Ok(Self::Cues),
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
            Self::Cues => Preprocess::Raw,
        }
    }

    /// The images of a data set as the candidate sees them; `read` says how, but for the preprocessing.
    ///
    /// # Errors
    /// As [`Pictures::read`].
    pub fn pictures(&self, set: &mut DataSet, read: &ReadOptions, progress: &mut dyn Progress) -> Result<Pictures> {
        Pictures::read(set, &ReadOptions { preprocess: self.preprocess(), ..read.clone() }, progress)
    }

    /// The candidate on a data set, whose `pictures` it has read.
    ///
    /// # Errors
    /// Images that can no longer be read; [`Error::CuesAlone`] for [`Candidate::Cues`].
    pub fn on(&self, set: DataSet, pictures: &Pictures, progress: &mut dyn Progress) -> Result<Box<dyn Verifier + '_>> {
        Ok(match self {
            Self::Network(model) => Box::new(Embedded::new(model, set, pictures, progress)?.with(model)),
            Self::Hog => Box::new(Hog::new(set, pictures, progress)?),
            Self::Cues => return Err(Error::CuesAlone),
        })
    }

    /// Both of the last two.
    ///
    /// # Errors
    /// As [`Candidate::pictures`].
    pub fn read(
        &self,
        mut set: DataSet,
        read: &ReadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Box<dyn Verifier + '_>> {
        let pictures = self.pictures(&mut set, read, progress)?;
        self.on(set, &pictures, progress)
    }
}
