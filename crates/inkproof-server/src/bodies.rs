//! The bodies of requests in memory: how many bytes of all there are, whose they are, and how fast they have to come.
//!
//! Memory is taken as bytes arrive, so that who announces much and sends nothing holds nothing. Whoever asks (a token, or
//! an address where there are none) may hold as much as is left for everybody else: half of all when alone, a third each
//! when there are two, so that there is always room for somebody new. A body that comes too slowly is dropped. One that
//! would not fit beside those that its owner is sending already is refused before most of it is received: bytes that are
//! thrown away take everybody's time.

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
/// Room is asked for so many times what has arrived.
const AHEAD: usize = 4;
/// From so many bytes on a body is believed to become as long as it was announced.
const BELIEVED: usize = 64 << 10;
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
    of_each: HashMap<Owner, Size>,
}

/// How much has arrived, and how much there will be.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    arrived: usize,
    expected: usize,
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
    size: Size,
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
        let mut share = Share { bodies: self.clone(), owner, size: Size::default() };
        let mut bytes = Vec::new();
        let mut clock = Clock::new(self.patience, self.pace);
        let mut parts = body.into_data_stream();
        while let Some(part) = clock.wait(parts.next()).await? {
            let part = part.map_err(|_| Kind::Malformed.with("the request broke off"))?;
            let length = bytes.len() + part.len();
            if length > self.most {
                return Err(self.too_large(length as u64));
            }
            if length > share.size.arrived {
                let is_believed = announced.upper().is_some() && length >= BELIEVED;
                let arrived = length.next_multiple_of(STEP).min(expected).max(length);
                share.grow(Size { arrived, expected: if is_believed { expected.max(arrived) } else { arrived } })?;
            }
            if length > bytes.capacity() {
                // A large body is copied seldom, as copies cost everybody's time; what is not written yet is only an address.
                let enough = (AHEAD * bytes.len()).max(STEP).min(expected).max(length);
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
    /// Takes as much in all.
    fn grow(&mut self, to: Size) -> Result<(), Problem> {
        let held = &mut *self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.of_each.get(&self.owner).copied().unwrap_or_default();
        let others = held.of_all - own.arrived;
        let own = own.less(self.size).more(to);
        if own.expected > self.bodies.most_of_one(others) {
            let whose = if others == 0 { "yours" } else { "yours and others'" };
            let why = format!("too many requests are being received, {whose}; try again in {RETRY_AFTER} s");
            return Err(Kind::Busy.with(why).retry_after(RETRY_AFTER));
        }
        held.of_all = others + own.arrived;
        held.of_each.insert(self.owner.clone(), own);
        self.size = to;
        Ok(())
    }
}

impl Size {
    fn more(self, by: Self) -> Self {
        Self { arrived: self.arrived + by.arrived, expected: self.expected + by.expected }
    }

    fn less(self, by: Self) -> Self {
        Self { arrived: self.arrived - by.arrived, expected: self.expected - by.expected }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let held = &mut *self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.of_all -= self.size.arrived;
        if let Some(own) = held.of_each.get_mut(&self.owner) {
            *own = own.less(self.size);
            if own.arrived == 0 {
                held.of_each.remove(&self.owner);
            }
        }
    }
}

/// How long a body may still take.
pub struct Clock {
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

    /// With the pace of all bodies, and so long until one is there.
    pub fn steady(patience: Duration) -> Self {
        Self::new(patience, PACE)
    }

    /// # Errors
    /// 408 where it comes too slowly.
    pub async fn wait<T>(&self, coming: impl Future<Output = T>) -> Result<T, Problem> {
        timeout_at(self.whole.min(self.next), coming).await.map_err(|_| {
            let why = if self.whole <= self.next {
                format!("the request was not there after {} s", self.patience.as_secs())
            } else {
                format!("less than {LEAST} bytes of the request came in {} s", self.pace.as_secs())
            };
            Kind::TooSlow.with(format!("{why}; send it faster"))
        })
    }

    /// So many bytes came.
    pub fn arrived(&mut self, bytes: usize) {
        self.came += bytes;
        if self.came >= LEAST {
            (self.next, self.came) = (Instant::now() + self.pace, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures_util::stream;
    use http_body::{Frame, SizeHint};

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

    /// A body that is announced, and of which so much comes and then nothing.
    struct Stalled {
        announced: usize,
        comes: Option<Bytes>,
    }

    impl HttpBody for Stalled {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            self.comes.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.announced as u64)
        }
    }

    #[tokio::test]
    async fn what_will_not_fit_is_refused_before_it_is_received() {
        const LARGE: usize = 20 * BELIEVED;
        let bodies = bodies(LARGE, 4 * LARGE);
        let send = |name: &str, comes: usize| {
            let (bodies, owner) = (bodies.clone(), owner(name));
            let body = Body::new(Stalled { announced: LARGE, comes: Some(vec![7; comes].into()) });
            tokio::spawn(async move { bodies.receive(owner, body).await })
        };
        let first = [send("a", BELIEVED), send("a", BELIEVED)];
        tokio::task::yield_now().await;
        assert_eq!(bodies.held.lock().unwrap().of_all, 2 * BELIEVED, "of memory only what has arrived is taken");
        let refused = send("a", BELIEVED).await.unwrap();
        assert_eq!(refused.unwrap_err().status, 429, "two such are half of all");
        assert!(bodies.receive(owner("b"), body(LARGE)).await.is_ok(), "what others expect is no matter");
        for stalled in first {
            assert_eq!(stalled.await.unwrap().unwrap_err().status, 408);
        }
        assert!(bodies.held.lock().unwrap().of_each.is_empty());
        assert!(bodies.receive(owner("a"), body(LARGE)).await.is_ok());
    }

    #[tokio::test]
    async fn who_announces_much_and_sends_little_is_not_believed() {
        let bodies = bodies(2 * BELIEVED, 4 * BELIEVED);
        let silent: Vec<_> = (0..3)
            .map(|_| {
                let bodies = bodies.clone();
                let body = Body::new(Stalled { announced: 2 * BELIEVED, comes: Some(vec![7; KIB].into()) });
                tokio::spawn(async move { bodies.receive(owner("a"), body).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(bodies.receive(owner("a"), body(BELIEVED)).await.is_ok());
        for stalled in silent {
            assert_eq!(stalled.await.unwrap().unwrap_err().status, 408);
        }
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
