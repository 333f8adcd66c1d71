//! How a function answers: with a status, and with what it made or what went wrong in places that the caller names.

use std::any::Any;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use inkproof::Error;

use crate::bytes::inkproof_string_free;

/// Whether a function did what it was asked for, or why not.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It did.
    Ok = 0,
    /// An argument that cannot be: NULL, no reference, a threshold that is no number, bytes that are not a signature.
    InvalidArgument = 1,
    /// A file that is not there, may not be read, or is a folder or a device.
    Unreadable = 2,
    /// No image, or one of a kind that is not read, or a damaged one.
    NotAnImage = 3,
    /// More bytes or pixels than are looked at.
    TooLarge = 4,
    /// A page that the file does not have, or several with something on them and none was named.
    WhichPage = 5,
    /// Nothing in the image can be distinguished from the paper.
    NoInk = 6,
    /// A model file that cannot be used, or a signature that another model embedded.
    WrongModel = 7,
    /// A fault of inkproof itself; please report it.
    Internal = 8,
}

/// Why there is no result.
#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub text: String,
}

pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn invalid(text: impl Into<String>) -> Self {
        Self { status: Status::InvalidArgument, text: text.into() }
    }

    fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no words");
        let text = format!("a fault in inkproof ({text}); please report it with what it was given");
        Self { status: Status::Internal, text }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { status: status(&error), text: error.to_string() }
    }
}

fn status(error: &Error) -> Status {
    match error {
        Error::At { source, .. } => status(source),
        Error::Read { .. } | Error::Write { .. } | Error::Directory { .. } | Error::NotAFile { .. } => {
            Status::Unreadable
        }
        Error::Empty
        | Error::UnknownFormat
        | Error::OtherKind(_)
        | Error::Encrypted
        | Error::Broken { .. }
        | Error::Unsupported { .. }
        | Error::Shape { .. } => Status::NotAnImage,
        Error::TooManyBytes { .. } | Error::TooManyPixels { .. } | Error::TooLong { .. } | Error::OutOfTime => {
            Status::TooLarge
        }
        Error::NoPage { .. } | Error::SeveralPages { .. } => Status::WhichPage,
        Error::NoInk => Status::NoInk,
        Error::Model(_)
        | Error::UnknownBackbone(_)
        | Error::Calibration(_)
        | Error::NoEmbedding
        | Error::OtherEmbedding
        | Error::NoLocalFeatures => Status::WrongModel,
        Error::Pixels { .. }
        | Error::NoReference
        | Error::Threshold(_)
        | Error::EmbeddingBytes(_)
        | Error::SignatureBytes(_)
        | Error::InkBytes(_) => Status::InvalidArgument,
        _ => Status::Internal,
    }
}

/// Does `work` and puts what it made into `made`, or what went wrong into `error`; the other place becomes NULL.
///
/// # Safety
/// `made` and `error` are NULL or places that may be written.
pub unsafe fn answer<T>(made: *mut *mut T, error: *mut *mut c_char, work: impl FnOnce() -> Outcome<T>) -> Status {
    let outcome = if made.is_null() {
        Err(Failure::invalid("the place for the result is NULL; give the address of a pointer"))
    } else {
        // Whatever a panic leaves half done was made by this call alone: handles are immutable.
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(Failure::from_panic(&*payload)))
    };
    let (status, result, text) = match outcome {
        Ok(value) => (Status::Ok, Box::into_raw(Box::new(value)), std::ptr::null_mut()),
        Err(Failure { status, text }) => (status, std::ptr::null_mut(), c_string(&text).into_raw()),
    };
    if !made.is_null() {
        // SAFETY: it is not NULL, so the caller says that it may be written.
        unsafe { made.write(result) };
    }
    if error.is_null() {
        // SAFETY: it is NULL or came from `CString::into_raw` above.
        unsafe { inkproof_string_free(text) };
    } else {
        // SAFETY: as for `made`.
        unsafe { error.write(text) };
    }
    status
}

/// A text for C. A zero byte, which a file's content may bring into a message, would end it.
pub fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).expect("no zero byte is left")
}
