//! The bodies of requests in memory: how many bytes of all there are, whose they are, and how fast they have to come.
//!
//! Memory is taken as bytes arrive, so that who announces much and sends nothing holds nothing. Whoever asks (a token, or
//! an address where there are none) may hold as much as is left for everybody else: half of all when alone, a third each
//! when there are two, so that there is always room for somebody new. A body that comes too slowly is dropped.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::problem::{Kind, Problem};

/// After so many seconds a client that found no room may try again.
const RETRY_AFTER: u64 = 1;
/// The least that is taken at once.
const STEP: usize = 16 << 10;
/// In every such time...
const PACE: Duration = Duration::from_secs(3);
/// ...at least so many bytes have to come.
const LEAST: usize = 4 << 10;

/// Whose a request is, with its body and its place in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A token, by its id.
    Token(String),
    /// Where no tokens are demanded, an IPv4 address or an IPv6 network.
    Address(IpAddr),
}

/// The bytes of all requests that are received or computed.
#[derive(Debug, Clone)]
pub struct Bodies {
    held: Arc<Mutex<Held>>,
    /// Bytes of one body, and of all.
    most: usize,
    all: usize,
    patience: Duration,
    pace: Duration,
}

#[derive(Debug, Default)]
struct Held {
    of_all: usize,
    /// Who holds nothing is not in it.
    of_each: HashMap<Owner, usize>,
}

/// The body of a request, and its share of the bytes of all.
#[derive(Debug)]
pub struct Received {
    pub bytes: Bytes,
    _share: Share,
}

/// Bytes that are taken for as long as this lives.
#[derive(Debug)]
struct Share {
    bodies: Bodies,
    owner: Owner,
    bytes: usize,
}

impl Bodies {
    /// At most so many bytes for one and for all, and so long until one is there.
    pub fn new(most: usize, all: usize, patience: Duration) -> Self {
        Self { held: Arc::default(), most, all, patience, pace: PACE }
    }

    /// Receives a body whole.
    ///
    /// # Errors
    /// 413 where it is too large, 429 where its owner or all together hold too much, 408 where it comes too slowly, 400
    /// where it breaks off.
    pub async fn receive(&self, owner: Owner, body: Body) -> Result<Received, Problem> {
        let announced = body.size_hint();
        if announced.lower() > self.most as u64 {
            return Err(self.too_large(announced.lower()));
        }
        let expected = announced.upper().map_or(self.most, |upper| self.most.min(upper as usize));
        let mut share = Share { bodies: self.clone(), owner, bytes: 0 };
        let mut bytes = Vec::new();
        let mut clock = Clock::new(self.patience, self.pace);
        let mut parts = body.into_data_stream();
        while let Some(part) = clock.wait(parts.next()).await? {
            let part = part.map_err(|_| Kind::Malformed.with("the request broke off"))?;
            let length = bytes.len() + part.len();
            if length > self.most {
                return Err(self.too_large(length as u64));
            }
            if length > share.bytes {
                // By half, so that a large body is not copied each time that a little of it arrives.
                let enough = (bytes.len() * 3 / 2).max(bytes.len() + STEP).min(expected).max(length);
                share.grow(enough)?;
                bytes.reserve_exact(enough - bytes.len());
            }
            bytes.extend_from_slice(&part);
            clock.arrived(part.len());
        }
        Ok(Received { bytes: bytes.into(), _share: share })
    }

    fn too_large(&self, bytes: u64) -> Problem {
        let most = self.most;
        Kind::TooLarge.with(format!("the request has {bytes} bytes or more, the limit is {most} (max-body of the settings); send fewer or smaller images"))
    }

    /// What an owner may hold who shares with others that hold so much.
    fn most_of_one(&self, others: usize) -> usize {
        let half = self.all.saturating_sub(others) / 2;
        // However little all may hold, one body has to fit.
        if others == 0 { half.max(self.most) } else { half }
    }
}

impl Share {
    /// Takes up to so many bytes in all.
    fn grow(&mut self, to: usize) -> Result<(), Problem> {
        let held = &mut *self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        let more = to - self.bytes;
        let own = held.of_each.get(&self.owner).copied().unwrap_or(0);
        let others = held.of_all - own;
        if own + more > self.bodies.most_of_one(others) {
            let whose = if others == 0 { "yours" } else { "yours and others'" };
            let why = format!("too many requests are being received, {whose}; try again in {RETRY_AFTER} s");
            return Err(Kind::Busy.with(why).retry_after(RETRY_AFTER));
        }
        held.of_all += more;
        *held.of_each.entry(self.owner.clone()).or_default() += more;
        self.bytes = to;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let held = &mut *self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.of_all -= self.bytes;
        if let Some(own) = held.of_each.get_mut(&self.owner) {
            *own -= self.bytes;
            if *own == 0 {
                held.of_each.remove(&self.owner);
            }
        }
    }
}

