//! 3 x 3 convolution, stride 1, no padding, then bias, ReLU and the mean of every plane, by Winograd's minimal filtering.
//!
//! Each 4 x 4 tile of the output comes from a 6 x 6 patch of the input; patches and filters are transformed so that the
//! convolution becomes a product at each of 36 points, a matrix product over channels: 36 products instead of 144 for
//! 16 outputs, F(4 x 4, 3 x 3) of Lavin and Gray 2016. With the input's transform `B'dB`, the filters' `G g G'` and the
//! output's `A'(..)A`, the gradients are the same chain backwards: `A y A'` of the output's gradient is multiplied with
//! the transformed filters and `B (..) B'` of it is added to the input's gradient; multiplied with the transformed
//! patches and summed over tiles it is turned by `G'(..)G` into the filters' gradient.
//!
//! Pictures are `[row][column][channel]`, so that a register holds neighbouring channels of one pixel throughout. The
//! outputs themselves are never stored: the mean takes their sum, the backward pass their signs.

// Small matrices are written by column and read by row throughout.
#![allow(clippy::needless_range_loop)]

use std::marker::PhantomData;

use super::gemm::{self, Left, Panels, Right, Target};
use super::shared::{self, Shared};
use super::simd::{Job, Lanes, Number, Set};

use super::scratch;
use crate::parallel;

/// Side of the largest patch.
const LONGEST: usize = 6;

/// Channels are padded to a multiple of this; a word of signs holds as many.
const GROUP: usize = 16;

/// Images of a batch are summed in at most this many parts, whatever the number of threads, so that the gradients of
/// the filters do not depend on it.
const PARTS: usize = 16;

/// Input `batch x height x width x channels_in`, filters `channels_out x channels_in x 3 x 3`, means
/// `batch x channels_out` over `(height - 2) * (width - 2)` outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels_in: usize,
    pub channels_out: usize,
}

impl Shape {
    fn out_height(&self) -> usize {
        self.height - 2
    }

    fn out_width(&self) -> usize {
        self.width - 2
    }

    fn outputs(&self) -> usize {
        self.out_height() * self.out_width()
    }

    fn tiles_across<F: Tiling>(&self) -> usize {
        self.out_width().div_ceil(F::TILE)
    }

    fn tiles<F: Tiling>(&self) -> usize {
        self.out_height().div_ceil(F::TILE) * self.tiles_across::<F>()
    }

    fn image_len(&self) -> usize {
        self.height * self.width * self.channels_in
    }

    fn padded_in(&self) -> usize {
        padded(self.channels_in)
    }

    fn padded_out(&self) -> usize {
        padded(self.channels_out)
    }

    /// From one tile's points to the next one's, `[point][channel]` each. A line more than they need, since a distance
    /// that is a multiple of the first-level cache's would have all tiles meet in the same few places of it.
    fn patch_step<F: Tiling>(&self) -> usize {
        F::POINTS * self.padded_in() + GROUP
    }

    fn output_step<F: Tiling>(&self) -> usize {
        F::POINTS * self.padded_out() + GROUP
    }

    /// Words of signs for one image.
    fn sign_words(&self) -> usize {
        self.outputs() * self.padded_out() / GROUP
    }

    pub(crate) fn weight_len(&self) -> usize {
        self.channels_out * self.channels_in * 9
    }
}

/// Filters at Winograd's points, as panels for the matrix product.
pub(crate) struct Filters<F, P> {
    tiling: PhantomData<F>,
    set: Set,
    panels: Panels,
    depth: usize,
    /// `[point][panel][row][column]`.
    pub packed: P,
}

impl<F: Tiling, T: Number> Filters<F, Vec<T>> {
    /// For the forward pass: rows are input channels, columns output channels.
    pub(crate) fn forward(set: Set, channels_in: usize, channels_out: usize, weight: &[T]) -> Self {
        let points = transform_filters::<F, T>(channels_in, channels_out, weight);
        let (inside, out) = (padded(channels_in), padded(channels_out));
        Self::pack(set, inside, out, |point, i, o| points[(point * inside + i) * out + o])
    }

