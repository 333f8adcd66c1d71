//! Draws middle lines with one round pen, so that neither pen nor scanner remains.
//!
//! The points of the lines are evened out along the line (repeated averaging with the neighbours,
//! which is a Gaussian), fitted to the result's square with the aspect kept, and every pixel gets
//! the share of it that the pen covers, by its distance to the line.

use super::skeleton::Skeleton;
use super::{Frame, InkParameters, SPREAD};
use crate::preprocess::SIDE;

/// More than this no smoothing and no pen is, in pixels of the result, whatever a model file says.
const MOST: f32 = 16.0;
/// What one averaging adds to the Gaussian's variance, in working pixels squared.
const EVENED: f32 = 0.6;

/// The result, 0 paper and 255 ink, and where in it each point of the lines is. The longer side of the ink had `longest`
/// working pixels.
pub(super) fn draw(mut skeleton: Skeleton, parameters: &InkParameters, longest: usize) -> (Vec<u8>, Vec<[f32; 2]>) {
    let margin = f32::from(parameters.margin).min(SIDE as f32 / 4.0);
    let working = longest as f32 / (SIDE as f32 - 2.0 * margin);
    let times = (parameters.smoothing.clamp(0.0, MOST) * working).powi(2) / EVENED;
    for _ in 0..times.round() as usize {
        even_out(&mut skeleton);
    }
    let radius = parameters.stroke_width.clamp(0.0, MOST) / 2.0;
    match parameters.frame {
        Frame::Box => fit(&mut skeleton.points, margin + radius),
        Frame::Mass => balance(&mut skeleton),
    }
    (cover(&skeleton, radius), skeleton.points)
}

/// Moves every point half-way to the middle of its neighbours; ends stay.
fn even_out(skeleton: &mut Skeleton) {
    let even = |p: usize| {
        let [x, y] = skeleton.points[p];
        let near = skeleton.near(p);
        if near.len() < 2 {
            return [x, y];
        }
        let half = 0.5 / near.len() as f32;
        let add = |[u, v]: [f32; 2], &q: &u32| {
            let [x, y] = skeleton.points[q as usize];
            [u + half * x, v + half * y]
        };
        near.iter().fold([x / 2.0, y / 2.0], add)
    };
    skeleton.points = (0..skeleton.points.len()).map(even).collect();
}

/// Scales the points so that the longer side of their box leaves `margin`, and centres them.
fn fit(points: &mut [[f32; 2]], margin: f32) {
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    for point in points.iter() {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let longest = (high[0] - low[0]).max(high[1] - low[1]);
    // A dot has no size to fit.
    let scale = if longest > 0.0 { (SIDE as f32 - 2.0 * margin) / longest } else { 1.0 };
    for point in points {
        for axis in 0..2 {
            point[axis] = (point[axis] - (low[axis] + high[axis]) / 2.0) * scale + SIDE as f32 / 2.0;
        }
    }
}

/// Brings the centre of the lines' mass to the middle and their spread to [`SPREAD`].
fn balance(skeleton: &mut Skeleton) {
    let (mut mass, mut sums, mut squares) = (0.0_f64, [0.0_f64; 2], 0.0_f64);
    for (p, from) in skeleton.points.iter().enumerate() {
        for to in skeleton.near(p).iter().filter(|&&q| q as usize > p).map(|&q| skeleton.points[q as usize]) {
            let length = f64::from((to[0] - from[0]).hypot(to[1] - from[1]));
            let middle = [0, 1].map(|axis| f64::from(from[axis] + to[axis]) / 2.0);
            mass += length;
            (0..2).for_each(|axis| sums[axis] += length * middle[axis]);
            squares += length * (middle[0].powi(2) + middle[1].powi(2));
        }
    }
    // Dots have no length, and no size to bring to another.
    let whole = |points: &[[f32; 2]], axis: usize| points.iter().map(|point| f64::from(point[axis])).sum::<f64>();
    let center = if mass > 0.0 {
        sums.map(|sum| sum / mass)
    } else {
        [0, 1].map(|axis| whole(&skeleton.points, axis) / skeleton.points.len() as f64)
    };
    let variance = if mass > 0.0 { squares / mass - center[0].powi(2) - center[1].powi(2) } else { 0.0 };
    let scale = if variance > 0.0 { f64::from(SPREAD) / variance.sqrt() } else { 1.0 };
    for point in &mut skeleton.points {
        for axis in 0..2 {
            point[axis] = ((f64::from(point[axis]) - center[axis]) * scale + SIDE as f64 / 2.0) as f32;
        }
    }
}

/// How much of each pixel is within `radius` of the lines.
fn cover(skeleton: &Skeleton, radius: f32) -> Vec<u8> {
    let mut squares = vec![f32::MAX; SIDE * SIDE];
    let reach = radius + 1.0;
    let mut stamp = |[x, y]: [f32; 2]| {
        let span = |c: f32| ((c - reach).max(0.0) as usize).min(SIDE)..((c + reach + 1.0).max(0.0) as usize).min(SIDE);
        for row in span(y) {
            let dy = row as f32 + 0.5 - y;
            let columns = span(x);
            let first = columns.start;
            for (n, square) in squares[row * SIDE..][columns].iter_mut().enumerate() {
                let dx = (first + n) as f32 + 0.5 - x;
                *square = square.min(dx * dx + dy * dy);
            }
        }
    };
    for (p, &[x, y]) in skeleton.points.iter().enumerate() {
        stamp([x, y]);
        for &q in skeleton.near(p).iter().filter(|&&q| q as usize > p) {
            let [u, v] = skeleton.points[q as usize];
            stamp([(x + u) / 2.0, (y + v) / 2.0]);
        }
    }
    let covered = |square: f32| ((radius + 0.5 - square.sqrt()).clamp(0.0, 1.0) * 255.0).round() as u8;
    // Most pixels are far from all lines.
    squares.iter().map(|&square| if square < reach * reach { covered(square) } else { 0 }).collect()
}
