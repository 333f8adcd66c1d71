//! Do these signatures meet the rule of an account? Each is judged against each of its signers, and what was found is one entry
//! of the audit.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use inkproof::calibration::Log10Lr;
use inkproof::find::{Finder, FoundSignature};
use inkproof::{Decision, Error as EngineError, Score, Threshold, VerifyOptions};
use inkproof_store::{AccountId, Actor, Event, NewEntry, StoreError, WriterId};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use crate::document::{SignedPage, refusal};
use crate::images::{EmbeddedImage, ImageField, NamedImage};
use crate::mandates::{Alternative, Amount, Evaluation, MandateRule, Outcome, Signer, Standing, evaluate};
use crate::verify::flaws;
use crate::{
    Age, EnrolledWriter, Error, ImageFlaw, Milliseconds, ModelName, PageRead, ReferenceName, Result, Service, Threads,
};

/// Signatures that are judged by a rule at once, at most: each is compared with each of its signers.
pub const MOST_SIGNATURES: usize = 50;

/// Whether signatures meet the rule of an account. Signatures and alternatives are counted from 1.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MandateVerification {
    /// Whose rule it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub account: AccountId,
    /// met, not-met, or look where it would be met if a person accepted signatures that were left undecided.
    pub outcome: Outcome,
    /// What was to be signed for; null where it was not said.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub amount: Option<Amount>,
    /// The number of the rule in the audit.
    pub rule: i64,
    /// The alternative that is met, or would be; null where the rule is not met.
    pub alternative: Option<usize>,
    /// The signatures that count for it, and for whom; undecided ones are those that a person has to look at.
    pub counted: Vec<CountedSignature>,
    /// The rule's alternatives, and how each stands.
    pub alternatives: Vec<TriedAlternative>,
    /// The signatures in their order, each with what was found for every signer.
    pub signatures: Vec<JudgedSignature>,
    /// Whom the rule names.
    pub signers: Vec<MandateSigner>,
    /// What else is to be known, in sentences.
    pub notes: Vec<String>,
    /// The number, in the audit, of the calibration on the store's own writers that thresholds are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<i64>,
    /// What judged.
    pub model: ModelName,
    /// How long the steps took.
    pub milliseconds: Milliseconds,
    /// The number of the decision in the audit.
    pub audit: i64,
}

/// A signature that counts for a signer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CountedSignature {
    /// Which signature, from 1.
    pub signature: usize,
    /// Whose it is taken for.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub writer: WriterId,
    /// accepted, or undecided where a person has to accept it first.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub decision: Decision,
}

/// An alternative of the rule, and how it stands.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TriedAlternative {
    /// As text: `2 of B C D`.
    pub demands: String,
    /// met, look, not-met; no-amount or above-limit where it did not count.
    pub standing: Standing,
}

/// A signature, and what was found for every signer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgedSignature {
    /// What the user calls its image.
    pub questioned: String,
    /// Where on a page it was found, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<FoundIn>,
    /// Which page of the image was read, where its file has several.
    #[serde(flatten)]
    pub page: PageRead,
    /// Why it could not be read: then it counts for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// The signers who could be compared, in the order of the rule.
    pub signers: Vec<SignerVerdict>,
}

/// What was found of a signature for one signer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignerVerdict {
    /// Who.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub writer: WriterId,
    /// accepted, rejected or undecided.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub decision: Decision,
    /// Higher is more similar; comparable only within one model.
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub score: Score,
    /// The strength of the evidence, base 10; null where the model is not calibrated for so many references.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub log10_lr: Option<Log10Lr>,
    /// The score from which on a signature is accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub threshold: Threshold,
    /// What makes the image, or a reference that is named, unfit to decide on; then the decision is undecided.
    pub flaws: Vec<String>,
}

/// Somebody whom the rule names.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MandateSigner {
    /// Who; null where the writer was erased.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub writer: Option<WriterId>,
    /// How many references count; without any, nobody's signature can be taken for this signer's.
    pub references: usize,
    /// How old they are; null where there are none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub age: Option<Age>,
}

/// A signer of the rule, with the references to compare with where there are any.
struct Candidate {
    signer: Signer,
    writer: Option<EnrolledWriter>,
}

