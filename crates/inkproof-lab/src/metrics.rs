//! Error rates of a verifier from the scores of genuine and forged comparisons.
//!
//! Conventions: a higher score means more alike; a comparison is accepted when its score >= threshold; FAR is the share
//! of forgeries accepted, FRR the share of genuine comparisons rejected. Both are step functions of the threshold; the
//! EER is the plain crossing of the two, linearly interpolated between the two neighbouring operating points (the
//! crossing of scikit-learn's `roc_curve` with the line FAR = FRR; no convex hull). The AUC is the probability that a
//! genuine comparison scores higher than a forgery, ties counting half.
//!
//! [`Scores`] holds both classes, sorted once; it can only exist with members in both and finite scores, so none of its
//! figures is ever undefined. Intervals resample the claimed writers with replacement and keep all comparisons of each
//! (cluster bootstrap; percentile interval): comparisons of one writer are no independent observations.

mod bootstrap;
mod sweep;

use crate::error::{Error, Result};
pub use bootstrap::BOOTSTRAP_DRAWS;

/// Scores of both classes with the claimed writer of each, ready for any metric.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Ascending.
    trials: Vec<Trial>,
    /// The number of distinct claimed writers; trials name them 0..writers.
    writers: usize,
}

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    pub score: f64,
    /// The claimed writer, by any number; equal numbers are the same writer.
    pub writer: usize,
    pub genuine: bool,
}

/// The point at which FAR and FRR are equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eer {
    /// 0..1.
    pub rate: f64,
    /// Where the two curves cross; in the middle of the gap between two scores where any place in it would do.
    pub threshold: f64,
}

/// FAR and FRR at one threshold, both 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingPoint {
    pub threshold: f64,
    pub far: f64,
    pub frr: f64,
}

impl Scores {
    /// Scores of comparisons with their writers.
    ///
    /// # Errors
    /// [`Error::EmptyClass`] when a class has no member, [`Error::ScoreNotFinite`] when a score is NaN or infinite.
    pub fn new(mut trials: Vec<Trial>) -> Result<Self> {
        for (genuine, class) in [(true, "genuine"), (false, "forgery")] {
            let mut members = trials.iter().filter(|trial| trial.genuine == genuine);
            if let Some(bad) = members.clone().find(|trial| !trial.score.is_finite()) {
                return Err(Error::ScoreNotFinite { class, score: bad.score });
            }
            members.next().ok_or(Error::EmptyClass { class })?;
        }
        let mut ids: Vec<usize> = trials.iter().map(|trial| trial.writer).collect();
        ids.sort_unstable();
        ids.dedup();
        for trial in &mut trials {
            trial.writer = ids.partition_point(|&id| id < trial.writer);
        }
        trials.sort_unstable_by(|a, b| a.score.total_cmp(&b.score));
        Ok(Self { trials, writers: ids.len() })
    }

    /// Scores of the two classes when nothing is known of the writers; [`Scores::eer_interval`] is then None.
    pub fn of_classes(genuine: &[f64], forgeries: &[f64]) -> Result<Self> {
        let trial = |genuine| move |&score: &f64| Trial { score, writer: 0, genuine };
        let genuine = genuine.iter().map(trial(true));
        Self::new(genuine.chain(forgeries.iter().map(trial(false))).collect())
    }

    /// The number of distinct claimed writers.
    pub fn writers(&self) -> usize {
        self.writers
    }

    /// The number of comparisons of the class.
    pub fn count(&self, genuine: bool) -> usize {
        let members = self.trials.iter().filter(|trial| trial.genuine == genuine);
        members.count()
    }

    /// The equal error rate with one global threshold.
    pub fn eer(&self) -> Eer {
        sweep::eer(&self.trials, |_| 1.0)
    }

    /// The area under the ROC curve, 0..1, ties counting half.
    pub fn auc(&self) -> f64 {
        sweep::auc(&self.trials)
    }

    /// FAR and FRR of a verifier that accepts from `threshold` on.
    pub fn at_threshold(&self, threshold: f64) -> OperatingPoint {
        let rejected = self.trials.partition_point(|trial| trial.score < threshold);
        let (below, above) = self.trials.split_at(rejected);
        let count = |trials: &[Trial], genuine| trials.iter().filter(|trial| trial.genuine == genuine).count() as f64;
        OperatingPoint {
            threshold,
            far: count(above, false) / self.count(false) as f64,
            frr: count(below, true) / self.count(true) as f64,
        }
    }

    /// The mean of the EERs that each writer would have with a threshold of its own. Optimistic: the thresholds are
    /// picked on the scores that they judge, and no verifier has forgeries of its writers to pick them with. Writers
    /// without comparisons of both classes do not count; None when that is all of them.
    pub fn eer_writer_thresholds(&self) -> Option<f64> {
        let mut by_writer = vec![Vec::new(); self.writers];
        for &trial in &self.trials {
            by_writer[trial.writer].push(trial);
        }
        let has = |trials: &[Trial], genuine| trials.iter().any(|trial| trial.genuine == genuine);
        by_writer.retain(|trials| has(trials, true) && has(trials, false));
        let rates = by_writer.iter().map(|trials| sweep::eer(trials, |_| 1.0).rate);
        (!by_writer.is_empty()).then(|| rates.sum::<f64>() / by_writer.len() as f64)
    }

    /// The 95 % interval of the EER over [`BOOTSTRAP_DRAWS`] resamplings of the claimed writers. It always contains
    /// the EER itself. None with fewer than two writers: one writer says nothing about others.
    pub fn eer_interval(&self, seed: u64) -> Option<[f64; 2]> {
        bootstrap::eer_interval(&self.trials, self.writers, seed)
    }

    /// FAR and FRR at `steps` >= 2 thresholds at equal distances from the lowest to just above the highest score.
    pub fn curve(&self, steps: usize) -> Vec<OperatingPoint> {
        let first = self.trials[0].score;
        let last = self.trials[self.trials.len() - 1].score.next_up();
        let threshold = |step| match step {
            step if step + 1 >= steps => last,
            step => first + (last - first) * step as f64 / (steps - 1) as f64,
        };
        (0..steps).map(|step| self.at_threshold(threshold(step))).collect()
    }
}

#[cfg(test)]
mod tests;
