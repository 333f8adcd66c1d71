//! An image as Python hands it over, and as the engine takes it.

use std::path::{Path, PathBuf};

use inkproof::decode::Picture;
use inkproof::find::{Finder, FoundPage};
use inkproof::{Ink, Limits, PixelSamples, Pixels, Preprocess, Signature, Verifier, read_image_file};
use numpy::{PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::errors::OptionError;

/// A path, the bytes of a file, or an array without gaps: `(height, width)` or `(height, width, channels)`.
#[derive(FromPyObject)]
pub enum Source<'py> {
    /// Of 8 bits.
    Narrow(PyReadonlyArrayDyn<'py, u8>),
    /// Of 16 bits.
    Wide(PyReadonlyArrayDyn<'py, u16>),
    /// A file's content.
    Bytes(PyBackedBytes),
    /// Where a file is.
    Path(PathBuf),
}

/// A source that needs no GIL to be read. Python may change an array meanwhile, as it may while NumPy computes; then the
/// picture is a mixture of both.
pub enum Image<'a> {
    /// Where a file is.
    Path(&'a Path),
    /// A file's content.
    Bytes(&'a [u8]),
    /// What an array holds.
    Pixels(Pixels<'a>),
}

impl Source<'_> {
    /// Without the GIL.
    pub fn image(&self) -> PyResult<Image<'_>> {
        let gaps =
            |_| OptionError::new_err("an array has gaps between its numbers; give numpy.ascontiguousarray of it");
        Ok(match self {
            Self::Path(path) => Image::Path(path),
            Self::Bytes(bytes) => Image::Bytes(bytes),
            Self::Narrow(array) => pixels(array.shape(), PixelSamples::U8(array.as_slice().map_err(gaps)?)),
            Self::Wide(array) => pixels(array.shape(), PixelSamples::U16(array.as_slice().map_err(gaps)?)),
        })
    }
}

/// Sides that are no picture's are left to the engine to refuse.
fn pixels<'a>(shape: &[usize], samples: PixelSamples<'a>) -> Image<'a> {
    let (height, width, channels) = match *shape {
        [height, width] => (height, width, 1),
        [height, width, channels] => (height, width, channels),
        _ => (0, 0, 0),
    };
    Image::Pixels(Pixels { width, height, channels, samples })
}

impl Image<'_> {
    /// The image as a network sees it; `name` is what a message calls an image that has no path.
    pub fn ink(&self, preprocess: &Preprocess, name: &str) -> inkproof::Result<Ink> {
        let limits = Limits::default();
        let (place, prepared) = match self {
            Self::Path(path) => (*path, preprocess.apply(&read_image_file(path, &limits)?, &limits)),
            Self::Bytes(bytes) => (Path::new(name), preprocess.apply(bytes, &limits)),
            Self::Pixels(pixels) => (Path::new(name), preprocess.apply_pixels(pixels, &limits)),
        };
        Ok(prepared.map_err(|error| error.at(place))?.ink)
    }

    /// What a verifier sees of the image. `page` is that of a file with several; `name` is what a message calls an image
    /// that has no path.
    pub fn embed(&self, verifier: &Verifier, name: &str, page: Option<u32>) -> inkproof::Result<Signature> {
        let (place, signature) = match self {
            Self::Path(path) => {
                let bytes = read_image_file(path, verifier.limits())?;
                (*path, verifier.embed_page_until(&bytes, page, None))
            }
            Self::Bytes(bytes) => (Path::new(name), verifier.embed_page_until(bytes, page, None)),
            Self::Pixels(pixels) => (Path::new(name), verifier.embed_pixels(pixels)),
        };
        signature.map_err(|error| error.at(place))
    }

    /// What the pages of the image have of signatures: of page `page`, or of all, each handed to `each` and let go.
    pub fn pages<T>(
        &self,
        finder: &Finder,
        name: &str,
        page: Option<u32>,
        each: impl Fn(FoundPage) -> T,
    ) -> inkproof::Result<Vec<T>> {
        let limits = Limits { page, ..Limits::default() };
        let of_bytes = |bytes: &[u8]| finder.pages(bytes, &limits).map(|found| found.map(&each)).collect();
        let (place, found) = match self {
            Self::Path(path) => (*path, of_bytes(&read_image_file(path, &limits)?)),
            Self::Bytes(bytes) => (Path::new(name), of_bytes(bytes)),
            Self::Pixels(pixels) => {
                let found = Picture::of_pixels(pixels, &limits).and_then(|picture| {
                    let findings = finder.find(&picture, &limits)?;
                    Ok(vec![each(FoundPage { page: picture.page, picture, findings })])
                });
                (Path::new(name), found)
            }
        };
        found.map_err(|error: inkproof::Error| error.at(place))
    }
}
