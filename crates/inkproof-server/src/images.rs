//! The images of a request as the service takes them, and how what is wrong with them is reported to a client.

use inkproof::Error as EngineError;
use inkproof::enrolment::Objection;
use inkproof_service::{Error, ImageField, NamedImage};

use crate::problem::{ImageProblem, Kind, Problem};
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
                EngineError::NoSignature { .. } => "; one that was cut out by hand can be sent by itself",
                _ => "",
            };
            kind.with(format!("the image {source}{setting}")).on_field(in_words(field))
        }
        Error::Store(error) => problem(&error),
        Error::Objections(report) => {
            let of_each = |objection: &Objection| ImageProblem {
                field: in_words(ImageField::Reference(objection.index)),
                detail: objection.to_string(),
            };
            let images: Vec<ImageProblem> = report.objections.iter().map(of_each).collect();
            let field = images.first().map_or_else(|| "references".to_owned(), |image| image.field.clone());
            let why = Error::Objections(report);
            let refused = Kind::Inconsistent.with(format!("{why}; give other images, or force it"));
            refused.on_field(field).on_images(images)
        }
        Error::WriterExists(_) => Kind::Conflict.with(format!("{error}; add references")).on_field("id"),
        Error::Contended(_) => Kind::Conflict.with(format!("{error}; try again")),
        Error::Engine(EngineError::OutOfTime) => Kind::TookTooLong.with(error),
        Error::Frr(_) => Kind::Malformed.with(error).on_field("frr"),
        error => Kind::Conflict.with(error),
    }
}

#[cfg(test)]
mod tests {
    use inkproof::Flaw;
    use inkproof::enrolment::{Consistency, EnrolmentReport, Fault};

    use super::*;

    #[test]
    fn every_reference_that_does_not_fit_is_named_with_its_fault() {
        let objection = |index, fault| Objection { index, reference: format!("{index}.png"), fault };
        let same_image = Fault::SameImage { other: "a.png".to_owned() };
        let objections = vec![objection(1, Fault::Unfit(Flaw::LittleInk)), objection(2, same_image)];
        let report = EnrolmentReport { objections, consistency: Consistency::Single, agreement: Vec::new(), wanted: 0 };
        let problem = failed(Error::Objections(Box::new(report)));
        let told = problem.images.iter().map(|image| (image.field.as_str(), image.detail.as_str()));
        let little = "1.png is unfit (there is hardly any ink; give the whole signature)";
        let same = "2.png is the same image as a.png";
        assert_eq!(told.collect::<Vec<_>>(), [("references[1]", little), ("references[2]", same)]);
        assert_eq!(problem.field.as_deref(), Some("references[1]"));
    }
}
