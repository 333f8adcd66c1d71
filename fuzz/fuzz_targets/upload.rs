//! The body of a request that brings images; the first byte chooses its media type.
#![no_main]

use inkproof_server::upload;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let media_type = if first % 2 == 0 { "application/json" } else { "multipart/form-data; boundary=a-cut-between" };
    let _ = upload::read(Some(media_type), body.to_vec().into(), 13);
});
