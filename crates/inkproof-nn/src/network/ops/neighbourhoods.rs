//! The 3 x 3 neighbourhoods that a convolution of stride 2 with zeros around sees, as channels: with them that
//! convolution is a pointwise one.

use crate::kernels::Number;
use crate::parallel;
use crate::tensor::Tensor;

/// Places of a neighbourhood.
const TAPS: usize = 9;

/// Of pictures `[batch, height, width, channels]` it makes `[batch, ceil(height / 2), ceil(width / 2), channels * 9]`, the nine
/// of each channel together, with so many zeros above and on the left. Pictures get no gradient.
pub(in crate::network) fn neighbourhoods<T: Number>(x: &Tensor<T>, before: [usize; 2]) -> Tensor<T> {
    let [batch, height, width, channels] = x.dims();
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    let wide = channels * TAPS;
    let mut values = vec![T::default(); batch * rows * columns * wide];
    parallel::for_each_chunk(&mut values, columns * wide, |place, line| {
        let (picture, row) = (place / rows, place % rows);
        for tap in 0..TAPS {
            let Some(y) = (2 * row + tap / 3).checked_sub(before[0]).filter(|&y| y < height) else { continue };
            let from = &x.values()[(picture * height + y) * width * channels..][..width * channels];
            for (column, seen) in line.chunks_exact_mut(wide).enumerate() {
                let Some(x) = (2 * column + tap % 3).checked_sub(before[1]).filter(|&x| x < width) else { continue };
                let pixel = &from[x * channels..(x + 1) * channels];
                seen[tap..].iter_mut().step_by(TAPS).zip(pixel).for_each(|(seen, value)| *seen = *value);
            }
        }
    });
    Tensor::new(values, &[batch, rows, columns, wide])
}
