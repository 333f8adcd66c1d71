//! A box around the signature, ruled or drawn by hand.
//!
//! Nothing of a signature runs along all four sides of all ink. What does is followed from side to side, wavy or not; where
//! strokes cross it the ink is thicker across, and stays.

use std::ops::Range;

use super::Plane;
use super::components::Area;
use super::sides::{Direction, Side};

/// How far in from the outermost ink a side of the box may wander, as a share of the height or width.
const BAND: f32 = 0.12;
/// A side is there where so much of its length has a thin line in its band.
const COVERED: f32 = 0.72;
/// The same of the last side, where the others are there.
const LAST_COVERED: f32 = 0.4;
/// A side is at most so many stroke widths thick.
const THICK: f32 = 2.2;
/// From one pixel to the next a side moves no farther than this, in stroke widths; across a gap three times that.
const STEP: f32 = 0.7;
/// How far from where two sides meet the ink is theirs, in stroke widths.
const CORNER: f32 = 1.5;
/// A side that leaves the image was so many stroke widths from its edge before.
const EDGE: f32 = 1.5;
/// A box around a signature is so many stroke widths high and wide at least.
const LEAST_WIDTHS: f32 = 15.0;
/// Sides of a box that have to be there: one may be a line that was taken out already, or lie outside the image.
const LEAST_SIDES: usize = 3;

/// Erases a box around the ink: true where there was one.
pub(super) fn erase(plane: &mut Plane, threshold: u8, stroke_width: f32, area: &Area) -> bool {
    if (area.width().min(area.height()) as f32) < LEAST_WIDTHS * stroke_width {
        return false;
    }
    let sides = Side::ALL.map(|side| trace(plane, threshold, stroke_width, area, side));
    let length = |side: Side| extents(side, area).0.len();
    let covered = |(side, runs): (&Side, &Vec<Run>)| {
        let outside = outside_image(plane, *side, runs, stroke_width);
        (runs.len() + outside) as f32 / length(*side) as f32
    };
    let covered: Vec<f32> = Side::ALL.iter().zip(&sides).map(covered).collect();
    if covered.iter().filter(|&&covered| covered >= COVERED).count() < LEAST_SIDES {
        return false;
    }
    let with_three = Side::ALL.into_iter().zip(sides).zip(covered).filter(|(_, covered)| *covered >= LAST_COVERED);
    let there: Vec<(Side, Vec<Run>)> = with_three.map(|(side, _)| side).collect();
    let reach = (CORNER * stroke_width) as usize;
    for (side, runs) in &there {
        let others = there.iter().filter(|(other, _)| other.direction() != side.direction());
        for (_, other) in others {
            crossings(runs, other, reach).for_each(|crossing| erase_around(plane, *side, &crossing, reach));
        }
        let usual = usual_thickness(runs);
        // What is thicker is the end of a stroke, too.
        for run in runs.iter().filter(|run| (run.end - run.start) as f32 <= 1.5 * usual + 1.0) {
            for across in run.start.saturating_sub(1)..run.end + 1 {
                side.erase(plane, run.along, across);
            }
        }
        for end in runs.first().into_iter().chain(runs.last()) {
            erase_around(plane, *side, end, reach);
        }
    }
    true
}

/// How much of a side is outside the image: the gaps between runs that are at the image's edge.
fn outside_image(plane: &Plane, side: Side, runs: &[Run], stroke_width: f32) -> usize {
    let size = side.direction().sides(plane).1;
    let near = (EDGE * stroke_width).ceil() as usize;
    let at_edge = |run: &Run| if side.is_first() { run.start <= near } else { run.end + near >= size };
    let gaps = runs.windows(2).filter(|pair| at_edge(&pair[0]) && at_edge(&pair[1]));
    gaps.map(|pair| pair[1].along - pair[0].along - 1).sum()
}

/// The median thickness of a side's runs, in pixels.
fn usual_thickness(runs: &[Run]) -> f32 {
    let mut thicknesses: Vec<usize> = runs.iter().map(|run| run.end - run.start).collect();
    thicknesses.sort_unstable();
    thicknesses.get(thicknesses.len() / 2).map_or(0.0, |&thickness| thickness as f32)
}

/// Where a side runs across another one: the run before each gap in which that other one lies.
fn crossings<'a>(side: &'a [Run], other: &'a [Run], reach: usize) -> impl Iterator<Item = Run> + 'a {
    let gaps = side.windows(2).filter(|pair| pair[1].along > pair[0].along + 1);
    gaps.filter_map(move |pair| {
        let gap = pair[0].along..=pair[1].along;
        let place = (pair[0].start + pair[0].end) / 2;
        let meets = |run: &&Run| run.along.abs_diff(place) <= 2 * reach && gap.contains(&((run.start + run.end) / 2));
        other.iter().find(meets).map(|run| Run { along: (run.start + run.end) / 2, ..pair[0] })
    })
}

