//! Ruled lines and the sides of boxes: found and taken out, the writing across them left whole.
//!
//! A printed line is what no hand draws: straight to a tenth of its pen's width over nearly the whole
//! image, close to level or plumb. Candidates come from a Hough transform (Hough, US 3,069,654;
//! Duda and Hart, CACM 15, 1972) of the middles of thin runs across the line, over the few slopes
//! that a page put askew has, and are fitted by least squares. Of a line only its own runs are
//! erased: where a stroke crosses, the run is longer, and stays.
//!
//! The work is bounded by the pixels: the transform looks at a share of the columns where there are very many runs, at
//! coarser places where the image is very long, and the search ends where a texture has taken too much of it.

use super::Plane;
use super::sides::Direction;
use crate::Result;
use crate::limits::Limits;

/// A page is not more askew than this, across for each pixel along.
const ASKEW: f32 = 0.03;
/// Most lines taken out in one direction: a sheet of ruled paper has fewer within a signature.
const MOST: usize = 12;
/// A run across a line is at most this many stroke widths thick.
const THICK: f32 = 1.5;
/// Share of the image that a line runs through, from its first pixel to its last.
const EXTENT: f32 = 0.85;
/// Share of it that is ink and no thicker than the line.
const COVERED: f32 = 0.7;
/// How far its middle strays from a straight line, in stroke widths (root of the mean square).
const STRAY: f32 = 0.1;
/// The same for the rest of a line that the image's edge has cut.
const CUT_EXTENT: f32 = 0.3;
const CUT_COVERED: f32 = 0.8;
const CUT_STRAY: f32 = 0.06;
const CUT_ASKEW: f32 = 0.02;

/// Shorter lines, as a form has them under a signature, and dotted ones: how far they run at least, as a share of the image
/// and in stroke widths, and what is asked of them more strictly than of long ones.
const SHORT_EXTENT: f32 = 0.3;
const SHORT_WIDTHS: f32 = 25.0;
/// The same of plumb lines: a hand's straight strokes go up and down.
const PLUMB_EXTENT: f32 = 0.7;
const SHORT_COVERED: f32 = 0.85;
const SHORT_STRAY: f32 = 0.06;
/// Share of it that is no stroke that crosses it.
const LEAST_MARKED: f32 = 0.6;
/// What a scanner's grid alone makes a straight line stray, in pixels.
const GRID: f32 = 0.4;
/// How much the thickness of a printed line varies, as a share of itself and in pixels.
const UNEVEN: (f32, f32) = (0.25, 0.35);
/// A line ends where there is none of it for this share of the image, and more than three stroke widths.
const GAP: f32 = 0.02;
/// The same as [`ASKEW`] for what looks for short lines, which are of forms and squared paper by hand-held cameras too.
const SHORT_ASKEW: f32 = 0.06;
/// Most lines, of squared paper, and how many candidates that are none are passed over.
const SHORT_MOST: usize = 48;
const PASSED_OVER: usize = 6;
/// Dots or dashes of a dotted line at least, and how much they and the gaps between them vary at most, as a share.
const LEAST_DOTS: usize = 10;
const UNEVEN_DOTS: f32 = 0.35;

/// A head line has so many marks of letters for a pixel of its length, and so many of these are below it.
const LETTERS: f32 = 0.25;
const HANGING: f32 = 0.7;

/// Votes of the transform for one line; with more, a share of the columns votes.
const MOST_VOTES: usize = 1_000_000;
/// An image that is longer is looked at in so many steps along.
const MOST_STEPS: f32 = 4096.0;
/// With more marks, unless the image is so large that this is one for every sixteen pixels, there is a texture and no
/// handwriting on lines.
const MOST_MARKS: usize = 500_000;
/// Marks looked at for lines in all, where there are not more pixels: a page full of ruled lines and print has less than one
/// for a pixel, a crop of any size is looked through.
const MOST_LOOKED_AT: usize = 2 << 20;

/// Sets ruled lines to paper that run through the whole image.
///
/// # Errors
/// [`Error::OutOfTime`](crate::Error::OutOfTime).
pub(super) fn erase_long(darkness: &mut Plane, threshold: u8, stroke_width: f32, limits: &Limits) -> Result<()> {
    let mut budget = Budget::new(darkness);
    for direction in [Direction::Level, Direction::Plumb] {
        let Some(mut marks) = budget.marks(direction, darkness, threshold, stroke_width) else { continue };
        let (length, size) = direction.sides(darkness);
        for _ in 0..MOST {
            if !budget.allows(&marks, limits)? {
                break;
            }
            let Some(line) = Line::find(&marks, length, size, stroke_width) else { break };
            let reach = line.reach(stroke_width);
            let found: Vec<Mark> = marks.extract_if(.., |mark| line.is_near(mark, reach)).collect();
            direction.clear(darkness, &found, line.thickness);
        }
    }
    Ok(())
}