/// A signature: what the user calls its image, where on a page it was found, and what the model sees of it or why it sees
/// nothing.
struct Questioned {
    name: String,
    found: Option<FoundIn>,
    embedded: std::result::Result<EmbeddedImage, String>,
}

/// Where a signature was found.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundIn {
    /// What the user calls the file.
    pub path: String,
    /// The number of its page, from 1.
    pub page: u32,
    /// In pixels of the page, and how sure it is that it is a signature.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub area: FoundSignature,
}

/// What one signature was found to be for the signers who could be compared.
type Verdicts = Vec<(Signer, SignerVerdict)>;

impl Service {
    /// Judges signatures by the rule of an account that holds, for an amount where one is known, and writes the decision down:
    /// one entry of the audit. An image that cannot be read counts for nobody, which the answer says.
    ///
    /// # Errors
    /// [`StoreError::NoMandate`], [`Error::MandateWaits`], [`Error::TooManySignatures`]; what store and engine say; that time
    /// has run out.
    pub fn verify_mandate(
        &self,
        account: &AccountId,
        questioned: &[NamedImage<'_>],
        amount: Option<Amount>,
        by: Actor,
    ) -> Result<MandateVerification> {
        let rule = self.rule_that_holds(account)?;
        let read = |image: &NamedImage<'_>| self.read(image);
        require_few(questioned.len())?;
        let questioned = self.each(questioned, read)?;
        self.judged_by(&rule, questioned, Vec::new(), amount, by)
    }

    /// The same of the signatures that are found on pages: of each file on the page that is asked for, or the first with a
    /// signature. A page without any adds none, which the answer says.
    ///
    /// # Errors
    /// As [`Service::verify_mandate`], and [`Error::Image`] for a page that cannot be read.
    pub fn verify_mandate_document(
        &self,
        finder: &Finder,
        account: &AccountId,
        pages: &[NamedImage<'_>],
        amount: Option<Amount>,
        by: Actor,
    ) -> Result<MandateVerification> {
        let rule = self.rule_that_holds(account)?;
        let (mut questioned, mut notes) = (Vec::new(), Vec::new());
        for page in pages {
            let found = match SignedPage::find(finder, *page, self.verifier.limits()) {
                Err(Error::Image { source: source @ EngineError::NoSignature { .. }, name, .. }) => {
                    notes.push(format!("{name} {source}."));
                    continue;
                }
                found => found?,
            };
            let number = found.page().number;
            for ((area, embedded), at) in found.signatures(&self.verifier)?.into_iter().zip(1..) {
                let name = format!("{}, page {number}, signature {at}", page.name);
                let place = FoundIn { path: page.name.to_owned(), page: number, area };
                let embedded = embedded.map(|image| EmbeddedImage { name: name.clone(), ..image });
                let embedded = embedded.map_err(|error| refusal(&error));
                questioned.push(Questioned { name, found: Some(place), embedded });
            }
            require_few(questioned.len())?;
        }
        self.judged_by(&rule, questioned, notes, amount, by)
    }

    fn rule_that_holds(&self, account: &AccountId) -> Result<MandateRule> {
        self.mandate(account)?.rule.ok_or_else(|| Error::MandateWaits(account.clone()))
    }

    fn judged_by(
        &self,
        rule: &MandateRule,
        questioned: Vec<Questioned>,
        mut notes: Vec<String>,
        amount: Option<Amount>,
        by: Actor,
    ) -> Result<MandateVerification> {
        let candidates = self.candidates(rule)?;
        let calibration = self.calibration()?;
        let levels = calibration.as_ref().map(|kept| *kept.acceptance);
        let options = VerifyOptions { levels, ..VerifyOptions::default() };
        let begun = Instant::now();
        let verdicts = self.each(&questioned, |one| self.against_all(one, &candidates, &options))?;
        let scored = begun.elapsed();
        let decided = |verdicts: &Verdicts| verdicts.iter().map(|(signer, of)| (signer.clone(), of.decision)).collect();
        let decisions: Vec<HashMap<Signer, Decision>> = verdicts.iter().map(decided).collect();
        let evaluation = evaluate(&rule.demands, amount, &decisions);
        let calibration = calibration.map(|kept| kept.audit);
        let details = details(rule, amount, &evaluation, &questioned, &verdicts, calibration);
        let entry = NewEntry {
            actor: by,
            event: Event::MandateDecided,
            writer: None,
            model: Some(self.stamp.digest.clone()),
            outcome: evaluation.outcome.word().to_owned(),
            details,
        };
        let audit = self.store.append_one(&entry)?;
        notes.extend(self::notes(rule, &evaluation, &candidates));
        Ok(MandateVerification {
            account: rule.account.clone(),
            outcome: evaluation.outcome,
            amount,
            rule: rule.number,
            alternative: evaluation.alternative.map(|place| place + 1),
            counted: counted(&evaluation),
            alternatives: alternatives(rule, &evaluation),
            notes,
            milliseconds: milliseconds(&questioned, scored),
            signatures: signatures(questioned, verdicts),
            signers: candidates.iter().map(named).collect(),
            calibration,
            model: ModelName::new(self.verifier.model()),
            audit,
        })
    }

    /// Does something with each, on all cores where questions are not answered in parallel themselves.
    fn each<T: Sync, U: Send>(&self, of: &[T], work: impl Fn(&T) -> Result<U> + Send + Sync) -> Result<Vec<U>> {
        match self.options.threads {
            Threads::One => of.iter().map(work).collect(),
            Threads::All => of.par_iter().with_max_len(1).map(work).collect(),
        }
    }

    /// The rule's signers, with their references.
    fn candidates(&self, rule: &MandateRule) -> Result<Vec<Candidate>> {
        let candidate =
            |signer: &Signer| Ok(Candidate { signer: signer.clone(), writer: self.signer_s_references(signer)? });
        rule.demands.signers().into_iter().map(candidate).collect()
    }

    /// None where there are none that count, or the signer was erased, though somebody may have the same id by now.
    fn signer_s_references(&self, signer: &Signer) -> Result<Option<EnrolledWriter>> {
        let Signer::Writer { id, pseudonym } = signer else { return Ok(None) };
        match self.enrolled_writer(id) {
            Err(Error::Store(StoreError::NoWriter(_)) | Error::NoApprovedReference(_)) => Ok(None),
            found => Ok(Some(found?).filter(|writer| writer.pseudonym == *pseudonym)),
        }
    }

    fn read(&self, image: &NamedImage<'_>) -> Result<Questioned> {
        let embedded = match EmbeddedImage::new(&self.verifier, *image, ImageField::Questioned) {
            // It is not this image that is at fault, and the next would have no time either.
            Err(Error::Image { source: source @ EngineError::OutOfTime, .. }) => return Err(source.into()),
            Err(Error::Image { source, .. }) => Err(source.to_string()),
            embedded => Ok(embedded?),
        };
        Ok(Questioned { name: image.name.to_owned(), found: None, embedded })
    }

    fn against_all(
        &self,
        questioned: &Questioned,
        candidates: &[Candidate],
        options: &VerifyOptions,
    ) -> Result<Verdicts> {
        let Ok(image) = &questioned.embedded else { return Ok(Vec::new()) };
        let known = candidates.iter().filter_map(|Candidate { signer, writer }| Some((signer, writer.as_ref()?)));
        known.map(|(signer, writer)| Ok((signer.clone(), self.against(image, writer, options)?))).collect()
    }

    fn against(
        &self,
        image: &EmbeddedImage,
        writer: &EnrolledWriter,
        options: &VerifyOptions,
    ) -> Result<SignerVerdict> {
        let verdict = self.verifier.verify_with(&writer.references, &image.signature, options)?;
        let names: Vec<ReferenceName> = writer.numbers.iter().copied().map(ReferenceName::Reference).collect();
        let flaw = |ImageFlaw { path, flaw }| if path == image.name { flaw } else { format!("{path}: {flaw}") };
        Ok(SignerVerdict {
            writer: writer.id.clone(),
            decision: verdict.decision,
            score: verdict.score,
            log10_lr: verdict.log10_lr,
            threshold: verdict.threshold,
            flaws: flaws(&verdict, &image.name, &names).into_iter().map(flaw).collect(),
        })
    }
}

fn require_few(signatures: usize) -> Result<()> {
    if signatures > MOST_SIGNATURES { Err(Error::TooManySignatures(signatures)) } else { Ok(()) }
}

/// What the audit keeps: accounts and signers by pseudonym, and no name of a file, which may say who somebody is.
fn details(
    rule: &MandateRule,
    amount: Option<Amount>,
    evaluation: &Evaluation<Signer>,
    questioned: &[Questioned],
    verdicts: &[Verdicts],
    calibration: Option<i64>,
) -> Value {
    let counted =
        evaluation.counted.iter().map(|one| json!({"signature": one.signature + 1, "writer": pseudonym(&one.signer)}));
    let verdict = |(signer, of): &(Signer, SignerVerdict)| json!({"writer": pseudonym(signer), "decision": of.decision, "score": of.score});
    let signature = |(one, verdicts): (&Questioned, &Verdicts)| json!({"unreadable": one.embedded.is_err(), "signers": verdicts.iter().map(verdict).collect::<Vec<_>>()});
    let mut details = json!({
        "account": rule.pseudonym,
        "rule": rule.number,
        "amount": amount,
        "alternative": evaluation.alternative.map(|place| place + 1),
        "counted": counted.collect::<Vec<_>>(),
        "signatures": questioned.iter().zip(verdicts).map(signature).collect::<Vec<_>>(),
    });
    if let Some(number) = calibration {
        details["calibration"] = number.into();
    }
    details
}

fn pseudonym(signer: &Signer) -> inkproof_store::Pseudonym {
    match signer {
        Signer::Writer { pseudonym, .. } | Signer::Erased(pseudonym) => *pseudonym,
    }
}

fn counted(evaluation: &Evaluation<Signer>) -> Vec<CountedSignature> {
    let counted = evaluation.counted.iter().filter_map(|one| {
        let (signature, decision) = (one.signature + 1, one.decision);
        Some(CountedSignature { signature, writer: one.signer.id()?.clone(), decision })
    });
    counted.collect()
}

fn alternatives(rule: &MandateRule, evaluation: &Evaluation<Signer>) -> Vec<TriedAlternative> {
    let tried = rule.demands.any_of().iter().zip(&evaluation.standings);
    tried.map(|(one, standing)| TriedAlternative { demands: one.to_string(), standing: *standing }).collect()
}

fn signatures(questioned: Vec<Questioned>, verdicts: Vec<Verdicts>) -> Vec<JudgedSignature> {
    let judged = |(one, verdicts): (Questioned, Verdicts)| JudgedSignature {
        questioned: one.name,
        found: one.found,
        page: one.embedded.as_ref().map_or_else(|_| PageRead::default(), |image| image.signature.page.into()),
        unreadable: one.embedded.err(),
        signers: verdicts.into_iter().map(|(_, verdict)| verdict).collect(),
    };
    questioned.into_iter().zip(verdicts).map(judged).collect()
}

fn named(candidate: &Candidate) -> MandateSigner {
    MandateSigner {
        writer: candidate.signer.id().cloned(),
        references: candidate.writer.as_ref().map_or(0, |writer| writer.references.len()),
        age: candidate.writer.as_ref().map(|writer| writer.age),
    }
}

fn notes(rule: &MandateRule, evaluation: &Evaluation<Signer>, candidates: &[Candidate]) -> Vec<String> {
    let of_alternative = |((alternative, standing), number): ((&Alternative<Signer>, &Standing), i32)| match standing {
        Standing::NoAmount => Some(format!("Alternative {number} ({alternative}) did not count: no amount was given.")),
        Standing::AboveLimit => {
            Some(format!("Alternative {number} ({alternative}) did not count: the amount is above it."))
        }
        Standing::Met | Standing::Look | Standing::NotMet => None,
    };
    let of_signer = |Candidate { signer, writer }: &Candidate| match (signer, writer) {
        (Signer::Erased(_), _) => Some("A signer of the rule was erased, and nobody can sign as they did.".to_owned()),
        (Signer::Writer { id, .. }, None) => {
            Some(format!("No reference of '{id}' counts, so no signature was taken for theirs."))
        }
        (Signer::Writer { id, .. }, Some(writer)) => writer.age.advice().map(|advice| format!("'{id}': {advice}")),
    };
    let alternatives = rule.demands.any_of().iter().zip(&evaluation.standings).zip(1..).filter_map(of_alternative);
    alternatives.chain(candidates.iter().filter_map(of_signer)).collect()
}

fn milliseconds(questioned: &[Questioned], scored: Duration) -> Milliseconds {
    let images = questioned.iter().flat_map(|one| &one.embedded);
    Milliseconds::new(images.map(|image| image.signature.times).sum(), scored)
}
