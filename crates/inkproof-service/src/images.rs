//! The images of a question, embedded.

use std::time::Instant;

use inkproof::{Limits, Signature, Verifier};
use rayon::prelude::*;

use crate::answer::ImageFlaw;
use crate::{Error, Result};

/// An image file, and what the user calls it.
#[derive(Debug, Clone, Copy)]
pub struct NamedImage<'a> {
    /// A path, or a file's name as it was sent.
    pub name: &'a str,
    /// The file's content.
    pub bytes: &'a [u8],
    /// Which of its pages is meant, from 1; None for the only one that has something on it.
    pub page: Option<u32>,
    /// The moment at which work on it is given up.
    pub deadline: Option<Instant>,
}

impl NamedImage<'_> {
    /// Limits with its page and its deadline.
    pub(crate) fn limits(&self, limits: &Limits) -> Limits {
        Limits { page: self.page, deadline: self.deadline.or(limits.deadline), ..*limits }
    }
}

/// Which image of a question one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageField {
    /// The signature to be judged.
    Questioned,
    /// The reference with this index, from 0.
    Reference(usize),
}

/// How the images of one question are embedded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Threads {
    /// One after the other, where questions themselves are answered in parallel.
    #[default]
    One,
    /// On all cores.
    All,
}

/// An image as the model sees it, with its name.
#[derive(Debug, Clone)]
pub struct EmbeddedImage {
    /// What the user calls it.
    pub name: String,
    /// What the model sees.
    pub signature: Signature,
}

impl EmbeddedImage {
    pub(crate) fn new(verifier: &Verifier, image: NamedImage<'_>, field: ImageField) -> Result<Self> {
        let wrong = |source| Error::Image { field, name: image.name.to_owned(), source };
        let signature = verifier.embed_page_until(image.bytes, image.page, image.deadline).map_err(wrong)?;
        Ok(Self { name: image.name.to_owned(), signature })
    }

    /// What makes it unfit to decide on.
    pub(crate) fn flaws(&self) -> impl Iterator<Item = ImageFlaw> {
        self.signature.flaws.iter().map(|flaw| ImageFlaw { path: self.name.clone(), flaw: flaw.to_string() })
    }
}

/// Embeds images.
///
/// # Errors
/// [`Error::Image`] for the first that cannot be used.
pub fn embed_images(
    verifier: &Verifier,
    images: &[(ImageField, NamedImage<'_>)],
    threads: Threads,
) -> Result<Vec<EmbeddedImage>> {
    let embed = |&(field, image): &(ImageField, NamedImage<'_>)| EmbeddedImage::new(verifier, image, field);
    match threads {
        Threads::One => images.iter().map(embed).collect(),
        // Collected before they are looked at, so that of several bad images the first is reported.
        Threads::All => images.par_iter().with_max_len(1).map(embed).collect::<Vec<_>>().into_iter().collect(),
    }
}

/// References as fields of a question.
pub(crate) fn as_references<'a>(images: &'a [NamedImage<'a>]) -> impl Iterator<Item = (ImageField, NamedImage<'a>)> {
    images.iter().enumerate().map(|(index, &image)| (ImageField::Reference(index), image))
}
