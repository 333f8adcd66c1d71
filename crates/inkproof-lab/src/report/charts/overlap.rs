//! Two histograms on one axis: filled for real signatures, an outline for synthetic ones.

use plotters::prelude::*;

use super::{Area, Drawn, Figure, GENUINE, TEXT, label};
use crate::error::Result;
use crate::statistics::{BINS, Compared};

const HEIGHT: u32 = 420;
const SCALE: u32 = 84;

/// The figure of one measure.
pub(crate) fn overlap(compared: &Compared) -> Result<String> {
    let shared = 100.0 * compared.overlap;
    let figure = Figure {
        name: "overlap of histograms",
        message: &format!("Histograms of real and synthetic signatures, {}: {shared:.0} % in common.", compared.name),
        caption: &format!("Filled: real. Outline: synthetic. {shared:.0}\u{a0}% in common."),
        height: HEIGHT,
    };
    figure.draw(|area| draw(area, compared))
}

fn draw(area: &Area<'_>, compared: &Compared) -> Drawn {
    let [low, high] = compared.axis;
    let (real, synthetic) = (&compared.real.histogram, &compared.synthetic.histogram);
    let highest = real.iter().chain(synthetic).copied().fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(20)
        .x_label_area_size(SCALE)
        .build_cartesian_2d(low..high, 0.0..1.05 * highest)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_y_axis()
        .x_labels(6)
        .x_desc(compared.name)
        .axis_style(TEXT.stroke_width(2))
        .label_style(label())
        .axis_desc_style(label())
        .draw()?;
    let edge = |bin: usize| low + (high - low) * bin as f64 / BINS as f64;
    let filled = real.iter().enumerate().filter(|&(_, &share)| share > 0.0);
    chart.draw_series(
        filled.map(|(bin, &share)| Rectangle::new([(edge(bin), 0.0), (edge(bin + 1), share)], GENUINE.filled())),
    )?;
    let steps = synthetic.iter().enumerate().flat_map(|(bin, &share)| [(edge(bin), share), (edge(bin + 1), share)]);
    let outline = std::iter::once((low, 0.0)).chain(steps).chain([(high, 0.0)]);
    chart.draw_series(LineSeries::new(outline, TEXT.stroke_width(4)))?;
    Ok(())
}
