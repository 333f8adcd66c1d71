//! 3 x 3 convolution, stride 1, no padding, with bias and ReLU; forward, and backward to input and weights.
//!
//! Direct convolution without im2col. A plane of `height x width` is read as one long row: the output at position `p`
//! of a grid that is as wide as the *input* is the sum over channels and taps of `weight * input[p + kh * width + kw]`,
//! so that a register of neighbouring outputs needs one unaligned load per tap and no packing of pictures; the last
//! two columns of the grid are computed and thrown away. A block of output channels by a strip of positions stays in
//! registers over the whole sum. The gradient of the input is the same convolution with the output's gradient padded
//! by two and the weights turned round. The gradient of the weights is a dot product over positions for every pair of
//! channels and tap.

use super::lanes::{Lanes, Number};
use super::parallel::{self, Shared};

const TAPS: usize = 9;

/// How many products are summed before their sum is added to the total: one sum of hundreds loses a digit more, and a
/// ReLU beside 0 falls on the wrong side more often.
const GROUP: usize = 8 * TAPS;

/// The sizes of one convolution: input `batch x channels_in x height x width`, output
/// `batch x channels_out x (height - 2) x (width - 2)`, weights `channels_out x channels_in x 3 x 3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub batch: usize,
    pub channels_in: usize,
    pub channels_out: usize,
    pub height: usize,
    pub width: usize,
}

impl Shape {
    fn out_height(&self) -> usize {
        self.height - 2
    }

    fn out_width(&self) -> usize {
        self.width - 2
    }

    fn in_plane(&self) -> usize {
        self.height * self.width
    }

    fn out_plane(&self) -> usize {
        self.out_height() * self.out_width()
    }

    /// Positions of the grid that is as wide as the input, up to the last one that is an output.
    fn positions(&self) -> usize {
        self.out_height() * self.width - 2
    }

    /// The convolution that gives the gradient of the input: of the output's gradient, padded by two.
    fn padded(&self) -> Shape {
        Shape {
            batch: self.batch,
            channels_in: self.channels_out,
            channels_out: self.channels_in,
            height: self.height + 2,
            width: self.width + 2,
        }
    }

    pub(crate) fn input_len(&self) -> usize {
        self.batch * self.channels_in * self.in_plane()
    }

    pub(crate) fn output_len(&self) -> usize {
        self.batch * self.channels_out * self.out_plane()
    }

    pub(crate) fn weight_len(&self) -> usize {
        self.channels_out * self.channels_in * TAPS
    }
}

/// What happens to a sum before it is written: bias added, then ReLU where asked for.
#[derive(Clone, Copy)]
struct Finish<'a, T> {
    bias: Option<&'a [T]>,
    relu: bool,
}

/// Gradients of one convolution with ReLU.
pub(crate) struct Gradients<T> {
    /// As the input; `None` where it was not asked for.
    pub input: Option<Vec<T>>,
    /// As the weights.
    pub weight: Vec<T>,
    /// One number per output channel.
    pub bias: Vec<T>,
}

/// The inner loops, compiled for one instruction set.
struct Kernels<T> {
    /// Output channels that one call of `strip` computes.
    rows: usize,
    /// Positions that one call of `strip` computes.
    strip_len: usize,
    /// `(input, offsets, packed, sums)`: sums over all `offsets` (one per channel and tap) of
    /// `packed[k][row] * input[offset + position]`, into `sums[row][position]`.
    strip: unsafe fn(*const T, &[usize], *const T, *mut T),
    /// Output channels whose weights' gradients one call of `dots` computes.
    dot_rows: usize,
    /// Positions that `dots` takes at a time; the length given to it is a multiple.
    dot_step: usize,
    /// `(gradient planes, plane length, input, length, dots)`: for every row and each of three neighbouring taps the
    /// dot product of the gradient plane with the input moved by the tap, added to `dots[row][tap]`, where each is
    /// `dot_step` partial sums.
    dots: unsafe fn(*const T, usize, *const T, usize, *mut T),
}

