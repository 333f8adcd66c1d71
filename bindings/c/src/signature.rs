//! One image of a signature as a model sees it.

use std::ffi::{CString, c_char};
use std::sync::Arc;

use crate::answer::{Failure, Outcome, Status, answer, c_string};
use crate::bytes::Bytes;
use crate::pointers::{free, reference, slice, text};

/// One image of a signature as a model sees it. Embedding takes time, comparing hardly any.
pub struct Signature {
    pub(crate) engine: Arc<inkproof::Signature>,
    model: CString,
    flaws: CString,
}

impl Signature {
    pub(crate) fn new(engine: inkproof::Signature, model: CString) -> Self {
        let flaws: Vec<String> = engine.flaws.iter().map(ToString::to_string).collect();
        Self { engine: Arc::new(engine), model, flaws: c_string(&flaws.join("\n")) }
    }

    /// Refuses the signature of another model, whose numbers mean something else.
    pub(crate) fn require_model(&self, model: &CString, name: &str) -> Outcome<()> {
        if self.model == *model {
            return Ok(());
        }
        let (theirs, model) = (self.model.to_string_lossy(), model.to_string_lossy());
        let text =
            format!("{name} was embedded by the model {theirs}, and this is the model {model}; embed its image again");
        Err(Failure { status: Status::WrongModel, text })
    }
}

/// What makes the image unfit to decide on, a line for each; "" where nothing does. Valid until the signature is freed;
/// NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_signature_flaws(signature: *const Signature) -> *const c_char {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { signature.as_ref() }.map_or(std::ptr::null(), |signature| signature.flaws.as_ptr())
}

/// The digest of the model that embedded it; valid until the signature is freed. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_signature_model(signature: *const Signature) -> *const c_char {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { signature.as_ref() }.map_or(std::ptr::null(), |signature| signature.model.as_ptr())
}

/// The signature as bytes for keeping: its ink, embedding, flaws and fingerprint, those of Python's
/// `Signature.to_bytes`. Keep `inkproof_signature_model` with them, and both as you keep what identifies a person.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_signature_to_bytes(
    signature: *const Signature,
    bytes: *mut *mut Bytes,
    error: *mut *mut c_char,
) -> Status {
    let write = || {
        // SAFETY: the caller says that it is NULL or a handle that is not freed.
        let signature = unsafe { reference(signature, "signature") }?;
        Ok(Bytes(signature.engine.to_bytes()))
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(bytes, error, write) }
}

/// What `inkproof_signature_to_bytes` made; `model` is the digest that `inkproof_signature_model` gave then. Of bytes
/// that are not a signature's nothing is taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_signature_from_bytes(
    bytes: *const u8,
    length: usize,
    model: *const c_char,
    signature: *mut *mut Signature,
    error: *mut *mut c_char,
) -> Status {
    let read = || {
        // SAFETY: the caller says that it is NULL or of so many bytes.
        let bytes = unsafe { slice(bytes, length, "bytes") }?;
        // SAFETY: the caller says that it is NULL or ends with a zero byte.
        let model = unsafe { text(model, "model") }?;
        Ok(Signature::new(inkproof::Signature::from_bytes(bytes)?, c_string(model)))
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(signature, error, read) }
}

/// Frees a signature; NULL is allowed. Verdicts on it live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_signature_free(signature: *mut Signature) {
    // SAFETY: the caller says that it is NULL or a handle that is not freed; handles come from `answer`.
    unsafe { free(signature) };
}
