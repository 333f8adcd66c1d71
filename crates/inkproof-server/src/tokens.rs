//! Who is let in, and to what.
//!
//! One table says for every method of every route what it needs; any other route is denied. A token is looked
//! up by its SHA-256 for every request, so that a revoked one is refused from that moment on, whichever server revoked it.
//! Every refusal is written down in the audit before it is answered, up to a rate for each address: a flood of them would
//! fill the disk.

use std::net::IpAddr;
use std::num::NonZeroU32;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::Shared;
use crate::address;
use crate::observe::known;
use crate::problem::{Kind, Problem};
use inkproof_store::{Actor, Event, NewEntry, Role, Time, Token};

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing: it tells nothing of anybody.
    Nothing,
    /// Any valid token.
    Token,
    Verify,
    ReadWriters,
    /// A writer's references as pictures, without a question that they are compared with.
    SeeReferences,
    Enrol,
    ReadReviews,
    SettleReviews,
    ReadAudit,
    ReadFigures,
}

const NEEDS: &[(&str, &str, Need)] = &[
    ("GET", "/healthz", Need::Nothing),
    ("GET", "/readyz", Need::Nothing),
    ("GET", "/metrics", Need::ReadFigures),
    ("GET", "/v1/me", Need::Token),
    ("POST", "/v1/verify", Need::Verify),
    ("POST", "/v1/identify", Need::Verify),
    ("GET", "/v1/writers", Need::ReadWriters),
    ("POST", "/v1/writers", Need::Enrol),
    ("GET", "/v1/writers/{id}", Need::ReadWriters),
    ("DELETE", "/v1/writers/{id}", Need::Enrol),
    ("POST", "/v1/writers/{id}/references", Need::Enrol),
    ("DELETE", "/v1/writers/{id}/references/{reference}", Need::Enrol),
    ("POST", "/v1/writers/{id}/references/{reference}/approve", Need::Enrol),
    ("POST", "/v1/writers/{id}/verify", Need::Verify),
    ("GET", "/v1/reviews", Need::ReadReviews),
    ("GET", "/v1/reviews/{review}", Need::ReadReviews),
    ("POST", "/v1/reviews/{review}", Need::SettleReviews),
    ("GET", "/v1/audit", Need::ReadAudit),
];

impl Need {
    /// Of a method of a route; None where there is no such method or nobody thought of it.
    fn for_route(method: &Method, route: &str) -> Option<Self> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        NEEDS.iter().find(|need| (need.0, need.1) == (method, route)).map(|need| need.2)
    }

    fn is_met_by(self, role: Role) -> bool {
        match role {
            Role::Operator => self != Self::ReadAudit,
            Role::Clerk => !matches!(self, Self::ReadAudit | Self::Enrol | Self::SeeReferences),
            Role::Auditor => {
                matches!(self, Self::Nothing | Self::Token | Self::ReadAudit | Self::ReadReviews | Self::ReadFigures)
            }
            Role::Monitor => matches!(self, Self::Nothing | Self::ReadFigures),
        }
    }
}

/// Who sent a request that was let in.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    /// None where no tokens are demanded: then everything is allowed.
    pub role: Option<Role>,
}

/// How often somebody may come.
pub struct Rates {
    tokens: DefaultKeyedRateLimiter<String>,
    refusals: DefaultKeyedRateLimiter<IpAddr>,
}

/// Of one address, so many refusals are written down at once, and so many a second then.
const REFUSALS: (u32, u32) = (300, 5);
/// From so many addresses on those that have not been seen lately are forgotten.
const MANY: usize = 10_000;

impl Rates {
    pub fn new(a_minute: u32) -> Self {
        let refusals = Quota::per_second(number(REFUSALS.1)).allow_burst(number(REFUSALS.0));
        Self { tokens: RateLimiter::keyed(quota(a_minute)), refusals: RateLimiter::keyed(refusals) }
    }

    fn check_token(&self, id: &str) -> Result<(), Problem> {
        self.tokens.check_key(&id.to_owned()).map_err(|until| too_often("the token comes too often", &until))
    }

    fn check_refusal(&self, from: IpAddr) -> Result<(), Problem> {
        if self.refusals.len() > MANY {
            self.refusals.retain_recent();
        }
        let too_many =
            |_| Kind::TooMany.with("too many requests from here were refused; wait a minute").retry_after(60);
        self.refusals.check_key(&address::network(from)).map_err(too_many)
    }
}

/// So many a minute, and a sixth of them at once.
pub fn quota(a_minute: u32) -> Quota {
    Quota::per_minute(number(a_minute)).allow_burst(number(a_minute.div_ceil(6)))
}

/// What the clock of the rates says.
type Instant = <DefaultClock as Clock>::Instant;

