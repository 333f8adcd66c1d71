//! The default preprocessing: what remains is the shape of the strokes.
//!
//! Tone, paper and scan size tell the scanner, and a network learns them before it learns
//! handwriting. So: the paper's light is levelled ([`paper`]), the ink thresholded (Otsu), specks
//! and ruled lines removed ([`components`]), the rest cropped and brought to one working size with
//! its aspect kept ([`fit`]), made binary there, its strokes brought to one width ([`stroke`]), and
//! only then averaged down to the network's size. No gray of the scan survives the binary step;
//! what is gray in the result is antialiasing.

mod components;
mod fit;
mod paper;
mod stroke;
mod threshold;

use serde::{Deserialize, Serialize};

use super::Ink;
use crate::error::{Error, Result};
use crate::gray::Gray;

/// What `ink` preprocessing can be told; recorded in the model file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InkParameters {
    /// Empty border on every side, in pixels of the result.
    pub margin: u8,
    /// Width that strokes are brought to, in pixels of the result.
    pub stroke_width: f32,
    /// Smallest blot that is kept, in squares of the scan's stroke width.
    pub speck: f32,
    /// The same as a share of all ink.
    pub speck_share: f32,
    /// How far ink must be from paper, in standard deviations of the paper.
    pub contrast: f32,
}

impl Default for InkParameters {
    fn default() -> Self {
        InkParameters { margin: 8, stroke_width: 2.0, speck: 0.5, speck_share: 0.001, contrast: 3.0 }
    }
}

/// A rectangle of 8-bit values, row-major: darkness over the paper, or a mask of 0 and 1.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<u8>,
}

impl Plane {
    fn row(&self, y: usize) -> &[u8] {
        &self.values[y * self.width..(y + 1) * self.width]
    }
}

/// Gray image to ink.
///
/// # Errors
/// [`Error::NoInk`] where nothing stands out from the paper or nothing is left after cleaning.
pub(super) fn normalise(gray: &Gray, parameters: &InkParameters) -> Result<Ink> {
    let mut darkness = paper::darkness(gray);
    let threshold = threshold::ink(&darkness.values, parameters.contrast).ok_or(Error::NoInk)?;
    let mut components = components::find(&darkness, threshold);
    let width = components.stroke_width();
    components.drop_specks(parameters, width);
    let area = components.bounds().ok_or(Error::NoInk)?;
    components.erase_dropped(&mut darkness);
    let canvas = fit::Canvas::new(&area, parameters.margin);
    let soft = canvas.enlarge(&darkness, &area);
    // A stroke thinner than a working pixel never reaches its full darkness there.
    let thin = (width * canvas.scale()).min(1.0);
    let mask = threshold::above(soft, (f32::from(threshold) * thin) as u8);
    let mask = stroke::level(mask, parameters.stroke_width * fit::SUPER as f32);
    Ink::new(canvas.reduce(&mask))
}
