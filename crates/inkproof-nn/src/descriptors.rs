//! Local descriptors: vectors that say what is around places in the plane, and which of those nearby are alike.
//!
//! What is computed is the same to the last bit on every CPU.

use crate::kernels::{Set, descriptors};

/// Descriptors that are compared at once.
pub(crate) const LANES: usize = 16;

/// Places with their descriptors, laid out so that one descriptor is compared with many at once.
pub struct Descriptors<const WIDTH: usize> {
    len: usize,
    blocks: Vec<Block<WIDTH>>,
}

/// Some places that follow each other. Where they are fewer than the lanes, those left are infinitely far away.
pub(crate) struct Block<const WIDTH: usize> {
    pub(crate) x: [f32; LANES],
    pub(crate) y: [f32; LANES],
    /// The first numbers of all, then the second ones.
    pub(crate) values: [[f32; LANES]; WIDTH],
    /// Between which coordinates they are.
    x_range: [f32; 2],
    y_range: [f32; 2],
}

/// The most similar place of another picture, the first of equals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestMatch {
    /// 0 where there is none within reach; then the place says nothing.
    pub likeness: f32,
    /// Its number.
    pub place: usize,
}

impl<const WIDTH: usize> Block<WIDTH> {
    fn new(at: &[[f32; 2]], values: &[[f32; WIDTH]]) -> Self {
        let mut block = Self {
            x: [f32::INFINITY; LANES],
            y: [f32::INFINITY; LANES],
            values: [[0.0; LANES]; WIDTH],
            x_range: range(at.iter().map(|at| at[0])),
            y_range: range(at.iter().map(|at| at[1])),
        };
        for (lane, (&[x, y], values)) in at.iter().zip(values).enumerate() {
            (block.x[lane], block.y[lane]) = (x, y);
            block.values.iter_mut().zip(values).for_each(|(numbers, &value)| numbers[lane] = value);
        }
        block
    }

    /// Whether all its places are certainly further than `reach` from a place.
    pub(crate) fn is_beyond(&self, [x, y]: [f32; 2], reach: f32) -> bool {
        // So much more that rounding does not matter.
        let reach = reach + 1.0;
        let is_beyond = |[least, most]: [f32; 2], here: f32| least - here > reach || here - most > reach;
        is_beyond(self.x_range, x) || is_beyond(self.y_range, y)
    }
}

fn range(values: impl Iterator<Item = f32>) -> [f32; 2] {
    values.fold([f32::INFINITY, f32::NEG_INFINITY], |[least, most], value| [least.min(value), most.max(value)])
}

impl<const WIDTH: usize> Descriptors<WIDTH> {
    /// As many places, with finite coordinates, as descriptors. Those that follow each other should be near each other: then
    /// comparing is fast.
    pub fn new(at: &[[f32; 2]], values: &[[f32; WIDTH]]) -> Self {
        assert_eq!(at.len(), values.len());
        let blocks = at.chunks(LANES).zip(values.chunks(LANES)).map(|(at, values)| Block::new(at, values)).collect();
        Self { len: at.len(), blocks }
    }

    /// The product of each descriptor with the most similar one here whose place is at most `reach` away, 0 where there is none
    /// or no product is positive: for the given ones, and for those here with the given ones.
    pub fn matched(&self, at: &[[f32; 2]], values: &[[f32; WIDTH]], reach: f32) -> (Vec<f32>, Vec<f32>) {
        let (mut given, mut here) = (vec![0.0; at.len()], vec![0.0; LANES * self.blocks.len()]);
        descriptors::matched(Set::best(), self.pairs(at, values, reach), &mut given, &mut here);
        here.truncate(self.len);
        (given, here)
    }

    /// The same with the number of that place, which takes longer.
    pub fn best_matches(
        &self,
        at: &[[f32; 2]],
        values: &[[f32; WIDTH]],
        reach: f32,
    ) -> (Vec<BestMatch>, Vec<BestMatch>) {
        let nothing = BestMatch { likeness: 0.0, place: 0 };
        let (mut given, mut here) = (vec![nothing; at.len()], vec![nothing; self.len]);
        descriptors::each_match(Set::best(), self.pairs(at, values, reach), &mut |a, b, likeness| {
            if likeness > given[a].likeness {
                given[a] = BestMatch { likeness, place: b };
            }
            if likeness > here[b].likeness {
                here[b] = BestMatch { likeness, place: a };
            }
        });
        (given, here)
    }

    fn pairs<'a>(
        &'a self,
        at: &'a [[f32; 2]],
        values: &'a [[f32; WIDTH]],
        reach: f32,
    ) -> descriptors::Pairs<'a, WIDTH> {
        assert_eq!(at.len(), values.len());
        descriptors::Pairs { at, values, blocks: &self.blocks, reach }
    }
}

/// The product of two vectors, summed in the order in which all of this module does.
pub fn dot<const WIDTH: usize>(a: &[f32; WIDTH], b: &[f32; WIDTH]) -> f32 {
    let mut sums = [0.0; LANES];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum()
}

