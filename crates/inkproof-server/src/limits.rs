//! Limits of what is computed at the same time.
//!
//! A request that computes takes a place in a bounded queue, waits for one of a fixed number of workers, and is computed
//! on a thread of its own; a full queue answers 429 at once, which keeps the wait of everyone else short. A computation
//! whose client has gone holds its worker until it is done, so that there are never more of them than workers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::bodies::Owner;
use crate::problem::{Kind, Problem};

/// After so many seconds a client that found the queue full may try again.
const RETRY_AFTER: u64 = 1;
/// Whoever asked within this time counts as somebody to whom something has to be left.
const RECENT: Duration = Duration::from_secs(10);

/// A fixed number of workers and the places before them. While others ask, nobody has all of them: one worker and a quarter
/// of the places are left, so that nobody's large images are everybody's wait.
#[derive(Debug, Clone)]
pub struct Workers {
    turns: Arc<Semaphore>,
    shares: Arc<Shares>,
}

/// Who has how much.
#[derive(Debug)]
struct Shares {
    workers: usize,
    queue: usize,
    held: Mutex<HashMap<Owner, Share>>,
    /// Workers that compute what nobody waits for.
    spared: AtomicUsize,
    /// Told whenever somebody has less than before.
    less: Notify,
}

#[derive(Debug)]
struct Share {
    /// Requests that wait or are computed.
    places: usize,
    /// Those of them that a worker computes, or the next that is free.
    turns: usize,
    asked: Instant,
}

impl Workers {
    pub fn new(workers: usize, queue: usize) -> Self {
        let shares =
            Shares { workers, queue, held: Mutex::default(), spared: AtomicUsize::new(0), less: Notify::new() };
        Self { turns: Arc::new(Semaphore::new(workers)), shares: Arc::new(shares) }
    }

    /// Takes a place in the queue.
    ///
    /// # Errors
    /// 429 where it is full, or all of it that may be one owner's.
    pub fn place(&self, owner: &Owner) -> Result<Place, Problem> {
        let Shares { workers, queue, .. } = *self.shares;
        let busy = || {
            let all = format!("{workers} requests are computed and {queue} wait; try again in {RETRY_AFTER} s");
            Kind::Busy.with(all).retry_after(RETRY_AFTER)
        };
        if !self.shares.take_place(owner) {
            return Err(busy());
        }
        Ok(Place { owner: owner.clone(), has_turn: false, workers: self.clone() })
    }

    /// A worker for what nobody waits for. None where it would be the last that is free, or a request waits for one; where there
    /// is a single worker, while a request is computed.
    pub fn spare(&self) -> Option<Spare> {
        let kept = usize::from(self.shares.workers > 1);
        if self.waiting_and_running().0 > 0 || self.turns.available_permits() <= kept {
            return None;
        }
        let turn = self.turns.clone().try_acquire_owned().ok()?;
        self.shares.spared.fetch_add(1, Ordering::SeqCst);
        Some(Spare { shares: self.shares.clone(), _turn: turn })
    }

    /// Requests that wait, and those that are computed.
    pub fn waiting_and_running(&self) -> (usize, usize) {
        let spared = self.shares.spared.load(Ordering::SeqCst);
        let running = (self.shares.workers - self.turns.available_permits()).saturating_sub(spared);
        let taken: usize = self.shares.held().values().map(|share| share.places).sum();
        (taken.saturating_sub(running), running)
    }
}

impl Shares {
    fn held(&self) -> MutexGuard<'_, HashMap<Owner, Share>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_place(&self, owner: &Owner) -> bool {
        let (now, all) = (Instant::now(), self.workers + self.queue);
        let mut held = self.held();
        held.retain(|_, share| share.places > 0 || now - share.asked < RECENT);
        let is_alone = held.keys().all(|other| other == owner);
        let taken: usize = held.values().map(|share| share.places).sum();
        let most = if is_alone { all } else { all - (all / 4).max(1) };
        let share = held.entry(owner.clone()).or_insert(Share { places: 0, turns: 0, asked: now });
        share.asked = now;
        let is_free = taken < all && share.places < most.max(1);
        share.places += usize::from(is_free);
        is_free
    }

    fn take_turn(&self, owner: &Owner) -> bool {
        let mut held = self.held();
        let is_alone = held.keys().all(|other| other == owner);
        let most = if is_alone { usize::MAX } else { self.workers - 1 };
        let share = held.get_mut(owner).expect("who has a place has a share");
        let is_free = share.turns < most.max(1);
        share.turns += usize::from(is_free);
        is_free
    }

    fn give_back(&self, owner: &Owner, has_turn: bool) {
        if let Some(share) = self.held().get_mut(owner) {
            share.places -= 1;
            share.turns -= usize::from(has_turn);
        }
        self.less.notify_waiters();
    }
}

