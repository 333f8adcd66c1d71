//! How good likelihood ratios are: the cost Cllr, its least value under any monotone calibration, and reliability.
//!
//! Cllr = 1/2 (mean over genuine of log2(1 + 1/LR) + mean over forgeries of log2(1 + LR)): 0 is perfect, 1 is what LR 1
//! for everything costs, more than 1 misleads (Brümmer and du Preez, "Application-independent evaluation of speaker
//! detection", Computer Speech and Language 20, 2006). Cllr_min is the Cllr of the best non-decreasing calibration of
//! the scores, found on the test itself by pooling adjacent violators (PAV); scores that tie stay together. What lies
//! between the two is the calibration loss.

use inkproof::Log10Lr;

use super::{Sample, Scores, Trial};

/// One bar of a reliability plot. Both classes weigh the same in it, as for a flat prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// The mean probability of "genuine" that the likelihood ratios state.
    pub stated: f64,
    /// The share that is genuine.
    pub observed: f64,
    /// Comparisons.
    pub count: usize,
}

impl Scores {
    /// The cost of the likelihood ratios that `calibration` makes of the scores.
    pub fn cllr(&self, calibration: impl Fn(f64) -> Log10Lr) -> f64 {
        self.whole().mean_cost(&self.costs(calibration))
    }

    /// The 95 % interval of [`Scores::cllr`], as [`Scores::interval`] makes it.
    pub fn cllr_interval(&self, seed: u64, calibration: impl Fn(f64) -> Log10Lr) -> Option<[f64; 2]> {
        let costs = self.costs(calibration);
        self.interval(seed, |sample| sample.mean_cost(&costs))
    }

    /// The least Cllr that any non-decreasing calibration could have on these scores, 0..1.
    pub fn cllr_min(&self) -> f64 {
        self.whole().cllr_min()
    }

    /// Stated against observed probabilities, by `bins` equal parts of the stated one; parts without comparisons are
    /// left out.
    pub fn reliability(&self, calibration: impl Fn(f64) -> Log10Lr, bins: usize) -> Vec<ReliabilityBin> {
        #[derive(Clone, Copy, Default)]
        struct Sums {
            stated: f64,
            genuine: f64,
            all: f64,
            count: usize,
        }
        let bins = bins.max(1);
        let class_weight = [1.0 / self.count(false) as f64, 1.0 / self.count(true) as f64];
        let mut sums = vec![Sums::default(); bins];
        for trial in &self.trials {
            let stated = calibration(trial.score).probability();
            let weight = class_weight[usize::from(trial.genuine)];
            let bin = &mut sums[((stated * bins as f64) as usize).min(bins - 1)];
            bin.stated += weight * stated;
            bin.genuine += weight * f64::from(u8::from(trial.genuine));
            bin.all += weight;
            bin.count += 1;
        }
        let filled = sums.into_iter().filter(|bin| bin.count > 0);
        let bin = |bin: Sums| ReliabilityBin {
            stated: bin.stated / bin.all,
            observed: bin.genuine / bin.all,
            count: bin.count,
        };
        filled.map(bin).collect()
    }

    /// Each trial's part of the Cllr, in order.
    fn costs(&self, calibration: impl Fn(f64) -> Log10Lr) -> Vec<f64> {
        self.trials.iter().map(|trial| cost(trial, calibration(trial.score))).collect()
    }
}

/// What a likelihood ratio costs, in bits: log2(1 + 1/LR) where the signature is genuine, else log2(1 + LR).
fn cost(trial: &Trial, lr: Log10Lr) -> f64 {
    let against_truth = if trial.genuine { -lr.get() } else { lr.get() };
    let nats = against_truth * std::f64::consts::LN_10;
    // ln(1 + exp(x)) without overflow.
    (nats.max(0.0) + (-nats.abs()).exp().ln_1p()) / std::f64::consts::LN_2
}

/// Neighbouring scores to which the best monotone calibration gives one likelihood ratio, genuine / forged.
#[derive(Clone, Copy)]
struct Pool {
    /// Shares of each class.
    genuine: f64,
    forged: f64,
}

impl Sample<'_> {
    /// See [`Scores::cllr_min`].
    pub fn cllr_min(&self) -> f64 {
        let pools = self.pooled();
        let (genuine, forged) = pools.iter().fold((0.0, 0.0), |(g, f), pool| (g + pool.genuine, f + pool.forged));
        // A part of a class weighs nothing where it is empty, whatever the other class makes of its ratio.
        let bits = |part: f64, other: f64| if part > 0.0 { part * (other / part).ln_1p() } else { 0.0 };
        let cost = |pool: &Pool| {
            let (g, f) = (pool.genuine / genuine, pool.forged / forged);
            bits(g, f) + bits(f, g)
        };
        pools.iter().map(cost).sum::<f64>() / (2.0 * std::f64::consts::LN_2)
    }

    /// Pools of which each has a higher likelihood ratio than the one before.
    fn pooled(&self) -> Vec<Pool> {
        let mut pools: Vec<Pool> = Vec::new();
        for block in self.blocks() {
            let mut last = Pool { genuine: block.genuine, forged: block.forged };
            // The ratios compared without division; a block without weight joins whatever is there.
            while let Some(before) = pools.pop_if(|before| before.genuine * last.forged >= last.genuine * before.forged)
            {
                last = Pool { genuine: before.genuine + last.genuine, forged: before.forged + last.forged };
            }
            pools.push(last);
        }
        pools
    }
}
