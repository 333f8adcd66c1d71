//! Bytes of an image file: an error or an ink, never a panic and never more memory than the limits allow.
#![no_main]

use inkproof::{Limits, Preprocess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { bytes: 1 << 20, pixels: 1_000_000, deadline: None, page: None };
    for preprocess in [Preprocess::ink(), Preprocess::Raw] {
        let _ = preprocess.apply(bytes, &limits);
    }
});
