//! Where a request comes from, and how many may come from one address at the same time.
//!
//! Without a limit for each address one client could hold all connections. Behind a proxy every connection is the proxy's
//! own; there requests are counted instead, by the address that the proxy forwards.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Shared;
use crate::problem::Kind;
use crate::refusals::{Asked, Refusal};
use inkproof_store::Actor;

/// After so many seconds a client that had too many requests open may try again.
const RETRY_AFTER: u64 = 1;

/// Counts what is open for each network.
#[derive(Debug, Clone)]
pub struct PerAddress {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// One connection or request of a network, which counts for as long as this lives.
#[derive(Debug)]
pub struct OpenForAddress {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    network: IpAddr,
}

impl PerAddress {
    pub fn new(most: usize) -> Self {
        Self { open: Arc::default(), most }
    }

    /// Counts one more; None where the address has as many as are allowed.
    pub fn enter(&self, address: IpAddr) -> Option<OpenForAddress> {
        let network = network(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(network).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(OpenForAddress { open: self.open.clone(), network })
    }
}

impl Drop for OpenForAddress {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.network);
            }
        }
    }
}

/// What one subscriber has: an IPv4 address, or an IPv6 network of 64 bits, which is the least that is handed out.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

/// Where a request comes from; behind a proxy that is what the proxy says last.
pub fn of_request(service: &Shared, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let by_proxy = service.settings.behind_proxy.then(|| forwarded(request.headers())).flatten();
    by_proxy.or(peer).unwrap_or(IpAddr::from([0, 0, 0, 0]))
}

/// Behind a proxy: answers 429 where the address that it forwards has too many requests open.
pub async fn limit_forwarded(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let Some(address) = service.settings.behind_proxy.then(|| forwarded(request.headers())).flatten() else {
        return next.run(request).await;
    };
    let Some(_open) = service.requests_per_address.enter(address) else {
        let (actor, asked) = (Actor::new("nobody"), Asked::of(&request));
        service.refused(Refusal { why: TOO_MANY, actor, from: address, asked }).await;
        let most = service.settings.connections_per_address;
        let detail = format!("{most} requests from this address are open; try again in {RETRY_AFTER} s");
        return Kind::TooMany.with(detail).retry_after(RETRY_AFTER).into_response();
    };
    next.run(request).await
}

/// Why a connection or request beyond the limit is refused, as the metrics have it.
pub const TOO_MANY: &str = "too many from one address";

/// The address that the proxy in front has added: the last one, as whoever asks can write those before it. A proxy
/// writes one of the two headers; `X-Forwarded-For` counts where both are there.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = |name| headers.get_all(name).iter().next_back()?.to_str().ok()?.rsplit(',').next();
    match last("x-forwarded-for") {
        Some(address) => parse(address),
        None => last("forwarded")?.split(';').find_map(|pair| {
            let (name, address) = pair.split_once('=')?;
            if name.trim().eq_ignore_ascii_case("for") { parse(address) } else { None }
        }),
    }
}

/// An address with or without quotes, brackets and port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(with_port).or_else(in_brackets)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_own_limit() {
        let limit = PerAddress::new(2);
        let (first, second) = (limit.enter(address("192.0.2.1")), limit.enter(address("192.0.2.1")));
        assert!(first.is_some() && second.is_some());
        assert!(limit.enter(address("192.0.2.1")).is_none());
        assert!(limit.enter(address("::ffff:192.0.2.1")).is_none(), "it is the same address");
        assert!(limit.enter(address("192.0.2.2")).is_some());
        drop(first);
        assert!(limit.enter(address("192.0.2.1")).is_some());
        drop(second);
        assert!(limit.open.lock().unwrap().is_empty(), "who has left is forgotten");
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let limit = PerAddress::new(1);
        let _first = limit.enter(address("2001:db8::1")).unwrap();
        assert!(limit.enter(address("2001:db8::ffff:2")).is_none());
        assert!(limit.enter(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn the_proxy_has_the_last_word() {
        let found = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for &(name, value) in pairs {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            forwarded(&headers).map(|address| address.to_string())
        };
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(found(&[("x-forwarded-for", "192.0.2.1, 192.0.2.2")]), is("192.0.2.2"));
        assert_eq!(found(&[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "192.0.2.2:81")]), is("192.0.2.2"));
        assert_eq!(found(&[("forwarded", "for=192.0.2.1, For=\"[2001:db8::1]:4711\";proto=https")]), is("2001:db8::1"));
        assert_eq!(found(&[("forwarded", "proto=https;for=\"[2001:db8::2]\"")]), is("2001:db8::2"));
        assert_eq!(found(&[("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.2")]), is("192.0.2.2"));
        assert_eq!(found(&[("forwarded", "for=unknown")]), None);
        assert_eq!(found(&[("x-forwarded-for", "nobody"), ("forwarded", "for=192.0.2.1")]), None);
        assert_eq!(found(&[]), None);
    }
}
