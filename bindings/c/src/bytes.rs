//! What belongs to the caller: bytes of a picture's file or of a signature for keeping, and the text of an error.

use std::ffi::{CString, c_char};

use crate::pointers::free;

/// Bytes that were made for the caller: a PNG file, or a signature for keeping.
pub struct Bytes(pub(crate) Vec<u8>);

/// Where they begin; valid until they are freed. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_bytes_data(bytes: *const Bytes) -> *const u8 {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { bytes.as_ref() }.map_or(std::ptr::null(), |bytes| bytes.0.as_ptr())
}

/// How many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_bytes_length(bytes: *const Bytes) -> usize {
    // SAFETY: as in `inkproof_bytes_data`.
    unsafe { bytes.as_ref() }.map_or(0, |bytes| bytes.0.len())
}

/// Frees bytes; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_bytes_free(bytes: *mut Bytes) {
    // SAFETY: the caller says that it is NULL or a handle that is not freed; handles come from `answer`.
    unsafe { free(bytes) };
}

/// Frees the text of an error; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: the caller says that it is the text of an error and not freed yet, and those come from
        // `CString::into_raw`.
        drop(unsafe { CString::from_raw(string) });
    }
}
