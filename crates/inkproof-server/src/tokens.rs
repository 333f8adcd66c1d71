//! Who is let in, and to what.
//!
//! One table says for every method of every route what it needs; any other route is denied. A token is looked
//! up by its SHA-256 for every request, so that a revoked one is refused from that moment on, whichever server revoked it;
//! before that come rates (`rates`). What is refused is told to the audit (`refusals`).

use std::net::IpAddr;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::Shared;
use crate::address;
use crate::bodies::Owner;
use crate::problem::{Kind, Problem};
use crate::refusals::{Asked, Refusal};
use inkproof_store::{Actor, Hash, Role, Time, Token};

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
    Calibrate,
    ReadMandates,
    SetMandates,
    /// To know how far jobs have come.
    ReadJobs,
    EndJobs,
}

const NEEDS: &[(&str, &str, Need)] = &[
    ("GET", "/healthz", Need::Nothing),
    ("GET", "/readyz", Need::Nothing),
    ("GET", "/metrics", Need::ReadFigures),
    ("GET", "/v1/me", Need::Token),
    ("POST", "/v1/verify", Need::Verify),
    ("POST", "/v1/identify", Need::Verify),
    ("POST", "/v1/find", Need::Verify),
    ("POST", "/v1/verify-document", Need::Verify),
    ("POST", "/v1/identify-document", Need::Verify),
    ("POST", "/v1/writers/{id}/verify-document", Need::Verify),
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
    ("GET", "/v1/calibration", Need::Token),
    ("POST", "/v1/calibration", Need::Calibrate),
    ("DELETE", "/v1/calibration", Need::Calibrate),
    ("GET", "/v1/mandates", Need::ReadMandates),
    ("GET", "/v1/mandates/{account}", Need::ReadMandates),
    ("PUT", "/v1/mandates/{account}", Need::SetMandates),
    ("DELETE", "/v1/mandates/{account}", Need::SetMandates),
    ("POST", "/v1/mandates/{account}/verify-document", Need::Verify),
    ("POST", "/v1/mandates/{account}/rules/{rule}/approve", Need::SetMandates),
    ("GET", "/v1/jobs", Need::ReadJobs),
    ("POST", "/v1/jobs", Need::Verify),
    ("GET", "/v1/jobs/{job}", Need::ReadJobs),
    ("DELETE", "/v1/jobs/{job}", Need::EndJobs),
    ("GET", "/v1/jobs/{job}/table", Need::Verify),
];

impl Need {
    /// Of a method of a route; None where there is no such method or nobody thought of it.
    fn for_route(method: &Method, route: &str) -> Option<Self> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        NEEDS.iter().find(|need| (need.0, need.1) == (method, route)).map(|need| need.2)
    }

    fn is_met_by(self, role: Role) -> bool {
        match role {
            Role::Operator => !matches!(self, Self::ReadAudit | Self::Calibrate | Self::SetMandates),
            Role::Clerk => !matches!(self, Self::Enrol | Self::SeeReferences) && self.is_met_by(Role::Operator),
            Role::Auditor => {
                matches!(
                    self,
                    Self::Nothing
                        | Self::Token
                        | Self::ReadAudit
                        | Self::ReadReviews
                        | Self::ReadFigures
                        | Self::ReadJobs
                )
            }
            Role::Monitor => matches!(self, Self::Nothing | Self::ReadFigures),
            Role::Administrator => {
                matches!(
                    self,
                    Self::Nothing
                        | Self::Token
                        | Self::ReadFigures
                        | Self::Calibrate
                        | Self::ReadMandates
                        | Self::SetMandates
                        | Self::ReadJobs
                        | Self::EndJobs
                )
            }
        }
    }
}

/// Who sent a request that was let in.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    /// None where no tokens are demanded: then everything is allowed.
    pub role: Option<Role>,
    /// Whose the requests are.
    pub owner: Owner,
}

