//! Many questioned signatures, row by row of a table: what a row says, what it is judged, and how that is told.
//!
//! Rows of one batch ask for the same references again and again, so what the model sees of these is remembered: of files by
//! their content, of enrolled writers for as long as the store says that nothing changed. Where files come from, and what is
//! written down when, is the caller's.

mod cases;
mod memory;
mod results;

use std::time::Instant;

use inkproof::{Verifier, VerifyOptions};
use inkproof_store::{Actor, WriterId};

pub use cases::{Against, Case, Cases, CasesProblem};
pub use memory::BatchMemory;
pub use results::{CaseOutcome, Decided, ResultForm};

use crate::images::{EmbeddedImage, ImageField, NamedImage};
use crate::verify::{References, judge};
use crate::{Error, Judged, Question, Result, Service};

/// A file that a row names.
#[derive(Debug, Clone)]
pub struct ListedImage {
    /// As it is told.
    pub name: String,
    /// The file's content.
    pub bytes: Vec<u8>,
    /// Which of its pages is meant.
    pub page: Option<u32>,
    /// The moment at which work on it is given up.
    pub deadline: Option<Instant>,
}

/// What judges the rows of a batch: only a table of writers needs a store.
#[derive(Clone, Copy)]
pub enum BatchJudge<'a> {
    /// Against enrolled writers.
    Service(&'a Service),
    /// Against files.
    Verifier(&'a Verifier),
}

impl BatchJudge<'_> {
    /// Judges a row; nothing is written down. `read` gets a file that the row names, the questioned one's first.
    ///
    /// # Errors
    /// [`Error::Row`] for a row that says nothing that could be judged, what `read` says, and as [`Service::verify_writer`] and
    /// [`verify_references`](crate::verify_references).
    pub fn judge<E: From<Error>>(
        self,
        case: &Case,
        memory: &BatchMemory,
        by: Actor,
        read: impl Fn(ImageField, &str) -> Result<ListedImage, E>,
    ) -> Result<Judged, E> {
        let against = case.against.as_ref().map_err(|why| Error::Row(why.clone()))?;
        let questioned = read(ImageField::Questioned, &case.questioned)?;
        let question = Question { questioned: questioned.named(), options: VerifyOptions::default(), pictures: false };
        let references = match (self, against) {
            (Self::Service(service), Against::Writer(writer)) => service.remembered(writer, memory)?,
            (_, Against::References(files)) => {
                let image = |(index, file): (usize, &String)| {
                    let field = ImageField::Reference(index);
                    let image = read(field, file)?;
                    Ok(memory.embedded(self.verifier(), image.named(), field)?)
                };
                References::of_images(files.iter().enumerate().map(image).collect::<Result<_, E>>()?)
            }
            (Self::Verifier(_), Against::Writer(_)) => {
                return Err(Error::Row("there is no store to look the writer up in".to_owned()).into());
            }
        };
        let image = EmbeddedImage::new(self.verifier(), question.questioned, ImageField::Questioned)?;
        Ok(judge(self.verifier(), references, image, &question, by)?)
    }

    /// What judges.
    pub fn verifier(&self) -> &Verifier {
        match self {
            Self::Service(service) => service.verifier(),
            Self::Verifier(verifier) => verifier,
        }
    }
}

impl ListedImage {
    /// As a use takes it.
    pub fn named(&self) -> NamedImage<'_> {
        NamedImage { name: &self.name, bytes: &self.bytes, page: self.page, deadline: self.deadline }
    }
}

/// A file, and the number of a page where its name ends with one, as `scan.tif[2]`; a file of that very name is meant first.
pub fn without_page(name: &str, is_there: impl Fn(&str) -> bool) -> (&str, Option<u32>) {
    let paged = || {
        let (file, page) = name.strip_suffix(']')?.rsplit_once('[')?;
        Some((file, Some(page.parse().ok()?)))
    };
    if is_there(name) { (name, None) } else { paged().unwrap_or((name, None)) }
}

impl Service {
    /// The references of an enrolled writer, looked up again only where the writer or the calibration changed.
    fn remembered(&self, writer: &WriterId, memory: &BatchMemory) -> Result<References> {
        let state = self.store.state_of_references(writer, &self.stamp.digest)?;
        if let Some(references) = memory.writer(writer, state) {
            return Ok(references);
        }
        let references = self.references_of(writer)?;
        memory.remember_writer(writer, state, references.clone());
        Ok(references)
    }
}
