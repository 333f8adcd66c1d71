//! Local features of an ink: points on the strokes, and what the strokes do around each.
//!
//! A place is described as DAISY does (E. Tola, V. Lepetit and P. Fua, DAISY: an efficient dense descriptor, PAMI 2010):
//! the [`Directions`] there, at eight points around it, and at eight points further out, where they are more spread. The
//! description is divided by its sum and the root taken of each number (R. Arandjelovic and A. Zisserman, Three things
//! everyone should know to improve object retrieval, CVPR 2012), which makes it a unit vector.

use inkproof_nn::descriptors::{BestMatch, Descriptors};

use super::Pressure;
use super::WIDTH;
use super::directions::{CELL, DIRECTIONS, Directions};
use crate::Ink;
use crate::preprocess::{SIDE, SPREAD};

/// Points that a place is described by: itself and two rings.
const POINTS: usize = 17;
/// Numbers that describe a place.
pub const RAW: usize = POINTS * DIRECTIONS;

/// Radius of the inner and the outer ring, in spreads of the ink.
const RINGS: [f32; 2] = [0.25, 0.5];
/// How far the directions are spread for them, in spreads of the ink.
const NEAR: f32 = 0.1;
const FAR: f32 = 0.2;

/// Pixels along the blocks that have one place each.
const BLOCK: usize = 4;
/// From this value on a pixel counts as ink.
const INK: u8 = 128;

/// How far a place's counterpart may be, in spreads of the ink.
const WINDOW: f32 = 0.4;
/// The same in pixels.
const REACH: f32 = WINDOW * SPREAD;

/// One place before it is projected.
#[derive(Clone, Debug, PartialEq)]
pub struct RawFeature {
    /// In pixels, from the left and from the top.
    pub at: [f32; 2],
    /// What the strokes do around it: a unit vector, or zeros where there are no strokes.
    pub values: [f32; RAW],
}

/// What `inknet` keeps of an ink: its places, projected.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalFeatures {
    /// Where each place is, in pixels of the ink.
    pub(crate) at: Vec<[f32; 2]>,
    /// A unit vector for each.
    pub(crate) values: Vec<[f32; WIDTH]>,
    /// How similar strangers are to it on average, 0..1.
    pub(crate) to_cohort: f32,
    /// Where the pen was pressed; None where the scan cannot say.
    pub(crate) pressure: Option<Pressure>,
}

impl LocalFeatures {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there are none, as of an ink without strokes.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Where the places are, in pixels of the ink.
    pub fn at(&self) -> &[[f32; 2]] {
        &self.at
    }

    /// What describes the places: a unit vector for each.
    pub fn values(&self) -> &[[f32; WIDTH]] {
        &self.values
    }

    /// How similar strangers are to it on average, 0..1.
    pub fn to_cohort(&self) -> f32 {
        self.to_cohort
    }

    /// How similar two inks are, 0..1: the mean, over the places of each, of the likeness (cosine) to the most similar place
    /// of the other in the window. The same both ways round, to the last bit.
    pub fn similarity(&self, other: &Self) -> f32 {
        self.similarity_to(&other.descriptors())
    }

    /// The same, where one ink is compared with many.
    pub(crate) fn similarity_to(&self, other: &Descriptors<WIDTH>) -> f32 {
        let (here, there) = other.matched(&self.at, &self.values, REACH);
        (mean(&here) + mean(&there)) / 2.0
    }

    /// The places, laid out for being compared.
    pub(crate) fn descriptors(&self) -> Descriptors<WIDTH> {
        Descriptors::new(&self.at, &self.values)
    }

    /// The likeness of each place to the most similar place of the other ink in the window, 0 where there is none: for the
    /// places here, and for those of the other.
    pub fn matched(&self, other: &Self) -> (Vec<f32>, Vec<f32>) {
        other.descriptors().matched(&self.at, &self.values, REACH)
    }

    /// The same with the number of that place, which takes longer.
    pub(super) fn best_matches(&self, other: &Self) -> (Vec<BestMatch>, Vec<BestMatch>) {
        other.descriptors().best_matches(&self.at, &self.values, REACH)
    }

    /// Where the pen was pressed; None where the scan cannot say.
    pub fn pressure(&self) -> Option<&Pressure> {
        self.pressure.as_ref()
    }
}

