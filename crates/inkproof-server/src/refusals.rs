//! Requests that were not let in, on their way to the audit.
//!
//! Who is let in nowhere must not be able to fill the record. So the first refusal of a kind (why, and whose token it was)
//! is written down at once, and those after it are counted and written down as one entry a minute, with how many they were
//! and from where. When the service stops, what was counted is written down first.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use inkproof_store::{Actor, Event, NewEntry};
use serde_json::json;

use crate::observe::known;
use crate::{Server, address};

/// Refusals of a kind are one entry for each such time.
const MINUTE: Duration = Duration::from_secs(60);
/// How often it is looked whether an entry is due.
const LOOK: Duration = Duration::from_secs(1);
/// So many addresses are named in an entry.
const NAMED: usize = 5;
/// So many different addresses of a kind are told apart; an entry that has as many stands for more.
const ADDRESSES: usize = 1000;
/// So many kinds are counted apart. There are few reasons, but as many tokens as somebody makes: further ones are one.
const KINDS: usize = 64;

/// A request that was not let in.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// In a word or two; one of a few.
    pub why: &'static str,
    /// Whose token it was, or nobody.
    pub actor: Actor,
    pub from: IpAddr,
    pub asked: Asked,
}

/// What a request asked for, without what tells of anybody.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    method: &'static str,
    route: String,
}

impl Asked {
    pub fn new(method: &'static str, route: &str) -> Self {
        Self { method, route: route.to_owned() }
    }

    pub fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
        Self { method: known(request.method()), route }
    }
}

type Kind = (&'static str, Actor);

/// Counts refusals that are not written down yet.
#[derive(Debug, Default)]
pub struct Refusals {
    counted: Mutex<HashMap<Kind, Counted>>,
    /// Held while entries are written, so that the end of the service waits for them.
    writing: tokio::sync::Mutex<()>,
}

/// Refusals of a kind since the last entry about it.
#[derive(Debug)]
struct Counted {
    since: Instant,
    count: u64,
    first: Asked,
    named: Vec<IpAddr>,
    addresses: HashSet<IpAddr>,
}

impl Counted {
    fn new(asked: Asked) -> Self {
        Self { since: Instant::now(), count: 0, first: asked, named: Vec::new(), addresses: HashSet::new() }
    }

    fn add(&mut self, count: u64, from: impl IntoIterator<Item = IpAddr>) {
        self.count += count;
        for address in from {
            if self.addresses.len() < ADDRESSES && self.addresses.insert(address) && self.named.len() < NAMED {
                self.named.push(address);
            }
        }
    }

    fn entry(&self, (why, actor): &Kind) -> NewEntry {
        let details = json!({
            "method": self.first.method,
            "route": self.first.route,
            "count": self.count,
            "addresses": self.addresses.len(),
            "first_addresses": self.named,
            "seconds": self.since.elapsed().as_secs(),
        });
        let (actor, outcome) = (actor.clone(), (*why).to_owned());
        NewEntry { actor, event: Event::Refused, writer: None, model: None, outcome, details }
    }
}

impl Refusals {
    /// Counts one; where it is the first of its kind for a while, it is given back, to be written down at once.
    fn count(&self, refusal: Refusal) -> Option<(Kind, Counted)> {
        let Refusal { why, actor, from, asked } = refusal;
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kind = (why, actor);
        if counted.len() >= KINDS && !counted.contains_key(&kind) {
            kind.1 = Actor::new("several");
        }
        let from = address::network(from);
        if let Some(others) = counted.get_mut(&kind) {
            if others.count == 0 {
                others.first = asked;
            }
            others.add(1, [from]);
            return None;
        }
        counted.insert(kind.clone(), Counted::new(asked.clone()));
        let mut first = Counted::new(asked);
        first.add(1, [from]);
        Some((kind, first))
    }

    /// What was counted for at least so long. A kind of which nothing came meanwhile is forgotten: its next is a first again.
    fn take(&self, for_at_least: Duration) -> Vec<(Kind, Counted)> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|_, of_kind| of_kind.count > 0 || of_kind.since.elapsed() < for_at_least);
        let is_due = |of_kind: &Counted| of_kind.count > 0 && of_kind.since.elapsed() >= for_at_least;
        let due = counted.iter_mut().filter(|(_, of_kind)| is_due(of_kind));
        due.map(|(kind, of_kind)| {
            let next = Counted::new(of_kind.first.clone());
            (kind.clone(), std::mem::replace(of_kind, next))
        })
        .collect()
    }

    /// Counts again what could not be written down.
    fn put_back(&self, kind: Kind, unwritten: Counted) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = counted.entry(kind).or_insert_with(|| Counted::new(unwritten.first.clone()));
        of_kind.add(unwritten.count, unwritten.named.into_iter().chain(unwritten.addresses));
    }
}