/// How many marks a search for lines may look at.
struct Budget {
    left: usize,
    most_marks: usize,
}

impl Budget {
    fn new(darkness: &Plane) -> Budget {
        let pixels = darkness.values.len();
        Budget { left: MOST_LOOKED_AT.max(pixels), most_marks: MOST_MARKS.max(pixels / 16) }
    }

    /// The marks that lines are looked for among; None where there are as many as in a texture.
    fn marks(&self, direction: Direction, darkness: &Plane, threshold: u8, stroke_width: f32) -> Option<Vec<Mark>> {
        let marks = direction.marks(darkness, threshold, (THICK * stroke_width).max(3.0) as usize);
        (marks.len() <= self.most_marks).then_some(marks)
    }

    /// Whether marks may be looked at once more.
    fn allows(&mut self, marks: &[Mark], limits: &Limits) -> Result<bool> {
        limits.check_time()?;
        let rest = self.left.checked_sub(marks.len());
        self.left = rest.unwrap_or(self.left);
        Ok(rest.is_some())
    }
}

/// Sets ruled lines of any length to paper, dotted ones too: true where there were any.
///
/// # Errors
/// [`Error::OutOfTime`](crate::Error::OutOfTime).
pub(super) fn erase(darkness: &mut Plane, threshold: u8, stroke_width: f32, limits: &Limits) -> Result<bool> {
    let mut any = false;
    let mut budget = Budget::new(darkness);
    for direction in [Direction::Level, Direction::Plumb] {
        let Some(mut marks) = budget.marks(direction, darkness, threshold, stroke_width) else { continue };
        let (length, size) = direction.sides(darkness);
        let least = match direction {
            Direction::Level => SHORT_EXTENT * length as f32,
            Direction::Plumb => PLUMB_EXTENT * length as f32,
        };
        let least = least.max(SHORT_WIDTHS * stroke_width);
        let (mut found, mut passed) = (0, 0);
        while found < SHORT_MOST && passed < PASSED_OVER {
            if !budget.allows(&marks, limits)? {
                break;
            }
            let Some(candidate) = Line::candidate(&marks, length, size, stroke_width, SHORT_ASKEW) else { break };
            let reach = candidate.reach(stroke_width);
            // At the foot of print there is ink between the marks; between the dots of a line there is paper.
            let is_paper = |line: &Line, along: usize| {
                let across = line.at(along).round().clamp(0.0, (size - 1) as f32) as usize;
                darkness.values[direction.index(darkness, along, across)] <= threshold
            };
            let printed = if candidate.is_printed(&marks, length, size, stroke_width, GRID) {
                Some(Segment { line: candidate.clone(), along: 0..length })
            } else {
                let found = Segment::find(&candidate, &marks, length, stroke_width, least, is_paper);
                let is_head = |found: &Segment| matches!(direction, Direction::Level) && found.is_head(&marks, reach);
                found.filter(|found| !is_head(found))
            };
            let is_printed = printed.is_some();
            let Segment { line, along } = printed.unwrap_or(Segment { line: candidate, along: 0..length });
            let on_it = |mark: &mut Mark| along.contains(&mark.along()) && line.is_near(mark, reach);
            let own: Vec<Mark> = marks.extract_if(.., on_it).collect();
            if own.is_empty() {
                break;
            }
            if is_printed {
                direction.clear(darkness, &own, line.thickness);
                found += 1;
                any = true;
            } else {
                passed += 1;
            }
        }
    }
    Ok(any)
}

/// A line, and from where to where it runs.
struct Segment {
    line: Line,
    along: std::ops::Range<usize>,
}