    /// For the gradient of the input: rows are output channels, columns input channels.
    fn backward(set: Set, shape: &Shape, weight: &[T]) -> Self {
        let points = transform_filters::<F, T>(shape.channels_in, shape.channels_out, weight);
        let (inside, out) = (shape.padded_in(), shape.padded_out());
        Self::pack(set, out, inside, |point, o, i| points[(point * inside + i) * out + o])
    }

    fn pack(set: Set, depth: usize, columns: usize, value: impl Fn(usize, usize, usize) -> T) -> Self {
        let panels = Panels::new::<T>(set, columns);
        let len = panels.len(depth);
        let mut packed = vec![T::default(); F::POINTS * len];
        for (point, packed) in packed.chunks_exact_mut(len).enumerate() {
            panels.pack(depth, packed, |row, column| value(point, row, column));
        }
        Self { tiling: PhantomData, set, panels, depth, packed }
    }
}

impl<'a, F: Tiling, T: Number> Filters<F, &'a [T]> {
    /// What [`Filters::forward`] packed for the same channels.
    pub(crate) fn packed(set: Set, channels_in: usize, channels_out: usize, packed: &'a [T]) -> Self {
        let (depth, panels) = (padded(channels_in), Panels::new::<T>(set, padded(channels_out)));
        assert_eq!(packed.len(), F::POINTS * panels.len(depth));
        Self { tiling: PhantomData, set, panels, depth, packed }
    }
}

impl<F, P> Filters<F, P> {
    fn point<T: Number>(&self, point: usize) -> Right<T>
    where
        P: AsRef<[T]>,
    {
        let at = self.packed.as_ref()[point * self.panels.len(self.depth)..].as_ptr();
        Right::packed(&self.panels, self.depth, at)
    }
}

/// Channels padded to whole groups.
fn padded(channels: usize) -> usize {
    channels.next_multiple_of(GROUP)
}

/// `G g G'` of every filter, `[point][input channel][output channel]` with padded channels 0; computed in f64.
fn transform_filters<F: Tiling, T: Number>(channels_in: usize, channels_out: usize, weight: &[T]) -> Vec<T> {
    let (inside, out) = (padded(channels_in), padded(channels_out));
    assert_eq!(weight.len(), channels_out * channels_in * 9);
    let mut points = vec![T::default(); F::POINTS * inside * out];
    for o in 0..channels_out {
        for i in 0..channels_in {
            let filter = &weight[(o * channels_in + i) * 9..][..9];
            let filter: [[f64; 3]; 3] = std::array::from_fn(|y| std::array::from_fn(|x| filter[y * 3 + x].to_f64()));
            let down: [[f64; 3]; LONGEST] =
                std::array::from_fn(|u| std::array::from_fn(|x| (0..3).map(|y| F::FILTER[u][y] * filter[y][x]).sum()));
            for (u, row) in down.iter().enumerate().take(F::PATCH) {
                for (v, weights) in F::FILTER.iter().enumerate().take(F::PATCH) {
                    let value = row.iter().zip(weights).map(|(a, b)| a * b).sum();
                    points[((u * F::PATCH + v) * inside + i) * out + o] = T::from_f64(value);
                }
            }
        }
    }
    points
}

/// The transforms in one direction for one size of tile. Of the arrays only the first `PATCH` or `TILE` are used.
pub(crate) trait Tiling: Send + Sync {
    /// Side of an output tile.
    const TILE: usize;
    /// Side of the input patch that it comes from.
    const PATCH: usize = Self::TILE + 2;
    const POINTS: usize = Self::PATCH * Self::PATCH;
    /// Tiles that are transformed before they are multiplied: their numbers stay in the second-level cache.
    const BLOCK: usize = 2016 / Self::POINTS;
    /// `G`.
    const FILTER: [[f64; 3]; LONGEST];
    /// `B'd`.
    unsafe fn input<L: Lanes>(d: [L; LONGEST]) -> [L; LONGEST];
    /// `B m`, the transpose of [`Tiling::input`].
    unsafe fn input_gradient<L: Lanes>(m: [L; LONGEST]) -> [L; LONGEST];
    /// `A'm`.
    unsafe fn output<L: Lanes>(m: [L; LONGEST]) -> [L; LONGEST];
    /// `A y`, the transpose of [`Tiling::output`].
    unsafe fn output_gradient<L: Lanes>(y: [L; LONGEST]) -> [L; LONGEST];
}

