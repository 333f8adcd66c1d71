//! Intervals by resampling writers. The trials are sorted once; a draw only changes how often each writer counts.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Trial, sweep};

/// How many times the writers are resampled.
pub const BOOTSTRAP_DRAWS: u64 = 1_000;

const TAIL: f64 = 0.025;

/// The percentile interval of the EER, widened to the EER of all writers where it misses it. Each draw has its own
/// stream of the seed's generator, so that the number of threads makes no difference.
pub(super) fn eer_interval(trials: &[Trial], writers: usize, seed: u64) -> Option<[f64; 2]> {
    if writers < 2 {
        return None;
    }
    let mut rates: Vec<f64> = (0..BOOTSTRAP_DRAWS)
        .into_par_iter()
        .filter_map(|draw| resampled_eer(trials, &weights(writers, seed, draw)))
        .collect();
    rates.sort_unstable_by(f64::total_cmp);
    let point = sweep::eer(trials, |_| 1.0).rate;
    let (low, high) = (quantile(&rates, TAIL)?, quantile(&rates, 1.0 - TAIL)?);
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

/// None when the draw left a class empty, which only happens where some writers have one class alone.
fn resampled_eer(trials: &[Trial], weights: &[f64]) -> Option<f64> {
    let drawn = |genuine| trials.iter().any(|trial| trial.genuine == genuine && weights[trial.writer] > 0.0);
    (drawn(true) && drawn(false)).then(|| sweep::eer(trials, |writer| weights[writer]).rate)
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
