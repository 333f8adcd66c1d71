//! A decision on a questioned signature, and what it rests on.

use std::ffi::{CString, c_char};
use std::sync::Arc;

use inkproof::{Log10Lr, Threshold, VerifyOptions};

use crate::answer::{Outcome, Status, answer, c_string};
use crate::bytes::Bytes;
use crate::pointers::{free, reference, slice};
use crate::signature::Signature;
use crate::threads::on_all_cores;
use crate::verifier::Verifier;

/// What is said of a questioned signature. Zero is none of the answers, so that memory that was only cleared accepts
/// nobody.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// There is no verdict: NULL was given.
    None = 0,
    /// It counts as signed by the writer of the references.
    Accepted = 1,
    /// It does not count as signed by the writer of the references.
    Rejected = 2,
    /// A person has to look: an image is unfit, or the evidence supports neither side.
    Undecided = 3,
}

/// A decision on a questioned signature, and what it rests on.
pub struct Verdict {
    engine: inkproof::Verdict,
    verifier: Arc<inkproof::Verifier>,
    references: Vec<Arc<inkproof::Signature>>,
    questioned: Arc<inkproof::Signature>,
    support: Option<CString>,
    sentences: CString,
    json: CString,
}

impl Verdict {
    fn new(
        verifier: &Verifier,
        references: &[&Signature],
        questioned: &Signature,
        threshold: Option<f64>,
    ) -> Outcome<Self> {
        for (index, reference) in references.iter().enumerate() {
            reference.require_model(&verifier.model, &format!("references[{index}]"))?;
        }
        questioned.require_model(&verifier.model, "questioned")?;
        let threshold = threshold.map(Threshold::new).transpose()?;
        let options = VerifyOptions { threshold, ..VerifyOptions::default() };
        let references: Vec<Arc<inkproof::Signature>> =
            references.iter().map(|reference| reference.engine.clone()).collect();
        let (verifier, questioned) = (verifier.engine.clone(), questioned.engine.clone());
        let engine = on_all_cores(|| Ok(verifier.verify_with(&references, &questioned, &options)?))?;
        let support = engine.support.map(|support| c_string(&support.to_string()));
        let sentences = c_string(&engine.sentences().join("\n"));
        let json = c_string(&engine.document(verifier.model()).to_string());
        Ok(Self { engine, verifier, references, questioned, support, sentences, json })
    }

    fn decision(&self) -> Decision {
        match self.engine.decision {
            inkproof::Decision::Accepted => Decision::Accepted,
            inkproof::Decision::Rejected => Decision::Rejected,
            inkproof::Decision::Undecided => Decision::Undecided,
        }
    }

    fn png(&self) -> Outcome<Bytes> {
        let picture = self.engine.picture(self.verifier.model(), &self.references, &self.questioned)?;
        Ok(Bytes(picture.to_png()))
    }
}

/// Judges a questioned signature against `count` references of a writer, all embedded by this verifier's model.
///
/// `threshold` is NULL for the model's own rule, which knows the number of references, the strength of the evidence and
/// what makes images unfit. With a threshold a score from there on is accepted and one below is rejected, whatever the
/// images are like, and only a copy of a reference is left undecided.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verify(
    verifier: *const Verifier,
    references: *const *const Signature,
    count: usize,
    questioned: *const Signature,
    threshold: *const f64,
    verdict: *mut *mut Verdict,
    error: *mut *mut c_char,
) -> Status {
    let verify = || {
        // SAFETY: the caller says that these are NULL or handles that are not freed, and that there are so many
        // references.
        let (verifier, questioned, pointers) = unsafe {
            let verifier = reference(verifier, "verifier")?;
            (verifier, reference(questioned, "questioned")?, slice(references, count, "references")?)
        };
        let named = pointers.iter().enumerate();
        // SAFETY: the caller says that each is NULL or a handle that is not freed.
        let named = named.map(|(index, &one)| unsafe { reference(one, &format!("references[{index}]")) });
        let references = named.collect::<Outcome<Vec<&Signature>>>()?;
        // SAFETY: the caller says that it is NULL or of a number.
        let threshold = unsafe { threshold.as_ref() }.copied();
        Verdict::new(verifier, &references, questioned, threshold)
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(verdict, error, verify) }
}

/// Accepted, rejected, or left to a person.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_decision(verdict: *const Verdict) -> Decision {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { verdict.as_ref() }.map_or(Decision::None, Verdict::decision)
}

/// How similar the signatures are: higher is more similar, comparable only within one model. NaN for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_score(verdict: *const Verdict) -> f64 {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { verdict.as_ref() }.map_or(f64::NAN, |verdict| verdict.engine.score.get())
}

/// The score from which on a signature is accepted with so many references. NaN for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_threshold(verdict: *const Verdict) -> f64 {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { verdict.as_ref() }.map_or(f64::NAN, |verdict| verdict.engine.threshold.get())
}

/// The strength of the evidence: the base-10 logarithm of the likelihood ratio. 1 says that the score is ten times
/// likelier if the writer signed than if somebody else did, -1 the opposite. NaN where the model is not calibrated for
/// so many references, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_log10_lr(verdict: *const Verdict) -> f64 {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    let log10_lr = unsafe { verdict.as_ref() }.and_then(|verdict| verdict.engine.log10_lr);
    log10_lr.map_or(f64::NAN, Log10Lr::get)
}

/// The same in words, on the scale of the ENFSI guideline; valid until the verdict is freed. NULL where the model is
/// not calibrated for so many references, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_support(verdict: *const Verdict) -> *const c_char {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    let support = unsafe { verdict.as_ref() }.and_then(|verdict| verdict.support.as_ref());
    support.map_or(std::ptr::null(), |support| support.as_ptr())
}

/// What the decision rests on, a sentence a line; valid until the verdict is freed. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_sentences(verdict: *const Verdict) -> *const c_char {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { verdict.as_ref() }.map_or(std::ptr::null(), |verdict| verdict.sentences.as_ptr())
}

/// Everything of the verdict but its picture as one JSON document, the same that Python's `Verdict.to_dict` gives;
/// valid until the verdict is freed. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_json(verdict: *const Verdict) -> *const c_char {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { verdict.as_ref() }.map_or(std::ptr::null(), |verdict| verdict.json.as_ptr())
}

/// What was compared as a PNG file: the questioned signature and, right of it, the most similar references; by the
/// bundled model strokes that agree are blue and those that do not orange.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_png(
    verdict: *const Verdict,
    bytes: *mut *mut Bytes,
    error: *mut *mut c_char,
) -> Status {
    let draw = || {
        // SAFETY: the caller says that it is NULL or a handle that is not freed.
        let verdict = unsafe { reference(verdict, "verdict") }?;
        on_all_cores(|| verdict.png())
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(bytes, error, draw) }
}

/// Frees a verdict; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verdict_free(verdict: *mut Verdict) {
    // SAFETY: the caller says that it is NULL or a handle that is not freed; handles come from `answer`.
    unsafe { free(verdict) };
}
