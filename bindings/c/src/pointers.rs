//! What C hands over, looked at before it is used.

use std::ffi::{CStr, c_char};
use std::path::Path;

use crate::answer::{Failure, Outcome};

/// What a handle points to.
///
/// # Safety
/// `pointer` is NULL or of a value that lives and does not change for `'a`.
pub unsafe fn reference<'a, T>(pointer: *const T, name: &str) -> Outcome<&'a T> {
    // SAFETY: the caller says so.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// `count` values in a row; where there are none the pointer is not looked at.
///
/// # Safety
/// `pointer` is NULL or of `count` values that live and do not change for `'a`.
pub unsafe fn slice<'a, T>(pointer: *const T, count: usize, name: &str) -> Outcome<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(null(name));
    }
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(Failure::invalid(format!("{name} cannot have {count} items; give their number")));
    }
    // SAFETY: it is not NULL and no longer than memory can be; the rest the caller says.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// Text in UTF-8 that ends with a zero byte.
///
/// # Safety
/// `pointer` is NULL or of such a text, which lives and does not change for `'a`.
pub unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Outcome<&'a str> {
    // SAFETY: the caller says so.
    let text = unsafe { c_text(pointer, name) }?;
    text.to_str().map_err(|_| Failure::invalid(format!("{name} is not UTF-8; give it in UTF-8")))
}

/// A path: on Unix whatever bytes it has, elsewhere UTF-8.
///
/// # Safety
/// As for [`text`].
pub unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Outcome<&'a Path> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        // SAFETY: the caller says so.
        let bytes = unsafe { c_text(pointer, name) }?.to_bytes();
        Ok(Path::new(std::ffi::OsStr::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    {
        // SAFETY: the caller says so.
        unsafe { text(pointer, name) }.map(Path::new)
    }
}

/// # Safety
/// As for [`text`], in whatever encoding.
unsafe fn c_text<'a>(pointer: *const c_char, name: &str) -> Outcome<&'a CStr> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: it is not NULL; that it ends with a zero byte and lives the caller says.
    Ok(unsafe { CStr::from_ptr(pointer) })
}

/// Frees a handle.
///
/// # Safety
/// `pointer` is NULL or came from `Box::into_raw`, and nothing uses it any more.
pub unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: the caller says so.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

fn null(name: &str) -> Failure {
    Failure::invalid(format!("{name} is NULL; give what inkproof.h says of it"))
}