/// F(2 x 2, 3 x 3), with the points 0, 1, -1 and infinity: 16 products for 4 outputs, as exact as direct sums.
pub(crate) struct Small;

impl Tiling for Small {
    const TILE: usize = 2;
    const FILTER: [[f64; 3]; LONGEST] =
        [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0], [0.0; 3], [0.0; 3]];

    #[inline(always)]
    unsafe fn input<L: Lanes>(d: [L; LONGEST]) -> [L; LONGEST] {
        unsafe { [d[0].subtract(d[2]), d[1].add(d[2]), d[2].subtract(d[1]), d[1].subtract(d[3]), d[4], d[5]] }
    }

    #[inline(always)]
    unsafe fn input_gradient<L: Lanes>(m: [L; LONGEST]) -> [L; LONGEST] {
        unsafe {
            let (sum, difference) = (m[1].add(m[2]), m[1].subtract(m[2]));
            [m[0], difference.add(m[3]), sum.subtract(m[0]), L::splat(L::Number::default()).subtract(m[3]), m[4], m[5]]
        }
    }

    #[inline(always)]
    unsafe fn output<L: Lanes>(m: [L; LONGEST]) -> [L; LONGEST] {
        unsafe { [m[0].add(m[1].add(m[2])), m[1].subtract(m[2]).subtract(m[3]), m[2], m[3], m[4], m[5]] }
    }

    #[inline(always)]
    unsafe fn output_gradient<L: Lanes>(y: [L; LONGEST]) -> [L; LONGEST] {
        unsafe {
            let minus = L::splat(L::Number::default()).subtract(y[1]);
            [y[0], y[0].add(y[1]), y[0].subtract(y[1]), minus, y[4], y[5]]
        }
    }
}

/// F(4 x 4, 3 x 3), with the points 0, 1, -1, 2, -2 and infinity: 36 products for 16 outputs, at the price of a digit.
pub(crate) struct Large;

