//! 1 x 1 convolution: a matrix product of pixels by channels.

use super::gemm::{Left, Panels, Product, Right, Target};
use super::shared::{self, Shared};
use super::simd::{Number, Set};

use super::scratch;
use crate::parallel;

/// Pixels whose gradients are summed before they are added to the total.
const DEPTH: usize = 256;

/// The weights' gradient is summed in at most this many parts, whatever the number of threads, so that it does not
/// depend on it.
const PARTS: usize = 8;

/// `pixels x channels_in` times weights `channels_out x channels_in` gives `pixels x channels_out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub pixels: usize,
    pub channels_in: usize,
    pub channels_out: usize,
}

impl Shape {
    fn weight_len(&self) -> usize {
        self.channels_in * self.channels_out
    }

    fn check<T>(&self, x: &[T], weight: &[T]) {
        assert_eq!(x.len(), self.pixels * self.channels_in);
        assert_eq!(weight.len(), self.weight_len());
    }
}

pub(crate) fn forward<T: Number>(set: Set, shape: Shape, x: &[T], weight: &[T]) -> Vec<T> {
    shape.check(x, weight);
    product(set, shape, x, |i, o| weight[o * shape.channels_in + i])
}

/// Gradients of input (where wanted) and weights, given that of the output.
pub(crate) fn backward<T: Number>(
    set: Set,
    shape: Shape,
    x: &[T],
    weight: &[T],
    gradient: &[T],
    input_wanted: bool,
) -> (Option<Vec<T>>, Vec<T>) {
    shape.check(x, weight);
    assert_eq!(gradient.len(), shape.pixels * shape.channels_out);
    let turned = Shape { channels_in: shape.channels_out, channels_out: shape.channels_in, ..shape };
    let to_input = input_wanted.then(|| product(set, turned, gradient, |o, i| weight[o * shape.channels_in + i]));
    (to_input, weight_gradient(set, shape, x, gradient))
}

/// `x` times the matrix of `weight(input channel, output channel)`.
fn product<T: Number>(set: Set, shape: Shape, x: &[T], weight: impl Fn(usize, usize) -> T) -> Vec<T> {
    let panels = Panels::new::<T>(set, shape.channels_out);
    let mut packed = vec![T::default(); panels.len(shape.channels_in)];
    panels.pack(shape.channels_in, &mut packed, weight);
    // So many pixels that their channels stay in the second-level cache; 24 suits every tile's height.
    let rows = (32_768 / shape.channels_in).clamp(24, 960) / 24 * 24;
    let write = |shared: Shared<T>| {
        parallel::for_each(shape.pixels.div_ceil(rows), |task| {
            let first = task * rows;
            let job = Product {
                panels: &panels,
                rows: rows.min(shape.pixels - first),
                depth: shape.channels_in,
                left: Left { at: x[first * shape.channels_in..].as_ptr(), row: shape.channels_in, column: 1 },
                right: Right::packed(&panels, shape.channels_in, packed.as_ptr()),
                // Safety: every task writes pixels of its own.
                target: Target {
                    at: unsafe { shared.at(first * shape.channels_out) },
                    row: shape.channels_out,
                    add: false,
                },
            };
            T::run(set, job);
        });
    };
    // Safety: the pixels of all tasks are the whole output.
    unsafe { shared::written(shape.pixels * shape.channels_out, write) }
}

fn weight_gradient<T: Number>(set: Set, shape: Shape, x: &[T], gradient: &[T]) -> Vec<T> {
    let panels = Panels::new::<T>(set, shape.channels_in);
    let parts = (shape.pixels / DEPTH).clamp(1, PARTS);
    let per_part = shape.pixels.div_ceil(parts);
    let mut sums = vec![T::default(); parts * shape.weight_len()];
    let shared = Shared::new(&mut sums);
    parallel::for_each(parts, |part| {
        let end = ((part + 1) * per_part).min(shape.pixels);
        scratch::with(panels.len(DEPTH), |packed| {
            for first in (part * per_part..end).step_by(DEPTH) {
                let depth = DEPTH.min(end - first);
                panels.pack_rows(&x[first * shape.channels_in..][..depth * shape.channels_in], packed);
                let job = Product {
                    panels: &panels,
                    rows: shape.channels_out,
                    depth,
                    left: Left {
                        at: gradient[first * shape.channels_out..].as_ptr(),
                        row: 1,
                        column: shape.channels_out,
                    },
                    right: Right::packed(&panels, depth, packed.as_ptr()),
                    // Safety: every part has sums of its own.
                    target: Target {
                        at: unsafe { shared.at(part * shape.weight_len()) },
                        row: shape.channels_in,
                        add: true,
                    },
                };
                T::run(set, job);
            }
        });
    });
    super::sum_parts(sums, shape.weight_len())
}
