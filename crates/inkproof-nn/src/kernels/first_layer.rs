//! The first layer of the notebook's network in one pass: 3 x 3 convolution of a picture with one channel, stride 1, no
//! padding, then bias, ReLU and the largest of each square of 2 x 2.
//!
//! Apart, these steps would write and read again pictures of 64 channels and full size, which takes longer than the
//! arithmetic. Of the convolution's outputs only the largest of each square is kept, with a note of which it was.

use super::shared::{self, Shared};
use super::simd::{Job, Lanes, Number, Set};
use crate::parallel;

const TAPS: usize = 9;

/// Channels are padded to a multiple of this; a word of choices holds as many.
const GROUP: usize = 16;

/// A square's four outputs, row-major: as many words of choices for each group.
const PLACES: usize = 4;

/// Input `batch x height x width`, weights `channels x 3 x 3`, output
/// `batch x (height - 2) / 2 x (width - 2) / 2 x channels`; a last odd row or column is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl Shape {
    pub(crate) fn rows(&self) -> usize {
        (self.height - 2) / 2
    }

    pub(crate) fn columns(&self) -> usize {
        (self.width - 2) / 2
    }

    fn image_len(&self) -> usize {
        self.height * self.width
    }

    fn groups(&self) -> usize {
        self.channels.div_ceil(GROUP)
    }

    fn squares(&self) -> usize {
        self.rows() * self.columns()
    }

    fn output_len(&self) -> usize {
        self.squares() * self.channels
    }

    fn choice_len(&self) -> usize {
        self.squares() * self.groups() * PLACES
    }
}

/// What the forward pass found.
pub(crate) struct Pooled<T> {
    pub output: Vec<T>,
    /// Which output of a square is its largest and above 0: a bit for each channel,
    /// `[image][square][group of channels][place]`; empty where nobody asked.
    pub choices: Vec<u16>,
}

/// Convolution, bias, ReLU and pooling.
pub(crate) fn forward<T: Number>(
    set: Set,
    shape: Shape,
    input: &[T],
    weight: &[T],
    bias: &[T],
    choices_wanted: bool,
) -> Pooled<T> {
    assert_eq!(input.len(), shape.batch * shape.image_len());
    assert_eq!(weight.len(), shape.channels * TAPS);
    assert_eq!(bias.len(), shape.channels);
    let padded = shape.groups() * GROUP;
    // `[tap][channel]`, then the bias.
    let mut weights = vec![T::default(); (TAPS + 1) * padded];
    for channel in 0..shape.channels {
        for tap in 0..TAPS {
            weights[tap * padded + channel] = weight[channel * TAPS + tap];
        }
        weights[TAPS * padded + channel] = bias[channel];
    }
    let mut choices = vec![0; if choices_wanted { shape.batch * shape.choice_len() } else { 0 }];
    let shared_choices = Shared::new(&mut choices);
    let write = |shared_output: Shared<T>| {
        parallel::for_each(shape.batch * shape.rows(), |task| {
            let (image, row) = (task / shape.rows(), task % shape.rows());
            let square = task * shape.columns();
            let job = Forward {
                shape: &shape,
                lines: &input[image * shape.image_len() + 2 * row * shape.width..][..4 * shape.width],
                weights: &weights,
                // Safety: every task writes a row of squares of its own.
                output: unsafe { shared_output.at(square * shape.channels) },
                choices: choices_wanted.then(|| unsafe { shared_choices.at(square * shape.groups() * PLACES) }),
            };
            T::run(set, job);
        });
    };
    // Safety: the rows of all tasks are the whole output.
    let output = unsafe { shared::written(shape.batch * shape.output_len(), write) };
    Pooled { output, choices }
}

/// One row of squares, from four lines of the picture.
struct Forward<'a, T> {
    shape: &'a Shape,
    lines: &'a [T],
    weights: &'a [T],
    output: *mut T,
    choices: Option<*mut u16>,
}

impl<T: Number> Job<T> for Forward<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let padded = self.shape.groups() * GROUP;
        for channel in (0..self.shape.channels).step_by(L::N) {
            unsafe {
                let weights: [L; TAPS] =
                    std::array::from_fn(|tap| L::load(self.weights.as_ptr().add(tap * padded + channel)));
                let bias = L::load(self.weights.as_ptr().add(TAPS * padded + channel));
                for square in 0..self.shape.columns() {
                    let (value, choices) = self.square(square, &weights, bias);
                    let at = self.output.add(square * self.shape.channels + channel);
                    if channel + L::N <= self.shape.channels {
                        value.store(at);
                    } else {
                        value.store_part(at, self.shape.channels - channel);
                    }
                    if let Some(words) = self.choices {
                        let words = words.add((square * self.shape.groups() + channel / GROUP) * PLACES);
                        for (place, bits) in choices.into_iter().enumerate() {
                            *words.add(place) |= (bits << (channel % GROUP)) as u16;
                        }
                    }
                }
            }
        }
    }
}

