//! How wide the strokes are along their middle lines, measured before thinning takes that away.
//!
//! Pens, tones and scanners set how wide strokes are, and the hand's pressure where along them they are wider: what is kept
//! is each width in relation to the image's median. A width is that across the line: from its middle both ways to where
//! the darkness falls below the threshold, between two pixels where it does so there. Near forks, where two strokes
//! widen each other, it is not known.

use super::Plane;
use super::skeleton::Skeleton;
use crate::preprocess::{SIDE, Widths};

/// How far from a fork widths are known, in stroke widths.
const FROM_FORK: f32 = 0.7;
/// Steps along a line, both ways, that its direction is taken from.
const STEPS: usize = 4;
/// Further than this, in stroke widths, no stroke reaches across.
const REACH: f32 = 4.0;

/// How far the widths of an image spread (between its ninth and its first tenth, in medians) where they begin to say
/// something, and where they say all they can: drawn with one pen they spread by 0.20 to 0.30, on paper by 0.30 to 0.75.
const SPREAD: [f32; 2] = [0.32, 0.42];
/// The same of the median width, in pixels of the scan.
const SCANNED: [f32; 2] = [1.5, 2.5];

/// A width for each point of the middle lines, in working pixels; 0 where it is not known. `level` is the threshold,
/// `stroke` the usual width of a stroke in working pixels.
pub(crate) fn along(skeleton: &Skeleton, darkness: &Plane, level: u8, stroke: f32) -> Vec<f32> {
    let forked = near_forks(skeleton, FROM_FORK * stroke);
    let level = f32::from(level) + 0.5;
    let width = |point: usize| {
        let direction = if forked[point] { None } else { direction(skeleton, point) };
        across(darkness, level, skeleton.points[point], direction?, REACH * stroke)
    };
    (0..skeleton.points.len()).map(|point| width(point).unwrap_or(0.0)).collect()
}

/// Widths as an ink keeps them; `at` is where each point is drawn. None where they say nothing: `scale` is how many working
/// pixels a pixel of the scan is.
pub(crate) fn kept(widths: &[f32], at: &[[f32; 2]], scale: f32) -> Option<Widths> {
    let mut ascending: Vec<f32> = widths.iter().copied().filter(|width| *width > 0.0).collect();
    ascending.sort_unstable_by(f32::total_cmp);
    let tenth = |tenths: usize| ascending.get(ascending.len() * tenths / 10).copied();
    let (low, median, high) = (tenth(1)?, tenth(5)?, tenth(9)?);
    let share = |value: f32, [from, to]: [f32; 2]| ((value - from) / (to - from)).clamp(0.0, 1.0);
    let clarity = share((high - low) / median, SPREAD) * share(median / scale, SCANNED);
    let mut sums = vec![(0.0, 0.0); SIDE * SIDE];
    for (&[x, y], &width) in at.iter().zip(widths).filter(|(_, width)| **width > 0.0) {
        let (column, row) = (x.max(0.0) as usize, y.max(0.0) as usize);
        if column < SIDE && row < SIDE {
            let sum = &mut sums[row * SIDE + column];
            *sum = (sum.0 + width / median, sum.1 + 1.0);
        }
    }
    let to_byte = |(sum, count): (f32, f32)| {
        if count > 0.0 { (Widths::MEDIAN * sum / count).round().clamp(1.0, 255.0) as u8 } else { 0 }
    };
    let clarity = (255.0 * clarity).round() as u8;
    Widths::new(sums.into_iter().map(to_byte).collect(), clarity)
}

/// Whether each point is within `reach` of a fork, along the lines.
fn near_forks(skeleton: &Skeleton, reach: f32) -> Vec<bool> {
    let mut nearest = vec![f32::MAX; skeleton.points.len()];
    let forks = (0..skeleton.points.len()).filter(|&point| skeleton.near(point).len() > 2);
    let mut open: Vec<usize> = forks.inspect(|&fork| nearest[fork] = 0.0).collect();
    while let Some(point) = open.pop() {
        let [x, y] = skeleton.points[point];
        for &next in skeleton.near(point) {
            let [u, v] = skeleton.points[next as usize];
            let away = nearest[point] + ((u - x).powi(2) + (v - y).powi(2)).sqrt();
            if away < reach && away < nearest[next as usize] {
                nearest[next as usize] = away;
                open.push(next as usize);
            }
        }
    }
    nearest.into_iter().map(|nearest| nearest < reach).collect()
}

/// Where the line through a point goes: a unit vector. None of a point by itself.
fn direction(skeleton: &Skeleton, point: usize) -> Option<[f32; 2]> {
    let along = |first: u32| {
        let (mut before, mut at) = (point, first as usize);
        for _ in 1..STEPS {
            let [a, b] = skeleton.near(at) else { break };
            let next = if *a as usize == before { *b } else { *a };
            (before, at) = (at, next as usize);
        }
        skeleton.points[at]
    };
    let (from, to) = match *skeleton.near(point) {
        [only] => (skeleton.points[point], along(only)),
        [one, other] => (along(one), along(other)),
        _ => return None,
    };
    let (x, y) = (to[0] - from[0], to[1] - from[1]);
    let length = (x * x + y * y).sqrt();
    (length > 0.0).then(|| [x / length, y / length])
}

