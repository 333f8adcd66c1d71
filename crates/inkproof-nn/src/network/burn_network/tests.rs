//! A whole training step of both networks by our kernels and by burn.

use super::super::{Backbone, cpu};
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

/// The norm of the difference, relative to that of what is expected.
fn difference(found: &[f32], expected: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let apart = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    apart / norm(&mut expected.iter().map(|&x| f64::from(x))).max(1e-5)
}

#[test]
fn a_step_is_burns() {
    for backbone in Backbone::ALL {
        let weights = Weights::initialise(backbone, 3);
        let rng = || Some(random::stream(3, "drop-connect", 0));
        let ours = cpu::differentiate(&weights, rng(), &batch(), SIDE);
        let theirs = differentiate(&Device::flex(), &weights, rng(), &batch(), SIDE);
        assert!((ours.loss - theirs.loss).abs() < 1e-5, "{backbone}: {} against {}", ours.loss, theirs.loss);
        assert!(difference(&ours.probabilities, &theirs.probabilities) < 1e-5, "{backbone}");
        for (place, (parameter, _)) in weights.iter().enumerate() {
            let name = &parameter.name;
            for (ours, theirs) in
                [(&ours.gradients[place], &theirs.gradients[place]), (&ours.moved[place], &theirs.moved[place])]
            {
                assert_eq!(ours.is_some(), theirs.is_some(), "{backbone}: {name}");
                if let (Some(ours), Some(theirs)) = (ours, theirs) {
                    let apart = difference(ours, theirs);
                    assert!(apart < 1e-3, "{backbone}: {name} differs by {apart} of its norm");
                }
            }
        }
    }
}
