//! What this machine can do, for figures that say how near to it a network comes.

use crate::Backbone;

/// Floating-point operations (f32, a multiply-add counts as two) that `threads` threads of this machine do in
/// a second, at best, measured for a fraction of a second with nothing but multiply-adds.
pub fn peak(threads: usize) -> f64 {
    crate::kernels::peak::peak(threads)
}

/// Floating-point operations that our kernels do to embed one picture: `None` for networks that nobody has counted.
///
/// Of SimpleCNN's second convolution only the products at Winograd's points are counted, which are a quarter of those
/// of a direct sum; transforms are not.
pub fn embedding_operations(backbone: Backbone) -> Option<f64> {
    const FIRST: usize = 222 * 222 * 64 * 9 * 2;
    const SECOND: usize = 28 * 28 * 36 * 64 * 128 * 2;
    const DENSE: usize = 128 * 256 * 2;
    match backbone {
        Backbone::SimpleCnn => Some((FIRST + SECOND + DENSE) as f64),
        Backbone::EfficientnetB0 => None,
    }
}
