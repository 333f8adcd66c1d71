//! Ctrl-C: the first asks to stop at the next good moment, the second ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C only asks.
pub fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(2);
        }
        eprintln!("\nstopping after this step; press Ctrl-C again to stop at once and lose the epoch");
    })
    .context("Ctrl-C cannot be listened to")
}

/// Whether the user wants to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
