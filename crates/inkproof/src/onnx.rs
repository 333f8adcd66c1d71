//! Siamese models as ONNX files, for other runtimes.
//!
//! The graphs are those of [`inkproof_nn::onnx`]. Inks have to be normalised as the model says, in
//! [`crate::Preprocess`]; the metadata repeats how.

pub use inkproof_nn::onnx::Part;

use crate::{Error, Model};

/// The content of the ONNX file of one part of a siamese model.
///
/// # Errors
/// [`Error::NoOnnx`] for `inknet`.
pub fn export(model: &Model, part: Part) -> Result<Vec<u8>, Error> {
    let weights = model.weights().ok_or_else(|| Error::NoOnnx(model.name().to_owned()))?;
    let info = serde_json::to_string(model.info()).expect("plain data");
    let metadata = [("inkproof", info), ("digest", model.digest().to_owned())];
    Ok(inkproof_nn::onnx::export(weights, part, model.name(), &metadata))
}
