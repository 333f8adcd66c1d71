//! Files of Keras as models, and siamese models as files of Keras.
//!
//! What is read and written is [`inkproof_nn::keras`]'s to say. A file of Keras knows nothing of preprocessing, thresholds and
//! training images: an imported model has the notebook's `raw` pixels and its 0.5, unless inkproof wrote the file, and then
//! it has what it had.

use std::path::Path;

pub use inkproof_nn::keras::Kind;
use inkproof_nn::keras::{self, Imported};
use serde::{Deserialize, Serialize};

use crate::model::{DataInfo, FORMAT, ModelInfo, ThresholdInfo};
use crate::whole_file::{self, NotRead};
use crate::{Architecture, Error, Model, Preprocess, Result};

/// A model, and where it comes from.
pub struct Import {
    /// Ready to embed and to be saved.
    pub model: Model,
    /// Which kind of file it was.
    pub kind: Kind,
    /// The version of Keras that wrote it, where it says so.
    pub keras_version: Option<String>,
    /// Whether inkproof wrote it: then preprocessing, threshold and training images are known.
    pub is_ours: bool,
}

/// What inkproof's own files have beside Keras' parts.
#[derive(Serialize, Deserialize)]
struct Notes {
    /// Of the weights that the rest is about.
    digest: String,
    info: ModelInfo,
}

/// Reads a file of Keras: `.keras`, `.h5`, `.weights.h5`, or a zip archive with one of them in it.
///
/// # Errors
/// Names the file. See [`inkproof_nn::keras::Error`] for what is refused; a folder is, as a SavedModel or as one.
pub fn load(path: &Path, preprocess: Option<Preprocess>) -> Result<Import> {
    let limit = keras::LARGEST;
    let bytes = whole_file::read(path, limit).map_err(|error| {
        let refused = match error {
            NotRead::Failed(source) => return Error::Read { path: path.to_owned(), source },
            NotRead::Folder if path.join("saved_model.pb").exists() => keras::Error::OtherFormat(keras::SAVED_MODEL),
            NotRead::Folder => keras::Error::OtherFormat("a folder"),
            NotRead::NotAFile => keras::Error::OtherFormat("a pipe or a device"),
            NotRead::TooLarge(bytes) => keras::Error::TooLarge { what: "the file".to_owned(), bytes, limit },
        };
        Error::from(refused).at(path)
    })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    import(&name, &bytes, preprocess).map_err(|error| error.at(path))
}

/// The same of a file's content. `preprocess` says how the pictures were made that the network was trained on; without it
/// that is `raw`, the notebook's, or what inkproof's own file says.
///
/// # Errors
/// As [`load`], without the path.
pub fn import(name: &str, bytes: &[u8], preprocess: Option<Preprocess>) -> Result<Import> {
    let Imported { weights, kind, keras_version, notes, .. } = keras::read(bytes)?;
    let unknown = ModelInfo {
        format: FORMAT,
        backbone: Architecture::Siamese(weights.backbone()),
        preprocess: Preprocess::Raw,
        threshold: ThresholdInfo::notebook(),
        trained_on: DataInfo::default(),
        calibrated_on: None,
        calibration: None,
        pressure: None,
        seed: 0,
        epochs: 0,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut model = Model::new(name, unknown, weights);
    let is_ours = notes.is_some();
    if let Some(notes) = notes {
        let info = of_weights(&notes, &model)?;
        model = model.with_info(info);
    }
    if let Some(preprocess) = preprocess {
        let info = ModelInfo { preprocess, ..model.info().clone() };
        model = model.with_info(info);
    }
    Ok(Import { model, kind, keras_version, is_ours })
}

/// What the notes say of the model, where they are about its weights.
fn of_weights(notes: &str, model: &Model) -> Result<ModelInfo> {
    let invalid = |what: String| Error::Model(what);
    let notes: Notes =
        serde_json::from_str(notes).map_err(|error| invalid(format!("its inkproof.json cannot be read ({error})")))?;
    if notes.digest != model.digest() || notes.info.backbone != model.info().backbone || notes.info.format != FORMAT {
        return Err(invalid("its inkproof.json is about other weights".to_owned()));
    }
    Ok(notes.info)
}

/// The content of the `.keras` file of a siamese model. Keras opens it without custom objects and in safe mode, and trains it
/// on; its pictures have to be made as the model's [`Preprocess`] says.
///
/// # Errors
/// [`Error::NoKeras`] for `inknet`.
pub fn export(model: &Model) -> Result<Vec<u8>> {
    let weights = model.weights().ok_or_else(|| Error::NoKeras(model.name().to_owned()))?;
    let notes = Notes { digest: model.digest().to_owned(), info: model.info().clone() };
    Ok(keras::write(weights, Some(&serde_json::to_string(&notes).expect("plain data"))))
}

#[cfg(test)]
mod tests {
    use inkproof_nn::{Backbone, Weights};

    use super::*;

    fn model() -> Model {
        let info = ModelInfo {
            preprocess: Preprocess::ink(),
            seed: 5,
            ..import("m", &keras::write(&weights(), None), None).unwrap().model.info().clone()
        };
        Model::new("m", info, weights())
    }

    fn weights() -> Weights {
        Weights::initialise(Backbone::SimpleCnn, 5)
    }

    #[test]
    fn what_a_model_knows_of_itself_goes_along() {
        let file = export(&model()).unwrap();
        let back = import("m", &file, None).unwrap();
        assert!(back.is_ours && back.model.to_bytes() == model().to_bytes());
        let raw = import("m", &file, Some(Preprocess::Raw)).unwrap().model;
        assert_eq!(raw.preprocess(), &Preprocess::Raw);
    }

    #[test]
    fn a_file_that_is_not_ours_is_the_notebook_s() {
        let back = import("m", &keras::write(&weights(), None), None).unwrap();
        assert!(!back.is_ours);
        assert_eq!(back.model.preprocess(), &Preprocess::Raw);
        assert_eq!(back.model.info().threshold, ThresholdInfo::notebook());
    }

    #[test]
    fn notes_about_other_weights_are_refused() {
        let notes = serde_json::to_string(&Notes { digest: "0".repeat(16), info: model().info().clone() }).unwrap();
        let error = import("m", &keras::write(&weights(), Some(&notes)), None).err().unwrap();
        assert!(error.to_string().contains("about other weights"), "{error}");
        let error = import("m", &keras::write(&weights(), Some("{")), None).err().unwrap();
        assert!(error.to_string().contains("cannot be read"), "{error}");
    }

    #[test]
    fn inknet_has_no_file_of_keras() {
        assert!(matches!(export(&Model::bundled()), Err(Error::NoKeras(_))));
    }
}
