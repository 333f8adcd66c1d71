//! Ruled lines and the sides of boxes: found and taken out, the writing across them left whole.
//!
//! A printed line is what no hand draws: straight to a tenth of its pen's width over nearly the whole
//! image, close to level or plumb. Candidates come from a Hough transform (Hough, US 3,069,654;
//! Duda and Hart, CACM 15, 1972) of the middles of thin runs across the line, over the few slopes
//! that a page put askew has, and are fitted by least squares. Of a line only its own runs are
//! erased: where a stroke crosses, the run is longer, and stays.

use super::Plane;

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

/// Sets ruled lines to paper; whether there were any.
pub(super) fn erase(darkness: &mut Plane, threshold: u8, stroke_width: f32) -> bool {
    let mut any = false;
    for direction in [Direction::Level, Direction::Plumb] {
        let mut marks = direction.marks(darkness, threshold, (THICK * stroke_width).max(3.0) as usize);
        let (length, size) = direction.sides(darkness);
        for _ in 0..MOST {
            let Some(line) = Line::find(&marks, length, size, stroke_width) else { break };
            let reach = line.reach(stroke_width);
            let (found, rest) = marks.into_iter().partition(|m| (m.middle - line.at(m.along)).abs() <= reach);
            marks = rest;
            direction.clear(darkness, &found, line.thickness);
            any = true;
        }
    }
    any
}

/// A thin run of ink across the direction that lines are looked for in.
struct Mark {
    along: usize,
    start: usize,
    end: usize,
    /// Its centre of darkness: finer than a pixel.
    middle: f32,
}

#[derive(Clone, Copy)]
enum Direction {
    Level,
    Plumb,
}

impl Direction {
    /// Pixels along the direction and across it.
    fn sides(self, plane: &Plane) -> (usize, usize) {
        match self {
            Direction::Level => (plane.width, plane.height),
            Direction::Plumb => (plane.height, plane.width),
        }
    }

    fn index(self, plane: &Plane, along: usize, across: usize) -> usize {
        match self {
            Direction::Level => across * plane.width + along,
            Direction::Plumb => along * plane.width + across,
        }
    }

    /// All runs of ink across the direction that are no longer than `longest`.
    fn marks(self, plane: &Plane, threshold: u8, longest: usize) -> Vec<Mark> {
        let mut marks = Vec::new();
        let mut mark = |along, start, end| {
            if end - start <= longest {
                marks.push(Mark { along, start, end, middle: self.middle(plane, along, start, end) });
            }
        };
        match self {
            Direction::Level => {
                let mut starts = vec![usize::MAX; plane.width];
                for y in 0..plane.height {
                    for (x, (start, &value)) in starts.iter_mut().zip(plane.row(y)).enumerate() {
                        if (value > threshold) != (*start == usize::MAX) {
                            continue;
                        }
                        if value > threshold {
                            *start = y;
                        } else {
                            mark(x, *start, y);
                            *start = usize::MAX;
                        }
                    }
                }
                for (x, start) in starts.into_iter().enumerate().filter(|s| s.1 != usize::MAX) {
                    mark(x, start, plane.height);
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
        for mark in marks.iter().filter(|m| (m.end - m.start) as f32 <= 1.5 * thickness + 1.0) {
            for across in mark.start.saturating_sub(1)..(mark.end + 1).min(size) {
                let i = self.index(plane, mark.along, across);
                plane.values[i] = 0;
            }
        }
    }
}

/// A straight line: its place across at the image's middle, and how much that changes along.
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
        let mut line = Line::vote(marks, length, size)?;
        for _ in 0..3 {
            line.fit(marks, stroke_width)?;
        }
        line.is_printed(marks, length, size, stroke_width).then_some(line)
    }

    /// By Hough's transform: slopes of a pixel or two over the length, places of a pixel.
    fn vote(marks: &[Mark], length: usize, size: usize) -> Option<Line> {
        let most = (ASKEW * length as f32 / 2.0).ceil();
        let center = length as f32 / 2.0;
        let room = most as usize + 2;
        let mut votes = vec![0_u32; size + 2 * room + 2];
        let mut best = (0, 0.0, 0.0);
        for step in -(most as i32)..=most as i32 {
            let slope = 2.0 * step as f32 / length as f32;
            votes.fill(0);
            for mark in marks {
                let place = mark.middle - slope * (mark.along as f32 - center) + room as f32;
                votes[(place + 0.5) as usize] += 1;
            }
            for (i, near) in votes.windows(3).enumerate() {
                let sum = near.iter().sum();
                if sum > best.0 {
                    best = (sum, slope, (i + 1) as f32 - room as f32);
                }
            }
        }
        let enough = best.0 as f32 >= CUT_EXTENT * CUT_COVERED * length as f32;
        enough.then_some(Line { middle: best.2, slope: best.1, center, thickness: 0.0 })
    }

    fn near<'a>(&'a self, marks: &'a [Mark], stroke_width: f32) -> impl Iterator<Item = &'a Mark> + 'a {
        let reach = self.reach(stroke_width);
        marks.iter().filter(move |m| (m.middle - self.at(m.along)).abs() <= reach)
    }

    /// Least squares over the marks near it; none where these do not span a line.
    fn fit(&mut self, marks: &[Mark], stroke_width: f32) -> Option<()> {
        let (mut n, mut sx, mut sy, mut sxx, mut sxy, mut thickness) = (0.0_f64, 0.0, 0.0, 0.0, 0.0, 0.0);
        for mark in self.near(marks, stroke_width) {
            let (x, y) = (f64::from(mark.along as f32 - self.center), f64::from(mark.middle));
            n += 1.0;
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
            thickness += (mark.end - mark.start) as f64;
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

    fn is_printed(&self, marks: &[Mark], length: usize, size: usize, stroke_width: f32) -> bool {
        let mut seen = vec![false; length];
        let (mut n, mut squares) = (0.0, 0.0);
        for mark in self.near(marks, stroke_width) {
            seen[mark.along] = true;
            n += 1.0;
            squares += (mark.middle - self.at(mark.along)).powi(2);
        }
        let Some((first, last)) = seen.iter().position(|&s| s).zip(seen.iter().rposition(|&s| s)) else {
            return false;
        };
        let stray = (squares / n as f32).sqrt() / stroke_width;
        let extent = (last + 1 - first) as f32;
        let covered = seen.iter().filter(|&&s| s).count() as f32 / extent;
        let extent = extent / length as f32;
        let place = self.at((first + last) / 2);
        let at_edge = place.min(size as f32 - 1.0 - place) <= stroke_width;
        (extent >= EXTENT && covered >= COVERED && stray <= STRAY && self.slope.abs() <= ASKEW)
            || (at_edge
                && extent >= CUT_EXTENT
                && covered >= CUT_COVERED
                && stray <= CUT_STRAY
                && self.slope.abs() <= CUT_ASKEW)
    }
}
