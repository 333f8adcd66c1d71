//! Sums of many numbers, in registers: eight of them, so that no addition waits for the one before.

use super::simd::{Job, Lanes, Number, Set};

const SUMS: usize = 8;

/// The sum of all numbers.
pub(crate) fn sum<T: Number>(set: Set, x: &[T]) -> T {
    let (mut numbers, rest) = T::run(set, Sum { x });
    // Halves are added to each other.
    let mut count = T::lanes(set).0;
    while count > 1 {
        count /= 2;
        for i in 0..count {
            numbers[i] = numbers[i] + numbers[count + i];
        }
    }
    numbers[0] + rest
}

/// The sum of the products of `a`'s and `b`'s numbers.
pub(crate) fn dot<T: Number>(set: Set, a: &[T], b: &[T]) -> T {
    assert_eq!(a.len(), b.len());
    T::run(set, Dot { a, b })
}

/// The sums by lane, and that of the numbers that fill no register.
struct Sum<'a, T> {
    x: &'a [T],
}

impl<T: Number> Job<T> for Sum<'_, T> {
    type Result = ([T; 16], T);

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) -> Self::Result {
        unsafe {
            let mut sums = [L::splat(T::default()); SUMS];
            let blocks = self.x.chunks_exact(SUMS * L::N);
            let registers = blocks.remainder().chunks_exact(L::N);
            let rest = registers.remainder().iter().copied().sum();
            for block in blocks {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(L::load(block.as_ptr().add(i * L::N)));
                }
            }
            let mut total = together(sums);
            for register in registers {
                total = total.add(L::load(register.as_ptr()));
            }
            (numbers(total), rest)
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
        let (whole, registers) = (self.a.len() / (SUMS * L::N) * SUMS * L::N, self.a.len() / L::N * L::N);
        unsafe {
            let product =
                |at: usize, sum: L| L::load(self.a.as_ptr().add(at)).multiply_add(L::load(self.b.as_ptr().add(at)), sum);
            let mut sums = [L::splat(T::default()); SUMS];
            for block in (0..whole).step_by(SUMS * L::N) {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = product(block + i * L::N, *sum);
                }
            }
            let mut total = together(sums);
            for at in (whole..registers).step_by(L::N) {
                total = product(at, total);
            }
            let numbers = numbers(total);
            let lanes = numbers[1..L::N].iter().fold(numbers[0], |sum, &number| sum + number);
            let rest = self.a[registers..].iter().zip(&self.b[registers..]);
            rest.fold(lanes, |sum, (&a, &b)| a.multiply_add(b, sum))
        }
    }
}

/// The sum of the eight.
#[inline(always)]
unsafe fn together<L: Lanes>([a, b, c, d, e, f, g, h]: [L; SUMS]) -> L {
    unsafe { a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))) }
}

#[inline(always)]
unsafe fn numbers<L: Lanes>(register: L) -> [L::Number; 16] {
    let mut numbers = [L::Number::default(); 16];
    unsafe { register.store(numbers.as_mut_ptr()) };
    numbers
}
