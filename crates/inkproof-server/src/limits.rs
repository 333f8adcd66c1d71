//! Limits of what is computed at the same time.
//!
//! A request that computes takes a place in a bounded queue, waits for one of a fixed number of workers, and is computed
//! on a thread of its own; a full queue answers 429 at once, which keeps the wait of everyone else short. A computation
//! whose client has gone holds its worker until it is done, so that there are never more of them than workers.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Kind, Problem};

/// After so many seconds a client that found the queue full may try again.
const RETRY_AFTER: u64 = 1;

/// A fixed number of workers and the places before them.
#[derive(Debug, Clone)]
pub struct Workers {
    /// Requests that wait or are computed.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    workers: usize,
    queue: usize,
}

impl Workers {
    pub fn new(workers: usize, queue: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { places: semaphore(workers + queue), turns: semaphore(workers), workers, queue }
    }

    /// Takes a place in the queue.
    ///
    /// # Errors
    /// 429 where it is full.
    pub fn place(&self) -> Result<Place, Problem> {
        let busy = |_| {
            let all =
                format!("{} requests are computed and {} wait; try again in {RETRY_AFTER} s", self.workers, self.queue);
            Kind::Busy.with(all).retry_after(RETRY_AFTER)
        };
        let place = self.places.clone().try_acquire_owned().map_err(busy)?;
        Ok(Place { place, turns: self.turns.clone() })
    }

    /// Requests that wait, and those that are computed.
    pub fn waiting_and_running(&self) -> (usize, usize) {
        let running = self.workers - self.turns.available_permits();
        let taken = self.workers + self.queue - self.places.available_permits();
        (taken.saturating_sub(running), running)
    }
}

/// A place in the queue.
#[derive(Debug)]
pub struct Place {
    place: OwnedSemaphorePermit,
    turns: Arc<Semaphore>,
}

impl Place {
    /// Waits for a worker and computes.
    ///
    /// # Errors
    /// 500 where the work panics.
    pub async fn compute<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| stopped())?;
        blocking(move || {
            let _held = (self.place, turn);
            work()
        })
        .await
    }
}

/// Does work that blocks on a thread of its own.
///
/// # Errors
/// 500 where the work panics.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work ended before its time");
        Kind::Internal.with("the work ended before its time; the log of the service says more")
    })
}

fn stopped() -> Problem {
    Kind::Unavailable.with("the service is stopping")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_finds_the_queue_full_is_told_to_come_back() {
        let workers = Workers::new(1, 1);
        let (first, second) = (workers.place().unwrap(), workers.place().unwrap());
        assert_eq!(workers.place().unwrap_err().status, 429);
        assert_eq!(workers.waiting_and_running(), (2, 0));
        assert_eq!(first.compute(|| 7).await.unwrap(), 7);
        drop(second);
        assert_eq!(workers.waiting_and_running(), (0, 0));
        assert!(workers.place().is_ok());
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_worker_back() {
        let workers = Workers::new(1, 0);
        let broken = workers.place().unwrap().compute(|| panic!("on purpose")).await;
        assert_eq!(broken.map(|()| 0).unwrap_err().status, 500);
        assert_eq!(workers.place().unwrap().compute(|| 7).await.unwrap(), 7);
    }
}
