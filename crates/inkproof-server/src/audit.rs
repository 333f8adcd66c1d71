//! `/v1/audit`: who did what, when, with which model and which outcome.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::paging::{Paging, Query};
use crate::problem::Problem;
use inkproof_store::{AuditPage, Entry, Head};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
struct Audit {
    #[schema(value_type = Vec<Object>)]
    entries: Vec<Entry>,
    /// The end of the chain, to be noted elsewhere: `inkproof store check --head HASH` shows whether it is still there.
    #[schema(value_type = Object)]
    head: Head,
    /// The cursor of the next page, which is older; null where this is the last.
    next: Option<String>,
}

/// Entries of the audit, the newest first
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(Paging), responses((status = OK, body = Audit), Problem))]
async fn list(State(service): State<Shared>, Query(paging): Query<Paging>) -> Result<Json<Audit>, Problem> {
    let (before, limit) = (paging.cursor()?.unwrap_or(i64::MAX), paging.limit()?);
    let found = service.ask(move |store| Ok((store.audit(AuditPage::Before(before), limit)?, store.head()?)));
    let (entries, head) = found.await?;
    let next = entries.last().filter(|_| entries.len() == limit).map(|entry| entry.sequence.to_string());
    Ok(Json(Audit { entries, head, next }))
}
