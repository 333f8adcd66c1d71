//! How well one number tells genuine-genuine pairs from genuine-forged pairs, and how sure that is.
//!
//! The score of a pair is minus the |difference| of its two images (equal words 0, others -1): if the cue tells nothing,
//! its AUC is 0.5; above, genuine pairs are more similar; below, less, which is as suspicious. Intervals resample the
//! writers with replacement and keep all pairs of each (cluster bootstrap), and are widened as few writers ask (expanded
//! percentile interval, Hesterberg 2015). All probes see the same draws.
//!
//! A probe leaks when its interval, corrected for the number of probes judged (Holm 1979), neither contains 0.5 nor stays
//! between 0.4 and 0.6. A forest has learned which way its score points, so below 0.5 it has only failed.

use inkproof::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::cue::{Cue, Role};
use super::pairs::Pairs;

/// How far from 0.5 an AUC may be without being called a leak.
pub const BOUND: f64 = 0.1;

/// Writers needed to judge; from fewer no interval can be trusted.
pub const FEWEST_WRITERS: usize = 5;

/// More draws than an interval of 95 % needs: Holm's intervals look further into the tails.
const DRAWS: u64 = 4_000;

/// The most groups of writers that are resampled; of more writers several make a group.
const MOST_GROUPS: usize = 300;

/// The share of false alarms that is allowed over all judged probes of a table.
const ALPHA: f64 = 0.05;

/// What one cue alone, or all together, would score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Probe {
    /// The cue's key.
    pub id: String,
    /// The cue's name.
    pub name: String,
    /// The cue's role.
    pub role: Role,
    /// All images have the same value.
    pub constant: bool,
    /// 0.5 means that it tells nothing; None where it is constant.
    pub auc: Option<f64>,
    /// Of the AUC, resampling the writers.
    pub ci95: Option<[f64; 2]>,
    /// The interval that was judged by, Holm-corrected; None where it is not judged.
    pub ci95_holm: Option<[f64; 2]>,
    /// Whether it tells more than it may.
    pub leak: bool,
}

/// The writers resampled, many times.
pub struct Resampling {
    /// The group of each writer.
    groups: Vec<usize>,
    /// How often each group is drawn, for every draw.
    draws: Vec<Vec<f64>>,
}

impl Resampling {
    /// Draws the writers; the same seed draws the same.
    pub fn new(writers: usize, seed: u64) -> Self {
        let count = writers.min(MOST_GROUPS);
        let draw = |number| {
            let mut rng = stream(seed, "audit: writers", number);
            let mut weights = vec![0.0; count];
            (0..count).for_each(|_| weights[rng.random_range(0..count)] += 1.0);
            weights
        };
        Self { groups: (0..writers).map(|writer| writer % count).collect(), draws: (0..DRAWS).map(draw).collect() }
    }

    /// The AUC of scores, one for each pair, over the writers at hand and ascending over all draws.
    pub fn auc(&self, pairs: &Pairs, scores: &[f64]) -> (f64, Vec<f64>) {
        let wins = Wins::count(pairs, scores, &self.groups);
        let point = wins.auc(&vec![1.0; wins.genuine.len()]);
        let mut drawn: Vec<f64> = self.draws.par_iter().map(|weights| wins.auc(weights)).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        (point, drawn)
    }
}

/// How often the genuine pairs of each group score higher than the forged pairs of each, ties counting half.
struct Wins {
    wins: Vec<f64>,
    genuine: Vec<f64>,
    forged: Vec<f64>,
}

impl Wins {
    fn count(pairs: &Pairs, scores: &[f64], groups: &[usize]) -> Self {
        let count = groups.iter().max().map_or(0, |last| last + 1);
        let (mut genuine, mut forged) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (pair, &score) in pairs.list.iter().zip(scores) {
            let class = if pair.genuine { &mut genuine } else { &mut forged };
            class[groups[pair.writer]].push(score);
        }
        forged.iter_mut().for_each(|scores| scores.sort_unstable_by(f64::total_cmp));
        let places: Vec<_> = (0..count * count).collect();
        let wins = places.par_iter().map(|&at| {
            let against = &forged[at % count];
            let won = |&score: &f64| {
                let below = against.partition_point(|&other| other < score);
                let tied = against[below..].partition_point(|&other| other <= score);
                below as f64 + tied as f64 / 2.0
            };
            genuine[at / count].iter().map(won).sum()
        });
        let sizes = |class: &[Vec<f64>]| class.iter().map(|scores| scores.len() as f64).collect();
        Self { wins: wins.collect(), genuine: sizes(&genuine), forged: sizes(&forged) }
    }

