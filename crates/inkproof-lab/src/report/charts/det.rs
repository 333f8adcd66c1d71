//! Detection error trade-off curves: FRR over FAR on probit axes, one chart for each class of forgeries and one curve for
//! each number of references.

use plotters::prelude::*;

use super::probit::Probit;
use super::{Area, Drawn, Figure, GRID, TEXT, dashed, label, mark};
use crate::error::Result;
use crate::evaluate::{Class, ErrorRates, VerificationResult};
use crate::metrics::OperatingPoint;
use crate::report::scores::scores;
use crate::report::text::{classes, percent, references};

/// The square in which the curves are.
const PLOT: u32 = 800;
const LEGEND_ROW: i32 = 44;

/// None where no run has comparisons with this class.
pub(super) fn det(runs: &[VerificationResult], forgery: Class) -> Result<Option<String>> {
    let curves = runs.iter().enumerate().map(|(place, run)| Curve::of(place, run, forgery));
    let curves: Vec<Curve> = curves.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let said: Vec<String> = curves.iter().map(Curve::said).collect();
    let marked = match curves.iter().any(|curve| curve.at_threshold.is_some()) {
        true => " The markers are at the model's threshold.",
        false => " The model has no threshold to mark.",
    };
    let figure = Figure {
        name: "DET curve",
        message: &format!("DET curves of genuine signatures and {}. {}.", classes(forgery), said.join("; ")),
        caption: &format!(
            "Genuine signatures against {}. The nearer to the lower left corner, the better; on the thin diagonal both \
             errors are equal.{marked}",
            classes(forgery)
        ),
        height: PLOT + (LEGEND_ROW * curves.len() as i32) as u32,
    };
    figure.draw(|area| draw(area, &curves, forgery)).map(Some)
}

struct Curve {
    /// Of the run, which decides dashes and marker.
    place: usize,
    references: usize,
    eer: f64,
    at_threshold: Option<(f64, f64)>,
    points: Vec<OperatingPoint>,
}

impl Curve {
    fn of(place: usize, run: &VerificationResult, forgery: Class) -> Result<Option<Self>> {
        let rates = match forgery {
            Class::Random => Some(&run.random),
            _ => run.skilled.as_ref(),
        };
        let (Some(rates), Some(scores)) = (rates, scores(run, forgery)?) else { return Ok(None) };
        let at_threshold = |rates: &ErrorRates| rates.far_at_threshold.zip(rates.frr_at_threshold);
        Ok(Some(Self {
            place,
            references: run.references,
            eer: rates.eer,
            at_threshold: at_threshold(rates),
            points: scores.curve(2000),
        }))
    }

    fn said(&self) -> String {
        let with = format!("With {} FAR and FRR are equal at {}", references(self.references), percent(self.eer));
        match self.at_threshold {
            Some((far, frr)) => {
                format!("{with}, and at the threshold FAR is {} and FRR {}", percent(far), percent(frr))
            }
            None => with,
        }
    }

    /// The highest rate that has to be on the axes.
    fn highest(&self) -> f64 {
        let marked = self.at_threshold.map_or(0.0, |(far, frr)| far.max(frr));
        marked.max(self.eer)
    }
}

fn draw(area: &Area<'_>, curves: &[Curve], forgery: Class) -> Drawn {
    let (plot, legend) = area.split_vertically(PLOT);
    let axis = Probit::up_to(curves.iter().map(Curve::highest).fold(0.0, f64::max));
    let mut chart = ChartBuilder::on(&plot)
        .margin_right(24)
        .margin_top(24)
        .x_label_area_size(84)
        .y_label_area_size(104)
        .build_cartesian_2d(axis, axis)?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .bold_line_style(GRID.stroke_width(2))
        .axis_style(TEXT.stroke_width(2))
        .x_desc("FAR: forgeries accepted, %")
        .y_desc("FRR: genuine rejected, %")
        .label_style(label())
        .axis_desc_style(label())
        .draw()?;
    let ends = [(axis.low(), axis.low()), (axis.high(), axis.high())];
    chart.draw_series(LineSeries::new(ends, TEXT.stroke_width(1)))?;
    for curve in curves {
        let colour = dashed(forgery, curve.place);
        let is_on = |point: &&OperatingPoint| point.far <= axis.high() && point.frr <= axis.high();
        let points = curve.points.iter().filter(is_on).map(|point| (point.far, point.frr));
        chart.draw_series(LineSeries::new(points, colour.stroke_width(5)))?;
        if let Some(at_threshold) = curve.at_threshold {
            mark(area, chart.backend_coord(&at_threshold), curve.place, colour)?;
        }
    }
    for (row, curve) in (0..).zip(curves) {
        let (y, colour) = (LEGEND_ROW * row + LEGEND_ROW / 2, dashed(forgery, curve.place));
        legend.draw(&PathElement::new([(104, y), (230, y)], colour.stroke_width(5)))?;
        if curve.at_threshold.is_some() {
            mark(&legend, (167, y), curve.place, colour)?;
        }
        let text = format!("{}: equal at {}", references(curve.references), percent(curve.eer));
        legend.draw_text(&text, &label(), (250, y - 17))?;
    }
    Ok(())
}
