//! A data set as one model sees it: each image embedded once, then compared as often as a protocol wants.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use inkproof::inknet::{Likeness, LocalFeatures};
use inkproof::model::{DataInfo, SyntheticInfo};
use inkproof::{Calibration, Embedding, Ink, Log10Lr, Model, Score};

use super::similarities::Similarities;
use super::{ModelName, NotebookResult, VerificationOptions, VerificationResult, VerificationRuns, Verifier};
use crate::dataset::DataSet;
use crate::error::{Error, Result};
use crate::loader::LoadedImages;
use crate::progress::{Event, Progress};
use crate::synth;

/// How many images are embedded between two reports of progress.
const CHUNK: usize = 32;

/// The images of a data set with what a model made of each.
#[derive(Debug, Clone)]
pub struct Embedded {
    set: DataSet,
    /// As [`Model::embeddings`] gives them, in the order of the set's images.
    embeddings: Vec<Embedding>,
    /// Of a model that compares places.
    places: Option<Similarities<Likeness>>,
    training_images: usize,
    calibration_images: usize,
}

impl Embedded {
    /// Embeds every image; `loaded` holds those of `set`, read as the model asks.
    ///
    /// # Errors
    /// Where an image can no longer be read.
    pub fn new(model: &Model, set: DataSet, loaded: &LoadedImages, progress: &mut dyn Progress) -> Result<Self> {
        let indices: Vec<usize> = (0..set.images.len()).collect();
        let chunks: Vec<&[usize]> = indices.chunks(CHUNK).collect();
        progress.report(Event::Stage { name: "embedding", total: indices.len() });
        let mut embeddings = Vec::with_capacity(indices.len());
        let owned = |loaded: &LoadedImages, chunk: &&[usize]| -> Result<Vec<Ink>> {
            Ok(loaded.inks(chunk)?.into_iter().map(std::borrow::Cow::into_owned).collect())
        };
        loaded.prefetch(&chunks, owned, |inks| {
            embeddings.extend(model.embeddings(&inks));
            progress.report(Event::Advance { done: embeddings.len() });
            Ok(ControlFlow::Continue(()))
        })?;
        let info = model.info();
        let training_images = images_made_with(&[&info.trained_on], &set, loaded);
        let calibrated_on: Vec<_> = info.calibrated_on.iter().collect();
        let calibration_images = images_made_with(&calibrated_on, &set, loaded);
        let places = model.inknet().map(|_| Similarities::new(&set, &|a, b| likeness(&embeddings, a, b)));
        Ok(Self { set, embeddings, places, training_images, calibration_images })
    }

    /// The data set without what could not be read.
    pub fn set(&self) -> &DataSet {
        &self.set
    }

    /// How many of the images the model was trained on.
    pub fn training_images(&self) -> usize {
        self.training_images
    }

    /// The score of a questioned image, as [`Model::score`]; what has been compared before is not compared again.
    pub fn score(&self, model: &Model, references: &[usize], questioned: usize) -> f64 {
        if let (Some(known), Some(inknet)) = (&self.places, model.inknet()) {
            let likeness = |a, b| known.get(a, b).unwrap_or_else(|| likeness(&self.embeddings, a, b));
            let features = |image: usize| features(&self.embeddings, image);
            let parts = inknet.score_by(references, questioned, features, likeness, model.info().pressure.as_ref());
            return parts.sum();
        }
        let of_references: Vec<&Embedding> = references.iter().map(|&reference| &self.embeddings[reference]).collect();
        let score = model.score_of(&of_references, &self.embeddings[questioned]);
        score.expect("the protocols give references, and one model made all embeddings").get()
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

    /// [`super::notebook`], of a model whose scores are not probabilities by its likelihood ratios.
    ///
    /// # Errors
    /// As [`super::notebook`]; [`Error::NoProbabilities`] of a model that compares places and is not calibrated.
    pub fn notebook(&self, model: &Model, seed: u64) -> Result<NotebookResult> {
        if model.inknet().is_some() && model.info().calibration.is_none() {
            return Err(Error::NoProbabilities { name: model.name().to_owned() });
        }
        let score = |a: usize, b: usize| probability(model, self.score(model, &[a], b));
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

    fn calibration_images(&self) -> usize {
        self.embedded.calibration_images
    }
}

/// That one signature and another are by one writer, where that is as likely as not before; of a siamese network its score.
fn probability(model: &Model, score: f64) -> f64 {
    let calibration = model.info().calibration.as_ref().filter(|_| model.inknet().is_some());
    let lr = calibration.and_then(|calibration| calibration.log10_lr(Score::new(score), 1));
    lr.map_or(score, Log10Lr::probability)
}

/// How alike two images are to a model that compares places.
fn likeness(embeddings: &[Embedding], a: usize, b: usize) -> Likeness {
    features(embeddings, a).likeness(features(embeddings, b))
}

/// What a model that compares places made of an image.
fn features(embeddings: &[Embedding], image: usize) -> &LocalFeatures {
    embeddings[image].local_features().expect("one model made all of them")
}

fn name(model: &Model) -> ModelName {
    ModelName { name: model.name().to_owned(), digest: model.digest().to_owned() }
}

/// How many images of `set` are among these: real ones by fingerprint, synthetic ones by the generator's seed and the
/// writer's number. A number alone says nothing: only in a synthetic set does it name a writer of the generator.
pub(crate) fn images_made_with(made_with: &[&DataInfo], set: &DataSet, loaded: &LoadedImages) -> usize {
    let known: BTreeSet<_> = made_with.iter().flat_map(|data| &data.digests).collect();
    let made_of: Vec<SyntheticInfo> = made_with.iter().filter_map(|data| data.synthetic).collect();
    let is_known_writer = |writer: &str| set.synthetic.is_some_and(|ours| is_among(writer, &ours, &made_of));
    let images = set.images.iter().zip(loaded.digests());
    images.filter(|(image, digest)| known.contains(digest) || is_known_writer(image.writer.as_str())).count()
}

/// Whether a writer of the synthetic set `ours` is one of those whom the same generator made for `others`.
fn is_among(writer: &str, ours: &SyntheticInfo, others: &[SyntheticInfo]) -> bool {
    let same_seed = |theirs: &&SyntheticInfo| (theirs.generator, theirs.seed) == (ours.generator, ours.seed);
    let most = others.iter().filter(same_seed).map(|theirs| theirs.writers).max();
    let number = synth::writer_number(writer).filter(|&number| number <= ours.writers);
    number.zip(most).is_some_and(|(number, most)| number <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synthetic_writer_is_known_by_seed_and_number_and_nobody_by_a_number_alone() {
        let made = |seed, writers| SyntheticInfo { generator: 3, seed, writers };
        let ours = made(1, 20);
        for (writer, others, known) in [
            ("001", vec![made(1, 10)], true),
            ("010", vec![made(1, 10)], true),
            ("010", vec![made(1, 5), made(1, 10)], true),
            ("011", vec![made(1, 10)], false),
            ("000", vec![made(1, 10)], false),
            ("021", vec![made(1, 30)], false),
            ("+01", vec![made(1, 10)], false),
            ("anna", vec![made(1, 10)], false),
            ("001", vec![made(2, 10)], false),
            ("000", vec![], false),
        ] {
            assert_eq!(is_among(writer, &ours, &others), known, "{writer} {others:?}");
        }
    }
}
