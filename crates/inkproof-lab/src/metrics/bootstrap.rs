//! Intervals by resampling writers, and where they are of several populations, these first. The trials are sorted once; a
//! draw only changes how often each writer counts.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Sample, Trial};

/// How many times the writers are resampled.
pub const BOOTSTRAP_DRAWS: u64 = 1_000;

const TAIL: f64 = 0.025;

/// A statistic in each of so many draws, in order; None where the draw left a class empty, which only happens where some
/// writers have one class alone. Each draw has its own stream of the seed's generator, so that the number of threads makes
/// no difference and the same writers are drawn for every statistic.
pub(super) fn resampled<T: Send>(
    trials: &[Trial],
    writers: &Writers,
    draws: u64,
    seed: u64,
    statistic: impl Fn(&Sample<'_>) -> T + Sync,
) -> Vec<Option<T>> {
    let draw = |draw| {
        let weights = writers.drawn(seed, draw);
        let sample = Sample::new(trials, &weights);
        sample.has_both_classes().then(|| statistic(&sample))
    };
    (0..draws).into_par_iter().map(draw).collect()
}

/// The percentile interval of what `resampled` gave, widened to the statistic of all writers where it misses it; None
/// of nothing.
pub fn percentile_interval(resampled: &[Option<f64>], point: f64) -> Option<[f64; 2]> {
    let mut ascending: Vec<f64> = resampled.iter().flatten().copied().collect();
    ascending.sort_unstable_by(f64::total_cmp);
    let (low, high) = (quantile(&ascending, TAIL)?, quantile(&ascending, 1.0 - TAIL)?);
    Some([low.min(point), high.max(point)])
}

/// What writers count for, and who of them are of one population.
#[derive(Debug, Clone)]
pub(super) struct Writers {
    /// For each writer what it counts for where it is drawn once.
    pub weights: Vec<f64>,
    /// The writers of each population.
    pub populations: Vec<Vec<usize>>,
}

impl Writers {
    /// So many of one population, of whom each counts for 1.
    pub fn new(count: usize) -> Self {
        Self { weights: vec![1.0; count], populations: vec![(0..count).collect()] }
    }

    /// Writers by their population; populations count for the same, whatever `trials_of` each writer there are.
    pub fn of_populations(population: &[usize], trials_of: &[f64]) -> Self {
        let mut members = BTreeMap::<usize, Vec<usize>>::new();
        for (writer, population) in population.iter().enumerate() {
            members.entry(*population).or_default().push(writer);
        }
        let even = trials_of.iter().sum::<f64>() / members.len() as f64;
        let mut weights = vec![0.0; population.len()];
        for members in members.values() {
            let trials: f64 = members.iter().map(|&writer| trials_of[writer]).sum();
            members.iter().for_each(|&writer| weights[writer] = even / trials);
        }
        Self { weights, populations: members.into_values().collect() }
    }

    /// What each counts for when as many populations are drawn as there are, and of each as many writers as it has.
    fn drawn(&self, seed: u64, draw: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(draw);
        let mut weights = vec![0.0; self.weights.len()];
        for number in 0..self.populations.len() {
            let drawn = if self.populations.len() == 1 { number } else { rng.random_range(0..self.populations.len()) };
            let members = &self.populations[drawn];
            for _ in members {
                let writer = members[rng.random_range(0..members.len())];
                weights[writer] += self.weights[writer];
            }
        }
        weights
    }
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
