//! The verifier: images in, verdicts out. What most programs need of this library.

use std::borrow::Borrow;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::clock::Stopwatch;
use crate::decode::{Page, Pixels};
use crate::enrolment::{self, Candidate, EnrolmentReport};
use crate::{
    Embedding, Explanation, Flaw, ImageDigest, Ink, Limits, Model, Prepared, Result, Verdict, VerifyOptions,
    read_image_file,
};

/// A model, and the limits of the images that it is shown.
///
/// It is immutable and can be shared by threads. References can be embedded once and compared many times.
pub struct Verifier {
    model: Model,
    limits: Limits,
}

/// One image of a signature as a model sees it.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The normalised strokes.
    pub ink: Ink,
    /// What the model keeps of them.
    pub embedding: Embedding,
    /// The fingerprint of the image's content.
    pub digest: ImageDigest,
    /// What makes the image unfit to decide on.
    pub flaws: Vec<Flaw>,
    /// Which page of its file was read.
    pub page: Page,
    /// How long the steps took; zero where the signature was not made from an image.
    pub times: Times,
}

/// How long the steps from bytes to an embedding took; zero in a browser, which has no clock for this.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// Bytes to gray.
    pub decode: Duration,
    /// Gray to ink.
    pub ink: Duration,
    /// Ink to embedding.
    pub embed: Duration,
}

impl Verifier {
    /// Uses a model, with the default limits.
    pub fn new(model: Model) -> Self {
        Self { model, limits: Limits::default() }
    }

    /// Uses the model that comes with the library, whose weights were learned from synthetic signatures alone.
    pub fn bundled() -> Self {
        Self::new(Model::bundled())
    }

    /// Uses a model file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::new(Model::load(path.as_ref())?))
    }

    /// The same with other limits of bytes and pixels.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The limits of images.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads and embeds an image file.
    ///
    /// # Errors
    /// Names the file: it cannot be read, is over the limits, is not an image that can be decoded, or shows no ink.
    pub fn embed_file(&self, path: impl AsRef<Path>) -> Result<Signature> {
        let path = path.as_ref();
        let begun = Stopwatch::start();
        let bytes = read_image_file(path, &self.limits)?;
        let reading = begun.elapsed();
        let mut signature = self.embed_bytes(&bytes).map_err(|error| error.at(path))?;
        signature.times.decode += reading;
        Ok(signature)
    }

    /// Embeds an image from the bytes of its file.
    ///
    /// # Errors
    /// As [`Verifier::embed_file`], without the path.
    pub fn embed_bytes(&self, bytes: &[u8]) -> Result<Signature> {
        self.embed_bytes_until(bytes, None)
    }

    /// The same, given up at a moment.
    ///
    /// # Errors
    /// As [`Verifier::embed_bytes`], and [`Error::OutOfTime`](crate::Error::OutOfTime).
    pub fn embed_bytes_until(&self, bytes: &[u8], deadline: Option<Instant>) -> Result<Signature> {
        self.embed_page_until(bytes, self.limits.page, deadline)
    }

    /// The same of one page of the file; None for the only one that has something on it.
    ///
    /// # Errors
    /// As [`Verifier::embed_bytes_until`], and [`Error::NoPage`](crate::Error::NoPage).
    pub fn embed_page_until(&self, bytes: &[u8], page: Option<u32>, deadline: Option<Instant>) -> Result<Signature> {
        let limits = Limits { deadline: deadline.or(self.limits.deadline), page, ..self.limits };
        self.embed_prepared(self.model.preprocess().apply(bytes, &limits)?)
    }

    /// Embeds pixels that a program holds in memory already.
    ///
    /// # Errors
    /// As [`Preprocess::apply_pixels`](crate::Preprocess::apply_pixels).
    pub fn embed_pixels(&self, pixels: &Pixels<'_>) -> Result<Signature> {
        self.embed_prepared(self.model.preprocess().apply_pixels(pixels, &self.limits)?)
    }

    fn embed_prepared(&self, prepared: Prepared) -> Result<Signature> {
        let begun = Stopwatch::start();
        let embedding = self.model.embed(&prepared.ink)?;
        let times = Times { decode: prepared.decode_time, ink: prepared.ink_time, embed: begun.elapsed() };
        let Prepared { ink, digest, flaws, page, .. } = prepared;
        Ok(Signature { ink, embedding, digest, flaws, page, times })
    }

    /// Judges a questioned signature against references of a writer by the model's own rule: undecided where an image is
    /// unfit or the evidence supports neither proposition.
    ///
    /// # Errors
    /// [`Error::NoReference`](crate::Error::NoReference) where there is none,
    /// [`Error::OtherEmbedding`](crate::Error::OtherEmbedding) where one was embedded by another kind of model.
    pub fn verify<R: Borrow<Signature>>(&self, references: &[R], questioned: &Signature) -> Result<Verdict> {
        self.verify_with(references, questioned, &VerifyOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_with<R: Borrow<Signature>>(
        &self,
        references: &[R],
        questioned: &Signature,
        options: &VerifyOptions,
    ) -> Result<Verdict> {
        Verdict::new(&self.model, references, questioned, options)
    }

    /// Where a questioned signature agrees with references and where not.
    ///
    /// # Errors
    /// [`Error::NoReference`](crate::Error::NoReference), [`Error::NoLocalFeatures`](crate::Error::NoLocalFeatures) for a model that
    /// compares signatures as wholes.
    pub fn explain<R: Borrow<Signature>>(&self, references: &[R], questioned: &Signature) -> Result<Explanation> {
        let references: Vec<&Embedding> = references.iter().map(|reference| &reference.borrow().embedding).collect();
        Explanation::new(&references, &questioned.embedding)
    }

    /// Whether references are fit to be enrolled, together with those that are kept already.
    ///
    /// # Errors
    /// [`Error::OtherEmbedding`](crate::Error::OtherEmbedding) where one was embedded by another kind of model.
    pub fn check_references(&self, kept: &[Candidate<'_>], offered: &[Candidate<'_>]) -> Result<EnrolmentReport> {
        enrolment::check_references(&self.model, kept, offered)
    }
}

impl std::ops::AddAssign for Times {
    fn add_assign(&mut self, other: Self) {
        self.decode += other.decode;
        self.ink += other.ink;
        self.embed += other.embed;
    }
}

impl std::iter::Sum for Times {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let add = |mut sum: Self, times| {
            sum += times;
            sum
        };
        all.fold(Self::default(), add)
    }
}
