//! `/v1/identify`: which enrolled writers may have signed this.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use inkproof::VerifyOptions;
use inkproof_service::{Identification, Identified, ImageField};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::images::{called, failed};
use crate::problem::{Kind, Problem};
use crate::tokens::Caller;
use crate::upload::{self, Upload};

const TOP: usize = 5;
const MOST: usize = 20;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(ask))
}

/// Ask which enrolled writers may have signed this
///
/// `top` says how many are wanted: 5 by default, 20 at most.
#[utoipa::path(post, path = "/v1/identify", tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "application/pdf"))),
    responses((status = OK, description = "Those that fit best", body = Identification), Problem))]
async fn ask(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Identification>, Problem> {
    let found = server.with_upload(request, move |server, mut upload| {
        upload.require_no_references()?;
        let top = top(&upload)?;
        let (threshold, questioned) = (upload.threshold()?, upload.take_questioned()?);
        let name = called(&questioned, ImageField::Questioned);
        let questioned = upload.named(&questioned, &name);
        server
            .service
            .identify(questioned, top, &VerifyOptions { threshold, ..VerifyOptions::default() }, caller.actor)
            .map_err(failed)
    });
    let Identified { answer, entry } = found.await?;
    server.recorder.entry(entry).await?;
    Ok(Json(answer))
}

/// How many writers are wanted.
pub fn top(upload: &Upload) -> Result<usize, Problem> {
    let top = upload.top.unwrap_or(TOP);
    if !(1..=MOST).contains(&top) {
        return Err(Kind::Malformed.with(format!("give 1 to {MOST}")).on_field("top"));
    }
    Ok(top)
}
