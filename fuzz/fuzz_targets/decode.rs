//! Bytes of an image file: an error or an ink, and a picture, never a panic and never more memory than the limits allow.
#![no_main]

use inkproof::decode::decode_picture;
use inkproof::{Limits, Preprocess};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { bytes: 1 << 20, pixels: 1_000_000, deadline: None, page: None };
    if let Ok((picture, _)) = decode_picture(bytes, &limits) {
        assert!(picture.colors.is_none_or(|colors| colors.len() == picture.gray.pixels().len()));
    }
    for preprocess in [Preprocess::ink(), Preprocess::Raw] {
        let _ = preprocess.apply(bytes, &limits);
    }
});
