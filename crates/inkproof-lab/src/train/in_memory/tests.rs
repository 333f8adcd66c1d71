//! Training in memory is training on a data set, and refuses what is no picture.

use inkproof::model::SyntheticInfo;

use super::*;
use crate::dataset::{DataSet, OnBad, Part};
use crate::progress::Silent;
use crate::session::{DataOptions, LoadedPairs, Session};
use crate::synth::{self, SynthOptions};
use crate::train::{Negatives, TrainOptions, fit};

const WRITERS: SynthOptions = SynthOptions { writers: 3, genuine: 3, forgeries: 2, seed: 11, style: None };
const GO_ON: ControlFlow<()> = ControlFlow::Continue(());

fn made() -> (DataSet, LoadedPairs) {
    let desk = tempfile::tempdir().unwrap();
    let folder = desk.path().join("signatures");
    synth::write(&folder, &WRITERS, &mut Silent).unwrap();
    let mut progress = Silent;
    let mut session = Session::open(&DataOptions::new(&folder), &mut progress).unwrap();
    let pairs = session.pairs(Part::All, Preprocess::Raw, Negatives::Skilled, 5).unwrap();
    let set = DataSet::open(&folder, None, OnBad::Stop).unwrap();
    // The images are in memory; the folder goes, and only a set that is read again needs it.
    let _kept = desk.keep();
    (set, pairs)
}

#[test]
fn it_takes_the_very_steps_that_a_training_on_the_data_set_takes() {
    let (set, loaded) = made();
    let backbone = Backbone::SimpleCnn;
    let options = TrainOptions {
        epochs: 2,
        batch_size: 8,
        seed: 5,
        ..TrainOptions::new(Architecture::Siamese(backbone), Preprocess::Raw)
    };
    let root = set.root.clone();
    let expected = fit(set, "expected", &options, &mut Silent).unwrap();
    std::fs::remove_dir_all(root.parent().unwrap()).unwrap();

    let [a, b] = loaded.pictures().unwrap();
    let labels: Vec<f32> = loaded.pairs.iter().map(|pair| f32::from(pair.same_writer)).collect();
    let pairs = PicturePairs::new(&a, &b, &labels).unwrap();
    let mut training = InMemoryTraining::new(backbone, Trainer::LEARNING_RATE, 5).unwrap();
    let mut steps = Vec::new();
    let mut last = None;
    for _ in 0..2 {
        last = training
            .epoch(&pairs, 8, true, &mut |report| {
                steps.push((report.step, report.steps));
                GO_ON
            })
            .unwrap();
    }
    assert_eq!(steps, [(1, 2), (2, 2), (1, 2), (2, 2)]);
    let model = training.model("ours", Preprocess::Raw, Origin::together(&[loaded.origin.clone(), loaded.origin]));
    assert_eq!(model.digest(), expected.model.digest());
    assert_eq!(model.info(), expected.model.info());
    assert_eq!(last, expected.last_epoch);

    let before = probabilities(&model, &a, &b).unwrap();
    assert_eq!(before.len(), labels.len());
    let measured = measure(&before, &labels).unwrap();
    assert!(measured.loss > 0.0 && (0.0..=1.0).contains(&measured.accuracy));
    let mut again = InMemoryTraining::from_model(&model).unwrap();
    assert_eq!(again.epochs(), 2);
    let broken_off = again.epoch(&pairs, 8, false, &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!((broken_off, again.epochs()), (None, 2));
}

#[test]
fn what_is_no_picture_is_refused() {
    let message = |a: &[f32], b: &[f32], labels: &[f32]| PicturePairs::new(a, b, labels).unwrap_err().to_string();
    let picture = vec![0.5; PICTURE];
    assert!(message(&[], &[], &[]).contains("no pairs"));
    assert!(message(&picture[1..], &picture, &[1.0]).contains("are no first pictures of 224 x 224"));
    assert!(message(&picture, &[], &[1.0]).contains("0 second pictures and 1 labels"));
    assert!(message(&vec![255.0; PICTURE], &picture, &[1.0]).contains("is 255; give them in 0..1"));
    assert!(message(&picture, &vec![f32::NAN; PICTURE], &[1.0]).contains("is NaN"));
    assert!(message(&picture, &picture, &[2.0]).contains("a label is 2"));
    let model = Model::bundled();
    assert!(matches!(probabilities(&model, &picture, &picture), Err(Error::NotSiamese { .. })));
    assert!(matches!(InMemoryTraining::from_model(&model), Err(Error::NotSiamese { .. })));
    for rate in [0.0, -1.0, f64::NAN] {
        assert!(matches!(InMemoryTraining::new(Backbone::SimpleCnn, rate, 0), Err(Error::LearningRate(_))));
    }
    assert!(measure(&[], &[]).is_err() && measure(&[0.5], &[1.0, 0.0]).is_err());
}

#[test]
fn loss_and_accuracy_are_keras() {
    let found = measure(&[0.9, 0.2, 0.5, 1.0], &[1.0, 0.0, 1.0, 0.0]).unwrap();
    let expected = -(0.9f64.ln() + 0.8f64.ln() + 0.5f64.ln() + 1e-7f64.ln()) / 4.0;
    assert!((found.loss - expected).abs() < 1e-6, "{}", found.loss);
    assert_eq!(found.accuracy, 0.5);
}

#[test]
fn several_trainings_are_remembered_by_all_their_images() {
    let digest = |text: &str| text.parse::<ImageDigest>().unwrap();
    let (one, two) = (digest("0000000000000001"), digest("0000000000000002"));
    let real = Origin {
        described: DataInfo { writers: 1, images: 1, digests: vec![one], synthetic: None },
        digests: vec![one],
    };
    let synthetic = SyntheticInfo { generator: 3, seed: 1, writers: 2 };
    let made = Origin {
        described: DataInfo { writers: 2, images: 1, digests: vec![], synthetic: Some(synthetic) },
        digests: vec![two],
    };
    assert_eq!(Origin::together(&[made.clone(), made.clone()]), made.described);
    let both = Origin::together(&[made, real.clone(), Origin::unknown(10), real]);
    assert_eq!(both, DataInfo { writers: 3, images: 12, digests: vec![one, two], synthetic: None });
    assert_eq!(Origin::together(&[]), DataInfo::default());
}
