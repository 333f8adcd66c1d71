//! Is a questioned signature by the writer of these references? Against images that come with the question, or against the
//! references of an enrolled writer.
//!
//! Judging and writing down are two steps, since a server writes many decisions down at once.

use std::time::Instant;

use inkproof::calibration::AcceptanceLevels;
use inkproof::quality::copy_of;
use inkproof::verdict::Compared;
use inkproof::{Decision, Flaw, Signature, Verdict, Verifier, VerifyOptions};
use inkproof_store::{Actor, NewDecision, Pseudonym, WriterId};
use serde_json::{Value, json};

use crate::images::{EmbeddedImage, ImageField, NamedImage, as_references, embed_images};
use crate::{
    Age, EnrolledWriter, ImageFlaw, Milliseconds, ModelName, Pictures, ReferenceName, ReferenceScore, Result, Service,
    Threads, VerdictFields, Verification,
};

/// A questioned signature, and what is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The signature to be judged.
    pub questioned: NamedImage<'a>,
    /// What is asked for instead of the model's own rule.
    pub options: VerifyOptions,
    /// Whether pictures of the inks are wanted.
    pub pictures: bool,
}

/// A questioned signature that was judged, but not yet written down.
pub struct Judged {
    /// The answer; an enrolled writer's has no audit number yet.
    pub answer: Verification,
    /// What the answer rests on.
    pub verdict: Verdict,
    /// The questioned signature.
    pub questioned: Signature,
    /// The references, in the order of the answer's.
    pub references: Vec<Signature>,
    /// What is to be written down.
    pub decision: NewDecision,
}

/// References that a questioned signature is compared with.
#[derive(Debug, Clone)]
pub(crate) struct References {
    names: Vec<ReferenceName>,
    signatures: Vec<Signature>,
    /// The writer that they are enrolled of.
    writer: Option<Claimed>,
    /// The thresholds that hold for that writer, where they are not the model's own.
    levels: Option<AcceptanceLevels>,
}

/// The enrolled writer that is claimed to have signed.
#[derive(Debug, Clone)]
struct Claimed {
    id: WriterId,
    pseudonym: Pseudonym,
    age: Age,
    /// The number of the calibration on the store's writers that holds, in the audit.
    calibration: Option<i64>,
}

/// Judges a questioned signature against references that come with it.
///
/// # Errors
/// [`Error::Image`](crate::Error::Image) for an image that cannot be used, and what the engine says of the comparison.
pub fn verify_references(
    verifier: &Verifier,
    references: &[NamedImage<'_>],
    question: &Question<'_>,
    by: Actor,
    threads: Threads,
) -> Result<Judged> {
    let fields = [(ImageField::Questioned, question.questioned)].into_iter().chain(as_references(references));
    let mut images = embed_images(verifier, &fields.collect::<Vec<_>>(), threads)?;
    let references = References::of_images(images.split_off(1));
    judge(verifier, references, images.remove(0), question, by)
}

impl References {
    /// Images that came with the question.
    pub(crate) fn of_images(images: Vec<EmbeddedImage>) -> Self {
        let (names, signatures) =
            images.into_iter().map(|image| (ReferenceName::Path(image.name), image.signature)).unzip();
        Self { names, signatures, writer: None, levels: None }
    }
}

impl Service {
    /// Judges a questioned signature against the references of an enrolled writer.
    ///
    /// # Errors
    /// Where the writer is not enrolled or has no reference that counts, or the image cannot be used.
    pub fn verify_writer(&self, writer: &WriterId, question: &Question<'_>, by: Actor) -> Result<Judged> {
        let references = self.references_of(writer)?;
        let questioned = EmbeddedImage::new(&self.verifier, question.questioned, ImageField::Questioned)?;
        judge(&self.verifier, references, questioned, question, by)
    }

    /// The references of an enrolled writer, and the thresholds that hold for them.
    pub(crate) fn references_of(&self, writer: &WriterId) -> Result<References> {
        let EnrolledWriter { id, pseudonym, numbers, references, age } = self.enrolled_writer(writer)?;
        let calibration = self.calibration()?;
        Ok(References {
            names: numbers.into_iter().map(ReferenceName::Reference).collect(),
            signatures: references,
            levels: calibration.as_ref().map(|kept| *kept.acceptance),
            writer: Some(Claimed { id, pseudonym, age, calibration: calibration.map(|kept| kept.audit) }),
        })
    }

    /// Writes decisions down, all or none, and numbers their answers; a decision that could not be written down must not be
    /// given.
    ///
    /// # Errors
    /// What the store says.
    pub fn record<'a>(&self, judged: impl IntoIterator<Item = &'a mut Judged>) -> Result<()> {
        let mut judged: Vec<&mut Judged> = judged.into_iter().collect();
        let decisions: Vec<NewDecision> = judged.iter().map(|judged| judged.decision.clone()).collect();
        let numbers = self.store.record(&decisions)?;
        for (judged, number) in judged.iter_mut().zip(numbers) {
            judged.answer.audit = Some(number);
        }
        Ok(())
    }
}

