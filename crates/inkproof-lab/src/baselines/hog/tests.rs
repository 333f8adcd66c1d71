//! Strokes drawn by hand, whose similarity is known, and the score as its formula says.

use inkproof::SIDE;

use super::*;
use crate::dataset::tests::set_in_memory;

/// Ink where `is_ink` says so.
fn drawn(is_ink: impl Fn(usize, usize) -> bool) -> Ink {
    let pixels = (0..SIDE * SIDE).map(|at| u8::from(is_ink(at % SIDE, at / SIDE)) * 255).collect();
    Ink::new(pixels).unwrap()
}

/// A ring of strokes around (x, 112): every direction somewhere.
fn ring(x: f32) -> LocalFeatures {
    let distance = |px: usize, py: usize| (px as f32 - x).hypot(py as f32 - 112.0);
    LocalFeatures::from_ink(&drawn(|x, y| (distance(x, y) - 40.0).abs() < 2.0))
}

fn synthetic(writer: u64, repeat: u64) -> LocalFeatures {
    LocalFeatures::from_ink(&Hog::preprocess().apply_gray(&synth::Writer::new(5, writer).genuine(repeat)).unwrap())
}

/// The images of `set_in_memory(&[(4, 1), (2, 1)])`, made.
fn hog() -> Hog {
    let set = set_in_memory(&[(4, 1), (2, 1)]);
    let places: Vec<LocalFeatures> = (0..8).map(|image| synthetic(u64::from(image > 4), image)).collect();
    let to_cohort = places.iter().map(|places| Cohort::new().similarity(places)).collect();
    let within = Similarities::new(&set, &|a, b| places[a].similarity(&places[b]));
    Hog { set, places, to_cohort, within }
}

#[test]
fn a_signature_is_like_itself_and_likeness_has_no_direction() {
    let (a, b) = (synthetic(0, 0), synthetic(1, 0));
    assert!((a.similarity(&a) - 1.0).abs() < 1e-5);
    assert_eq!(a.similarity(&b).to_bits(), b.similarity(&a).to_bits());
    assert!(a.similarity(&b) < a.similarity(&synthetic(0, 1)) && a.similarity(&synthetic(0, 1)) < 1.0);
}

#[test]
fn a_line_across_is_nothing_like_a_line_down() {
    let across = LocalFeatures::from_ink(&drawn(|_, y| (110..114).contains(&y)));
    let down = LocalFeatures::from_ink(&drawn(|x, _| (110..114).contains(&x)));
    assert_eq!(across.similarity(&down), 0.0);
}

#[test]
fn a_place_may_move_within_the_window_and_no_further() {
    let here = ring(100.0);
    for cells in [1.0, 2.0] {
        let moved = here.similarity(&ring(100.0 + 8.0 * cells));
        assert!((moved - 1.0).abs() < 1e-4, "{cells} cells: {moved}");
    }
    let between = here.similarity(&ring(104.0));
    let far = here.similarity(&ring(124.0));
    assert!(between > 0.9 && far < between, "half a cell {between}, three cells {far}");
}

#[test]
fn one_reference_is_like_itself() {
    let hog = hog();
    let strangers = (hog.to_cohort[0] + hog.to_cohort[1]) / 2.0;
    let closeness = f64::from(hog.places[0].similarity(&hog.places[1])) - strangers;
    let expected = closeness / (1.0 - strangers);
    assert!((hog.score(&[0], 1) - expected).abs() < 1e-12);
}

#[test]
fn several_references_are_measured_against_their_own_variation() {
    let hog = hog();
    let similarity = |a: usize, b: usize| f64::from(hog.places[a].similarity(&hog.places[b]));
    let between = (similarity(0, 1) + similarity(0, 2) + similarity(1, 2)) / 3.0;
    let strangers = ((hog.to_cohort[0] + hog.to_cohort[1] + hog.to_cohort[2]) / 3.0 + hog.to_cohort[3]) / 2.0;
    let closeness = (similarity(0, 3) + similarity(1, 3) + similarity(2, 3)) / 3.0 - strangers;
    assert!(between - strangers > LEAST_VARIATION, "the formula's floor is not met here");
    assert!((hog.score(&[0, 1, 2], 3) - closeness / (between - strangers)).abs() < 1e-9);
}

#[test]
fn the_order_of_references_makes_no_difference() {
    let hog = hog();
    for questioned in [3, 4, 5, 7] {
        let one = hog.score(&[0, 1, 2], questioned);
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert!((hog.score(&order, questioned) - one).abs() < 1e-12);
        }
    }
}

#[test]
fn what_is_kept_within_writers_is_what_would_be_computed() {
    let hog = hog();
    for a in 0..8 {
        for b in 0..8 {
            let computed = f64::from(hog.places[a].similarity(&hog.places[b]));
            assert_eq!(hog.similarity(a, b).to_bits(), computed.to_bits(), "{a} {b}");
        }
    }
    assert_eq!(hog.within.get(0, 5), None, "two writers");
    assert_eq!(hog.within.get(4, 4), None, "two forgeries");
    assert!(hog.within.get(4, 0).is_some());
}
