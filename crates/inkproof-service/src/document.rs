//! The signatures of a page, as a letter or a cheque: found, then each judged or identified as one that was cut out by hand.

use inkproof::decode::{Page, Picture};
use inkproof::find::{Finder, FoundPage, FoundSignature};
use inkproof::{Limits, Signature, Verifier, VerifyOptions};
use inkproof_store::{Actor, WriterId};
use serde::Serialize;
use serde_json::json;

use crate::images::{EmbeddedImage, ImageField, NamedImage, as_references, embed_images};
use crate::verify::{Judged, Question, References, judge};
use crate::{Error, Identification, Identified, Result, Service, Threads, Verification};

/// The answer to a document whose signatures were judged.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentVerification {
    /// The number of the page, from 1: that which was asked for, or the first with a signature.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
    /// Its signatures, the surest first.
    pub signatures: Vec<SignatureVerification>,
}

/// A signature of a page, and what it was judged.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignatureVerification {
    /// Where it is, in pixels of the page, and how sure it is that it is a signature.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub found: FoundSignature,
    /// As of an image of its own; null where it could not be judged.
    pub verification: Option<Verification>,
    /// Why it could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The answer to a document whose signatures were identified.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentIdentification {
    /// The number of the page, from 1: that which was asked for, or the first with a signature.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
    /// Its signatures, the surest first.
    pub signatures: Vec<SignatureIdentification>,
}

/// A signature of a page, and who may have written it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignatureIdentification {
    /// Where it is, in pixels of the page, and how sure it is that it is a signature.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub found: FoundSignature,
    /// As of an image of its own; null where it could not be compared.
    pub identification: Option<Identification>,
    /// Why it could not be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The signatures of a page, judged but not yet written down; an error is of one that cannot be judged.
pub type JudgedDocument = OnPage<Judged>;

/// The signatures of a page, identified but not yet written down.
pub type IdentifiedDocument = OnPage<Identified>;

/// What came of the signatures of a page.
pub struct OnPage<T> {
    /// Which page it is.
    pub page: Page,
    /// Each signature, the surest first, with what came of it.
    pub signatures: Vec<(FoundSignature, inkproof::Result<T>)>,
}

impl<T> OnPage<T> {
    /// What came of those with which something could be done.
    pub fn done(&self) -> impl Iterator<Item = &T> {
        self.signatures.iter().filter_map(|(_, done)| done.as_ref().ok())
    }

    /// The same, to be written down.
    pub fn done_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.signatures.iter_mut().filter_map(|(_, done)| done.as_mut().ok())
    }
}

/// Finds the signatures of a page and judges each against references that come with it; the page is the question's image.
///
/// # Errors
/// [`Error::Image`] for an image that cannot be used or a page without a signature, and what the engine says of the
/// comparison.
pub fn verify_document(
    verifier: &Verifier,
    finder: &Finder,
    references: &[NamedImage<'_>],
    question: &Question<'_>,
    by: &Actor,
    threads: Threads,
) -> Result<JudgedDocument> {
    let references = embed_images(verifier, &as_references(references).collect::<Vec<_>>(), threads)?;
    let references = References::of_images(references);
    let document = SignedPage::find(finder, question.questioned, verifier.limits())?;
    document.judged(verifier, &references, question, by)
}

impl Service {
    /// Finds the signatures of a page and judges each against the references of an enrolled writer.
    ///
    /// # Errors
    /// As [`Service::verify_writer`], and where the page has no signature.
    pub fn verify_writer_document(
        &self,
        finder: &Finder,
        writer: &WriterId,
        question: &Question<'_>,
        by: &Actor,
    ) -> Result<JudgedDocument> {
        let references = self.references_of(writer)?;
        let document = SignedPage::find(finder, question.questioned, self.verifier.limits())?;
        document.judged(&self.verifier, &references, question, by)
    }

    /// Finds the signatures of a page and the `top` enrolled writers that each may be by.
    ///
    /// # Errors
    /// As [`Service::identify`], and where the page has no signature.
    pub fn identify_document(
        &self,
        finder: &Finder,
        page: NamedImage<'_>,
        top: usize,
        options: &VerifyOptions,
        by: &Actor,
    ) -> Result<IdentifiedDocument> {
        let document = SignedPage::find(finder, page, self.verifier.limits())?;
        document.each(&self.verifier, |_, signature| self.identified(signature, top, options, by.clone()))
    }
}

/// A page with signatures.
pub(crate) struct SignedPage<'a> {
    image: NamedImage<'a>,
    limits: Limits,
    found: FoundPage,
}

