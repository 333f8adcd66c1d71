//! A verdict as the service answers it: the document of `inkproof verify --json`, and pictures where they were asked for.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inkproof::{Decision, Embedding, Explanation, Ink, Model, Threshold};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::images::{Cut, Seen, Times};
use crate::problem::Problem;
use crate::recorder::failed;
use crate::judgement::{Asked, Judgement};

/// A verdict and what shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer {
    #[serde(flatten)]
    pub judgement: Judgement,
    pub references: Vec<ReferenceScore>,
    /// What the questioned image is called.
    pub questioned: String,
    /// Images that are unfit to decide on, and why; then the decision is undecided.
    pub flaws: Vec<ImageFlaw>,
    pub model: ModelName,
    pub milliseconds: Milliseconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Pictures>,
}

/// What a reference would score alone.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferenceScore {
    #[serde(flatten)]
    pub reference: Named,
    pub score: f64,
}

/// A reference that came with the question, or one of the store.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Named {
    Path(String),
    Reference(i64),
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ImageFlaw {
    pub path: String,
    pub flaw: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelName {
    pub name: String,
    pub digest: String,
}

/// Summed over all images.
#[derive(Debug, Serialize, ToSchema)]
pub struct Milliseconds {
    decode: f64,
    ink: f64,
    embed: f64,
    score: f64,
}

/// PNG files in base64.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pictures {
    /// Where the questioned signature agrees (blue) and where not (orange), the most alike references beside it; null for a
    /// model that cannot tell.
    pub explanation: Option<String>,
    /// The questioned ink, black on nothing.
    pub questioned: String,
    /// The references' inks, in their order; all are cut alike, so that they can be laid over each other.
    pub references: Vec<String>,
}

/// References that a questioned signature is compared with.
pub struct References {
    pub names: Vec<Named>,
    pub inks: Vec<Ink>,
    pub embeddings: Vec<Embedding>,
    /// Of those that came with the question.
    pub flaws: Vec<ImageFlaw>,
}

/// What is asked beside the verdict.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub threshold: Option<Threshold>,
    pub pictures: bool,
}

impl ModelName {
    pub fn of(model: &Model) -> Self {
        Self { name: model.name().to_owned(), digest: model.digest().to_owned() }
    }
}

impl Answer {
    /// Judges a questioned signature.
    ///
    /// # Errors
    /// Where an embedding is of another kind of model.
    pub fn of(
        model: &Model,
        references: References,
        questioned: &Seen,
        wanted: Wanted,
        times: Times,
    ) -> Result<Self, Problem> {
        let begun = Instant::now();
        let flaws: Vec<ImageFlaw> = questioned.image_flaws().chain(references.flaws).collect();
        let embeddings: Vec<&Embedding> = references.embeddings.iter().collect();
        let asked = Asked { threshold: wanted.threshold, flawed: !flaws.is_empty() };
        let judgement = Judgement::of(model, &embeddings, &questioned.embedding, asked).map_err(failed)?;
        let scored = begun.elapsed();
        let (inks, embeddings) = (&references.inks, &references.embeddings);
        let show = || Pictures::of(model, inks, embeddings, &questioned.ink, &questioned.embedding);
        let pictures = wanted.pictures.then(show);
        let scores = references.names.into_iter().zip(&judgement.alone);
        Ok(Self {
            references: scores.map(|(reference, score)| ReferenceScore { reference, score: score.get() }).collect(),
            judgement,
            questioned: questioned.name.clone(),
            flaws,
            model: ModelName::of(model),
            milliseconds: Milliseconds::of(&times, scored),
            pictures,
        })
    }

    /// What the audit keeps of it.
    pub fn details(&self) -> serde_json::Value {
        let Judgement { score, threshold, log10_lr, .. } = &self.judgement;
        json!({
            "score": score,
            "threshold": threshold,
            "log10_lr": log10_lr,
            "references": self.references.len(),
            "flaws": self.flaws.iter().map(|flaw| &flaw.flaw).collect::<Vec<_>>(),
        })
    }
}

impl References {
    /// References that came with the question.
    pub fn of_seen(seen: Vec<Seen>) -> Self {
        let mut all = Self { names: Vec::new(), inks: Vec::new(), embeddings: Vec::new(), flaws: Vec::new() };
        for reference in seen {
            all.flaws.extend(reference.image_flaws());
            all.names.push(Named::Path(reference.name));
            all.inks.push(reference.ink);
            all.embeddings.push(reference.embedding);
        }
        all
    }
}

impl Seen {
    fn image_flaws(&self) -> impl Iterator<Item = ImageFlaw> + use<> {
        let name = self.name.clone();
        let flaws = self.flaws.clone().into_iter();
        flaws.map(move |flaw| ImageFlaw { path: name.clone(), flaw: flaw.to_string() })
    }
}

impl Pictures {
    pub fn of(
        model: &Model,
        inks: &[Ink],
        embeddings: &[Embedding],
        questioned: &Ink,
        questioned_embedding: &Embedding,
    ) -> Self {
        let cut = Cut::around(inks.iter().chain([questioned]), model.preprocess());
        let encoded = |ink: &Ink| STANDARD.encode(cut.picture(ink, model.preprocess()));
        let explanation = Explanation::new(embeddings, questioned_embedding).ok();
        let explanation = explanation.map(|explanation| explanation.picture(inks, questioned).to_png());
        Self {
            explanation: explanation.map(|png| STANDARD.encode(png)),
            questioned: encoded(questioned),
            references: inks.iter().map(encoded).collect(),
        }
    }
}

impl Milliseconds {
    fn of(times: &Times, score: Duration) -> Self {
        let milliseconds = |duration: Duration| 1000.0 * duration.as_secs_f64();
        let [decode, ink, embed, score] = [times.decode, times.ink, times.embed, score].map(milliseconds);
        Self { decode, ink, embed, score }
    }
}

/// A decision as figures name it.
pub fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "accepted",
        Decision::Rejected => "rejected",
        Decision::Undecided => "undecided",
    }
}
