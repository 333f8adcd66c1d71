//! Detection error trade-off curves: FRR over FAR on probit axes, one chart for each class of forgeries and one curve for
//! each number of references.

use plotters::prelude::*;

use super::probit::Probit;
use super::runs::{self, Line, PLOT, dashed, legend, mark};
use super::{Area, Drawn, Figure, GRID, TEXT, label};
use crate::error::Result;
use crate::evaluate::{Class, VerificationResult};
use crate::metrics::OperatingPoint;
use crate::report::scores::scores;
use crate::report::text::{classes, percent, references};

const POINTS: usize = 400;

/// None where no run has comparisons with this class.
pub(super) fn det(runs: &[VerificationResult], forgery: Class) -> Result<Option<String>> {
    let curves = runs.iter().enumerate().map(|(place, run)| Curve::from_run(place, run, forgery));
    let curves: Vec<Curve> = curves.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let said: Vec<String> = curves.iter().map(Curve::said).collect();
    let marked = if curves.iter().any(|curve| curve.at_threshold.is_some()) {
        "The markers are at the threshold."
    } else {
        "There is no threshold to mark."
    };
    let axis = Probit::up_to(curves.iter().map(Curve::highest).fold(0.0, f64::max));
    let lines: Vec<Line> = curves.into_iter().map(|curve| curve.line(axis)).collect();
    let figure = Figure {
        name: "DET curve",
        message: &format!("DET curves of genuine signatures and {}. {}.", classes(forgery), said.join("; ")),
        caption: &format!(
            "Genuine signatures against {}. The nearer to the lower left corner, the better; on the thin diagonal both \
             errors are equal. {marked} Rates below 0.1\u{a0}% are drawn at 0.1\u{a0}%.",
            classes(forgery)
        ),
        height: runs::height(&lines),
    };
    figure.draw(|area| draw(area, axis, &lines, forgery)).map(Some)
}

struct Curve {
    place: usize,
    references: usize,
    eer: f64,
    /// FAR and FRR; of folds with a threshold each, over all of them.
    at_threshold: Option<(f64, f64)>,
    points: Vec<OperatingPoint>,
}

impl Curve {
    fn from_run(place: usize, run: &VerificationResult, forgery: Class) -> Result<Option<Self>> {
        let rates = match forgery {
            Class::Random => Some(&run.random),
            _ => run.skilled.as_ref(),
        };
        let (Some(rates), Some(scores)) = (rates, scores(run, forgery)?) else { return Ok(None) };
        Ok(Some(Self {
            place,
            references: run.references,
            eer: rates.eer,
            at_threshold: rates.far_at_threshold.zip(rates.frr_at_threshold),
            points: scores.det(POINTS),
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
        self.at_threshold.map_or(self.eer, |(far, frr)| self.eer.max(far).max(frr))
    }

    fn line(self, axis: Probit) -> Line {
        let rates = |point: &OperatingPoint| (point.far, point.frr);
        let is_on = |&(far, frr): &(f64, f64)| far <= axis.high() && frr <= axis.high();
        Line {
            place: self.place,
            points: self.points.iter().map(rates).filter(is_on).collect(),
            marked: self.at_threshold.into_iter().collect(),
            label: format!("{}: equal at {}", references(self.references), percent(self.eer)),
        }
    }
}

fn draw(area: &Area<'_>, axis: Probit, lines: &[Line], forgery: Class) -> Drawn {
    let (plot, below) = area.split_vertically(PLOT);
    let mut chart = ChartBuilder::on(&plot)
        .margin_right(30)
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
    for line in lines {
        let color = dashed(forgery, line.place);
        chart.draw_series(LineSeries::new(line.points.iter().copied(), color.stroke_width(5)))?;
        for point in &line.marked {
            mark(area, chart.backend_coord(point), line.place, color)?;
        }
    }
    legend(&below, lines, forgery)
}
