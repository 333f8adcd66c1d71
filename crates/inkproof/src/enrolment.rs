//! Whether references are fit to be enrolled: each has to show a whole signature, be a signing of its own, and agree with
//! the others; and how good a set they make.

use std::fmt;

use serde::Serialize;

use crate::calibration::Log10Lr;
use crate::{Decision, Embedding, Flaw, ImageDigest, Model, Result, Score, Signature, Threshold};

/// From this likeness on two inks are the same signing, scanned or saved twice. Of 5,906 genuine pairs of dutch, cedar,
/// chisig, susig-visual and svc2004-task1 none is (the most similar: 0.899), of 1,200 of bhsig-hindi 8 are, which look like
/// the same image; of 960 simulated rescans (scale 0.5 to 1.5, tone, noise, JPEG, one bit, 2 degrees, specks) 941 are.
pub(crate) const SAME_SIGNING: f64 = 0.90;
/// From this log10 LR on a reference is by somebody else. Beside three others it refuses 0.2 to 3.5 in 100 of a writer's own,
/// and 98 to 100 in 100 of strangers', on each of the eight sets of the calibration; at -1 up to 5.8 of the own.
const SOMEBODY_ELSE: f64 = -1.5;
/// So many references are worth having: what further ones add is little.
const ENOUGH: usize = 3;
/// So many, where the writer's signatures vary much.
const ENOUGH_OF_LOOSE: usize = 5;

/// A reference, kept or offered.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// What the user knows it by.
    pub name: String,
    /// What the model keeps of its ink.
    pub embedding: &'a Embedding,
    /// The fingerprint of its image.
    pub digest: ImageDigest,
    /// Nothing of those that are kept.
    pub flaws: Vec<Flaw>,
}

impl<'a> Candidate<'a> {
    /// A signature that is offered under a name.
    pub fn new(name: impl Into<String>, signature: &'a Signature) -> Self {
        Self {
            name: name.into(),
            embedding: &signature.embedding,
            digest: signature.digest,
            flaws: signature.flaws.clone(),
        }
    }
}

/// What is found of references that are offered.
#[derive(Debug, Clone, Serialize)]
pub struct EnrolmentReport {
    /// What speaks against enrolling them; nothing where all is well.
    pub objections: Vec<Objection>,
    /// How well all references, kept and offered, agree with each other.
    pub consistency: Consistency,
    /// How each reference, kept ones first, scores against all others; nothing where it is the only one.
    pub agreement: Vec<Score>,
    /// How many more references would make decisions better.
    pub wanted: usize,
}

/// Something that speaks against a reference.
#[derive(Debug, Clone, Serialize)]
pub struct Objection {
    /// Which of the offered references, from 0.
    #[serde(skip)]
    pub index: usize,
    /// Its name.
    pub reference: String,
    #[serde(serialize_with = "as_text")]
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a reference.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Its image is unfit to decide on.
    Unfit(Flaw),
    /// It is the same image as an earlier reference.
    SameImage {
        /// The name of the earlier reference.
        other: String,
    },
    /// It is the same signing as an earlier reference, scanned or saved again.
    SameSigning {
        /// The name of the earlier reference.
        other: String,
    },
    /// It does not agree with the other references, as if somebody else had written it.
    Disagrees {
        /// Its score against the others, without those that disagree even more.
        score: Score,
        /// From this score on the model accepts a signature with so many references.
        threshold: Threshold,
    },
}

/// How well references agree with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Consistency {
    /// One reference says nothing of how much the writer varies.
    Single,
    /// Each would be accepted against the others.
    Consistent,
    /// Some would not.
    Loose,
}

/// Checks the references `offered` together with those that are `kept`.
pub fn check_references(model: &Model, kept: &[Candidate<'_>], offered: &[Candidate<'_>]) -> Result<EnrolmentReport> {
    let mut objections: Vec<Objection> = Vec::new();
    let object = |index: usize, fault| Objection { index, reference: offered[index].name.clone(), fault };
    // Who signs with two words far apart mostly does.
    let in_two = offered.iter().filter(|new| new.flaws.contains(&Flaw::TwoGroups)).count();
    let is_habit = |flaw: &Flaw| *flaw == Flaw::TwoGroups && in_two > 1 && 2 * in_two > offered.len();
    for (index, new) in offered.iter().enumerate() {
        let flaws = new.flaws.iter().filter(|flaw| !is_habit(flaw));
        objections.extend(flaws.map(|flaw| object(index, Fault::Unfit(*flaw))));
        let earlier = kept.iter().chain(&offered[..index]);
        objections.extend(same_as_earlier(new, earlier)?.map(|fault| object(index, fault)));
    }
    objections.extend(disagreeing(model, kept, offered)?.into_iter().map(|(index, fault)| object(index, fault)));
    let all: Vec<&Embedding> = kept.iter().chain(offered).map(|candidate| candidate.embedding).collect();
    let agreement = agreement(model, &all)?;
    let accepted = |score: &Score| decision(model, *score, all.len() - 1) != Decision::Rejected;
    let (consistency, enough) = match &agreement[..] {
        [] => (Consistency::Single, ENOUGH),
        scores if scores.iter().all(accepted) => (Consistency::Consistent, ENOUGH),
        _ => (Consistency::Loose, ENOUGH_OF_LOOSE),
    };
    Ok(EnrolmentReport { objections, consistency, agreement, wanted: enough.saturating_sub(all.len()) })
}

