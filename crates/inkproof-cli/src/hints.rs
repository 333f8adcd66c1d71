//! What to do about an error of the laboratory at the command line: the libraries know no flags and no commands.

use inkproof_lab::Error;

/// A hint to follow the error's own words, with what separates it from them; empty where there is none.
pub fn hint(error: &anyhow::Error) -> String {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref())
        .and_then(hint_for)
        .map_or(String::new(), |hint| "; ".to_owned() + &hint)
}

fn hint_for(error: &Error) -> Option<String> {
    Some(match error {
        Error::TooFewToCalibrate { .. } => "to train on all, give --preprocess raw".to_owned(),
        Error::Diverged { .. } | Error::LearningRate(_) => "see --learning-rate".to_owned(),
        Error::InknetNeedsInk => "leave out --preprocess".to_owned(),
        Error::InitNeedsInknet { .. } => "--init goes with --backbone inknet".to_owned(),
        Error::NoCheckpoint(_) => "leave out --resume to start over".to_owned(),
        Error::CheckpointInTheWay(_) => "--resume resumes it".to_owned(),
        Error::CheckpointOfOther { option, before, now, .. } => {
            format!("give the same options: --{option} {before}, not {now}")
        }
        Error::CheckpointBeyond { done, .. } => format!("give at least --epochs {done}"),
        Error::BrokenNote { .. } => "`inkproof synth` makes signatures".to_owned(),
        Error::ZeroOption { option } => format!("see --{}", option.replace(' ', "-")),
        Error::NotCalibrated { .. } => "see --references".to_owned(),
        Error::FoldsOfRaw => "leave out --preprocess raw".to_owned(),
        Error::TrainingNeedsFolds => "give --folds, or train a network first with `inkproof train`".to_owned(),
        Error::NothingToTest => "see --test".to_owned(),
        Error::NothingToTrainOn => "see --train".to_owned(),
        Error::ShortcutsAlone => "see `inkproof evaluate DATA --model shortcuts` and `inkproof compare`".to_owned(),
        Error::ShortcutsOnPart => "leave out --part".to_owned(),
        Error::NoProbabilities { .. } => "run `inkproof calibrate` first".to_owned(),
        Error::BaselineHasNoProbabilities => "leave out --protocol".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_s_error_gets_the_flag_that_mends_it() {
        let error = anyhow::Error::from(Error::FoldsOfRaw).context("evaluating");
        assert_eq!(hint(&error), "; leave out --preprocess raw");
        assert_eq!(hint(&anyhow::anyhow!("something else")), "");
    }
}
