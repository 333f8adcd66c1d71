//! What a group looks like, as numbers.

use std::f32::consts::PI;

use crate::preprocess::ink::components::{self, Area};
use crate::preprocess::ink::skeleton::Skeleton;
use crate::preprocess::ink::{Plane, threshold};

use super::groups::{DUST, Group};
use super::sheet::Sheet;

/// Parts that directions are counted in.
const DIRECTIONS: usize = 8;
/// Steps along a line between which its direction is taken, in heights of print.
const STEP: f32 = 0.3;
/// Nothing is farther away than this, in heights of print.
const FAR: f32 = 20.0;

/// What the numbers are; lengths are in heights of print, places and shares 0 to 1.
pub const FEATURES: [&str; 65] = [
    "width",
    "height",
    "width over height",
    "share of the box that is ink",
    "stroke width",
    "height in stroke widths",
    "pieces",
    "share of the ink in the largest piece",
    "height of the largest piece, of the group's",
    "width of the widest piece, of the group's",
    "pieces higher than 1.5",
    "length of the strokes",
    "length of the strokes over width and height",
    "holes, in a length of ten",
    "ends, in a length of ten",
    "forks, in a length of ten",
    "strokes across a row, mean",
    "strokes across a column, mean",
    "share of the ink in the upper quarter",
    "share of the ink in the lower quarter",
    "spread of the ink down, of the height",
    "spread of the ink across, of the width",
    "directions 0",
    "directions 1",
    "directions 2",
    "directions 3",
    "directions 4",
    "directions 5",
    "directions 6",
    "directions 7",
    "entropy of the directions",
    "turning in a length of one, mean",
    "share of the strokes that hardly turn",
    "share of the strokes that turn sharply",
    "longest line between forks",
    "spread of the stroke width, of its mean",
    "share of the ink in runs as long as a third of the width",
    "middle across the page",
    "middle down the page",
    "printed characters above",
    "printed characters below",
    "printed characters to the left",
    "printed characters to the right",
    "printed characters within, by area",
    "share of the page's print that is above",
    "share of the page's print that is below",
    "printed characters of the page, in hundreds",
    "other writing near",
    "other groups of the page that begin higher",
    "other groups of the page that begin lower",
    "share of the page's writing",
    "line below",
    "line through",
    "gap to the print above",
    "gap to the print below",
    "width of the page in heights of print, in hundreds",
    "number of the distance that its pieces are joined at",
    "distances at which it is the same",
    "gap to other writing beside it",
    "gap to other writing above or below",
    "ink over that of the next larger group",
    "width over that of the next larger group",
    "height over that of the next larger group",
    "ink of the next smaller group over its own",
    "width of the next smaller group over its own",
];

/// One number for each of [`FEATURES`].
pub type Features = [f32; FEATURES.len()];

/// None where a group has no strokes.
pub(super) fn of(sheet: &Sheet, group: &Group, all: &[Group]) -> Option<Features> {
    let mut chosen = vec![false; sheet.pieces.len()];
    group.pieces.iter().for_each(|&piece| chosen[piece] = true);
    let mask = sheet.components.draw(&chosen, &group.area);
    let stroke = threshold::stroke_width(&mask, 0).max(1.0);
    let skeleton = Skeleton::new(&mask, stroke);
    let lines = Lines::new(&skeleton, sheet.height);
    if lines.length <= 0.0 {
        return None;
    }
    let mut numbers = Vec::with_capacity(FEATURES.len());
    numbers.extend(shape(sheet, group, &mask, stroke));
    numbers.extend(lines.shape(sheet, group, &skeleton, &mask));
    numbers.extend(spread(&mask));
    numbers.extend(lines.directions());
    numbers.push(widths(&skeleton, &mask));
    numbers.push(long_runs(&mask));
    numbers.extend(place(sheet, &group.area));
    numbers.extend(company(sheet, group, all, &chosen));
    numbers.extend(below_and_above(sheet, &group.area));
    numbers.extend(alternatives(sheet, group, all, &chosen));
    numbers.iter_mut().filter(|number| !number.is_finite()).for_each(|number| *number = 0.0);
    Some(numbers.try_into().expect("a number for each feature"))
}

/// Sizes, the ink and its pieces.
fn shape(sheet: &Sheet, group: &Group, mask: &Plane, stroke: f32) -> [f32; 11] {
    let unit = sheet.height;
    let (width, height) = (mask.width as f32, mask.height as f32);
    let ink = mask.values.iter().filter(|&&value| value > 0).count() as f32;
    let pieces = || group.pieces.iter().map(|&piece| &sheet.pieces[piece]);
    let most = |of: fn(&Area) -> usize| pieces().map(|piece| of(&piece.area)).max().unwrap_or(0) as f32;
    let largest = pieces().map(|piece| piece.ink).max().unwrap_or(0) as f32;
    let high = pieces().filter(|piece| piece.area.height() as f32 > 1.5 * unit).count();
    [
        width / unit,
        height / unit,
        width / height,
        ink / (width * height),
        stroke / unit,
        height / stroke,
        group.pieces.len() as f32,
        largest / ink,
        most(Area::height) / height,
        most(Area::width) / width,
        high as f32,
    ]
}