impl Tiling for Large {
    const TILE: usize = 4;
    const FILTER: [[f64; 3]; LONGEST] = [
        [1.0 / 4.0, 0.0, 0.0],
        [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    unsafe fn input<L: Lanes>(d: [L; LONGEST]) -> [L; LONGEST] {
        unsafe {
            let [two, four, five] = [2.0, 4.0, -5.0].map(|value| L::splat(L::Number::from_f64(value)));
            let even = d[4].subtract(d[2].multiply(four));
            let odd = d[3].subtract(d[1].multiply(four));
            let (near, far) = (d[4].subtract(d[2]), d[3].subtract(d[1]).multiply(two));
            [
                d[0].multiply_add(four, d[2].multiply_add(five, d[4])),
                even.add(odd),
                even.subtract(odd),
                near.add(far),
                near.subtract(far),
                d[1].multiply_add(four, d[3].multiply_add(five, d[5])),
            ]
        }
    }

    #[inline(always)]
    unsafe fn input_gradient<L: Lanes>(m: [L; LONGEST]) -> [L; LONGEST] {
        unsafe {
            let [two, four, five] = [2.0, 4.0, -5.0].map(|value| L::splat(L::Number::from_f64(value)));
            let (sum12, difference12) = (m[1].add(m[2]), m[1].subtract(m[2]));
            let (sum34, difference34) = (m[3].add(m[4]), m[3].subtract(m[4]).multiply(two));
            [
                m[0].multiply(four),
                m[5].multiply(four).subtract(difference12.multiply_add(four, difference34)),
                m[0].multiply(five).subtract(sum12.multiply_add(four, sum34)),
                m[5].multiply_add(five, difference12.add(difference34)),
                m[0].add(sum12.add(sum34)),
                m[5],
            ]
        }
    }

    #[inline(always)]
    unsafe fn output<L: Lanes>(m: [L; LONGEST]) -> [L; LONGEST] {
        unsafe {
            let [two, four, eight] = [2.0, 4.0, 8.0].map(|value| L::splat(L::Number::from_f64(value)));
            let (sum12, difference12) = (m[1].add(m[2]), m[1].subtract(m[2]));
            let (sum34, difference34) = (m[3].add(m[4]), m[3].subtract(m[4]));
            [
                m[0].add(sum12.add(sum34)),
                difference34.multiply_add(two, difference12),
                sum34.multiply_add(four, sum12),
                difference34.multiply_add(eight, difference12).add(m[5]),
                m[4],
                m[5],
            ]
        }
    }

    #[inline(always)]
    unsafe fn output_gradient<L: Lanes>(y: [L; LONGEST]) -> [L; LONGEST] {
        unsafe {
            let [two, four, eight] = [2.0, 4.0, 8.0].map(|value| L::splat(L::Number::from_f64(value)));
            let (even, odd) = (y[0].add(y[2]), y[1].add(y[3]));
            let (even_far, odd_far) = (y[2].multiply_add(four, y[0]), y[3].multiply_add(eight, y[1].multiply(two)));
            [y[0], even.add(odd), even.subtract(odd), even_far.add(odd_far), even_far.subtract(odd_far), y[3]]
        }
    }
}

/// What the forward pass found.
pub(crate) struct Means<T> {
    /// `batch x channels_out`.
    pub means: Vec<T>,
    /// Which outputs were above 0, a bit for each, `[image][output][channel]`; empty where nobody asked.
    pub signs: Vec<u16>,
}

/// The mean over the outputs of `ReLU(convolution + bias)`.
pub(crate) fn forward<F: Tiling, T: Number>(
    shape: Shape,
    input: &[T],
    filters: &Filters<F, &[T]>,
    bias: &[T],
    signs_wanted: bool,
) -> Means<T> {
    assert_eq!(input.len(), shape.batch * shape.image_len());
    assert_eq!(bias.len(), shape.channels_out);
    let out = shape.padded_out();
    let mut padded_bias = vec![T::default(); out];
    padded_bias[..bias.len()].copy_from_slice(bias);
    let blocks = shape.tiles::<F>().div_ceil(F::BLOCK);
    let mut sums = vec![T::default(); shape.batch * blocks * out];
    let mut signs = vec![0_u16; if signs_wanted { shape.batch * shape.sign_words() } else { 0 }];
    let (shared_sums, shared_signs) = (Shared::new(&mut sums), Shared::new(&mut signs));
    parallel::for_each(shape.batch * blocks, |task| {
        let (image, block) = (task / blocks, task % blocks);
        let tiles = block * F::BLOCK..((block + 1) * F::BLOCK).min(shape.tiles::<F>());
        let memory_len = tiles.len() * (shape.patch_step::<F>() + shape.output_step::<F>());
        let job = |memory: &mut [T]| Forward {
            memory: memory.as_mut_ptr(),
            shape: &shape,
            input: &input[image * shape.image_len()..][..shape.image_len()],
            filters,
            bias: &padded_bias,
            tiles: tiles.clone(),
            // Safety: every task has sums of its own; blocks of one image have different outputs and so other words.
            sums: unsafe { shared_sums.at(task * out) },
            signs: signs_wanted.then(|| unsafe { shared_signs.at(image * shape.sign_words()) }),
        };
        scratch::with(memory_len, |memory| T::run(filters.set, job(memory)));
    });
    let scale = T::from_f64(1.0 / shape.outputs() as f64);
    let mut means = Vec::with_capacity(shape.batch * shape.channels_out);
    for sums in sums.chunks_exact(blocks * out) {
        for o in 0..shape.channels_out {
            let sum = sums.iter().skip(o).step_by(out).fold(T::default(), |sum, &part| sum + part);
            means.push(sum * scale);
        }
    }
    Means { means, signs }
}

/// The forward pass of one block of tiles.
struct Forward<'a, F, T> {
    /// Room for the patches and products of the tiles.
    memory: *mut T,
    shape: &'a Shape,
    input: &'a [T],
    filters: &'a Filters<F, &'a [T]>,
    bias: &'a [T],
    tiles: std::ops::Range<usize>,
    sums: *mut T,
    signs: Option<*mut u16>,
}

impl<F: Tiling, T: Number> Job<T> for Forward<'_, F, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let (inside, out) = (self.shape.padded_in(), self.shape.padded_out());
        let (patch_step, output_step) = (self.shape.patch_step::<F>(), self.shape.output_step::<F>());
        let count = self.tiles.len();
        // Safety: that is what the room was made for.
        let memory = unsafe { std::slice::from_raw_parts_mut(self.memory, count * (patch_step + output_step)) };
        let (patches, products) = memory.split_at_mut(count * patch_step);
        for (tile, patch) in self.tiles.clone().zip(patches.chunks_exact_mut(patch_step)) {
            unsafe { transform_patch::<F, L>(self.shape, self.input, tile, patch.as_mut_ptr()) };
        }
        for point in 0..F::POINTS {
            let left = Left { at: patches[point * inside..].as_ptr(), row: patch_step, column: 1 };
            let target = Target { at: products[point * out..].as_mut_ptr(), row: output_step, add: false };
            // Safety: both hold `count` rows at this distance.
            unsafe {
                gemm::multiply::<L>(&self.filters.panels, count, inside, left, self.filters.point(point), target);
            }
        }
        for (tile, products) in self.tiles.clone().zip(products.chunks_exact(output_step)) {
            unsafe { self.finish::<L>(tile, products.as_ptr()) };
        }
    }
}

