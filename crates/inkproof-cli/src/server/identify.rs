//! `/v1/identify`: which enrolled writers may have signed this.

use std::sync::PoisonError;

use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use super::images::{Times, see};
use super::problem::{Kind, Problem};
use super::recorder::{failed, problem};
use super::tokens::Caller;
use super::upload::{self, Upload};
use crate::identification::{Suspect, identify};
use crate::judgement::Asked;
use crate::store::{Event, NewEntry};

const TOP: usize = 5;
const MOST: usize = 20;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(ask))
}

/// The writers that fit best.
#[derive(Debug, Serialize, ToSchema)]
struct Found {
    /// The best first, each with the verdict on the references that count.
    #[schema(value_type = Vec<Object>)]
    writers: Vec<Suspect>,
    /// How many references were searched.
    searched: usize,
}

/// Ask which enrolled writers may have signed this
///
/// `top` says how many are wanted: 5 unless told, 20 at most.
#[utoipa::path(post, path = "/v1/identify", tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = OK, description = "Those that fit best", body = Found), Problem))]
async fn ask(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Found>, Problem> {
    let found = service.with_upload(request, search).await?;
    let scores: Vec<_> = found
        .writers
        .iter()
        .map(|suspect| json!({"writer": suspect.pseudonym, "score": suspect.judgement.score}))
        .collect();
    let entry = NewEntry {
        actor: caller.actor,
        event: Event::Identified,
        writer: None,
        model: Some(service.stamp.digest.clone()),
        outcome: format!("{} found", found.writers.len()),
        details: json!({"writers": scores}),
    };
    service.recorder.entry(entry).await?;
    Ok(Json(found))
}

fn search(service: &Shared, mut upload: Upload) -> Result<Found, Problem> {
    upload.require_no_references()?;
    let top = upload.top.unwrap_or(TOP);
    if !(1..=MOST).contains(&top) {
        return Err(Kind::Malformed.with(format!("give 1 to {MOST}")).of("top"));
    }
    let (threshold, questioned) = (upload.threshold()?, upload.take_questioned()?);
    let questioned = see(&service.model, &questioned, "questioned", &service.limits(), &mut Times::default())?;
    let refreshed = service.index.write().unwrap_or_else(PoisonError::into_inner).refresh(&service.store);
    refreshed.map_err(|error| problem(&error))?;
    let index = service.index.read().unwrap_or_else(PoisonError::into_inner);
    let asked = Asked { threshold, flawed: !questioned.flaws.is_empty() };
    let writers =
        identify(&service.store, &index, &service.model, &questioned.embedding, asked, top).map_err(failed)?;
    Ok(Found { writers, searched: index.len() })
}
