//! Connected pieces of ink: which are writing, and which are specks or ruled lines.
//!
//! Pieces are 8-connected and found on runs (stretches of ink in a row), joined by union-find.
//! All limits are relative to the writing itself (its stroke width, its ink), so that the
//! resolution of the scan does not matter.

use super::Plane;
use super::groups::Weighed;

/// A stretch of ink in row `y`, from `start` to before `end`.
struct Run {
    y: usize,
    start: usize,
    end: usize,
    piece: usize,
}

/// What is known of a piece.
#[derive(Clone)]
struct Piece {
    ink: usize,
    area: Area,
    kept: bool,
}

/// A rectangle of pixels; `right` and `bottom` are the first column and row outside.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Area {
    pub(super) fn width(&self) -> usize {
        self.right - self.left
    }

    pub(super) fn height(&self) -> usize {
        self.bottom - self.top
    }

    pub(super) fn join(self, other: Area) -> Area {
        Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

pub(super) struct Components {
    runs: Vec<Run>,
    pieces: Vec<Piece>,
    /// Changes between ink and paper along rows and columns.
    edges: usize,
}

/// All pieces of ink above the threshold.
pub(super) fn find(darkness: &Plane, threshold: u8) -> Components {
    let mut runs: Vec<Run> = Vec::new();
    let mut parents: Vec<usize> = Vec::new();
    let mut above = 0..0;
    let mut edges = 0;
    for y in 0..darkness.height {
        let first = runs.len();
        collect_runs(darkness.row(y), threshold, y, &mut runs);
        parents.extend(first..runs.len());
        edges += join_rows(&runs, above.clone(), first..runs.len(), &mut parents);
        above = first..runs.len();
    }
    edges += runs[above].iter().map(|r| r.end - r.start).sum::<usize>();
    let pieces = gather(&mut runs, &mut parents);
    Components { runs, pieces, edges }
}

fn collect_runs(row: &[u8], threshold: u8, y: usize, found: &mut Vec<Run>) {
    runs(row, threshold, |start, end| found.push(Run { y, start, end, piece: found.len() }));
}

/// Calls back with the start and the end of each stretch of ink.
pub(super) fn runs(row: &[u8], threshold: u8, mut found: impl FnMut(usize, usize)) {
    let mut x = 0;
    while let Some(ahead) = row[x..].iter().position(|&v| v > threshold) {
        let start = x + ahead;
        let length = row[start..].iter().position(|&v| v <= threshold);
        x = length.map_or(row.len(), |l| start + l);
        found(start, x);
    }
}

/// Joins the runs of a row with those above that they touch, corners too; counts the edges
/// between the two rows and along the lower.
fn join_rows(runs: &[Run], above: std::ops::Range<usize>, row: std::ops::Range<usize>, parents: &mut [usize]) -> usize {
    let length = |i: usize| runs[i].end - runs[i].start;
    let mut shared = 0;
    let mut first = above.start;
    for i in row.clone() {
        while first < above.end && runs[first].end < runs[i].start {
            first += 1;
        }
        for j in first..above.end {
            if runs[j].start > runs[i].end {
                break;
            }
            shared += runs[i].end.min(runs[j].end).saturating_sub(runs[i].start.max(runs[j].start));
            let (a, b) = (root(parents, i), root(parents, j));
            parents[a.max(b)] = a.min(b);
        }
    }
    let (rows, ends) = (above.chain(row.clone()).map(length).sum::<usize>(), 2 * row.len());
    rows - 2 * shared + ends
}

fn root(parents: &mut [usize], mut i: usize) -> usize {
    while parents[i] != i {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    i
}

/// Numbers the pieces and measures them.
fn gather(runs: &mut [Run], parents: &mut [usize]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for i in 0..runs.len() {
        let root = root(parents, i);
        let run = &runs[i];
        let area = Area { left: run.start, top: run.y, right: run.end, bottom: run.y + 1 };
        let ink = run.end - run.start;
        if root == i {
            runs[i].piece = pieces.len();
            pieces.push(Piece { ink, area, kept: true });
        } else {
            // A root is the first run of its piece, so it has its number already.
            runs[i].piece = runs[root].piece;
            let piece = &mut pieces[runs[root].piece];
            piece.ink += ink;
            piece.area = piece.area.join(area);
        }
    }
    pieces
}

impl Components {
    /// The usual width of the strokes, in pixels: twice the ink over its outline (which is pi/4
    /// of the edges along rows and columns, by Cauchy and Crofton).
    pub(super) fn stroke_width(&self) -> f32 {
        let ink: usize = self.pieces.iter().map(|p| p.ink).sum();
        let outline = std::f32::consts::FRAC_PI_4 * self.edges as f32;
        2.0 * ink as f32 / outline.max(1.0)
    }

    /// All ink that is kept, in pixels.
    pub(super) fn ink(&self) -> usize {
        self.pieces.iter().filter(|p| p.kept).map(|p| p.ink).sum()
    }

    /// Drops the pieces with less ink.
    pub(super) fn drop_smaller(&mut self, smallest: f32) {
        for piece in &mut self.pieces {
            piece.kept &= piece.ink as f32 >= smallest;
        }
    }

    /// Drops what does not come out of a strip along the image's edges: what is left of a line or of
    /// something beside the signature that was cut.
    pub(super) fn drop_edgings(&mut self, width: usize, height: usize, strip: usize) {
        for piece in &mut self.pieces {
            let Area { left, top, right, bottom } = piece.area;
            let within = |from, to, size| (from == 0 && to <= strip) || (to == size && from + strip >= size);
            piece.kept &= !within(left, right, width) && !within(top, bottom, height);
        }
    }

    /// How much of what is kept lies along the outermost rows and columns, in pixels.
    pub(super) fn at_edges(&self, width: usize, height: usize) -> usize {
        let along = |run: &Run| match run.y == 0 || run.y + 1 == height {
            true => run.end - run.start,
            false => usize::from(run.start == 0) + usize::from(run.end == width),
        };
        self.runs.iter().filter(|run| self.pieces[run.piece].kept).map(along).sum()
    }

    /// The rectangle around all that is kept; none where nothing is.
    pub(super) fn bounds(&self) -> Option<Area> {
        let kept = self.pieces.iter().filter(|p| p.kept);
        kept.map(|p| p.area).reduce(Area::join)
    }

    /// The pieces that are kept.
    pub(super) fn weighed(&self) -> Vec<Weighed> {
        let kept = self.pieces.iter().filter(|piece| piece.kept);
        kept.map(|piece| Weighed { area: piece.area, ink: piece.ink }).collect()
    }

    /// Sets the ink of dropped pieces to paper.
    pub(super) fn erase_dropped(&self, darkness: &mut Plane) {
        for run in self.runs.iter().filter(|r| !self.pieces[r.piece].kept) {
            let row = run.y * darkness.width;
            darkness.values[row + run.start..row + run.end].fill(0);
        }
    }
}
