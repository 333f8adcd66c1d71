//! What each threshold would cost: FAR of both kinds of forgeries and FRR over the threshold.

use plotters::prelude::*;

use super::{Area, Drawn, Figure, GENUINE, GRID, RANDOM, SKILLED, ScoreAxis, TEXT, THRESHOLD, label};
use crate::error::Result;
use crate::evaluate::{Class, VerificationResult};
use crate::metrics::OperatingPoint;
use crate::report::scores::scores;
use crate::report::text::references;

const POINTS: usize = 400;

/// The figure.
pub(super) fn errors(run: &VerificationResult, axis: &ScoreAxis) -> Result<String> {
    let figure = Figure {
        name: "error rates",
        message: &format!(
            "FAR and FRR at every threshold with {}: a higher threshold rejects more genuine signatures and accepts \
             fewer forgeries.",
            references(run.references)
        ),
        caption: "What each threshold would cost. <span class=\"key genuine\">FRR, genuine rejected</span> \
                  <span class=\"key skilled\">FAR, skilled forgeries accepted</span> \
                  <span class=\"key random\">FAR, random forgeries accepted</span>",
        height: 640,
    };
    figure.draw(|area| draw(area, run, axis))
}

fn draw(area: &Area<'_>, run: &VerificationResult, axis: &ScoreAxis) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .margin_right(20)
        .margin_top(20)
        .x_label_area_size(84)
        .y_label_area_size(100)
        .build_cartesian_2d(axis.low..axis.high, 0.0..100.0)?;
    chart
        .configure_mesh()
        .x_labels(6)
        .y_labels(5)
        .max_light_lines(0)
        .bold_line_style(GRID.stroke_width(2))
        .axis_style(TEXT.stroke_width(2))
        .y_label_formatter(&|rate| format!("{rate:.0} %"))
        .x_desc(axis.label())
        .label_style(label())
        .axis_desc_style(label())
        .draw()?;
    if let Some(threshold) = axis.threshold {
        let line = [(threshold, 0.0), (threshold, 100.0)];
        chart.draw_series(LineSeries::new(line, THRESHOLD.stroke_width(3)))?;
    }
    let random = curve(run, Class::Random)?;
    let frr = random.iter().map(|point| (point.threshold, 100.0 * point.frr));
    chart.draw_series(LineSeries::new(frr, GENUINE.stroke_width(5)))?;
    for (points, color) in [(random.clone(), RANDOM), (curve(run, Class::Skilled)?, SKILLED)] {
        let far = points.iter().map(|point| (point.threshold, 100.0 * point.far));
        chart.draw_series(LineSeries::new(far, color.stroke_width(5)))?;
    }
    Ok(())
}

/// FAR of one class of forgeries and FRR; empty when the run has none of the class.
fn curve(run: &VerificationResult, forgery: Class) -> Result<Vec<OperatingPoint>> {
    Ok(scores(run, forgery)?.map_or(Vec::new(), |scores| scores.curve(POINTS)))
}
