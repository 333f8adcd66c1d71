//! Pages whose signatures are found and judged: `/v1/verify-document`, where references come in the same call,
//! `/v1/writers/{id}/verify-document` and `/v1/identify-document`.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use inkproof::VerifyOptions;
use inkproof_service::{
    DocumentIdentification, DocumentVerification, ImageField, JudgedDocument, Question, Threads, verify_document,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::identify::top;
use crate::images::{called, called_references, failed};
use crate::paging::Path;
use crate::problem::{Kind, Problem};
use crate::tokens::Caller;
use crate::upload::{self, Upload};
use crate::verify::require_own_threshold;
use crate::writers::writer_id;
use crate::{Server, Shared};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(verify)).routes(routes!(verify_writer)).routes(routes!(identify))
}

/// Judge each signature of a page against references that come with it
///
/// `questioned` is the page, as a letter or a cheque; `page` says which of its file's pages, otherwise it is the first with a
/// signature. Each signature that is found is judged as one that was cut out by hand. The answer is that of
/// `inkproof verify --document --json`.
#[utoipa::path(post, path = "/v1/verify-document", tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = OK, description = "The verdicts", body = DocumentVerification), Problem))]
async fn verify(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<DocumentVerification>, Problem> {
    let judged = server.with_upload(request, move |server, mut upload| {
        let options = VerifyOptions { threshold: upload.threshold()?, ..VerifyOptions::default() };
        require_no_pictures(&upload)?;
        let (page, references) = (upload.take_questioned()?, upload.take_references()?);
        let name = called(&page, ImageField::Questioned);
        let question = Question { questioned: upload.named(&page, &name), options, pictures: false };
        let names = called_references(&references);
        let references = upload.named_references(&references, &names);
        let verifier = server.service.verifier();
        verify_document(verifier, &server.finder, &references, &question, &caller.actor, Threads::One).map_err(failed)
    });
    let mut judged = judged.await?;
    // Nobody can look these decisions up again, so their numbers would say nothing.
    server.record_document(&mut judged).await?;
    Ok(Json(judged.into()))
}

/// Judge each signature of a page against a writer's references
///
/// As above; each decision is written down in the audit, and an undecided one waits for a person at `/v1/reviews`.
#[utoipa::path(post, path = "/v1/writers/{id}/verify-document", tag = "verify", params(("id" = String, Path)),
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "application/pdf"))),
    responses((status = OK, description = "The verdicts", body = DocumentVerification), Problem))]
async fn verify_writer(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<DocumentVerification>, Problem> {
    let writer = writer_id(&id)?;
    let judged = server.with_upload(request, move |server, mut upload: Upload| {
        upload.require_no_references()?;
        require_own_threshold(&upload)?;
        require_no_pictures(&upload)?;
        let page = upload.take_questioned()?;
        let name = called(&page, ImageField::Questioned);
        let questioned = upload.named(&page, &name);
        let question = Question { questioned, options: VerifyOptions::default(), pictures: false };
        server.service.verify_writer_document(&server.finder, &writer, &question, &caller.actor).map_err(failed)
    });
    let mut judged = judged.await?;
    let numbers = server.record_document(&mut judged).await?;
    for (judged, number) in judged.done_mut().zip(numbers) {
        judged.answer.audit = Some(number);
    }
    Ok(Json(judged.into()))
}

/// Ask which enrolled writers may have signed a page
///
/// As `/v1/identify`, of each signature that is found.
#[utoipa::path(post, path = "/v1/identify-document", tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "application/pdf"))),
    responses((status = OK, description = "Those that fit best, for each signature", body = DocumentIdentification), Problem))]
async fn identify(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<DocumentIdentification>, Problem> {
    let found = server.with_upload(request, move |server, mut upload| {
        upload.require_no_references()?;
        let options = VerifyOptions { threshold: upload.threshold()?, ..VerifyOptions::default() };
        let (top, page) = (top(&upload)?, upload.take_questioned()?);
        let name = called(&page, ImageField::Questioned);
        let page = upload.named(&page, &name);
        server.service.identify_document(&server.finder, page, top, &options, &caller.actor).map_err(failed)
    });
    let found = found.await?;
    for identified in found.done() {
        server.recorder.entry(identified.entry.clone()).await?;
    }
    Ok(Json(found.into()))
}

/// Pictures belong to one signature: what `/v1/find` cuts is asked for by itself.
fn require_no_pictures(upload: &Upload) -> Result<(), Problem> {
    if upload.explain {
        let why = "pictures are of one signature; send what /v1/find cuts of the page to the route that judges one";
        return Err(Kind::Malformed.with(why).on_field("explain"));
    }
    Ok(())
}

impl Server {
    /// Writes the decisions down before they are answered; their numbers.
    async fn record_document(&self, document: &mut JudgedDocument) -> Result<Vec<i64>, Problem> {
        let mut numbers = Vec::new();
        for judged in document.done_mut() {
            numbers.push(self.record(judged).await?);
        }
        Ok(numbers)
    }
}
