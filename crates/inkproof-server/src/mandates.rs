//! `/v1/mandates`: who has to sign for an account.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use inkproof_service::{Error, ImageField, Mandate, MandateRule, MandateVerification, Rule, RuleError, Service};
use inkproof_store::{AccountId, MandatePage, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::bodies::Owner;
use crate::images::{called, failed};
use crate::paging::{Paging, Path, Query};
use crate::problem::{Kind, Problem};
use crate::recorder::problem;
use crate::tokens::Caller;
use crate::upload;
use crate::{Shared, limits};

/// Bytes of a rule: as many as the longest that could be kept has, with room.
const MOST_BODY: usize = 1 << 20;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, set, remove))
        .routes(routes!(approve))
        .routes(routes!(verify))
}

/// A page of rules.
#[derive(Debug, Serialize, ToSchema)]
struct Mandates {
    mandates: Vec<MandateRule>,
    /// The cursor of the next page; null where this is the last.
    next: Option<String>,
}

/// A rule that an account is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Demanded {
    /// As text, `A, or 2 of B C D, or E up to 10000`; or as data, `{"any_of": [{"at_least": 2, "of": ["B", "C"], "up_to":
    /// "10000.50"}]}`.
    rule: Value,
}

/// Rules of all accounts, in the order in which they were set
///
/// An account has one that holds, one that waits for somebody else's approval (`approved` is null), or both.
#[utoipa::path(get, path = "/v1/mandates", tag = "mandates", params(Paging),
    responses((status = OK, body = Mandates), Problem))]
async fn list(State(server): State<Shared>, Query(paging): Query<Paging>) -> Result<Json<Mandates>, Problem> {
    let (after, limit) = (paging.cursor()?.unwrap_or(0), paging.limit()?);
    let prefix = paging.prefix.unwrap_or_default();
    if prefix.contains(char::is_control) {
        return Err(Kind::Malformed.with("no id has such characters").on_field("prefix"));
    }
    let page = MandatePage { after, limit, prefix };
    let mandates = ask(&server, move |service| service.mandates(&page)).await?;
    let next = mandates.last().filter(|_| mandates.len() == limit).map(|rule| rule.number.to_string());
    Ok(Json(Mandates { mandates, next }))
}

/// The rule of an account that holds, and one that waits
#[utoipa::path(get, path = "/v1/mandates/{account}", tag = "mandates", params(("account" = String, Path)),
    responses((status = OK, body = Mandate), Problem))]
async fn show(State(server): State<Shared>, Path(account): Path<String>) -> Result<Json<Mandate>, Problem> {
    let account = account_id(&account)?;
    ask(&server, move |service| service.mandate(&account)).await.map(Json)
}

/// Give an account a rule, in place of the one before
///
/// Everybody whom it names has to be enrolled. Where four eyes are wanted it waits until another person's token approves it, and
/// the rule before holds until then.
#[utoipa::path(put, path = "/v1/mandates/{account}", tag = "mandates", params(("account" = String, Path)),
    request_body = Demanded, responses((status = OK, body = Mandate), Problem))]
async fn set(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
    body: Body,
) -> Result<Json<Mandate>, Problem> {
    let account = account_id(&account)?;
    let rule = demanded(&server, caller.owner, body).await?;
    ask(&server, move |service| service.set_mandate(&account, &rule, &caller.actor)).await.map(Json)
}

/// Forget an account and its rules
///
/// `pending` says that another program still reads what was before, so that the id is cleared from the database's files later.
#[utoipa::path(delete, path = "/v1/mandates/{account}", tag = "mandates", params(("account" = String, Path)),
    responses((status = OK, body = Object), Problem))]
async fn remove(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
) -> Result<Json<Value>, Problem> {
    let account = account_id(&account)?;
    let pending = ask(&server, move |service| service.remove_mandate(&account, &caller.actor)).await?;
    Ok(Json(json!({"removed": true, "pending": pending})))
}

/// Let a rule hold that somebody else set
#[utoipa::path(post, path = "/v1/mandates/{account}/rules/{rule}/approve", tag = "mandates",
    params(("account" = String, Path), ("rule" = i64, Path, description = "Its number")),
    responses((status = OK, body = Mandate), Problem))]
async fn approve(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((account, rule)): Path<(String, i64)>,
) -> Result<Json<Mandate>, Problem> {
    let account = account_id(&account)?;
    ask(&server, move |service| service.approve_mandate(&account, rule, &caller.actor)).await.map(Json)
}

/// Judge the signatures of a page by the rule of an account
///
/// `questioned` is the page, as a payment order; `page` says which of its file's pages, otherwise it is the first with a
/// signature. `amount` is what is signed for, as `250.50`. The answer says which alternative is met, and by which signatures;
/// what is undecided or unreadable meets nothing. It is one entry of the audit.
#[utoipa::path(post, path = "/v1/mandates/{account}/verify-document", tag = "mandates", params(("account" = String, Path)),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "application/pdf"))),
    responses((status = OK, description = "Whether the rule is met", body = MandateVerification), Problem))]
async fn verify(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
    request: Request,
) -> Result<Json<MandateVerification>, Problem> {
    let account = account_id(&account)?;
    let judged = server.with_upload(request, move |server, mut upload| {
        upload.require_no_references()?;
        let (amount, page) = (upload.amount, upload.take_questioned()?);
        let name = called(&page, ImageField::Questioned);
        let pages = [upload.named(&page, &name)];
        let judged = server.service.verify_mandate_document(&server.finder, &account, &pages, amount, caller.actor);
        judged.map_err(failed)
    });
    judged.await.map(Json)
}

/// Asks the service, on a thread that may wait for the store.
async fn ask<T: Send + 'static>(
    server: &Shared,
    question: impl FnOnce(&Service) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let asked = server.clone();
    limits::blocking(move || question(&asked.service)).await?.map_err(|error| match error {
        // It is the rule that names nobody, and the address is right.
        Error::Store(error @ StoreError::NoWriter(_)) => Kind::Malformed.with(error).on_field("rule"),
        error => failed(error),
    })
}

fn account_id(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|error| problem(&error))
}

async fn demanded(server: &Shared, owner: Owner, body: Body) -> Result<Rule, Problem> {
    let received = server.bodies.receive(owner, body).await?;
    if received.bytes.len() > MOST_BODY {
        return Err(Kind::TooLarge.with(format!("give at most {MOST_BODY} bytes")));
    }
    let wrong = |error| Kind::Malformed.with(format!("the JSON document cannot be read: {error}"));
    let Demanded { rule } = serde_json::from_slice(&received.bytes).map_err(wrong)?;
    let read: Result<Rule, String> = match rule {
        Value::String(text) => text.parse().map_err(|error: RuleError| error.to_string()),
        data => serde_json::from_value(data).map_err(|error| error.to_string()),
    };
    read.map_err(|why| Kind::Malformed.with(why).on_field("rule"))
}
