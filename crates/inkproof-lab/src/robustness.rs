//! How a verifier bears what happens to signatures between the pen and the file.
//!
//! Signatures are taken off their paper and drawn again: references in black on clean white paper, each questioned one,
//! genuine or forged, under a [`Condition`] of stated strength. What is drawn is written as the bytes of an image file,
//! which the verifier reads as it would read anybody's. Of each condition the bench counts what was accepted, left
//! undecided, rejected and refused, and compares that with the clean condition: the [`Demands`]. Everything that is drawn
//! follows from a seed.

mod bench;
mod condition;
mod desk;
mod files;
mod geometry;
mod light;
mod marks;
mod pictures;
mod print;
mod rates;
mod scene;
mod sheet;
mod specimen;
pub mod table;

pub use bench::{Outcome, Questioned, RobustnessOptions, Trial, bench};
pub use condition::{CONDITIONS, Condition, Original};
pub use pictures::write_pictures;
pub use rates::{Change, ConditionResult, Demands, Rate, RobustnessResult, SetResult, Shares};

#[cfg(test)]
mod tests;
