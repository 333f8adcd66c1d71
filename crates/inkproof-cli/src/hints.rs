//! How to go on after an error, in commands and options: libraries name what is wrong and know nothing of these.

use inkproof::Error as EngineError;
use inkproof_lab::Error as LabError;
use inkproof_service::Error as ServiceError;
use inkproof_store::StoreError;

/// A hint to follow the error's own words, with what separates it from them; empty where there is none.
pub fn hint(error: &anyhow::Error) -> String {
    let hint = error.chain().find_map(|cause| {
        let lab = cause.downcast_ref().and_then(lab_hint);
        let service = || cause.downcast_ref().and_then(service_hint);
        let store = || cause.downcast_ref().and_then(store_hint);
        let engine = || cause.downcast_ref().and_then(engine_hint);
        lab.or_else(|| service().or_else(store).or_else(engine).map(str::to_owned))
    });
    hint.map_or(String::new(), |hint| format!("; {hint}"))
}

fn lab_hint(error: &LabError) -> Option<String> {
    Some(match error {
        LabError::TooFewToCalibrate { .. } => "to train on all, give --preprocess raw".to_owned(),
        LabError::Diverged { .. } | LabError::LearningRate(_) => "see --learning-rate".to_owned(),
        LabError::OrderNeedsPairs => "leave out --order, or give --backbone simple-cnn".to_owned(),
        LabError::InknetNeedsInk => "leave out --preprocess".to_owned(),
        LabError::InitNeedsInknet { .. } => "--init goes with --backbone inknet".to_owned(),
        LabError::NoCheckpoint(_) => "leave out --resume to start over".to_owned(),
        LabError::CheckpointInTheWay(_) => "--resume resumes it".to_owned(),
        LabError::CheckpointOfOther { option, before, now, .. } => {
            format!("give the same options: --{option} {before}, not {now}")
        }
        LabError::CheckpointBeyond { done, .. } => format!("give at least --epochs {done}"),
        LabError::BrokenNote { .. } => "`inkproof synth` makes signatures".to_owned(),
        LabError::ZeroOption { option } => format!("see --{}", option.replace(' ', "-")),
        LabError::NotCalibrated { .. } => "see --references".to_owned(),
        LabError::FoldsOfRaw => "leave out --preprocess raw".to_owned(),
        LabError::TrainingNeedsFolds => "give --folds, or train a network first with `inkproof train`".to_owned(),
        LabError::NothingToTest => "see --test".to_owned(),
        LabError::NothingToTrainOn => "see --train".to_owned(),
        LabError::ShortcutsAlone => "see `inkproof evaluate DATA --model shortcuts` and `inkproof compare`".to_owned(),
        LabError::ShortcutsOnPart => "leave out --part".to_owned(),
        LabError::NoProbabilities { .. } => "run `inkproof calibrate` first".to_owned(),
        LabError::BaselineHasNoProbabilities => "leave out --protocol".to_owned(),
        _ => return None,
    })
}

fn engine_hint(error: &EngineError) -> Option<&'static str> {
    let EngineError::At { path, source } = error else { return None };
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let is_keras = ["keras", "h5", "hdf5"].contains(&ending.as_str()) && matches!(**source, EngineError::Model(_));
    is_keras.then_some("`inkproof import FILE --out MODEL.safetensors` reads what Keras saved")
}

fn service_hint(error: &ServiceError) -> Option<&'static str> {
    match error {
        ServiceError::Store(error) => store_hint(error),
        ServiceError::Image { source: EngineError::TooManyPixels { .. }, .. } => {
            Some("or allow more with --max-pixels")
        }
        ServiceError::Image { source: EngineError::SeveralPages { .. }, .. } => Some("see --page, or give FILE[1]"),
        ServiceError::Image { source: EngineError::NoSignature { .. }, .. } => {
            Some("one that was cut out by hand is judged without --document")
        }
        ServiceError::NoApprovedReference(_) => {
            Some("add one with `inkproof enroll`, or approve one that waits with `inkproof writers approve`")
        }
        ServiceError::OtherPreprocessing { .. } | ServiceError::OtherModel { .. } => {
            Some("run `inkproof store reembed` first")
        }
        ServiceError::Objections(_) => Some("give other images, or --anyway"),
        ServiceError::Contended(_) => Some("try again"),
        ServiceError::MandateWaits(_) => Some("`inkproof mandates approve` is for somebody else than who set it"),
        _ => None,
    }
}

fn store_hint(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Missing(_) => Some("enroll a writer first, or give another place with --store"),
        StoreError::NoStore(_) => Some("give another place with --store"),
        StoreError::Older { .. } => Some("run `inkproof store upgrade`, which makes a backup before"),
        StoreError::NoWriter(_) => Some("`inkproof writers list` shows who is enrolled"),
        StoreError::NoMandate(_) => Some("`inkproof mandates list` shows those that have one"),
        StoreError::NoRule { .. } => Some("`inkproof mandates show` has its number"),
        StoreError::NoToken(_) => Some("`inkproof token list` shows them"),
        StoreError::OtherMasterKey { .. } | StoreError::NoMasterKey => {
            Some("see --key-file, --key-command and the variable INKPROOF_KEY")
        }
        StoreError::NoNewerKey(_) => Some("`inkproof store rotate-key` with --key-file makes one"),
        StoreError::Policy { .. } => Some("see `inkproof store policy`"),
        StoreError::NoOwner(_) => Some("see `inkproof token create --for`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_s_error_gets_the_flag_that_mends_it() {
        let error = anyhow::Error::from(LabError::FoldsOfRaw).context("evaluating");
        assert_eq!(hint(&error), "; leave out --preprocess raw");
        assert_eq!(hint(&anyhow::anyhow!("something else")), "");
    }
}