/// All pairs of points that are near enough to be counterparts.
pub fn in_window(a: &[[f32; 2]], b: &[[f32; 2]], mut found: impl FnMut(usize, usize)) {
    // Places come in rows of blocks: what is certainly too high is passed over once for all.
    let mut first = 0;
    for (here, [x, y]) in a.iter().enumerate() {
        while b.get(first).is_some_and(|[_, above]| above + REACH + 2.0 * (BLOCK as f32) < *y) {
            first += 1;
        }
        for (there, [u, v]) in b.iter().enumerate().skip(first) {
            if v - y > REACH + BLOCK as f32 {
                break;
            }
            if (u - x).powi(2) + (v - y).powi(2) <= REACH * REACH {
                found(here, there);
            }
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Pairs of raw places that are each other's most similar in the window: what two signings of one writer share.
pub fn mutual(a: &[RawFeature], b: &[RawFeature]) -> Vec<(usize, usize)> {
    let points = |places: &[RawFeature]| places.iter().map(|place| place.at).collect::<Vec<_>>();
    let (mut best_a, mut best_b) = (vec![(0.0, usize::MAX); a.len()], vec![(0.0, usize::MAX); b.len()]);
    in_window(&points(a), &points(b), |here, there| {
        let likeness: f32 = a[here].values.iter().zip(&b[there].values).map(|(a, b)| a * b).sum();
        if likeness > best_a[here].0 {
            best_a[here] = (likeness, there);
        }
        if likeness > best_b[there].0 {
            best_b[there] = (likeness, here);
        }
    });
    let is_mutual = |&(here, (_, there)): &(usize, (f32, usize))| there < b.len() && best_b[there].1 == here;
    best_a.into_iter().enumerate().filter(is_mutual).map(|(here, (_, there))| (here, there)).collect()
}

/// The places of an ink: one for each block that strokes go through, in rows.
pub(super) fn extract(ink: &Ink) -> Vec<RawFeature> {
    let directions = Directions::from_ink(ink);
    let cells = |spreads: f32| spreads * SPREAD / CELL as f32;
    let (near, far) = (directions.spread(cells(NEAR)), directions.spread(cells(FAR)));
    let (around, points) = (around(), points(ink.pixels()).into_iter());
    points.map(|at| RawFeature { at, values: described(&near, &far, &around, at) }).collect()
}

/// The middle of the ink in each block.
fn points(pixels: &[u8]) -> Vec<[f32; 2]> {
    let mut points = Vec::new();
    for top in (0..SIDE).step_by(BLOCK) {
        for left in (0..SIDE).step_by(BLOCK) {
            let (mut count, mut sum) = (0.0, [0.0; 2]);
            for y in top..top + BLOCK {
                for x in left..left + BLOCK {
                    if pixels[y * SIDE + x] >= INK {
                        count += 1.0;
                        sum[0] += x as f32 + 0.5;
                        sum[1] += y as f32 + 0.5;
                    }
                }
            }
            if count > 0.0 {
                points.push(sum.map(|sum| sum / count));
            }
        }
    }
    points
}

/// Where the points are that a place is described by, from the place, in pixels.
fn around() -> [[f32; 2]; POINTS] {
    std::array::from_fn(|point| {
        let (radius, eighths) = match point.checked_sub(1) {
            None => (0.0, 0.0),
            Some(inner @ 0..8) => (RINGS[0], inner as f32),
            Some(outer) => (RINGS[1], outer as f32 + 0.5),
        };
        let (angle, radius) = (eighths * std::f32::consts::FRAC_PI_4, radius * SPREAD);
        [radius * libm::cosf(angle), radius * libm::sinf(angle)]
    })
}

fn described(near: &Directions, far: &Directions, around: &[[f32; 2]; POINTS], [x, y]: [f32; 2]) -> [f32; RAW] {
    /// The place itself and the inner ring.
    const INNER: usize = 9;
    let mut values = [0.0; RAW];
    for ((point, values), [right, down]) in values.chunks_exact_mut(DIRECTIONS).enumerate().zip(around) {
        let view = if point < INNER { near } else { far };
        values.copy_from_slice(&view.at(x + right, y + down));
    }
    let sum: f32 = values.iter().sum();
    values.map(|value| (value / sum.max(f32::MIN_POSITIVE)).sqrt())
}
