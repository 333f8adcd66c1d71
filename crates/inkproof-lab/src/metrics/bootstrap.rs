//! Intervals by resampling writers. The trials are sorted once; a draw only changes how often each writer counts.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Sample, Trial};

/// How many times the writers are resampled.
pub const BOOTSTRAP_DRAWS: u64 = 1_000;

const TAIL: f64 = 0.025;

/// A statistic in each draw, in order; None where the draw left a class empty, which only happens where some writers
/// have one class alone; `once` is what each writer counts for where it is drawn once. Each draw has its own stream of the
/// seed's generator, so that the number of threads makes no difference and the same writers are drawn for every statistic.
pub(super) fn resampled(
    trials: &[Trial],
    once: &[f64],
    seed: u64,
    statistic: impl Fn(&Sample<'_>) -> f64 + Sync,
) -> Vec<Option<f64>> {
    let draw = |draw| {
        let drawn = weights(once.len(), seed, draw);
        let weights: Vec<f64> = drawn.iter().zip(once).map(|(times, once)| times * once).collect();
        let sample = Sample::new(trials, &weights);
        sample.has_both_classes().then(|| statistic(&sample))
    };
    (0..BOOTSTRAP_DRAWS).into_par_iter().map(draw).collect()
}

/// The percentile interval of what `resampled` gave, widened to the statistic of all writers where it misses it; None
/// of nothing.
pub fn percentile_interval(resampled: &[Option<f64>], point: f64) -> Option<[f64; 2]> {
    let mut ascending: Vec<f64> = resampled.iter().flatten().copied().collect();
    ascending.sort_unstable_by(f64::total_cmp);
    let (low, high) = (quantile(&ascending, TAIL)?, quantile(&ascending, 1.0 - TAIL)?);
    Some([low.min(point), high.max(point)])
}

/// How often each writer is drawn when as many are drawn as there are.
fn weights(writers: usize, seed: u64, draw: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(draw);
    let mut weights = vec![0.0; writers];
    for _ in 0..writers {
        weights[rng.random_range(0..writers)] += 1.0;
    }
    weights
}

/// The quantile of ascending values, linear between two of them; None of none.
fn quantile(ascending: &[f64], share: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    let place = share * last as f64;
    let low = place.floor() as usize;
    let high = place.ceil() as usize;
    let part = place - place.floor();
    Some(ascending[low] + part * (ascending[high] - ascending[low]))
}
