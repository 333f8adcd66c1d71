//! A whole training step of both networks by our kernels and by burn.

use super::super::{Backbone, DETECTOR_CHANNELS, Detected, Detector, Seen, cpu};
use super::*;
use crate::random;

const SIDE: usize = 45;

/// Pictures of blots, `count` one after the other.
fn pictures(count: usize, salt: usize) -> Vec<f32> {
    let number = |at: usize| ((at / 3 * 7919 + at / (4 * SIDE) * 31 + salt * 104_729) % 997) as f32 / 996.0;
    (0..count * SIDE * SIDE).map(number).collect()
}

fn batch() -> Batch {
    Batch { a: pictures(3, 1), b: pictures(3, 2), labels: vec![1.0, 0.0, 1.0] }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

/// The norm of the difference, relative to that of what is expected, or to `least`: some gradients are 0 but for
/// rounding.
fn difference(found: &[f32], expected: &[f32], least: f64) -> f64 {
    let apart = norm(found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    apart / norm(expected.iter().map(|&x| f64::from(x))).max(least)
}

#[test]
fn a_step_of_the_detector_is_burns() {
    let shape = [5, 13, 22, DETECTOR_CHANNELS];
    let pictures: Vec<f32> = pictures(4, 1)[..shape.iter().product()].to_vec();
    let numbers: Vec<f32> = (0..5 * 3).map(|at| (at * 7 % 11) as f32).collect();
    let each: Vec<&[f32]> = numbers.chunks_exact(3).collect();
    let gradient: Vec<f32> = (0..5 * 5).map(|at| (at * 5 % 7) as f32 / 3.0 - 1.0).collect();
    let as_answer = |numbers: &[f32]| Detected { logit: numbers[0], sides: numbers[1..].try_into().unwrap() };
    let given = gradient.chunks_exact(5).map(as_answer).collect();
    let detector = Detector::initialise([shape[1], shape[2]], &each, 2);
    let seen = Seen { pictures: pictures.clone(), numbers: numbers.clone() };
    let (_, gradients, moved) = detector.differentiate(seen, |_| (0.0, given));
    let device = Device::flex();
    let theirs = differentiate_detector(
        &device,
        detector.tensors(),
        (pictures, shape),
        (detector.normalised(numbers), gradient),
    );
    let whole = norm(theirs[0].iter().flatten().flatten().map(|&x| f64::from(x)));
    assert!(whole > 1e-3, "something is learned: {whole}");
    for (ours, theirs) in [gradients, moved].iter().zip(&theirs) {
        for ((parameter, _), (ours, theirs)) in detector.iter().zip(ours.iter().zip(theirs)) {
            let name = &parameter.name;
            assert_eq!(ours.is_some(), theirs.is_some(), "{name}");
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                let apart = difference(ours, theirs, 1e-4 * whole);
                assert!(apart < 1e-3, "{name} differs by {apart} of its norm");
            }
        }
    }
}

#[test]
fn a_step_is_burns() {
    for backbone in Backbone::ALL {
        let weights = Weights::initialise(backbone, 3);
        let rng = || Some(random::stream(3, "drop-connect", 0));
        let ours = cpu::differentiate(&weights, rng(), &batch(), SIDE);
        let theirs = differentiate(&Device::flex(), &weights, rng(), &batch(), SIDE);
        assert!((ours.loss - theirs.loss).abs() < 1e-5, "{backbone}: {} against {}", ours.loss, theirs.loss);
        assert!(difference(&ours.probabilities, &theirs.probabilities, 0.0) < 1e-5, "{backbone}");
        let whole = norm(theirs.gradients.iter().flatten().flatten().map(|&x| f64::from(x)));
        for (place, (parameter, _)) in weights.iter().enumerate() {
            let name = &parameter.name;
            for (ours, theirs) in
                [(&ours.gradients[place], &theirs.gradients[place]), (&ours.moved[place], &theirs.moved[place])]
            {
                assert_eq!(ours.is_some(), theirs.is_some(), "{backbone}: {name}");
                if let (Some(ours), Some(theirs)) = (ours, theirs) {
                    let apart = difference(ours, theirs, 1e-4 * whole);
                    assert!(apart < 1e-3, "{backbone}: {name} differs by {apart} of its norm");
                }
            }
        }
    }
}