/// Whether an image is the same image or the same signing as an earlier one, and which.
///
/// # Errors
/// [`Error::OtherEmbedding`](crate::Error::OtherEmbedding) where one was embedded by another kind of model.
pub fn same_as_earlier<'a>(
    new: &Candidate<'_>,
    earlier: impl IntoIterator<Item = &'a Candidate<'a>>,
) -> Result<Option<Fault>> {
    for other in earlier {
        if other.digest == new.digest {
            return Ok(Some(Fault::SameImage { other: other.name.clone() }));
        }
        if is_same_signing(other.embedding, new.embedding)? {
            return Ok(Some(Fault::SameSigning { other: other.name.clone() }));
        }
    }
    Ok(None)
}

/// Whether two embeddings are of one signing, scanned or saved twice; of vectors that cannot be said.
///
/// # Errors
/// [`Error::OtherEmbedding`](crate::Error::OtherEmbedding) for two of different kinds.
pub fn is_same_signing(one: &Embedding, other: &Embedding) -> Result<bool> {
    Ok(one.similarity(other)? >= SAME_SIGNING && one.local_features().is_some())
}

/// Offered references that somebody else seems to have written, by all others; the worst is taken out first, since it may be the reason
/// why others disagree.
fn disagreeing(model: &Model, kept: &[Candidate<'_>], offered: &[Candidate<'_>]) -> Result<Vec<(usize, Fault)>> {
    let mut left: Vec<usize> = (0..offered.len()).collect();
    let mut found = Vec::new();
    loop {
        let all: Vec<&Embedding> =
            kept.iter().map(|kept| kept.embedding).chain(left.iter().map(|&place| offered[place].embedding)).collect();
        let scores = agreement(model, &all)?;
        let of_offered = scores.iter().skip(kept.len()).zip(&left).map(|(score, place)| (*score, *place));
        let Some((score, worst)) = of_offered.min_by(|a, b| a.0.get().total_cmp(&b.0.get())) else { break };
        let (lr, threshold) = (log10_lr(model, score, all.len() - 1), model.threshold_for(all.len() - 1));
        if lr.map_or(score.get() >= threshold.get(), |lr| lr.get() > SOMEBODY_ELSE) {
            break;
        }
        found.push((worst, Fault::Disagrees { score, threshold }));
        left.retain(|place| *place != worst);
    }
    found.sort_by_key(|(place, _)| *place);
    Ok(found)
}

/// The score of each against all others; nothing where there are no others.
fn agreement(model: &Model, all: &[&Embedding]) -> Result<Vec<Score>> {
    if all.len() < 2 {
        return Ok(Vec::new());
    }
    let without = |place: usize| [&all[..place], &all[place + 1..]].concat();
    (0..all.len()).map(|place| model.score_of(&without(place), all[place])).collect()
}

fn decision(model: &Model, score: Score, references: usize) -> Decision {
    Decision::from_evidence(score, model.threshold_for(references), log10_lr(model, score, references))
}

/// None where the model is not calibrated.
fn log10_lr(model: &Model, score: Score, references: usize) -> Option<Log10Lr> {
    model.info().calibration.as_ref().and_then(|calibration| calibration.log10_lr(score, references))
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.reference, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(flaw) => write!(f, "is unfit ({flaw})"),
            Self::SameImage { other } => write!(f, "is the same image as {other}"),
            Self::SameSigning { other } => write!(f, "is the same signing as {other}, scanned or saved again"),
            Self::Disagrees { score, threshold } => write!(
                f,
                "does not agree with the other references, as if somebody else had written it (score {:.2}, accepted \
                 from {:.2})",
                score.get(),
                threshold.get()
            ),
        }
    }
}

fn as_text<S: serde::Serializer>(fault: &Fault, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fault)
}

impl EnrolmentReport {
    /// How good the set is and whether more are needed, in a sentence or two.
    pub fn advice(&self) -> String {
        let consistency = match self.consistency {
            Consistency::Single => "One reference says nothing of how much the writer varies.",
            Consistency::Consistent => "The references agree with each other.",
            Consistency::Loose => "The references differ much from each other: decisions will be milder.",
        };
        let wanted = match self.wanted {
            0 => String::new(),
            1 => " One more would make decisions better.".to_owned(),
            more => format!(" {more} more would make decisions better."),
        };
        consistency.to_owned() + &wanted
    }
}
