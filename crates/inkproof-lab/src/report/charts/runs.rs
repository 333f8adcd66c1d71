//! What the charts with a line for each run share: colour by class, dashes and markers by run, and a legend.

use plotters::prelude::*;

use super::{Area, Drawn, GRID, TEXT, color, label};
use crate::evaluate::Class;

/// The square in which the lines are.
pub(super) const PLOT: u32 = 800;
const LEGEND_ROW: i32 = 44;
const LEGEND_GAP: i32 = 16;

/// How many kinds of dashes style.css knows, and how many markers [`mark`].
const DASHES: usize = 6;

/// One run in a chart.
pub(super) struct Line {
    /// Of the run, which decides dashes and marker.
    pub place: usize,
    pub points: Vec<(f64, f64)>,
    pub marked: Vec<(f64, f64)>,
    /// For the legend.
    pub label: String,
}

/// The height of a chart with its legend.
pub(super) fn height(lines: &[Line]) -> u32 {
    PLOT + (LEGEND_GAP + LEGEND_ROW * lines.len() as i32) as u32
}

/// The class's colour as the run with this number is drawn in: style.css finds the dashes by the last digit.
pub(super) fn dashed(class: Class, run: usize) -> RGBColor {
    let RGBColor(red, green, blue) = color(class);
    RGBColor(red, green, blue + 1 + (run % DASHES) as u8)
}

/// Under the plot, what each line is.
pub(super) fn legend(area: &Area<'_>, lines: &[Line], class: Class) -> Drawn {
    for (row, line) in (0..).zip(lines) {
        let (y, color) = (LEGEND_GAP + LEGEND_ROW * row + LEGEND_ROW / 2, dashed(class, line.place));
        area.draw(&PathElement::new([(104, y), (230, y)], color.stroke_width(5)))?;
        if !line.marked.is_empty() {
            mark(area, (167, y), line.place, color)?;
        }
        area.draw_text(&line.label, &label(), (250, y - 17))?;
    }
    Ok(())
}

/// The marker of the run with this number: a disc, a square, a triangle, a diamond, a cross, a bar.
pub(super) fn mark(area: &Area<'_>, (x, y): (i32, i32), run: usize, color: RGBColor) -> Drawn {
    let corners: &[(i32, i32)] = match run % DASHES {
        0 => return Ok(area.draw(&Circle::new((x, y), 11, color.filled()))?),
        1 => &[(-10, -10), (10, -10), (10, 10), (-10, 10)],
        2 => &[(0, -13), (13, 10), (-13, 10)],
        3 => &[(0, -14), (14, 0), (0, 14), (-14, 0)],
        4 => &CROSS,
        _ => &[(-13, -5), (13, -5), (13, 5), (-13, 5)],
    };
    let corners: Vec<_> = corners.iter().map(|(right, down)| (x + right, y + down)).collect();
    Ok(area.draw(&Polygon::new(corners, color.filled()))?)
}

const CROSS: [(i32, i32); 12] = [
    (-4, -13),
    (4, -13),
    (4, -4),
    (13, -4),
    (13, 4),
    (4, 4),
    (4, 13),
    (-4, 13),
    (-4, 4),
    (-13, 4),
    (-13, -4),
    (-4, -4),
];

/// A chart of shares in percent on both axes, the vertical one up to `highest` (0..1); `diagonal` is where both are
/// equal.
pub(super) struct Shares {
    pub x_title: &'static str,
    pub y_title: &'static str,
    pub highest: f64,
    pub diagonal: bool,
}

impl Shares {
    pub(super) fn draw(&self, area: &Area<'_>, lines: &[Line], class: Class) -> Drawn {
        let (plot, below) = area.split_vertically(PLOT);
        let mut chart = ChartBuilder::on(&plot)
            .margin_right(30)
            .margin_top(24)
            .x_label_area_size(84)
            .y_label_area_size(104)
            .build_cartesian_2d(0.0..100.0, 0.0..100.0 * self.highest)?;
        chart
            .configure_mesh()
            .x_labels(6)
            .y_labels(6)
            .max_light_lines(0)
            .bold_line_style(GRID.stroke_width(2))
            .axis_style(TEXT.stroke_width(2))
            .x_desc(self.x_title)
            .y_desc(self.y_title)
            .x_label_formatter(&|percent| format!("{percent:.0}"))
            .y_label_formatter(&|percent| format!("{percent:.0}"))
            .label_style(label())
            .axis_desc_style(label())
            .draw()?;
        if self.diagonal {
            chart.draw_series(LineSeries::new([(0.0, 0.0), (100.0, 100.0)], TEXT.stroke_width(1)))?;
        }
        let percent = |&(x, y): &(f64, f64)| (100.0 * x, 100.0 * y);
        for line in lines {
            let color = dashed(class, line.place);
            chart.draw_series(LineSeries::new(line.points.iter().map(percent), color.stroke_width(5)))?;
            for point in &line.marked {
                mark(area, chart.backend_coord(&percent(point)), line.place, color)?;
            }
        }
        legend(&below, lines, class)
    }
}
