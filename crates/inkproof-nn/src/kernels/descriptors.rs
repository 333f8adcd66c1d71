//! Kernels for local descriptors: vectors of a fixed length, each with a place in the plane.
//!
//! What they give is the same to the last bit on every instruction set: products are rounded before they are added, and
//! added in one order.

use super::simd::{Job, Lanes, Number, Set, load, store};
use crate::descriptors::{Block, LANES};

/// Registers that [`add_weighted`] sums in at once, so that no addition waits for the one before.
const SUMS: usize = 4;

/// Adds to each `sums[i]`, in the order of k, `factors[k] * rows[k * stride + i]`.
pub(crate) fn add_weighted(set: Set, sums: &mut [f32], factors: &[f32], rows: &[f32], stride: usize) {
    let end = |last: usize| last.checked_mul(stride)?.checked_add(sums.len());
    let fits = factors.len().checked_sub(1).is_none_or(|last| end(last).is_some_and(|end| end <= rows.len()));
    assert!(fits, "rows are shorter than what is asked of them");
    f32::run(set, AddWeighted { sums, factors, rows, stride });
}

struct AddWeighted<'a> {
    sums: &'a mut [f32],
    factors: &'a [f32],
    rows: &'a [f32],
    stride: usize,
}

impl Job<f32> for AddWeighted<'_> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = f32>>(self) {
        let Self { sums, factors, rows, stride } = self;
        let some = SUMS * L::N;
        let whole = sums.len() / some * some;
        for first in (0..whole).step_by(some) {
            // Safety: `add_weighted` made sure that the rows go as far as the sums.
            unsafe {
                let mut kept: [L; SUMS] = std::array::from_fn(|i| L::load(sums.as_ptr().add(first + i * L::N)));
                for (k, &factor) in factors.iter().enumerate() {
                    let (factor, row) = (L::splat(factor), rows.as_ptr().add(k * stride + first));
                    for (i, sum) in kept.iter_mut().enumerate() {
                        *sum = sum.add(factor.multiply(L::load(row.add(i * L::N))));
                    }
                }
                for (i, sum) in kept.into_iter().enumerate() {
                    sum.store(sums.as_mut_ptr().add(first + i * L::N));
                }
            }
        }
        for first in (whole..sums.len()).step_by(L::N) {
            let here = L::N.min(sums.len() - first);
            // Safety: as above, and no more than what is left is read or written.
            unsafe {
                let mut sum = load::<L>(sums.as_ptr().add(first), here);
                for (k, &factor) in factors.iter().enumerate() {
                    let row = load::<L>(rows.as_ptr().add(k * stride + first), here);
                    sum = sum.add(L::splat(factor).multiply(row));
                }
                store(sum, sums.as_mut_ptr().add(first), here);
            }
        }
    }
}

/// What [`matched`] and [`each_match`] compare: places with their descriptors, and others in blocks.
#[derive(Clone, Copy)]
pub(crate) struct Pairs<'a, const WIDTH: usize> {
    pub(crate) at: &'a [[f32; 2]],
    pub(crate) values: &'a [[f32; WIDTH]],
    pub(crate) blocks: &'a [Block<WIDTH>],
    /// How far two places may be from each other.
    pub(crate) reach: f32,
}

/// Writes, for each place and for each of the blocks' lanes, the greatest product with one of the others within reach, 0
/// where none is greater. `here` has a number for each place, `there` [`LANES`] for each block.
pub(crate) fn matched<const WIDTH: usize>(set: Set, pairs: Pairs<'_, WIDTH>, here: &mut [f32], there: &mut [f32]) {
    assert_eq!(there.len(), LANES * pairs.blocks.len());
    f32::run(set, Matched { pairs, here, there });
}

struct Matched<'a, const WIDTH: usize> {
    pairs: Pairs<'a, WIDTH>,
    here: &'a mut [f32],
    there: &'a mut [f32],
}

