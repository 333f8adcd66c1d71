//! The 3 x 3 neighbourhoods that a convolution of stride 2 with zeros around sees, as channels: with them that
//! convolution is a pointwise one.

use crate::kernels::Number;
use crate::tensor::Tensor;

/// Of pictures `[batch, height, width, 1]` it makes `[batch, ceil(height / 2), ceil(width / 2), 9]`, with so many zeros
/// above and on the left. Pictures get no gradient.
pub(in crate::network) fn neighbourhoods<T: Number>(x: &Tensor<T>, before: [usize; 2]) -> Tensor<T> {
    let [batch, height, width, _] = x.dims();
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    let mut values = Vec::with_capacity(batch * rows * columns * 9);
    for picture in x.values().chunks_exact(height * width) {
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            values.extend((0..9).map(|tap| {
                let y = (2 * row + tap / 3).checked_sub(before[0]).filter(|&y| y < height);
                let x = (2 * column + tap % 3).checked_sub(before[1]).filter(|&x| x < width);
                y.zip(x).map_or(T::default(), |(y, x)| picture[y * width + x])
            }));
        }
    }
    Tensor::new(values, &[batch, rows, columns, 9])
}
