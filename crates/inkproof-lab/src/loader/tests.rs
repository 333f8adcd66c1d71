//! The pipeline on pictures drawn here.

use std::ops::ControlFlow;
use std::path::Path;

use inkproof::Gray;

use super::*;
use crate::dataset::{Kind, tests::set_in_memory};
use crate::progress::Silent;

/// A set of one writer per entry whose images are files in `folder`: a bar at a place of its own in each.
fn drawn(folder: &Path, writers: &[(usize, usize)]) -> DataSet {
    let mut set = set_in_memory(writers);
    for (index, image) in set.images.iter_mut().enumerate() {
        image.path = folder.join(&image.path);
        let inside = |i: usize| (20 + 3 * index..30 + 3 * index).contains(&(i % 200)) && i / 200 > 10 && i / 200 < 90;
        let pixels = (0..200 * 100).map(|i| if inside(i) { 20 } else { 240 }).collect();
        let gray = Gray::new(200, 100, pixels).unwrap();
        std::fs::write(&image.path, crate::png_file::encode(&gray, png::Compression::Fast).unwrap()).unwrap();
    }
    set
}

fn options(bad: OnBad, cache_bytes: usize) -> ReadOptions {
    ReadOptions { bad, cache_bytes, ..ReadOptions::new(Preprocess::Raw) }
}

#[test]
fn inks_are_the_same_from_memory_and_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut set = drawn(folder.path(), &[(2, 2)]);
    let all = LoadedImages::read(&mut set, &options(OnBad::Stop, usize::MAX), &mut Silent).unwrap();
    let bounded = LoadedImages::read(&mut set, &options(OnBad::Stop, 2 * SIDE * SIDE + 1), &mut Silent).unwrap();
    let kept = |loaded: &LoadedImages| loaded.loaded.iter().filter(|picture| picture.ink.is_some()).count();
    assert_eq!((kept(&all), kept(&bounded)), (4, 2), "the cache is bounded");
    let indices = [3, 0, 2, 1];
    assert_eq!(all.inks(&indices).unwrap(), bounded.inks(&indices).unwrap());
    assert_ne!(all.ink(0).unwrap(), all.ink(1).unwrap());
}

#[test]
fn what_is_left_out_takes_its_forgeries_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut set = drawn(folder.path(), &[(1, 2), (2, 1)]);
    std::fs::write(&set.images[0].path, b"").unwrap();
    let mut stopping = set.clone();
    let error = LoadedImages::read(&mut stopping, &options(OnBad::Stop, 0), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("0.png: is empty"), "{error}");
    let loaded = LoadedImages::read(&mut set, &options(OnBad::Skip, 0), &mut Silent).unwrap();
    assert_eq!((set.images.len(), loaded.loaded.len(), set.skipped.len()), (3, 3, 3));
    assert!(set.images.iter().all(|image| image.writer.as_str() == "001"));
    assert_eq!(set.images.iter().filter(|image| image.kind == Kind::Forgery).count(), 1);
}

#[test]
fn shared_images_are_found_by_what_they_show() {
    let folder = tempfile::tempdir().unwrap();
    let mut set = drawn(folder.path(), &[(2, 1), (2, 0)]);
    std::fs::copy(&set.images[0].path, &set.images[3].path).unwrap();
    let second = [set.images[3].writer.clone()].into();
    let (mut first, mut second) = (set.without(&second), set.restrict_to(&second));
    set.images.clear();
    let read = |set: &mut DataSet| LoadedImages::read(set, &options(OnBad::Stop, 0), &mut Silent).unwrap();
    let (trained_on, mut held_out) = (read(&mut first), read(&mut second));
    held_out.leave_out_shared(&mut second, &trained_on, &mut Silent);
    assert_eq!((second.images.len(), held_out.loaded.len(), second.skipped.len()), (1, 1, 1));
    assert!(second.images[0].path.ends_with("4.png"));
}

#[test]
fn batches_come_in_order_until_they_are_not_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut set = drawn(folder.path(), &[(1, 0)]);
    let loaded = LoadedImages::read(&mut set, &options(OnBad::Stop, 0), &mut Silent).unwrap();
    let plan: Vec<usize> = (0..100).collect();
    let mut seen = Vec::new();
    let take = |number: usize| {
        seen.push(number);
        Ok(if number == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    loaded.prefetch(&plan, |_, &number| Ok(number), take).unwrap();
    assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    let fails = |_: &LoadedImages, _: &usize| -> Result<()> { Err(Error::LearningRate(0.0)) };
    assert!(loaded.prefetch(&plan, fails, |()| Ok(ControlFlow::Continue(()))).is_err());
}
