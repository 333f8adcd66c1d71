//! Depthwise convolution: every channel has a square filter of its own. Zeros lie around the picture.

use super::shared::{self, Shared};
use super::simd::{Job, Lanes, Number, Set, load, store};
use crate::parallel;

/// Outputs of one row that are computed at a time: each weight is loaded once for all of them.
const RUN: usize = 4;

/// Input `batch x height x width x channels`, weights `channels x side x side`, output
/// `batch x ceil(height / stride) x ceil(width / stride) x channels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// 3 or 5.
    pub side: usize,
    pub stride: usize,
    /// Rows of zeros above and columns of zeros on the left.
    pub before: [usize; 2],
}

impl Shape {
    pub(crate) fn rows(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    pub(crate) fn columns(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    fn taps(&self) -> usize {
        self.side * self.side
    }

    fn input_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    fn output_len(&self) -> usize {
        self.rows() * self.columns() * self.channels
    }
}

/// Weights as `[tap][channel]`, turned round where the gradient of the input is wanted.
fn by_tap<T: Number>(shape: &Shape, weight: &[T], turned: bool) -> Vec<T> {
    let taps = shape.taps();
    let mut by_tap = vec![T::default(); weight.len()];
    for (channel, weight) in weight.chunks_exact(taps).enumerate() {
        for (tap, &value) in weight.iter().enumerate() {
            by_tap[if turned { taps - 1 - tap } else { tap } * shape.channels + channel] = value;
        }
    }
    by_tap
}

pub(crate) fn forward<T: Number>(set: Set, shape: Shape, x: &[T], weight: &[T]) -> Vec<T> {
    assert_eq!(x.len(), shape.batch * shape.input_len());
    assert_eq!(weight.len(), shape.channels * shape.taps());
    convolve(set, shape, x, &by_tap(&shape, weight, false))
}

fn convolve<T: Number>(set: Set, shape: Shape, x: &[T], weights: &[T]) -> Vec<T> {
    let write = |shared: Shared<T>| {
        parallel::for_each(shape.batch * shape.rows(), |task| {
            let (image, row) = (task / shape.rows(), task % shape.rows());
            let job = Row {
                shape: &shape,
                x: &x[image * shape.input_len()..][..shape.input_len()],
                weights,
                row,
                // Safety: every task writes a row of its own.
                output: unsafe { shared.at(task * shape.columns() * shape.channels) },
            };
            T::run(set, job);
        });
    };
    // Safety: the rows of all tasks are the whole output.
    unsafe { shared::written(shape.batch * shape.output_len(), write) }
}

/// One row of outputs.
struct Row<'a, T> {
    shape: &'a Shape,
    x: &'a [T],
    weights: &'a [T],
    row: usize,
    output: *mut T,
}

impl<T: Number> Job<T> for Row<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let Shape { channels, side, stride, before, width, .. } = *self.shape;
        let columns = self.shape.columns();
        for channel in (0..channels).step_by(L::N) {
            let here = L::N.min(channels - channel);
            let mut column = 0;
            while column < columns {
                let left = column * stride;
                let inside = left >= before[1] && left + (RUN - 1) * stride + side <= width + before[1];
                // Safety: taps outside the picture are left out; `here` channels are read and written.
                unsafe {
                    if column + RUN <= columns && inside {
                        self.outputs::<L, RUN>(channel, here, column, 0..side);
                        column += RUN;
                    } else {
                        let taps = before[1].saturating_sub(left)..side.min(width + before[1] - left);
                        self.outputs::<L, 1>(channel, here, column, taps);
                        column += 1;
                    }
                }
            }
        }
    }
}

impl<T: Number> Row<'_, T> {
    /// `COUNT` neighbouring outputs, from those columns of the filter that lie inside the picture.
    #[inline(always)]
    unsafe fn outputs<L: Lanes<Number = T>, const COUNT: usize>(
        &self,
        channel: usize,
        here: usize,
        column: usize,
        taps: std::ops::Range<usize>,
    ) {
        let Shape { channels, side, stride, before, height, width, .. } = *self.shape;
        unsafe {
            let mut sums = [L::splat(T::default()); COUNT];
            let top = self.row * stride;
            for down in before[0].saturating_sub(top)..side.min(height + before[0] - top) {
                let line = (top + down - before[0]) * width;
                for right in taps.clone() {
                    let weight = load::<L>(self.weights.as_ptr().add((down * side + right) * channels + channel), here);
                    let pixel = line + column * stride + right - before[1];
                    for (i, sum) in sums.iter_mut().enumerate() {
                        let at = self.x.as_ptr().add((pixel + i * stride) * channels + channel);
                        *sum = load::<L>(at, here).multiply_add(weight, *sum);
                    }
                }
            }
            for (i, sum) in sums.into_iter().enumerate() {
                store(sum, self.output.add((column + i) * channels + channel), here);
            }
        }
    }
}

/// Gradients of input and weights, given that of the output.
pub(crate) fn backward<T: Number>(set: Set, shape: Shape, x: &[T], weight: &[T], gradient: &[T]) -> (Vec<T>, Vec<T>) {
    assert_eq!(x.len(), shape.batch * shape.input_len());
    assert_eq!(weight.len(), shape.channels * shape.taps());
    assert_eq!(gradient.len(), shape.batch * shape.output_len());
    let to_input = if shape.stride == 1 {
        // The same convolution with filters turned round and, of the zeros around, those that are left.
        let before = shape.before.map(|before| shape.side - 1 - before);
        convolve(set, Shape { before, ..shape }, gradient, &by_tap(&shape, weight, true))
    } else {
        spread(set, shape, &by_tap(&shape, weight, false), gradient)
    };
    (to_input, weight_gradient(set, shape, x, gradient))
}

