//! The images of a request as the service takes them, and how what is wrong with them is reported to a client.

use inkproof::Error as EngineError;
use inkproof_service::{Error, ImageField, NamedImage};

use crate::problem::{Kind, Problem};
use crate::recorder::problem;
use crate::upload::{Image, Upload};

/// Characters of an image's name that are given back.
const MOST_NAME: usize = 100;

/// An image's name as it is given back, where it has none what its field is called.
pub fn called(image: &Image, field: ImageField) -> String {
    let name: String = image.name.chars().filter(|c| !c.is_control()).take(MOST_NAME).collect();
    if name.trim().is_empty() { in_words(field) } else { name }
}

/// The names of references, as they are given back.
pub fn called_references(images: &[Image]) -> Vec<String> {
    images.iter().enumerate().map(|(index, image)| called(image, ImageField::Reference(index))).collect()
}

impl Upload {
    /// An image of it as the service takes it, with the name that it is given back by.
    pub fn named<'a>(&self, image: &'a Image, name: &'a str) -> NamedImage<'a> {
        NamedImage { name, bytes: &image.bytes, page: image.page, deadline: self.deadline }
    }

    /// Its references likewise.
    pub fn named_references<'a>(&self, images: &'a [Image], names: &'a [String]) -> Vec<NamedImage<'a>> {
        images.iter().zip(names).map(|(image, name)| self.named(image, name)).collect()
    }
}

/// The field of a request that holds an image.
fn in_words(field: ImageField) -> String {
    match field {
        ImageField::Questioned => "questioned".to_owned(),
        ImageField::Reference(index) => format!("references[{index}]"),
    }
}

/// What the service says, to a client: 413 and 422 name the field of the image.
pub fn failed(error: Error) -> Problem {
    match error {
        Error::Image { field, source, .. } => {
            let kind = match source {
                EngineError::TooManyBytes { .. } | EngineError::TooManyPixels { .. } | EngineError::TooLong { .. } => {
                    Kind::TooLarge
                }
                EngineError::OutOfTime => Kind::TookTooLong,
                _ => Kind::UnfitImage,
            };
            let setting = match source {
                EngineError::TooManyPixels { .. } => "; max-pixels of the service's settings says how many it may have",
                EngineError::TooManyBytes { .. } => "; max-body of the service's settings says how many it may have",
                EngineError::SeveralPages { .. } => "; page says it",
                _ => "",
            };
            kind.with(format!("the image {source}{setting}")).on_field(in_words(field))
        }
        Error::Store(error) => problem(&error),
        Error::Objections(report) => {
            let first = report.objections.first().map(|objection| in_words(ImageField::Reference(objection.index)));
            let why = Error::Objections(report);
            let field = first.unwrap_or_else(|| "references".to_owned());
            Kind::Inconsistent.with(format!("{why}; give other images, or force it")).on_field(field)
        }
        Error::WriterExists(_) => Kind::Conflict.with(format!("{error}; add references")).on_field("id"),
        Error::Contended(_) => Kind::Conflict.with(format!("{error}; try again")),
        error => Kind::Conflict.with(error),
    }
}
