//! One file for each command: its options, and what it does with them.

pub mod bench;
pub mod calibrate;
pub mod check;
pub mod compare;
pub mod config;
pub mod cross;
pub mod demo;
pub mod enroll;
pub mod evaluate;
pub mod export;
pub mod identify;
pub mod import;
pub mod leakage;
pub mod matrix;
pub mod reviews;
pub mod robustness;
pub mod serve;
pub mod statistics;
pub mod store;
pub mod synth;
pub mod token;
pub mod train;
pub mod truth;
pub mod verify;
pub mod verify_batch;
pub mod writers;
