//! Batch normalisation (Ioffe and Szegedy 2015) with the activation that follows it.

use super::shared::{self, Shared};
use super::simd::{Job, Lanes, Number, Set, load, store};
use crate::parallel;

/// Numbers that one task takes: they stay in the second-level cache while they are read twice.
const CHUNK: usize = 32_768;

/// `rows x channels`: batch, height and width are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub rows: usize,
    pub channels: usize,
}

impl Shape {
    fn len(&self) -> usize {
        self.rows * self.channels
    }

    fn chunk_rows(&self) -> usize {
        (CHUNK / self.channels).max(1)
    }

    fn chunks(&self) -> usize {
        self.rows.div_ceil(self.chunk_rows())
    }

    /// The numbers of a chunk.
    fn chunk(&self, chunk: usize) -> std::ops::Range<usize> {
        let first = chunk * self.chunk_rows();
        first * self.channels..(first + self.chunk_rows()).min(self.rows) * self.channels
    }
}

/// What happens to a normalised number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    /// `z * sigmoid(z)`.
    Swish,
}

/// Mean and biased variance of each channel.
pub(crate) fn moments<T: Number>(set: Set, shape: Shape, x: &[T]) -> (Vec<T>, Vec<T>) {
    assert_eq!(x.len(), shape.len());
    let parts = chunk_sums(set, shape, |chunk, sums| Moments { channels: shape.channels, x: &x[chunk], sums });
    let (mut mean, mut squares) = (vec![0.0; shape.channels], vec![0.0; shape.channels]);
    let mut count = 0.0;
    // Chunks are joined as by Chan, Golub and LeVeque 1983.
    for (chunk, part) in parts.chunks_exact(2 * shape.channels).enumerate() {
        let more = (shape.chunk(chunk).len() / shape.channels) as f64;
        for channel in 0..shape.channels {
            let (its_mean, its_squares): (f64, f64) = (part[channel].to_f64(), part[shape.channels + channel].to_f64());
            let apart = its_mean - mean[channel];
            mean[channel] += apart * more / (count + more);
            squares[channel] += its_squares + apart * apart * count * more / (count + more);
        }
        count += more;
    }
    (mean.iter().map(|&m| T::from_f64(m)).collect(), squares.iter().map(|&s| T::from_f64(s / count)).collect())
}

/// Runs a job for every chunk, each with `2 x channels` sums of its own; returns all of them.
fn chunk_sums<T: Number, J: Job<T>>(
    set: Set,
    shape: Shape,
    job: impl Fn(std::ops::Range<usize>, *mut T) -> J + Sync + Send,
) -> Vec<T> {
    let mut sums = vec![T::default(); shape.chunks() * 2 * shape.channels];
    let shared = Shared::new(&mut sums);
    parallel::for_each(shape.chunks(), |chunk| {
        // Safety: every chunk has sums of its own.
        T::run(set, job(shape.chunk(chunk), unsafe { shared.at(chunk * 2 * shape.channels) }));
    });
    sums
}

/// Means of a chunk, then sums of squared distances from them.
struct Moments<'a, T> {
    channels: usize,
    x: &'a [T],
    sums: *mut T,
}

impl<T: Number> Job<T> for Moments<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let rows = self.x.len() / self.channels;
        for channel in (0..self.channels).step_by(L::N) {
            let here = L::N.min(self.channels - channel);
            unsafe {
                let mut sum = L::splat(T::default());
                for row in 0..rows {
                    sum = sum.add(load::<L>(self.x.as_ptr().add(row * self.channels + channel), here));
                }
                let mean = sum.multiply(L::splat(T::from_f64(1.0 / rows as f64)));
                let mut squares = L::splat(T::default());
                for row in 0..rows {
                    let x = load::<L>(self.x.as_ptr().add(row * self.channels + channel), here).subtract(mean);
                    squares = x.multiply_add(x, squares);
                }
                store(mean, self.sums.add(channel), here);
                store(squares, self.sums.add(self.channels + channel), here);
            }
        }
    }
}

