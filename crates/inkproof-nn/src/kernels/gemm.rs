//! Matrix products, the core of every convolution here: `C = A B` or `C += A B`.
//!
//! `B` is reordered to panels of a few registers' width; a tile of some rows of `C` by one panel stays in registers over
//! the whole sum. `A` is read in place, a number at a time, with any distance between rows and between columns: so
//! a transposed `A` needs no copy. (Goto and van de Geijn 2008, without their packing of `A`.)

use super::simd::{Job, Lanes, Number, Set};

/// How the columns of `B` are cut to panels of `vectors` registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panels {
    pub columns: usize,
    pub count: usize,
    pub vectors: usize,
    /// Columns to a panel; the last one's excess is 0.
    pub width: usize,
}

impl Panels {
    pub(crate) fn new<T: Number>(set: Set, columns: usize) -> Self {
        let (lanes, registers) = T::lanes(set);
        let most = if registers >= 32 { 4 } else { 2 };
        let vectors = columns.div_ceil(lanes);
        let count = vectors.div_ceil(most);
        let vectors = vectors.div_ceil(count);
        Self { columns, count, vectors, width: vectors * lanes }
    }

    /// How many numbers `depth` rows of `B` take.
    pub(crate) fn len(&self, depth: usize) -> usize {
        self.count * self.width * depth
    }

    /// Reorders the `depth` rows of `B` to `[panel][row][column in panel]`.
    pub(crate) fn pack<T: Number>(&self, depth: usize, target: &mut [T], value: impl Fn(usize, usize) -> T) {
        for (panel, target) in target.chunks_exact_mut(self.width * depth).enumerate().take(self.count) {
            let from = panel * self.width;
            let here = self.width.min(self.columns - from);
            for (row, target) in target.chunks_exact_mut(self.width).enumerate() {
                target[here..].fill(T::default());
                for (column, target) in target[..here].iter_mut().enumerate() {
                    *target = value(row, from + column);
                }
            }
        }
    }
}

impl Panels {
    /// [`Panels::pack`] of rows that lie one after the other.
    pub(crate) fn pack_rows<T: Number>(&self, rows: &[T], target: &mut [T]) {
        let depth = rows.len() / self.columns;
        for (panel, target) in target.chunks_exact_mut(self.width * depth).enumerate().take(self.count) {
            let from = panel * self.width;
            let here = self.width.min(self.columns - from);
            for (target, row) in target.chunks_exact_mut(self.width).zip(rows.chunks_exact(self.columns)) {
                target[..here].copy_from_slice(&row[from..from + here]);
                target[here..].fill(T::default());
            }
        }
    }
}

/// Where `A` lies: row `i`, column `k` at `at + i * row + k * column`.
#[derive(Clone, Copy)]
pub(crate) struct Left<T> {
    pub at: *const T,
    pub row: usize,
    pub column: usize,
}

/// Where the panels of `B` lie, and how far apart the rows of a panel are.
#[derive(Clone, Copy)]
pub(crate) struct Right<T> {
    pub at: *const T,
    pub row: usize,
    pub panel: usize,
}

impl<T> Right<T> {
    /// Of [`Panels::pack`].
    pub(crate) fn packed(panels: &Panels, depth: usize, at: *const T) -> Self {
        Self { at, row: panels.width, panel: panels.width * depth }
    }
}

/// Where `C` lies, its columns side by side.
#[derive(Clone, Copy)]
pub(crate) struct Target<T> {
    pub at: *mut T,
    pub row: usize,
    /// Add to what is there.
    pub add: bool,
}

/// [`multiply`] as a job: whoever makes one answers for its pointers.
pub(super) struct Product<'a, T> {
    pub panels: &'a Panels,
    pub rows: usize,
    pub depth: usize,
    pub left: Left<T>,
    pub right: Right<T>,
    pub target: Target<T>,
}

impl<T: Number> Job<T> for Product<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        unsafe { multiply::<L>(self.panels, self.rows, self.depth, self.left, self.right, self.target) }
    }
}

/// `rows` rows of `A`, `depth` columns wide, times all panels.
///
/// # Safety
/// `left`, `right` and `target` hold that many numbers, `right` those of whole panels; the CPU has the set that the panels
/// were made for, which is that of `L`.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Lanes>(
    panels: &Panels,
    rows: usize,
    depth: usize,
    left: Left<L::Number>,
    right: Right<L::Number>,
    target: Target<L::Number>,
) {
    for panel in 0..panels.count {
        let from = panel * panels.width;
        let columns = panels.width.min(panels.columns - from);
        unsafe {
            let right = Right { at: right.at.add(panel * right.panel), ..right };
            let target = Target { at: target.at.add(from), ..target };
            match (L::REGISTERS >= 32, panels.vectors) {
                (true, 4) => panel_rows::<L, 6, 4>(rows, depth, left, right, target, columns),
                (true, 3) => panel_rows::<L, 8, 3>(rows, depth, left, right, target, columns),
                (true, 2) => panel_rows::<L, 12, 2>(rows, depth, left, right, target, columns),
                (true, _) => panel_rows::<L, 12, 1>(rows, depth, left, right, target, columns),
                (false, 2) => panel_rows::<L, 6, 2>(rows, depth, left, right, target, columns),
                (false, _) => panel_rows::<L, 8, 1>(rows, depth, left, right, target, columns),
            }
        }
    }
}

#[inline(always)]
unsafe fn panel_rows<L: Lanes, const ROWS: usize, const VECTORS: usize>(
    rows: usize,
    depth: usize,
    left: Left<L::Number>,
    right: Right<L::Number>,
    target: Target<L::Number>,
    columns: usize,
) {
    let mut row = 0;
    unsafe {
        while row < rows {
            let here = Left { at: left.at.add(row * left.row), ..left };
            let there = Target { at: target.at.add(row * target.row), ..target };
            row += match rows - row {
                left if left >= ROWS => tile::<L, ROWS, VECTORS>(depth, here, right, there, columns),
                left if left >= 2 => tile::<L, 2, VECTORS>(depth, here, right, there, columns),
                _ => tile::<L, 1, VECTORS>(depth, here, right, there, columns),
            };
        }
    }
}

/// One tile of `C`; returns its rows.
#[inline(always)]
unsafe fn tile<L: Lanes, const ROWS: usize, const VECTORS: usize>(
    depth: usize,
    left: Left<L::Number>,
    right: Right<L::Number>,
    target: Target<L::Number>,
    columns: usize,
) -> usize {
    unsafe {
        let mut sum = [[L::splat(L::Number::default()); VECTORS]; ROWS];
        let (mut a, mut b) = (left.at, right.at);
        for _ in 0..depth {
            let line: [L; VECTORS] = std::array::from_fn(|v| L::load(b.add(v * L::N)));
            for (row, sum) in sum.iter_mut().enumerate() {
                let factor = L::splat(*a.add(row * left.row));
                for v in 0..VECTORS {
                    sum[v] = line[v].multiply_add(factor, sum[v]);
                }
            }
            a = a.wrapping_add(left.column);
            b = b.wrapping_add(right.row);
        }
        for (row, sum) in sum.iter().enumerate() {
            for (v, &sum) in sum.iter().enumerate() {
                let at = target.at.wrapping_add(row * target.row + v * L::N);
                match columns.saturating_sub(v * L::N) {
                    0 => {}
                    here if here >= L::N => (if target.add { sum.add(L::load(at)) } else { sum }).store(at),
                    here => (if target.add { sum.add(L::load_part(at, here)) } else { sum }).store_part(at, here),
                }
            }
        }
    }
    ROWS
}