impl Server {
    /// Counts a request that was not let in, and has it written down.
    pub async fn refused(self: &Arc<Self>, refusal: Refusal) {
        self.metrics.refused(refusal.why);
        if let Some(first) = self.refusals.count(refusal) {
            let service = self.clone();
            // A task of its own, which does not end with the client.
            tokio::spawn(async move { service.write_refusals(vec![first]).await }).await.ok();
        }
    }

    /// Writes down, once a second, what is due; for as long as the service runs.
    pub async fn keep_writing_refusals(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.write_refusals(self.refusals.take(MINUTE)).await;
        }
    }

    /// Writes down all that was counted: the last thing that the service does.
    pub async fn write_last_refusals(&self) {
        self.write_refusals(self.refusals.take(Duration::ZERO)).await;
    }

    async fn write_refusals(&self, counted: Vec<(Kind, Counted)>) {
        let _until_written = self.refusals.writing.lock().await;
        for (kind, of_kind) in counted {
            // The recorder has logged why.
            if self.recorder.entry(of_kind.entry(&kind)).await.is_err() {
                self.refusals.put_back(kind, of_kind);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(why: &'static str, actor: &str, from: u32) -> Refusal {
        let asked = Asked { method: "GET", route: "/v1/writers".to_owned() };
        Refusal { why, actor: Actor::new(actor), from: IpAddr::from(from.to_be_bytes()), asked }
    }

    fn details(taken: &[(Kind, Counted)]) -> Vec<serde_json::Value> {
        taken.iter().map(|(kind, counted)| counted.entry(kind).details).collect()
    }

    #[test]
    fn the_first_is_written_at_once_and_the_others_as_one() {
        let refusals = Refusals::default();
        let first = refusals.count(refusal("no token", "nobody", 1)).unwrap();
        assert_eq!(details(&[first])[0]["first_addresses"], json!(["0.0.0.1"]));
        (2..2000).for_each(|from| assert!(refusals.count(refusal("no token", "nobody", from)).is_none()));
        assert!(refusals.take(MINUTE).is_empty(), "it is too early");
        let taken = details(&refusals.take(Duration::ZERO));
        assert_eq!(taken.len(), 1);
        assert_eq!((&taken[0]["count"], &taken[0]["addresses"]), (&json!(1998), &json!(ADDRESSES)));
        assert_eq!(taken[0]["first_addresses"].as_array().unwrap().len(), NAMED);
        assert!(refusals.take(Duration::ZERO).is_empty());
        assert!(refusals.count(refusal("no token", "nobody", 1)).is_some(), "after a quiet time it is a first again");
    }

    #[test]
    fn what_could_not_be_written_is_counted_again() {
        let refusals = Refusals::default();
        let (kind, first) = refusals.count(refusal("no token", "nobody", 1)).unwrap();
        refusals.count(refusal("no token", "nobody", 2));
        refusals.put_back(kind, first);
        assert_eq!(details(&refusals.take(Duration::ZERO))[0]["count"], 2);
    }

    #[test]
    fn kinds_without_end_become_one() {
        let refusals = Refusals::default();
        let written = (0..1000).filter_map(|token| refusals.count(refusal("wrong role", &format!("token:{token}"), 1)));
        assert_eq!(written.count(), KINDS + 1);
        let taken = refusals.take(Duration::ZERO);
        assert_eq!(taken.iter().map(|(_, counted)| counted.count).sum::<u64>(), 1000 - KINDS as u64 - 1);
        assert!(taken.iter().all(|(kind, _)| kind.1.as_str() == "several"));
    }
}
