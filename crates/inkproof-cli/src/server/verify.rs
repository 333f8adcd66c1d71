//! Questioned signatures: `/v1/verify`, where references come in the same call, and `/v1/writers/{id}/verify`.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use inkproof::{Decision, Ink};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use super::answer::{Answer, Named, References, Wanted, word};
use super::images::{Seen, Times, see, see_all};
use super::paging::Path;
use super::problem::{Kind, Problem};
use super::recorder::failed;
use super::tokens::Caller;
use super::upload::{self, Upload};
use super::writers::writer_id;
use crate::known_writer::{Age, KnownWriter};
use crate::store::{NewDecision, WriterId};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(verify)).routes(routes!(verify_writer))
}

/// A verdict on an enrolled writer, which was written down.
#[derive(Debug, Serialize, ToSchema)]
struct Decided {
    #[serde(flatten)]
    answer: Answer,
    #[schema(value_type = String)]
    writer: WriterId,
    /// How old the references are, and whether fresh ones should be asked for.
    #[schema(value_type = Object)]
    age: Age,
    /// The number of the decision in the audit; of an undecided one that of its review, too.
    audit: i64,
}

/// Judge a questioned signature against references that come with it
///
/// Nothing of it is kept but the decision, in the audit. The answer is that of `inkproof verify --json`, with pictures where
/// `explain` is true.
#[utoipa::path(post, path = "/v1/verify", tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = OK, description = "The verdict", body = Answer), Problem))]
async fn verify(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Answer>, Problem> {
    let answer = service.with_upload(request, judge).await?;
    let decision = NewDecision {
        writer: None,
        by: caller.actor,
        decision: answer.judgement.decision,
        model: answer.model.digest.clone(),
        details: answer.details(),
        questioned: None,
    };
    service.recorder.decision(decision).await?;
    service.metrics.decided(word(answer.judgement.decision));
    Ok(Json(answer))
}

fn judge(service: &Shared, mut upload: Upload) -> Result<Answer, Problem> {
    let wanted = Wanted { threshold: upload.threshold()?, pictures: upload.explain };
    let questioned = upload.take_questioned()?;
    if upload.references.is_empty() {
        let why = "there is no reference; give at least one signature that is known to be the writer's";
        return Err(Kind::Malformed.with(why).of("references"));
    }
    let (model, limits, mut times) = (&service.model, service.limits(), Times::default());
    let questioned = see(model, &questioned, "questioned", &limits, &mut times)?;
    let references = see_all(model, &upload.references, "references", &limits, &mut times)?;
    Answer::of(model, References::of_seen(references), &questioned, wanted, times)
}

/// Judge a questioned signature against a writer's references
///
/// The decision is written down in the audit. An undecided one waits for a person at `/v1/reviews`, with its ink.
#[utoipa::path(post, path = "/v1/writers/{id}/verify", tag = "verify", params(("id" = String, Path)),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = OK, description = "The verdict", body = Decided), Problem))]
async fn verify_writer(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Decided>, Problem> {
    let writer = writer_id(&id)?;
    let sought = writer.clone();
    let judged = service.with_upload(request, move |service, upload| judge_writer(service, &sought, upload)).await?;
    let Judged { answer, questioned, known } = judged;
    let flaws: Vec<String> = answer.flaws.iter().map(|flaw| flaw.flaw.clone()).collect();
    let decision = answer.judgement.decision;
    let audit = service.recorder.decision(NewDecision {
        writer: Some(known.pseudonym),
        by: caller.actor,
        decision,
        model: answer.model.digest.clone(),
        details: known.details(&answer.judgement, &flaws),
        questioned: (decision == Decision::Undecided).then_some(questioned),
    });
    let audit = audit.await?;
    service.metrics.decided(word(decision));
    Ok(Json(Decided { answer, writer, age: known.age, audit }))
}

/// A questioned signature that was judged against a writer.
struct Judged {
    answer: Answer,
    questioned: Ink,
    known: KnownWriter,
}

fn judge_writer(service: &Shared, id: &WriterId, mut upload: Upload) -> Result<Judged, Problem> {
    upload.require_no_references()?;
    if upload.threshold()?.is_some() {
        let why = "an enrolled writer is judged at the model's own threshold; give one to /v1/verify";
        return Err(Kind::Malformed.with(why).of("threshold"));
    }
    let wanted = Wanted { threshold: None, pictures: upload.explain };
    let questioned = upload.take_questioned()?;
    let known = KnownWriter::find(&service.store, id, &service.model).map_err(failed)?;
    let mut times = Times::default();
    let questioned: Seen = see(&service.model, &questioned, "questioned", &service.limits(), &mut times)?;
    let references = References {
        names: known.numbers.iter().copied().map(Named::Reference).collect(),
        inks: known.inks.clone(),
        embeddings: known.embeddings.clone(),
        flaws: Vec::new(),
    };
    let answer = Answer::of(&service.model, references, &questioned, wanted, times)?;
    Ok(Judged { answer, questioned: questioned.ink, known })
}
