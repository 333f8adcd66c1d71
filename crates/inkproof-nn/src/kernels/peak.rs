//! How many multiply-adds this machine can do: what a share of the peak is a share of.

use std::time::Instant;

use super::simd::{Job, Lanes, Number, Set};
use crate::parallel;

/// Independent sums: more than the latency of an instruction times how many start at once, and few enough to stay in
/// registers along with the two operands.
const SUMS: usize = 12;
const ROUNDS: usize = 1_000_000;

/// Floating-point operations a second, in f32, of `threads` tasks at a time; a multiply-add counts as two.
pub(crate) fn peak(threads: usize) -> f64 {
    let set = Set::best();
    let once = || {
        let begun = Instant::now();
        parallel::for_each(threads, |_| {
            std::hint::black_box(<f32 as Number>::run(set, Chains));
        });
        let lanes = <f32 as Number>::lanes(set).0;
        (2 * SUMS * lanes * ROUNDS * threads) as f64 / begun.elapsed().as_secs_f64()
    };
    (0..20).map(|_| once()).fold(0.0, f64::max)
}

/// Nothing but multiply-adds on registers.
struct Chains;

impl Job<f32> for Chains {
    type Result = f32;

    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // unrolled, so that the sums stay in registers
    unsafe fn run<L: Lanes<Number = f32>>(self) -> f32 {
        unsafe {
            let (factor, addend) = (L::splat(std::hint::black_box(0.999)), L::splat(std::hint::black_box(0.001)));
            let mut sums = [L::splat(1.0); SUMS];
            for _ in 0..ROUNDS {
                for i in 0..SUMS {
                    sums[i] = sums[i].multiply_add(factor, addend);
                }
            }
            let mut total = sums[0];
            for i in 1..SUMS {
                total = total.add(sums[i]);
            }
            let mut numbers = [0.0_f32; 16];
            total.store(numbers.as_mut_ptr());
            numbers[0]
        }
    }
}