/// The middle lines of strokes, as points a step apart.
struct Lines {
    /// In heights of print.
    length: f32,
    longest: f32,
    lines: Vec<Vec<[f32; 2]>>,
}

impl Lines {
    fn new(skeleton: &Skeleton, unit: f32) -> Lines {
        let step = (STEP * unit).max(2.0) as usize;
        let lines: Vec<Vec<[f32; 2]>> = skeleton.lines();
        let length = |line: &Vec<[f32; 2]>| line.windows(2).map(|pair| distance(pair[0], pair[1])).sum::<f32>() / unit;
        let lengths: Vec<f32> = lines.iter().map(length).collect();
        let stepped = lines.into_iter().map(|line| {
            let last = line[line.len() - 1];
            let mut points: Vec<[f32; 2]> = line.into_iter().step_by(step).collect();
            if points.last() != Some(&last) {
                points.push(last);
            }
            points
        });
        Lines {
            length: lengths.iter().sum(),
            longest: lengths.iter().copied().fold(0.0, f32::max),
            lines: stepped.collect(),
        }
    }

    fn shape(&self, sheet: &Sheet, group: &Group, skeleton: &Skeleton, mask: &Plane) -> [f32; 5] {
        let unit = sheet.height;
        let with = |is: fn(usize) -> bool| {
            (0..skeleton.points.len()).filter(|&point| is(skeleton.near(point).len())).count() as f32
        };
        let extent = (group.area.width() + group.area.height()) as f32 / unit;
        let tens = self.length / 10.0;
        [
            self.length,
            self.length / extent,
            holes(mask) as f32 / tens,
            with(|near| near == 1) / tens,
            with(|near| near > 2) / tens,
        ]
    }

    /// How directions are distributed, and how lines turn.
    fn directions(&self) -> [f32; DIRECTIONS + 5] {
        let mut counts = [0.0_f32; DIRECTIONS];
        let (mut turned, mut straight, mut sharp, mut turns) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for line in &self.lines {
            let angles: Vec<(f32, f32)> =
                line.windows(2).map(|pair| (angle(pair[0], pair[1]), distance(pair[0], pair[1]))).collect();
            for &(angle, length) in &angles {
                let part = (angle / PI * DIRECTIONS as f32 + 0.5) as usize % DIRECTIONS;
                counts[part] += length;
            }
            for pair in angles.windows(2) {
                let turn = (pair[1].0 - pair[0].0).abs();
                let turn = turn.min(PI - turn);
                turned += turn;
                turns += 1.0;
                straight += f32::from(turn < PI / 16.0);
                sharp += f32::from(turn > PI / 4.0);
            }
        }
        let all = counts.iter().sum::<f32>().max(1e-6);
        let shares = counts.map(|count| count / all);
        let entropy: f32 = shares.iter().filter(|share| **share > 0.0).map(|share| -share * share.ln()).sum();
        let mut numbers = [0.0; DIRECTIONS + 5];
        numbers[..DIRECTIONS].copy_from_slice(&shares);
        let turns = turns.max(1.0);
        let in_one = turned / turns / STEP;
        numbers[DIRECTIONS..].copy_from_slice(&[entropy, in_one, straight / turns, sharp / turns, self.longest]);
        numbers
    }
}

/// Strokes met along rows and columns, and how the ink is spread.
fn spread(mask: &Plane) -> [f32; 6] {
    let (width, height) = (mask.width, mask.height);
    let mut rows = vec![0_u32; height];
    let mut columns = vec![0_u32; width];
    for (row, y) in mask.values.chunks_exact(width).zip(0..) {
        for (&value, column) in row.iter().zip(&mut columns) {
            *column += u32::from(value);
            rows[y] += u32::from(value);
        }
    }
    let inked = |counts: &[u32]| counts.iter().filter(|&&count| count > 0).count().max(1) as f32;
    let across = mask.changes_along_rows(0) as f32 / 2.0 / inked(&rows);
    let down = mask.changes_across_rows(0) as f32 / 2.0 / inked(&columns);
    let ink = rows.iter().sum::<u32>().max(1) as f32;
    let quarter = (height / 4).max(1);
    let share = |rows: &[u32]| rows.iter().sum::<u32>() as f32 / ink;
    [
        across,
        down,
        share(&rows[..quarter]),
        share(&rows[height - quarter..]),
        deviation(&rows) / height as f32,
        deviation(&columns) / width as f32,
    ]
}

