//! Verifiers that learn nothing, or learn everything but the shape: what a network has to beat before anyone believes in
//! it.
//!
//! [`hog`] compares the directions of strokes place by place and is not trained at all; [`crate::leakage::shortcuts`] never looks at
//! the shape.

pub mod hog;
pub(crate) mod shortcuts;