/// Convolution, bias and ReLU. Returns the output, `batch x channels_out x (height - 2) x (width - 2)`.
pub(crate) fn forward<T: KernelNumber>(shape: Shape, input: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
    assert_eq!(input.len(), shape.input_len());
    assert_eq!(weight.len(), shape.weight_len());
    assert_eq!(bias.len(), shape.channels_out);
    forward_with(&best(shape.positions()), shape, input, weight, bias)
}

fn forward_with<T: Number>(kernels: &Kernels<T>, shape: Shape, input: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
    let packed = pack(kernels, shape.channels_out, shape.channels_in, |o, i, tap| {
        weight[(o * shape.channels_in + i) * TAPS + tap]
    });
    let finish = Finish { bias: Some(bias), relu: true };
    let mut output = vec![T::default(); shape.output_len()];
    let shared = Shared::new(&mut output);
    let strips = Strips::new(&shape, kernels);
    parallel::for_each(shape.batch * strips.tasks, |task| {
        let (image, part) = (task / strips.tasks, task % strips.tasks);
        let planes = &input[image * shape.channels_in * shape.in_plane()..];
        // Safety: tasks write to different images or, inside one, to different positions.
        let target = unsafe { shared.at(image * shape.channels_out * shape.out_plane()) };
        convolve(kernels, &shape, planes, &packed, finish, strips.range(part), target);
    });
    output
}

/// Gradients of [`forward`], given its `output` and the gradient of it.
pub(crate) fn backward<T: KernelNumber>(
    shape: Shape,
    input: &[T],
    weight: &[T],
    output: &[T],
    gradient: &[T],
    input_wanted: bool,
) -> Gradients<T> {
    assert_eq!(input.len(), shape.input_len());
    assert_eq!(weight.len(), shape.weight_len());
    assert_eq!(output.len(), shape.output_len());
    assert_eq!(gradient.len(), shape.output_len());
    let (weight_gradient, bias) = backward_weight(&best(shape.positions()), shape, input, output, gradient);
    let kernels = best(shape.padded().positions());
    let input = input_wanted.then(|| backward_input(&kernels, shape, weight, output, gradient));
    Gradients { input, weight: weight_gradient, bias }
}

/// The gradient that passes the ReLU: that of outputs above 0.
fn through_relu<T: Number>(gradient: T, output: T) -> T {
    if output > T::default() { gradient } else { T::default() }
}

fn backward_input<T: Number>(kernels: &Kernels<T>, shape: Shape, weight: &[T], output: &[T], gradient: &[T]) -> Vec<T> {
    let padded = shape.padded();
    let packed = pack(kernels, shape.channels_in, shape.channels_out, |i, o, tap| {
        weight[(o * shape.channels_in + i) * TAPS + (TAPS - 1 - tap)]
    });
    let mut result = vec![T::default(); shape.input_len()];
    let shared = Shared::new(&mut result);
    parallel::for_each(shape.batch, |image| {
        let from = image * shape.channels_out * shape.out_plane();
        let mut planes = vec![T::default(); padded.channels_in * padded.in_plane()];
        for row in 0..shape.channels_out * shape.out_height() {
            let (channel, y) = (row / shape.out_height(), row % shape.out_height());
            let source = from + row * shape.out_width();
            let target = channel * padded.in_plane() + (y + 2) * padded.width + 2;
            for x in 0..shape.out_width() {
                planes[target + x] = through_relu(gradient[source + x], output[source + x]);
            }
        }
        let finish = Finish { bias: None, relu: false };
        // Safety: every task writes to its own image.
        let target = unsafe { shared.at(image * shape.channels_in * shape.in_plane()) };
        convolve(kernels, &padded, &planes, &packed, finish, 0..padded.positions(), target);
    });
    result
}

