//! Connected pieces of ink: which are writing, and which are specks or ruled lines.
//!
//! Pieces are 8-connected and found on runs (stretches of ink in a row), joined by union-find.
//! All limits are relative to the writing itself (its stroke width, its ink), so that the
//! resolution of the scan does not matter. Runs and pieces are small, since a checkerboard has
//! half as many runs as pixels: at the worst they take seven bytes for each pixel.

use std::ops::Range;

use super::Plane;
use super::groups::Weighed;

/// A stretch of ink in a row, from `start` to before `end`. A side has at most 65,535 pixels.
struct Run {
    start: u16,
    end: u16,
    /// While runs are joined the number of an earlier run of the same piece or its own, afterwards that of its piece.
    piece: u32,
}

impl Run {
    fn ink(&self) -> usize {
        usize::from(self.end - self.start)
    }
}

/// What is known of a piece.
struct Piece {
    ink: u32,
    area: Area,
    kept: bool,
}

/// A rectangle of pixels; `right` and `bottom` are the first column and row outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub left: u16,
    pub top: u16,
    pub right: u16,
    pub bottom: u16,
}

impl Area {
    pub(crate) fn width(&self) -> usize {
        usize::from(self.right - self.left)
    }

    pub(crate) fn height(&self) -> usize {
        usize::from(self.bottom - self.top)
    }

    /// Whether nothing but so many columns and rows at most lie between both.
    pub(crate) fn is_near(&self, other: &Area, columns: u16, rows: u16) -> bool {
        self.left <= other.right.saturating_add(columns)
            && other.left <= self.right.saturating_add(columns)
            && self.top <= other.bottom.saturating_add(rows)
            && other.top <= self.bottom.saturating_add(rows)
    }

    /// Whether another rectangle is in this one.
    pub(crate) fn holds(&self, other: &Area) -> bool {
        self.left <= other.left && self.top <= other.top && self.right >= other.right && self.bottom >= other.bottom
    }

