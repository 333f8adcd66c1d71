//! Enrolment: a new writer with the first references, further ones, their approval and their removal.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::images::{Seen, Times, see_all};
use super::paging::Path;
use super::problem::{Kind, Problem};
use super::recorder::{failed, problem};
use super::tokens::Caller;
use super::upload::{self, Upload};
use super::writers::writer_id;
use super::{Service, Shared};
use crate::enrolment::{Candidate, Consistency, Examined, Objection, examine};
use crate::store::{Actor, Enrolled, Enrolment, Hex, NewReference, RequestKey, StoreError, Time, Writer, WriterId};

const KEY: &str = "idempotency-key";
const LONGEST_KEY: usize = 200;
/// Somebody else may enrol the same writer at the same time: then all is looked at again.
const ATTEMPTS: usize = 5;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(add)).routes(routes!(approve)).routes(routes!(remove))
}

/// What was enrolled.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    #[schema(value_type = String)]
    writer: WriterId,
    /// The new references' numbers, in the order of the images.
    references: Vec<i64>,
    /// Whether the same request was answered before.
    repeated: bool,
    /// Whether somebody else has to approve them before they count.
    waiting: bool,
    /// How good the set is; null in a repeated answer.
    quality: Option<Quality>,
}

/// How good a writer's references are together.
#[derive(Debug, Serialize, ToSchema)]
struct Quality {
    /// single, consistent or loose.
    #[schema(value_type = String)]
    consistency: Consistency,
    /// How many more would make decisions better.
    wanted: usize,
    /// In words.
    advice: String,
    /// What spoke against references that were enrolled by force.
    #[schema(value_type = Vec<Object>)]
    objections: Vec<Objection>,
}

/// Who is enrolled: somebody new, or somebody who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    New,
    Known,
}

/// Enrol a new writer with the first references
///
/// The form's `id` says under which id. A reference that is unfit, nearly the same as another or does not agree with the
/// others is refused, and then none is kept, unless `force` is true. With an `Idempotency-Key` the same request, sent
/// again, gives the same answer.
#[utoipa::path(post, path = "/v1/writers", tag = "writers",
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request")),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = CREATED, description = "Enrolled", body = Report), Problem))]
async fn create(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, Json<Report>), Problem> {
    let key = key(&headers)?;
    let done = service.with_upload(request, move |service, upload| {
        let none = || Kind::Malformed.with("there is no id; give the writer's").of("id");
        let id = writer_id(upload.id.as_deref().ok_or_else(none)?)?;
        enroll(service, Of::New, id, &upload, &caller.actor, key)
    });
    Ok((StatusCode::CREATED, Json(done.await?)))
}

/// Enrol further references of a writer
///
/// As with a new writer: none is kept where one does not fit, unless `force` is true.
#[utoipa::path(post, path = "/v1/writers/{id}/references", tag = "writers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Names this request")),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = CREATED, description = "Enrolled", body = Report), Problem))]
async fn add(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, Json<Report>), Problem> {
    let (key, id) = (key(&headers)?, writer_id(&id)?);
    let done = service
        .with_upload(request, move |service, upload| enroll(service, Of::Known, id, &upload, &caller.actor, key));
    Ok((StatusCode::CREATED, Json(done.await?)))
}

/// Let a reference count that somebody else enrolled
#[utoipa::path(post, path = "/v1/writers/{id}/references/{reference}/approve", tag = "writers",
    params(("id" = String, Path), ("reference" = i64, Path)), responses((status = OK, body = Object), Problem))]
async fn approve(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((id, reference)): Path<(String, i64)>,
) -> Result<Json<Value>, Problem> {
    let id = writer_id(&id)?;
    service.ask(move |store| store.approve(&id, reference, &caller.actor)).await?;
    Ok(Json(json!({"approved": reference})))
}

/// Forget one reference
#[utoipa::path(delete, path = "/v1/writers/{id}/references/{reference}", tag = "writers",
    params(("id" = String, Path), ("reference" = i64, Path)), responses((status = OK, body = Object), Problem))]
async fn remove(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((id, reference)): Path<(String, i64)>,
) -> Result<Json<Value>, Problem> {
    let id = writer_id(&id)?;
    service.ask(move |store| store.remove(&id, reference, &caller.actor)).await?;
    Ok(Json(json!({"removed": reference})))
}

/// What names a request, so that it is done once.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong = || Kind::Malformed.with(format!("give 1 to {LONGEST_KEY} visible characters")).of("Idempotency-Key");
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().map_err(|_| wrong())?;
    match (1..=LONGEST_KEY).contains(&text.len()) {
        true => Ok(Some(text.to_owned())),
        false => Err(wrong()),
    }
}

