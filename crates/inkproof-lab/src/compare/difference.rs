//! The difference of a figure between two verifiers on the same comparisons, with its interval.
//!
//! Each draw takes the claimed writers with replacement, the same ones for both verifiers, so what makes a writer easy or
//! hard for both cancels out (paired cluster bootstrap; B. Efron and R. Tibshirani, An Introduction to the Bootstrap,
//! 1993, chapter 8; percentile interval).

use serde::Serialize;

use crate::metrics::{Sample, Scores, percentile_interval};

/// A figure of two verifiers, and how they differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// The first verifier's figure.
    pub a: f64,
    /// The second verifier's figure.
    pub b: f64,
    /// a - b.
    pub difference: f64,
    /// Of the difference; None with fewer than two writers.
    pub ci95: Option<[f64; 2]>,
    /// Whether the interval excludes 0; None without an interval.
    pub shown: Option<bool>,
}

impl Difference {
    /// Of scores of the same comparisons; the writers are drawn by `seed`.
    pub(super) fn new(a: &Scores, b: &Scores, figure: fn(&Sample<'_>) -> f64, seed: u64) -> Self {
        let (of_a, of_b) = (figure(&a.whole()), figure(&b.whole()));
        let difference = of_a - of_b;
        let ci95 = (a.writers() >= 2).then(|| {
            let (drawn_a, drawn_b) = (a.resampled(seed, figure), b.resampled(seed, figure));
            let differences: Vec<_> = drawn_a.iter().zip(&drawn_b).map(|(a, b)| Some((*a)? - (*b)?)).collect();
            percentile_interval(&differences, difference)
        });
        let ci95 = ci95.flatten();
        let shown = ci95.map(|[low, high]| low > 0.0 || high < 0.0);
        Self { a: of_a, b: of_b, difference, ci95, shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Trial;

    /// Ten writers, some harder than others; `gain` is what the verifier adds to genuine scores.
    fn scores(gain: f64) -> Scores {
        let mut trials = Vec::new();
        for writer in 0..10 {
            let hardness = writer as f64 / 4.0;
            for repeat in 0..20 {
                let noise = ((repeat * 37 + writer * 11) % 20) as f64 / 10.0;
                let trial = |score, genuine| Trial { score, writer, questioned: 2 * repeat, genuine };
                trials.push(trial(noise + 1.5 + gain - hardness, true));
                trials.push(trial(noise, false));
            }
        }
        Scores::new(trials).unwrap()
    }

    fn eer(sample: &Sample<'_>) -> f64 {
        sample.eer().rate
    }

    #[test]
    fn a_small_gain_for_every_writer_is_seen_though_the_intervals_overlap() {
        let (before, after) = (scores(0.0), scores(0.3));
        let [_, high] = after.eer_interval(1).unwrap();
        let [low, _] = before.eer_interval(1).unwrap();
        assert!(low < high, "each interval by itself shows nothing");
        let paired = Difference::new(&after, &before, eer, 1);
        assert_eq!(paired.shown, Some(true), "{paired:?}");
        assert!(paired.difference < 0.0);
        assert_eq!(paired.a, after.eer().rate);
    }

    #[test]
    fn the_other_way_round_is_the_opposite() {
        for figure in [eer, |sample: &Sample<'_>| sample.auc()] {
            let (one, other) = (scores(0.0), scores(0.2));
            let there = Difference::new(&one, &other, figure, 3);
            let back = Difference::new(&other, &one, figure, 3);
            assert_eq!(there.difference, -back.difference);
            let ([low, high], [from, to]) = (there.ci95.unwrap(), back.ci95.unwrap());
            assert!((low + to).abs() < 1e-12 && (high + from).abs() < 1e-12);
            assert!(low <= there.difference && there.difference <= high);
        }
    }
}
