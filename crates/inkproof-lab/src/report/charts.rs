//! Charts as inline SVG, drawn by plotters.
//!
//! Plotters draws with fixed colours; the page's style replaces them by their attribute values, so that the charts
//! follow dark mode and print, and gives each curve its own dashes. Colour says the class of a comparison, dashes and
//! markers say which run: nothing depends on colour alone. The colours are Okabe and Ito's.

mod det;
mod errors;
mod histograms;
mod intervals;
mod overlap;
mod probit;
mod reliability;
mod risk;
mod runs;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Section;
use super::text::{escape, references};
use crate::error::{Error, Result};
use crate::evaluate::{Class, VerificationResult};
pub(super) use intervals::intervals;
pub(crate) use overlap::overlap;

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

/// The DET curves; None without comparisons.
pub(super) fn det(runs: &[VerificationResult]) -> Result<Option<Section>> {
    let pair = pair(runs, det::det)?;
    Ok(pair.map(|charts| Section::new("det", "DET curves", charts)))
}

/// Risk against coverage; None where nothing was decided.
pub(super) fn risk(runs: &[VerificationResult]) -> Result<Option<Section>> {
    let pair = pair(runs, risk::risk)?;
    Ok(pair.map(|charts| Section::new("risk", "What leaving close cases to a person would buy", charts)))
}

/// Stated against observed probabilities; None where no run is calibrated.
pub(super) fn reliability(runs: &[VerificationResult]) -> Result<Option<Section>> {
    let pair = pair(runs, reliability::reliability)?;
    Ok(pair.map(|charts| Section::new("reliability", "Whether the likelihood ratios can be trusted", charts)))
}

/// A chart for each class of forgeries that there is.
fn pair(
    runs: &[VerificationResult],
    chart: impl Fn(&[VerificationResult], Class) -> Result<Option<String>>,
) -> Result<Option<String>> {
    let charts = [chart(runs, Class::Skilled)?, chart(runs, Class::Random)?].into_iter().flatten().collect::<String>();
    Ok((!charts.is_empty()).then(|| format!("<div class=\"charts\">\n{charts}</div>\n")))
}

/// How the scores of each run lie and what each threshold would cost; None without comparisons.
pub(super) fn scores(runs: &[VerificationResult]) -> Result<Option<Section>> {
    let mut body = String::new();
    for run in runs {
        let Some(axis) = ScoreAxis::from_run(run) else { continue };
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
    fn from_run(run: &VerificationResult) -> Option<Self> {
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

fn color(class: Class) -> RGBColor {
    match class {
        Class::Genuine => GENUINE,
        Class::Skilled => SKILLED,
        Class::Random => RANDOM,
    }
}

fn label() -> TextStyle<'static> {
    ("sans-serif", LABEL).into_font().color(&TEXT)
}
