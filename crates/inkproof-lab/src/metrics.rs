//! Error rates of a verifier from the scores of genuine and forged comparisons.
//!
//! Conventions: a higher score means more similar; a comparison is accepted when its score >= threshold; FAR is the share
//! of forgeries accepted, FRR the share of genuine comparisons rejected. Both are step functions of the threshold; the
//! EER is the plain crossing of the two, linearly interpolated between the two neighbouring operating points (the
//! crossing of scikit-learn's `roc_curve` with the line FAR = FRR; no convex hull). The AUC is the probability that a
//! genuine comparison scores higher than a forgery, ties counting half. The FRR at a wanted FAR is that of the lowest
//! threshold which holds the FAR, without interpolation; it is refused where there are fewer than 3 / FAR different
//! questioned forgeries, since seeing none accepted would not show the FAR (rule of 3; ISO/IEC 19795-1): the same image
//! in several draws or against several writers counts once. Likelihood ratios have `likelihood.rs`.
//!
//! [`Scores`] holds both classes, sorted once; it can only exist with members in both and finite scores, so none of its
//! figures is ever undefined. Intervals resample the claimed writers with replacement and keep all comparisons of each
//! (cluster bootstrap; percentile interval): comparisons of one writer are not independent observations.

mod bootstrap;
mod curves;
mod likelihood;
mod sweep;

use std::collections::HashSet;

use crate::error::{Error, Result};
use bootstrap::Writers;
pub use bootstrap::{BOOTSTRAP_DRAWS, percentile_interval};
pub use curves::RiskPoint;
pub use likelihood::ReliabilityBin;
pub use sweep::Sample;

/// The rule of 3: with no error among n, the rate is below 3 / n at 95 % confidence.
pub(crate) const RULE_OF_3: f64 = 3.0;

