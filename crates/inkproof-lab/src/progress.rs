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
    /// A new stage begins, of which nothing is done.
    Stage {
        /// What is done in it.
        name: &'a str,
        /// Its units of work.
        total: usize,
    },
    /// The stage has come further.
    Advance {
        /// Units of it that are done (not the increment).
        done: usize,
    },
    /// One optimiser step is done.
    Step {
        /// From 1.
        epoch: usize,
        /// How many there will be.
        epochs: usize,
        /// Within the epoch, from 1.
        step: usize,
        /// Of each epoch.
        steps: usize,
        /// Running mean of the epoch, in nats.
        loss: f64,
        /// Running mean of the epoch, 0..1.
        accuracy: f64,
        /// Images that went through the network in a second.
        images_per_second: f64,
    },
    /// One epoch is done.
    Epoch {
        /// From 1.
        epoch: usize,
        /// How many there will be.
        epochs: usize,
        /// Mean over its pairs, in nats.
        loss: f64,
        /// Mean over its pairs, 0..1.
        accuracy: f64,
        /// How long it took.
        seconds: f64,
    },
    /// A training begins.
    Training {
        /// Where its model will be written.
        model: &'a Path,
        /// Whether it continues a checkpoint.
        resume: bool,
    },
    /// Something could not be used and is left out.
    Skipped {
        /// The file or folder.
        path: &'a Path,
        /// The reason, in words.
        why: &'a str,
    },
    /// Something that may make the figures misleading.
    Warning(&'a str),
    /// A sentence for the reader.
    Note(&'a str),
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&mut self, _event: Event<'_>) {}
}
