//! Squeeze and excitation (Hu et al. 2018): each channel is scaled by what the means of all channels say.

use super::shared::{self, Shared};
use super::simd::{Job, Lanes, Number, Set, load, store};
use crate::parallel;

/// Input and output `batch x pixels x channels`; the means go through a dense layer to `squeezed` numbers, swish, a
/// dense layer back to `channels` and the logistic function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub batch: usize,
    pub pixels: usize,
    pub channels: usize,
    pub squeezed: usize,
}

/// The two dense layers: `squeezed x channels` and `channels x squeezed`.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'a, T> {
    pub reduce: &'a [T],
    pub reduce_bias: &'a [T],
    pub expand: &'a [T],
    pub expand_bias: &'a [T],
}

/// What the forward pass found on its way, for each image.
pub(crate) struct Found<T> {
    pub output: Vec<T>,
    pub between: Between<Vec<T>>,
}

/// `batch x channels`, `batch x squeezed` before swish, `batch x channels` after the logistic function.
#[derive(Clone, Copy)]
pub(crate) struct Between<P> {
    pub means: P,
    pub reduced: P,
    pub scales: P,
}

pub(crate) fn forward<T: Number>(set: Set, shape: Shape, x: &[T], layers: Layers<'_, T>) -> Found<T> {
    let Shape { batch, pixels, channels, squeezed } = shape;
    assert_eq!(x.len(), batch * pixels * channels);
    assert_eq!((layers.reduce.len(), layers.expand.len()), (channels * squeezed, channels * squeezed));
    assert_eq!((layers.reduce_bias.len(), layers.expand_bias.len()), (squeezed, channels));
    let [mut means, mut scales] = [(); 2].map(|()| vec![T::default(); batch * channels]);
    let mut reduced = vec![T::default(); batch * squeezed];
    let [at_means, at_scales, at_reduced] = [&mut means, &mut scales, &mut reduced].map(|b| Shared::new(b));
    let write = |at_output: Shared<T>| {
        parallel::for_each(batch, |image| {
            let x = &x[image * pixels * channels..][..pixels * channels];
            // Safety: every image has places of its own.
            let [means, scales] = [at_means, at_scales]
                .map(|at| unsafe { std::slice::from_raw_parts_mut(at.at(image * channels), channels) });
            let reduced = unsafe { std::slice::from_raw_parts_mut(at_reduced.at(image * squeezed), squeezed) };
            T::run(set, Means { x, with: None, sums: means });
            let count = T::from_f64(1.0 / pixels as f64);
            means.iter_mut().for_each(|mean| *mean = *mean * count);
            for (i, reduced) in reduced.iter_mut().enumerate() {
                *reduced = layers.reduce_bias[i] + dot(means, &layers.reduce[i * channels..][..channels]);
            }
            let active: Vec<T> = reduced.iter().map(|&r| r * r.logistic()).collect();
            for (channel, scale) in scales.iter_mut().enumerate() {
                let sum = layers.expand_bias[channel] + dot(&active, &layers.expand[channel * squeezed..][..squeezed]);
                *scale = sum.logistic();
            }
            let zeros = vec![T::default(); channels];
            let output = unsafe { at_output.at(image * pixels * channels) };
            T::run(set, Scale { x, scales, shifts: &zeros, output });
        })
    };
    // Safety: the images are the whole output.
    let output = unsafe { shared::written(x.len(), write) };
    Found { output, between: Between { means, reduced, scales } }
}

fn dot<T: Number>(a: &[T], b: &[T]) -> T {
    // Eight sums, so that the compiler may keep them in registers.
    let mut sums = [T::default(); 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder()).fold(T::default(), |s, (&a, &b)| s + a * b);
    for (a, b) in a_chunks.zip(b_chunks) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.into_iter().fold(rest, |total, sum| total + sum)
}

/// Gradients of [`forward`].
pub(crate) struct Gradients<T> {
    pub x: Vec<T>,
    pub reduce: Vec<T>,
    pub reduce_bias: Vec<T>,
    pub expand: Vec<T>,
    pub expand_bias: Vec<T>,
}