/// Adds to each `sums[i]`, in the order of k, `factors[k] * rows[k * stride + i]`: what a vector becomes by a matrix, or
/// a picture by a filter along one axis.
pub fn add_weighted(sums: &mut [f32], factors: &[f32], rows: &[f32], stride: usize) {
    descriptors::add_weighted(Set::best(), sums, factors, rows, stride);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::numbers;

    const WIDTH: usize = 40;

    /// Places in a raster, and vectors that are neither alike nor not.
    fn picture(count: usize, salt: usize) -> (Vec<[f32; 2]>, Vec<[f32; WIDTH]>) {
        let off = numbers(2 * count, salt);
        let at = (0..count)
            .map(|i| [(4 * (i % 9)) as f32 + off[2 * i] as f32, (4 * (i / 9)) as f32 + off[2 * i + 1] as f32]);
        let values = numbers(WIDTH * count, salt + 1);
        let vector = |i: usize| std::array::from_fn(|k| values[WIDTH * i + k] as f32);
        (at.collect(), (0..count).map(vector).collect())
    }

    /// One pair after the other.
    fn plainly(
        a: &(Vec<[f32; 2]>, Vec<[f32; WIDTH]>),
        b: &(Vec<[f32; 2]>, Vec<[f32; WIDTH]>),
        reach: f32,
    ) -> Vec<BestMatch> {
        let of = |place: usize| {
            let mut best = BestMatch { likeness: 0.0, place: 0 };
            for (other, [x, y]) in b.0.iter().enumerate() {
                let apart = (x - a.0[place][0]).powi(2) + (y - a.0[place][1]).powi(2);
                let likeness = dot(&a.1[place], &b.1[other]);
                if apart <= reach * reach && likeness > best.likeness {
                    best = BestMatch { likeness, place: other };
                }
            }
            best
        };
        (0..a.0.len()).map(of).collect()
    }

    #[test]
    fn every_set_finds_the_same_to_the_last_bit() {
        for (here, there, reach) in
            [(100, 70, 11.0), (33, 1, 5.0), (1, 48, 100.0), (17, 200, 0.1), (0, 20, 3.0), (20, 0, 3.0)]
        {
            let (a, b) = (picture(here, 1), picture(there, 5));
            let (to_b, to_a) = (plainly(&a, &b, reach), plainly(&b, &a, reach));
            let blocks = Descriptors::new(&b.0, &b.1);
            assert_eq!(blocks.best_matches(&a.0, &a.1, reach), (to_b.clone(), to_a.clone()));
            for set in Set::all() {
                let mut found = Vec::new();
                descriptors::each_match(set, blocks.pairs(&a.0, &a.1, reach), &mut |here, there, likeness| {
                    assert_eq!(likeness, dot(&a.1[here], &b.1[there]), "{set:?}");
                    found.push((here, there));
                });
                assert!(found.is_sorted(), "{set:?}");
                assert_eq!(found.is_empty(), to_b.iter().all(|best| best.likeness == 0.0), "{set:?}");
            }
            let likenesses = |matches: &[BestMatch]| matches.iter().map(|best| best.likeness).collect::<Vec<_>>();
            for set in Set::all() {
                let (mut given, mut found) = (vec![0.0; here], vec![0.0; LANES * blocks.blocks.len()]);
                descriptors::matched(set, blocks.pairs(&a.0, &a.1, reach), &mut given, &mut found);
                assert_eq!((given, &found[..there]), (likenesses(&to_b), &likenesses(&to_a)[..]), "{set:?}");
            }
        }
    }

    #[test]
    fn a_sum_of_rows_is_added_in_order_on_every_set() {
        for (length, rows, stride) in [(64, 136, 64), (7, 3, 2), (100, 5, 8), (129, 1, 129), (5, 0, 1)] {
            let floats = |count: usize, salt: usize| numbers(count, salt).iter().map(|&x| x as f32).collect::<Vec<_>>();
            let (start, factors, all) = (floats(length, 1), floats(rows, 2), floats(rows * stride + length, 3));
            let mut expected = start.clone();
            for (k, factor) in factors.iter().enumerate() {
                expected.iter_mut().enumerate().for_each(|(i, sum)| *sum += factor * all[k * stride + i]);
            }
            for set in Set::all() {
                let mut sums = start.clone();
                descriptors::add_weighted(set, &mut sums, &factors, &all, stride);
                assert_eq!(sums, expected, "{set:?}, {length} numbers of {rows} rows");
            }
        }
    }

    #[test]
    #[should_panic = "rows are shorter"]
    fn nothing_beyond_the_rows_is_read() {
        add_weighted(&mut [0.0; 4], &[1.0, 2.0], &[0.0; 7], 4);
    }

    #[test]
    #[should_panic = "rows are shorter"]
    fn nor_where_their_number_overflows() {
        add_weighted(&mut [0.0; 4], &[1.0; 4], &[0.0; 6], usize::MAX / 3 + 1);
    }

    #[test]
    fn a_product_that_is_no_number_is_passed_over() {
        let at = vec![[0.0, 0.0]; 3 * LANES];
        let mut values = vec![[0.2; WIDTH]; 3 * LANES];
        values[0] = [0.9; WIDTH];
        values[LANES + 1] = [f32::NAN; WIDTH];
        values[4] = [f32::NAN; WIDTH];
        let blocks = Descriptors::new(&at, &values);
        for set in Set::all() {
            let (mut given, mut here) = ([0.0], vec![0.0; 3 * LANES]);
            let one = [[1.0 / WIDTH as f32; WIDTH]];
            descriptors::matched(set, blocks.pairs(&at[..1], &one, 1.0), &mut given, &mut here);
            assert!((given[0] - 0.9).abs() < 1e-6, "{set:?}: {given:?}");
            assert_eq!([here[4], here[LANES + 1]], [0.0; 2], "{set:?}");
        }
    }
}
