//! Enrolment: a new writer with the first references, further ones, their approval and their removal.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use inkproof_service::{EnrolRequest, Enrolled, WriterState};
use inkproof_store::{Actor, Time, WriterId};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::images::{called_references, failed};
use crate::paging::Path;
use crate::problem::{Kind, Problem};
use crate::tokens::Caller;
use crate::upload::{self, Upload};
use crate::writers::writer_id;
use crate::{Server, Shared};

const KEY: &str = "idempotency-key";
const LONGEST_KEY: usize = 200;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(add)).routes(routes!(approve)).routes(routes!(remove))
}

/// Enrol a new writer with the first references
///
/// The form's `id` says under which id. A reference that is unfit, nearly the same as another or does not agree with the
/// others is refused, and then none is kept, unless `force` is true. With an `Idempotency-Key` the same request, sent
/// again, gives the same answer.
#[utoipa::path(post, path = "/v1/writers", tag = "writers",
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request")),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = CREATED, description = "Enrolled", body = Enrolled), Problem))]
async fn create(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, Json<Enrolled>), Problem> {
    let key = key(&headers)?;
    let done = server.with_upload(request, move |server, upload| {
        let none = || Kind::Malformed.with("there is no id; give the writer's").on_field("id");
        let id = writer_id(upload.id.as_deref().ok_or_else(none)?)?;
        enroll(server, WriterState::New, id, upload, &caller.actor, key)
    });
    Ok((StatusCode::CREATED, Json(done.await?)))
}

/// Enrol further references of a writer
///
/// As with a new writer: none is kept where one does not fit, unless `force` is true. One reference may be sent as it is, as
/// `image/png` or what else it is.
#[utoipa::path(post, path = "/v1/writers/{id}/references", tag = "writers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Names this request")),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "application/pdf"))),
    responses((status = CREATED, description = "Enrolled", body = Enrolled), Problem))]
async fn add(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, Json<Enrolled>), Problem> {
    let (key, id) = (key(&headers)?, writer_id(&id)?);
    let done = server
        .with_upload(request, move |server, upload| enroll(server, WriterState::Known, id, upload, &caller.actor, key));
    Ok((StatusCode::CREATED, Json(done.await?)))
}

/// Let a reference count that somebody else enrolled
#[utoipa::path(post, path = "/v1/writers/{id}/references/{reference}/approve", tag = "writers",
    params(("id" = String, Path), ("reference" = i64, Path)), responses((status = OK, body = Object), Problem))]
async fn approve(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((id, reference)): Path<(String, i64)>,
) -> Result<Json<Value>, Problem> {
    let id = writer_id(&id)?;
    server.ask(move |store| store.approve(&id, reference, &caller.actor)).await?;
    Ok(Json(json!({"approved": reference})))
}

/// Forget one reference
#[utoipa::path(delete, path = "/v1/writers/{id}/references/{reference}", tag = "writers",
    params(("id" = String, Path), ("reference" = i64, Path)), responses((status = OK, body = Object), Problem))]
async fn remove(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((id, reference)): Path<(String, i64)>,
) -> Result<Json<Value>, Problem> {
    let id = writer_id(&id)?;
    server.ask(move |store| store.remove(&id, reference, &caller.actor)).await?;
    Ok(Json(json!({"removed": reference})))
}

/// What names a request, so that it is done once.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong =
        || Kind::Malformed.with(format!("give 1 to {LONGEST_KEY} visible characters")).on_field("Idempotency-Key");
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().map_err(|_| wrong())?;
    if !(1..=LONGEST_KEY).contains(&text.len()) {
        return Err(wrong());
    }
    Ok(Some(text.to_owned()))
}

/// Enrols what a request brings, on a worker.
fn enroll(
    server: &Server,
    state: WriterState,
    writer: WriterId,
    mut upload: Upload,
    by: &Actor,
    key: Option<String>,
) -> Result<Enrolled, Problem> {
    let references = upload.take_references()?;
    let written = upload.written.as_deref().map(str::parse::<Time>).transpose();
    let written = written.map_err(|why| Kind::Malformed.with(why).on_field("written"))?;
    let names = called_references(&references);
    let images = upload.named_references(&references, &names);
    let request = EnrolRequest { writer, images: &images, written, force: upload.force, state, key };
    server.service.enroll(&request, by).map_err(failed)
}