impl<F: Tiling, T: Number> Forward<'_, F, T> {
    /// Turns the products of a tile to outputs, sums them and keeps their signs.
    #[inline(always)]
    unsafe fn finish<L: Lanes<Number = T>>(&self, tile: usize, products: *const T) {
        let out = self.shape.padded_out();
        let (y0, x0) = corner::<F>(self.shape, tile);
        let rows = F::TILE.min(self.shape.out_height() - y0);
        let columns = F::TILE.min(self.shape.out_width() - x0);
        for o in (0..out).step_by(L::N) {
            unsafe {
                let bias = L::load(self.bias.as_ptr().add(o));
                let zero = L::splat(T::default());
                let mut half = [[zero; LONGEST]; LONGEST];
                for v in 0..F::PATCH {
                    let column = std::array::from_fn(|u| {
                        if u < F::PATCH { L::load(products.add((u * F::PATCH + v) * out + o)) } else { zero }
                    });
                    let column = F::output(column);
                    for u in 0..F::TILE {
                        half[u][v] = column[u];
                    }
                }
                let mut sum = zero;
                for (y, half) in half.into_iter().enumerate().take(rows) {
                    for (x, value) in F::output(half).into_iter().enumerate().take(columns) {
                        let value = value.add(bias);
                        // In this order a NaN stays one.
                        sum = sum.add(zero.max(value));
                        if let Some(signs) = self.signs {
                            let place = (y0 + y) * self.shape.out_width() + x0 + x;
                            let word = signs.add((place * out + o) / GROUP);
                            *word |= (value.above(zero) << (o % GROUP)) as u16;
                        }
                    }
                }
                let at = self.sums.add(o);
                L::load(at).add(sum).store(at);
            }
        }
    }
}

/// Row and column of a tile's first output.
fn corner<F: Tiling>(shape: &Shape, tile: usize) -> (usize, usize) {
    (tile / shape.tiles_across::<F>() * F::TILE, tile % shape.tiles_across::<F>() * F::TILE)
}