/// How long a body may still take.
struct Clock {
    whole: Instant,
    patience: Duration,
    pace: Duration,
    /// Until then at least [`LEAST`] bytes have to come, and so many did.
    next: Instant,
    came: usize,
}

impl Clock {
    fn new(patience: Duration, pace: Duration) -> Self {
        let now = Instant::now();
        Self { whole: now + patience, patience, pace, next: now + pace, came: 0 }
    }

    async fn wait<T>(&self, coming: impl Future<Output = T>) -> Result<T, Problem> {
        timeout_at(self.whole.min(self.next), coming).await.map_err(|_| {
            let why = if self.whole <= self.next {
                format!("the request was not there after {} s", self.patience.as_secs())
            } else {
                format!("less than {LEAST} bytes of the request came in {} s", self.pace.as_secs())
            };
            Kind::TooSlow.with(format!("{why}; send it faster"))
        })
    }

    fn arrived(&mut self, bytes: usize) {
        self.came += bytes;
        if self.came >= LEAST {
            (self.next, self.came) = (Instant::now() + self.pace, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures_util::stream;

    use super::*;

    const KIB: usize = 1 << 10;

    fn owner(name: &str) -> Owner {
        Owner::Token(name.to_owned())
    }

    fn body(bytes: usize) -> Body {
        Body::from(vec![7; bytes])
    }

    /// A body of unknown length whose parts come one after the other, so long apart, and that never ends.
    fn trickle(part: usize, apart: Duration) -> Body {
        Body::from_stream(stream::unfold((), move |()| async move {
            tokio::time::sleep(apart).await;
            Some((io::Result::Ok(vec![7; part]), ()))
        }))
    }

    fn bodies(most: usize, all: usize) -> Bodies {
        let (patience, pace) = (Duration::from_secs(2), Duration::from_millis(200));
        Bodies { pace, ..Bodies::new(most, all, patience) }
    }

    #[tokio::test]
    async fn nobody_holds_more_than_is_left_for_others() {
        let bodies = bodies(4 * KIB, 12 * KIB);
        let receive = |name: &str, bytes: usize| bodies.receive(owner(name), body(bytes));
        let first = receive("a", 4 * KIB).await.unwrap();
        assert_eq!(first.bytes.len(), 4 * KIB);
        let second = receive("a", 2 * KIB).await.unwrap();
        assert_eq!(receive("a", 1).await.unwrap_err().status, 429, "half is another's");
        let _third = receive("b", 3 * KIB).await.unwrap();
        assert_eq!(receive("b", 1).await.unwrap_err().status, 429);
        receive("c", KIB).await.unwrap();
        drop((first, second));
        assert!(receive("b", KIB).await.is_ok(), "what was given back can be had");
        assert_eq!(bodies.held.lock().unwrap().of_each.len(), 1, "who holds nothing is forgotten");
    }

    #[tokio::test]
    async fn one_body_fits_however_little_all_may_hold() {
        let bodies = bodies(4 * KIB, 4 * KIB);
        let one = bodies.receive(owner("a"), body(4 * KIB)).await.unwrap();
        assert_eq!(bodies.receive(owner("b"), body(1)).await.unwrap_err().status, 429);
        drop(one);
        assert_eq!(bodies.receive(owner("b"), body(4 * KIB + 1)).await.unwrap_err().status, 413);
        let parts = (0..2).map(|_| io::Result::Ok(vec![7; 3000]));
        let unsized_body = Body::from_stream(stream::iter(parts));
        assert_eq!(bodies.receive(owner("b"), unsized_body).await.unwrap_err().status, 413);
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_holds_nothing_and_is_dropped() {
        let bodies = bodies(1 << 20, 2 << 20);
        let begun = Instant::now();
        let never = Body::from_stream(stream::pending::<io::Result<Bytes>>());
        let waiting = tokio::spawn({
            let bodies = bodies.clone();
            async move { bodies.receive(owner("a"), never).await.unwrap_err().status }
        });
        tokio::task::yield_now().await;
        assert_eq!(bodies.held.lock().unwrap().of_all, 0);
        assert_eq!(waiting.await.unwrap(), 408);
        let slow = bodies.receive(owner("a"), trickle(1, Duration::from_millis(10))).await;
        assert_eq!(slow.unwrap_err().status, 408);
        assert!(begun.elapsed() < bodies.patience, "long before the time of a whole body is over");
        let steady = bodies.receive(owner("a"), trickle(LEAST, Duration::from_millis(100))).await;
        assert!(steady.unwrap_err().detail.contains("after 2 s"), "who keeps pace has all of the time");
    }
}
