//! How the scores of one run lie: a histogram for each class above a common axis.

use plotters::prelude::*;

use super::{Area, Drawn, Figure, ScoreAxis, TEXT, THRESHOLD, color, label};
use crate::error::Result;
use crate::evaluate::{Class, VerificationResult};
use crate::report::text::{classes, percent, references};

const BINS: usize = 40;
const HEIGHT: u32 = 640;
const SCALE: u32 = 84;

/// The figure.
pub(super) fn histograms(run: &VerificationResult, axis: &ScoreAxis) -> Result<String> {
    let panels = [Class::Genuine, Class::Skilled, Class::Random].map(|class| Panel::from_run(run, class));
    let said: Vec<String> = panels.iter().map(Panel::title).collect();
    let figure = Figure {
        name: "score histogram",
        message: &format!("Histograms of the scores with {}: {}.", references(run.references), said.join("; ")),
        caption: "How the scores lie. The further the genuine ones are to the right of the forgeries, the better. Each \
                  histogram is as high as its fullest bin.",
        height: HEIGHT,
    };
    figure.draw(|area| draw(area, &panels, axis))
}

/// The scores of one class.
struct Panel {
    class: Class,
    scores: Vec<f64>,
    /// The share on the wrong side of the threshold.
    wrong: Option<f64>,
}

impl Panel {
    fn from_run(run: &VerificationResult, class: Class) -> Self {
        let of_class = run.comparisons.iter().filter(|comparison| comparison.class == class);
        let scores: Vec<f64> = of_class.map(|comparison| comparison.score).collect();
        let is_wrong = |threshold: f64| move |score: &&f64| (**score >= threshold) != (class == Class::Genuine);
        let wrong = |threshold| scores.iter().filter(is_wrong(threshold)).count() as f64 / scores.len() as f64;
        let wrong = run.threshold.filter(|_| !scores.is_empty()).map(wrong);
        Self { class, scores, wrong }
    }

    fn title(&self) -> String {
        let (name, count) = (classes(self.class), self.scores.len());
        match (self.wrong, self.class) {
            (None, _) => format!("{name}: {count}"),
            (Some(wrong), Class::Genuine) => format!("{name}: {count}, {} below the threshold", percent(wrong)),
            (Some(wrong), _) => format!("{name}: {count}, {} above the threshold", percent(wrong)),
        }
    }

    fn bins(&self, axis: &ScoreAxis) -> [usize; BINS] {
        let mut bins = [0; BINS];
        for score in &self.scores {
            let place = (score - axis.low) / (axis.high - axis.low) * BINS as f64;
            bins[(place as usize).min(BINS - 1)] += 1;
        }
        bins
    }
}

fn draw(area: &Area<'_>, panels: &[Panel; 3], axis: &ScoreAxis) -> Drawn {
    let (upper, scale) = area.split_vertically(HEIGHT - SCALE);
    for (panel, area) in panels.iter().zip(upper.split_evenly((3, 1))) {
        draw_panel(&area, panel, axis)?;
    }
    let mut chart = ChartBuilder::on(&scale)
        .margin_left(20)
        .margin_right(20)
        .x_label_area_size(SCALE)
        .build_cartesian_2d(axis.low..axis.high, 0.0..1.0)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_y_axis()
        .x_labels(6)
        .x_desc(axis.label())
        .axis_style(TEXT.stroke_width(2))
        .label_style(label())
        .axis_desc_style(label())
        .draw()?;
    Ok(())
}

fn draw_panel(area: &Area<'_>, panel: &Panel, axis: &ScoreAxis) -> Drawn {
    let bins = panel.bins(axis);
    let highest = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(20)
        .margin_right(20)
        .margin_top(52)
        .build_cartesian_2d(axis.low..axis.high, 0.0..highest)?;
    let edge = |bin: usize| axis.low + (axis.high - axis.low) * bin as f64 / BINS as f64;
    let filled = bins.iter().enumerate().filter(|&(_, &count)| count > 0);
    chart.draw_series(filled.map(|(bin, &count)| {
        let corners = [(edge(bin), 0.0), (edge(bin + 1), count as f64)];
        Rectangle::new(corners, color(panel.class).filled())
    }))?;
    chart.draw_series(LineSeries::new([(axis.low, 0.0), (axis.high, 0.0)], TEXT.stroke_width(2)))?;
    if let Some(threshold) = axis.threshold {
        let line = [(threshold, 0.0), (threshold, highest)];
        chart.draw_series(LineSeries::new(line, THRESHOLD.stroke_width(3)))?;
    }
    area.draw_text(&panel.title(), &label(), (20, 12))?;
    Ok(())
}
