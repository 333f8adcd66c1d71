//! That likeness and score behave as they must, whatever was learned, and that a file is read back or refused.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::{SIDE, Widths};

/// An ink of a few strokes, which a seed bends.
pub(crate) fn ink(seed: u32) -> Ink {
    let mut pixels = vec![0; SIDE * SIDE];
    let bend = |n: u32| f64::from(seed.wrapping_mul(2_654_435_761).rotate_left(7 * n) >> 20) / 4096.0;
    for step in 0..3000 {
        let t = f64::from(step) / 3000.0;
        let wave = |n: u32| (std::f64::consts::TAU * (t * (2.0 + 6.0 * bend(n)) + bend(n + 1))).sin();
        let (x, y) = (40.0 + 140.0 * t + 15.0 * wave(1), 112.0 + 30.0 * wave(2) + 12.0 * wave(3));
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            pixels[(y as usize + dy) * SIDE + x as usize + dx] = 255;
        }
    }
    let width = |place: usize| if pixels[place] > 0 { (40 + (place * (7 + seed as usize)) % 50) as u8 } else { 0 };
    let widths = Widths::new((0..SIDE * SIDE).map(width).collect(), 200);
    Ink::new(pixels).unwrap().with_widths(widths)
}

/// What nobody has learned: the first numbers of a raw place as they are.
fn learned() -> InknetWeights {
    let unit = |rows: usize, columns: usize| {
        (0..rows * columns).map(|i| f32::from(u8::from(i / columns == i % columns))).collect()
    };
    let refinement = Some(Refinement { back: vec![0.1; HIDDEN * WIDTH], ..Refinement::new(unit(WIDTH, HIDDEN)) });
    let expected = Expected { typical: 0.7 };
    let (projection, within, total) = (unit(RAW, WIDTH), unit(RAW, RAW), unit(RAW, RAW));
    InknetWeights { mean: vec![0.0; RAW], projection, within, total, refinement, expected }
}

static INKNET: LazyLock<Inknet> = LazyLock::new(|| Inknet::new(learned(), &[ink(1000), ink(1001), ink(1002)]).unwrap());

#[test]
fn an_ink_is_like_itself_and_less_like_others() {
    let [a, b] = [ink(1), ink(2)].map(|ink| INKNET.embed(&ink));
    assert!(a.len() > 50 && (a.similarity(&a) - 1.0).abs() < 1e-5, "{} {}", a.len(), a.similarity(&a));
    assert!(a.similarity(&b) < 0.95 && a.similarity(&b) > 0.0, "{}", a.similarity(&b));
    assert!(a.to_cohort() > 0.0 && a.to_cohort() < 1.0);
    assert!(INKNET.score(&[&a], &a, None).unwrap().sum() > INKNET.score(&[&a], &b, None).unwrap().sum());
}

#[test]
fn without_references_there_is_no_score() {
    let a = INKNET.embed(&ink(1));
    assert!(matches!(INKNET.score(&[], &a, None), Err(Error::NoReference)));
}

#[test]
fn one_reference_and_several_by_hand() {
    let similarity = |a: usize, b: usize| {
        [[1.0, 0.5, 0.7, 0.4], [0.5, 1.0, 0.6, 0.3], [0.7, 0.6, 1.0, 0.5], [0.4, 0.3, 0.5, 1.0]][a][b]
    };
    let cohort = |number: usize| [0.1, 0.2, 0.15, 0.25][number];
    let usual = VariationPrior { similarity: 0.6, pairs: 1.0 };
    let single = relative(&[0], 3, similarity, cohort, usual);
    assert!((single - (0.4 - 0.175) / (0.6 - 0.175)).abs() < 1e-12, "{single}");
    let several = relative(&[0, 1, 2], 3, similarity, cohort, usual);
    let between = (0.5 + 0.7 + 0.6 + 0.6) / 4.0;
    assert!((several - (0.4 - 0.2) / (between - 0.2)).abs() < 1e-12, "{several}");
    let unknown = relative(&[0], 3, similarity, cohort, VariationPrior { similarity: 1.0, pairs: 0.0 });
    assert!((unknown - (0.4 - 0.175) / (1.0 - 0.175)).abs() < 1e-12, "{unknown}");
    // References that are no more similar than strangers do not make the score explode.
    let apart = relative(&[0, 1], 3, |_, _| 0.1, |_| 0.2, VariationPrior { similarity: 0.1, pairs: 1.0 });
    assert!((apart - (0.1 - 0.2) / LEAST_VARIATION).abs() < 1e-12, "{apart}");
}

