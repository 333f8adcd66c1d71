//! A session on synthetic signatures: what is asked for is done, and what contradicts itself is refused.

use inkproof::{Architecture, Preprocess};
use tempfile::TempDir;

use super::*;
use crate::progress::Silent;
use crate::synth;

const WRITERS: SynthOptions = SynthOptions { writers: 6, genuine: 4, forgeries: 2, seed: 31, style: None };

/// A folder of six synthetic writers.
fn made() -> (TempDir, DataOptions) {
    let desk = tempfile::tempdir().unwrap();
    let folder = desk.path().join("signatures");
    synth::write(&folder, &WRITERS, &mut Silent).unwrap();
    (desk, DataOptions::new(folder))
}

fn options(scope: Option<Scope>) -> EvaluateOptions {
    EvaluateOptions { scope, references: vec![1, 2], repeats: 2, seed: 3 }
}

const HOG: Judge<'static> = Judge::Ready(&Candidate::Hog);

#[test]
fn an_evaluation_says_what_was_judged_and_holds_every_run() {
    let (_desk, data) = made();
    let mut progress = Silent;
    let mut session = Session::open(&data, &mut progress).unwrap();
    let at_once = session.evaluate(HOG, &options(None)).unwrap();
    assert_eq!((at_once.model.name.as_str(), at_once.folds, at_once.seed), ("hog", None, 3));
    assert_eq!(at_once.runs.iter().map(|run| run.references).collect::<Vec<_>>(), [1, 2]);
    assert!(at_once.runs.iter().all(|run| run.writers == 6 && run.folds.is_empty() && run.score_scale.is_none()));

    let folded = session.evaluate(HOG, &options(Some(Scope::Folds(3)))).unwrap();
    assert_eq!((folded.folds, folded.fold_of.len()), (Some(3), 6));
    assert!(folded.runs.iter().all(|run| run.folds.len() == 3 && run.score_scale == Some("log10_lr")));
    let rows = |evaluation: &Evaluation| String::from_utf8(evaluation.scores_csv()).unwrap().lines().count();
    let comparisons: usize = folded.runs.iter().map(|run| run.comparisons.len()).sum();
    assert_eq!(rows(&folded), comparisons + 1, "a header and every comparison");
}

#[test]
fn both_of_a_comparison_meet_what_an_evaluation_meets() {
    let (_desk, data) = made();
    let mut progress = Silent;
    let mut session = Session::open(&data, &mut progress).unwrap();
    let alone = session.evaluate(HOG, &options(None)).unwrap();
    let compared = session.compare([&Candidate::Hog, &Candidate::bundled()], &options(None)).unwrap();
    for (run, alone) in compared.runs.iter().zip(&alone.runs) {
        assert_eq!(run.random.eer.a, alone.random.eer);
    }
    assert_eq!(compared.set.images.len(), 36);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let (desk, data) = made();
    let mut progress = Silent;
    let mut session = Session::open(&data, &mut progress).unwrap();
    let shortcuts = Judge::Ready(&Candidate::Shortcuts);
    let on_part = session.evaluate(shortcuts, &options(Some(Scope::Part(Part::All))));
    assert!(matches!(on_part, Err(Error::ShortcutsOnPart)));
    let training = TrainOptions::default();
    assert!(matches!(session.evaluate(Judge::Trained(&training), &options(None)), Err(Error::TrainingNeedsFolds)));
    let notebook = session.notebook(&Candidate::Hog, Part::Test, 0);
    assert!(matches!(notebook, Err(Error::BaselineHasNoProbabilities)));

    let never = || false;
    let out = desk.path().join("model.safetensors");
    let raw = TrainOptions::new(Architecture::Inknet, Preprocess::Raw);
    assert!(matches!(session.train(&raw, &out, false, &never), Err(Error::InknetNeedsInk)));
    let init = TrainOptions { init: Some(train::learnt_by("bundled").unwrap()), ..TrainOptions::default() };
    assert!(matches!(session.train(&init, &out, false, &never), Err(Error::InitNeedsInknet { .. })));
    assert!(matches!(train::learnt_by("hog"), Err(Error::NotInknet { .. })));
    assert!(!out.exists());
}

#[test]
fn several_sets_are_calibrated_on_as_one() {
    let desk = tempfile::tempdir().unwrap();
    let made = |seed| {
        let folder = desk.path().join(format!("set{seed}"));
        synth::write(&folder, &SynthOptions { seed, ..WRITERS }, &mut Silent).unwrap();
        DataOptions::new(folder)
    };
    let mut progress = Silent;
    let sets = [made(41), made(42)];
    let few = Session::open_together(&sets, Part::Train, Some(4), &mut progress).unwrap();
    assert_eq!(few.set().writers().len(), 8);
    let mut session = Session::open_together(&sets, Part::Train, None, &mut progress).unwrap();
    assert_eq!(session.set().writers().len(), 12);
    let options = CalibrationOptions { repeats: 2, ..CalibrationOptions::default() };
    let calibrated = session.calibrate(Model::bundled(), &options).unwrap();
    assert_eq!((calibrated.model.digest(), calibrated.skipped.len()), (Model::bundled().digest(), 0));
    assert_eq!(calibrated.model.info().calibrated_on.as_ref().unwrap().writers, 12);
    assert_eq!(calibrated.model.info().calibration.as_ref(), Some(&calibrated.fitted.calibration));
}

#[test]
fn the_defaults_are_those_of_the_protocol() {
    let VerificationOptions { references, repeats, seed, .. } = VerificationOptions::default();
    let options = EvaluateOptions::default();
    assert_eq!((options.references, options.repeats, options.seed), (vec![references], repeats, seed));
    assert_eq!(DataOptions::new("x").reading, Reading::default());
}
