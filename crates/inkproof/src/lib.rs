//! Verifies handwritten signatures from images: *is this questioned signature by the writer of these references?*
//!
//! ```no_run
//! # fn main() -> inkproof::Result<()> {
//! let verifier = inkproof::Verifier::bundled();
//! let references = [verifier.embed_file("ref1.png")?, verifier.embed_file("ref2.png")?];
//! let verdict = verifier.verify(&references, &verifier.embed_file("questioned.png")?)?;
//! println!("{}: {} ({})", verdict.decision, verdict.score, verdict.strength());
//! # Ok(())
//! # }
//! ```
//!
//! The same with the signatures that come with the sources, of writers who do not exist:
//!
//! ```
//! # fn main() -> inkproof::Result<()> {
//! use inkproof::{Decision, Verifier};
//!
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/signatures");
//! let verifier = Verifier::bundled();
//! let embed = |name: &str| verifier.embed_file(format!("{folder}/{name}"));
//! let references = [embed("001/001_01.png")?, embed("001/001_02.png")?, embed("001/001_03.png")?];
//! let by_the_writer = verifier.verify(&references, &embed("001/001_04.png")?)?;
//! assert_eq!(by_the_writer.decision, Decision::Accepted);
//! let by_another = verifier.verify(&references, &embed("002/002_01.png")?)?;
//! assert_eq!(by_another.decision, Decision::Rejected);
//! # Ok(())
//! # }
//! ```
//!
//! # What happens to an image
//!
//! bytes → gray image ([`decode()`]) → [`Ink`] ([`Preprocess`]) → [`Embedding`] ([`Model::embed`]) → [`Score`] and
//! [`Verdict`] ([`Verifier::verify`]). Each arrow is one function that can be called, tested and timed alone.
//!
//! * A [`Verdict`] is *accepted*, *rejected* or *undecided*: an image that is unfit ([`Flaw`]) or evidence that supports
//!   neither side is left to a person. Do not compare [`Model::score`] with a threshold of your own choice instead: it knows
//!   nothing of the number of references, of likelihood ratios or of flaws.
//! * [`Verifier::check_references`] says whether images are fit to be kept as a writer's references.
//! * [`Verifier::explain`] shows where two signatures agree.
//! * A [`Model`] is one safetensors file: weights, preprocessing, calibration, and what it was trained on.
//!
//! The library opens no data set, no database and no socket. Without the feature `rayon` it uses one thread and builds for
//! `wasm32-unknown-unknown`.
#![forbid(unsafe_code)]

pub mod architecture;
pub mod atomic;
pub mod calibration;
mod clock;
pub mod decode;
pub mod digest;
mod embedding_bytes;
pub mod enrolment;
pub mod error;
pub mod explain;
pub mod find;
pub mod gray;
pub mod inknet;
#[cfg(feature = "keras")]
pub mod keras;
pub mod limits;
pub mod model;
pub mod onnx;
pub mod preprocess;
pub mod quality;
pub mod score;
mod signature_bytes;
pub mod speed;
mod tensor_file;
pub mod turn;
pub mod verdict;
mod verifier;
mod whole_file;

#[doc(inline)]
pub use architecture::Architecture;
#[doc(inline)]
pub use atomic::{temporary_beside, write_atomically};
#[doc(inline)]
pub use calibration::{Calibration, Log10Lr, Support};
#[doc(inline)]
pub use decode::{GrayRule, Page, PixelSamples, Pixels, decode, decode_with_digest, read_image_file};
#[doc(inline)]
pub use digest::ImageDigest;
#[doc(inline)]
pub use error::{Error, Result};
#[doc(inline)]
pub use explain::Explanation;
#[doc(inline)]
pub use gray::Gray;
#[doc(inline)]
pub use inkproof_nn::{Backbone, random};
#[doc(inline)]
pub use limits::Limits;
#[doc(inline)]
pub use model::Model;
#[doc(inline)]
pub use preprocess::{Frame, Ink, InkParameters, Prepared, Preprocess, SIDE, Widths, raw_resize};
#[doc(inline)]
pub use quality::Flaw;
#[doc(inline)]
pub use score::{Decision, Embedding, Score, Threshold};
#[doc(inline)]
pub use turn::Turned;
#[doc(inline)]
pub use verdict::{Verdict, VerifyOptions};
#[doc(inline)]
pub use verifier::{Signature, Times, Verifier};

/// The two siamese networks, the detector of [`find`], and their training, of [`inkproof_nn`].
pub mod network {
    #[doc(inline)]
    pub use inkproof_nn::{
        Adam, Backbone, Batch, DETECTOR_CHANNELS, Detected, Detector, DetectorTrainer, Device as Compute,
        EMBEDDING_LEN, Initialiser, Parameter, Seen, Step, Trainer, Weights,
    };
}
