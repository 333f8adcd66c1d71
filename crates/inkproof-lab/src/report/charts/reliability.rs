//! Whether likelihood ratios say what happens: stated against observed probabilities.

use inkproof::Score;

use super::Figure;
use super::runs::{self, Line, Shares};
use crate::error::Result;
use crate::evaluate::{Class, VerificationResult};
use crate::metrics::ReliabilityBin;
use crate::report::scores::scores;
use crate::report::text::{classes, references};

const BINS: usize = 10;

/// Bins with fewer comparisons show chance.
const LEAST_COUNT: usize = 20;

/// None where no run has a calibration and comparisons with this class.
pub(super) fn reliability(runs: &[VerificationResult], forgery: Class) -> Result<Option<String>> {
    let mut lines = Vec::new();
    let mut said = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let (Some(scores), Some(fit)) = (scores(run, forgery)?, &run.calibration) else { continue };
        let mut bins = scores.reliability(|score| fit.log10_lr(Score::new(score)), BINS);
        bins.retain(|bin| bin.count >= LEAST_COUNT);
        let gap = bins.iter().map(|bin| (bin.stated - bin.observed).abs()).fold(0.0, f64::max);
        let with = references(run.references);
        said.push(format!("With {with} they differ by up to {}", points(gap)));
        let places: Vec<_> = bins.iter().map(|bin: &ReliabilityBin| (bin.stated, bin.observed)).collect();
        lines.push(Line {
            place,
            marked: places.clone(),
            points: places,
            label: format!("{with}: off by up to {}", points(gap)),
        });
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let figure = Figure {
        name: "reliability plot",
        message: &format!(
            "Stated against observed probabilities of a genuine signature, against {}. {}.",
            classes(forgery),
            said.join("; ")
        ),
        caption: &format!(
            "Genuine signatures and {}, which weigh the same. On the thin diagonal the likelihood ratios say what \
             happens; below it they favor \u{201c}genuine\u{201d} too much. Each marker stands for {LEAST_COUNT} \
             comparisons or more.",
            classes(forgery)
        ),
        height: runs::height(&lines),
    };
    let shares = Shares {
        x_title: "stated chance of genuine, %",
        y_title: "observed share of genuine, %",
        highest: 1.0,
        diagonal: true,
    };
    figure.draw(|area| shares.draw(area, &lines, forgery)).map(Some)
}

/// A difference of two shares.
fn points(gap: f64) -> String {
    format!("{:.1} points", 100.0 * gap)
}