/// The standard deviation of the place that counts are at.
fn deviation(counts: &[u32]) -> f32 {
    let all = counts.iter().map(|&count| f64::from(count)).sum::<f64>().max(1.0);
    let at = || counts.iter().enumerate().map(|(at, &count)| (at as f64, f64::from(count)));
    let mean = at().map(|(at, count)| at * count).sum::<f64>() / all;
    (at().map(|(at, count)| (at - mean).powi(2) * count).sum::<f64>() / all).sqrt() as f32
}

/// Paper that is shut in by ink.
fn holes(mask: &Plane) -> usize {
    // A border of paper, so that what is outside is one piece.
    let (width, height) = (mask.width + 2, mask.height + 2);
    let mut paper = Plane { width, height, values: vec![1; width * height] };
    for (y, row) in mask.values.chunks_exact(mask.width).enumerate() {
        for (x, &value) in row.iter().enumerate() {
            paper.values[(y + 1) * width + x + 1] = 1 - value;
        }
    }
    let mut pieces = components::find(&paper, 0);
    pieces.drop_smaller(4.0);
    pieces.count().saturating_sub(1)
}

/// The spread of the stroke width along the middle lines, of its mean; a width is that of the ink around a point along the
/// shorter of row and column.
fn widths(skeleton: &Skeleton, mask: &Plane) -> f32 {
    let run = |x: usize, y: usize, step: (isize, isize)| {
        let mut count = 0;
        let (mut x, mut y) = (x as isize, y as isize);
        let is_inside =
            |x: isize, y: isize| (0..mask.width as isize).contains(&x) && (0..mask.height as isize).contains(&y);
        while count < 40 && is_inside(x, y) && mask.values[y as usize * mask.width + x as usize] > 0 {
            (x, y) = (x + step.0, y + step.1);
            count += 1;
        }
        count
    };
    let width = |&[x, y]: &[f32; 2]| {
        let (x, y) = (x as usize, y as usize);
        let across = run(x, y, (-1, 0)) + run(x, y, (1, 0)) - 1;
        let down = run(x, y, (0, -1)) + run(x, y, (0, 1)) - 1;
        across.min(down).max(1) as f32
    };
    let widths: Vec<f32> = skeleton.points.iter().map(width).collect();
    let mean = widths.iter().sum::<f32>() / widths.len() as f32;
    (widths.iter().map(|width| (width - mean).powi(2)).sum::<f32>() / widths.len() as f32).sqrt() / mean
}

/// The share of ink in long stretches along rows.
fn long_runs(mask: &Plane) -> f32 {
    let least = (mask.width / 3).max(8);
    let (mut long, mut all) = (0, 0);
    for row in mask.values.chunks_exact(mask.width) {
        components::runs(row, 0, |start, end| {
            all += end - start;
            long += if end - start >= least { end - start } else { 0 };
        });
    }
    long as f32 / all.max(1) as f32
}

fn place(sheet: &Sheet, area: &Area) -> [f32; 2] {
    let middle = |from: u16, to: u16, size: usize| (f32::from(from) + f32::from(to)) / 2.0 / size as f32;
    [middle(area.left, area.right, sheet.size.0), middle(area.top, area.bottom, sheet.size.1)]
}

/// Print and other writing around the group and on the page.
fn company(sheet: &Sheet, group: &Group, all: &[Group], chosen: &[bool]) -> [f32; 12] {
    let unit = sheet.height;
    let area = &group.area;
    let middle = |area: &Area| {
        [(f32::from(area.left) + f32::from(area.right)) / 2.0, (f32::from(area.top) + f32::from(area.bottom)) / 2.0]
    };
    let print: Vec<[f32; 2]> = printed(sheet).map(middle).collect();
    let [left, top, right, bottom] = [area.left, area.top, area.right, area.bottom].map(f32::from);
    let within = |from: [f32; 2], to: [f32; 2]| {
        let is_in = |at: &&[f32; 2]| (from[0]..to[0]).contains(&at[0]) && (from[1]..to[1]).contains(&at[1]);
        print.iter().filter(is_in).count() as f32
    };
    let of_print = |is: &dyn Fn(f32) -> bool| {
        if print.is_empty() { 0.5 } else { print.iter().filter(|at| is(at[1])).count() as f32 / print.len() as f32 }
    };
    let (width, height) = ((right - left) / unit, (bottom - top) / unit);
    let reach = [(4.0 * unit) as u16, (3.0 * unit) as u16];
    let near = other_writing(sheet, chosen, 0.5).filter(|other| other.is_near(area, reach[0], reach[1])).count();
    let written = writing(sheet).map(|piece| sheet.pieces[piece].ink).sum::<usize>().max(1) as f32;
    let own = group.ink(sheet) as f32;
    let apart = |other: &&Group| !other.area.is_near(area, 0, 0);
    [
        within([left - 3.0 * unit, top - 4.0 * unit], [right + 3.0 * unit, top + unit]),
        within([left - 3.0 * unit, bottom - unit], [right + 3.0 * unit, bottom + 4.0 * unit]),
        within([left - 8.0 * unit, top], [left, bottom]),
        within([right, top], [right + 8.0 * unit, bottom]),
        within([left, top], [right, bottom]) / (width * height),
        of_print(&|y| y < top),
        of_print(&|y| y > bottom),
        print.len() as f32 / 100.0,
        near as f32,
        all.iter().filter(|other| other.area.top < area.top).filter(apart).count() as f32,
        all.iter().filter(|other| other.area.top > area.top).filter(apart).count() as f32,
        own / written,
    ]
}

