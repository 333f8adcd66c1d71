//! The outcome at a glance: every EER with its interval on one axis from perfect to guessing.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::runs::{dashed, mark};
use super::{Area, Drawn, Figure, GRID, TEXT, WIDTH, label};
use crate::error::Result;
use crate::evaluate::{Class, ErrorRates, VerificationResult};
use crate::report::text::{classes, percent, references};

const ROW: i32 = 84;
const SCALE: i32 = 84;
const MARGIN: i32 = 30;

/// Of the scale.
const STEPS: i32 = 5;

/// None without runs.
pub(in crate::report) fn intervals(runs: &[VerificationResult]) -> Result<Option<String>> {
    let rows: Vec<Row> = runs.iter().flat_map(Row::from_run).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let said: Vec<String> = rows.iter().map(Row::title).collect();
    let figure = Figure {
        name: "intervals",
        message: &format!("Equal error rates: {}. 0 % is perfect, 50 % is guessing.", said.join("; ")),
        caption: "Equal error rates; the bars are 95\u{a0}% intervals over the writers. 0\u{a0}% is perfect, 50\u{a0}% \
                  is guessing.",
        height: (ROW * rows.len() as i32 + SCALE) as u32,
    };
    figure.draw(|area| draw(area, &rows)).map(Some)
}

struct Row {
    class: Class,
    references: usize,
    eer: f64,
    interval: Option<[f64; 2]>,
}

impl Row {
    fn from_run(run: &VerificationResult) -> impl Iterator<Item = Self> {
        let row = |class| {
            move |rates: &ErrorRates| Row {
                class,
                references: run.references,
                eer: rates.eer,
                interval: rates.eer_ci95,
            }
        };
        let skilled = run.skilled.as_ref().map(row(Class::Skilled));
        skilled.into_iter().chain(Some(row(Class::Random)(&run.random)))
    }

    fn title(&self) -> String {
        let interval = match self.interval {
            Some([low, high]) => format!(" ({} to {})", percent(low), percent(high)),
            None => String::new(),
        };
        format!("{}, {}: {}{interval}", classes(self.class), references(self.references), percent(self.eer))
    }
}

fn draw(area: &Area<'_>, rows: &[Row]) -> Drawn {
    let highest = rows.iter().map(|row| row.interval.map_or(row.eer, |[_, high]| high)).fold(0.0, f64::max);
    let end = if highest > 0.5 { 1.0 } else { 0.5 };
    let x = |rate: f64| MARGIN + (rate / end * f64::from(WIDTH as i32 - 2 * MARGIN)).round() as i32;
    for (place, row) in (0..).zip(rows) {
        let top = ROW * place;
        area.draw_text(&row.title(), &label(), (MARGIN, top + 4))?;
        for step in 0..=STEPS {
            let at = x(end * f64::from(step) / f64::from(STEPS));
            area.draw(&PathElement::new([(at, top + 42), (at, top + ROW - 4)], GRID.stroke_width(2)))?;
        }
        draw_interval(area, row, top + 59, x)?;
    }
    draw_scale(area, end, ROW * rows.len() as i32, x)
}

fn draw_interval(area: &Area<'_>, row: &Row, y: i32, x: impl Fn(f64) -> i32) -> Drawn {
    let color = dashed(row.class, 0);
    if let Some([low, high]) = row.interval {
        area.draw(&PathElement::new([(x(low), y), (x(high), y)], color.stroke_width(5)))?;
        for end in [low, high] {
            area.draw(&PathElement::new([(x(end), y - 9), (x(end), y + 9)], color.stroke_width(5)))?;
        }
    }
    mark(area, (x(row.eer), y), usize::from(row.class == Class::Random), color)
}

/// Percent from left to right, with what the ends mean.
fn draw_scale(area: &Area<'_>, end: f64, y: i32, x: impl Fn(f64) -> i32) -> Drawn {
    area.draw(&PathElement::new([(x(0.0), y), (x(end), y)], TEXT.stroke_width(2)))?;
    let aligned = |horizontal| label().pos(Pos::new(horizontal, VPos::Top));
    for step in 0..=STEPS {
        let rate = end * f64::from(step) / f64::from(STEPS);
        area.draw_text(&format!("{:.0}", 100.0 * rate), &aligned(HPos::Center), (x(rate), y + 10))?;
    }
    area.draw_text("perfect", &aligned(HPos::Left), (MARGIN - 8, y + 44))?;
    area.draw_text("EER, %", &aligned(HPos::Center), (x(0.2), y + 44))?;
    area.draw_text("guessing", &aligned(if end > 0.5 { HPos::Center } else { HPos::Right }), (x(0.5) + 8, y + 44))?;
    Ok(())
}
