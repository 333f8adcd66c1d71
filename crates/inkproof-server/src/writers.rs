//! `/v1/writers`: who is enrolled, and one of them.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inkproof::Ink;
use inkproof_service::{Age, Crop, Seen};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::address;
use crate::paging::{Paging, Path, Query};
use crate::problem::{Kind, Problem};
use crate::recorder::problem;
use crate::tokens::{Caller, require_references};
use inkproof_store::{Erased, Reference, StoreError, Time, Writer, WriterId, WriterPage, WriterSummary};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, erase))
}

/// A page of writers.
#[derive(Debug, Serialize, ToSchema)]
struct Writers {
    #[schema(value_type = Vec<Object>)]
    writers: Vec<WriterSummary>,
    /// The cursor of the next page; null where this is the last.
    next: Option<String>,
    /// Erasures after which keys may still be in the database's files, because another program reads there.
    pending_erasures: i64,
}

/// A writer and the references, with pictures where they were asked for.
#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    writer: Writer,
    /// How old the references that count are; null where none does.
    #[schema(value_type = Option<Object>)]
    age: Option<Age>,
    /// What should be done about them.
    advice: Vec<String>,
    /// The references' inks as PNG in base64, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pictures: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct With {
    /// Add the references' inks; written down in the audit, and not for clerks.
    pictures: bool,
}

/// Writers in the order in which they were enrolled
#[utoipa::path(get, path = "/v1/writers", tag = "writers", params(Paging),
    responses((status = OK, body = Writers), Problem))]
async fn list(State(service): State<Shared>, Query(paging): Query<Paging>) -> Result<Json<Writers>, Problem> {
    let (after, limit) = (paging.cursor()?.unwrap_or(0), paging.limit()?);
    let prefix = paging.prefix.unwrap_or_default();
    if prefix.contains(char::is_control) {
        return Err(Kind::Malformed.with("no id has such characters").on_field("prefix"));
    }
    let page = WriterPage { after, limit, prefix };
    let found = service.ask(move |store| Ok((store.writers(&page)?, store.pending_erasures()?)));
    let (writers, pending_erasures) = found.await?;
    let next = writers.last().filter(|_| writers.len() == limit).map(|writer| writer.number.to_string());
    Ok(Json(Writers { writers, next, pending_erasures }))
}

/// A writer and the references
///
/// With `pictures` also the references' inks, which are for operators: a clerk sees them beside a questioned signature, in a
/// verification or a review. That is written down in the audit as `viewed` before it is answered, and `picture-rate` says how
/// often a token may ask for it.
#[utoipa::path(get, path = "/v1/writers/{id}", tag = "writers", params(("id" = String, Path), With),
    responses((status = OK, body = Shown), Problem))]
async fn show(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(with): Query<With>,
    request: Request,
) -> Result<Json<Shown>, Problem> {
    let id = writer_id(&id)?;
    let from = address::of_request(&service, &request);
    drop(request);
    if with.pictures {
        require_references(&service, &caller, from).await?;
        service.picture_rates.check(&caller)?;
    }
    let found = service.ask(move |store| store.writer(&id)?.ok_or(StoreError::NoWriter(id)));
    let writer = found.await?;
    let newest = writer.approved().map(Reference::dated).max();
    let age = newest.map(|newest| Age::new(newest, Time::now()));
    let nothing_counts = "No reference counts yet: enrol one, or approve those that wait.".to_owned();
    let advice = match age {
        None => vec![nothing_counts],
        Some(age) => age.advice().into_iter().collect(),
    };
    let pictures = if with.pictures { Some(pictures(&service, &writer, caller).await?) } else { None };
    Ok(Json(Shown { writer, age, advice, pictures }))
}

/// The references' inks as PNG in base64, drawn by a worker and written down as seen.
async fn pictures(service: &Shared, writer: &Writer, by: Caller) -> Result<Vec<String>, Problem> {
    let inks: Vec<Ink> = writer.references.iter().map(|reference| reference.ink.clone()).collect();
    let drawing = service.clone();
    let draw = move || -> Vec<String> {
        let preprocess = drawing.model().preprocess();
        let crop = Crop::around(&inks, preprocess);
        inks.iter().map(|ink| STANDARD.encode(crop.picture(ink, preprocess))).collect()
    };
    let drawn = service.workers.place(&by.owner)?.compute(draw).await?;
    service.looks(Seen::References, Some(writer.pseudonym), by.actor).await?;
    Ok(drawn)
}

/// Forget a writer: id, references, questioned signatures that wait, and what connects the audit to the id
///
/// `pending` says that another program still reads what was before, so that the key is cleared from the database's files later.
#[utoipa::path(delete, path = "/v1/writers/{id}", tag = "writers", params(("id" = String, Path)),
    responses((status = OK, body = Object), Problem))]
async fn erase(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Erased>, Problem> {
    let id = writer_id(&id)?;
    Ok(Json(service.ask(move |store| store.erase(&id, &caller.actor)).await?))
}

/// # Errors
/// 400 where it cannot be one.
pub fn writer_id(text: &str) -> Result<WriterId, Problem> {
    text.parse().map_err(|error| problem(&error))
}
