//! Verifiers that learn nothing, or learn everything but the shape: what a network has to beat before anyone believes in
//! it.
//!
//! [`hog`] compares the directions of strokes place by place and is not trained at all; [`cues`] never looks at the shape.

pub(crate) mod cues;
pub mod hog;
