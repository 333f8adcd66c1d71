//! What C cannot show: that a panic stays here, and that the verdict is the engine's. The story in `tests/story.c` has
//! the rest.

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use crate::answer::{Outcome, Status, answer};
use crate::bytes::{Bytes, inkproof_string_free};
use crate::signature::{Signature, inkproof_signature_free};
use crate::threads::on_all_cores;
use crate::verdict::{Verdict, inkproof_verdict_free, inkproof_verdict_json, inkproof_verify};
use crate::verifier::{Verifier, inkproof_embed_file, inkproof_verifier_bundled, inkproof_verifier_free};

fn example(name: &str) -> String {
    format!("{}/../../examples/signatures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What `ask` makes; what it says where it makes nothing.
fn made<T>(ask: impl FnOnce(*mut *mut T, *mut *mut c_char) -> Status) -> Result<*mut T, (Status, String)> {
    let (mut made, mut error) = (null_mut(), null_mut());
    match ask(&raw mut made, &raw mut error) {
        Status::Ok => Ok(made),
        status => {
            // SAFETY: a failure comes with a text.
            let text = unsafe { CStr::from_ptr(error) }.to_str().unwrap().to_owned();
            // SAFETY: it is not used any more.
            unsafe { inkproof_string_free(error) };
            assert!(made.is_null());
            Err((status, text))
        }
    }
}

#[test]
fn a_panic_is_an_internal_error() {
    let panics = |_: &()| -> Outcome<Bytes> { panic!("the answer is {}", 42) };
    // SAFETY: both are places of `made`.
    let here = made(|bytes, error| unsafe { answer(bytes, error, || panics(&())) });
    // SAFETY: both are places of `made`.
    let in_a_thread = made(|bytes, error| unsafe { answer(bytes, error, || on_all_cores(|| panics(&()))) });
    let text = "a fault in inkproof (the answer is 42); please report it with what it was given";
    assert_eq!(here.unwrap_err(), (Status::Internal, text.to_owned()));
    assert_eq!(in_a_thread.unwrap_err(), (Status::Internal, text.to_owned()));
}

#[test]
fn threads_may_share_handles() {
    fn shared<T: Send + Sync>() {}
    shared::<Verifier>();
    shared::<Signature>();
    shared::<Verdict>();
    shared::<Bytes>();
}

#[test]
fn the_verdict_is_that_of_the_engine() {
    let references = ["001/001_01.png", "001/001_02.png"].map(example);
    for questioned in ["001/001_04.png", "001_forg/0007001_04.png", "002/002_01.png"].map(example) {
        for threshold in [None, Some(0.5)] {
            assert_eq!(by_c(&references, &questioned, threshold), by_engine(&references, &questioned, threshold));
        }
    }
}

fn by_engine(references: &[String], questioned: &str, threshold: Option<f64>) -> String {
    let verifier = inkproof::Verifier::bundled();
    let embed = |path: &String| verifier.embed_file(path).unwrap();
    let references: Vec<inkproof::Signature> = references.iter().map(embed).collect();
    let threshold = threshold.map(|threshold| inkproof::Threshold::new(threshold).unwrap());
    let options = inkproof::VerifyOptions { threshold, ..inkproof::VerifyOptions::default() };
    let verdict = verifier.verify_with(&references, &embed(&questioned.to_owned()), &options).unwrap();
    verdict.document(verifier.model()).to_string()
}

fn by_c(references: &[String], questioned: &str, threshold: Option<f64>) -> String {
    // SAFETY: both are places of `made`.
    let verifier: *mut Verifier =
        made(|verifier, error| unsafe { inkproof_verifier_bundled(verifier, error) }).unwrap();
    let embed = |path: &str| -> *mut Signature {
        let path = CString::new(path).unwrap();
        // SAFETY: the verifier lives, the path ends with a zero byte, and the rest are places of `made`.
        made(|signature, error| unsafe { inkproof_embed_file(verifier, path.as_ptr(), 0, signature, error) }).unwrap()
    };
    let references: Vec<*mut Signature> = references.iter().map(|path| embed(path)).collect();
    let pointers: Vec<*const Signature> = references.iter().map(|reference| reference.cast_const()).collect();
    let questioned = embed(questioned);
    let threshold = threshold.as_ref().map_or(null(), |threshold| threshold as *const f64);
    let (first, count) = (pointers.as_ptr(), pointers.len());
    let verify = |verdict: *mut *mut Verdict, error: *mut *mut c_char| {
        // SAFETY: all handles live, there are so many references, and the last two are places of `made`.
        unsafe { inkproof_verify(verifier, first, count, questioned, threshold, verdict, error) }
    };
    let verdict = made(verify).unwrap();
    // SAFETY: each is freed once, and the text is copied before.
    unsafe {
        let json = CStr::from_ptr(inkproof_verdict_json(verdict)).to_str().unwrap().to_owned();
        inkproof_verdict_free(verdict);
        inkproof_verifier_free(verifier);
        references.into_iter().chain([questioned]).for_each(|signature| inkproof_signature_free(signature));
        json
    }
}
