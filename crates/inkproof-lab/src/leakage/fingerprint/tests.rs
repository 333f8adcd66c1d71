//! Copies are found however they were changed, and no two signings pass for one.

use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};
use inkproof::{GrayRule, Limits};
use rayon::prelude::*;

use super::*;
use crate::dataset::tests::real_signatures;
use crate::dataset::{DataSet, OnBad};
use crate::leakage::tests::{SEED, picture, saved};
use crate::synth::Writer;

/// The same picture, lightly changed in four ways.
pub(crate) fn changed(picture: &DynamicImage) -> [(&'static str, Vec<u8>); 4] {
    let (width, height) = (picture.width(), picture.height());
    let smaller = picture.resize_exact(width * 4 / 5, height * 4 / 5, FilterType::Triangle);
    let (cut_x, cut_y) = (width / 50, height / 50);
    [
        ("saved as JPEG", saved(picture, ImageFormat::Jpeg)),
        ("scaled by 0.8", saved(&smaller, ImageFormat::Png)),
        ("lightened", saved(&picture.brighten(25), ImageFormat::Png)),
        ("cut by 2 %", saved(&picture.crop_imm(cut_x, cut_y, width - 2 * cut_x, height - 2 * cut_y), ImageFormat::Png)),
    ]
}

fn look(bytes: &[u8]) -> Look {
    Look::from_image(&inkproof::decode(bytes, GrayRule::OnWhite, &Limits::default()).unwrap())
}

/// The share of changed pictures that are found, by kind of change, and the similarity of the two most similar strangers.
fn found_and_strangers(pictures: &[DynamicImage]) -> ([f64; 4], f32) {
    let looks: Vec<_> = pictures.par_iter().map(|picture| look(&saved(picture, ImageFormat::Png))).collect();
    let is_found = |(picture, own): (&DynamicImage, &Look)| {
        changed(picture).map(|(_, bytes)| own.similarity(&look(&bytes)) >= NEAR)
    };
    let found: Vec<[bool; 4]> = pictures.par_iter().zip(&looks).map(is_found).collect();
    let share = |kind: usize| found.iter().filter(|found| found[kind]).count() as f64 / found.len() as f64;
    let others = |a: usize| looks[a + 1..].iter().map(|other| looks[a].similarity(other)).fold(-1.0, f32::max);
    ([0, 1, 2, 3].map(share), (0..looks.len()).map(others).fold(-1.0, f32::max))
}

#[test]
fn copies_are_more_alike_than_signings_of_one_writer() {
    let mut pictures = Vec::new();
    for index in 0..4 {
        let writer = Writer::new(SEED, index);
        pictures.extend((0..12).map(|repeat| picture(&writer.genuine(repeat))));
        pictures.extend((0..6).map(|repeat| picture(&writer.forgery(repeat))));
    }
    let (found, stranger) = found_and_strangers(&pictures);
    assert!(found == [1.0; 4] && stranger < NEAR, "{found:?} of copies found, others up to {stranger}");
}

/// Real signatures, which are not part of this repository.
#[test]
fn distinct_real_signatures_are_no_copies_and_their_copies_are() {
    for name in ["dutch", "cedar"] {
        let Some(root) = real_signatures(name) else { continue };
        let set = DataSet::open(&root, None, OnBad::Stop).unwrap();
        let writers = set.by_writer().into_iter().step_by(6);
        let genuine: Vec<usize> = writers.flat_map(|writer| writer.genuine).collect();
        let pictures: Vec<_> = genuine.iter().map(|&image| image::open(&set.images[image].path).unwrap()).collect();
        let (found, stranger) = found_and_strangers(&pictures);
        // Light strokes go white when lightened, and a cut goes through the ink of what was scanned without a margin.
        println!("{name}: {found:?}, strangers {stranger}");
        assert!(found[..2] == [1.0; 2] && found[2] >= 0.95 && found[3] >= 0.85, "{name}: {found:?}");
        assert!(stranger < NEAR, "{name}: {stranger}");
    }
}