/// Scores of both classes with the claimed writer of each, ready for any metric.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Ascending.
    trials: Vec<Trial>,
    /// What each distinct claimed writer counts for; trials name them 0..writers.
    writers: Writers,
    /// Different questioned images among the forgeries.
    forged_images: usize,
}

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Higher is more similar.
    pub score: f64,
    /// The claimed writer, by any number; equal numbers are the same writer.
    pub writer: usize,
    /// The questioned image, by any number; equal numbers are the same image.
    pub questioned: usize,
    /// What the questioned signature is.
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
    /// Accepted is what scores at least this.
    pub threshold: f64,
    /// Share of the forgeries that are accepted, 0..1.
    pub far: f64,
    /// Share of the genuine signatures that are rejected, 0..1.
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
        let forged = trials.iter().filter(|trial| !trial.genuine);
        let forged_images = forged.map(|trial| trial.questioned).collect::<HashSet<_>>().len();
        Ok(Self { trials, writers: Writers::new(ids.len()), forged_images })
    }

    /// Scores of the two classes, each of an image of its own, when nothing is known of the writers; intervals are then
    /// None.
    pub fn from_classes(genuine: &[f64], forgeries: &[f64]) -> Result<Self> {
        let classes = genuine.iter().map(|score| (score, true)).chain(forgeries.iter().map(|score| (score, false)));
        let trial = |(questioned, (&score, genuine))| Trial { score, writer: 0, questioned, genuine };
        Self::new(classes.enumerate().map(trial).collect())
    }

    /// The same comparisons with each score replaced, as by its log10 likelihood ratio.
    ///
    /// # Errors
    /// [`Error::ScoreNotFinite`] when `map` gives NaN or infinity.
    pub fn mapped(&self, map: impl Fn(f64) -> f64) -> Result<Self> {
        Self::new(self.trials.iter().map(|trial| Trial { score: map(trial.score), ..*trial }).collect())
    }

    /// The same comparisons of writers whose populations these are, in the order of the writers' numbers: each population
    /// counts for as much as the others, and intervals resample populations and then their writers.
    ///
    /// # Panics
    /// Where there are not as many as writers.
    #[must_use]
    pub(crate) fn of_populations(self, population: &[usize]) -> Self {
        assert_eq!(population.len(), self.writers(), "a population for each writer");
        let mut trials_of = vec![0.0; population.len()];
        self.trials.iter().for_each(|trial| trials_of[trial.writer] += 1.0);
        Self { writers: Writers::of_populations(population, &trials_of), ..self }
    }

    /// The comparisons, ascending by score; their writers are numbered from 0 in the order of the numbers given.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The number of distinct claimed writers.
    pub fn writers(&self) -> usize {
        self.writers.weights.len()
    }

    /// The number of populations that the writers are of.
    pub(crate) fn populations(&self) -> usize {
        self.writers.populations.len()
    }

    /// The number of different questioned images among the forgeries.
    pub fn forged_images(&self) -> usize {
        self.forged_images
    }

    /// The number of comparisons of the class.
    pub fn count(&self, genuine: bool) -> usize {
        let members = self.trials.iter().filter(|trial| trial.genuine == genuine);
        members.count()
    }

    /// The equal error rate with one global threshold.
    pub fn eer(&self) -> Eer {
        self.whole().eer()
    }

    /// The area under the ROC curve, 0..1, ties counting half.
    pub fn auc(&self) -> f64 {
        self.whole().auc()
    }

    /// FAR and FRR of a verifier that accepts from `threshold` on.
    pub fn at_threshold(&self, threshold: f64) -> OperatingPoint {
        self.whole().at_threshold(threshold)
    }

    /// The lowest threshold at which no more than `far` of the forgeries are accepted, with what FAR and FRR are there.
    ///
    /// # Errors
    /// [`Error::TooFewForgeries`] when there are fewer than 3 / `far` different questioned forgeries, [`Error::WantedFar`]
    /// when `far` is not between 0 and 1.
    pub fn at_far(&self, far: f64) -> Result<OperatingPoint> {
        if !(far > 0.0 && far < 1.0) {
            return Err(Error::WantedFar(far));
        }
        // 3 / 0.01 is to be 300 whatever the last bit says.
        let needed = (RULE_OF_3 / far - 1e-6).ceil() as usize;
        match self.forged_images {
            images if images < needed => Err(Error::TooFewForgeries { far, images, needed }),
            _ => Ok(self.whole().at_far(far)),
        }
    }

    /// The mean of the EERs that each writer would have with a threshold of its own. Optimistic: the thresholds are
    /// picked on the scores that they judge, and no verifier has forgeries of its writers to pick them with. Writers
    /// without comparisons of both classes do not count; None when that is all of them.
    pub fn eer_writer_thresholds(&self) -> Option<f64> {
        let mut by_writer = vec![Vec::new(); self.writers()];
        for &trial in &self.trials {
            by_writer[trial.writer].push(trial);
        }
        let has = |trials: &[Trial], genuine| trials.iter().any(|trial| trial.genuine == genuine);
        by_writer.retain(|trials| has(trials, true) && has(trials, false));
        let rates = by_writer.iter().map(|trials| Sample::new(trials, &self.writers.weights).eer().rate);
        (!by_writer.is_empty()).then(|| rates.sum::<f64>() / by_writer.len() as f64)
    }

    /// The 95 % interval of a statistic over [`BOOTSTRAP_DRAWS`] resamplings of the claimed writers. It always contains
    /// the statistic of all writers. None with fewer than two writers: one writer says nothing about others.
    pub fn interval(&self, seed: u64, statistic: impl Fn(&Sample<'_>) -> f64 + Sync) -> Option<[f64; 2]> {
        if self.writers() < 2 {
            return None;
        }
        percentile_interval(&self.resampled(seed, &statistic), statistic(&self.whole()))
    }

    /// A statistic in each of [`BOOTSTRAP_DRAWS`] resamplings of the claimed writers; None where a class was left empty.
    /// Scores of the same writers have the same writers drawn by the same seed, so that two models can be compared draw
    /// by draw.
    pub fn resampled(&self, seed: u64, statistic: impl Fn(&Sample<'_>) -> f64 + Sync) -> Vec<Option<f64>> {
        self.drawn(BOOTSTRAP_DRAWS, seed, statistic)
    }

    /// [`Scores::resampled`] so many times, of anything.
    pub(crate) fn drawn<T: Send>(
        &self,
        draws: u64,
        seed: u64,
        statistic: impl Fn(&Sample<'_>) -> T + Sync,
    ) -> Vec<Option<T>> {
        bootstrap::resampled(&self.trials, &self.writers, draws, seed, statistic)
    }

    /// [`Scores::interval`] of the EER.
    pub fn eer_interval(&self, seed: u64) -> Option<[f64; 2]> {
        self.interval(seed, |sample| sample.eer().rate)
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

    /// Every writer by its weight.
    pub(crate) fn whole(&self) -> Sample<'_> {
        Sample::new(&self.trials, &self.writers.weights)
    }
}

#[cfg(test)]
mod tests;
