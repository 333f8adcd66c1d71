//! What a writer means to write: runs of targets between two lifts of the pen, and the habits that go with them.
//!
//! A [`Plan`] is drawn once for a writer, in one [`Style`]. [`super::signing`] perturbs it for every signing.

use rand::Rng;

use super::draw::{between, normal};
use super::motor::Point;
use super::style::Style;

/// One run of the pen on the paper.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    /// Where the pen is put down.
    pub start: Point,
    pub strokes: Vec<Aim>,
}

/// A stroke of the plan: where to, and turning by how much (radians, to the left).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Aim {
    pub to: Point,
    pub turn: f64,
    /// The letter that it belongs to, counted through the signature: letters shrink, grow and shift as a whole.
    pub letter: usize,
}

/// All that is fixed about a writer's signature; lengths in x-heights.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub runs: Vec<Run>,
    pub letters: usize,
    pub habits: Habits,
}

/// How a hand writes, whatever it writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Habits {
    /// Slant to the right, radians.
    pub slant: f64,
    /// Rise of the baseline, radians.
    pub rise: f64,
    /// Width of letters against their height.
    pub stretch: f64,
    /// Pixels of an x-height in the picture, where there is room.
    pub size: f64,
    /// Duration of a stroke of one x-height, seconds.
    pub tempo: f64,
    /// Skewness of the speed profile, 0.02..0.12.
    pub skewness: f64,
    /// When the next stroke begins, as a share of the duration of the last: small is fluent, 1 stops at every target.
    pub overlap: f64,
    /// How steady the writer is from one signing to the next: 1 usual, smaller steadier.
    pub looseness: f64,
}

impl Habits {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            slant: (8.0 + 13.0 * normal(rng)).clamp(-25.0, 40.0).to_radians(),
            rise: (2.0 + 4.0 * normal(rng)).to_radians(),
            stretch: (1.0 + 0.22 * normal(rng)).clamp(0.6, 1.6),
            size: (42.0 + 13.0 * normal(rng)).clamp(20.0, 80.0),
            tempo: between(rng, 0.16, 0.26),
            skewness: between(rng, 0.03, 0.09),
            overlap: between(rng, 0.36, 0.58),
            looseness: between(rng, 0.6, 1.3),
        }
    }
}

impl Plan {
    pub(super) fn draw(style: Style, rng: &mut impl Rng) -> Self {
        let habits = style.fitted(Habits::draw(rng));
        style.written(rng).finish(habits)
    }
}
