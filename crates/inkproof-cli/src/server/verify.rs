//! `/v1/verify`: references and the questioned signature in one call; nothing is kept but the decision.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Answer;
use super::images::see;
use super::problem::{Kind, Problem};
use super::upload::{self, Upload};
use super::Shared;
use crate::verdict::Milliseconds;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(verify))
}

/// Judge a questioned signature against references that come with it
///
/// Nothing of it is kept but the decision, in the audit. The answer is that of `inkproof verify --json`, with pictures where `explain` is true.
#[utoipa::path(
    post,
    path = "/v1/verify",
    tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"))),
    responses((status = OK, description = "The verdict", body = Answer), Problem)
)]
async fn verify(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Answer>, Problem> {
    let answer = service.with_upload(request, judge).await?;
    service.recorder.decision(decision_of(&answer, None, caller.actor, None)).await?;
    Ok(Json(answer))
}

fn judge(service: &Shared, mut upload: Upload) -> Result<Answer, Problem> {
    let threshold = upload.threshold()?;
    let questioned = upload.take_questioned()?;
    if upload.references.is_empty() {
        let why = "there is no reference; give at least one signature that is known to be the writer's";
        return Err(Kind::Malformed.with(why).of("references"));
    }
    let mut times = Milliseconds::default();
    let limits = service.limits();
    let questioned = see(&service.model, &questioned, "questioned", &limits, &mut times)?;
    let images = upload.references.iter().enumerate();
    let references = images
        .map(|(number, image)| see(&service.model, image, &format!("references[{number}]"), &limits, &mut times))
        .collect::<Result<Vec<_>, _>>()?;
    service.answer(&references, &questioned, threshold, upload.explain, times)
}
