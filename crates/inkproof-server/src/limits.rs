//! Limits of what is done at the same time: computing, and the bytes of requests.
//!
//! A request that computes takes a place in a bounded queue, waits for one of a fixed number of workers, and is computed
//! on a thread of its own; a full queue answers 429 at once, which keeps the wait of everyone else short. A computation
//! whose client has gone holds its worker until it is done, so that there are never more of them than workers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Kind, Problem};

/// After so many seconds a client that found the queue full may try again.
const RETRY_AFTER: u64 = 1;
/// Bytes are counted in blocks of this size.
const BLOCK: usize = 1 << 10;

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

/// The bytes of all requests that are received or computed.
#[derive(Debug, Clone)]
pub struct Bodies {
    blocks: Arc<Semaphore>,
    most: usize,
    patience: Duration,
}

/// The body of a request, and its share of the bytes of all.
#[derive(Debug)]
pub struct Received {
    pub bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl Bodies {
    /// At most so many bytes for one and for all, and so long until one is there.
    pub fn new(most: usize, all: usize, patience: Duration) -> Self {
        Self { blocks: Arc::new(Semaphore::new(all.div_ceil(BLOCK))), most, patience }
    }

    /// Receives a body whole.
    ///
    /// # Errors
    /// 413 where it is too large, 429 where all requests together are, 408 where it takes too long, 400 where it breaks off.
    pub async fn receive(&self, body: Body) -> Result<Received, Problem> {
        let too_large = |bytes: u64| {
            let most = self.most;
            Kind::TooLarge
                .with(format!("the request has {bytes} bytes or more, the limit is {most}; send fewer images"))
        };
        let hint = body.size_hint();
        if hint.lower() > self.most as u64 {
            return Err(too_large(hint.lower()));
        }
        let expected = hint.upper().map_or(self.most, |upper| self.most.min(upper as usize));
        let blocks = expected.div_ceil(BLOCK) as u32;
        let full = |_| {
            let why = format!("other requests are being received; try again in {RETRY_AFTER} s");
            Kind::Busy.with(why).retry_after(RETRY_AFTER)
        };
        let share = self.blocks.clone().try_acquire_many_owned(blocks).map_err(full)?;
        let whole = async {
            let mut bytes = Vec::with_capacity(hint.lower() as usize);
            let mut parts = body.into_data_stream();
            while let Some(part) = parts.next().await {
                let part = part.map_err(|_| Kind::Malformed.with("the request broke off"))?;
                if bytes.len() + part.len() > self.most {
                    return Err(too_large((bytes.len() + part.len()) as u64));
                }
                bytes.extend_from_slice(&part);
            }
            Ok(bytes)
        };
        let late = |_| Kind::TooSlow.with(format!("the request was not there after {} s", self.patience.as_secs()));
        let bytes = tokio::time::timeout(self.patience, whole).await.map_err(late)??;
        Ok(Received { bytes: bytes.into(), _share: share })
    }
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

    #[tokio::test]
    async fn bodies_share_what_there_is() {
        let bodies = Bodies::new(4 * BLOCK, 5 * BLOCK, Duration::from_millis(50));
        let body = |bytes: usize| Body::from(vec![7; bytes]);
        let first = bodies.receive(body(4 * BLOCK)).await.unwrap();
        assert_eq!(first.bytes.len(), 4 * BLOCK);
        assert_eq!(bodies.receive(body(2 * BLOCK)).await.unwrap_err().status, 429);
        let small = bodies.receive(body(10)).await.unwrap();
        drop((first, small));
        assert!(bodies.receive(body(2 * BLOCK)).await.is_ok());
        assert_eq!(bodies.receive(body(4 * BLOCK + 1)).await.unwrap_err().status, 413);
        let parts = (0..2).map(|_| std::io::Result::Ok(vec![7; 3000]));
        let unsized_body = Body::from_stream(futures_util::stream::iter(parts));
        assert_eq!(bodies.receive(unsized_body).await.unwrap_err().status, 413);
        let never = Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>());
        assert_eq!(bodies.receive(never).await.unwrap_err().status, 408);
    }
}
