//! One file for each command: its options, and what it does with them.

pub mod audit;
pub mod bench;
pub mod calibrate;
pub mod compare;
pub mod config;
pub mod cross;
pub mod demo;
pub mod evaluate;
pub mod export;
pub mod serve;
pub mod synth;
pub mod train;
pub mod truth;
pub mod verify;
