//! What a model says of a questioned signature: the decision and everything that it rests on.
//!
//! The whole rule is here, so that every program that asks gives the same answer: an image that is unfit, or a likelihood
//! ratio between 1/2 and 2, leaves the decision to a person, and so does the same signing again, since nobody signs twice
//! alike. A threshold of the caller's own leaves nothing else undecided. References that show one signing count once.

mod comparisons;
mod document;

use std::borrow::Borrow;

use serde::Serialize;

use crate::calibration::{AcceptanceLevels, Log10Lr, ReferenceCalibration, Support, WantedFar};
use crate::explain::Picture;
use crate::inknet::ScoreParts;
use crate::turn::{self, Found, Turned};
use crate::{
    Decision, Embedding, Error, Explanation, Flaw, ImageDigest, Ink, Model, Result, Score, Signature, Threshold,
};
use comparisons::Comparisons;

/// A decision on a questioned signature, and what it rests on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Verdict {
    /// Accepted, rejected, or left to a person.
    pub decision: Decision,
    /// Higher is more similar; comparable only within one model.
    pub score: Score,
    /// The strength of the evidence, base 10; None where the model is not calibrated for so many references.
    pub log10_lr: Option<Log10Lr>,
    /// The 95 % interval of that over other calibration writers; None like `log10_lr`, and where the model does not say.
    pub log10_lr_ci95: Option<[Log10Lr; 2]>,
    /// What it adds up from; None like `log10_lr`, and where the shape alone could be compared.
    pub contributions: Option<Contributions>,
    /// The same on the verbal scale; None like `log10_lr`.
    pub support: Option<Support>,
    /// The strongest log10 likelihood ratio that the model's calibration writers support, in either direction; None like
    /// `log10_lr`.
    pub bound: Option<Log10Lr>,
    /// How many calibration writers that were; None like `log10_lr`.
    pub calibration_writers: Option<usize>,
    /// The score from which on a signature is accepted with so many references.
    pub threshold: Threshold,
    /// Whether that is from the caller's [`levels`](VerifyOptions::levels).
    pub is_own_threshold: bool,
    /// Thresholds for low false acceptance rates, or why the calibration writers cannot show them; None like `log10_lr`.
    pub wanted_far: Option<Vec<WantedFar>>,
    /// The same against random forgeries alone; None where the calibration writers were too few.
    pub random_far: Option<WantedFar>,
    /// What each reference would score alone, in their order.
    pub reference_scores: Vec<Score>,
    /// What makes images unfit to decide on, the questioned one's flaws first.
    pub flaws: Vec<ImageFlaw>,
    /// References that show the same signing as an earlier one: both indices, from 0. They count once.
    pub repeated: Vec<Repeated>,
    /// The questioned signature as it was judged, where it was turned.
    pub turned: Option<Turned>,
}

/// What a log10 likelihood ratio adds up from; the sum is stated within the bound of the calibration writers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Contributions {
    /// Of the shape of the strokes.
    pub shape: Log10Lr,
    /// Of where along them the pen was pressed.
    pub pressure: Log10Lr,
}

impl Contributions {
    /// None where pressure said nothing.
    fn new(fit: &ReferenceCalibration, parts: ScoreParts) -> Option<Self> {
        let pressure = parts.pressure?;
        Some(Self {
            shape: Log10Lr::new(fit.slope * parts.shape + fit.intercept),
            pressure: Log10Lr::new(fit.slope * pressure),
        })
    }

    /// In words, as "of the strokes' shape 0.20, of their pressure 0.65".
    fn sentence(&self) -> String {
        format!("of the strokes' shape {:+.2}, of their pressure {:+.2}", self.shape.get(), self.pressure.get())
    }
}

/// A reference that shows the same signing as an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated {
    /// Its index, from 0.
    pub reference: usize,
    /// The index of the earlier one.
    pub earlier: usize,
}

/// What makes one of the compared images unfit to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageFlaw {
    /// Which image.
    pub image: Compared,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// One of the images of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// The signature to be judged.
    Questioned,
    /// The reference with this index, from 0.
    Reference(usize),
}