/// The gradient of the input for strides over 1.
fn spread<T: Number>(set: Set, shape: Shape, weights: &[T], gradient: &[T]) -> Vec<T> {
    let write = |shared: Shared<T>| {
        parallel::for_each(shape.batch * shape.height, |task| {
            let (image, row) = (task / shape.height, task % shape.height);
            let job = Spread {
                shape: &shape,
                gradient: &gradient[image * shape.output_len()..][..shape.output_len()],
                weights,
                row,
                // Safety: every task writes a row of its own.
                to_input: unsafe { shared.at(task * shape.width * shape.channels) },
            };
            T::run(set, job);
        });
    };
    // Safety: the rows of all tasks are the whole input.
    unsafe { shared::written(shape.batch * shape.input_len(), write) }
}

/// One row of the input's gradient.
struct Spread<'a, T> {
    shape: &'a Shape,
    gradient: &'a [T],
    weights: &'a [T],
    row: usize,
    to_input: *mut T,
}

impl<T: Number> Job<T> for Spread<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let Shape { channels, side, stride, before, width, .. } = *self.shape;
        let (rows, columns) = (self.shape.rows(), self.shape.columns());
        for channel in (0..channels).step_by(L::N) {
            let here = L::N.min(channels - channel);
            for x in 0..width {
                // Safety: outputs outside are left out; `here` channels are read and written.
                unsafe {
                    let mut sum = L::splat(T::default());
                    // The taps whose output has a whole number.
                    for down in ((self.row + before[0]) % stride..side).step_by(stride) {
                        let Some(from) = (self.row + before[0]).checked_sub(down) else { break };
                        if from / stride >= rows {
                            continue;
                        }
                        for right in ((x + before[1]) % stride..side).step_by(stride) {
                            let Some(across) = (x + before[1]).checked_sub(right) else { break };
                            if across / stride >= columns {
                                continue;
                            }
                            let pixel = from / stride * columns + across / stride;
                            let g = load::<L>(self.gradient.as_ptr().add(pixel * channels + channel), here);
                            let at = self.weights.as_ptr().add((down * side + right) * channels + channel);
                            sum = g.multiply_add(load::<L>(at, here), sum);
                        }
                    }
                    store(sum, self.to_input.add(x * channels + channel), here);
                }
            }
        }
    }
}

fn weight_gradient<T: Number>(set: Set, shape: Shape, x: &[T], gradient: &[T]) -> Vec<T> {
    let len = shape.taps() * shape.channels;
    let mut sums = vec![T::default(); shape.batch * len];
    let shared = Shared::new(&mut sums);
    parallel::for_each(shape.batch, |image| {
        let job = Weights {
            shape: &shape,
            x: &x[image * shape.input_len()..][..shape.input_len()],
            gradient: &gradient[image * shape.output_len()..][..shape.output_len()],
            // Safety: every image has sums of its own.
            sums: unsafe { shared.at(image * len) },
        };
        match shape.side {
            3 => T::run(set, Sided::<3, _>(job)),
            _ => T::run(set, Sided::<5, _>(job)),
        }
    });
    let sums = super::sum_parts(sums, len);
    (0..len).map(|i| sums[i % shape.taps() * shape.channels + i / shape.taps()]).collect()
}

/// The weights' gradient of one image, `[tap][channel]`.
struct Weights<'a, T> {
    shape: &'a Shape,
    x: &'a [T],
    gradient: &'a [T],
    sums: *mut T,
}

/// For filters of `SIDE`.
struct Sided<const SIDE: usize, J>(J);

impl<const SIDE: usize, T: Number> Job<T> for Sided<SIDE, Weights<'_, T>> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let Self(job) = self;
        let Shape { channels, stride, before, height, width, .. } = *job.shape;
        let (rows, columns) = (job.shape.rows(), job.shape.columns());
        for row in 0..rows {
            for channel in (0..channels).step_by(L::N) {
                let here = L::N.min(channels - channel);
                for down in 0..SIDE {
                    let Some(y) = (row * stride + down).checked_sub(before[0]).filter(|&y| y < height) else {
                        continue;
                    };
                    // Safety: taps outside the picture are left out; `here` channels are read and written.
                    unsafe {
                        let mut sums = [L::splat(T::default()); SIDE];
                        for column in 0..columns {
                            let at = job.gradient.as_ptr().add((row * columns + column) * channels + channel);
                            let g = load::<L>(at, here);
                            let left = column * stride;
                            let inside = left >= before[1] && left + SIDE <= width + before[1];
                            for (right, sum) in sums.iter_mut().enumerate() {
                                if inside || (left + right >= before[1] && left + right < width + before[1]) {
                                    let pixel = y * width + left + right - before[1];
                                    let x = load::<L>(job.x.as_ptr().add(pixel * channels + channel), here);
                                    *sum = g.multiply_add(x, *sum);
                                }
                            }
                        }
                        for (right, sum) in sums.into_iter().enumerate() {
                            let at = job.sums.add((down * SIDE + right) * channels + channel);
                            store(load::<L>(at, here).add(sum), at, here);
                        }
                    }
                }
            }
        }
    }
}