impl Segment {
    /// The longest stretch of a candidate that is printed, as a line or as dots with paper between them, and so long at least.
    fn find(
        candidate: &Line,
        marks: &[Mark],
        length: usize,
        stroke_width: f32,
        least: f32,
        is_paper: impl Fn(&Line, usize) -> bool,
    ) -> Option<Segment> {
        let reach = candidate.reach(stroke_width);
        let mut seen = vec![false; length];
        candidate.near(marks, reach).for_each(|mark| seen[mark.along()] = true);
        let along = longest(&seen, (GAP * length as f32).max(3.0 * stroke_width) as usize)?;
        let extent = along.len() as f32;
        if extent < least {
            return None;
        }
        let own: Vec<&Mark> = marks.iter().filter(|mark| along.contains(&mark.along())).collect();
        let mut line = candidate.clone();
        for _ in 0..2 {
            line.fit_to(own.iter().copied(), reach)?;
        }
        let mut near: Vec<&Mark> = own.into_iter().filter(|mark| line.is_near(mark, reach)).collect();
        // A stroke that crosses the line aslant is thicker, and its middle is elsewhere.
        near.sort_by_key(|mark| mark.thickness());
        let usual = near.get(near.len() / 2)?.thickness() as f32;
        near.retain(|mark| mark.thickness() as f32 <= 1.5 * usual + 1.0);
        line.fit_to(near.iter().copied(), reach)?;
        let even = line.is_even(&near, stroke_width);
        let is_gap = |along: &usize| !seen[*along];
        let gaps = along.clone().filter(is_gap).count();
        let of_paper = along.clone().filter(is_gap).filter(|&along| is_paper(&line, along)).count();
        // Where a stroke crosses the line there is ink and no mark.
        let covered = 1.0 - of_paper as f32 / extent;
        let marked = 1.0 - gaps as f32 / extent;
        let is_line = covered >= SHORT_COVERED && marked >= LEAST_MARKED;
        let is_dotted = || 10 * of_paper >= 9 * gaps && is_dotted(&seen[along.clone()]);
        let printed = even && (is_line || is_dotted());
        (printed && line.slope.abs() <= SHORT_ASKEW).then_some(Segment { line, along })
    }
}

impl Segment {
    /// Whether letters hang from it, as from the head line of Devanagari, and do not stand on it or cross it.
    fn is_head(&self, marks: &[Mark], reach: f32) -> bool {
        let others = marks.iter().filter(|mark| self.along.contains(&mark.along()) && !self.line.is_near(mark, reach));
        let (all, below) = others.fold((0, 0), |(all, below), mark| {
            (all + 1, below + usize::from(mark.middle > self.line.at(mark.along())))
        });
        all as f32 >= LETTERS * self.along.len() as f32 && below as f32 >= HANGING * all as f32
    }
}

/// The longest stretch whose gaps are no longer than this.
fn longest(seen: &[bool], gap: usize) -> Option<std::ops::Range<usize>> {
    let (mut best, mut start, mut last) = (0..0, None, 0);
    for at in (0..seen.len()).filter(|&at| seen[at]) {
        if start.is_none() || at - last > gap + 1 {
            start = Some(at);
        }
        last = at;
        let begun = start.unwrap_or(at);
        if at + 1 - begun > best.len() {
            best = begun..at + 1;
        }
    }
    (!best.is_empty()).then_some(best)
}

/// Whether dots or dashes of one length follow each other at one distance.
fn is_dotted(seen: &[bool]) -> bool {
    let runs: Vec<(bool, usize)> = seen.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
    let of = |ink: bool| runs.iter().filter(|run| run.0 == ink).map(|run| run.1 as f32).collect::<Vec<f32>>();
    let (dots, gaps) = (of(true), of(false));
    let is_regular = |lengths: &[f32]| {
        let mean = lengths.iter().sum::<f32>() / lengths.len() as f32;
        let near = lengths.iter().filter(|&&length| (length - mean).abs() <= UNEVEN_DOTS * mean + 1.0).count();
        10 * near >= 9 * lengths.len()
    };
    dots.len() >= LEAST_DOTS && is_regular(&dots) && is_regular(&gaps)
}

/// A thin run of ink across the direction that lines are looked for in. A side has at most 65,535 pixels.
struct Mark {
    along: u16,
    start: u16,
    end: u16,
    /// Its centre of darkness: finer than a pixel.
    middle: f32,
}

impl Mark {
    fn along(&self) -> usize {
        usize::from(self.along)
    }

    fn thickness(&self) -> usize {
        usize::from(self.end - self.start)
    }
}

/// No row is so far down.
const NO_START: u16 = u16::MAX;

