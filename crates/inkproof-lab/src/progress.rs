//! How long work tells its caller how far it is: one trait with one method. The program draws bars from the events, a
//! test collects them, and whoever wants silence passes [`Silent`].

use std::path::Path;

/// Receives the events of one piece of work, in order.
pub trait Progress {
    /// Called often; should return fast.
    fn report(&mut self, event: Event<'_>);
}

/// One step of progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A new stage begins, with `total` units of work, of which none is done.
    Stage { name: &'a str, total: usize },
    /// `done` of the stage's units are done (not the increment).
    Advance { done: usize },
    /// One optimiser step is done; `epoch` and `step` count from 1, loss and accuracy are running means of the epoch.
    Step { epoch: usize, epochs: usize, step: usize, steps: usize, loss: f64, accuracy: f64, images_per_second: f64 },
    /// One epoch is done, with the means over its steps.
    Epoch { epoch: usize, epochs: usize, loss: f64, accuracy: f64, seconds: f64 },
    /// Something could not be used and is left out.
    Skipped { path: &'a Path, why: &'a str },
    /// A sentence for the reader.
    Note(&'a str),
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&mut self, _event: Event<'_>) {}
}
