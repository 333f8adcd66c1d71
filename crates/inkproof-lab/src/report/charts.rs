//! Charts as inline SVG, drawn by plotters.
//!
//! Plotters draws with fixed colours; the page's style replaces them by their attribute values, so that the charts
//! follow dark mode and print, and gives each curve its own dashes. Colour says the class of a comparison, dashes and
//! markers say which run: nothing is told by colour alone. The colours are Okabe and Ito's.

mod det;
mod errors;
mod histograms;
mod intervals;
mod probit;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Section;
use super::text::{escape, references};
use crate::error::{Error, Result};
use crate::evaluate::{Class, VerificationResult};
pub(super) use intervals::intervals;

/// More than the width at which a chart is shown, since plotters rounds to whole units.
const WIDTH: u32 = 840;
const LABEL: f64 = 31.0;

// style.css knows these values.
const GENUINE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const SKILLED: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
const RANDOM: RGBColor = RGBColor(0x76, 0x76, 0x70);
const TEXT: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GRID: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);
const THRESHOLD: RGBColor = RGBColor(0x11, 0x11, 0x11);

/// How many kinds of dashes style.css knows, and how many markers [`mark`].
const DASHES: usize = 6;

/// The DET curves; None without comparisons.
pub(super) fn det(runs: &[VerificationResult]) -> Result<Option<Section>> {
    let mut charts = String::new();
    for forgery in [Class::Skilled, Class::Random] {
        charts += &det::det(runs, forgery)?.unwrap_or_default();
    }
    let body = format!("<div class=\"charts\">\n{charts}</div>\n");
    Ok((!charts.is_empty()).then(|| Section::new("det", "DET curves", body)))
}

/// How the scores of each run lie and what each threshold would cost; None without comparisons.
pub(super) fn scores(runs: &[VerificationResult]) -> Result<Option<Section>> {
    let mut body = String::new();
    for run in runs {
        let Some(axis) = ScoreAxis::of(run) else { continue };
        body += &format!(
            "<h3>With {}</h3>\n<div class=\"charts\">\n{}{}</div>\n",
            references(run.references),
            histograms::histograms(run, &axis)?,
            errors::errors(run, &axis)?
        );
    }
    Ok((!body.is_empty()).then(|| Section::new("scores", "Scores and errors", body)))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// What stands around a drawing.
struct Figure<'a> {
    /// For errors.
    name: &'static str,
    /// What the chart says, for those who cannot see it.
    message: &'a str,
    /// HTML.
    caption: &'a str,
    height: u32,
}

impl Figure<'_> {
    fn draw(&self, draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String> {
        let mut svg = String::new();
        let failed = |why: Box<dyn std::error::Error>| Error::Chart { chart: self.name, why: why.to_string() };
        {
            let area = SVGBackend::with_string(&mut svg, (WIDTH, self.height)).into_drawing_area();
            draw(&area).map_err(failed)?;
            area.present().map_err(|error| failed(error.into()))?;
        }
        // An SVG inside HTML is as wide as its column and needs no name space.
        let fixed = format!("width=\"{WIDTH}\" height=\"{}\" ", self.height);
        let named = format!("role=\"img\" aria-label=\"{}\" ", escape(self.message));
        let svg = svg.replacen(&fixed, &named, 1).replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        Ok(format!("<figure>\n{svg}<figcaption>{}</figcaption>\n</figure>\n", self.caption))
    }
}

/// The range of scores of a run, the threshold included.
struct ScoreAxis {
    low: f64,
    high: f64,
    threshold: Option<f64>,
}

impl ScoreAxis {
    /// None without comparisons.
    fn of(run: &VerificationResult) -> Option<Self> {
        let scores = run.comparisons.iter().map(|comparison| comparison.score);
        let low = scores.clone().chain(run.threshold).reduce(f64::min)?;
        let high = scores.chain(run.threshold).reduce(f64::max)?;
        let margin = if high > low { 0.02 * (high - low) } else { 0.5 };
        Some(Self { low: low - margin, high: high + margin, threshold: run.threshold })
    }

    fn label(&self) -> String {
        match self.threshold {
            Some(threshold) => format!("score (dashed: threshold {threshold:.3})"),
            None => "score".to_owned(),
        }
    }
}

fn colour(class: Class) -> RGBColor {
    match class {
        Class::Genuine => GENUINE,
        Class::Skilled => SKILLED,
        Class::Random => RANDOM,
    }
}

/// The class's colour as the run with this number is drawn in: style.css finds the dashes by the last digit.
fn dashed(class: Class, run: usize) -> RGBColor {
    let RGBColor(red, green, blue) = colour(class);
    RGBColor(red, green, blue + 1 + (run % DASHES) as u8)
}

fn label() -> TextStyle<'static> {
    ("sans-serif", LABEL).into_font().color(&TEXT)
}

/// The marker of the run with this number: a disc, a square, a triangle, a diamond, a cross, a bar.
fn mark(area: &Area<'_>, (x, y): (i32, i32), run: usize, colour: RGBColor) -> Drawn {
    let corners: &[(i32, i32)] = match run % DASHES {
        0 => return Ok(area.draw(&Circle::new((x, y), 11, colour.filled()))?),
        1 => &[(-10, -10), (10, -10), (10, 10), (-10, 10)],
        2 => &[(0, -13), (13, 10), (-13, 10)],
        3 => &[(0, -14), (14, 0), (0, 14), (-14, 0)],
        4 => &[
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
        ],
        _ => &[(-13, -5), (13, -5), (13, 5), (-13, 5)],
    };
    let corners: Vec<_> = corners.iter().map(|(right, down)| (x + right, y + down)).collect();
    Ok(area.draw(&Polygon::new(corners, colour.filled()))?)
}
