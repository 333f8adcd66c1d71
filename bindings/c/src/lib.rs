//! inkproof for C, and through it for every language that can call C: what `include/inkproof.h` declares.
//!
//! That header is written by cbindgen from the documentation here, so it speaks to whoever writes C; its first lines,
//! in `cbindgen.toml`, have the rules of pointers, memory and threads. A handle is a boxed value that never changes.
//! Pointers are looked at in `pointers.rs` alone, and nothing panics across the border (`answer.rs`). Nothing is
//! computed here that the engine could compute.
#![warn(clippy::undocumented_unsafe_blocks)]
#![allow(clippy::missing_safety_doc, reason = "the header's first lines have the rules of all pointers")]

mod answer;
mod bytes;
mod pointers;
mod signature;
mod threads;
mod verdict;
mod verifier;

#[cfg(test)]
mod tests;