impl<'a> SignedPage<'a> {
    /// The page that is asked for, or the first with a signature.
    pub(crate) fn find(finder: &Finder, image: NamedImage<'a>, limits: &Limits) -> Result<Self> {
        let limits = image.limits(limits);
        let wrong = |source| Error::Image { field: ImageField::Questioned, name: image.name.to_owned(), source };
        let found = finder.signed_page(image.bytes, &limits).map_err(wrong)?;
        Ok(Self { image, limits, found })
    }

    fn judged(
        &self,
        verifier: &Verifier,
        references: &References,
        question: &Question<'_>,
        by: &Actor,
    ) -> Result<JudgedDocument> {
        self.each(verifier, |found, signature| {
            let mut judged = judge(verifier, references.clone(), signature, question, by.clone())?;
            judged.decision.details["found"] = json!(found);
            Ok(judged)
        })
    }

    /// Embeds each signature and does something with it.
    fn each<T>(
        &self,
        verifier: &Verifier,
        work: impl Fn(&FoundSignature, EmbeddedImage) -> Result<T>,
    ) -> Result<OnPage<T>> {
        let done = |(found, embedded): (FoundSignature, inkproof::Result<EmbeddedImage>)| match embedded {
            Ok(signature) => Ok((found, Ok(work(&found, signature)?))),
            Err(error) => Ok((found, Err(error))),
        };
        let signatures = self.signatures(verifier)?.into_iter().map(done).collect::<Result<_>>()?;
        Ok(OnPage { page: self.found.page, signatures })
    }

    /// Its signatures, the surest first, and what a model sees of each or why it sees nothing.
    pub(crate) fn signatures(
        &self,
        verifier: &Verifier,
    ) -> Result<Vec<(FoundSignature, inkproof::Result<EmbeddedImage>)>> {
        let FoundPage { picture, findings, .. } = &self.found;
        let embed = |(found, cut): (&FoundSignature, Picture)| {
            self.limits.check_time()?;
            match self.embedded(verifier, &cut) {
                // It is not this signature that is at fault, and the next would have no time either.
                Err(inkproof::Error::OutOfTime) => Err(inkproof::Error::OutOfTime.into()),
                embedded => Ok((*found, embedded)),
            }
        };
        findings.signatures.iter().zip(findings.cuts(picture)).map(embed).collect()
    }

    /// Which page it is.
    pub(crate) fn page(&self) -> Page {
        self.found.page
    }

    fn embedded(&self, verifier: &Verifier, cut: &Picture) -> inkproof::Result<EmbeddedImage> {
        let signature = verifier.embed_page_until(&cut.to_png(u32::MAX), None, self.limits.deadline)?;
        // The cut has one page; what is told is which page it was cut of.
        let signature = Signature { page: self.found.page, ..signature };
        Ok(EmbeddedImage { name: self.image.name.to_owned(), signature })
    }
}

impl From<JudgedDocument> for DocumentVerification {
    fn from(judged: JudgedDocument) -> Self {
        let signature = |(found, judged): (FoundSignature, inkproof::Result<Judged>)| match judged {
            Ok(judged) => SignatureVerification { found, verification: Some(judged.answer), refused: None },
            Err(error) => SignatureVerification { found, verification: None, refused: Some(refusal(&error)) },
        };
        let signatures = judged.signatures.into_iter().map(signature).collect();
        Self { page: judged.page.number, pages: judged.page.count, signatures }
    }
}

impl From<IdentifiedDocument> for DocumentIdentification {
    fn from(identified: IdentifiedDocument) -> Self {
        let signature = |(found, identified): (FoundSignature, inkproof::Result<Identified>)| match identified {
            Ok(identified) => SignatureIdentification { found, identification: Some(identified.answer), refused: None },
            Err(error) => SignatureIdentification { found, identification: None, refused: Some(refusal(&error)) },
        };
        let signatures = identified.signatures.into_iter().map(signature).collect();
        Self { page: identified.page.number, pages: identified.page.count, signatures }
    }
}

/// Why a signature of a page was not judged, in words.
pub fn refusal(error: &inkproof::Error) -> String {
    format!("what was cut of the page {error}")
}
