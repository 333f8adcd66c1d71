//! The answers of a service as plain data, and as the one JSON document that every program gives.

use std::fmt;
use std::time::Duration;

use inkproof::calibration::{Log10Lr, WantedFar};
use inkproof::enrolment::{Consistency, EnrolmentReport, Objection};
use inkproof::verdict::Contributions;
use inkproof::{Decision, Model, Page, Score, Threshold, Times, Verdict};
use inkproof_store::WriterId;
use serde::Serialize;

use crate::images::EmbeddedImage;
use crate::{Age, Pictures};

/// The answer to a questioned signature.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// The decision and what it rests on.
    #[serde(flatten)]
    pub verdict: VerdictFields,
    /// What each reference would score alone, in their order.
    pub references: Vec<ReferenceScore>,
    /// What the user calls the questioned image.
    pub questioned: String,
    /// Images that are unfit to decide on, and why; then the decision is undecided.
    pub flaws: Vec<ImageFlaw>,
    /// Which page of the questioned image was read, where its file has several.
    #[serde(flatten)]
    pub page: PageRead,
    /// What else was found, in words: references that count once, a signature that was turned to be judged.
    pub notes: Vec<String>,
    /// What judged.
    pub model: ModelName,
    /// How long the steps took.
    pub milliseconds: Milliseconds,
    /// The enrolled writer that it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub writer: Option<WriterId>,
    /// The number, in the audit, of the calibration on the store's own writers that the threshold is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<i64>,
    /// How old the writer's references are, and whether fresh ones should be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub age: Option<Age>,
    /// The number of the decision in the audit; of an undecided one that of its review, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<i64>,
    /// Pictures of the inks and of where they agree, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Pictures>,
}

/// A verdict's fields in an answer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerdictFields {
    /// accepted, rejected or undecided.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub decision: Decision,
    /// Higher is more similar; comparable only within one model.
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub score: Score,
    /// The strength of the evidence, base 10; this and the next two are null where the model is not calibrated for so many
    /// references.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub log10_lr: Option<Log10Lr>,
    /// The 95 % interval of `log10_lr`: what other calibration writers, and other populations of them, would have given;
    /// null where the model does not say.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<f64>>))]
    pub log10_lr_ci95: Option<[Log10Lr; 2]>,
    /// What `log10_lr` adds up from: that of the strokes' shape and that of their pressure, before the bound; null where the
    /// shape alone could be compared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub contributions: Option<Contributions>,
    /// The strength of the evidence in words.
    pub support: Option<String>,
    /// The strongest log10 LR that the model's calibration writers support, in either direction.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub bound: Option<Log10Lr>,
    /// The score from which on a signature is accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub threshold: Threshold,
    /// Thresholds for low FARs; null as above, or refused where the model's calibration writers were too few to show it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Object>>))]
    pub wanted_far: Option<Vec<WantedFar>>,
    /// The same against random forgeries alone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub random_far: Option<WantedFar>,
}

/// What a reference would score alone.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReferenceScore {
    /// Which reference.
    #[serde(flatten)]
    pub reference: ReferenceName,
    /// Its score.
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub score: Score,
    /// Which page of its image was read, where its file has several.
    #[serde(flatten)]
    pub page: PageRead,
}

/// Which page of an image file was read; nothing where it has only one.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PageRead {
    /// Its number, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// How many pages there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
}

/// A reference that came with the question, or one of the store.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ReferenceName {
    /// What the user calls the image.
    Path(String),
    /// Its number in the store.
    Reference(i64),
}

/// What makes an image unfit to decide on.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageFlaw {
    /// What the user calls the image.
    pub path: String,
    /// What is wrong with it, in words.
    pub flaw: String,
}

/// A model by its name and the digest of its weights.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelName {
    /// The file's name without its ending, or `bundled`.
    pub name: String,
    /// 64 bits in hexadecimal.
    pub digest: String,
}

/// Summed over all images; some may have been worked on at the same time.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Milliseconds {
    /// Bytes to gray.
    pub decode: f64,
    /// Gray to ink.
    pub ink: f64,
    /// Ink to embedding.
    pub embed: f64,
    /// The comparison.
    pub score: f64,
}

/// The answer to an enrolment.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolled {
    /// Who was enrolled.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub writer: WriterId,
    /// The new references, in the order of the images.
    pub references: Vec<EnrolledReference>,
    /// How many references the writer has now.
    pub total: usize,
    /// Whether the same request was answered before; then the rest is null or empty.
    pub repeated: bool,
    /// Whether somebody else has to approve the new references before they count.
    pub waiting: bool,
    /// How well the references agree with each other: single, consistent or loose.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub consistency: Option<Consistency>,
    /// How many more would make decisions better.
    pub wanted: Option<usize>,
    /// The last two in words.
    pub advice: Option<String>,
    /// What spoke against references that were enrolled all the same.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub objections: Vec<Objection>,
}

/// A new reference.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolledReference {
    /// Its number in the store.
    pub reference: i64,
    /// What the user calls its image.
    pub path: String,
    /// Which page of its image was read, where its file has several; a repeated request is not told.
    #[serde(flatten)]
    pub page: PageRead,
}

impl From<Page> for PageRead {
    fn from(page: Page) -> Self {
        if page.count == 1 {
            return Self::default();
        }
        Self { page: Some(page.number), pages: Some(page.count) }
    }
}

impl PageRead {
    /// "Read: page 2 of 3 of scan.tif", where there are several.
    pub fn sentence(&self, path: &str) -> Option<String> {
        let (number, count) = self.page.zip(self.pages)?;
        Some(format!("Read: {} of {path}.", Page { number, count }))
    }
}

impl From<&Verdict> for VerdictFields {
    fn from(verdict: &Verdict) -> Self {
        Self {
            decision: verdict.decision,
            score: verdict.score,
            log10_lr: verdict.log10_lr,
            log10_lr_ci95: verdict.log10_lr_ci95,
            contributions: verdict.contributions,
            support: verdict.support.map(|support| support.to_string()),
            bound: verdict.bound,
            threshold: verdict.threshold,
            wanted_far: verdict.wanted_far.clone(),
            random_far: verdict.random_far.clone(),
        }
    }
}

impl fmt::Display for ReferenceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Reference(number) => write!(f, "reference {number}"),
        }
    }
}

impl ModelName {
    /// Of a model.
    pub fn new(model: &Model) -> Self {
        Self { name: model.name().to_owned(), digest: model.digest().to_owned() }
    }
}

impl Milliseconds {
    pub(crate) fn new(times: Times, score: Duration) -> Self {
        let milliseconds = |duration: Duration| 1000.0 * duration.as_secs_f64();
        let [decode, ink, embed, score] = [times.decode, times.ink, times.embed, score].map(milliseconds);
        Self { decode, ink, embed, score }
    }
}

impl Enrolled {
    /// The same with the pages that were read.
    pub(crate) fn with_pages(mut self, images: &[EmbeddedImage]) -> Self {
        for (reference, image) in self.references.iter_mut().zip(images) {
            reference.page = image.signature.page.into();
        }
        self
    }

    /// The same with what was found of the set.
    pub(crate) fn with_report(self, report: EnrolmentReport) -> Self {
        Self {
            consistency: Some(report.consistency),
            wanted: Some(report.wanted),
            advice: Some(report.advice()),
            objections: report.objections,
            ..self
        }
    }
}