/// `1 / (1 + exp(-x))`.
///
/// The exponent is split into a whole power of two and a rest within ±ln(2) / 2, whose series ends at the type's
/// precision (Cody and Waite 1980).
#[inline(always)]
pub(super) unsafe fn logistic<L: Lanes>(x: L) -> L {
    // ln(2) in two parts, of which the first has so few bits that its products with whole numbers are exact.
    const LN_2: [f64; 2] = [0.693_145_751_953_125, 1.428_606_820_309_417_2e-6];
    unsafe {
        let splat = |value: f64| L::splat(L::Number::from_f64(value));
        let limit = L::Number::EXP_LIMIT;
        // In this order of arguments a NaN stays one.
        let x = splat(-limit).max(splat(limit).min(splat(0.0).subtract(x)));
        let rounder = splat(L::Number::ROUNDER);
        let power = x.multiply_add(splat(std::f64::consts::LOG2_E), rounder).subtract(rounder);
        let rest = power.multiply_add(splat(-LN_2[1]), power.multiply_add(splat(-LN_2[0]), x));
        let mut series = splat(1.0);
        for term in (1..L::Number::EXP_TERMS).rev() {
            series = series.multiply(rest).multiply_add(splat(1.0 / term as f64), splat(1.0));
        }
        splat(1.0).divide(splat(1.0).add(series.times_two_to(power)))
    }
}

/// `activation(x * scale + shift)`, by channel.
pub(crate) fn apply<T: Number>(
    set: Set,
    shape: Shape,
    x: &[T],
    scale: &[T],
    shift: &[T],
    activation: Activation,
) -> Vec<T> {
    assert_eq!(x.len(), shape.len());
    assert_eq!((scale.len(), shift.len()), (shape.channels, shape.channels));
    by_chunk(set, shape, |chunk, output| Apply { x: &x[chunk], scale, shift, activation, output })
}

/// Runs a job for every chunk, which writes the chunk's outputs; returns all of them.
fn by_chunk<T: Number, J: Job<T>>(
    set: Set,
    shape: Shape,
    job: impl Fn(std::ops::Range<usize>, *mut T) -> J + Sync + Send,
) -> Vec<T> {
    let write = |shared: Shared<T>| {
        parallel::for_each(shape.chunks(), |chunk| {
            let chunk = shape.chunk(chunk);
            // Safety: every chunk has outputs of its own.
            let output = unsafe { shared.at(chunk.start) };
            T::run(set, job(chunk, output));
        });
    };
    // Safety: the chunks are the whole output.
    unsafe { shared::written(shape.len(), write) }
}

struct Apply<'a, T> {
    x: &'a [T],
    scale: &'a [T],
    shift: &'a [T],
    activation: Activation,
    output: *mut T,
}

impl<T: Number> Job<T> for Apply<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let channels = self.scale.len();
        for (row, x) in self.x.chunks_exact(channels).enumerate() {
            for channel in (0..channels).step_by(L::N) {
                let here = L::N.min(channels - channel);
                unsafe {
                    let scale = load::<L>(self.scale.as_ptr().add(channel), here);
                    let shift = load::<L>(self.shift.as_ptr().add(channel), here);
                    let z = load::<L>(x.as_ptr().add(channel), here).multiply_add(scale, shift);
                    let y = match self.activation {
                        Activation::Identity => z,
                        Activation::Swish => z.multiply(logistic(z)),
                    };
                    store(y, self.output.add(row * channels + channel), here);
                }
            }
        }
    }
}

/// The batch's statistics and the layer's weights, as [`backward`] needs them.
pub(crate) struct Layer<'a, T> {
    pub mean: &'a [T],
    pub variance: &'a [T],
    pub gamma: &'a [T],
    pub beta: &'a [T],
    /// What is added to the variance.
    pub epsilon: f64,
}

impl<T: Number> Layer<'_, T> {
    /// By channel `1 / sqrt(variance + epsilon)`.
    fn inverse_deviation(&self) -> Vec<T> {
        self.variance.iter().map(|&v| T::from_f64(1.0) / (v + T::from_f64(self.epsilon)).root()).collect()
    }

    /// What [`apply`] multiplies with and adds.
    pub(crate) fn scale_and_shift(&self) -> (Vec<T>, Vec<T>) {
        let scale: Vec<T> = self.inverse_deviation().iter().zip(self.gamma).map(|(&i, &g)| g * i).collect();
        let shift = scale.iter().zip(self.mean).zip(self.beta).map(|((&s, &m), &b)| b - m * s).collect();
        (scale, shift)
    }
}

/// Gradients of a layer whose statistics are the batch's own.
pub(crate) struct Gradients<T> {
    pub x: Vec<T>,
    pub gamma: Vec<T>,
    pub beta: Vec<T>,
}

