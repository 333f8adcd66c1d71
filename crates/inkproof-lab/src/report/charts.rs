//! Charts of one run as inline SVG: how the scores lie, and what each threshold would cost.
//!
//! Plotters draws with fixed colours; the page's style replaces them by their attribute values, so that the charts
//! follow dark mode, and gives each curve its own dashes, so that they can be told apart without colour.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::text::{escape, references};
use crate::error::{Error, Result};
use crate::evaluate::{Class, VerificationResult};
use crate::metrics::{OperatingPoint, Scores};

/// Twice the size at which a chart is shown, since plotters rounds to whole units.
const WIDTH: u32 = 1040;
const LABEL: f64 = 30.0;

// style.css knows these values.
const GENUINE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const SKILLED: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
const RANDOM: RGBColor = RGBColor(0x76, 0x76, 0x76);
const TEXT: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GRID: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);
const THRESHOLD: RGBColor = RGBColor(0x11, 0x11, 0x11);

const BINS: usize = 40;
const CURVE_POINTS: usize = 400;

/// Both charts of a run; nothing without comparisons.
pub(super) fn section(run: &VerificationResult) -> Result<String> {
    let Some(axis) = Axis::of(run) else {
        return Ok(String::new());
    };
    let with = references(run.references);
    let histograms = figure(
        "score histogram",
        &format!("Histograms of the scores with {with}: genuine, skilled and random forgeries."),
        "How the scores lie. The further the genuine ones are to the right of the forgeries, the better.",
        580,
        |area| histograms(area, run, &axis),
    )?;
    let errors = figure(
        "error rates",
        &format!("FAR and FRR at every threshold with {with}."),
        "What each threshold would cost. <span class=\"key genuine\">FRR</span> \
         <span class=\"key skilled\">FAR, skilled forgeries</span> \
         <span class=\"key random\">FAR, random forgeries</span>",
        580,
        |area| error_curves(area, run, &axis),
    )?;
    Ok(format!(
        "<section>\n<h2>Scores and errors with {with}</h2>\n<div class=\"charts\">\n{histograms}{errors}</div>\n</section>\n"
    ))
}

/// The range of scores that both charts show, the threshold included.
struct Axis {
    low: f64,
    high: f64,
    threshold: Option<f64>,
}

impl Axis {
    fn of(run: &VerificationResult) -> Option<Self> {
        let scores = run.comparisons.iter().map(|comparison| comparison.score);
        let low = scores.clone().chain(run.threshold).reduce(f64::min)?;
        let high = scores.chain(run.threshold).reduce(f64::max)?;
        let margin = if high > low { 0.02 * (high - low) } else { 0.5 };
        Some(Self { low: low - margin, high: high + margin, threshold: run.threshold })
    }

    fn bin(&self, score: f64) -> usize {
        let place = (score - self.low) / (self.high - self.low) * BINS as f64;
        (place as usize).min(BINS - 1)
    }

    /// The lower edge of a bin.
    fn edge(&self, bin: usize) -> f64 {
        self.low + (self.high - self.low) * bin as f64 / BINS as f64
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// A figure with a drawn chart and its caption (HTML); `description` is for those who cannot see it.
fn figure(
    chart: &'static str,
    description: &str,
    caption: &str,
    height: u32,
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String> {
    let mut svg = String::new();
    let failed = |why: Box<dyn std::error::Error>| Error::Chart { chart, why: why.to_string() };
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&area).map_err(failed)?;
        area.present().map_err(|error| failed(error.into()))?;
    }
    let fixed = format!("width=\"{WIDTH}\" height=\"{height}\" ");
    let named = format!("role=\"img\" aria-label=\"{}\" ", escape(description));
    let svg = svg.replacen(&fixed, &named, 1);
    Ok(format!("<figure>\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n"))
}

/// One panel per class above a common axis, each scaled to its own highest bin.
fn histograms(area: &Area<'_>, run: &VerificationResult, axis: &Axis) -> Drawn {
    let classes = [
        (Class::Genuine, "genuine", GENUINE),
        (Class::Skilled, "skilled forgeries", SKILLED),
        (Class::Random, "random forgeries", RANDOM),
    ];
    let (panels, scale) = area.split_vertically(500);
    for ((class, name, colour), panel) in classes.into_iter().zip(panels.split_evenly((3, 1))) {
        let scores = run.comparisons.iter().filter(|comparison| comparison.class == class);
        let mut bins = [0_usize; BINS];
        scores.for_each(|comparison| bins[axis.bin(comparison.score)] += 1);
        let count: usize = bins.iter().sum();
        let highest = bins.iter().copied().max().unwrap_or(0).max(1) as f64;

        let mut chart = ChartBuilder::on(&panel)
            .margin_left(20)
            .margin_right(20)
            .margin_top(44)
            .build_cartesian_2d(axis.low..axis.high, 0.0..highest)?;
        chart.draw_series(bins.iter().enumerate().filter(|&(_, &count)| count > 0).map(|(bin, &count)| {
            let corners = [(axis.edge(bin), 0.0), (axis.edge(bin + 1), count as f64)];
            Rectangle::new(corners, colour.filled())
        }))?;
        chart.draw_series(LineSeries::new([(axis.low, 0.0), (axis.high, 0.0)], TEXT.stroke_width(2)))?;
        if let Some(threshold) = axis.threshold {
            let line = [(threshold, 0.0), (threshold, highest)];
            chart.draw_series(LineSeries::new(line, THRESHOLD.stroke_width(3)))?;
        }
        panel.draw_text(&format!("{name} ({count})"), &label(), (20, 6))?;
    }
    let mut chart = ChartBuilder::on(&scale)
        .margin_left(20)
        .margin_right(20)
        .x_label_area_size(76)
        .build_cartesian_2d(axis.low..axis.high, 0.0..1.0)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_y_axis()
        .x_labels(6)
        .x_desc(score_label(axis))
        .axis_style(TEXT.stroke_width(2))
        .label_style(label())
        .axis_desc_style(label())
        .draw()?;
    Ok(())
}

/// FAR of both kinds of forgeries and FRR over the threshold, 0 to 100 %.
fn error_curves(area: &Area<'_>, run: &VerificationResult, axis: &Axis) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .margin_right(20)
        .margin_top(20)
        .x_label_area_size(80)
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
        .x_desc(score_label(axis))
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
    for (points, colour) in [(random.clone(), RANDOM), (curve(run, Class::Skilled)?, SKILLED)] {
        let far = points.iter().map(|point| (point.threshold, 100.0 * point.far));
        chart.draw_series(LineSeries::new(far, colour.stroke_width(5)))?;
    }
    Ok(())
}

/// FAR of one class of forgeries and FRR; empty when the run has none of the class.
fn curve(run: &VerificationResult, forgery: Class) -> Result<Vec<OperatingPoint>> {
    let scores_of = |class| -> Vec<f64> {
        let of_class = run.comparisons.iter().filter(|comparison| comparison.class == class);
        of_class.map(|comparison| comparison.score).collect()
    };
    let forgeries = scores_of(forgery);
    if forgeries.is_empty() {
        return Ok(Vec::new());
    }
    let scores = Scores::of_classes(&scores_of(Class::Genuine), &forgeries)?;
    Ok(scores.curve(CURVE_POINTS))
}

fn label() -> TextStyle<'static> {
    ("sans-serif", LABEL).into_font().color(&TEXT)
}

fn score_label(axis: &Axis) -> String {
    match axis.threshold {
        Some(threshold) => format!("score (dashed: threshold {threshold:.3})"),
        None => "score".to_owned(),
    }
}