fn backward_weight<T: Number>(
    kernels: &Kernels<T>,
    shape: Shape,
    input: &[T],
    output: &[T],
    gradient: &[T],
) -> (Vec<T>, Vec<T>) {
    let mut weight = vec![T::default(); shape.weight_len()];
    let mut bias = vec![T::default(); shape.channels_out];
    let (shared_weight, shared_bias) = (Shared::new(&mut weight), Shared::new(&mut bias));
    parallel::for_each(shape.channels_out.div_ceil(kernels.dot_rows), |block| {
        let first = block * kernels.dot_rows;
        let rows = kernels.dot_rows.min(shape.channels_out - first);
        let mut sums = vec![T::default(); shape.channels_in * TAPS * kernels.dot_rows * kernels.dot_step];
        let mut planes = vec![T::default(); kernels.dot_rows * shape.out_height() * shape.width];
        for image in 0..shape.batch {
            let source = (image * shape.channels_out + first) * shape.out_plane()..;
            fill_gradient_planes(&shape, rows, &output[source.clone()], &gradient[source], &mut planes);
            for (row, plane) in planes.chunks_exact(shape.out_height() * shape.width).enumerate().take(rows) {
                let sum = plane.chunks_exact(shape.width).map(sum_of).fold(T::default(), |sum, line| sum + line);
                // Safety: every task has output channels of its own.
                unsafe { *shared_bias.at(first + row) += sum };
            }
            // Images are summed apart, as lines are for the bias: one long sum of like numbers loses digits.
            sums.fill(T::default());
            add_dots(kernels, &shape, &planes, &input[image * shape.channels_in * shape.in_plane()..], &mut sums);
            for (k, sums) in sums.chunks_exact(kernels.dot_rows * 3 * kernels.dot_step).enumerate() {
                for (i, sums) in sums.chunks_exact(kernels.dot_step).enumerate().take(rows * 3) {
                    let at = (first + i / 3) * shape.channels_in * TAPS + k * 3 + i % 3;
                    // Safety: every task has output channels of its own.
                    unsafe { *shared_weight.at(at) += sum_of(sums) };
                }
            }
        }
    });
    (weight, bias)
}

fn sum_of<T: Number>(line: &[T]) -> T {
    line.iter().fold(T::default(), |sum, &g| sum + g)
}

/// Lays the gradients that pass the ReLU out on the grid that is as wide as the input; its last columns stay 0.
fn fill_gradient_planes<T: Number>(shape: &Shape, rows: usize, output: &[T], gradient: &[T], planes: &mut [T]) {
    let lines = output.chunks_exact(shape.out_width()).zip(gradient.chunks_exact(shape.out_width()));
    for ((output, gradient), line) in lines.zip(planes.chunks_exact_mut(shape.width)).take(rows * shape.out_height()) {
        for ((target, &g), &y) in line.iter_mut().zip(gradient).zip(output) {
            *target = through_relu(g, y);
        }
    }
}

/// Adds the dot products of one image to `sums`, laid out as `[channel][kh][row][kw][partial sum]`.
///
/// Positions are taken in blocks, so that the gradients of one block stay in the first-level cache for all channels.
fn add_dots<T: Number>(kernels: &Kernels<T>, shape: &Shape, planes: &[T], input: &[T], sums: &mut [T]) {
    const BLOCK: usize = 768;
    let plane = shape.out_height() * shape.width;
    let step = kernels.dot_step;
    let whole = shape.positions() / step * step;
    for start in (0..whole).step_by(BLOCK) {
        let length = BLOCK.min(whole - start);
        for (k, sums) in sums.chunks_exact_mut(kernels.dot_rows * 3 * step).enumerate() {
            let moved = &input[k / 3 * shape.in_plane() + k % 3 * shape.width + start..];
            // Safety: from `start` on, `length` numbers follow in each gradient plane and `length + 2` in `moved`.
            unsafe { (kernels.dots)(planes[start..].as_ptr(), plane, moved.as_ptr(), length, sums.as_mut_ptr()) };
        }
    }
    for (k, sums) in sums.chunks_exact_mut(kernels.dot_rows * 3 * step).enumerate() {
        let moved = &input[k / 3 * shape.in_plane() + k % 3 * shape.width..];
        for (i, sums) in sums.chunks_exact_mut(step).enumerate() {
            for p in whole..shape.positions() {
                sums[0] += planes[i / 3 * plane + p] * moved[p + i % 3];
            }
        }
    }
}

/// How the positions of one image are shared out over tasks, so that a single image uses all cores too.
struct Strips {
    tasks: usize,
    per_task: usize,
    positions: usize,
}

impl Strips {
    fn new(shape: &Shape, kernels: &Kernels<impl Number>) -> Self {
        let positions = shape.positions();
        let tasks = (positions / (kernels.strip_len * 16)).clamp(1, 16);
        let per_task = positions.div_ceil(tasks).next_multiple_of(kernels.strip_len);
        Self { tasks: positions.div_ceil(per_task), per_task, positions }
    }

