//! The engine of inkproof: bytes -> gray image -> ink -> embedding -> score -> decision.
//!
//! It opens no data set, no database and no socket, and builds for `wasm32-unknown-unknown` without the feature
//! `rayon`.

mod error;
mod kernels;
pub mod network;
pub mod random;

pub use error::{Error, Result};
pub use network::Backbone;

/// Height and width of the picture that a network sees.
pub const SIDE: usize = 224;