    /// What both have of each other; none where they do not overlap.
    pub(crate) fn common(&self, other: &Area) -> Option<Area> {
        let common = Area {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        (common.left < common.right && common.top < common.bottom).then_some(common)
    }

    pub(crate) fn join(self, other: Area) -> Area {
        Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// A rectangle of which so much is ink is filled.
const FILLED: f32 = 0.92;
/// From this share of an ellipse's radius on ink is near it.
const NEAR_ELLIPSE: f32 = 0.8;

pub(crate) struct Components {
    runs: Vec<Run>,
    /// Which runs are in each row.
    rows: Vec<Range<usize>>,
    pieces: Vec<Piece>,
}

/// All pieces of ink above the threshold.
pub(crate) fn find(darkness: &Plane, threshold: u8) -> Components {
    let mut found: Vec<Run> = Vec::with_capacity(darkness.changes_along_rows(threshold) / 2);
    let mut rows: Vec<Range<usize>> = Vec::with_capacity(darkness.height);
    for y in 0..darkness.height {
        let first = found.len();
        runs(darkness.row(y), threshold, |start, end| {
            found.push(Run { start: start as u16, end: end as u16, piece: found.len() as u32 });
        });
        let row = first..found.len();
        join_rows(&mut found, rows.last().cloned().unwrap_or(0..0), row.clone());
        rows.push(row);
    }
    let pieces = gather(&mut found, &rows);
    Components { runs: found, rows, pieces }
}

/// Calls back with the start and the end of each stretch of ink.
pub(crate) fn runs(row: &[u8], threshold: u8, mut found: impl FnMut(usize, usize)) {
    let mut start = None;
    // Each value next to the one before it: where a stretch begins or ends.
    let changes = super::changed(&row[..row.len() - 1], &row[1..], threshold).map(|x| x + 1);
    let first = (row[0] > threshold).then_some(0);
    let last = (row[row.len() - 1] > threshold).then_some(row.len());
    for x in first.into_iter().chain(changes).chain(last) {
        match start.take() {
            None => start = Some(x),
            Some(start) => found(start, x),
        }
    }
}

/// Joins the runs of a row with those above that they touch, corners too.
fn join_rows(runs: &mut [Run], above: Range<usize>, row: Range<usize>) {
    let mut first = above.start;
    for i in row {
        while first < above.end && runs[first].end < runs[i].start {
            first += 1;
        }
        for j in first..above.end {
            if runs[j].start > runs[i].end {
                break;
            }
            // What hangs together mostly does so already.
            if runs[i].piece == runs[j].piece {
                continue;
            }
            let (a, b) = (root(runs, i), root(runs, j));
            runs[a.max(b)].piece = a.min(b) as u32;
        }
    }
}

fn root(runs: &mut [Run], mut i: usize) -> usize {
    while runs[i].piece as usize != i {
        let before = runs[i].piece as usize;
        runs[i].piece = runs[before].piece;
        i = runs[i].piece as usize;
    }
    i
}

/// Numbers the pieces and measures them. The run before which a run was joined comes earlier, so it has its number already.
fn gather(runs: &mut [Run], rows: &[Range<usize>]) -> Vec<Piece> {
    let roots = runs.iter().enumerate().filter(|(i, run)| run.piece as usize == *i).count();
    let mut pieces: Vec<Piece> = Vec::with_capacity(roots);
    for (y, row) in rows.iter().enumerate() {
        for i in row.clone() {
            let Run { start, end, piece: before } = runs[i];
            let area = Area { left: start, top: y as u16, right: end, bottom: y as u16 + 1 };
            let ink = u32::from(end - start);
            if before as usize == i {
                runs[i].piece = pieces.len() as u32;
                pieces.push(Piece { ink, area, kept: true });
            } else {
                runs[i].piece = runs[before as usize].piece;
                let piece = &mut pieces[runs[i].piece as usize];
                piece.ink += ink;
                piece.area = piece.area.join(area);
            }
        }
    }
    pieces
}

impl Components {
    fn is_kept(&self, run: &Run) -> bool {
        self.pieces[run.piece as usize].kept
    }

    /// How many pieces are kept.
    pub(crate) fn count(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.kept).count()
    }

    /// All ink that is kept, in pixels.
    pub(crate) fn ink(&self) -> usize {
        self.pieces.iter().filter(|p| p.kept).map(|p| p.ink as usize).sum()
    }

    /// The ink of the piece that has most, in pixels; 0 where there is none.
    pub(crate) fn largest(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.kept).map(|piece| piece.ink as usize).max().unwrap_or(0)
    }

    /// Drops rectangles that are filled with ink, so wide and high at least: bars and labels, which no pen draws.
    pub(crate) fn drop_filled(&mut self, least: f32) {
        for piece in &mut self.pieces {
            let (width, height) = (piece.area.width(), piece.area.height());
            let is_filled = piece.ink as f32 >= FILLED * (width * height) as f32;
            piece.kept &= !(is_filled && width.min(height) as f32 >= least);
        }
    }

    /// Drops the pieces with less ink.
    pub(crate) fn drop_smaller(&mut self, smallest: f32) {
        for piece in &mut self.pieces {
            piece.kept &= piece.ink as f32 >= smallest;
        }
    }

    /// Drops what does not come out of a strip along the image's edges: what is left of a line or of
    /// something beside the signature that was cut.
    pub(crate) fn drop_edgings(&mut self, width: usize, height: usize, strip: usize) {
        let within = |from: u16, to: u16, size: usize| {
            let (from, to) = (usize::from(from), usize::from(to));
            (from == 0 && to <= strip) || (to == size && from + strip >= size)
        };
        for piece in &mut self.pieces {
            let Area { left, top, right, bottom } = piece.area;
            piece.kept &= !within(left, right, width) && !within(top, bottom, height);
        }
    }

    /// How much of what is kept lies along the outermost rows and columns, in pixels.
    pub(crate) fn at_edges(&self, width: usize) -> usize {
        let last = self.rows.len() - 1;
        let along = |(y, row): (usize, &Range<usize>)| -> usize {
            let kept = self.runs[row.clone()].iter().filter(|run| self.is_kept(run));
            if y == 0 || y == last {
                return kept.map(Run::ink).sum();
            }
            kept.map(|run| usize::from(run.start == 0) + usize::from(usize::from(run.end) == width)).sum()
        };
        self.rows.iter().enumerate().map(along).sum()
    }

    /// The rectangle around all that is kept; none where nothing is.
    pub(crate) fn bounds(&self) -> Option<Area> {
        let kept = self.pieces.iter().filter(|p| p.kept);
        kept.map(|p| p.area).reduce(Area::join)
    }

    /// Drops the kept pieces for which this says so, in the order of [`Components::weighed`].
    pub(crate) fn drop_marked(&mut self, marked: &[bool]) {
        let kept = self.pieces.iter_mut().filter(|piece| piece.kept);
        kept.zip(marked).for_each(|(piece, marked)| piece.kept = !marked);
    }

    /// Share of the ink of each kept piece that lies near the ellipse in its box, in the order of [`Components::weighed`].
    pub(crate) fn roundness(&self) -> Vec<f32> {
        let mut near = vec![0_u32; self.pieces.len()];
        for (y, row) in self.rows.iter().enumerate() {
            for run in &self.runs[row.clone()] {
                let piece = run.piece as usize;
                let Area { left, top, right, bottom } = self.pieces[piece].area;
                let half = |from: u16, to: u16| f32::from(to - from) / 2.0;
                let (across, down) = (half(left, right), half(top, bottom));
                let v = (y as f32 + 0.5 - f32::from(top) - down) / down;
                let on_ellipse = |x: &u16| {
                    let u = (f32::from(*x) + 0.5 - f32::from(left) - across) / across;
                    u * u + v * v >= NEAR_ELLIPSE * NEAR_ELLIPSE
                };
                near[piece] += (run.start..run.end).filter(on_ellipse).count() as u32;
            }
        }
        let kept = self.pieces.iter().zip(near).filter(|(piece, _)| piece.kept);
        kept.map(|(piece, near)| near as f32 / piece.ink as f32).collect()
    }

    /// The pieces that are kept.
    pub(crate) fn weighed(&self) -> Vec<Weighed> {
        let kept = self.pieces.iter().filter(|piece| piece.kept);
        kept.map(|piece| Weighed { area: piece.area, ink: piece.ink as usize }).collect()
    }

    /// How much ink of each kept piece is within an area, in the order of [`Components::weighed`].
    pub(crate) fn ink_within(&self, area: &Area) -> Vec<u32> {
        let mut ink = vec![0; self.pieces.len()];
        for row in &self.rows[usize::from(area.top)..usize::from(area.bottom)] {
            let runs = &self.runs[row.clone()];
            let first = runs.partition_point(|run| run.end <= area.left);
            for run in runs[first..].iter().take_while(|run| run.start < area.right) {
                ink[run.piece as usize] += u32::from(run.end.min(area.right) - run.start.max(area.left));
            }
        }
        ink.into_iter().zip(&self.pieces).filter(|(_, piece)| piece.kept).map(|(ink, _)| ink).collect()
    }

    /// The kept pieces for which this says so, in the order of [`Components::weighed`], drawn alone: 1 where their ink is, within
    /// an area.
    pub(crate) fn draw(&self, chosen: &[bool], area: &Area) -> Plane {
        let mut numbers = chosen.iter();
        let is_drawn: Vec<bool> =
            self.pieces.iter().map(|piece| piece.kept && numbers.next().is_some_and(|chosen| *chosen)).collect();
        let mut drawn =
            Plane { width: area.width(), height: area.height(), values: vec![0; area.width() * area.height()] };
        let rows = &self.rows[usize::from(area.top)..usize::from(area.bottom)];
        for (row, pixels) in rows.iter().zip(drawn.values.chunks_exact_mut(area.width())) {
            let runs = &self.runs[row.clone()];
            let first = runs.partition_point(|run| run.end <= area.left);
            for run in runs[first..].iter().take_while(|run| run.start < area.right) {
                if is_drawn[run.piece as usize] {
                    let (start, end) = (run.start.max(area.left), run.end.min(area.right));
                    pixels[usize::from(start - area.left)..usize::from(end - area.left)].fill(1);
                }
            }
        }
        drawn
    }

    /// Sets the ink of dropped pieces to paper.
    pub(crate) fn erase_dropped(&self, darkness: &mut Plane) {
        for (row, pixels) in self.rows.iter().zip(darkness.values.chunks_exact_mut(darkness.width)) {
            for run in self.runs[row.clone()].iter().filter(|run| !self.is_kept(run)) {
                pixels[usize::from(run.start)..usize::from(run.end)].fill(0);
            }
        }
    }
}