/// The width across a line at a point in its direction; None where the stroke does not end within `reach`.
fn across(darkness: &Plane, level: f32, at: [f32; 2], [x, y]: [f32; 2], reach: f32) -> Option<f32> {
    // Along rows, columns or diagonals, whichever is nearest to across, so that no pixel has to be made of others.
    const AXES: [[isize; 2]; 4] = [[1, 0], [1, 1], [0, 1], [-1, 1]];
    let steepness = |[u, v]: [isize; 2]| {
        let (u, v) = (u as f32, v as f32);
        (u * y - v * x).abs() / (u * u + v * v).sqrt()
    };
    let axis = AXES.into_iter().max_by(|a, b| steepness(*a).total_cmp(&steepness(*b)))?;
    let length = if axis[0] != 0 && axis[1] != 0 { std::f32::consts::SQRT_2 } else { 1.0 };
    let most = (reach / length) as usize;
    let one = edge(darkness, level, at, axis, most)?;
    let other = edge(darkness, level, at, axis.map(|side| -side), most)?;
    Some((one + other) * length * steepness(axis))
}

/// How many steps from a point the darkness falls below the level.
fn edge(darkness: &Plane, level: f32, [x, y]: [f32; 2], [right, down]: [isize; 2], most: usize) -> Option<f32> {
    let (mut column, mut row) = (x as isize, y as isize);
    let at = |column: isize, row: isize| {
        let inside = (0..darkness.width as isize).contains(&column) && (0..darkness.height as isize).contains(&row);
        if inside { f32::from(darkness.values[row as usize * darkness.width + column as usize]) } else { 0.0 }
    };
    let mut before = at(column, row);
    if before < level {
        return None;
    }
    for step in 0..most {
        (column, row) = (column + right, row + down);
        let next = at(column, row);
        if next < level {
            return Some(step as f32 + (before - level) / (before - next));
        }
        before = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::threshold;
    use super::*;

    /// A stroke of the given half width along a straight line at an angle, soft at its edges.
    fn stroke(degrees: f32, half_width: impl Fn(f32) -> f32) -> Plane {
        let (sin, cos) = libm::sincosf(degrees.to_radians());
        let darkness = |place: usize| {
            let (x, y) = ((place % 200) as f32 + 0.5 - 100.0, (place / 200) as f32 + 0.5 - 100.0);
            let (along, away) = (cos * x + sin * y, (cos * y - sin * x).abs());
            if along.abs() > 80.0 { 0 } else { ((half_width(along) + 0.5 - away).clamp(0.0, 1.0) * 200.0) as u8 }
        };
        Plane { width: 200, height: 200, values: (0..200 * 200).map(darkness).collect() }
    }

    fn widths(plane: &Plane) -> (Skeleton, Vec<f32>) {
        let skeleton = Skeleton::new(&threshold::above(plane, 100), 4.0);
        let widths = along(&skeleton, plane, 100, 6.0);
        (skeleton, widths)
    }

    #[test]
    fn a_width_is_the_same_in_every_direction_and_between_two_pixels() {
        for (degrees, half) in
            [(0.0, 3.0), (17.0, 3.0), (22.5, 2.6), (45.0, 3.0), (70.0, 3.3), (90.0, 3.0), (130.0, 2.2)]
        {
            let (_, widths) = widths(&stroke(degrees, |_| half));
            let inner = &widths[8..widths.len() - 8];
            let mean = inner.iter().sum::<f32>() / inner.len() as f32;
            assert!((mean - 2.0 * half).abs() < 0.45, "{degrees}: {mean}, {half}");
        }
    }

    #[test]
    fn where_the_pen_is_pressed_the_width_is_more() {
        let (skeleton, widths) = widths(&stroke(30.0, |along| 3.0 + along / 80.0));
        let mean = |left: bool| {
            let side = |point: &usize| (skeleton.points[*point][0] < 100.0) == left && widths[*point] > 0.0;
            let points: Vec<usize> = (0..widths.len()).filter(side).collect();
            points.iter().map(|&point| widths[point]).sum::<f32>() / points.len() as f32
        };
        assert!((mean(false) - mean(true) - 2.0).abs() < 0.3, "{} {}", mean(true), mean(false));
    }

    #[test]
    fn one_pen_says_nothing_and_a_hand_something() {
        let clarity = |plane: &Plane| {
            let (skeleton, widths) = widths(plane);
            kept(&widths, &skeleton.points, 1.0).map(|widths| widths.clarity())
        };
        assert_eq!(clarity(&stroke(30.0, |_| 3.0)), None);
        assert_eq!(clarity(&stroke(30.0, |along| 3.0 + along / 50.0)), Some(255));
    }
}