/// 429, with the seconds to wait.
pub fn too_often(what: &str, until: &NotUntil<Instant>) -> Problem {
    let seconds = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
    Kind::TooMany.with(format!("{what}; try again in {seconds} s")).retry_after(seconds)
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

/// Why nobody is let in.
enum Stopped {
    /// To be written down.
    Refused(Box<Refusal>),
    /// Something failed, or is too much.
    Problem(Problem),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Why somebody is refused, and who it was.
struct Refusal {
    why: &'static str,
    actor: Actor,
    problem: Problem,
}

/// Lets a request in, or refuses it and writes that down.
pub async fn let_in(State(service): State<Shared>, mut request: Request, next: Next) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return next.run(request).await;
    };
    let is_page =
        !route.starts_with("/v1") && request.method().is_safe() && Need::for_route(request.method(), &route).is_none();
    if is_page || Need::for_route(request.method(), &route) == Some(Need::Nothing) {
        return next.run(request).await;
    }
    if !service.settings.demands_tokens() {
        request.extensions_mut().insert(Caller { actor: Actor::local(), role: None });
        return next.run(request).await;
    }
    match caller(&service, request.headers(), request.method(), &route).await {
        Err(Stopped::Problem(problem)) => problem.into_response(),
        Err(Stopped::Refused(refusal)) => {
            let from = address::of_request(&service, &request);
            let asked = json!({"method": known(request.method()), "route": route});
            refuse(&service, from, asked, *refusal).await.into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    }
}

/// Who has the token of a request, if that is valid and allows it; else a refusal, or what failed.
async fn caller(service: &Shared, headers: &HeaderMap, method: &Method, route: &str) -> Result<Caller, Stopped> {
    let Some(secret) = bearer(headers) else {
        return Err(unknown(
            "no token",
            "send a token as 'Authorization: Bearer ...'; `inkproof token create` makes one",
        ));
    };
    let hash = Token::hash_of(secret);
    let found = service.ask(move |store| store.token(hash)).await?;
    let Some(token) = found.filter(|token| bool::from(token.hash.0.ct_eq(&hash.0))) else {
        return Err(unknown("unknown token", "there is no such token"));
    };
    let actor = token.actor();
    if token.revoked.is_some() {
        return Err(refused("revoked token", actor, Kind::Unauthenticated.with("the token was revoked")));
    }
    if !token.is_valid(Time::now()) {
        return Err(refused("expired token", actor, Kind::Unauthenticated.with("the token has expired")));
    }
    match Need::for_route(method, route) {
        None => Err(Kind::WrongMethod.with("the address is right and the method is not; see /docs").into()),
        Some(need) if !need.is_met_by(token.role) => {
            let why = format!("a token of the role {} does not allow this", token.role);
            Err(refused("wrong role", actor, Kind::Forbidden.with(why)))
        }
        Some(_) => {
            service.rates.check_token(&token.id)?;
            Ok(Caller { actor, role: Some(token.role) })
        }
    }
}

/// Refuses a caller who may not see a writer's references alone, as one who asks for another role's route is refused.
pub async fn require_references(service: &Shared, caller: &Caller, from: IpAddr) -> Result<(), Problem> {
    if caller.role.is_none_or(|role| Need::SeeReferences.is_met_by(role)) {
        return Ok(());
    }
    let why = "a clerk sees references beside a questioned signature, in a verification or a review, and not alone";
    let problem = Kind::Forbidden.with(why).on_field("Authorization");
    let asked = json!({"method": "GET", "route": "/v1/writers/{id}?pictures"});
    let refusal = Refusal { why: "wrong role", actor: caller.actor.clone(), problem };
    Err(refuse(service, from, asked, refusal).await)
}

fn unknown(why: &'static str, detail: &str) -> Stopped {
    refused(why, Actor::new("nobody"), Kind::Unauthenticated.with(detail))
}

fn refused(why: &'static str, actor: Actor, problem: Problem) -> Stopped {
    Stopped::Refused(Box::new(Refusal { why, actor, problem: problem.on_field("Authorization") }))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

async fn refuse(service: &Shared, from: IpAddr, details: Value, refusal: Refusal) -> Problem {
    let Refusal { why, actor, problem } = refusal;
    service.metrics.refused(why);
    if let Err(too_many) = service.rates.check_refusal(from) {
        return too_many;
    }
    let entry = NewEntry { actor, event: Event::Refused, writer: None, model: None, outcome: why.to_owned(), details };
    match service.recorder.entry(entry).await {
        Ok(()) => problem,
        Err(failed) => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_document_says_what_it_needs() {
        let document = crate::document();
        let paths = serde_json::to_value(&document.paths).unwrap();
        let mut routes: Vec<(String, String)> = Vec::new();
        for (path, methods) in paths.as_object().unwrap() {
            routes.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
        }
        for (method, path) in &routes {
            let need = Need::for_route(&method.parse().unwrap(), path);
            assert!(need.is_some(), "{method} {path} is in the table of needs");
        }
        for (method, path, _) in NEEDS {
            assert!(routes.contains(&((*method).to_owned(), (*path).to_owned())), "{method} {path} is a route");
        }
    }

    #[test]
    fn roles_are_apart() {
        const ALL: [Need; 9] = [
            Need::Token,
            Need::Verify,
            Need::ReadWriters,
            Need::SeeReferences,
            Need::Enrol,
            Need::ReadReviews,
            Need::SettleReviews,
            Need::ReadAudit,
            Need::ReadFigures,
        ];
        let refused = |role: Role| -> Vec<Need> { ALL.into_iter().filter(|need| !need.is_met_by(role)).collect() };
        assert_eq!(refused(Role::Operator), [Need::ReadAudit]);
        assert_eq!(refused(Role::Clerk), [Need::SeeReferences, Need::Enrol, Need::ReadAudit]);
        let allowed = |role: Role| -> Vec<Need> { ALL.into_iter().filter(|need| need.is_met_by(role)).collect() };
        assert_eq!(allowed(Role::Auditor), [Need::Token, Need::ReadReviews, Need::ReadAudit, Need::ReadFigures]);
        assert_eq!(allowed(Role::Monitor), [Need::ReadFigures]);
    }
}
