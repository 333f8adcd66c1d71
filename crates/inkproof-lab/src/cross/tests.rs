//! From one synthetic set to another: what is fixed where, and what is refused.

use std::fs;

use std::path::Path;

use super::*;
use crate::progress::Silent;
use crate::synth::{self, SynthOptions};

/// A folder of four synthetic writers by this seed.
fn made(desk: &Path, seed: u64) -> PathBuf {
    let root = desk.join(format!("set{seed}"));
    let options = SynthOptions { writers: 4, genuine: 4, forgeries: 2, seed, style: None };
    synth::write(&root, &options, &mut Silent).unwrap();
    root
}

fn options() -> CrossOptions {
    CrossOptions { references: vec![1, 2], repeats: 2, seed: 3, ..CrossOptions::default() }
}

const HOG: Judge<'static> = Judge::Ready(&Candidate::Hog);

#[test]
fn the_threshold_is_that_of_the_calibration_set_whatever_is_tested() {
    let desk = tempfile::tempdir().unwrap();
    let [a, b, c] = [1, 2, 3].map(|seed| made(desk.path(), seed));
    let tested = |tests: &[PathBuf]| {
        let fitted = fit(HOG, &[], std::slice::from_ref(&a), &options(), &mut Silent).unwrap();
        fitted.test(tests, &options(), &mut Silent).unwrap()
    };
    let both = tested(&[b.clone(), c.clone()]);
    assert_eq!(both.iter().map(|row| &row.test).collect::<Vec<_>>(), [&b, &c]);
    let thresholds = |row: &CrossResult| row.runs.iter().map(|run| run.threshold.unwrap()).collect::<Vec<_>>();
    assert_eq!(thresholds(&both[0]), thresholds(&both[1]));
    assert_eq!(thresholds(&both[1]), thresholds(&tested(&[c])[0]));
    assert!(both.iter().flat_map(|row| &row.runs).all(|run| run.random.cllr.is_some()));
}

#[test]
fn all_pairs_are_each_set_against_each_other_one() {
    let desk = tempfile::tempdir().unwrap();
    let sets = [1, 2, 3].map(|seed| made(desk.path(), seed));
    let rows = cross(HOG, &CrossPlan::AllPairs(sets.to_vec()), &options(), &mut Silent).unwrap();
    let pairs: Vec<_> = rows.iter().map(|row| (row.calibrate[0].clone(), row.test.clone())).collect();
    let expected = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)].map(|(a, b)| (sets[a].clone(), sets[b].clone()));
    assert_eq!(pairs, expected);
}

#[test]
fn sets_that_share_an_image_are_refused_by_both_names() {
    let desk = tempfile::tempdir().unwrap();
    let (a, b) = (made(desk.path(), 1), made(desk.path(), 2));
    fs::copy(a.join("001/001_02.png"), b.join("003/003_09.png")).unwrap();
    let error = cross(HOG, &CrossPlan::AllPairs(vec![a, b]), &options(), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("003_09.png") && error.contains("001_02.png"), "{error}");
}

#[test]
fn several_calibration_sets_are_one_with_writers_apart() {
    let desk = tempfile::tempdir().unwrap();
    let [a, b, c] = [1, 2, 3].map(|seed| made(desk.path(), seed));
    let set = open(&[a.clone(), b.clone()], OnBad::Stop).unwrap();
    assert_eq!((set.writers().len(), set.images.len()), (8, 48));
    let rows = fit(HOG, &[], &[a, b], &options(), &mut Silent).unwrap().test(&[c], &options(), &mut Silent).unwrap();
    assert_eq!(rows[0].calibrate.len(), 2);
}
