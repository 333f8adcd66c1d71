//! Dense layers: rows of numbers times a matrix.
//!
//! The matrices are small, so a product is one task of one thread.

use super::gemm::{Left, Panels, Product, Right, Target};
use super::scratch;
use super::simd::{Number, Set};
use super::sums;

/// The most products that are summed before the sum is added to the total.
const PART: usize = 512;

/// Input `rows x inside`, weights `inside x out`, output `rows x out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub rows: usize,
    pub inside: usize,
    pub out: usize,
}

impl Shape {
    fn check<T>(&self, x: &[T], weight: &[T]) {
        assert_eq!(x.len(), self.rows * self.inside);
        assert_eq!(weight.len(), self.inside * self.out);
    }
}

/// `x * weight + bias`.
pub(crate) fn forward<T: Number>(set: Set, shape: Shape, x: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
    shape.check(x, weight);
    assert_eq!(bias.len(), shape.out);
    let mut output = if shape.out == 1 {
        // A tile would use one lane of its registers.
        x.chunks_exact(shape.inside).map(|row| sums::dot(set, row, weight)).collect()
    } else {
        let left = Left { at: x.as_ptr(), row: shape.inside, column: 1 };
        product(set, shape.rows, left, Rows { values: weight, columns: shape.out })
    };
    for row in output.chunks_exact_mut(shape.out) {
        row.iter_mut().zip(bias).for_each(|(number, &bias)| *number += bias);
    }
    output
}

/// Gradients of [`forward`].
pub(crate) struct Gradients<T> {
    pub x: Vec<T>,
    pub weight: Vec<T>,
    pub bias: Vec<T>,
}

/// Gradients of input, weights and bias, given that of the output.
pub(crate) fn backward<T: Number>(set: Set, shape: Shape, x: &[T], weight: &[T], gradient: &[T]) -> Gradients<T> {
    let Shape { rows, inside, out } = shape;
    shape.check(x, weight);
    assert_eq!(gradient.len(), rows * out);
    let by_column = Left { at: x.as_ptr(), row: 1, column: inside };
    let to_weight = product(set, inside, by_column, Rows { values: gradient, columns: out });
    let turned: Vec<T> = (0..out * inside).map(|at| weight[at % inside * out + at / inside]).collect();
    let by_row = Left { at: gradient.as_ptr(), row: out, column: 1 };
    let to_x = product(set, rows, by_row, Rows { values: &turned, columns: inside });
    Gradients { x: to_x, weight: to_weight, bias: super::sum_parts(gradient.to_vec(), out) }
}

/// The right matrix of a product: rows that lie one after the other.
struct Rows<'a, T> {
    values: &'a [T],
    columns: usize,
}

/// `left`, which holds as many numbers, times `right`.
///
/// Long sums are taken in parts, which rounds less; but a single row's, on which scores depend to the last bit, whole.
fn product<T: Number>(set: Set, rows: usize, left: Left<T>, right: Rows<'_, T>) -> Vec<T> {
    let Rows { values, columns } = right;
    let depth = values.len() / columns;
    let part = if rows == 1 { depth } else { depth.div_ceil(depth.div_ceil(PART)) };
    let panels = Panels::new::<T>(set, columns);
    let mut output = vec![T::default(); rows * columns];
    for (place, values) in values.chunks(part * columns).enumerate() {
        let target = Target { at: output.as_mut_ptr(), row: columns, add: place > 0 };
        let left = Left { at: left.at.wrapping_add(place * part * left.column), ..left };
        let depth = values.len() / columns;
        let run = |right| T::run(set, Product { panels: &panels, rows, depth, left, right, target });
        if columns.is_multiple_of(panels.width) {
            run(Right { at: values.as_ptr(), row: columns, panel: panels.width });
        } else {
            scratch::with(panels.len(depth), |packed| {
                panels.pack_rows(values, packed);
                run(Right::packed(&panels, depth, packed.as_ptr()));
            });
        }
    }
    output
}