/// What a caller may ask for instead of the model's own rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyOptions {
    /// Accept from this score on and reject below it; nothing but a copy is left undecided. None: the model's own threshold.
    pub threshold: Option<Threshold>,
    /// Accept from these levels on, which were fixed on the people that are judged; what is below is left to a person unless
    /// the evidence supports somebody else. Nothing where there is a `threshold`, and for a model that is not calibrated.
    pub levels: Option<AcceptanceLevels>,
}

impl Verdict {
    pub(crate) fn new<R: Borrow<Signature>>(
        model: &Model,
        references: &[R],
        questioned: &Signature,
        options: &VerifyOptions,
    ) -> Result<Self> {
        let all: Vec<&Signature> = references.iter().map(Borrow::borrow).collect();
        let embeddings = all.iter().copied().chain([questioned]).map(|signature| &signature.embedding);
        let comparisons = Comparisons::new(model, embeddings.collect());
        let repeated = repeated(&all, &comparisons)?;
        let is_counted = |index: &usize| !repeated.iter().any(|again| again.reference == *index);
        let counted: Vec<usize> = (0..all.len()).filter(is_counted).collect();
        let embeddings: Vec<&Embedding> = counted.iter().map(|&index| &all[index].embedding).collect();
        let mut flaws = flaws(&all, questioned);
        let calibration = model.info().calibration.as_ref().and_then(|calibration| calibration.fit(embeddings.len()));
        let levels = options.levels.filter(|_| options.threshold.is_none());
        let own = calibration.zip(levels).and_then(|(fit, levels)| fit.threshold_at(&levels, embeddings.len()));
        let threshold = options.threshold.or(own).unwrap_or_else(|| model.threshold_for(embeddings.len()));
        let by_evidence = |score: Score| match (calibration.map(|fit| fit.log10_lr(score)), own) {
            (Some(lr), Some(own)) => Decision::from_own_threshold(score, own, lr),
            (lr, _) => Decision::from_evidence(score, threshold, lr),
        };
        let mut parts = comparisons.score_parts(&counted, all.len())?;
        let mut turned = None;
        let is_fit = flaws.iter().all(|flawed| flawed.flaw == Flaw::TwoGroups);
        if parts.sum() < threshold.get() && is_fit && options.threshold.is_none() {
            match turn::look(model, &embeddings, &questioned.ink, Score::new(parts.sum()), threshold, by_evidence)? {
                Found::Askew(upright) => {
                    parts = upright.parts;
                    turned = Some(*upright);
                }
                Found::Perhaps { degrees } => flaws.push(ImageFlaw::questioned(Flaw::Turned { degrees })),
                Found::Upright => {}
            }
        }
        let score = Score::new(parts.sum());
        let comparisons = match &turned {
            Some(turned) => comparisons.and(&turned.embedding),
            None => comparisons,
        };
        let judged = comparisons.last();
        let copied = copied(&all, questioned.digest, judged, &comparisons)?;
        flaws.extend(copied.map(|reference| ImageFlaw::questioned(Flaw::Copy { reference })));
        let alone = (0..all.len()).map(|reference| comparisons.score_of(&[reference], judged));
        let log10_lr = calibration.map(|fit| fit.log10_lr(score));
        let by_evidence = by_evidence(score);
        if by_evidence == Decision::Accepted {
            // Two signatures are not similar to one: what is, is one of two words.
            flaws.retain(|flawed| flawed.flaw != Flaw::TwoGroups);
        }
        Ok(Self {
            decision: match options.threshold {
                _ if copied.is_some() => Decision::Undecided,
                Some(_) => Decision::from_score(score, threshold),
                None if !flaws.is_empty() => Decision::Undecided,
                None => by_evidence,
            },
            score,
            log10_lr,
            log10_lr_ci95: calibration.and_then(|fit| fit.log10_lr_ci95(score)),
            contributions: calibration.and_then(|fit| Contributions::new(fit, parts)),
            support: log10_lr.map(Support::from_lr),
            bound: calibration.map(ReferenceCalibration::bound),
            calibration_writers: calibration.map(|fit| fit.writers),
            threshold,
            is_own_threshold: own.is_some(),
            wanted_far: calibration.map(|fit| fit.wanted_far.clone()),
            random_far: calibration.and_then(|fit| fit.random_far.clone()),
            reference_scores: alone.collect::<Result<_>>()?,
            flaws,
            repeated,
            turned,
        })
    }

