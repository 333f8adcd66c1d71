//! The engine's and the laboratory's errors as Python's exceptions, which `inkproof.errors` defines.

use std::io;

use inkproof::Error as EngineError;
use inkproof_lab::Error as LabError;
use pyo3::PyErr;

macro_rules! exceptions {
    ($($name:ident),*) => { $(pyo3::import_exception!(inkproof.errors, $name);)* };
}

exceptions!(
    DataSetError,
    Error,
    FileError,
    FileMissingError,
    ImageError,
    InternalError,
    ModelError,
    NoInkError,
    OptionError,
    TrainingError
);

/// An error of the engine.
pub fn engine(error: EngineError) -> PyErr {
    let text = error.to_string();
    let mut kind = &error;
    while let EngineError::At { source, .. } = kind {
        kind = source;
    }
    match kind {
        EngineError::Read { source, .. } | EngineError::Write { source, .. } => file(source, text),
        EngineError::NoInk => NoInkError::new_err(text),
        EngineError::Directory { .. }
        | EngineError::NotAFile { .. }
        | EngineError::Empty
        | EngineError::TooManyBytes { .. }
        | EngineError::TooManyPixels { .. }
        | EngineError::TooLong { .. }
        | EngineError::NoPage { .. }
        | EngineError::SeveralPages { .. }
        | EngineError::NoSignature { .. }
        | EngineError::OutOfTime
        | EngineError::UnknownFormat
        | EngineError::OtherKind(_)
        | EngineError::Encrypted
        | EngineError::Broken { .. }
        | EngineError::Unsupported { .. }
        | EngineError::Shape { .. }
        | EngineError::Pixels { .. } => ImageError::new_err(text),
        EngineError::Model(_)
        | EngineError::NoEmbedding
        | EngineError::OtherEmbedding
        | EngineError::NoLocalFeatures
        | EngineError::NoOnnx(_)
        | EngineError::Calibration(_) => ModelError::new_err(text),
        EngineError::UnknownBackbone(_)
        | EngineError::NoReference
        | EngineError::Threshold(_)
        | EngineError::EmbeddingBytes(_)
        | EngineError::SignatureBytes(_)
        | EngineError::InkBytes(_) => OptionError::new_err(text),
        _ => Error::new_err(text),
    }
}

/// An error of the laboratory.
pub fn lab(error: LabError) -> PyErr {
    let text = error.to_string();
    match error {
        LabError::Engine(error) => engine(error),
        LabError::Io { source, .. } => file(&source, text),
        LabError::DataSet { .. }
        | LabError::Table { .. }
        | LabError::WritersInBothSplits { .. }
        | LabError::NothingReadable { .. }
        | LabError::NoPairs { .. }
        | LabError::TooFewWriters { .. }
        | LabError::Folds { .. }
        | LabError::NotCalibrated { .. }
        | LabError::Order { .. }
        | LabError::NotEmpty(_)
        | LabError::BrokenNote { .. } => DataSetError::new_err(text),
        LabError::NoSuchModel { .. }
        | LabError::NotSiamese { .. }
        | LabError::NoProbabilities { .. }
        | LabError::BaselineHasNoProbabilities
        | LabError::ModelScoreNotFinite { .. } => ModelError::new_err(text),
        LabError::Diverged { .. } => TrainingError::new_err(text),
        LabError::Pictures(_)
        | LabError::LearningRate(_)
        | LabError::ZeroOption { .. }
        | LabError::ShortcutsOnPart
        | LabError::ShortcutsAlone
        | LabError::FoldsOfRaw
        | LabError::OrderNeedsPairs => OptionError::new_err(text),
        _ => Error::new_err(text),
    }
}

/// What the system says of a file.
pub fn file(error: &io::Error, text: String) -> PyErr {
    match error.kind() {
        io::ErrorKind::NotFound => FileMissingError::new_err(text),
        _ => FileError::new_err(text),
    }
}
