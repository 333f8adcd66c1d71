//! A model, ready to embed images.

use std::borrow::Cow;
use std::ffi::{CString, c_char};
use std::path::Path;
use std::sync::Arc;

use inkproof::{Limits, PixelSamples, Pixels};

use crate::answer::{Failure, Outcome, Status, answer, c_string};
use crate::pointers::{free, path, reference, slice};
use crate::signature::Signature;
use crate::threads::on_all_cores;

/// A model, ready to embed and to compare.
pub struct Verifier {
    pub(crate) engine: Arc<inkproof::Verifier>,
    pub(crate) model: CString,
}

impl Verifier {
    fn new(engine: inkproof::Verifier) -> Self {
        let model = c_string(engine.model().digest());
        Self { engine: Arc::new(engine), model }
    }

    fn embed(
        &self,
        work: impl FnOnce(&inkproof::Verifier) -> Outcome<inkproof::Signature> + Send,
    ) -> Outcome<Signature> {
        let engine = &*self.engine;
        Ok(Signature::new(on_all_cores(|| work(engine))?, self.model.clone()))
    }
}

/// The version of the library, as "0.1.0". It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn inkproof_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Loads the model that comes with the library, whose weights have seen nobody's real signature.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verifier_bundled(verifier: *mut *mut Verifier, error: *mut *mut c_char) -> Status {
    let load = || on_all_cores(|| Ok(Verifier::new(inkproof::Verifier::bundled())));
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(verifier, error, load) }
}

/// Loads a model file, as `inkproof train` writes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verifier_load(
    file: *const c_char,
    verifier: *mut *mut Verifier,
    error: *mut *mut c_char,
) -> Status {
    let load = || {
        // SAFETY: the caller says that it is NULL or ends with a zero byte.
        let file = unsafe { path(file, "file") }?;
        on_all_cores(|| Ok(Verifier::new(inkproof::Verifier::load(file)?)))
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(verifier, error, load) }
}

/// The model's digest, 16 hexadecimal digits that change with its weights; valid until the verifier is freed. NULL for
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verifier_model(verifier: *const Verifier) -> *const c_char {
    // SAFETY: the caller says that it is NULL or a handle that is not freed.
    unsafe { verifier.as_ref() }.map_or(std::ptr::null(), |verifier| verifier.model.as_ptr())
}

/// Frees a verifier; NULL is allowed. Signatures and verdicts live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_verifier_free(verifier: *mut Verifier) {
    // SAFETY: the caller says that it is NULL or a handle that is not freed; handles come from `answer`.
    unsafe { free(verifier) };
}

/// Reads an image file and embeds the signature that it shows: PNG, JPEG, TIFF, HEIC, GIF, BMP, WebP, JPEG 2000, PNM or
/// a page of a PDF, of at most 64 MiB and 64 megapixels.
///
/// `page` is the number of the page, from 1, of a TIFF or PDF with several; 0 takes the only one that has something on
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_embed_file(
    verifier: *const Verifier,
    file: *const c_char,
    page: u32,
    signature: *mut *mut Signature,
    error: *mut *mut c_char,
) -> Status {
    let embed = || {
        // SAFETY: the caller says that it is NULL or a handle that is not freed.
        let verifier = unsafe { reference(verifier, "verifier") }?;
        // SAFETY: the caller says that it is NULL or ends with a zero byte.
        let file = unsafe { path(file, "file") }?;
        verifier.embed(|engine| {
            let bytes = inkproof::read_image_file(file, engine.limits())?;
            Ok(engine.embed_page_until(&bytes, number(page), None).map_err(|error| error.at(file))?)
        })
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(signature, error, embed) }
}

/// The same of an image file's `length` bytes in memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkproof_embed_bytes(
    verifier: *const Verifier,
    bytes: *const u8,
    length: usize,
    page: u32,
    signature: *mut *mut Signature,
    error: *mut *mut c_char,
) -> Status {
    let embed = || {
        // SAFETY: the caller says that it is NULL or a handle that is not freed.
        let verifier = unsafe { reference(verifier, "verifier") }?;
        // SAFETY: the caller says that it is NULL or of so many bytes.
        let bytes = unsafe { slice(bytes, length, "bytes") }?;
        let named = |error: inkproof::Error| error.at(Path::new("bytes"));
        verifier.embed(|engine| Ok(engine.embed_page_until(bytes, number(page), None).map_err(named)?))
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(signature, error, embed) }
}

/// The same of pixels in memory: rows from the top, 8 bits a sample, 0 is black.
///
/// `channels` is 1 for gray, 2 for gray and alpha, 3 for red, green and blue, 4 for these and alpha. `stride` is the
/// number of bytes from the beginning of a row to that of the next; 0 where rows follow each other without a gap.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "C has no slices")]
pub unsafe extern "C" fn inkproof_embed_pixels(
    verifier: *const Verifier,
    pixels: *const u8,
    width: usize,
    height: usize,
    channels: usize,
    stride: usize,
    signature: *mut *mut Signature,
    error: *mut *mut c_char,
) -> Status {
    let embed = || {
        // SAFETY: the caller says that it is NULL or a handle that is not freed.
        let verifier = unsafe { reference(verifier, "verifier") }?;
        let rows = Rows::new(width, height, channels, stride, verifier.engine.limits())?;
        // SAFETY: the caller says that it is NULL or of so many rows.
        let rows = rows.tight(unsafe { slice(pixels, rows.length, "pixels") }?);
        let pixels = Pixels { width, height, channels, samples: PixelSamples::U8(&rows) };
        verifier.embed(|engine| Ok(engine.embed_pixels(&pixels).map_err(|error| error.at(Path::new("pixels")))?))
    };
    // SAFETY: the caller says that both are NULL or places that may be written.
    unsafe { answer(signature, error, embed) }
}

/// How rows of pixels lie in memory, in bytes.
struct Rows {
    /// Of one row.
    row: usize,
    /// From the beginning of a row to that of the next.
    stride: usize,
    /// From the beginning of the first to the end of the last.
    length: usize,
}

impl Rows {
    /// Checked before any of it is read.
    fn new(width: usize, height: usize, channels: usize, stride: usize, limits: &Limits) -> Outcome<Self> {
        if width == 0 || height == 0 || !(1..=4).contains(&channels) {
            let samples = width.saturating_mul(height).saturating_mul(channels);
            return Err(inkproof::Error::Pixels { width, height, channels, samples }.into());
        }
        limits.check_pixels(width as u64, height as u64)?;
        let row = width * channels;
        let stride = if stride == 0 { row } else { stride };
        let too_short = || format!("stride is {stride} bytes, and a row has {row}; give 0 where there is no gap");
        let too_long = || format!("stride is {stride} bytes, and no memory has {height} such rows; give a row's");
        if stride < row {
            return Err(Failure::invalid(too_short()));
        }
        let before_the_last = stride.checked_mul(height - 1).and_then(|bytes| bytes.checked_add(row));
        let length = before_the_last.ok_or_else(|| Failure::invalid(too_long()))?;
        Ok(Self { row, stride, length })
    }

    /// The rows without gaps.
    fn tight<'a>(&self, pixels: &'a [u8]) -> Cow<'a, [u8]> {
        if self.stride == self.row {
            return Cow::Borrowed(pixels);
        }
        pixels.chunks(self.stride).flat_map(|row| &row[..self.row]).copied().collect()
    }
}

fn number(page: u32) -> Option<u32> {
    (page != 0).then_some(page)
}
