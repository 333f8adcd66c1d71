//! How well one number tells genuine-genuine pairs from genuine-forged pairs, and how sure that is.
//!
//! The score of a pair is minus the |difference| of its two images (equal words 0, others -1): if the cue tells nothing,
//! its AUC is 0.5; above, genuine pairs are more alike; below, less, which is as suspicious. Intervals resample the
//! writers with replacement and keep all pairs of each (cluster bootstrap, percentile). All probes see the same draws.
//!
//! A probe leaks when its interval, corrected for the number of probes judged (Holm 1979), neither contains 0.5 nor stays
//! between 0.4 and 0.6.

use inkproof::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::cue::Role;
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
    pub id: String,
    pub name: String,
    pub role: Role,
    /// All images have the same value.
    pub constant: bool,
    /// 0.5 means that it tells nothing; None where it is constant.
    pub auc: Option<f64>,
    pub ci95: Option<[f64; 2]>,
    /// The interval that was judged by, Holm-corrected; None where it is not judged.
    pub ci95_holm: Option<[f64; 2]>,
    /// Whether it tells more than it may.
    pub leak: bool,
}

/// The writers drawn anew, many times.
pub struct Resampling {
    /// The group of each writer.
    groups: Vec<usize>,
    /// How often each group is drawn, for every draw.
    draws: Vec<Vec<f64>>,
}

impl Resampling {
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
        let wins = Wins::of(pairs, scores, &self.groups);
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
    fn of(pairs: &Pairs, scores: &[f64], groups: &[usize]) -> Self {
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
    pub probe: Probe,
    /// Ascending; empty where the cue is constant.
    pub drawn: Vec<f64>,
}

impl Measured {
    pub fn new(id: &str, name: &str, role: Role, auc: f64, drawn: Vec<f64>) -> Self {
        let ci95 = Some(interval(&drawn, ALPHA, auc));
        let (id, name) = (id.to_owned(), name.to_owned());
        let probe = Probe { id, name, role, constant: false, auc: Some(auc), ci95, ci95_holm: None, leak: false };
        Self { probe, drawn }
    }

    pub fn constant(id: &str, name: &str, role: Role) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        let probe = Probe { id, name, role, constant: true, auc: None, ci95: None, ci95_holm: None, leak: false };
        Self { probe, drawn: Vec::new() }
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
    order.sort_by(|&a, &b| measured[a].p().total_cmp(&measured[b].p()));
    let mut sure = true;
    for (rank, &at) in order.iter().enumerate() {
        let Measured { probe, drawn } = &mut measured[at];
        let auc = probe.auc.unwrap_or(0.5);
        let [low, high] = interval(drawn, ALPHA / (order.len() - rank) as f64, auc);
        sure &= low > 0.5 || high < 0.5;
        probe.ci95_holm = Some([low, high]);
        probe.leak = sure && (high >= 0.5 + BOUND || low <= 0.5 - BOUND);
    }
    measured.into_iter().map(|one| one.probe).collect()
}

/// The percentile interval that leaves `alpha` outside, widened to the figure itself.
fn interval(ascending: &[f64], alpha: f64, auc: f64) -> [f64; 2] {
    let last = ascending.len() - 1;
    let outside = (alpha / 2.0 * last as f64).floor() as usize;
    [ascending[outside].min(auc), ascending[last - outside].max(auc)]
}

#[cfg(test)]
mod tests {
    use super::super::pairs::Pair;
    use super::*;
    use crate::metrics::{Scores, Trial};
    use proptest::prelude::*;

    /// Pairs of `writers` writers, three genuine and two forged each.
    fn pairs(writers: usize) -> Pairs {
        let of = |writer| (0..5).map(move |n| Pair { a: 0, b: 0, writer, genuine: n < 3 });
        Pairs { list: (0..writers).flat_map(of).collect(), writers }
    }

    fn measured(auc: f64, spread: f64) -> Measured {
        let drawn = (0..4000).map(|i| auc + spread * (f64::from(i) / 2000.0 - 1.0)).collect();
        Measured::new("x", "x", Role::Judged, auc, drawn)
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
        assert_eq!(judge(vec![Measured::constant("x", "x", Role::Judged)])[0].ci95_holm, None);
    }

    proptest! {
        #[test]
        fn the_auc_is_that_of_the_metrics_and_its_interval_contains_it(scores in proptest::collection::vec(0_u8..9, 30)) {
            let (pairs, scores) = (pairs(6), scores.into_iter().map(f64::from).collect::<Vec<_>>());
            let (auc, drawn) = Resampling::new(6, 1).auc(&pairs, &scores);
            let trial = |(pair, &score): (&Pair, &f64)| Trial {
                score,
                writer: pair.writer,
                questioned: pair.b,
                genuine: pair.genuine,
            };
            let trials = pairs.list.iter().zip(&scores).map(trial).collect();
            prop_assert!((auc - Scores::new(trials).unwrap().auc()).abs() < 1e-12);
            let [low, high] = interval(&drawn, 0.05, auc);
            prop_assert!(low <= auc && auc <= high);
        }
    }
}
