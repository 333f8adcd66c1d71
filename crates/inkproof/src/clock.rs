//! How long something takes, where there is a clock.

use std::time::{Duration, Instant};

/// A moment that time has passed since.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Option<Instant>);

impl Stopwatch {
    /// From now on. WebAssembly in a browser has no clock, and asking for its time would panic.
    pub(crate) fn start() -> Self {
        let has_clock = cfg!(not(all(target_family = "wasm", target_os = "unknown")));
        Self(has_clock.then(Instant::now))
    }

    /// The time since then; zero without a clock.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, |start| start.elapsed())
    }
}
