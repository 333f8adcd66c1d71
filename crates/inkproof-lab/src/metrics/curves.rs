//! Figures along all thresholds, for plots: DET, and risk against coverage for an undecided band.

use super::{OperatingPoint, Scores};

/// What leaving the closest comparisons undecided buys. Both classes weigh the same, so that neither figure depends on
/// how many comparisons of each a protocol makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskPoint {
    /// The share of the comparisons that is decided, 0..1.
    pub coverage: f64,
    /// The share of errors among the decided ones.
    pub risk: f64,
}

impl Scores {
    /// FAR and FRR along all thresholds, from the one that accepts everything to the one that accepts nothing: the
    /// detection error trade-off (Martin et al., Eurospeech 1997). At most `max_points` (at least 2) of them, at equal
    /// distances on a log-odds scale, which is close to the plot's probit axes.
    pub fn det(&self, max_points: usize) -> Vec<OperatingPoint> {
        let points = self.whole().points().map(|point| point.operating_point()).collect();
        let (genuine, forged) = (self.count(true) as f64, self.count(false) as f64);
        thin(points, max_points, |point| log_odds(point.frr, genuine) - log_odds(point.far, forged))
    }

    /// Errors among the comparisons that are decided when those nearest to the threshold are left undecided, from the
    /// widest band to none (El-Yaniv and Wiener, "On the foundations of noise-free selective classification", JMLR 11,
    /// 2010). Comparisons of equal distance are decided together. At most `max_points` (at least 2) points, at equal
    /// distances in coverage; the last has coverage 1. For likelihood ratios see [`Scores::mapped`], with threshold 0.
    pub fn risk_coverage(&self, threshold: f64, max_points: usize) -> Vec<RiskPoint> {
        let mut by_distance: Vec<_> =
            self.trials.iter().map(|trial| ((trial.score - threshold).abs(), trial)).collect();
        by_distance.sort_by(|a, b| b.0.total_cmp(&a.0));
        let class_weight = [0.5 / self.count(false) as f64, 0.5 / self.count(true) as f64];
        let (mut decided, mut wrong) = (0.0, 0.0);
        let point = |tied: &[(f64, &super::Trial)]| {
            for (_, trial) in tied {
                let weight = class_weight[usize::from(trial.genuine)];
                decided += weight;
                if (trial.score >= threshold) != trial.genuine {
                    wrong += weight;
                }
            }
            RiskPoint { coverage: decided.min(1.0), risk: wrong / decided }
        };
        let points = by_distance.chunk_by(|a, b| a.0 == b.0).map(point).collect();
        thin(points, max_points, |point| point.coverage)
    }
}

/// The log-odds of a rate over `count` comparisons, of which half a one is kept away from 0 and 1.
fn log_odds(rate: f64, count: f64) -> f64 {
    let least = 0.5 / count;
    let rate = rate.clamp(least, 1.0 - least);
    (rate / (1.0 - rate)).ln()
}

/// The first and the last point, and between them the first in each of equal parts of `place`, which does not fall.
fn thin<P: Copy>(points: Vec<P>, most: usize, place: impl Fn(&P) -> f64) -> Vec<P> {
    let most = most.max(2);
    if points.len() <= most {
        return points;
    }
    let (first, last) = (points[0], points[points.len() - 1]);
    let step = (place(&last) - place(&first)) / (most - 1) as f64;
    let part = |point: &P| ((place(point) - place(&first)) / step).floor() as usize;
    let mut kept = vec![first];
    let mut kept_part = 0;
    for point in &points[1..points.len() - 1] {
        let part = part(point);
        if part > kept_part && kept.len() < most - 1 {
            kept.push(*point);
            kept_part = part;
        }
    }
    kept.push(last);
    kept
}
