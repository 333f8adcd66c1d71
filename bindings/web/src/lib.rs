//! The verifier as WebAssembly, behind functions that take and return numbers alone.
//!
//! Whoever calls asks for the input's place (`inkproof_input`), writes bytes there, calls a function, and reads its answer
//! from the output's place. A function returns whether the answer is what was asked for; otherwise it is a JSON object with
//! the `kind` and the `message` of an error. Both places are valid until the next call. A panic ends the instance, as there is
//! nothing to catch it: its message is then in the output, which is empty where memory or stack ran out. `package/index.js` does all of this.

mod error;
mod request;

use std::panic::{self, PanicHookInfo};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use inkproof::{PixelSamples, Pixels, Signature, Threshold, Verdict, Verifier, VerifyOptions};
use serde_json::json;

use crate::error::Failure;
use crate::request::Comparison;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(Verifier::bundled);
static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Room for so many bytes of input; where they are to be written.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_input(len: usize) -> *const u8 {
    let mut input = open(&INPUT);
    *input = vec![0; len];
    input.as_ptr()
}

/// Where the last answer is.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_output() -> *const u8 {
    open(&OUTPUT).as_ptr()
}

/// How many bytes the last answer has.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_output_len() -> usize {
    open(&OUTPUT).len()
}

/// Loads the model; the answer says which it is, as JSON. To be called first.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_start() -> bool {
    panic::set_hook(Box::new(keep_message));
    answer(|_| {
        let model = VERIFIER.model();
        let about =
            json!({"version": env!("CARGO_PKG_VERSION"), "model": model.name(), "model_digest": model.digest()});
        Ok(about.to_string().into_bytes())
    })
}

/// Whether an image file may have so many bytes; to be asked before they are written.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_check_len(len: f64) -> bool {
    answer(|_| {
        VERIFIER.limits().check_bytes(len as u64)?;
        Ok(Vec::new())
    })
}

/// Embeds an image file, of several pages this one; 0 is the only one that has something on it.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_embed(page: u32) -> bool {
    answer(|bytes| {
        let page = (page > 0).then_some(page);
        Ok(described(&VERIFIER.embed_page_until(bytes, page, None)?))
    })
}

/// Embeds red, green, blue and alpha of 8 bits, row by row.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_embed_pixels(width: usize, height: usize) -> bool {
    answer(|bytes| {
        let pixels = Pixels { width, height, channels: 4, samples: PixelSamples::U8(bytes) };
        Ok(described(&VERIFIER.embed_pixels(&pixels)?))
    })
}

/// Judges the last of several signatures against all others; before each comes its length (u32, little-endian). A threshold
/// that is NaN is the model's own. The answer is the verdict's document with its sentences.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_verify(threshold: f64) -> bool {
    answer(|bytes| {
        let (_, verdict) = judged(bytes, threshold)?;
        let mut document = verdict.document(VERIFIER.model());
        document["sentences"] = verdict.sentences().into();
        Ok(document.to_string().into_bytes())
    })
}

/// The picture of what [`inkproof_verify`] compares, as a PNG file.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_picture(threshold: f64) -> bool {
    answer(|bytes| {
        let (Comparison { references, questioned }, verdict) = judged(bytes, threshold)?;
        Ok(verdict.picture(VERIFIER.model(), &references, &questioned)?.to_png())
    })
}

fn judged(bytes: &[u8], threshold: f64) -> Result<(Comparison, Verdict), Failure> {
    let compared = Comparison::from_bytes(bytes)?;
    let threshold = if threshold.is_nan() { None } else { Some(Threshold::new(threshold)?) };
    let options = VerifyOptions { threshold, ..VerifyOptions::default() };
    let verdict = VERIFIER.verify_with(&compared.references, &compared.questioned, &options)?;
    Ok((compared, verdict))
}

/// What there is to say of a signature, as JSON on a line of its own, and the signature itself.
fn described(signature: &Signature) -> Vec<u8> {
    let Signature { flaws, page, .. } = signature;
    let mut bytes = json!({"flaws": flaws, "page": page.number, "pages": page.count}).to_string().into_bytes();
    bytes.push(b'\n');
    bytes.extend(signature.to_bytes());
    bytes
}

/// Runs the work on the input, which is given up with it, and keeps what it answers.
fn answer(work: impl FnOnce(&[u8]) -> Result<Vec<u8>, Failure>) -> bool {
    let input = std::mem::take(&mut *open(&INPUT));
    open(&OUTPUT).clear();
    let found = work(&input);
    let is_answer = found.is_ok();
    *open(&OUTPUT) = found.unwrap_or_else(|failure| failure.to_json());
    is_answer
}

fn keep_message(panic: &PanicHookInfo<'_>) {
    *open(&OUTPUT) = panic.to_string().into_bytes();
}

fn open(place: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