    /// The AUC when the pairs of each group count as often as its weight says. Every group has pairs of both classes.
    fn auc(&self, weights: &[f64]) -> f64 {
        let total = |sizes: &[f64]| sizes.iter().zip(weights).map(|(size, weight)| size * weight).sum::<f64>();
        let rows = self.wins.chunks_exact(weights.len());
        let won = rows.zip(weights).filter(|&(_, &weight)| weight > 0.0);
        let won: f64 = won.map(|(row, weight)| weight * row.iter().zip(weights).map(|(w, n)| w * n).sum::<f64>()).sum();
        won / (total(&self.genuine) * total(&self.forged))
    }
}

/// A probe that was measured and is to be judged among others.
pub struct Measured {
    /// What was found.
    pub probe: Probe,
    /// Ascending; empty where the cue is constant.
    pub drawn: Vec<f64>,
    /// Who were resampled.
    pub writers: usize,
    /// Only above 0.5 does it tell anything.
    pub directed: bool,
}

impl Measured {
    /// From the AUC and those of the resamplings.
    pub fn new(cue: Cue, (auc, drawn): (f64, Vec<f64>), writers: usize) -> Self {
        let Cue { id, name, role } = cue;
        let ci95 = Some(interval(&drawn, ALPHA, auc, writers));
        let (id, name) = (id.to_owned(), name.to_owned());
        let probe = Probe { id, name, role, constant: false, auc: Some(auc), ci95, ci95_holm: None, leak: false };
        Self { probe, drawn, writers, directed: false }
    }

    /// Of a cue that has one value only.
    pub fn constant(cue: Cue) -> Self {
        let Cue { id, name, role } = cue;
        let (id, name) = (id.to_owned(), name.to_owned());
        let probe = Probe { id, name, role, constant: true, auc: None, ci95: None, ci95_holm: None, leak: false };
        Self { probe, drawn: Vec::new(), writers: 0, directed: false }
    }

    /// Twice the share of draws on the wrong side of 0.5.
    fn p(&self) -> f64 {
        let below = self.drawn.iter().filter(|&&auc| auc <= 0.5).count();
        let above = self.drawn.iter().filter(|&&auc| auc >= 0.5).count();
        (2.0 * below.min(above) as f64 / self.drawn.len() as f64).min(1.0)
    }
}

/// Judges the probes of one table together, the surest first (Holm's step-down: from the first that may be chance on,
/// all may be).
pub fn judge(mut measured: Vec<Measured>) -> Vec<Probe> {
    let is_judged = |one: &Measured| one.probe.role == Role::Judged && !one.probe.constant;
    let mut order: Vec<usize> = (0..measured.len()).filter(|&at| is_judged(&measured[at])).collect();
    // Of those that no draw puts on the wrong side, the one that tells most comes first.
    let away = |at: usize| (measured[at].probe.auc.unwrap_or(0.5) - 0.5).abs();
    order.sort_by(|&a, &b| measured[a].p().total_cmp(&measured[b].p()).then(away(b).total_cmp(&away(a))));
    let mut sure = true;
    for (rank, &at) in order.iter().enumerate() {
        let Measured { probe, drawn, writers, directed } = &mut measured[at];
        let auc = probe.auc.unwrap_or(0.5);
        let [low, high] = interval(drawn, ALPHA / (order.len() - rank) as f64, auc, *writers);
        sure &= low > 0.5 || high < 0.5;
        probe.ci95_holm = Some([low, high]);
        let above = low > 0.5 && high >= 0.5 + BOUND;
        let below = high < 0.5 && low <= 0.5 - BOUND && !*directed;
        probe.leak = sure && (above || below);
    }
    measured.into_iter().map(|one| one.probe).collect()
}

/// The percentile interval that leaves `alpha` outside, its distances from the figure stretched by what Student's
/// quantile of so few writers is over the normal one.
fn interval(ascending: &[f64], alpha: f64, auc: f64, writers: usize) -> [f64; 2] {
    let last = ascending.len() - 1;
    let outside = (alpha / 2.0 * last as f64).floor() as usize;
    let free = (writers.max(2) - 1) as f64;
    let stretch = student(alpha / 2.0, free) / normal(alpha / 2.0) * (1.0 + 1.0 / free).sqrt();
    let end = |drawn: f64| (auc + stretch * (drawn - auc)).clamp(0.0, 1.0);
    [end(ascending[outside]).min(auc), end(ascending[last - outside]).max(auc)]
}

/// The normal quantile above which `tail` lies (Abramowitz and Stegun 26.2.23; within 0.0005).
fn normal(tail: f64) -> f64 {
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    t - above / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}

