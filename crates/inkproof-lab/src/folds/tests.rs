//! Folds over synthetic signatures: every writer judged once, by what was fixed without it.

use super::*;
use crate::dataset::tests::set_in_memory;
use crate::dataset::{Kind, OnBad};
use crate::evaluate::Class;
use crate::png_file;
use crate::progress::Silent;
use crate::synth::{self, SynthOptions};

const OPTIONS: SynthOptions = SynthOptions { writers: 7, genuine: 5, forgeries: 2, seed: 77, style: None };

fn options(folds: usize) -> FoldOptions {
    FoldOptions { folds, references: vec![1, 3], repeats: 2, seed: 4 }
}

/// The baseline hog on seven writers in three folds.
fn made() -> Evaluation {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("made");
    synth::write(&root, &OPTIONS, &mut Silent).unwrap();
    let set = DataSet::open(&root, None, OnBad::Stop).unwrap();
    evaluate_by_folds(set, Judge::Ready(&Candidate::Hog), &options(3), Reading::default(), &mut Silent).unwrap()
}

#[test]
fn every_writer_is_in_one_fold_and_the_seed_decides_which() {
    let set = set_in_memory(&[(3, 3); 11]);
    let of = |seed| cut(&set, &FoldOptions { seed, ..options(3) }).unwrap();
    let sizes =
        |folds: &BTreeMap<WriterId, usize>| [0, 1, 2].map(|fold| folds.values().filter(|&&of| of == fold).count());
    assert_eq!((of(4).len(), sizes(&of(4))), (11, [4, 4, 3]));
    assert_eq!(of(4), of(4));
    assert_ne!(of(4), of(5));
}

#[test]
fn too_few_writers_for_the_folds_are_told_before_anything_is_read() {
    let refused = |writers: usize, folds| {
        let set = set_in_memory(&vec![(3, 3); writers]);
        let judge = Judge::Ready(&Candidate::Hog);
        let result = evaluate_by_folds(set, judge, &options(folds), Reading::default(), &mut Silent);
        result.err().unwrap().to_string()
    };
    assert!(refused(9, 5).contains("9 writer(s) cannot be cut into 5 folds"), "{}", refused(9, 5));
    assert!(refused(9, 1).contains("at least 2 folds"), "{}", refused(9, 1));
}

#[test]
fn comparisons_stay_inside_a_fold_and_cover_every_writer() {
    let Evaluation { set, runs, fold_of, model, .. } = made();
    assert_eq!(model.name, "hog");
    assert_eq!(runs.iter().map(|run| run.references).collect::<Vec<_>>(), [1, 3]);
    for run in &runs {
        let mut claimed = BTreeSet::new();
        for comparison in &run.comparisons {
            let image = &set.images[comparison.questioned];
            assert_eq!(fold_of[&comparison.writer], fold_of[&image.writer], "a stranger of the same fold");
            assert_eq!(image.writer == comparison.writer, comparison.class != Class::Random);
            for &reference in &*comparison.references {
                assert_eq!(set.images[reference].writer, comparison.writer);
            }
            claimed.insert(comparison.writer.clone());
        }
        assert_eq!((claimed.len(), run.writers, run.images), (7, 7, 49));
        assert_eq!(run.folds.iter().map(|fold| fold.writers).collect::<Vec<_>>(), [3, 2, 2]);
        let (skilled, random) = (run.skilled.as_ref().unwrap(), &run.random);
        let genuine = 2 * 7 * (5 - run.references);
        assert_eq!((skilled.comparisons.genuine, skilled.comparisons.forgery), (genuine, 2 * 7 * 2));
        assert_eq!((random.comparisons.genuine, random.comparisons.forgery), (genuine, 2 * (3 * 2 + 2 + 2)));
        assert!(random.cllr.is_some() && random.far_at_threshold.is_some() && run.threshold.is_none());
    }
}

/// Scores back from the pooled scale meet each fold's own threshold.
#[test]
fn decisions_are_at_the_threshold_of_the_fold() {
    let Evaluation { runs, fold_of, .. } = made();
    let result = &runs[0];
    let mut accepted = 0;
    let mut forgeries = 0;
    let read = result.comparisons.iter().filter(|comparison| comparison.class == Class::Skilled);
    for comparison in read {
        let Fold { log10_lr_at_threshold, .. } = result.folds[fold_of[&comparison.writer]];
        accepted += usize::from(comparison.score >= log10_lr_at_threshold);
        forgeries += 1;
    }
    let far = result.skilled.as_ref().unwrap().far_at_threshold.unwrap();
    assert!((far - accepted as f64 / forgeries as f64).abs() < 1e-9, "{far} {accepted}/{forgeries}");
}

/// Forgeries on darker paper: no network sees it on the ink, the shortcuts are nothing else.
#[test]
fn shortcuts_find_in_other_writers_what_tells_forgeries_apart() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("made");
    synth::write(&root, &SynthOptions { writers: 10, genuine: 5, forgeries: 3, seed: 78, style: None }, &mut Silent)
        .unwrap();
    let set = DataSet::open(&root, None, OnBad::Stop).unwrap();
    for image in set.images.iter().filter(|image| image.kind == Kind::Forgery) {
        let bytes = std::fs::read(&image.path).unwrap();
        let gray = inkproof::decode(&bytes, inkproof::GrayRule::OnWhite, &inkproof::Limits::default()).unwrap();
        let darker = gray.pixels().iter().map(|pixel| pixel.saturating_sub(40)).collect();
        let darker = inkproof::Gray::new(gray.width(), gray.height(), darker).unwrap();
        std::fs::write(&image.path, png_file::encode(&darker, png::Compression::Fast).unwrap()).unwrap();
    }
    let judge = Judge::Ready(&Candidate::Shortcuts);
    let evaluation = evaluate_by_folds(set, judge, &options(2), Reading::default(), &mut Silent).unwrap();
    let Evaluation { runs, model, .. } = evaluation;
    let result = &runs[0];
    let skilled = result.skilled.as_ref().unwrap();
    assert!(skilled.eer < 0.15, "{}", skilled.eer);
    assert!(result.random.eer > 0.2, "shortcuts were never asked about strangers: {}", result.random.eer);
    assert_eq!(model.name, "shortcuts");
    assert_ne!(result.folds[0].model.digest, result.folds[1].model.digest, "fitted again");
}

#[test]
fn an_image_under_two_names_is_counted_when_the_folds_part_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("made");
    synth::write(&root, &SynthOptions { writers: 4, ..OPTIONS }, &mut Silent).unwrap();
    let mut set = DataSet::open(&root, None, OnBad::Stop).unwrap();
    let fold_of = cut(&set, &options(2)).unwrap();
    let of_fold = |fold| fold_of.iter().find(|&(_, &of)| of == fold).unwrap().0.as_str();
    let (here, there) = (of_fold(0), of_fold(1));
    std::fs::copy(root.join(format!("{here}/{here}_01.png")), root.join(format!("{there}/copy.png"))).unwrap();
    set = DataSet::open(&root, None, OnBad::Stop).unwrap();
    let loaded = Candidate::Hog.load(&mut set, Reading::default(), &mut Silent).unwrap();
    assert_eq!(in_other_folds(&set, &loaded, &fold_of), 2, "the image and its copy");
}
