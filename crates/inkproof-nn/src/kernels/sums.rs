//! Sums of many numbers, a register's lanes at a time.

use super::simd::{Job, Lanes, Number, Set, load};

/// Registers that [`sum`] adds to, so that no addition waits for the one before.
const SUMS: usize = 8;

/// The sum of all numbers.
pub(crate) fn sum<T: Number>(set: Set, x: &[T]) -> T {
    T::run(set, Sum { x })
}

/// The sum of the products of `a`'s and `b`'s numbers.
pub(crate) fn dot<T: Number>(set: Set, a: &[T], b: &[T]) -> T {
    assert_eq!(a.len(), b.len());
    T::run(set, Dot { a, b })
}

struct Sum<'a, T> {
    x: &'a [T],
}

impl<T: Number> Job<T> for Sum<'_, T> {
    type Result = T;

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) -> T {
        unsafe {
            let mut sums = [L::splat(T::default()); SUMS];
            let blocks = self.x.chunks_exact(SUMS * L::N);
            let registers = blocks.remainder().chunks_exact(L::N);
            let rest: T = registers.remainder().iter().copied().sum();
            for block in blocks {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(L::load(block.as_ptr().add(i * L::N)));
                }
            }
            let [a, b, c, d, e, f, g, h] = sums;
            let mut total = a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h)));
            for register in registers {
                total = total.add(L::load(register.as_ptr()));
            }
            across(total) + rest
        }
    }
}

struct Dot<'a, T> {
    a: &'a [T],
    b: &'a [T],
}

impl<T: Number> Job<T> for Dot<'_, T> {
    type Result = T;

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) -> T {
        let mut sum = unsafe { L::splat(T::default()) };
        for (a, b) in self.a.chunks(L::N).zip(self.b.chunks(L::N)) {
            // Safety: both chunks have as many numbers.
            unsafe { sum = load::<L>(a.as_ptr(), a.len()).multiply_add(load::<L>(b.as_ptr(), a.len()), sum) };
        }
        unsafe { across(sum) }
    }
}

/// The sum of a register's numbers: its halves are added to each other until one is left.
#[inline(always)]
unsafe fn across<L: Lanes>(register: L) -> L::Number {
    let mut numbers = [L::Number::default(); 16];
    unsafe { register.store(numbers.as_mut_ptr()) };
    let mut count = L::N;
    while count > 1 {
        count /= 2;
        for i in 0..count {
            let other = numbers[count + i];
            numbers[i] += other;
        }
    }
    numbers[0]
}
