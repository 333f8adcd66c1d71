//! The body of a request that brings images; the first byte chooses its media type.
#![no_main]

use inkproof_server::upload;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let media_types = ["application/json", "multipart/form-data; boundary=a-cut-between", "image/png"];
    let media_type = media_types[usize::from(*first) % media_types.len()];
    let _ = upload::read(Some(media_type), body.to_vec().into(), 13);
});
