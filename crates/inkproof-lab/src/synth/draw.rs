//! Random numbers for handwriting: near to normal, never far out, and the same on every machine.

use rand::{Rng, RngExt};

/// Nearly normal with mean 0 and deviation 1: a sum of four uniform draws, so never beyond ±3.5. A hand has no outliers
/// of ten deviations, and no logarithm is needed, which systems round differently.
pub(crate) fn normal(rng: &mut impl Rng) -> f64 {
    let sum: f64 = (0..4).map(|_| rng.random::<f64>()).sum();
    (sum - 2.0) * 1.732_050_807_568_877_2
}

/// Uniform between the two.
pub(crate) fn between(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// True with the given chance, 0..1.
pub(crate) fn chance(rng: &mut impl Rng, probability: f64) -> bool {
    rng.random::<f64>() < probability
}

/// One of them, each with the same chance.
pub(crate) fn pick<'a, T>(rng: &mut impl Rng, from: &'a [T]) -> &'a T {
    &from[rng.random_range(0..from.len())]
}
