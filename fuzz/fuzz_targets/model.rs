//! Bytes of a model file: an error or a model that can be used.
#![no_main]

use inkproof::Model;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Model::from_bytes("fuzzed", bytes);
});