/// Writes `B'dB` of a tile's patch to `target`, `[point][channel]`; what lies outside the image counts as 0.
#[inline(always)]
unsafe fn transform_patch<F: Tiling, L: Lanes>(
    shape: &Shape,
    input: &[L::Number],
    tile: usize,
    target: *mut L::Number,
) {
    let (inside, channels) = (shape.padded_in(), shape.channels_in);
    let (y0, x0) = corner::<F>(shape, tile);
    let (rows, columns) = (F::PATCH.min(shape.height - y0), F::PATCH.min(shape.width - x0));
    let whole = rows == F::PATCH && columns == F::PATCH;
    let first = (y0 * shape.width + x0) * channels;
    for channel in (0..inside).step_by(L::N) {
        unsafe {
            let zero = L::splat(L::Number::default());
            let mut half = [[zero; LONGEST]; LONGEST];
            let load = |y: usize, x: usize| {
                let at = input.as_ptr().wrapping_add(first + (y * shape.width + x) * channels + channel);
                if channel + L::N <= channels {
                    L::load(at)
                } else {
                    L::load_part(at, channels.saturating_sub(channel))
                }
            };
            for x in 0..F::PATCH {
                let column: [L; LONGEST] = std::array::from_fn(|y| {
                    if (whole && y < F::PATCH) || (y < rows && x < columns) { load(y, x) } else { zero }
                });
                let column = F::input(column);
                for u in 0..F::PATCH {
                    half[u][x] = column[u];
                }
            }
            for (u, half) in half.into_iter().enumerate().take(F::PATCH) {
                for (v, value) in F::input(half).into_iter().enumerate().take(F::PATCH) {
                    value.store(target.add((u * F::PATCH + v) * inside + channel));
                }
            }
        }
    }
}

/// Gradients of one layer.
pub(crate) struct Gradients<T> {
    /// As the input; `None` where it was not asked for.
    pub input: Option<Vec<T>>,
    /// As the weights.
    pub weight: Vec<T>,
    /// One number per output channel.
    pub bias: Vec<T>,
}

/// Gradients of [`forward`], given the signs that it kept and the gradient of the means.
pub(crate) fn backward<F: Tiling, T: Number>(
    set: Set,
    shape: Shape,
    input: &[T],
    weight: &[T],
    signs: &[u16],
    gradient: &[T],
    input_wanted: bool,
) -> Gradients<T> {
    assert_eq!(input.len(), shape.batch * shape.image_len());
    assert_eq!(weight.len(), shape.weight_len());
    assert_eq!(signs.len(), shape.batch * shape.sign_words());
    assert_eq!(gradient.len(), shape.batch * shape.channels_out);
    let (inside, out) = (shape.padded_in(), shape.padded_out());
    let filters = input_wanted.then(|| Filters::<F, Vec<T>>::backward(set, &shape, weight));
    let panels = Panels::new::<T>(set, inside);
    // The last panel's excess is read, too.
    let excess = panels.count * panels.width - inside;
    let memory_len = out + F::BLOCK * (shape.patch_step::<F>() + shape.output_step::<F>()) + excess;
    let per_part = shape.batch.div_ceil(PARTS);
    let parts = shape.batch.div_ceil(per_part);
    let points_len = F::POINTS * out * inside;
    let mut points = vec![T::default(); parts * points_len];
    let mut bias = vec![T::default(); parts * out];
    let [shared_points, shared_bias] = [&mut points, &mut bias].map(|b| Shared::new(b));
    let write = |shared_input: Shared<T>| {
        parallel::for_each(parts, |part| {
            for image in part * per_part..((part + 1) * per_part).min(shape.batch) {
                let job = |memory: &mut [T]| Backward {
                    memory: memory.as_mut_ptr(),
                    shape: &shape,
                    panels,
                    input: &input[image * shape.image_len()..][..shape.image_len()],
                    filters: filters.as_ref(),
                    signs: &signs[image * shape.sign_words()..][..shape.sign_words()],
                    gradient: &gradient[image * shape.channels_out..][..shape.channels_out],
                    // Safety: images have gradients of their own, parts have sums of their own.
                    to_input: input_wanted.then(|| unsafe { shared_input.at(image * shape.image_len()) }),
                    points: unsafe { shared_points.at(part * points_len) },
                    bias: unsafe { shared_bias.at(part * out) },
                };
                scratch::with(memory_len, |memory| T::run(set, job(memory)));
            }
        });
    };
    // Safety: every image clears its gradient before it adds to it.
    let to_input = unsafe { shared::written(if input_wanted { input.len() } else { 0 }, write) };
    let (points, bias) = (super::sum_parts(points, points_len), super::sum_parts(bias, out));
    Gradients {
        input: input_wanted.then_some(to_input),
        weight: filter_gradients::<F, T>(&shape, &points),
        bias: bias[..shape.channels_out].to_vec(),
    }
}