fn enroll(
    service: &Shared,
    of: Of,
    id: WriterId,
    upload: &Upload,
    by: &Actor,
    key: Option<String>,
) -> Result<Report, Problem> {
    if upload.references.is_empty() {
        return Err(Kind::Malformed.with("there is no reference; give at least one image").of("references"));
    }
    let written = upload.written.as_deref().map(str::parse::<Time>).transpose();
    let written = written.map_err(|why| Kind::Malformed.with(why).of("written"))?;
    let key = key.map(|key| RequestKey { key, request: request_hash(of, &id, upload) });
    if let Some(done) = answered(service, by, key.as_ref())? {
        return Ok(report(service, id, done, None));
    }
    let seen = see_all(&service.model, &upload.references, "references", &service.limits(), &mut Times::default())?;
    let references: Vec<NewReference> = seen
        .iter()
        .zip(&upload.references)
        .map(|(seen, image)| NewReference {
            ink: seen.ink.clone(),
            embedding: seen.embedding.clone(),
            digest: seen.digest,
            image: service.settings.keep_images.then(|| image.bytes.to_vec()),
            written,
        })
        .collect();
    for _ in 1..ATTEMPTS {
        match keep(service, of, &id, &seen, &references, upload.force, by, key.as_ref()) {
            Err(Refused::Changed) => {}
            // The same request may have been done in the meantime, and its references be what speaks against these.
            Err(Refused::Problem(problem)) => {
                let done = answered(service, by, key.as_ref())?.ok_or(problem)?;
                return Ok(report(service, id, done, None));
            }
            Ok((enrolled, examined)) => return Ok(report(service, id, enrolled, Some(examined))),
        }
    }
    Err(Kind::Conflict.with(format!("others change '{id}' all the time; try again")))
}

/// What the same request was answered before.
fn answered(service: &Service, by: &Actor, key: Option<&RequestKey>) -> Result<Option<Enrolled>, Problem> {
    let found = key.map(|key| service.store.answered(by, key)).transpose();
    Ok(found.map_err(|error| problem(&error))?.flatten())
}

/// Why nothing was kept.
enum Refused {
    /// Somebody else changed the writer in the meantime.
    Changed,
    Problem(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

#[allow(clippy::too_many_arguments, reason = "all of a request, and what was made of it")]
fn keep(
    service: &Shared,
    of: Of,
    id: &WriterId,
    seen: &[Seen],
    references: &[NewReference],
    force: bool,
    by: &Actor,
    key: Option<&RequestKey>,
) -> Result<(Enrolled, Examined), Refused> {
    let writer = service.store.writer(id).map_err(|error| problem(&error))?;
    match (of, &writer) {
        (Of::New, Some(_)) => {
            return Err(Kind::Conflict
                .with(format!("there is a writer '{id}' already; add references"))
                .of("id")
                .into());
        }
        (Of::Known, None) => return Err(problem(&StoreError::NoWriter(id.clone())).into()),
        _ => {}
    }
    let examined = look(service, writer.as_ref(), seen)?;
    if !force && !examined.objections.is_empty() {
        return Err(objected(&examined, seen).into());
    }
    let enrolment = Enrolment {
        writer: id,
        references,
        model: &service.stamp,
        by,
        four_eyes: service.settings.four_eyes,
        seen: writer.as_ref().map_or(0, |writer| writer.changed),
        key: key.cloned(),
    };
    match service.store.enroll(&enrolment) {
        Ok(enrolled) => Ok((enrolled, examined)),
        Err(StoreError::Changed(_)) => Err(Refused::Changed),
        Err(error) => Err(problem(&error).into()),
    }
}

/// What speaks for and against the references, beside those that are kept.
fn look(service: &Service, writer: Option<&Writer>, seen: &[Seen]) -> Result<Examined, Problem> {
    let kept = writer.map_or(&[][..], |writer| &writer.references);
    if kept.iter().any(|reference| reference.model.digest != service.stamp.digest) {
        return Err(
            Kind::Conflict.with("the writer's references are another model's; run `inkproof store reembed` first")
        );
    }
    let kept: Vec<_> = kept.iter().map(Candidate::kept).collect();
    let offered: Vec<_> = seen
        .iter()
        .map(|seen| Candidate {
            name: seen.name.clone(),
            embedding: &seen.embedding,
            digest: seen.digest,
            flaws: seen.flaws.clone(),
        })
        .collect();
    examine(&service.model, &kept, &offered).map_err(failed)
}

/// All that speaks against the references; the field is the first of them.
fn objected(examined: &Examined, seen: &[Seen]) -> Problem {
    let all: Vec<String> = examined.objections.iter().map(ToString::to_string).collect();
    let first = examined.objections.first().and_then(|first| seen.iter().position(|seen| seen.name == first.reference));
    let field = first.map_or("references".to_owned(), |place| format!("references[{place}]"));
    let told = format!("nothing was enrolled: {}; give other images, or force it", all.join("; "));
    Kind::Inconsistent.with(told).of(field)
}

fn report(service: &Service, writer: WriterId, enrolled: Enrolled, examined: Option<Examined>) -> Report {
    let quality = examined.map(|examined| Quality {
        consistency: examined.consistency,
        wanted: examined.wanted,
        advice: examined.advice(),
        objections: examined.objections,
    });
    let Enrolled { references, repeated } = enrolled;
    Report { writer, references, repeated, waiting: service.settings.four_eyes, quality }
}

/// A hash of all that a request asks for, each part with its length before it.
fn request_hash(of: Of, id: &WriterId, upload: &Upload) -> Hex<32> {
    let mut hash = Sha256::new();
    let mut feed = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    feed(if of == Of::New { b"new" } else { b"known" });
    feed(id.as_str().as_bytes());
    feed(upload.written.as_deref().unwrap_or_default().as_bytes());
    feed(&[u8::from(upload.force)]);
    upload.references.iter().for_each(|image| feed(&image.bytes));
    Hex(hash.finalize().into())
}