/// A worker that no request needs, for as long as this lives.
#[derive(Debug)]
pub struct Spare {
    shares: Arc<Shares>,
    _turn: OwnedSemaphorePermit,
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.shares.spared.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A place in the queue.
#[derive(Debug)]
pub struct Place {
    owner: Owner,
    has_turn: bool,
    workers: Workers,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.workers.shares.give_back(&self.owner, self.has_turn);
    }
}

impl Place {
    /// Waits for a worker and computes.
    ///
    /// # Errors
    /// 500 where the work panics.
    pub async fn compute<T: Send + 'static>(mut self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = self.turn().await?;
        blocking(move || {
            let _held = (turn, self);
            work()
        })
        .await
    }

    async fn turn(&mut self) -> Result<OwnedSemaphorePermit, Problem> {
        loop {
            let mut less = std::pin::pin!(self.workers.shares.less.notified());
            // From here on: what is given back while this looks is not missed.
            less.as_mut().enable();
            if self.workers.shares.take_turn(&self.owner) {
                break;
            }
            less.await;
        }
        self.has_turn = true;
        self.workers.turns.clone().acquire_owned().await.map_err(|_| stopped())
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
    use std::sync::mpsc::channel;

    use super::*;

    fn owner(name: &str) -> Owner {
        Owner::Token(name.to_owned())
    }

    #[tokio::test]
    async fn what_finds_the_queue_full_is_told_to_come_back() {
        let workers = Workers::new(1, 1);
        let place = || workers.place(&owner("one"));
        let (first, second) = (place().unwrap(), place().unwrap());
        assert_eq!(place().unwrap_err().status, 429);
        assert_eq!(workers.waiting_and_running(), (2, 0));
        assert_eq!(first.compute(|| 7).await.unwrap(), 7);
        drop(second);
        assert_eq!(workers.waiting_and_running(), (0, 0));
        assert!(place().is_ok());
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_worker_back() {
        let workers = Workers::new(1, 0);
        let broken = workers.place(&owner("one")).unwrap().compute(|| panic!("on purpose")).await;
        assert_eq!(broken.map(|()| 0).unwrap_err().status, 500);
        assert_eq!(workers.place(&owner("one")).unwrap().compute(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn who_asks_for_everything_leaves_something_to_others() {
        let workers = Workers::new(2, 2);
        let (heavy, light) = (owner("heavy"), owner("light"));
        assert!(workers.place(&light).unwrap().compute(|| true).await.unwrap());
        let (go_on, wait) = channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let long = |place: Place| {
            let wait = wait.clone();
            tokio::spawn(place.compute(move || wait.lock().unwrap().recv().ok()))
        };
        let jobs: Vec<_> = (0..3).map(|_| long(workers.place(&heavy).unwrap())).collect();
        assert_eq!(workers.place(&heavy).unwrap_err().status, 429, "a quarter of the places is left");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(workers.waiting_and_running(), (2, 1), "a worker is left");
        assert!(workers.place(&light).unwrap().compute(|| true).await.unwrap(), "it need not wait");
        for job in jobs {
            go_on.send(()).unwrap();
            drop(job);
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_leaves_a_worker_to_requests() {
        let workers = Workers::new(2, 2);
        let spare = workers.spare().unwrap();
        assert!(workers.spare().is_none(), "one is left");
        assert_eq!(workers.waiting_and_running(), (0, 0), "it is no request");
        assert!(workers.place(&owner("one")).unwrap().compute(|| true).await.unwrap(), "it need not wait");
        drop(spare);
        let waits = workers.place(&owner("one")).unwrap();
        assert!(workers.spare().is_none(), "a request comes first");
        drop(waits);
        assert!(workers.spare().is_some());
        let single = Workers::new(1, 1);
        let spare = single.spare().unwrap();
        assert!(single.spare().is_none());
        drop(spare);
        assert!(single.place(&owner("one")).unwrap().compute(|| true).await.unwrap());
    }

    #[tokio::test]
    async fn who_is_alone_has_everything() {
        let workers = Workers::new(2, 2);
        let places: Vec<_> = (0..4).map(|_| workers.place(&owner("one")).unwrap()).collect();
        assert_eq!(workers.place(&owner("one")).unwrap_err().status, 429);
        drop(places);
        assert_eq!(workers.waiting_and_running(), (0, 0));
    }
}
