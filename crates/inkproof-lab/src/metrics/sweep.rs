//! One pass over sorted trials, from the threshold that accepts everything to the one that accepts nothing.

use super::{Eer, OperatingPoint, Trial};

/// Trials, ascending by score, of which each counts as often as its writer was drawn.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    trials: &'a [Trial],
    /// By writer.
    weights: &'a [f64],
}

/// Trials of one score; no threshold parts them.
pub(super) struct Block {
    pub score: f64,
    /// The next higher score.
    pub next: Option<f64>,
    /// The weight of either class.
    pub genuine: f64,
    pub forged: f64,
}

/// An operating point: FAR, FRR, and the scores between which every threshold gives them.
pub(super) struct Point {
    pub far: f64,
    pub frr: f64,
    /// The highest score that is rejected.
    below: Option<f64>,
    /// The lowest score that is accepted.
    above: Option<f64>,
}

impl Point {
    fn excess(&self) -> f64 {
        self.far - self.frr
    }

    /// The middle of the gap between rejected and accepted scores; next to the last score at the ends.
    fn threshold(&self) -> f64 {
        match (self.below, self.above) {
            (Some(below), Some(above)) => {
                let middle = below + (above - below) / 2.0;
                if middle > below { middle } else { above }
            }
            (None, Some(above)) => above,
            (Some(below), None) => below.next_up(),
            (None, None) => f64::NAN,
        }
    }

    pub(super) fn operating_point(&self) -> OperatingPoint {
        OperatingPoint { threshold: self.threshold(), far: self.far, frr: self.frr }
    }
}

impl<'a> Sample<'a> {
    pub(super) fn new(trials: &'a [Trial], weights: &'a [f64]) -> Self {
        Self { trials, weights }
    }

    /// The trials, each with its weight.
    pub(crate) fn weighed(&self) -> impl Iterator<Item = (&'a Trial, f64)> {
        self.trials.iter().map(|trial| (trial, self.weight(trial)))
    }

    /// Whether both classes have weight, without which no figure is defined.
    pub(super) fn has_both_classes(&self) -> bool {
        let has = |genuine| self.trials.iter().any(|trial| trial.genuine == genuine && self.weight(trial) > 0.0);
        has(true) && has(false)
    }

    /// The crossing of FAR and FRR.
    pub fn eer(&self) -> Eer {
        let mut points = self.points();
        let mut before = points.next().expect("the point that accepts everything");
        for after in points {
            if after.excess() <= 0.0 {
                return crossing(&before, &after);
            }
            before = after;
        }
        unreachable!("at the last point FAR is 0 and FRR is 1")
    }

    /// The share of (genuine, forgery) couples in which the genuine one scores higher, ties counting half.
    pub fn auc(&self) -> f64 {
        let (mut genuine_seen, mut forged_seen) = (0.0, 0.0);
        let mut couples_won = 0.0;
        for block in self.blocks() {
            couples_won += block.genuine * (forged_seen + block.forged / 2.0);
            genuine_seen += block.genuine;
            forged_seen += block.forged;
        }
        couples_won / (genuine_seen * forged_seen)
    }

    /// FAR and FRR of a verifier that accepts from `threshold` on.
    pub fn at_threshold(&self, threshold: f64) -> OperatingPoint {
        let rejected = self.trials.partition_point(|trial| trial.score < threshold);
        let (below, above) = self.trials.split_at(rejected);
        OperatingPoint {
            threshold,
            far: self.total(above, false) / self.total(self.trials, false),
            frr: self.total(below, true) / self.total(self.trials, true),
        }
    }

    /// The operating point of the lowest threshold at which no more than `far` of the forgeries are accepted.
    pub fn at_far(&self, far: f64) -> OperatingPoint {
        let point = self.points().find(|point| point.far <= far);
        point.expect("at the last point FAR is 0").operating_point()
    }

    /// The mean of the two classes' mean costs; `costs` are those of the trials, in order.
    pub(super) fn mean_cost(&self, costs: &[f64]) -> f64 {
        let (mut of_genuine, mut genuine, mut of_forged, mut forged) = (0.0, 0.0, 0.0, 0.0);
        for (trial, cost) in self.trials.iter().zip(costs) {
            let weight = self.weight(trial);
            if trial.genuine {
                (of_genuine, genuine) = (of_genuine + weight * cost, genuine + weight);
            } else {
                (of_forged, forged) = (of_forged + weight * cost, forged + weight);
            }
        }
        (of_genuine / genuine + of_forged / forged) / 2.0
    }

    /// Every operating point, FAR falling and FRR rising.
    pub(super) fn points(self) -> impl Iterator<Item = Point> + 'a {
        let (genuine, forged) = (self.total(self.trials, true), self.total(self.trials, false));
        let (mut rejected_genuine, mut rejected_forged) = (0.0, 0.0);
        let all = Point { far: 1.0, frr: 0.0, below: None, above: self.trials.first().map(|trial| trial.score) };
        let rest = self.blocks().map(move |block| {
            rejected_genuine += block.genuine;
            rejected_forged += block.forged;
            Point {
                far: (forged - rejected_forged) / forged,
                frr: rejected_genuine / genuine,
                below: Some(block.score),
                above: block.next,
            }
        });
        std::iter::once(all).chain(rest)
    }

    /// The trials of each score together, ascending.
    pub(super) fn blocks(self) -> impl Iterator<Item = Block> + 'a {
        let mut rest = self.trials;
        self.trials.chunk_by(|a, b| a.score == b.score).map(move |tied| {
            rest = &rest[tied.len()..];
            let next = rest.first().map(|trial| trial.score);
            let mut block = Block { score: tied[0].score, next, genuine: 0.0, forged: 0.0 };
            for trial in tied {
                if trial.genuine {
                    block.genuine += self.weight(trial);
                } else {
                    block.forged += self.weight(trial);
                }
            }
            block
        })
    }

    fn total(&self, trials: &[Trial], genuine: bool) -> f64 {
        let members = trials.iter().filter(|trial| trial.genuine == genuine);
        // Nothing adds up to -0.0, which would be shown.
        members.map(|trial| self.weight(trial)).sum::<f64>() + 0.0
    }

    fn weight(&self, trial: &Trial) -> f64 {
        self.weights[trial.writer]
    }
}

/// Where the straight lines between two points cross; `before` has FAR > FRR, `after` has not.
fn crossing(before: &Point, after: &Point) -> Eer {
    if after.excess() == 0.0 {
        return Eer { rate: after.far, threshold: after.threshold() };
    }
    let share = before.excess() / (before.excess() - after.excess());
    let between = |from: f64, to: f64| from + share * (to - from);
    Eer { rate: between(before.far, after.far), threshold: between(before.threshold(), after.threshold()) }
}