    fn range(&self, task: usize) -> std::ops::Range<usize> {
        task * self.per_task..((task + 1) * self.per_task).min(self.positions)
    }
}

/// Reorders weights to `[block][input channel and tap][row in block]`; rows beyond the last channel are 0.
fn pack<T: Number>(
    kernels: &Kernels<T>,
    channels_out: usize,
    channels_in: usize,
    weight: impl Fn(usize, usize, usize) -> T,
) -> Vec<T> {
    let blocks = channels_out.div_ceil(kernels.rows);
    let mut packed = Vec::with_capacity(blocks * channels_in * TAPS * kernels.rows);
    for block in 0..blocks {
        for k in 0..channels_in * TAPS {
            for o in block * kernels.rows..(block + 1) * kernels.rows {
                packed.push(if o < channels_out { weight(o, k / TAPS, k % TAPS) } else { T::default() });
            }
        }
    }
    packed
}

/// Computes the outputs at the grid positions in `range` of one image for all output channels.
fn convolve<T: Number>(
    kernels: &Kernels<T>,
    shape: &Shape,
    planes: &[T],
    packed: &[T],
    finish: Finish<'_, T>,
    range: std::ops::Range<usize>,
    target: *mut T,
) {
    let offsets: Vec<usize> = (0..shape.channels_in * TAPS)
        .map(|k| k / TAPS * shape.in_plane() + k % TAPS / 3 * shape.width + k % 3)
        .collect();
    let mut sums = vec![T::default(); kernels.rows * kernels.strip_len];
    for start in range.step_by(kernels.strip_len) {
        // The last strip is moved back to end at the last output, so that nothing is read beyond the last plane; what
        // it shares with the strip before it is not written again.
        let from = start.min(shape.positions() - kernels.strip_len);
        let known = start - from;
        for block in 0..shape.channels_out.div_ceil(kernels.rows) {
            let weights = &packed[block * offsets.len() * kernels.rows..];
            // Safety: the largest offset plus the last position is the last number of the last plane.
            unsafe { (kernels.strip)(planes[from..].as_ptr(), &offsets, weights.as_ptr(), sums.as_mut_ptr()) };
            let first = block * kernels.rows;
            for row in 0..kernels.rows.min(shape.channels_out - first) {
                let sums = &sums[row * kernels.strip_len..][known..kernels.strip_len];
                let bias = finish.bias.map_or(T::default(), |bias| bias[first + row]);
                // Safety: the plane of this channel lies inside the image that `target` points to.
                let plane = unsafe { target.add((first + row) * shape.out_plane()) };
                write_strip(shape, start, sums, bias, finish.relu, plane);
            }
        }
    }
}

/// Writes the sums of a strip to the rows of an output plane, leaving out the grid's last two columns.
fn write_strip<T: Number>(shape: &Shape, start: usize, sums: &[T], bias: T, relu: bool, plane: *mut T) {
    let mut done = 0;
    while done < sums.len() {
        let (y, x) = ((start + done) / shape.width, (start + done) % shape.width);
        let run = (shape.width - x).min(sums.len() - done);
        let inside = run.min(shape.out_width().saturating_sub(x));
        for (i, &sum) in sums[done..done + inside].iter().enumerate() {
            let value = sum + bias;
            let value = if relu && value < T::default() { T::default() } else { value };
            // Safety: y and x + i lie inside the output plane.
            unsafe { *plane.add(y * shape.out_width() + x + i) = value };
        }
        done += run;
    }
}

