//! Vectors of length 1.

use crate::kernels::{Number, Set, sums};
use crate::tensor::Tensor;

/// The least sum of squares that `tf.math.l2_normalize` divides by the root of.
const EPSILON: f64 = 1e-12;

/// Vectors of length 1 in the direction of `x`'s rows; a row of zeros stays zeros.
pub(in crate::network) fn forward<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    let [_, width] = x.dims();
    let unit = x.values().chunks_exact(width).flat_map(|row| {
        let length = at_least(square_sum(row)).root();
        row.iter().map(move |&number| number / length)
    });
    Tensor::new(unit.collect(), x.shape())
}

/// The gradient of the input.
pub(in crate::network) fn backward<T: Number>(x: &Tensor<T>, gradient: &Tensor<T>) -> Tensor<T> {
    let [_, width] = x.dims();
    let rows = x.values().chunks_exact(width).zip(gradient.values().chunks_exact(width));
    Tensor::new(rows.flat_map(|(row, gradient)| row_gradient(row, gradient)).collect(), x.shape())
}

/// Through the quotient `row / length`, and through the length, which is the root of a sum of squares.
fn row_gradient<T: Number>(row: &[T], gradient: &[T]) -> Vec<T> {
    let squares = square_sum(row);
    let length = at_least(squares).root();
    let products = row.iter().zip(gradient).map(|(&number, &g)| g * ((T::default() - number) / (length * length)));
    let to_length = sums::sum(Set::best(), &products.collect::<Vec<_>>());
    let half = T::from_f64(0.5);
    let to_squares = to_length * (at_least(squares).power(-0.5) * half);
    let to_squares = if squares < T::from_f64(EPSILON) { T::default() } else { to_squares };
    let inverse = T::from_f64(1.0) / length;
    let to_number = |(&number, &g): (&T, &T)| g * inverse + to_squares * number + to_squares * number;
    row.iter().zip(gradient).map(to_number).collect()
}

fn square_sum<T: Number>(row: &[T]) -> T {
    let squares: Vec<T> = row.iter().map(|&number| number * number).collect();
    sums::sum(Set::best(), &squares)
}

/// A NaN stays one.
fn at_least<T: Number>(squares: T) -> T {
    let least = T::from_f64(EPSILON);
    if squares < least { least } else { squares }
}
