//! Questioned signatures: `/v1/verify`, where references come in the same call, and `/v1/writers/{id}/verify`.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use inkproof::VerifyOptions;
use inkproof_service::{ImageField, Judged, Question, Seen, Threads, Verification, verify_references};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::images::{called, called_references, failed};
use crate::paging::Path;
use crate::problem::{Kind, Problem};
use crate::tokens::Caller;
use crate::upload::{self, Upload};
use crate::writers::writer_id;
use crate::{Server, Shared};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(verify)).routes(routes!(verify_writer))
}

/// Judge a questioned signature against references that come with it
///
/// Nothing of it is kept but the decision, in the audit. The answer is that of `inkproof verify --json`, with pictures where
/// `explain` is true.
#[utoipa::path(post, path = "/v1/verify", tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = OK, description = "The verdict", body = Verification), Problem))]
async fn verify(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Verification>, Problem> {
    let judged = server.with_upload(request, move |server, mut upload| {
        let options = VerifyOptions { threshold: upload.threshold()?, ..VerifyOptions::default() };
        if upload.references.is_empty() {
            let why = "there is no reference; give at least one signature that is known to be the writer's";
            return Err(Kind::Malformed.with(why).on_field("references"));
        }
        let references = upload.take_references()?;
        let questioned = upload.take_questioned()?;
        let name = called(&questioned, ImageField::Questioned);
        let questioned = upload.named(&questioned, &name);
        let question = Question { questioned, options, pictures: upload.explain };
        let names = called_references(&references);
        let references = upload.named_references(&references, &names);
        verify_references(server.service.verifier(), &references, &question, caller.actor, Threads::One).map_err(failed)
    });
    let mut judged = judged.await?;
    // Nobody can look this decision up again, so its number would say nothing.
    server.record(&mut judged).await?;
    Ok(Json(judged.answer))
}

/// Judge a questioned signature against a writer's references
///
/// The decision is written down in the audit. An undecided one waits for a person at `/v1/reviews`, with its ink. With
/// `explain` the answer shows the writer's references: that is written down, too, as `viewed`, and `picture-rate` says how
/// often a token may ask for it.
#[utoipa::path(post, path = "/v1/writers/{id}/verify", tag = "verify", params(("id" = String, Path)),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "application/pdf"))),
    responses((status = OK, description = "The verdict", body = Verification), Problem))]
async fn verify_writer(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Verification>, Problem> {
    let writer = writer_id(&id)?;
    let by = caller.actor.clone();
    let judged = server.with_upload(request, move |server, mut upload: Upload| {
        upload.require_no_references()?;
        if upload.explain {
            server.picture_rates.check(&caller)?;
        }
        require_own_threshold(&upload)?;
        let questioned = upload.take_questioned()?;
        let name = called(&questioned, ImageField::Questioned);
        let questioned = upload.named(&questioned, &name);
        let question = Question { questioned, options: VerifyOptions::default(), pictures: upload.explain };
        server.service.verify_writer(&writer, &question, caller.actor).map_err(failed)
    });
    let mut judged = judged.await?;
    let number = server.record(&mut judged).await?;
    judged.answer.audit = Some(number);
    if judged.answer.pictures.is_some() {
        server.looks(Seen::Verification(number), judged.decision.writer, by).await?;
    }
    Ok(Json(judged.answer))
}

/// Refuses a threshold that a client gives for an enrolled writer.
pub fn require_own_threshold(upload: &Upload) -> Result<(), Problem> {
    if upload.threshold()?.is_some() {
        let why = "an enrolled writer is judged at the model's own threshold; give one to /v1/verify";
        return Err(Kind::Malformed.with(why).on_field("threshold"));
    }
    Ok(())
}

impl Server {
    /// Writes a decision down before it is answered; its number.
    pub async fn record(&self, judged: &mut Judged) -> Result<i64, Problem> {
        let number = self.recorder.decision(judged.decision.clone()).await?;
        self.metrics.decided(&judged.answer.verdict.decision.to_string());
        Ok(number)
    }
}