/// Gradients of [`apply`] after [`moments`], through mean and variance, too.
pub(crate) fn backward<T: Number>(
    set: Set,
    shape: Shape,
    x: &[T],
    layer: &Layer<'_, T>,
    activation: Activation,
    gradient: &[T],
) -> Gradients<T> {
    assert_eq!(x.len(), shape.len());
    assert_eq!(gradient.len(), shape.len());
    let channels = shape.channels;
    let inverse = layer.inverse_deviation();
    let (scale, shift) = layer.scale_and_shift();
    let through = Through { scale: &scale, shift: &shift, activation };
    let parts = chunk_sums(set, shape, |chunk, sums| Sums {
        through,
        mean: layer.mean,
        x: &x[chunk.clone()],
        gradient: &gradient[chunk],
        sums,
    });
    let sums = super::sum_parts(parts, 2 * channels);
    let (beta, products) = sums.split_at(channels);
    let gamma: Vec<T> = products.iter().zip(&inverse).map(|(&p, &i)| p * i).collect();
    // dx = scale (dz - mean(dz) - (x - mean) / deviation * mean(dz (x - mean) / deviation)), as scale dz + x a + b.
    let count = T::from_f64(1.0 / shape.rows as f64);
    let a: Vec<T> = (0..channels).map(|c| T::default() - scale[c] * inverse[c] * gamma[c] * count).collect();
    let b: Vec<T> = (0..channels).map(|c| T::default() - scale[c] * beta[c] * count - a[c] * layer.mean[c]).collect();
    let to_x = by_chunk(set, shape, |chunk, output| ToInput {
        through,
        a: &a,
        b: &b,
        x: &x[chunk.clone()],
        gradient: &gradient[chunk],
        output,
    });
    Gradients { x: to_x, gamma, beta: beta.to_vec() }
}

/// What leads from a number to its activation.
#[derive(Clone, Copy)]
struct Through<'a, T> {
    scale: &'a [T],
    shift: &'a [T],
    activation: Activation,
}

impl<T: Number> Through<'_, T> {
    /// The gradient before the activation, from that after it.
    #[inline(always)]
    unsafe fn gradient<L: Lanes<Number = T>>(&self, channel: usize, here: usize, x: L, gradient: L) -> L {
        unsafe {
            if self.activation == Activation::Identity {
                return gradient;
            }
            let scale = load::<L>(self.scale.as_ptr().add(channel), here);
            let z = x.multiply_add(scale, load::<L>(self.shift.as_ptr().add(channel), here));
            let s = logistic(z);
            let one = L::splat(T::from_f64(1.0));
            gradient.multiply(s.multiply(z.multiply_add(one.subtract(s), one)))
        }
    }
}

/// Sums of a chunk's gradients, and of their products with the distance from the mean.
struct Sums<'a, T> {
    through: Through<'a, T>,
    mean: &'a [T],
    x: &'a [T],
    gradient: &'a [T],
    sums: *mut T,
}

impl<T: Number> Job<T> for Sums<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let channels = self.mean.len();
        let rows = self.x.len() / channels;
        for channel in (0..channels).step_by(L::N) {
            let here = L::N.min(channels - channel);
            unsafe {
                let mean = load::<L>(self.mean.as_ptr().add(channel), here);
                let mut sums = [L::splat(T::default()); 2];
                for row in 0..rows {
                    let at = row * channels + channel;
                    let x = load::<L>(self.x.as_ptr().add(at), here);
                    let gradient = load::<L>(self.gradient.as_ptr().add(at), here);
                    let dz = self.through.gradient(channel, here, x, gradient);
                    sums[0] = sums[0].add(dz);
                    sums[1] = dz.multiply_add(x.subtract(mean), sums[1]);
                }
                store(sums[0], self.sums.add(channel), here);
                store(sums[1], self.sums.add(channels + channel), here);
            }
        }
    }
}

/// The input's gradient of a chunk.
struct ToInput<'a, T> {
    through: Through<'a, T>,
    a: &'a [T],
    b: &'a [T],
    x: &'a [T],
    gradient: &'a [T],
    output: *mut T,
}

impl<T: Number> Job<T> for ToInput<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let channels = self.a.len();
        for row in 0..self.x.len() / channels {
            for channel in (0..channels).step_by(L::N) {
                let here = L::N.min(channels - channel);
                let at = row * channels + channel;
                unsafe {
                    let x = load::<L>(self.x.as_ptr().add(at), here);
                    let gradient = load::<L>(self.gradient.as_ptr().add(at), here);
                    let dz = self.through.gradient(channel, here, x, gradient);
                    let scale = load::<L>(self.through.scale.as_ptr().add(channel), here);
                    let a = load::<L>(self.a.as_ptr().add(channel), here);
                    let b = load::<L>(self.b.as_ptr().add(channel), here);
                    store(dz.multiply_add(scale, x.multiply_add(a, b)), self.output.add(at), here);
                }
            }
        }
    }
}
