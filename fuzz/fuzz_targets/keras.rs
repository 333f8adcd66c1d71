//! Bytes of a file of Keras, zip and HDF5 and JSON and marshalled code in one: an error or a model.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = inkproof::keras::import("fuzzed", bytes, None);
});