#[inline(always)]
unsafe fn strip<L: Lanes, const ROWS: usize, const COLUMNS: usize>(
    input: *const L::Number,
    offsets: &[usize],
    packed: *const L::Number,
    sums: *mut L::Number,
) {
    unsafe {
        for (group, offsets) in offsets.chunks(GROUP).enumerate() {
            let packed = packed.add(group * GROUP * ROWS);
            let mut sum = [[L::splat(L::Number::default()); COLUMNS]; ROWS];
            for (k, &offset) in offsets.iter().enumerate() {
                let at = input.add(offset);
                let x: [L; COLUMNS] = std::array::from_fn(|column| L::load(at.add(column * L::N)));
                for (row, sum) in sum.iter_mut().enumerate() {
                    let weight = L::splat(*packed.add(k * ROWS + row));
                    for column in 0..COLUMNS {
                        sum[column] = x[column].multiply_add(weight, sum[column]);
                    }
                }
            }
            for (i, &sum) in sum.iter().flatten().enumerate() {
                let at = sums.add(i * L::N);
                let total = if group == 0 { sum } else { L::load(at).add(sum) };
                total.store(at);
            }
        }
    }
}

#[inline(always)]
unsafe fn dots<L: Lanes, const ROWS: usize>(
    planes: *const L::Number,
    plane: usize,
    input: *const L::Number,
    length: usize,
    dots: *mut L::Number,
) {
    unsafe {
        let mut sum = [[L::splat(L::Number::default()); 3]; ROWS];
        let end = input.add(length);
        let (mut x_at, mut g_at) = (input, planes);
        while x_at < end {
            let x = [L::load(x_at), L::load(x_at.add(1)), L::load(x_at.add(2))];
            for (row, sum) in sum.iter_mut().enumerate() {
                let g = L::load(g_at.add(row * plane));
                for tap in 0..3 {
                    sum[tap] = x[tap].multiply_add(g, sum[tap]);
                }
            }
            x_at = x_at.add(L::N);
            g_at = g_at.add(L::N);
        }
        for (i, sum) in sum.iter().flatten().enumerate() {
            let at = dots.add(i * L::N);
            L::load(at).add(*sum).store(at);
        }
    }
}

/// Numbers that have kernels.
pub(crate) trait KernelNumber: Number {
    /// The sets there are, best first; those that this CPU lacks or that need longer planes are left out.
    #[allow(private_interfaces)]
    fn kernels(positions: usize) -> Vec<Kernels<Self>>;
}

/// The fastest kernels that this CPU has and that fit planes of `positions`.
fn best<T: KernelNumber>(positions: usize) -> Kernels<T> {
    T::kernels(positions).swap_remove(0)
}

/// Makes the kernels of one register type with 3 registers to a strip, behind wrappers that switch its set on.
macro_rules! kernels {
    ($lanes:ty, $number:ty, $rows:literal, $columns:literal $(, $feature:literal)?) => {{
        $(#[target_feature(enable = $feature)])?
        unsafe fn run_strip(input: *const $number, offsets: &[usize], packed: *const $number, sums: *mut $number) {
            unsafe { strip::<$lanes, $rows, $columns>(input, offsets, packed, sums) }
        }
        $(#[target_feature(enable = $feature)])?
        unsafe fn run_dots(planes: *const $number, plane: usize, input: *const $number, length: usize, sums: *mut $number) {
            unsafe { dots::<$lanes, $rows>(planes, plane, input, length, sums) }
        }
        Kernels {
            rows: $rows,
            strip_len: $columns * <$lanes as Lanes>::N,
            strip: run_strip,
            dot_rows: $rows,
            dot_step: <$lanes as Lanes>::N,
            dots: run_dots,
        }
    }};
}

#[allow(private_interfaces)]
impl KernelNumber for f32 {
    fn kernels(positions: usize) -> Vec<Kernels<f32>> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{__m256, __m512};
            if is_x86_feature_detected!("avx512f") {
                sets.push(kernels!(__m512, f32, 8, 3, "avx512f"));
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                sets.push(kernels!(__m256, f32, 4, 3, "avx2,fma"));
            }
        }
        sets.push(kernels!([f32; 4], f32, 4, 2));
        sets.push(kernels!(f32, f32, 4, 1));
        sets.retain(|set| set.strip_len <= positions);
        sets
    }
}

#[allow(private_interfaces)]
impl KernelNumber for f64 {
    fn kernels(positions: usize) -> Vec<Kernels<f64>> {
        let mut sets = vec![kernels!([f64; 4], f64, 4, 2), kernels!(f64, f64, 4, 1)];
        sets.retain(|set| set.strip_len <= positions);
        sets
    }
}

#[cfg(test)]
mod tests;
