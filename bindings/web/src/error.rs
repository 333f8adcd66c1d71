//! What went wrong, for a caller who sees no Rust.

use inkproof::Error;
use serde_json::json;

/// An error of the engine, with the image that it is about where one of several is.
pub struct Failure {
    error: Error,
    image: Option<String>,
}

impl Failure {
    /// About one of several images.
    pub fn of_image(error: Error, image: String) -> Self {
        Self { error, image: Some(image) }
    }

    /// As a JSON object: `kind`, `message`, and the `image` or null.
    pub fn to_json(&self) -> Vec<u8> {
        let Self { error, image } = self;
        json!({"kind": kind(error), "message": error.to_string(), "image": image}).to_string().into_bytes()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, image: None }
    }
}

/// As the Python package sorts them into exceptions.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::NoInk => "no-ink",
        Error::Empty
        | Error::TooManyBytes { .. }
        | Error::TooManyPixels { .. }
        | Error::TooLong { .. }
        | Error::NoPage { .. }
        | Error::SeveralPages { .. }
        | Error::UnknownFormat
        | Error::OtherKind(_)
        | Error::Encrypted
        | Error::Broken { .. }
        | Error::Unsupported { .. }
        | Error::Shape { .. }
        | Error::Pixels { .. }
        | Error::NoEmbedding => "image",
        Error::NoReference | Error::Threshold(_) | Error::SignatureBytes(_) | Error::EmbeddingBytes(_) => "option",
        Error::InkBytes(_) | Error::OtherEmbedding => "option",
        _ => "internal",
    }
}
