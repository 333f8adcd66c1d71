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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_square_gives_its_largest_and_takes_the_gradient_back() {
        for (height, width) in [(2, 2), (3, 2), (2, 5), (4, 6), (7, 9), (1, 4), (5, 1)] {
            let planes = Planes { count: 3, height, width };
            // Neighbours differ, so that there is one largest number in every square.
            let input: Vec<f32> = (0..3 * height * width).map(|i| ((i * 37 + i / 5) % 101) as f32).collect();
            let output = forward(planes, &input);
            assert_eq!(output.len(), 3 * (height / 2) * (width / 2));
            let gradient: Vec<f32> = (0..output.len()).map(|i| i as f32 + 1.0).collect();
            let mut expected = vec![0.0; input.len()];
            for (square, (&found, &g)) in output.iter().zip(&gradient).enumerate() {
                let (plane, inside) = (square / (height / 2 * (width / 2)), square % (height / 2 * (width / 2)));
                let (y, x) = (inside / (width / 2) * 2, inside % (width / 2) * 2);
                let at = |dy: usize, dx: usize| plane * height * width + (y + dy) * width + x + dx;
                let corners = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
                let largest = *corners.iter().max_by(|&&a, &&b| input[a].total_cmp(&input[b])).unwrap();
                assert_eq!(found, input[largest]);
                expected[largest] += g;
            }
            assert_eq!(backward(planes, &input, &output, &gradient), expected);
        }
    }

    #[test]
    fn of_equal_numbers_the_first_takes_the_gradient() {
        let planes = Planes { count: 1, height: 2, width: 2 };
        assert_eq!(backward(planes, &[1.0, 2.0, 2.0, 2.0], &[2.0], &[5.0]), [0.0, 5.0, 0.0, 0.0]);
    }
}
