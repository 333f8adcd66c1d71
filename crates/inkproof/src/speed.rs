//! What this machine can do, for figures that say how near to it a network comes.

pub use inkproof_nn::speed::peak;

use crate::Architecture;

/// Floating-point operations that our kernels do to embed one ink: `None` for networks that nobody has counted; see
/// [`inkproof_nn::speed::embedding_operations`].
pub fn embedding_operations(architecture: Architecture) -> Option<f64> {
    match architecture {
        Architecture::Siamese(backbone) => inkproof_nn::speed::embedding_operations(backbone),
        Architecture::Inknet => None,
    }
}