impl Direction {
    /// All runs of ink across the direction that are no longer than `longest`.
    fn marks(self, plane: &Plane, threshold: u8, longest: usize) -> Vec<Mark> {
        let runs = match self {
            Direction::Level => plane.changes_across_rows(threshold) / 2,
            Direction::Plumb => plane.changes_along_rows(threshold) / 2,
        };
        let mut marks = Vec::with_capacity(runs);
        let mut mark = |along, start, end| {
            if end - start <= longest {
                let middle = self.middle(plane, along, start, end);
                marks.push(Mark { along: along as u16, start: start as u16, end: end as u16, middle });
            }
        };
        match self {
            Direction::Level => {
                let mut starts = vec![NO_START; plane.width];
                let outside = vec![0; plane.width];
                let mut above = &outside[..];
                for y in 0..plane.height {
                    let row = plane.row(y);
                    for x in super::changed(above, row, threshold) {
                        let start = &mut starts[x];
                        if row[x] > threshold {
                            *start = y as u16;
                        } else {
                            mark(x, usize::from(*start), y);
                            *start = NO_START;
                        }
                    }
                    above = row;
                }
                for (x, start) in starts.into_iter().enumerate().filter(|s| s.1 != NO_START) {
                    mark(x, usize::from(start), plane.height);
                }
            }
            Direction::Plumb => {
                for y in 0..plane.height {
                    super::components::runs(plane.row(y), threshold, |start, end| mark(y, start, end));
                }
            }
        }
        marks
    }

    /// The centre of darkness of a run and the pixel before and after it.
    fn middle(self, plane: &Plane, along: usize, start: usize, end: usize) -> f32 {
        let (_, size) = self.sides(plane);
        let (mut sum, mut moment) = (0, 0);
        for across in start.saturating_sub(1)..(end + 1).min(size) {
            let value = u32::from(plane.values[self.index(plane, along, across)]);
            sum += value;
            moment += value * (across - start.saturating_sub(1)) as u32;
        }
        start.saturating_sub(1) as f32 + moment as f32 / sum.max(1) as f32
    }

    /// Sets the marks of a line to paper, but for those that are the ends of a stroke too.
    fn clear(self, plane: &mut Plane, marks: &[Mark], thickness: f32) {
        let (_, size) = self.sides(plane);
        for mark in marks.iter().filter(|mark| mark.thickness() as f32 <= 1.5 * thickness + 1.0) {
            let (start, end) = (usize::from(mark.start), usize::from(mark.end));
            for across in start.saturating_sub(1)..(end + 1).min(size) {
                let i = self.index(plane, mark.along(), across);
                plane.values[i] = 0;
            }
        }
    }
}

/// A straight line: its place across at the image's middle, and how much that changes along.
#[derive(Clone)]
struct Line {
    middle: f32,
    slope: f32,
    center: f32,
    thickness: f32,
}

impl Line {
    fn at(&self, along: usize) -> f32 {
        self.middle + self.slope * (along as f32 - self.center)
    }

    /// Middles within this of the line are its own.
    fn reach(&self, stroke_width: f32) -> f32 {
        (0.4 * stroke_width).max(1.0)
    }

    /// The line that most marks are on, if it is a printed one.
    fn find(marks: &[Mark], length: usize, size: usize, stroke_width: f32) -> Option<Line> {
        let line = Line::candidate(marks, length, size, stroke_width, ASKEW)?;
        line.is_printed(marks, length, size, stroke_width, 0.0).then_some(line)
    }

    /// The line that most marks are on.
    fn candidate(marks: &[Mark], length: usize, size: usize, stroke_width: f32, askew: f32) -> Option<Line> {
        let unit = (length as f32 / MOST_STEPS).max(1.0);
        let mut line = Line::vote(marks, length, size, unit, askew)?;
        if unit > 1.0 {
            line.fit(marks, unit * line.reach(stroke_width))?;
        }
        for _ in 0..3 {
            line.fit(marks, line.reach(stroke_width))?;
        }
        Some(line)
    }