/// Student's quantile above which `tail` lies, from the normal one (Abramowitz and Stegun 26.7.5).
fn student(tail: f64, free: f64) -> f64 {
    let z = normal(tail);
    let z2 = z * z;
    let terms = [
        z * (z2 + 1.0) / 4.0,
        z * (z2 * (5.0 * z2 + 16.0) + 3.0) / 96.0,
        z * (z2 * (z2 * (3.0 * z2 + 19.0) + 17.0) - 15.0) / 384.0,
    ];
    z + terms[0] / free + terms[1] / free.powi(2) + terms[2] / free.powi(3)
}

#[cfg(test)]
mod tests {
    use super::super::pairs::Pair;
    use super::*;
    use crate::metrics::Scores;
    use proptest::prelude::*;

    /// Pairs of `writers` writers, three genuine and two forged each.
    fn pairs(writers: usize) -> Pairs {
        let of = |writer| (0..5).map(move |n| Pair { a: 0, b: 0, writer, genuine: n < 3 });
        Pairs { list: (0..writers).flat_map(of).collect(), writers }
    }

    fn measured(auc: f64, spread: f64) -> Measured {
        let drawn = (0..4000).map(|i| auc + spread * (f64::from(i) / 2000.0 - 1.0)).collect();
        Measured::new(Cue::judged("x", "x"), (auc, drawn), 1_000_000)
    }

    #[test]
    fn a_leak_is_sure_and_large() {
        let leaks = |ones: Vec<Measured>| judge(ones).iter().map(|probe| probe.leak).collect::<Vec<_>>();
        assert_eq!(leaks(vec![measured(0.9, 0.05)]), [true]);
        assert_eq!(leaks(vec![measured(0.1, 0.05)]), [true], "the other way round is as suspicious");
        assert_eq!(leaks(vec![measured(0.55, 0.2)]), [false], "it may be chance");
        assert_eq!(leaks(vec![measured(0.55, 0.02)]), [false], "sure, but small");
        let close = || measured(0.6, 0.104);
        assert_eq!(leaks(vec![close()]), [true]);
        let many = (0..20).map(|_| close()).collect();
        assert!(leaks(many).iter().all(|&leak| !leak), "one of twenty may be chance");
        assert_eq!(judge(vec![Measured::constant(Cue::judged("x", "x"))])[0].ci95_holm, None);
    }

    #[test]
    fn the_surest_is_judged_first_whatever_its_place() {
        // Of 14 writers, the interval of the first is stretched beyond 0.5, though no draw is.
        let hardly = Measured { writers: 14, ..measured(0.55, 0.045) };
        let telling = Measured { writers: 14, ..measured(1.0, 0.0) };
        assert_eq!(judge(vec![hardly, telling]).iter().map(|probe| probe.leak).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_forest_that_failed_is_no_leak() {
        let failed = Measured { directed: true, ..measured(0.1, 0.05) };
        let telling = Measured { directed: true, ..measured(0.9, 0.05) };
        assert_eq!(judge(vec![failed, telling]).iter().map(|probe| probe.leak).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn few_writers_have_wide_intervals() {
        // Quantiles as in any table.
        for (tail, free, expected) in
            [(0.025, 13.0, 2.160), (0.025, 7.0, 2.365), (0.001, 42.0, 3.296), (0.005, 6.0, 3.707)]
        {
            assert!((student(tail, free) - expected).abs() < 0.01, "{tail} {free} {}", student(tail, free));
        }
        assert!((normal(0.025) - 1.960).abs() < 0.001);
        let drawn: Vec<f64> = (0..=4000).map(|i| 0.4 + f64::from(i) / 20_000.0).collect();
        let width = |writers| interval(&drawn, 0.05, 0.5, writers)[1] - 0.5;
        assert!((width(1_000_000) - 0.095).abs() < 1e-4);
        assert!((width(8) / width(1_000_000) - 2.365 / 1.96 * (8.0_f64 / 7.0).sqrt()).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn the_auc_is_that_of_the_metrics_and_its_interval_contains_it(scores in proptest::collection::vec(0_u8..9, 30)) {
            let (pairs, scores) = (pairs(6), scores.into_iter().map(f64::from).collect::<Vec<_>>());
            let (auc, drawn) = Resampling::new(6, 1).auc(&pairs, &scores);
            let of = |genuine| -> Vec<f64> {
                let members = pairs.list.iter().zip(&scores).filter(|(pair, _)| pair.genuine == genuine);
                members.map(|(_, &score)| score).collect()
            };
            prop_assert!((auc - Scores::from_classes(&of(true), &of(false)).unwrap().auc()).abs() < 1e-12);
            let [low, high] = interval(&drawn, 0.05, auc, 6);
            prop_assert!(low <= auc && auc <= high);
        }
    }
}