    /// What was judged: the questioned signature, which is that of the verdict, or it turned.
    pub fn judged<'a>(&'a self, questioned: &'a Signature) -> (&'a Ink, &'a Embedding) {
        let turned = self.turned.as_ref().map(|turned| (&turned.ink, &turned.embedding));
        turned.unwrap_or((&questioned.ink, &questioned.embedding))
    }

    /// What was compared, as a picture: the questioned signature as it was judged and, right of it, references; where the
    /// model can say it, blue where they agree and orange where they do not. `references` and `questioned` are those of the
    /// verdict.
    ///
    /// # Errors
    /// [`Error::NoReference`], [`Error::NoLocalFeatures`] for signatures that another kind of model embedded.
    pub fn picture<R: Borrow<Signature>>(
        &self,
        model: &Model,
        references: &[R],
        questioned: &Signature,
    ) -> Result<Picture> {
        let (ink, embedding) = self.judged(questioned);
        let all = references.iter().map(Borrow::borrow);
        let inks: Vec<&Ink> = all.clone().map(|reference| &reference.ink).collect();
        let embeddings: Vec<&Embedding> = all.map(|reference| &reference.embedding).collect();
        if inks.is_empty() {
            return Err(Error::NoReference);
        }
        if model.inknet().is_none() {
            return Ok(Picture::side_by_side(&inks, ink, model.preprocess()));
        }
        Ok(Explanation::new(&embeddings, embedding)?.picture(&inks, ink))
    }

    /// The strength of the evidence in words, as "moderate support for the proposition that ...".
    pub fn strength(&self) -> String {
        self.support.map_or_else(|| "the model is not calibrated".to_owned(), |support| support.to_string())
    }

    /// What the score is worth in two lines, for either proposition; None where the model is not calibrated.
    pub fn evidence(&self) -> Option<String> {
        let (support, lr) = (self.support?, self.log10_lr?.get());
        let (bound, writers) = (self.bound?.get(), self.calibration_writers?);
        let interval = self.log10_lr_ci95.map(|[low, high]| match low < high {
            true => format!("95 % interval {:.2} to {:.2}", low.get(), high.get()),
            false => "95 % interval beyond what is stated".to_owned(),
        });
        let parts = self.contributions.map(|parts| parts.sentence());
        let of_it: Vec<String> = interval.into_iter().chain(parts).collect();
        let of_it = if of_it.is_empty() { String::new() } else { format!(" ({})", of_it.join("; ")) };
        Some(format!(
            "Evidence: {support}.\nLog10 LR {lr:.2}{of_it}; {writers} calibration writers support no more than {bound:.2} \
             either way."
        ))
    }
}

impl ImageFlaw {
    fn questioned(flaw: Flaw) -> Self {
        Self { image: Compared::Questioned, flaw }
    }
}

fn flaws(references: &[&Signature], questioned: &Signature) -> Vec<ImageFlaw> {
    let references = references.iter().enumerate();
    let references = references.map(|(index, reference)| (Compared::Reference(index), *reference));
    let of_image = |(image, signature): (Compared, &Signature)| -> Vec<ImageFlaw> {
        signature.flaws.iter().map(|&flaw| ImageFlaw { image, flaw }).collect()
    };
    std::iter::once((Compared::Questioned, questioned)).chain(references).flat_map(of_image).collect()
}

/// The references that show the same signing as an earlier one.
fn repeated(references: &[&Signature], comparisons: &Comparisons<'_>) -> Result<Vec<Repeated>> {
    let mut found = Vec::new();
    for (reference, signature) in references.iter().enumerate() {
        let earlier = copied(&references[..reference], signature.digest, reference, comparisons)?;
        found.extend(earlier.map(|earlier| Repeated { reference, earlier }));
    }
    Ok(found)
}

/// The index of the first of the references that shows the same image as a signature or the same signing; the comparisons
/// have the references first and know the signature by its number.
fn copied(
    references: &[&Signature],
    digest: ImageDigest,
    number: usize,
    comparisons: &Comparisons<'_>,
) -> Result<Option<usize>> {
    for (index, reference) in references.iter().enumerate() {
        if reference.digest == digest || comparisons.are_same_signing(index, number)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}
