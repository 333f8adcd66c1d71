//! Headers that keep a browser from doing more than the page needs, and requests that a browser was tricked into.
//!
//! Where tokens are demanded, another site's page can do nothing: a browser adds no token by itself. Without tokens, on
//! one's own machine, whatever the browser can be made to send would be let in; so there the request has to be for this
//! machine by name (else a foreign name was pointed at it) and must not come from another site's page.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::{Kind, Problem};
use crate::refusals::{Asked, Refusal};
use crate::{Shared, address};
use inkproof_store::Actor;

/// The page has no inline script or style and loads from here alone; pictures may also be data of the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src \
                      'self'; media-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
/// The page of the API's documentation sets styles of its own.
const POLICY_OF_DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' \
                              data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const SAME_FOR_ALL: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
];

/// Adds the headers to every answer; what is answered is not kept in any cache unless the answer says so itself.
pub async fn secure(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let policy = if request.uri().path().starts_with("/docs") { POLICY_OF_DOCS } else { POLICY };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    for (name, value) in SAME_FOR_ALL {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if service.settings.uses_tls() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Without tokens: lets in what is meant for this machine and does not come from another site.
pub async fn require_own_site(State(service): State<Shared>, request: Request, next: Next) -> Response {
    if service.settings.demands_tokens() {
        return next.run(request).await;
    }
    match check_site(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let (from, asked) = (address::of_request(&service, &request), Asked::of(&request));
            let (why, actor) = ("other-site", Actor::new("nobody"));
            service.refused(Refusal { why, actor, from, asked }).await;
            problem.into_response()
        }
    }
}

fn check_site(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(&header::HOST).unwrap_or_default();
    if !is_this_machine(host) {
        let why = "without tokens the service answers to localhost and this machine's own addresses only";
        return Err(Kind::Forbidden.with(why).on_field("Host"));
    }
    let origin = text(&header::ORIGIN).map(|origin| origin.parse::<Uri>().ok());
    let is_own = |origin: &Option<Uri>| {
        origin.as_ref().and_then(Uri::authority).is_some_and(|authority| authority.as_str() == host)
    };
    if origin.as_ref().is_some_and(|origin| !is_own(origin)) {
        let why = "without tokens the service takes no requests of other sites' pages";
        return Err(Kind::Forbidden.with(why).on_field("Origin"));
    }
    Ok(())
}

/// Whether a host is this machine by a name that nobody can point elsewhere.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let in_brackets = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match in_brackets {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    };
    name == "localhost" || address.is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pairs: &[(&'static str, &'static str)]) -> u16 {
        let headers =
            pairs.iter().map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        check_site(&headers.collect()).map_or_else(|problem| problem.status, |()| 200)
    }

    #[test]
    fn only_what_is_meant_for_this_machine_and_comes_from_it_is_let_in() {
        for host in ["localhost:8080", "127.0.0.1", "[::1]:80", "127.0.0.2:80"] {
            assert_eq!(status(&[("host", host)]), 200, "{host}");
        }
        assert_eq!(status(&[("host", "localhost:80"), ("origin", "http://localhost:80")]), 200);
        assert_eq!(status(&[]), 403);
        for host in
            ["rebound.example:8080", "192.0.2.1", "127.0.0.1.example", "[127.0.0.1]", "[::2]:80", "127.1", "::1"]
        {
            assert_eq!(status(&[("host", host)]), 403, "{host}");
        }
        assert_eq!(status(&[("host", "localhost:80"), ("origin", "http://evil.example")]), 403);
        assert_eq!(status(&[("host", "localhost:80"), ("origin", "http://localhost:81")]), 403);
        assert_eq!(status(&[("host", "localhost:80"), ("origin", "null")]), 403);
    }
}
