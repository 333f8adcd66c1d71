//! A data set as one model sees it: each image embedded once, then compared as often as a protocol wants.

use std::borrow::Cow;
use std::collections::BTreeSet;

use inkproof::model::{DataInfo, SyntheticInfo};
use inkproof::{Calibration, Ink, Model};

use super::{ModelName, NotebookResult, VerificationOptions, VerificationResult, VerificationRuns, Verifier};
use crate::dataset::DataSet;
use crate::error::Result;
use crate::pictures::{GoOn, Pictures};
use crate::progress::{Event, Progress};

/// How many images are embedded between two reports of progress.
const CHUNK: usize = 32;

/// The images of a data set with what a model made of each.
#[derive(Debug, Clone)]
pub struct Embedded {
    set: DataSet,
    /// As [`Model::vectors`] gives them, in the order of the set's images.
    vectors: Vec<Vec<f32>>,
    training_images: usize,
}

impl Embedded {
    /// Embeds every image; `pictures` are those of `set`, read as the model asks.
    ///
    /// # Errors
    /// Where an image can no longer be read.
    pub fn new(model: &Model, set: DataSet, pictures: &Pictures, progress: &mut dyn Progress) -> Result<Self> {
        let indices: Vec<usize> = (0..set.images.len()).collect();
        let chunks: Vec<&[usize]> = indices.chunks(CHUNK).collect();
        progress.report(Event::Stage { name: "embedding", total: indices.len() });
        let mut vectors = Vec::with_capacity(indices.len());
        let owned = |pictures: &Pictures, chunk: &&[usize]| -> Result<Vec<Ink>> {
            Ok(pictures.inks(chunk)?.into_iter().map(std::borrow::Cow::into_owned).collect())
        };
        pictures.prefetch(&chunks, owned, |inks| {
            vectors.extend(model.vectors(&inks));
            progress.report(Event::Advance { done: vectors.len() });
            Ok(GoOn::Yes)
        })?;
        let info = model.info();
        let made_with: Vec<_> = std::iter::once(&info.trained_on).chain(&info.calibrated_on).collect();
        let training_images = images_made_with(&made_with, &set, pictures);
        Ok(Self { set, vectors, training_images })
    }

    /// The data set without what could not be read.
    pub fn set(&self) -> &DataSet {
        &self.set
    }

    /// How many of the images the model was made with: trained on, or its threshold fixed on.
    pub fn training_images(&self) -> usize {
        self.training_images
    }

    /// The score of a questioned image: the greatest of its scores to the references.
    pub fn score(&self, model: &Model, references: &[usize], questioned: usize) -> f64 {
        let similarity = |&reference: &usize| model.similarity(&self.vectors[reference], &self.vectors[questioned]);
        references.iter().map(|reference| similarity(reference).get()).fold(f64::NEG_INFINITY, f64::max)
    }

    /// [`super::verification`], at the threshold and with the calibration that `options` give or else the
    /// model's own.
    ///
    /// # Errors
    /// As [`super::verification`].
    pub fn verification(
        &self,
        model: &Model,
        options: &VerificationOptions,
        progress: &mut dyn Progress,
    ) -> Result<VerificationResult> {
        let runs = self.verification_runs(model, &[options.references], options, progress)?.runs;
        Ok(runs.into_iter().next().expect("one run for one number of references"))
    }

    /// [`Embedded::verification`] for each number of references in turn.
    ///
    /// # Errors
    /// As [`super::verification`].
    pub fn verification_runs(
        &self,
        model: &Model,
        references: &[usize],
        options: &VerificationOptions,
        progress: &mut dyn Progress,
    ) -> Result<VerificationRuns> {
        let network = Network { model, embedded: Cow::Borrowed(self) };
        (&network as &dyn Verifier).runs(references, options, progress)
    }

    /// The model with its images, as one thing that scores.
    pub fn with(self, model: &Model) -> Network<'_> {
        Network { model, embedded: Cow::Owned(self) }
    }

    /// [`super::notebook`].
    ///
    /// # Errors
    /// As [`super::notebook`].
    pub fn notebook(&self, model: &Model, seed: u64) -> Result<NotebookResult> {
        let score = |a: usize, b: usize| self.score(model, &[a], b);
        let mut result = super::notebook(&self.set, &score, seed)?;
        result.training_images_in_test = Some(self.training_images);
        result.model = Some(name(model));
        Ok(result)
    }
}

/// A model and what it made of a data set's images.
pub struct Network<'a> {
    model: &'a Model,
    embedded: Cow<'a, Embedded>,
}

impl Verifier for Network<'_> {
    fn name(&self) -> ModelName {
        name(self.model)
    }

    fn set(&self) -> &DataSet {
        &self.embedded.set
    }

    fn score(&self, references: &[usize], questioned: usize) -> f64 {
        self.embedded.score(self.model, references, questioned)
    }

    fn threshold(&self, references: usize) -> Option<f64> {
        Some(self.model.threshold_for(references).get())
    }

    fn calibration(&self) -> Option<&Calibration> {
        self.model.info().calibration.as_ref()
    }

    fn training_images(&self) -> usize {
        self.embedded.training_images
    }
}

fn name(model: &Model) -> ModelName {
    ModelName { name: model.name().to_owned(), digest: model.digest().to_owned() }
}

/// How many images of `set` are among these: real ones by fingerprint, synthetic ones by the generator's seed and the
/// writer's number.
pub(crate) fn images_made_with(made_with: &[&DataInfo], set: &DataSet, pictures: &Pictures) -> usize {
    let known: BTreeSet<_> = made_with.iter().flat_map(|data| &data.digests).collect();
    let made_of: Vec<SyntheticInfo> = made_with.iter().filter_map(|data| data.synthetic).collect();
    let same_seed = |ours: &SyntheticInfo| {
        made_of.iter().find(|theirs| (theirs.generator, theirs.seed) == (ours.generator, ours.seed))
    };
    let known_writers = set.synthetic.as_ref().and_then(same_seed).map_or(0, |theirs| theirs.writers);
    let is_known_writer = |writer: &str| writer.parse::<usize>().is_ok_and(|number| number <= known_writers);
    let images = set.images.iter().zip(pictures.digests());
    images.filter(|(image, digest)| known.contains(digest) || is_known_writer(image.writer.as_str())).count()
}