/// Where two sides meet the box is thick both ways: what is within reach of that goes.
fn erase_around(plane: &mut Plane, side: Side, place: &Run, reach: usize) {
    for along in place.along.saturating_sub(reach)..=place.along + reach {
        for across in place.start.saturating_sub(reach)..place.end + reach {
            side.erase(plane, along, across);
        }
    }
}

/// A thin run of ink across a side.
#[derive(Clone, Copy)]
struct Run {
    along: usize,
    start: usize,
    end: usize,
}

impl Side {
    /// Where a pixel is among the plane's values; None outside the plane.
    fn index(self, plane: &Plane, along: usize, across: usize) -> Option<usize> {
        let (length, size) = self.direction().sides(plane);
        (along < length && across < size).then(|| self.direction().index(plane, along, across))
    }

    fn get(self, plane: &Plane, along: usize, across: usize) -> u8 {
        self.index(plane, along, across).map_or(0, |at| plane.values[at])
    }

    fn erase(self, plane: &mut Plane, along: usize, across: usize) {
        if let Some(at) = self.index(plane, along, across) {
            plane.values[at] = 0;
        }
    }
}

/// From where to where an area reaches along a side, and across it.
fn extents(side: Side, area: &Area) -> (Range<usize>, Range<usize>) {
    let columns = usize::from(area.left)..usize::from(area.right);
    let rows = usize::from(area.top)..usize::from(area.bottom);
    match side.direction() {
        Direction::Level => (columns, rows),
        Direction::Plumb => (rows, columns),
    }
}

/// Follows a side of the box: its thin runs, from one end to the other.
fn trace(plane: &Plane, threshold: u8, stroke_width: f32, area: &Area, side: Side) -> Vec<Run> {
    let (along, across) = extents(side, area);
    let band = ((BAND * across.len() as f32) as usize).max(1);
    let band = if side.is_first() { across.start..across.start + band } else { across.end - band..across.end };
    let thickest = (THICK * stroke_width).max(3.0) as usize;
    let outermost_first = |along: usize| -> Vec<Run> {
        let mut runs = Vec::new();
        let mut at = band.start;
        while at < band.end {
            if side.get(plane, along, at) <= threshold {
                at += 1;
                continue;
            }
            let start = at;
            while side.get(plane, along, at) > threshold {
                at += 1;
            }
            if at - start <= thickest {
                runs.push(Run { along, start, end: at });
            }
        }
        if !side.is_first() {
            runs.reverse();
        }
        runs
    };
    let step = (STEP * stroke_width).max(1.5);
    let mut found: Vec<Run> = Vec::new();
    for along in along {
        let runs = outermost_first(along);
        let last = found.last().map(|run| ((run.start + run.end) as f32 / 2.0, along - run.along));
        let next = match last {
            // The line may have begun with a stroke outside the box: after a while it is looked for from outside again.
            Some((middle, gap)) if (gap as f32) < 12.0 * stroke_width => {
                let reach = step * (gap as f32).clamp(1.0, 3.0);
                let off = |run: &Run| ((run.start + run.end) as f32 / 2.0 - middle).abs();
                let near = runs.into_iter().filter(|run| off(run) <= reach);
                near.min_by(|a, b| off(a).total_cmp(&off(b)))
            }
            _ => runs.into_iter().next(),
        };
        found.extend(next);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(ink: impl Fn(f32, f32) -> bool) -> Plane {
        let inked = |i: usize| ink((i % 400) as f32, (i / 400) as f32);
        Plane { width: 400, height: 200, values: (0..400 * 200).map(|i| if inked(i) { 200 } else { 0 }).collect() }
    }

    const AREA: Area = Area { left: 8, top: 6, right: 392, bottom: 194 };

    fn in_box(x: f32, y: f32) -> bool {
        let wave = 2.0 * (x / 40.0).sin();
        let level = (y - 10.0 - wave).abs() < 2.0 || (y - 188.0 - wave).abs() < 2.0;
        let plumb = (x - 12.0).abs() < 2.0 || (x - 387.0).abs() < 2.0;
        (level && (10.0..390.0).contains(&x)) || (plumb && (8.0..190.0).contains(&y))
    }

    fn stroke(x: f32, y: f32) -> bool {
        (y - 100.0 - 60.0 * (x / 25.0).sin()).abs() < 6.0 && (60.0..340.0).contains(&x)
    }

    #[test]
    fn a_box_by_hand_goes_and_the_writing_in_it_stays() {
        let mut boxed = plane(|x, y| in_box(x, y) || stroke(x, y));
        assert!(erase(&mut boxed, 100, 4.0, &AREA));
        let alone = plane(stroke);
        let differ = boxed.values.iter().zip(&alone.values).filter(|(a, b)| a != b).count();
        assert!(differ < 150, "{differ}");
    }

    #[test]
    fn writing_alone_is_no_box() {
        let mut alone = plane(|x, y| stroke(x, y) || ((y - 190.0).abs() < 2.0 && (20.0..380.0).contains(&x)));
        assert!(!erase(&mut alone, 100, 4.0, &AREA));
    }
}