impl<const WIDTH: usize> Job<f32> for Matched<'_, WIDTH> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = f32>>(self) {
        let Self { pairs, here, there } = self;
        let places = pairs.at.iter().zip(pairs.values).zip(here);
        for ((&at, values), here) in places {
            // Safety: the CPU has the set of this job, and a block's lanes are all there.
            unsafe {
                let mut best = L::splat(0.0);
                for (block, there) in pairs.blocks.iter().zip(there.chunks_exact_mut(LANES)) {
                    if block.is_beyond(at, pairs.reach) {
                        continue;
                    }
                    for lane in (0..LANES).step_by(L::N) {
                        let likeness = likeness::<L, WIDTH>(block, lane, at, values, pairs.reach);
                        // In this order what is no number is passed over.
                        best = likeness.max(best);
                        let there = there.as_mut_ptr().add(lane);
                        likeness.max(L::load(there)).store(there);
                    }
                }
                let mut lanes = [0.0; LANES];
                best.store(lanes.as_mut_ptr());
                *here = lanes.into_iter().fold(0.0, f32::max);
            }
        }
    }
}

/// Calls `found` with the number of a place, that of one in the blocks, and their product, for all within reach whose
/// product is greater than 0, in order.
pub(crate) fn each_match<const WIDTH: usize>(
    set: Set,
    pairs: Pairs<'_, WIDTH>,
    found: &mut impl FnMut(usize, usize, f32),
) {
    f32::run(set, EachMatch { pairs, found });
}

struct EachMatch<'a, F, const WIDTH: usize> {
    pairs: Pairs<'a, WIDTH>,
    found: &'a mut F,
}

impl<F: FnMut(usize, usize, f32), const WIDTH: usize> Job<f32> for EachMatch<'_, F, WIDTH> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = f32>>(self) {
        let Self { pairs, found } = self;
        let mut lanes = [0.0; LANES];
        for (here, (&at, values)) in pairs.at.iter().zip(pairs.values).enumerate() {
            for (number, block) in pairs.blocks.iter().enumerate() {
                if block.is_beyond(at, pairs.reach) {
                    continue;
                }
                for lane in (0..LANES).step_by(L::N) {
                    // Safety: the CPU has the set of this job, and a block's lanes are all there.
                    unsafe {
                        let likeness = likeness::<L, WIDTH>(block, lane, at, values, pairs.reach);
                        likeness.store(lanes.as_mut_ptr().add(lane));
                    }
                }
                for (lane, &likeness) in lanes.iter().enumerate() {
                    if likeness > 0.0 {
                        found(here, LANES * number + lane, likeness);
                    }
                }
            }
        }
    }
}

/// The products of a vector with those of a block from `first` on, as [`dot`](crate::descriptors::dot) adds them; 0 for
/// those out of reach.
///
/// # Safety
/// The CPU has the instruction set of `L`, and the block so many lanes.
#[inline(always)]
unsafe fn likeness<L: Lanes<Number = f32>, const WIDTH: usize>(
    block: &Block<WIDTH>,
    first: usize,
    [x, y]: [f32; 2],
    values: &[f32; WIDTH],
    reach: f32,
) -> L {
    unsafe {
        let across = lanes::<L>(&block.x, first).subtract(L::splat(x));
        let down = lanes::<L>(&block.y, first).subtract(L::splat(y));
        let apart = across.multiply(across).add(down.multiply(down));
        let inside = !apart.above(L::splat(reach * reach)) & u32::MAX >> (32 - L::N);
        if inside == 0 {
            return L::splat(0.0);
        }
        let mut total = L::splat(0.0);
        for i in 0..LANES.min(WIDTH) {
            let mut sum = L::splat(0.0);
            for k in (i..WIDTH).step_by(LANES) {
                sum = sum.add(L::splat(values[k]).multiply(lanes(&block.values[k], first)));
            }
            total = total.add(sum);
        }
        total.keep(inside)
    }
}

/// # Safety
/// The CPU has the instruction set of `L`, and there are so many lanes from `first` on.
#[inline(always)]
unsafe fn lanes<L: Lanes<Number = f32>>(all: &[f32; LANES], first: usize) -> L {
    unsafe { L::load(all.as_ptr().add(first)) }
}
