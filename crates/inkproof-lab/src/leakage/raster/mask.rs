//! Which pixels of a raster are ink, and what of them no hand writes.

use inkproof::SIDE;

/// Ink runs along a row or column from this length on count as the remnant of a printed line: a quarter of the side, which
/// a level stroke of a hand seldom keeps to one row.
const LINE: usize = SIDE / 4;

/// Ink this near to the edge of its box counts as border.
const BORDER: usize = 2;

/// Paper is read at least this far from ink.
const AWAY: usize = 3;

/// Which pixels are ink.
pub struct Mask(Vec<bool>);

/// A box of pixels; `right` and `bottom` are inside.
pub struct Area {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Area {
    pub fn width(&self) -> usize {
        self.right - self.left + 1
    }

    pub fn height(&self) -> usize {
        self.bottom - self.top + 1
    }
}

impl Mask {
    pub fn from_pixels(pixels: &[u8]) -> Self {
        Self(pixels.iter().map(|&p| p >= super::INK).collect())
    }

    pub fn count(&self) -> usize {
        self.0.iter().filter(|&&ink| ink).count()
    }

    fn local_features(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.0.iter().enumerate().filter(|&(_, &ink)| ink).map(|(at, _)| (at % SIDE, at / SIDE))
    }

    /// The places of the paper that have no ink near.
    pub fn away_from_ink(&self) -> Vec<usize> {
        let mut near = vec![false; SIDE * SIDE];
        let around = |c: usize| c.saturating_sub(AWAY)..(c + AWAY + 1).min(SIDE);
        for (x, y) in self.local_features() {
            around(y).for_each(|row| near[row * SIDE..][around(x)].fill(true));
        }
        (0..near.len()).filter(|&at| !near[at]).collect()
    }

    /// The box around all ink; the whole raster where there is none.
    pub fn bounds(&self) -> Area {
        let around = |area: Option<Area>, (x, y): (usize, usize)| {
            let area = area.unwrap_or(Area { left: x, top: y, right: x, bottom: y });
            Some(Area {
                left: area.left.min(x),
                top: area.top.min(y),
                right: area.right.max(x),
                bottom: area.bottom.max(y),
            })
        };
        let whole = Area { left: 0, top: 0, right: SIDE - 1, bottom: SIDE - 1 };
        self.local_features().fold(None, around).unwrap_or(whole)
    }

    /// The pixels in runs along a row or column that are too straight and long for a hand.
    pub fn straight(&self) -> usize {
        let row = |y: usize| long_runs(&self.row(y));
        let column = |x: usize| long_runs(&self.column(x));
        (0..SIDE).map(row).sum::<usize>() + (0..SIDE).map(column).sum::<usize>()
    }

    /// The same, of those alone that lie along the edges of the box around all ink, as a frame or the rim of a cut does.
    pub fn straight_at_border(&self, area: &Area) -> usize {
        let edges = |first: usize, last: usize| -> Vec<usize> {
            (first..=last).filter(|&at| (at - first).min(last - at) < BORDER).collect()
        };
        let rows = edges(area.top, area.bottom).into_iter().map(|y| long_runs(&self.row(y)));
        let columns = edges(area.left, area.right).into_iter().map(|x| long_runs(&self.column(x)));
        rows.chain(columns).sum()
    }

    fn row(&self, y: usize) -> Vec<bool> {
        self.0[y * SIDE..(y + 1) * SIDE].to_vec()
    }

    fn column(&self, x: usize) -> Vec<bool> {
        self.0.iter().skip(x).step_by(SIDE).copied().collect()
    }

    /// The sizes of the 8-connected pieces.
    pub fn pieces(&self) -> Vec<usize> {
        let mut left = self.0.clone();
        let mut sizes = Vec::new();
        let mut waiting = Vec::new();
        for start in 0..left.len() {
            if !std::mem::take(&mut left[start]) {
                continue;
            }
            let mut size = 0;
            waiting.push(start);
            while let Some(at) = waiting.pop() {
                size += 1;
                let (x, y) = (at % SIDE, at / SIDE);
                for near_y in y.saturating_sub(1)..=(y + 1).min(SIDE - 1) {
                    for near_x in x.saturating_sub(1)..=(x + 1).min(SIDE - 1) {
                        let near = near_y * SIDE + near_x;
                        if std::mem::take(&mut left[near]) {
                            waiting.push(near);
                        }
                    }
                }
            }
            sizes.push(size);
        }
        sizes
    }
}

/// The pixels in runs of at least [`LINE`].
fn long_runs(line: &[bool]) -> usize {
    line.split(|&ink| !ink).map(<[bool]>::len).filter(|&length| length >= LINE).sum()
}