/// Why nobody is let in.
enum Stopped {
    /// To be written down: why, and whose token it was.
    Refused { why: &'static str, actor: Actor, problem: Problem },
    /// Something failed.
    Problem(Problem),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
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
    let from = address::of_request(&service, &request);
    if !service.settings.demands_tokens() {
        let owner = Owner::Address(address::network(from));
        request.extensions_mut().insert(Caller { actor: Actor::local(), role: None, owner });
        return next.run(request).await;
    }
    match caller(&service, request.headers(), request.method(), &route, from).await {
        Err(Stopped::Problem(problem)) => problem.into_response(),
        Err(Stopped::Refused { why, actor, problem }) => {
            service.refused(Refusal { why, actor, from, asked: Asked::of(&request) }).await;
            problem.into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    }
}

/// Who has the token of a request, if that is valid and allows it; else a refusal, or what failed.
async fn caller(
    service: &Shared,
    headers: &HeaderMap,
    method: &Method,
    route: &str,
    from: IpAddr,
) -> Result<Caller, Stopped> {
    let hash = bearer(headers).map(Token::hash_of);
    let token = match hash.and_then(|hash| Some((hash, service.rates.known(&hash)?))) {
        Some((hash, actor)) => {
            let often = |problem| Stopped::Refused { why: "token too often", actor, problem };
            service.rates.check_token(&hash).map_err(often)?;
            look_up(service, hash).await
        }
        None => {
            let often = |problem| Stopped::Refused { why: "too many refused", actor: nobody(), problem };
            service.rates.check_address(from).map_err(often)?;
            let found = match hash {
                Some(hash) => look_up(service, hash).await,
                None => Err(unknown(
                    "no token",
                    "send a token as 'Authorization: Bearer ...'; `inkproof token create` makes one",
                )),
            };
            match &found {
                Ok(token) => service.rates.learn(token.hash, token.actor()),
                Err(Stopped::Refused { .. }) => service.rates.failed(from),
                Err(Stopped::Problem(_)) => {}
            }
            found
        }
    }?;
    let actor = token.actor();
    match Need::for_route(method, route) {
        None => Err(Kind::WrongMethod.with("the address is right and the method is not; see /docs").into()),
        Some(need) if !need.is_met_by(token.role) => {
            let why = format!("a token of the role {} does not allow this", token.role);
            Err(refused("wrong role", actor, Kind::Forbidden.with(why)))
        }
        Some(_) => Ok(Caller { owner: Owner::Token(token.id), actor, role: Some(token.role) }),
    }
}

/// Refuses a caller who may not see a writer's references alone, as one who asks for another role's route is refused.
pub async fn require_references(service: &Shared, caller: &Caller, from: IpAddr) -> Result<(), Problem> {
    if caller.role.is_none_or(|role| Need::SeeReferences.is_met_by(role)) {
        return Ok(());
    }
    let asked = Asked::new("GET", "/v1/writers/{id}?pictures");
    service.refused(Refusal { why: "wrong role", actor: caller.actor.clone(), from, asked }).await;
    let why = "a clerk sees references beside a questioned signature, in a verification or a review, and not alone";
    Err(Kind::Forbidden.with(why).on_field("Authorization"))
}

/// The token of a hash, if it is valid.
async fn look_up(service: &Shared, hash: Hash) -> Result<Token, Stopped> {
    let found = service.ask(move |store| store.token(hash)).await?;
    let valid = match found.filter(|token| bool::from(token.hash.0.ct_eq(&hash.0))) {
        None => Err(unknown("unknown token", "there is no such token")),
        Some(token) if token.revoked.is_some() => {
            Err(refused("revoked token", token.actor(), Kind::Unauthenticated.with("the token was revoked")))
        }
        Some(token) if !token.is_valid(Time::now()) => {
            Err(refused("expired token", token.actor(), Kind::Unauthenticated.with("the token has expired")))
        }
        Some(token) => Ok(token),
    };
    if valid.is_err() {
        service.rates.forget(&hash);
    }
    valid
}

fn nobody() -> Actor {
    Actor::new("nobody")
}

fn unknown(why: &'static str, detail: &str) -> Stopped {
    refused(why, nobody(), Kind::Unauthenticated.with(detail))
}

fn refused(why: &'static str, actor: Actor, problem: Problem) -> Stopped {
    Stopped::Refused { why, actor, problem: problem.on_field("Authorization") }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
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
        const ALL: [Need; 14] = [
            Need::Token,
            Need::Verify,
            Need::ReadWriters,
            Need::SeeReferences,
            Need::Enrol,
            Need::ReadReviews,
            Need::SettleReviews,
            Need::ReadAudit,
            Need::ReadFigures,
            Need::Calibrate,
            Need::ReadMandates,
            Need::SetMandates,
            Need::ReadJobs,
            Need::EndJobs,
        ];
        let refused = |role: Role| -> Vec<Need> { ALL.into_iter().filter(|need| !need.is_met_by(role)).collect() };
        assert_eq!(refused(Role::Operator), [Need::ReadAudit, Need::Calibrate, Need::SetMandates]);
        assert_eq!(
            refused(Role::Clerk),
            [Need::SeeReferences, Need::Enrol, Need::ReadAudit, Need::Calibrate, Need::SetMandates]
        );
        let allowed = |role: Role| -> Vec<Need> { ALL.into_iter().filter(|need| need.is_met_by(role)).collect() };
        assert_eq!(
            allowed(Role::Auditor),
            [Need::Token, Need::ReadReviews, Need::ReadAudit, Need::ReadFigures, Need::ReadJobs]
        );
        assert_eq!(allowed(Role::Monitor), [Need::ReadFigures]);
        assert_eq!(
            allowed(Role::Administrator),
            [
                Need::Token,
                Need::ReadFigures,
                Need::Calibrate,
                Need::ReadMandates,
                Need::SetMandates,
                Need::ReadJobs,
                Need::EndJobs
            ]
        );
    }
}