pub(crate) fn backward<T: Number>(
    set: Set,
    shape: Shape,
    x: &[T],
    layers: Layers<'_, T>,
    between: Between<&[T]>,
    gradient: &[T],
) -> Gradients<T> {
    let Shape { batch, pixels, channels, squeezed } = shape;
    assert_eq!(x.len(), batch * pixels * channels);
    assert_eq!(gradient.len(), x.len());
    let one = T::from_f64(1.0);
    let mut to_sums = vec![T::default(); batch * channels];
    let mut to_reduced = vec![T::default(); batch * squeezed];
    let [at_sums, at_reduced] = [&mut to_sums, &mut to_reduced].map(|b| Shared::new(b));
    let write = |at_x: Shared<T>| {
        parallel::for_each(batch, |image| {
            let here = image * pixels * channels..(image + 1) * pixels * channels;
            let (x, gradient) = (&x[here.clone()], &gradient[here.clone()]);
            let scales = &between.scales[image * channels..][..channels];
            // Safety: every image has places of its own.
            let to_sums = unsafe { std::slice::from_raw_parts_mut(at_sums.at(image * channels), channels) };
            let to_reduced = unsafe { std::slice::from_raw_parts_mut(at_reduced.at(image * squeezed), squeezed) };
            T::run(set, Means { x, with: Some(gradient), sums: to_sums });
            to_sums.iter_mut().zip(scales).for_each(|(g, &s)| *g = *g * s * (one - s));
            for (channel, &g) in to_sums.iter().enumerate() {
                let weights = &layers.expand[channel * squeezed..][..squeezed];
                to_reduced.iter_mut().zip(weights).for_each(|(target, &w)| *target += g * w);
            }
            for (target, &r) in to_reduced.iter_mut().zip(&between.reduced[image * squeezed..]) {
                let s = r.logistic();
                *target = *target * s * (one + r * (one - s));
            }
            let mut to_means = vec![T::default(); channels];
            let count = T::from_f64(1.0 / pixels as f64);
            for (i, &g) in to_reduced.iter().enumerate() {
                let weights = &layers.reduce[i * channels..][..channels];
                to_means.iter_mut().zip(weights).for_each(|(target, &w)| *target += g * count * w);
            }
            T::run(set, Scale { x: gradient, scales, shifts: &to_means, output: unsafe { at_x.at(here.start) } });
        })
    };
    // Safety: the images are the whole gradient.
    let to_x = unsafe { shared::written(x.len(), write) };
    let mut found = Gradients {
        x: to_x,
        reduce: vec![T::default(); channels * squeezed],
        reduce_bias: super::sum_parts(to_reduced.clone(), squeezed),
        expand: vec![T::default(); channels * squeezed],
        expand_bias: super::sum_parts(to_sums.clone(), channels),
    };
    for image in 0..batch {
        let means = &between.means[image * channels..][..channels];
        let reduced = &between.reduced[image * squeezed..][..squeezed];
        let active: Vec<T> = reduced.iter().map(|&r| r * r.logistic()).collect();
        add_outer(&mut found.reduce, &to_reduced[image * squeezed..][..squeezed], means);
        add_outer(&mut found.expand, &to_sums[image * channels..][..channels], &active);
    }
    found
}

/// Adds the product of every number of `a` with every one of `b`.
fn add_outer<T: Number>(target: &mut [T], a: &[T], b: &[T]) {
    for (row, &a) in target.chunks_exact_mut(b.len()).zip(a) {
        row.iter_mut().zip(b).for_each(|(target, &b)| *target += a * b);
    }
}

/// Sums over pixels, by channel, of `x` or of its products with another picture.
struct Means<'a, T> {
    x: &'a [T],
    with: Option<&'a [T]>,
    sums: &'a mut [T],
}

impl<T: Number> Job<T> for Means<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let channels = self.sums.len();
        let pixels = self.x.len() / channels;
        for channel in (0..channels).step_by(L::N) {
            let here = L::N.min(channels - channel);
            unsafe {
                let mut sum = L::splat(T::default());
                for pixel in 0..pixels {
                    let at = pixel * channels + channel;
                    let x = load::<L>(self.x.as_ptr().add(at), here);
                    sum = match self.with {
                        None => sum.add(x),
                        Some(with) => load::<L>(with.as_ptr().add(at), here).multiply_add(x, sum),
                    };
                }
                store(sum, self.sums.as_mut_ptr().add(channel), here);
            }
        }
    }
}

/// `x * scale + shift`, by channel.
struct Scale<'a, T> {
    x: &'a [T],
    scales: &'a [T],
    shifts: &'a [T],
    output: *mut T,
}

impl<T: Number> Job<T> for Scale<'_, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let channels = self.scales.len();
        for (pixel, x) in self.x.chunks_exact(channels).enumerate() {
            for channel in (0..channels).step_by(L::N) {
                let here = L::N.min(channels - channel);
                unsafe {
                    let scale = load::<L>(self.scales.as_ptr().add(channel), here);
                    let shift = load::<L>(self.shifts.as_ptr().add(channel), here);
                    let y = load::<L>(x.as_ptr().add(channel), here).multiply_add(scale, shift);
                    store(y, self.output.add(pixel * channels + channel), here);
                }
            }
        }
    }
}