    /// By Hough's transform: slopes of a unit or two over the length, places of a unit, which is a pixel or, in a long
    /// image, a few.
    fn vote(marks: &[Mark], length: usize, size: usize, unit: f32, askew: f32) -> Option<Line> {
        let most = (askew * length as f32 / (2.0 * unit)).ceil();
        let center = length as f32 / 2.0;
        let room = most as usize + 2;
        let mut votes = vec![0_u32; (size as f32 / unit) as usize + 2 * room + 2];
        let share = (marks.len() * (2 * most as usize + 1)).div_ceil(MOST_VOTES).next_power_of_two();
        let voting = marks.iter().filter(|mark| mark.along() & (share - 1) == 0);
        let voting: Vec<(f32, f32)> = voting.map(|mark| (mark.along as f32 - center, mark.middle)).collect();
        let mut best = (0, 0.0, 0.0);
        for step in -(most as i32)..=most as i32 {
            let slope = 2.0 * unit * step as f32 / length as f32;
            votes.fill(0);
            for (along, middle) in &voting {
                let place = (middle - slope * along) / unit + room as f32;
                votes[(place + 0.5) as usize] += 1;
            }
            for (i, near) in votes.windows(3).enumerate() {
                let sum = near.iter().sum();
                if sum > best.0 {
                    best = (sum, slope, unit * ((i + 1) as f32 - room as f32));
                }
            }
        }
        let enough = best.0 as f32 >= CUT_EXTENT * CUT_COVERED * (length as f32 / share as f32);
        enough.then_some(Line { middle: best.2, slope: best.1, center, thickness: 0.0 })
    }

    fn near<'a>(&'a self, marks: &'a [Mark], reach: f32) -> impl Iterator<Item = &'a Mark> + 'a {
        marks.iter().filter(move |mark| self.is_near(mark, reach))
    }

    fn is_near(&self, mark: &Mark, reach: f32) -> bool {
        (mark.middle - self.at(mark.along())).abs() <= reach
    }

    /// Whether it is as straight and as evenly thick as print is.
    fn is_even(&self, near: &[&Mark], stroke_width: f32) -> bool {
        let count = near.len() as f32;
        let mean_square = |off: &dyn Fn(&Mark) -> f32| near.iter().map(|mark| off(mark).powi(2)).sum::<f32>() / count;
        let stray = mean_square(&|mark| mark.middle - self.at(mark.along())).sqrt();
        let uneven = mean_square(&|mark| mark.thickness() as f32 - self.thickness).sqrt();
        stray <= (SHORT_STRAY * stroke_width).max(GRID) && uneven <= UNEVEN.0 * self.thickness + UNEVEN.1
    }

    /// Least squares over the marks within reach of it; none where these do not span a line.
    fn fit(&mut self, marks: &[Mark], reach: f32) -> Option<()> {
        self.fit_to(marks.iter(), reach)
    }

    fn fit_to<'a>(&mut self, marks: impl Iterator<Item = &'a Mark>, reach: f32) -> Option<()> {
        let (mut n, mut sx, mut sy, mut sxx, mut sxy, mut thickness) = (0.0_f64, 0.0, 0.0, 0.0, 0.0, 0.0);
        for mark in marks.filter(|mark| self.is_near(mark, reach)) {
            let (x, y) = (f64::from(mark.along as f32 - self.center), f64::from(mark.middle));
            n += 1.0;
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
            thickness += mark.thickness() as f64;
        }
        let spread = n * sxx - sx * sx;
        if spread <= 0.0 {
            return None;
        }
        let slope = (n * sxy - sx * sy) / spread;
        self.slope = slope as f32;
        self.middle = ((sy - slope * sx) / n) as f32;
        self.thickness = (thickness / n) as f32;
        Some(())
    }

    /// Whether it is one that runs through the whole image, or the rest of one that its edge has cut; it may stray by
    /// `grid` pixels whatever its width.
    fn is_printed(&self, marks: &[Mark], length: usize, size: usize, stroke_width: f32, grid: f32) -> bool {
        let mut seen = vec![false; length];
        let (mut n, mut squares) = (0.0, 0.0);
        for mark in self.near(marks, self.reach(stroke_width)) {
            seen[mark.along()] = true;
            n += 1.0;
            squares += (mark.middle - self.at(mark.along())).powi(2);
        }
        let Some((first, last)) = seen.iter().position(|&s| s).zip(seen.iter().rposition(|&s| s)) else {
            return false;
        };
        let stray = (squares / n as f32).sqrt();
        let strays = |widths: f32| stray > (widths * stroke_width).max(grid);
        let extent = (last + 1 - first) as f32;
        let covered = seen.iter().filter(|&&s| s).count() as f32 / extent;
        let extent = extent / length as f32;
        let place = self.at((first + last) / 2);
        let at_edge = place.min(size as f32 - 1.0 - place) <= stroke_width;
        (extent >= EXTENT && covered >= COVERED && !strays(STRAY) && self.slope.abs() <= ASKEW)
            || (at_edge
                && extent >= CUT_EXTENT
                && covered >= CUT_COVERED
                && !strays(CUT_STRAY)
                && self.slope.abs() <= CUT_ASKEW)
    }
}