#[test]
fn a_file_gives_back_what_it_was_given_and_refuses_what_is_broken() {
    let tensors = INKNET.tensors();
    assert_eq!(Inknet::from_tensors(tensors.clone()).unwrap(), *INKNET);
    let mut before = tensors.clone();
    before.retain(|name, _| !name.starts_with("refinement") && name != "expected");
    let before = Inknet::from_tensors(before).unwrap();
    assert_eq!((before.learned().refinement.as_ref(), before.learned().expected.typical), (None, 0.64));
    let broken = |change: &dyn Fn(&mut inkproof_nn::NamedTensors)| {
        let mut tensors = tensors.clone();
        change(&mut tensors);
        Inknet::from_tensors(tensors).unwrap_err().to_string()
    };
    let set =
        |tensors: &mut inkproof_nn::NamedTensors, name: &str, value: f32| tensors.get_mut(name).unwrap().1[0] = value;
    assert!(broken(&|t| drop(t.remove("within"))).contains("'within'"));
    assert!(broken(&|t| set(t, "projection", f32::NAN)).contains("NaN"));
    assert!(broken(&|t| drop(t.remove("refinement.back"))).contains("'refinement.back'"));
    assert!(broken(&|t| set(t, "expected", f32::INFINITY)).contains("infinity"));
    assert!(broken(&|t| set(t, "cohort.places", 1e9)).contains("does not hold"));
    assert!(broken(&|t| set(t, "cohort.places", -1.0)).contains("does not hold"));
    assert!(broken(&|t| set(t, "cohort.places", 0.0)).contains("cohort"));
    assert!(broken(&|t| t.get_mut("mean").unwrap().0 = vec![RAW - 1]).contains("shape"));
    assert!(broken(&|t| drop(t.insert("more".to_owned(), (vec![1], vec![0.0])))).contains("'more'"));
    assert!(Inknet::new(learned(), &[]).unwrap_err().to_string().contains("cohort"));
    assert!(Inknet::new(InknetWeights { mean: vec![0.0; 3], ..learned() }, &[ink(1)]).is_err());
}

#[test]
fn most_drawn_inks_have_pressure() {
    let pressed = |seed: &u32| {
        let places = INKNET.embed(&ink(*seed));
        places.likeness(&places).pressure.is_some()
    };
    let count = (0..20).filter(pressed).count();
    assert!(count >= 15, "the properties below are of pressure too: {count} of 20");
}

#[test]
fn places_that_two_inks_share_find_each_other() {
    let (a, b) = (raw_features(&ink(5)), raw_features(&ink(5)));
    assert_eq!(mutual(&a, &b), (0..a.len()).map(|place| (place, place)).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn likeness_is_symmetric_and_the_order_of_references_does_not_matter(seeds in proptest::collection::vec(0_u32..500, 2..6)) {
        let places: Vec<LocalFeatures> = seeds.iter().map(|&seed| INKNET.embed(&ink(seed))).collect();
        let (questioned, references) = places.split_first().unwrap();
        prop_assert_eq!(questioned.similarity(&references[0]), references[0].similarity(questioned));
        let forth: Vec<&LocalFeatures> = references.iter().collect();
        let back: Vec<&LocalFeatures> = references.iter().rev().collect();
        let rule = Some(&PressureRule::FITTED);
        let (a, b) = (INKNET.score(&forth, questioned, rule).unwrap().sum(), INKNET.score(&back, questioned, rule).unwrap().sum());
        prop_assert!((a - b).abs() < 1e-9, "{} {}", a, b);
        let (one, other) = (INKNET.score(&forth[..1], questioned, rule).unwrap().sum(), INKNET.score(&[questioned], forth[0], rule).unwrap().sum());
        prop_assert_eq!(one, other);
    }
}
