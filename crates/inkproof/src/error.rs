//! The engine's errors: one enum, its variants named after what the user sees.
//!
//! Every message is one line that says what is wrong and what to do about it. Errors that arise
//! from bytes alone know no path; [`Error::at`] adds it.

use std::path::{Path, PathBuf};

use crate::decode::{Format, Kind};

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened or read.
    #[error("{}: cannot be read ({source}); check the path and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder was given where an image file is expected.
    #[error("{}: is a folder; give an image file", path.display())]
    Directory {
        /// The folder.
        path: PathBuf,
    },
    /// A pipe, a device or a socket was given where an image file is expected.
    #[error("{}: is not a file but a pipe or a device; give an image file", path.display())]
    NotAFile {
        /// Where it is.
        path: PathBuf,
    },
    /// Any other error, with the image file that it concerns.
    #[error("{}: {source}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// The file or the byte string has no bytes.
    #[error("is empty (0 bytes); give an image")]
    Empty,
    /// More bytes than the limit.
    #[error("has {bytes} bytes, more than the limit of {limit}; give a smaller file")]
    TooManyBytes {
        /// Bytes of the file.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// More pixels than the limit, by the image's header.
    #[error(
        "is {width} x {height} pixels, more than the limit of {limit} pixels; scale it down or crop it to the signature"
    )]
    TooManyPixels {
        /// Pixels in a row.
        width: u64,
        /// Rows.
        height: u64,
        /// Pixels allowed.
        limit: u64,
    },
    /// A side that no scanner makes.
    #[error("is {width} x {height} pixels, and no side may have more than {limit}; crop it to the signature")]
    TooLong {
        /// Pixels in a row.
        width: u64,
        /// Rows.
        height: u64,
        /// Pixels that a side may have.
        limit: u64,
    },
    /// A page was asked for that the file does not have.
    #[error("has {pages} page(s), so there is no page {page}; give a number from 1 to {pages}")]
    NoPage {
        /// The number of the page.
        page: u32,
        /// How many there are.
        pages: u32,
    },
    /// Several pages have something on them, and nothing says which of them is meant.
    #[error("has {pages} pages, and {which}; say which page shows the signature")]
    SeveralPages {
        /// How many there are.
        pages: u32,
        /// Which have something on them, or that this was not looked at.
        which: String,
    },
    /// No signature was found on the page, or on any.
    #[error("shows no signature that could be found{}", on_page(*page))]
    NoSignature {
        /// The page that was asked for; None for all.
        page: Option<u32>,
    },
    /// A field is given in millimetres, and the file does not say how large its page is.
    #[error(
        "does not say how large its page is, or nothing that a page may have; give the field '{field}' in per cent of the page"
    )]
    NoPageSize {
        /// What the field is called.
        field: String,
    },
    /// A field that lies outside the page.
    #[error("has a page of {width} x {height} mm, on which the field '{field}' does not lie")]
    FieldOutside {
        /// What the field is called.
        field: String,
        /// The page's width.
        width: u32,
        /// And its height.
        height: u32,
    },
    /// Work on the image went on until its deadline.
    #[error("takes too long to be looked at; scale it down or crop it to the signature")]
    OutOfTime,
    /// The first bytes are those of no known image format.
    #[error("is not an image that can be read here; give PNG, JPEG, TIFF, GIF, BMP, WebP, JPEG 2000 or PNM")]
    UnknownFormat,
    /// A file of a kind that is well known and not read.
    #[error("is {0}")]
    OtherKind(Kind),
    /// A document that opens with a password only, or that may not be read by everybody.
    #[error(
        "is an encrypted PDF document; open it with its password and print it to a new PDF, or save its page as PNG"
    )]
    Encrypted,
    /// An image that its decoder refuses.
    #[error("is a {} that cannot be decoded ({why}); it may be cut off or damaged, export it again", format.thing())]
    Broken {
        /// The format, by the first bytes.
        format: Format,
        /// What the decoder said.
        why: String,
    },
    /// A valid image of a kind that is not read here.
    #[error("is a {} of a kind that is not supported ({why}); save it as PNG", format.thing())]
    Unsupported {
        /// The format, by the first bytes.
        format: Format,
        /// Which kind.
        why: String,
    },
    /// Sides and number of pixels of a gray image do not agree, or a side is zero or too long.
    #[error("a gray image of {width} x {height} cannot have {pixels} pixels")]
    Shape {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Pixels given.
        pixels: usize,
    },
    /// Pixels in memory that are no picture.
    #[error(
        "{samples} samples are not a picture of {width} x {height} pixels with {channels} channel(s); give at least one pixel, \
         and 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels"
    )]
    Pixels {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Samples that a pixel is said to have.
        channels: usize,
        /// Samples given.
        samples: usize,
    },
    /// A file could not be written.
    #[error("{}: cannot be written ({source}); check the folder and its permissions", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A model file that cannot be used.
    #[error("is not a model that can be used: {0}")]
    Model(String),
    /// A file of a finder that cannot be used.
    #[error("is not a finder that can be used: {0}")]
    Finder(String),
    /// An unknown network.
    #[error("unknown network '{0}'; expected inknet, simple-cnn or efficientnet-b0")]
    UnknownBackbone(String),
    /// The network's output for an ink is all zeros.
    #[error("produces an empty embedding (all zeros); use another model or image")]
    NoEmbedding,
    /// An embedding of a siamese network where one of inknet is needed, or the other way round.
    #[error("the embedding was made by another kind of model; embed the image again")]
    OtherEmbedding,
    /// Bytes that are not an embedding.
    #[error("these bytes are not an embedding: {0}")]
    EmbeddingBytes(String),
    /// Bytes that are not a signature.
    #[error("these bytes are not a signature: {0}")]
    SignatureBytes(&'static str),
    /// Bytes that are not an ink.
    #[error("these bytes are not an ink: {0}")]
    InkBytes(&'static str),
    /// A model whose embeddings have no places.
    #[error("the model compares signatures as wholes and cannot say where they differ; use an inknet model")]
    NoLocalFeatures,
    /// A model that is not a plain network of layers.
    #[error(
        "{0} matches local features and is not a plain network, so there is no ONNX file of it; export a siamese model"
    )]
    NoOnnx(String),
    /// A model that Keras has no layers for.
    #[cfg(feature = "keras")]
    #[error(
        "{0} matches local features and is not a plain network, so there is no Keras file of it; export a siamese model"
    )]
    NoKeras(String),
    /// A file of Keras that is not read.
    #[cfg(feature = "keras")]
    #[error("{0}")]
    Keras(Box<inkproof_nn::keras::Error>),
    /// A score was asked for without a reference.
    #[error("there is no reference; give at least one signature that is known to be the writer's")]
    NoReference,
    /// A threshold that is not finite.
    #[error("{0} cannot be a threshold; give a finite number")]
    Threshold(f64),
    /// A calibration from which no likelihood ratio could follow.
    #[error("this is not a calibration of a model: {0}")]
    Calibration(String),
    /// Nothing in the image can be distinguished from its paper.
    #[error("has no ink that can be distinguished from the paper; give an image with a signature")]
    NoInk,
}

fn on_page(page: Option<u32>) -> String {
    page.map_or_else(String::new, |page| format!(" on page {page}"))
}

impl From<inkproof_nn::Error> for Error {
    fn from(error: inkproof_nn::Error) -> Self {
        match error {
            inkproof_nn::Error::UnknownBackbone(name) => Error::UnknownBackbone(name),
            other => Error::Model(other.to_string()),
        }
    }
}

#[cfg(feature = "keras")]
impl From<inkproof_nn::keras::Error> for Error {
    fn from(error: inkproof_nn::keras::Error) -> Self {
        Error::Keras(Box::new(error))
    }
}

impl Error {
    /// The same error with the file that it concerns; errors that name their file are kept.
    #[must_use]
    pub fn at(self, path: &Path) -> Error {
        match self {
            named @ (Error::Read { .. }
            | Error::Write { .. }
            | Error::Directory { .. }
            | Error::NotAFile { .. }
            | Error::At { .. }) => named,
            other => Error::At { path: path.to_owned(), source: Box::new(other) },
        }
    }
}
