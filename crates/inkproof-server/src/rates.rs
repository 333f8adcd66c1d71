//! How often somebody may come: a token, and an address that sends none or wrong ones.
//!
//! Both are asked before a token is looked up, so that a flood costs the store nothing. A token that was valid the last
//! time is known by its hash and has a rate of its own: who shares an address with an attacker is let in all the same.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use inkproof_store::{Actor, Hash};

use crate::address;
use crate::problem::{Kind, Problem};

/// Of one address, so many requests without a valid token are answered at once, and so many a second then.
const FAILURES: (f64, f64) = (300.0, 5.0);
/// Of so many addresses it is known how often they failed; further ones are let through to the look-up.
const MANY: usize = 10_000;
/// How often addresses that are as good as new are forgotten.
const TIDY: Duration = Duration::from_secs(1);

/// How often each may still come.
pub struct Rates {
    tokens: DefaultKeyedRateLimiter<Hash>,
    /// Tokens that were valid when they were last looked up. Only those that the store has can be here.
    known: Mutex<HashMap<Hash, Actor>>,
    strangers: Mutex<Strangers>,
}

struct Strangers {
    left: HashMap<IpAddr, Left>,
    tidied: Instant,
}

/// Failures that an address had left at a moment.
struct Left {
    failures: f64,
    at: Instant,
}

impl Left {
    fn now(&self) -> f64 {
        (self.failures + FAILURES.1 * self.at.elapsed().as_secs_f64()).min(FAILURES.0)
    }
}

impl Rates {
    pub fn new(a_minute: u32) -> Self {
        let strangers = Strangers { left: HashMap::new(), tidied: Instant::now() };
        Self { tokens: RateLimiter::keyed(quota(a_minute)), known: Mutex::default(), strangers: Mutex::new(strangers) }
    }

    /// Whose a token was when it was last looked up; None where it was not valid then, or never came.
    pub fn known(&self, token: &Hash) -> Option<Actor> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    pub fn learn(&self, token: Hash, actor: Actor) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(token, actor);
    }

    pub fn forget(&self, token: &Hash) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    /// Counts a request of a token that is known.
    ///
    /// # Errors
    /// 429 where it comes too often.
    pub fn check_token(&self, token: &Hash) -> Result<(), Problem> {
        self.tokens.check_key(token).map_err(|until| too_often("the token comes too often", &until))
    }

    /// Whether a request of an address that brings no known token may be looked at.
    ///
    /// # Errors
    /// 429 where too many failed.
    pub fn check_address(&self, from: IpAddr) -> Result<(), Problem> {
        let strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let left = strangers.left.get(&address::network(from)).map_or(FAILURES.0, Left::now);
        if left >= 1.0 {
            return Ok(());
        }
        Err(Kind::TooMany.with("too many requests from here were refused; wait a minute").retry_after(60))
    }

    /// Counts a request of an address that brought no valid token.
    pub fn failed(&self, from: IpAddr) {
        let strangers = &mut *self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if strangers.left.len() >= MANY && strangers.tidied.elapsed() > TIDY {
            strangers.left.retain(|_, left| left.now() < FAILURES.0);
            strangers.tidied = Instant::now();
        }
        let (from, is_full) = (address::network(from), strangers.left.len() >= MANY);
        let before = strangers.left.get(&from).map(Left::now);
        if before.is_some() || !is_full {
            let failures = (before.unwrap_or(FAILURES.0) - 1.0).max(0.0);
            strangers.left.insert(from, Left { failures, at: Instant::now() });
        }
    }
}

/// So many a minute, and a sixth of them at once.
pub fn quota(a_minute: u32) -> Quota {
    let number = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(number(a_minute)).allow_burst(number(a_minute.div_ceil(6)))
}

/// 429, with the seconds to wait.
pub fn too_often(what: &str, until: &NotUntil<<DefaultClock as Clock>::Instant>) -> Problem {
    let seconds = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
    Kind::TooMany.with(format!("{what}; try again in {seconds} s")).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_too_often_is_not_looked_at() {
        let rates = Rates::new(60);
        let [bad, good] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap());
        (0..FAILURES.0 as usize).for_each(|_| rates.failed(bad));
        // A few come back while this runs.
        let refused = (0..50).any(|_| {
            rates.failed(bad);
            rates.check_address(bad).is_err()
        });
        assert!(refused);
        assert!(rates.check_address(good).is_ok());
    }

    #[test]
    fn addresses_without_end_take_no_memory_without_end() {
        let rates = Rates::new(60);
        let address = |number: usize| IpAddr::from(((0x2001_0db8_u128 << 32 | number as u128) << 64).to_be_bytes());
        (0..2 * MANY).for_each(|number| rates.failed(address(number)));
        assert_eq!(rates.strangers.lock().unwrap().left.len(), MANY);
        assert!(rates.check_address(address(2 * MANY)).is_ok(), "somebody new is still let in");
    }
}
