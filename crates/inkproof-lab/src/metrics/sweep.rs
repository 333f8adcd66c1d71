//! One pass over sorted trials, from the threshold that accepts everything to the one that accepts nothing.

use super::{Eer, Trial};

/// An operating point: FAR, FRR, and the scores between which every threshold gives them.
struct Point {
    far: f64,
    frr: f64,
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
}

/// The crossing of FAR and FRR when every trial counts with the weight of its writer. `trials` are sorted by score and
/// both classes have weight.
pub(super) fn eer(trials: &[Trial], weight: impl Fn(usize) -> f64) -> Eer {
    let total = |genuine| -> f64 {
        let members = trials.iter().filter(|trial| trial.genuine == genuine);
        members.map(|trial| weight(trial.writer)).sum()
    };
    let (genuine, forged) = (total(true), total(false));
    let (mut rejected_genuine, mut rejected_forged) = (0.0, 0.0);
    let mut before = Point { far: 1.0, frr: 0.0, below: None, above: trials.first().map(|trial| trial.score) };
    let mut rest = trials;
    while let Some(first) = rest.first() {
        let same = ties(rest, first.score);
        for trial in &rest[..same] {
            match trial.genuine {
                true => rejected_genuine += weight(trial.writer),
                false => rejected_forged += weight(trial.writer),
            }
        }
        rest = &rest[same..];
        let after = Point {
            far: (forged - rejected_forged) / forged,
            frr: rejected_genuine / genuine,
            below: Some(first.score),
            above: rest.first().map(|trial| trial.score),
        };
        if after.excess() <= 0.0 {
            return crossing(&before, &after);
        }
        before = after;
    }
    unreachable!("at the last point FAR is 0 and FRR is 1")
}

/// How many trials at the head have this score.
fn ties(trials: &[Trial], score: f64) -> usize {
    let tied = trials.iter().take_while(|trial| trial.score == score);
    tied.count()
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

/// The share of (genuine, forgery) couples in which the genuine one scores higher, ties counting half.
pub(super) fn auc(trials: &[Trial]) -> f64 {
    let (mut genuine_seen, mut forged_seen) = (0.0, 0.0);
    let mut couples_won = 0.0;
    let mut rest = trials;
    while let Some(first) = rest.first() {
        let same = ties(rest, first.score);
        let genuine = rest[..same].iter().filter(|trial| trial.genuine).count() as f64;
        let forged = same as f64 - genuine;
        couples_won += genuine * (forged_seen + forged / 2.0);
        genuine_seen += genuine;
        forged_seen += forged;
        rest = &rest[same..];
    }
    couples_won / (genuine_seen * forged_seen)
}