/// Judges a questioned signature by the thresholds of its references, where those have their own.
pub(crate) fn judge(
    verifier: &Verifier,
    references: References,
    questioned: EmbeddedImage,
    question: &Question<'_>,
    by: Actor,
) -> Result<Judged> {
    let References { names, signatures, writer, levels } = references;
    let options = VerifyOptions { levels: levels.or(question.options.levels), ..question.options };
    let begun = Instant::now();
    let verdict = verifier.verify_with(&signatures, &questioned.signature, &options)?;
    let scored = begun.elapsed();
    let times = signatures.iter().chain([&questioned.signature]).map(|signature| signature.times).sum();
    let (ink, embedding) = verdict.judged(&questioned.signature);
    let pictures = || Pictures::new(verifier.model().preprocess(), &signatures, ink, embedding);
    let answer = Verification {
        verdict: VerdictFields::from(&verdict),
        flaws: flaws(&verdict, &questioned.name, &names),
        notes: notes(&verdict, &names),
        pictures: question.pictures.then(pictures),
        references: scores(&names, &signatures, &verdict),
        page: questioned.signature.page.into(),
        questioned: questioned.name,
        model: ModelName::new(verifier.model()),
        milliseconds: Milliseconds::new(times, scored),
        calibration: writer.as_ref().and_then(|writer| writer.calibration).filter(|_| verdict.is_own_threshold),
        age: writer.as_ref().map(|writer| writer.age),
        writer: writer.as_ref().map(|writer| writer.id.clone()),
        audit: None,
    };
    let of_writer = writer.as_ref().map(|writer| writer.pseudonym);
    let decision = new_decision(&answer, of_writer, by, &questioned.signature);
    Ok(Judged { answer, verdict, questioned: questioned.signature, references: signatures, decision })
}

pub(crate) fn flaws(verdict: &Verdict, questioned: &str, references: &[ReferenceName]) -> Vec<ImageFlaw> {
    let named = |flawed: &inkproof::verdict::ImageFlaw| {
        let path = match flawed.image {
            Compared::Questioned => questioned.to_owned(),
            Compared::Reference(index) => references[index].to_string(),
        };
        ImageFlaw { path, flaw: in_words(flawed.flaw, references) }
    };
    verdict.flaws.iter().map(named).collect()
}

/// The number of a reference: in the store, or where it came with the question, in their order. The name of its file stays
/// out, since the audit keeps these words.
fn number(references: &[ReferenceName], index: usize) -> i64 {
    match references[index] {
        ReferenceName::Reference(number) => number,
        ReferenceName::Path(_) => index as i64 + 1,
    }
}

/// A flaw with the number of the reference that it is about.
fn in_words(flaw: Flaw, references: &[ReferenceName]) -> String {
    match flaw {
        Flaw::Copy { reference } => copy_of(number(references, reference)),
        flaw => flaw.to_string(),
    }
}

/// What else a reader of the verdict should know.
fn notes(verdict: &Verdict, references: &[ReferenceName]) -> Vec<String> {
    let repeated = verdict.repeated.iter().map(|again| {
        let [reference, earlier] = [again.reference, again.earlier].map(|index| number(references, index));
        format!("reference {reference} is the same signing as reference {earlier} and counts once with it")
    });
    let turned =
        verdict.turned.iter().map(|turned| format!("the signature was turned by {} to be judged", turned.by()));
    turned.chain(repeated).collect()
}

fn scores(names: &[ReferenceName], signatures: &[Signature], verdict: &Verdict) -> Vec<ReferenceScore> {
    let references = names.iter().cloned().zip(signatures).zip(&verdict.reference_scores);
    let scored = |((reference, signature), &score): ((_, &Signature), _)| ReferenceScore {
        reference,
        score,
        page: signature.page.into(),
    };
    references.map(scored).collect()
}

/// The decision as the audit keeps it. The questioned ink is kept where a person has to look at it.
fn new_decision(answer: &Verification, writer: Option<Pseudonym>, by: Actor, questioned: &Signature) -> NewDecision {
    let decision = answer.verdict.decision;
    let waits = writer.is_some() && decision == Decision::Undecided;
    NewDecision {
        writer,
        by,
        decision,
        model: answer.model.digest.clone(),
        details: details(answer),
        questioned: waits.then(|| questioned.ink.clone()),
    }
}

/// What the audit keeps of an answer. A reference that came with the question has no number there: its file's name may say
/// who the writer is.
fn details(answer: &Verification) -> Value {
    let reference = |scored: &ReferenceScore| match scored.reference {
        ReferenceName::Reference(number) => json!({"reference": number, "score": scored.score}),
        ReferenceName::Path(_) => json!({"reference": null, "score": scored.score}),
    };
    let mut details = json!({
        "score": answer.verdict.score,
        "threshold": answer.verdict.threshold,
        "log10_lr": answer.verdict.log10_lr,
        "references": answer.references.iter().map(reference).collect::<Vec<_>>(),
        "notes": answer.notes,
        "flaws": answer.flaws.iter().map(|flaw| &flaw.flaw).collect::<Vec<_>>(),
    });
    if let Some(number) = answer.calibration {
        details["calibration"] = number.into();
    }
    if let Some(page) = answer.page.page {
        details["page"] = page.into();
    }
    details
}
