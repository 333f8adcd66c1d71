//! Who looks at ink that is kept, or at pictures of it: slowed down for each token, and written down before it is answered.
//!
//! Pictures of what a request itself brings are nobody's secret, and not meant here.

use governor::{DefaultKeyedRateLimiter, RateLimiter};
use inkproof_service::{Door, Seen, viewed};
use inkproof_store::{Actor, Pseudonym};

use crate::Server;
use crate::problem::Problem;
use crate::rates::{quota, too_often};
use crate::tokens::Caller;

/// How often each token may look.
pub struct PictureRates(DefaultKeyedRateLimiter<String>);

impl PictureRates {
    pub fn new(a_minute: u32) -> Self {
        Self(RateLimiter::keyed(quota(a_minute)))
    }

    /// Counts one more look, unless no tokens are demanded: then nobody can be told from anybody.
    ///
    /// # Errors
    /// 429 where the token has looked too often.
    pub fn check(&self, caller: &Caller) -> Result<(), Problem> {
        if caller.role.is_none() {
            return Ok(());
        }
        let told = |until| too_often("the token looks at too many pictures", &until);
        self.0.check_key(&caller.actor.as_str().to_owned()).map_err(told)
    }
}

impl Server {
    /// Writes down that somebody is about to be shown something.
    ///
    /// # Errors
    /// What the store says; then nothing may be shown.
    pub async fn looks(&self, seen: Seen, writer: Option<Pseudonym>, by: Actor) -> Result<(), Problem> {
        self.recorder.entry(viewed(seen, writer, Door::Http, by)).await
    }
}
