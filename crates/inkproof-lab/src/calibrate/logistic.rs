//! Logistic regression with one predictor, by Newton's method.
//!
//! Both classes weigh one half in all, so the fitted log-odds are log-likelihood ratios. The slope on the standardised
//! score is held back by a small ridge: without it, classes that a threshold separates would want an infinite one.

use crate::metrics::{Sample, Scores, Trial};

/// The ridge's weight against the mean loss: `REGULARIZATION / 2 * slope^2`, for a score of mean 0 and variance 1. Where
/// nothing is separable it moves the slope by about one percent; scikit-learn calls it 1 / C.
pub const REGULARIZATION: f64 = 1e-3;

const MOST_STEPS: usize = 100;

/// Where a step no longer changes anything.
const CONVERGED: f64 = 1e-12;

/// Natural log-odds = slope * score + intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// In nats per unit of score, at least 0.
    pub slope: f64,
    /// In nats.
    pub intercept: f64,
}

/// The likelihood ratios of scores. The slope is not below 0: scores that are higher for forgeries, or all the same, say
/// nothing, which is the log-odds 0.
pub fn logistic(scores: &Scores) -> Line {
    of_sample(&scores.whole())
}

/// [`logistic`] of scores whose writers count as often as they were drawn.
pub(super) fn of_sample(sample: &Sample<'_>) -> Line {
    const NOTHING: Line = Line { slope: 0.0, intercept: 0.0 };
    let points = Points::new(sample);
    let Some((mean, deviation)) = points.mean_and_deviation() else { return NOTHING };
    let line = points.standardised(mean, deviation).fit();
    if line.slope <= 0.0 {
        return NOTHING;
    }
    let slope = line.slope / deviation;
    Line { slope, intercept: line.intercept - slope * mean }
}

/// Scores with their class, 0 or 1, and the weight of each.
struct Points(Vec<(f64, f64, f64)>);

impl Points {
    fn new(sample: &Sample<'_>) -> Self {
        let of_class = |genuine| {
            let members = sample.weighed().filter(|(trial, _)| trial.genuine == genuine);
            members.map(|(_, weight)| weight).sum::<f64>()
        };
        let shares = [false, true].map(|genuine| 0.5 / of_class(genuine));
        let point = |(trial, weight): (&Trial, f64)| {
            let class = usize::from(trial.genuine);
            (trial.score, class as f64, shares[class] * weight)
        };
        Self(sample.weighed().filter(|(_, weight)| *weight > 0.0).map(point).collect())
    }

    /// None where all scores are the same.
    fn mean_and_deviation(&self) -> Option<(f64, f64)> {
        let mean: f64 = self.0.iter().map(|(x, _, weight)| weight * x).sum();
        let variance: f64 = self.0.iter().map(|(x, _, weight)| weight * (x - mean).powi(2)).sum();
        let deviation = variance.sqrt();
        (deviation > f64::EPSILON * mean.abs()).then_some((mean, deviation))
    }

    fn standardised(self, mean: f64, deviation: f64) -> Self {
        Self(self.0.into_iter().map(|(x, class, weight)| ((x - mean) / deviation, class, weight)).collect())
    }

    /// The line of least loss: Newton's steps, halved until the loss, which is convex, falls.
    fn fit(&self) -> Line {
        let mut line = Line { slope: 0.0, intercept: 0.0 };
        let mut loss = self.loss(line);
        for _ in 0..MOST_STEPS {
            let mut step = self.newton_step(line);
            let better = loop {
                let next = Line { slope: line.slope + step.slope, intercept: line.intercept + step.intercept };
                let next_loss = self.loss(next);
                if next_loss <= loss {
                    break Some((next, next_loss));
                }
                if step.slope.abs() + step.intercept.abs() < CONVERGED {
                    break None;
                }
                step = Line { slope: step.slope / 2.0, intercept: step.intercept / 2.0 };
            };
            let Some((next, next_loss)) = better else { break };
            (line, loss) = (next, next_loss);
            if step.slope.abs() + step.intercept.abs() < CONVERGED {
                break;
            }
        }
        line
    }

    /// The weighted mean of ln(1 + exp(-log-odds of the true class)), and the ridge.
    fn loss(&self, line: Line) -> f64 {
        let of_point = |(x, class, weight): &(f64, f64, f64)| {
            let log_odds = (line.slope * x + line.intercept) * (2.0 * class - 1.0);
            weight * ((-log_odds).max(0.0) + (-log_odds.abs()).exp().ln_1p())
        };
        self.0.iter().map(of_point).sum::<f64>() + REGULARIZATION / 2.0 * line.slope.powi(2)
    }

    fn newton_step(&self, line: Line) -> Line {
        let (mut by_slope, mut by_intercept) = (REGULARIZATION * line.slope, 0.0);
        let (mut slope_slope, mut slope_intercept, mut intercept_intercept) = (REGULARIZATION, 0.0, 0.0);
        for (x, class, weight) in &self.0 {
            let probability = 1.0 / (1.0 + (-(line.slope * x + line.intercept)).exp());
            let excess = weight * (probability - class);
            by_slope += excess * x;
            by_intercept += excess;
            let curvature = weight * probability * (1.0 - probability);
            slope_slope += curvature * x * x;
            slope_intercept += curvature * x;
            intercept_intercept += curvature;
        }
        let determinant = slope_slope * intercept_intercept - slope_intercept * slope_intercept;
        Line {
            slope: (slope_intercept * by_intercept - intercept_intercept * by_slope) / determinant,
            intercept: (slope_intercept * by_slope - slope_slope * by_intercept) / determinant,
        }
    }
}
