//! Bytes of an embedding or an ink as a store has them: what is accepted comes back to the last bit.
#![no_main]

use inkproof::{Embedding, Ink};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(embedding) = Embedding::from_bytes(bytes) {
        assert_eq!(embedding.to_bytes(), bytes);
        let _ = embedding.global();
    }
    let _ = Ink::from_bytes(bytes);
});
