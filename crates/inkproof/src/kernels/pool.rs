//! Max-pooling over squares of 2 x 2, stride 2, no padding; forward and backward.

use super::lanes::Number;
use super::parallel::{self, Shared};

/// `count` planes of `height x width`; a last odd row or column has no square and is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes {
    pub count: usize,
    pub height: usize,
    pub width: usize,
}

impl Planes {
    fn input_len(&self) -> usize {
        self.height * self.width
    }

    fn output_len(&self) -> usize {
        (self.height / 2) * (self.width / 2)
    }
}

/// The largest number of every square: `count` planes of `height / 2 x width / 2`.
pub(crate) fn forward<T: Number>(planes: Planes, input: &[T]) -> Vec<T> {
    assert_eq!(input.len(), planes.count * planes.input_len());
    let mut output = vec![T::default(); planes.count * planes.output_len()];
    let shared = Shared::new(&mut output);
    parallel::for_each(planes.count, |plane| {
        let input = &input[plane * planes.input_len()..][..planes.input_len()];
        let lines = input.chunks_exact(2 * planes.width);
        for (y, lines) in lines.enumerate() {
            let (upper, lower) = lines.split_at(planes.width);
            // Safety: every task writes to its own plane.
            let target = unsafe { shared.at(plane * planes.output_len() + y * (planes.width / 2)) };
            for (x, (upper, lower)) in upper.chunks_exact(2).zip(lower.chunks_exact(2)).enumerate() {
                let largest = larger(larger(upper[0], upper[1]), larger(lower[0], lower[1]));
                // Safety: x lies inside the line.
                unsafe { *target.add(x) = largest };
            }
        }
    });
    output
}

/// The gradient of the input: that of every output goes to the first of the square's numbers that equals it.
pub(crate) fn backward<T: Number>(planes: Planes, input: &[T], output: &[T], gradient: &[T]) -> Vec<T> {
    assert_eq!(input.len(), planes.count * planes.input_len());
    assert_eq!(output.len(), planes.count * planes.output_len());
    assert_eq!(gradient.len(), output.len());
    let mut result = vec![T::default(); input.len()];
    let shared = Shared::new(&mut result);
    let width = planes.width / 2;
    parallel::for_each(planes.count, |plane| {
        let from = plane * planes.input_len();
        for square in 0..planes.output_len() {
            let corner = from + square / width * 2 * planes.width + square % width * 2;
            let at = plane * planes.output_len() + square;
            let place = [corner, corner + 1, corner + planes.width, corner + planes.width + 1]
                .into_iter()
                .find(|&place| input[place] == output[at]);
            if let Some(place) = place {
                // Safety: every task writes to its own plane.
                unsafe { *shared.at(place) = gradient[at] };
            }
        }
    });
    result
}

fn larger<T: Number>(a: T, b: T) -> T {
    if b > a { b } else { a }
}