/// `G'(..)G` of every filter's points, `[point][output channel][input channel]`.
fn filter_gradients<F: Tiling, T: Number>(shape: &Shape, points: &[T]) -> Vec<T> {
    let (inside, out) = (shape.padded_in(), shape.padded_out());
    let mut weight = Vec::with_capacity(shape.weight_len());
    for o in 0..shape.channels_out {
        for i in 0..shape.channels_in {
            let at = |u: usize, v: usize| -> f64 { points[((u * F::PATCH + v) * out + o) * inside + i].to_f64() };
            let across = |u: usize, x: usize| -> f64 { (0..F::PATCH).map(|v| at(u, v) * F::FILTER[v][x]).sum() };
            let across: [[f64; 3]; LONGEST] =
                std::array::from_fn(|u| std::array::from_fn(|x| if u < F::PATCH { across(u, x) } else { 0.0 }));
            for y in 0..3 {
                for x in 0..3 {
                    weight.push(T::from_f64((0..F::PATCH).map(|u| F::FILTER[u][y] * across[u][x]).sum()));
                }
            }
        }
    }
    weight
}

/// The backward pass of one image.
struct Backward<'a, F, T> {
    /// Room for a block's outputs and patches.
    memory: *mut T,
    shape: &'a Shape,
    /// For products with input channels as columns.
    panels: Panels,
    input: &'a [T],
    /// Where the gradient of the input is wanted.
    filters: Option<&'a Filters<F, Vec<T>>>,
    signs: &'a [u16],
    gradient: &'a [T],
    to_input: Option<*mut T>,
    /// Sums over tiles, `[point][output channel][input channel]`.
    points: *mut T,
    bias: *mut T,
}

impl<F: Tiling, T: Number> Job<T> for Backward<'_, F, T> {
    type Result = ();

    #[inline(always)]
    unsafe fn run<L: Lanes<Number = T>>(self) {
        let (inside, out) = (self.shape.padded_in(), self.shape.padded_out());
        let scale = T::from_f64(1.0 / self.shape.outputs() as f64);
        let (patch_step, output_step) = (self.shape.patch_step::<F>(), self.shape.output_step::<F>());
        // Safety: that is what the room was made for.
        let memory =
            unsafe { std::slice::from_raw_parts_mut(self.memory, out + F::BLOCK * (patch_step + output_step)) };
        let (gradient, memory) = memory.split_at_mut(out);
        let (outputs, patches) = memory.split_at_mut(F::BLOCK * output_step);
        gradient.fill(T::default());
        if let Some(to_input) = self.to_input {
            // All bits 0 is the number 0.
            unsafe { to_input.write_bytes(0, self.shape.image_len()) };
        }
        gradient.iter_mut().zip(self.gradient).for_each(|(target, &g)| *target = g * scale);
        for first in (0..self.shape.tiles::<F>()).step_by(F::BLOCK) {
            let count = F::BLOCK.min(self.shape.tiles::<F>() - first);
            for (i, patch) in patches.chunks_exact_mut(patch_step).enumerate().take(count) {
                unsafe { transform_patch::<F, L>(self.shape, self.input, first + i, patch.as_mut_ptr()) };
            }
            for (i, output) in outputs.chunks_exact_mut(output_step).enumerate().take(count) {
                unsafe { self.transform_output::<L>(first + i, gradient, output.as_mut_ptr()) };
            }
            for point in 0..F::POINTS {
                let left = Left { at: outputs[point * out..].as_ptr(), row: 1, column: output_step };
                let at = patches[point * inside..].as_ptr();
                let right = Right { at, row: patch_step, panel: self.panels.width };
                let sums = self.points.wrapping_add(point * out * inside);
                let target = Target { at: sums, row: inside, add: true };
                unsafe { gemm::multiply::<L>(&self.panels, out, count, left, right, target) };
                // The patches of this point are of no more use: their gradient takes their place.
                if let Some(filters) = self.filters {
                    let left = Left { at: outputs[point * out..].as_ptr(), row: output_step, column: 1 };
                    let at = patches[point * inside..].as_mut_ptr();
                    let target = Target { at, row: patch_step, add: false };
                    unsafe {
                        gemm::multiply::<L>(&filters.panels, count, out, left, filters.point(point), target);
                    }
                }
            }
            if let Some(to_input) = self.to_input {
                for (i, patch) in patches.chunks_exact(patch_step).enumerate().take(count) {
                    unsafe { self.add_patch::<L>(first + i, patch.as_ptr(), to_input) };
                }
            }
        }
    }
}

