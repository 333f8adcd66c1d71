//! A verdict: what is said of a questioned signature, and what that rests on.
//!
//! The command, the service and the page make it here from what the model sees of each image, and show it as the same
//! JSON document. It is undecided where the evidence supports neither proposition or an image is unfit; a threshold that
//! the caller gives leaves nothing undecided.

use std::time::{Duration, Instant};

use inkproof::calibration::{Log10Lr, ReferenceCalibration, Support};
use inkproof::{Decision, Embedding, Explanation, Flaw, Ink, Model, Result, Score, Threshold};
use serde::Serialize;
use utoipa::ToSchema;

/// An image as the model sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What the image is called: its path, or what stands for one.
    pub path: String,
    pub ink: Ink,
    pub embedding: Embedding,
    pub flaws: Vec<Flaw>,
}

/// What `--json` prints.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Verdict {
    /// accepted, rejected or undecided.
    #[schema(value_type = String)]
    pub decision: Decision,
    #[schema(value_type = f64)]
    pub score: Score,
    /// This and the next two are null where the model is not calibrated for so many references.
    #[schema(value_type = Option<f64>)]
    pub log10_lr: Option<Log10Lr>,
    /// The strength of the evidence in words.
    pub support: Option<String>,
    /// The strongest log10 LR that the model's calibration writers support, in either direction.
    #[schema(value_type = Option<f64>)]
    pub bound: Option<Log10Lr>,
    /// How many writers that were; in the text only.
    #[serde(skip)]
    pub calibration_writers: Option<usize>,
    #[schema(value_type = f64)]
    pub threshold: Threshold,
    pub references: Vec<ReferenceScore>,
    pub questioned: String,
    /// Images that are unfit to decide on, and why; then the decision is undecided.
    pub flaws: Vec<ImageFlaw>,
    pub model: ModelName,
    pub milliseconds: Milliseconds,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImageFlaw {
    pub path: String,
    #[schema(value_type = String)]
    pub flaw: Flaw,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReferenceScore {
    pub path: String,
    #[schema(value_type = f64)]
    pub score: Score,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelName {
    pub name: String,
    pub digest: String,
}

/// Summed over all images; some are worked on at the same time.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Milliseconds {
    pub decode: f64,
    pub ink: f64,
    pub embed: f64,
    pub score: f64,
}

impl ModelName {
    pub fn of(model: &Model) -> Self {
        Self { name: model.name().to_owned(), digest: model.digest().to_owned() }
    }
}

impl Verdict {
    /// Judges a questioned signature. The times are those of the work so far.
    ///
    /// # Errors
    /// Where there is no reference, or an embedding is of another kind of model.
    pub fn of(
        model: &Model,
        references: &[Seen],
        questioned: &Seen,
        threshold: Option<Threshold>,
        mut milliseconds: Milliseconds,
    ) -> Result<Self> {
        let begun = Instant::now();
        let embeddings: Vec<&Embedding> = references.iter().map(|reference| &reference.embedding).collect();
        let score = model.score_of(&embeddings, &questioned.embedding)?;
        let alone = |reference: &Seen| -> Result<ReferenceScore> {
            let score = model.score_of(&[&reference.embedding], &questioned.embedding)?;
            Ok(ReferenceScore { path: reference.path.clone(), score })
        };
        let scores = references.iter().map(alone).collect::<Result<Vec<_>>>()?;
        milliseconds.score += in_milliseconds(begun.elapsed());
        let calibration = model.info().calibration.as_ref().and_then(|calibration| calibration.fit(references.len()));
        let log10_lr = calibration.map(|fit| fit.log10_lr(score));
        let flaws: Vec<ImageFlaw> = [questioned].into_iter().chain(references).flat_map(Seen::image_flaws).collect();
        let needed = threshold.unwrap_or(model.threshold_for(references.len()));
        Ok(Self {
            decision: match threshold {
                Some(threshold) => Decision::of(score, threshold),
                None if !flaws.is_empty() => Decision::Undecided,
                None => Decision::by_evidence(score, needed, log10_lr),
            },
            score,
            log10_lr,
            support: log10_lr.map(|lr| Support::of(lr).to_string()),
            bound: calibration.map(ReferenceCalibration::bound),
            calibration_writers: calibration.map(|fit| fit.writers),
            threshold: needed,
            references: scores,
            questioned: questioned.path.clone(),
            flaws,
            model: ModelName::of(model),
            milliseconds,
        })
    }
}

impl Seen {
    fn image_flaws(&self) -> impl Iterator<Item = ImageFlaw> + '_ {
        self.flaws.iter().map(|&flaw| ImageFlaw { path: self.path.clone(), flaw })
    }
}

/// A PNG that shows where the questioned signature agrees with the references and where it does not.
///
/// # Errors
/// Where the model's embeddings have no places.
pub fn explanation(references: &[Seen], questioned: &Seen) -> Result<Vec<u8>> {
    let embeddings: Vec<Embedding> = references.iter().map(|reference| reference.embedding.clone()).collect();
    let inks: Vec<Ink> = references.iter().map(|reference| reference.ink.clone()).collect();
    Ok(Explanation::new(&embeddings, &questioned.embedding)?.picture(&inks, &questioned.ink).to_png())
}

pub fn in_milliseconds(duration: Duration) -> f64 {
    1000.0 * duration.as_secs_f64()
}
