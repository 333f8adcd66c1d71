//! The engine of inkproof: bytes → gray image → ink → embedding → score → decision.
//!
//! Each arrow is one function that can be read, tested and timed alone. The engine opens no
//! data set, no database and no socket.
#![forbid(unsafe_code)]

pub mod decode;
pub mod digest;
pub mod error;
pub mod gray;
pub mod limits;
pub mod preprocess;

pub use decode::{GrayRule, decode, read_image_file};
pub use digest::ImageDigest;
pub use error::{Error, Result};
pub use gray::Gray;
pub use limits::Limits;
pub use preprocess::{Ink, InkParameters, Prepared, Preprocess, SIDE, raw_resize};
