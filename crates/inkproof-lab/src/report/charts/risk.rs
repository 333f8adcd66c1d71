//! What leaving the comparisons nearest to the threshold to a person would buy: errors among those that are decided.

use super::Figure;
use super::runs::{self, Line, Shares};
use crate::error::Result;
use crate::evaluate::{Class, VerificationResult};
use crate::metrics::RiskPoint;
use crate::report::scores::scores;
use crate::report::text::{classes, percent, references};

const POINTS: usize = 200;

/// Where fewer comparisons are decided than this, a handful makes the risk.
const LEAST_COVERAGE: f64 = 0.05;

/// None where no run has a threshold and comparisons with this class.
pub(super) fn risk(runs: &[VerificationResult], forgery: Class) -> Result<Option<String>> {
    let mut lines = Vec::new();
    let mut said = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let (Some(scores), Some(threshold)) = (scores(run, forgery)?, run.threshold) else { continue };
        let mut points = scores.risk_coverage(threshold, POINTS);
        points.retain(|point| point.coverage >= LEAST_COVERAGE);
        let Some(all) = points.last().copied() else { continue };
        let half = points.iter().rfind(|point| point.coverage <= 0.5).unwrap_or(&all);
        let with = references(run.references);
        said.push(format!(
            "With {with}, {} of all are wrong, and {} of the {} that are farthest from the threshold",
            percent(all.risk),
            percent(half.risk),
            percent(half.coverage)
        ));
        let place_of = |point: &RiskPoint| (point.coverage, point.risk);
        lines.push(Line {
            place,
            points: points.iter().map(place_of).collect(),
            marked: vec![place_of(&all)],
            label: format!("{with}: {} wrong of all", percent(all.risk)),
        });
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let risks = lines.iter().flat_map(|line| &line.points).map(|&(_, risk)| risk);
    let highest = (risks.fold(0.0, f64::max) * 11.0).ceil().clamp(1.0, 10.0) / 10.0;
    let figure = Figure {
        name: "risk-coverage curve",
        message: &format!("Risk against coverage, {}. {}.", classes(forgery), said.join("; ")),
        caption: &format!(
            "Genuine signatures and {}, which weigh the same. To the left, more of the comparisons nearest to the \
             threshold are left to a person.",
            classes(forgery)
        ),
        height: runs::height(&lines),
    };
    let shares = Shares {
        x_title: "coverage: decided by the program, %",
        y_title: "risk: wrong among these, %",
        highest,
        diagonal: false,
    };
    figure.draw(|area| shares.draw(area, &lines, forgery)).map(Some)
}
