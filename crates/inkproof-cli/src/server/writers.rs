//! `/v1/writers`: who is enrolled, one of them, and a questioned signature against one.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inkproof::{Decision, Error};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Answer;
use super::images::{picture, see};
use super::paging::{Paging, Path, Query};
use super::problem::{Kind, Problem};
use super::recorder::problem;
use super::tokens::Caller;
use super::upload::{self, Upload};
use super::{Service, Shared};
use crate::store::{
    Actor, Erased, ModelStamp, NewDecision, Pseudonym, Reference, Writer, WriterId, WriterPage, WriterSummary,
};
use crate::verdict::{Milliseconds, Seen};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, erase)).routes(routes!(verify))
}

/// A page of writers.
#[derive(Debug, Serialize, ToSchema)]
struct Writers {
    #[schema(value_type = Vec<Object>)]
    writers: Vec<WriterSummary>,
    /// The cursor of the next page; null where this is the last.
    next: Option<String>,
}

/// A writer and the references, with pictures where they were asked for.
#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    writer: Writer,
    /// The references' inks as PNG in base64, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pictures: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct With {
    /// Add the references' inks.
    pictures: bool,
}

/// A verdict that was written down.
#[derive(Debug, Serialize, ToSchema)]
struct Decided {
    #[serde(flatten)]
    answer: Answer,
    /// The number of the decision in the audit; of an undecided one that of its review, too.
    number: i64,
}

/// Writers in the order in which they were enrolled
#[utoipa::path(get, path = "/v1/writers", tag = "writers", params(Paging),
    responses((status = OK, body = Writers), Problem))]
async fn list(State(service): State<Shared>, Query(paging): Query<Paging>) -> Result<Json<Writers>, Problem> {
    let (after, limit) = (paging.cursor()?.unwrap_or(0), paging.limit()?);
    let page = WriterPage { after, limit, prefix: paging.prefix.unwrap_or_default() };
    let writers = service.ask(move |store| store.writers(&page)).await?;
    let next = writers.last().filter(|_| writers.len() == limit).map(|writer| writer.number.to_string());
    Ok(Json(Writers { writers, next }))
}

/// A writer and the references
#[utoipa::path(get, path = "/v1/writers/{id}", tag = "writers", params(("id" = String, Path), With),
    responses((status = OK, body = Shown), Problem))]
async fn show(
    State(service): State<Shared>,
    Path(id): Path<String>,
    Query(with): Query<With>,
) -> Result<Json<Shown>, Problem> {
    let id = writer_id(&id)?;
    let writer = service.clone().writer(id).await?;
    let ink = |reference: &Reference| STANDARD.encode(picture(&reference.ink, service.model.preprocess()));
    let pictures = with.pictures.then(|| writer.references.iter().map(ink).collect());
    Ok(Json(Shown { writer, pictures }))
}

/// Forget a writer: id, references, questioned signatures that wait, and what connects the audit to the id
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

/// Judge a questioned signature against a writer's references
///
/// The decision is written down in the audit. An undecided one waits for a person at `/v1/reviews`, with its ink.
#[utoipa::path(post, path = "/v1/writers/{id}/verify", tag = "verify", params(("id" = String, Path)),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = OK, body = Decided), Problem))]
async fn verify(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Decided>), Problem> {
    let id = writer_id(&id)?;
    let judged = service.with_upload(request, move |service, upload| judge(service, &id, upload));
    let (answer, questioned, pseudonym) = judged.await?;
    let decision = decision_of(&answer, Some(pseudonym), caller.actor, Some(questioned));
    let number = service.recorder.decision(decision).await?;
    Ok((StatusCode::OK, Json(Decided { answer, number })))
}

fn judge(service: &Shared, id: &WriterId, mut upload: Upload) -> Result<(Answer, Seen, Pseudonym), Problem> {
    upload.require_no_references()?;
    let threshold = upload.threshold()?;
    let questioned = upload.take_questioned()?;
    let writer = service.store.writer(id).map_err(|error| problem(&error))?.ok_or_else(|| no_writer(id))?;
    let references = writer.approved().map(|reference| seen_of(service, reference)).collect::<Result<Vec<_>, _>>()?;
    if references.is_empty() {
        return Err(Kind::Conflict.with("the writer has no reference that counts; enrol one, or approve those that wait"));
    }
    let mut times = Milliseconds::default();
    let questioned = see(&service.model, &questioned, "questioned", &service.limits(), &mut times)?;
    let answer = service.answer(&references, &questioned, threshold, upload.explain, times)?;
    Ok((answer, questioned, writer.pseudonym))
}

/// A verdict as it is written down.
pub fn decision_of(answer: &Answer, writer: Option<Pseudonym>, by: Actor, questioned: Option<Seen>) -> NewDecision {
    let verdict = &answer.verdict;
    let is_undecided = verdict.decision == Decision::Undecided;
    NewDecision {
        writer,
        by,
        decision: verdict.decision,
        model: verdict.model.digest.clone(),
        details: json!({
            "score": verdict.score,
            "threshold": verdict.threshold,
            "log10_lr": verdict.log10_lr,
            "references": verdict.references.len(),
            "flaws": verdict.flaws.iter().map(|flaw| flaw.flaw).collect::<Vec<_>>(),
        }),
        questioned: questioned.filter(|_| is_undecided).map(|questioned| questioned.ink),
    }
}

/// A reference as the model in use sees it.
///
/// # Errors
/// 409 where another model embedded it.
pub fn seen_of(service: &Service, reference: &Reference) -> Result<Seen, Problem> {
    let embedding = match &reference.model {
        of if of.digest == service.stamp.digest => reference.embedding.clone(),
        ModelStamp { preprocess, .. } if *preprocess == service.stamp.preprocess => {
            service.model.embed(&reference.ink).map_err(other_model)?
        }
        _ => return Err(other_model(Error::OtherEmbedding)),
    };
    let path = format!("reference {}", reference.id);
    Ok(Seen { path, ink: reference.ink.clone(), embedding, flaws: Vec::new() })
}

fn other_model(error: Error) -> Problem {
    Kind::Conflict.with(format!("a reference was enrolled with another model: {error}"))
}

/// # Errors
/// 400 where it cannot be one.
pub fn writer_id(text: &str) -> Result<WriterId, Problem> {
    text.parse().map_err(|error| problem(&error))
}

pub fn no_writer(id: &WriterId) -> Problem {
    Kind::NotFound.with(format!("there is no writer '{id}'; enrol the first references at /v1/writers")).of("id")
}

impl Service {
    /// # Errors
    /// 404 where there is none.
    pub async fn writer(&self, id: WriterId) -> Result<Writer, Problem> {
        let wanted = id.clone();
        self.ask(move |store| store.writer(&wanted)).await?.ok_or_else(|| no_writer(&id))
    }
}