impl<T: Number> Forward<'_, T> {
    /// The largest output of a square, and for each of its places the channels whose largest it is.
    #[inline(always)]
    unsafe fn square<L: Lanes<Number = T>>(&self, square: usize, weights: &[L; TAPS], bias: L) -> (L, [u32; PLACES]) {
        unsafe {
            let corner = self.lines.as_ptr().add(2 * square);
            let mut sums = [L::splat(T::default()); PLACES];
            for y in 0..4 {
                for x in 0..4 {
                    let pixel = L::splat(*corner.add(y * self.shape.width + x));
                    for (place, sum) in sums.iter_mut().enumerate() {
                        let (row, column) = (place / 2, place % 2);
                        if (row..row + 3).contains(&y) && (column..column + 3).contains(&x) {
                            *sum = pixel.multiply_add(weights[(y - row) * 3 + x - column], *sum);
                        }
                    }
                }
            }
            let zero = L::splat(T::default());
            let (upper, lower) = (sums[0].max(sums[1]), sums[2].max(sums[3]));
            let value = upper.max(lower).add(bias);
            let (right, down) = ([sums[1].above(sums[0]), sums[3].above(sums[2])], lower.above(upper));
            let alive = value.above(zero);
            let (up, down) = (alive & !down, alive & down);
            // In this order a NaN stays one.
            (zero.max(value), [up & !right[0], up & right[0], down & !right[1], down & right[1]])
        }
    }
}

/// Gradients of the weights and of the bias, given the choices that [`forward`] kept and the gradient of its output.
pub(crate) fn backward<T: Number>(
    set: Set,
    shape: Shape,
    input: &[T],
    choices: &[u16],
    gradient: &[T],
) -> (Vec<T>, Vec<T>) {
    assert_eq!(input.len(), shape.batch * shape.image_len());
    assert_eq!(choices.len(), shape.batch * shape.choice_len());
    assert_eq!(gradient.len(), shape.batch * shape.output_len());
    let padded = shape.groups() * GROUP;
    let mut sums = vec![T::default(); shape.batch * (TAPS + 1) * padded];
    let shared = Shared::new(&mut sums);
    parallel::for_each(shape.batch, |image| {
        let job = Backward {
            shape: &shape,
            input: &input[image * shape.image_len()..][..shape.image_len()],
            choices: &choices[image * shape.choice_len()..][..shape.choice_len()],
            gradient: &gradient[image * shape.output_len()..][..shape.output_len()],
            // Safety: every image has sums of its own.
            sums: unsafe { shared.at(image * (TAPS + 1) * padded) },
        };
        T::run(set, job);
    });
    let total = |row: usize, channel: usize| {
        let image = (TAPS + 1) * padded;
        sums.iter().skip(row * padded + channel).step_by(image).fold(T::default(), |sum, &part| sum + part)
    };
    let weight = (0..shape.channels * TAPS).map(|i| total(i % TAPS, i / TAPS)).collect();
    (weight, (0..shape.channels).map(|channel| total(TAPS, channel)).collect())
}

/// The sums of one image.
struct Backward<'a, T> {
    shape: &'a Shape,
    input: &'a [T],
    choices: &'a [u16],
    gradient: &'a [T],
    /// `[tap][channel]`, then the bias.
    sums: *mut T,
}

impl<T: Number> Job<T> for Backward<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let padded = self.shape.groups() * GROUP;
        for channel in (0..self.shape.channels).step_by(L::N) {
            for row in 0..self.shape.rows() {
                // A row is summed apart: one long sum of like numbers loses digits.
                unsafe {
                    let sums = self.row::<L>(channel, row);
                    for (i, &sum) in sums.iter().enumerate() {
                        let at = self.sums.add(i * padded + channel);
                        L::load(at).add(sum).store(at);
                    }
                }
            }
        }
    }
}

impl<T: Number> Backward<'_, T> {
    #[inline(always)]
    unsafe fn row<L: Lanes<Number = T>>(&self, channel: usize, row: usize) -> [L; TAPS + 1] {
        unsafe {
            let mut sums = [L::splat(T::default()); TAPS + 1];
            for column in 0..self.shape.columns() {
                let square = row * self.shape.columns() + column;
                let at = self.gradient.as_ptr().add(square * self.shape.channels + channel);
                let gradient = match self.shape.channels - channel {
                    here if here >= L::N => L::load(at),
                    here => L::load_part(at, here),
                };
                let words = self.choices.as_ptr().add((square * self.shape.groups() + channel / GROUP) * PLACES);
                let parts: [L; PLACES] =
                    std::array::from_fn(|place| gradient.keep(u32::from(*words.add(place)) >> (channel % GROUP)));
                let corner = self.input.as_ptr().add(2 * row * self.shape.width + 2 * column);
                for y in 0..4 {
                    for x in 0..4 {
                        let pixel = L::splat(*corner.add(y * self.shape.width + x));
                        for (place, &part) in parts.iter().enumerate() {
                            let (down, right) = (place / 2, place % 2);
                            if (down..down + 3).contains(&y) && (right..right + 3).contains(&x) {
                                let tap = (y - down) * 3 + x - right;
                                sums[tap] = part.multiply_add(pixel, sums[tap]);
                            }
                        }
                    }
                }
                let alive = parts[0].add(parts[1]).add(parts[2].add(parts[3]));
                sums[TAPS] = sums[TAPS].add(alive);
            }
            sums
        }
    }
}

#[cfg(test)]
mod tests;
