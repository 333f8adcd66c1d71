//! Enrolment: references are looked at together with those that are kept, and kept all or none.

use inkproof::decode::only_page;
use inkproof::enrolment::{Candidate, EnrolmentReport};
use inkproof_store::{
    Actor, Enrolled as Kept, Enrolment, Hash, Hex, NewReference, Reference, RequestKey, StoreError, Time, Writer,
    WriterId,
};
use sha2::{Digest, Sha256};

use crate::images::{EmbeddedImage, NamedImage, as_references, embed_images};
use crate::{Enrolled, EnrolledReference, Error, PageRead, Result, Service};

/// Somebody else may enrol the same writer at the same time: then everything is looked at again.
const ATTEMPTS: usize = 5;

/// References that are to be kept.
#[derive(Debug, Clone)]
pub struct EnrolRequest<'a> {
    /// Whose they are.
    pub writer: WriterId,
    /// Images of one signature each.
    pub images: &'a [NamedImage<'a>],
    /// When they were signed, if that is known.
    pub written: Option<Time>,
    /// Keep them whatever speaks against them.
    pub force: bool,
    /// Whether the writer has to be new, or known.
    pub state: WriterState,
    /// A name of the request: the same request, sent again by the same actor, gives the same answer.
    pub key: Option<String>,
}

/// Whether a writer who is enrolled has to be new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriterState {
    /// New or known.
    #[default]
    Any,
    /// Not enrolled yet.
    New,
    /// Enrolled already.
    Known,
}

impl Service {
    /// Keeps references of a writer, all or none. One that is unfit, the same as another, or does not agree with the others
    /// speaks against all.
    ///
    /// # Errors
    /// [`Error::Image`], [`Error::Objections`], [`Error::WriterExists`], [`StoreError::NoWriter`], and what else the store
    /// says.
    pub fn enroll(&self, request: &EnrolRequest<'_>, by: &Actor) -> Result<Enrolled> {
        let key = request.key.clone().map(|key| RequestKey { key, request: request_hash(request) });
        if let Some(done) = self.answered(request, by, key.as_ref())? {
            return Ok(done);
        }
        let images: Vec<_> = as_references(request.images).collect();
        let images = embed_images(&self.verifier, &images, self.options.threads)?;
        for _ in 0..ATTEMPTS {
            match self.keep(request, &images, by, key.as_ref()) {
                Err(Error::Store(StoreError::Changed(_))) => {}
                // The same request may have been done in the meantime, and its references be what speaks against these.
                Err(error) => return self.answered(request, by, key.as_ref())?.ok_or(error),
                done => return done,
            }
        }
        Err(Error::Contended(request.writer.clone()))
    }

    /// What the same request was answered before.
    fn answered(&self, request: &EnrolRequest<'_>, by: &Actor, key: Option<&RequestKey>) -> Result<Option<Enrolled>> {
        let Some(key) = key else { return Ok(None) };
        let Some(kept) = self.store.answered(by, key)? else { return Ok(None) };
        let total = self.store.writer(&request.writer)?.map_or(0, |writer| writer.references.len());
        Ok(Some(self.answer(request, kept, total)?))
    }

    fn keep(
        &self,
        request: &EnrolRequest<'_>,
        images: &[EmbeddedImage],
        by: &Actor,
        key: Option<&RequestKey>,
    ) -> Result<Enrolled> {
        let writer = self.store.writer(&request.writer)?;
        match (request.state, &writer) {
            (WriterState::New, Some(_)) => return Err(Error::WriterExists(request.writer.clone())),
            (WriterState::Known, None) => return Err(StoreError::NoWriter(request.writer.clone()).into()),
            _ => {}
        }
        let report = self.check(writer.as_ref(), images)?;
        if !request.force && !report.objections.is_empty() {
            return Err(Error::Objections(Box::new(report)));
        }
        let kept = self.store.enroll(&Enrolment {
            writer: &request.writer,
            references: &self.new_references(request, images),
            model: &self.stamp,
            by,
            four_eyes: self.options.four_eyes,
            seen: writer.as_ref().map_or(0, |writer| writer.changed),
            key: key.cloned(),
        })?;
        let total = writer.map_or(0, |writer| writer.references.len()) + images.len();
        Ok(self.answer(request, kept, total)?.with_pages(images).with_report(report))
    }

    /// What speaks for and against the references, together with those that are kept.
    fn check(&self, writer: Option<&Writer>, images: &[EmbeddedImage]) -> Result<EnrolmentReport> {
        let kept = writer.map_or(&[][..], |writer| &writer.references);
        let of_other_model = |reference: &&Reference| reference.model.digest != self.stamp.digest;
        if let (Some(writer), Some(reference)) = (writer, kept.iter().find(of_other_model)) {
            return Err(Error::OtherModel {
                reference: reference.id,
                writer: writer.id.clone(),
                model: reference.model.digest.clone(),
            });
        }
        let kept: Vec<_> = kept.iter().map(candidate).collect();
        let offered = images.iter().map(|image| Candidate::new(&image.name, &image.signature));
        Ok(self.verifier.check_references(&kept, &offered.collect::<Vec<_>>())?)
    }

    fn new_references(&self, request: &EnrolRequest<'_>, images: &[EmbeddedImage]) -> Vec<NewReference> {
        let new = |(image, file): (&EmbeddedImage, &NamedImage<'_>)| NewReference {
            ink: image.signature.ink.clone(),
            embedding: image.signature.embedding.clone(),
            digest: image.signature.digest,
            image: self
                .options
                .keep_images
                .then(|| only_page(file.bytes, image.signature.page, self.verifier.limits()).into_owned()),
            written: request.written,
        };
        images.iter().zip(request.images).map(new).collect()
    }

    fn answer(&self, request: &EnrolRequest<'_>, kept: Kept, total: usize) -> Result<Enrolled> {
        let references = kept.references.into_iter().zip(request.images);
        let references = references.map(|(reference, image)| EnrolledReference {
            reference,
            path: image.name.to_owned(),
            page: PageRead::default(),
        });
        Ok(Enrolled {
            writer: request.writer.clone(),
            references: references.collect(),
            total,
            repeated: kept.repeated,
            waiting: self.store.four_eyes_as_asked(self.options.four_eyes.then_some(true))?,
            consistency: None,
            wanted: None,
            advice: None,
            objections: Vec::new(),
        })
    }
}

fn candidate(reference: &Reference) -> Candidate<'_> {
    Candidate {
        name: format!("reference {}", reference.id),
        embedding: &reference.embedding,
        digest: reference.digest,
        flaws: Vec::new(),
    }
}

/// A hash of everything that a request asks for, each part preceded by its length.
fn request_hash(request: &EnrolRequest<'_>) -> Hash {
    let mut hash = Sha256::new();
    let mut feed = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    feed(if request.state == WriterState::New { b"new" } else { b"known" });
    feed(request.writer.as_str().as_bytes());
    feed(request.written.map_or_else(String::new, |time| time.to_string()).as_bytes());
    feed(&[u8::from(request.force)]);
    for image in request.images {
        feed(image.bytes);
        if let Some(page) = image.page {
            feed(&page.to_le_bytes());
        }
    }
    Hex(hash.finalize().into())
}
