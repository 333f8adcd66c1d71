//! Ctrl-C: the first asks to stop at the next good moment, the second ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Said where a training is to stop.
pub const OF_TRAINING: &str = "stopping after this step; press Ctrl-C again to stop at once and lose the epoch";

/// From now on Ctrl-C only asks, and is answered with these words.
pub fn listen(answer: &'static str) -> Result<()> {
    ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(2);
        }
        eprintln!("\n{answer}");
    })
    .context("Ctrl-C cannot be listened to")
}

/// Whether the user wants to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