/// Lines to sign on, and how far print is above and below.
fn below_and_above(sheet: &Sheet, area: &Area) -> [f32; 5] {
    let unit = sheet.height;
    let beside = |other: &Area| other.left < area.right && other.right > area.left;
    let gap = |from: u16, to: u16| (f32::from(to) - f32::from(from)) / unit;
    let has_line = |from: f32, to: f32| {
        let at = |line: &&Area| {
            let below = gap(area.top, line.top);
            beside(line) && (from..=to).contains(&below)
        };
        f32::from(sheet.lines.iter().any(|line| at(&line)))
    };
    let height = area.height() as f32 / unit;
    let above = printed(sheet).filter(|other| beside(other) && other.bottom <= area.top);
    let below = printed(sheet).filter(|other| beside(other) && other.top >= area.bottom);
    [
        has_line(height * 0.7, height + 2.0),
        has_line(height * 0.15, height * 0.7),
        above.map(|other| gap(other.bottom, area.top)).fold(FAR, f32::min),
        below.map(|other| gap(area.bottom, other.top)).fold(FAR, f32::min),
        sheet.size.0 as f32 / unit / 100.0,
    ]
}

/// How well the group is set off from other writing, and what it would be with more of it or less.
fn alternatives(sheet: &Sheet, group: &Group, all: &[Group], chosen: &[bool]) -> [f32; 9] {
    let (unit, area) = (sheet.height, &group.area);
    let others = || other_writing(sheet, chosen, DUST[0]);
    // How far two stretches of a line are apart, 0 where they share some of it.
    let apart = |a: (u16, u16), b: (u16, u16)| f32::from(a.0.saturating_sub(b.1).max(b.0.saturating_sub(a.1))) / unit;
    let across = |other: &Area| apart((area.left, area.right), (other.left, other.right));
    let down = |other: &Area| apart((area.top, area.bottom), (other.top, other.bottom));
    let beside = others().filter(|other| down(other) == 0.0).map(across).fold(FAR, f32::min);
    let over_or_under = others().filter(|other| across(other) == 0.0).map(down).fold(FAR, f32::min);
    let ink = |group: &Group| group.ink(sheet) as f32;
    let [width, height] = [Area::width, Area::height].map(|side| side(area) as f32);
    let larger = all.iter().filter(|other| other.holds(group)).min_by_key(|other| other.pieces.len());
    let smaller = all.iter().filter(|other| group.holds(other)).max_by_key(|other| other.pieces.len());
    [
        group.first_distance() as f32,
        group.distances() as f32,
        beside,
        over_or_under,
        larger.map_or(1.0, |other| ink(group) / ink(other)),
        larger.map_or(1.0, |other| width / other.area.width() as f32),
        larger.map_or(1.0, |other| height / other.area.height() as f32),
        smaller.map_or(0.0, |other| ink(other) / ink(group)),
        smaller.map_or(0.0, |other| other.area.width() as f32 / width),
    ]
}

/// The pieces that are no print, by their numbers.
fn writing(sheet: &Sheet) -> impl Iterator<Item = usize> {
    (0..sheet.pieces.len()).filter(|&piece| !sheet.is_print[piece])
}

/// Writing that is not of the group and higher than this, in heights of print.
fn other_writing<'a>(sheet: &'a Sheet, chosen: &'a [bool], least: f32) -> impl Iterator<Item = &'a Area> {
    let areas = writing(sheet).filter(|&piece| !chosen[piece]).map(|piece| &sheet.pieces[piece].area);
    areas.filter(move |area| area.height() as f32 > least * sheet.height)
}

fn printed(sheet: &Sheet) -> impl Iterator<Item = &Area> {
    sheet.pieces.iter().zip(&sheet.is_print).filter(|(_, print)| **print).map(|(piece, _)| &piece.area)
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The direction from one point to another without its sense, 0 to pi.
fn angle(a: [f32; 2], b: [f32; 2]) -> f32 {
    (b[1] - a[1]).atan2(b[0] - a[0]).rem_euclid(PI)
}