impl<F: Tiling, T: Number> Backward<'_, F, T> {
    /// Writes `A y A'` of a tile's gradient to `target`, `[point][channel]`, and adds it up for the bias.
    #[inline(always)]
    unsafe fn transform_output<L: Lanes<Number = T>>(&self, tile: usize, gradient: &[T], target: *mut T) {
        let out = self.shape.padded_out();
        let (y0, x0) = corner::<F>(self.shape, tile);
        let rows = F::TILE.min(self.shape.out_height() - y0);
        let columns = F::TILE.min(self.shape.out_width() - x0);
        for o in (0..out).step_by(L::N) {
            unsafe {
                let zero = L::splat(T::default());
                let gradient = L::load(gradient.as_ptr().add(o));
                let mut half = [[zero; LONGEST]; LONGEST];
                let mut sum = zero;
                for x in 0..columns {
                    let mut column = [zero; LONGEST];
                    for (y, value) in column.iter_mut().enumerate().take(rows) {
                        let place = (y0 + y) * self.shape.out_width() + x0 + x;
                        let word = *self.signs.get_unchecked((place * out + o) / GROUP);
                        *value = gradient.keep(u32::from(word) >> (o % GROUP));
                        sum = sum.add(*value);
                    }
                    let column = F::output_gradient(column);
                    for u in 0..F::PATCH {
                        half[u][x] = column[u];
                    }
                }
                for (u, half) in half.into_iter().enumerate().take(F::PATCH) {
                    for (v, value) in F::output_gradient(half).into_iter().enumerate().take(F::PATCH) {
                        value.store(target.add((u * F::PATCH + v) * out + o));
                    }
                }
                let at = self.bias.add(o);
                L::load(at).add(sum).store(at);
            }
        }
    }

    /// Adds `B m B'` of a patch's gradient to the gradient of the image.
    #[inline(always)]
    unsafe fn add_patch<L: Lanes<Number = T>>(&self, tile: usize, patch: *const T, to_input: *mut T) {
        let (inside, channels) = (self.shape.padded_in(), self.shape.channels_in);
        let (y0, x0) = corner::<F>(self.shape, tile);
        let rows = F::PATCH.min(self.shape.height - y0);
        let columns = F::PATCH.min(self.shape.width - x0);
        for channel in (0..channels).step_by(L::N) {
            unsafe {
                let zero = L::splat(T::default());
                let mut half = [[zero; LONGEST]; LONGEST];
                for v in 0..F::PATCH {
                    let column = std::array::from_fn(|u| {
                        if u < F::PATCH { L::load(patch.add((u * F::PATCH + v) * inside + channel)) } else { zero }
                    });
                    let column = F::input_gradient(column);
                    for y in 0..F::PATCH {
                        half[y][v] = column[y];
                    }
                }
                for (y, half) in half.into_iter().enumerate().take(rows) {
                    for (x, value) in F::input_gradient(half).into_iter().enumerate().take(columns) {
                        let at = to_input.add(((y0 + y) * self.shape.width + x0 + x) * channels + channel);
                        if channel + L::N <= channels {
                            L::load(at).add(value).store(at);
                        } else {
                            let here = channels - channel;
                            L::load_part(at, here).add(value).store_part(at, here);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
