//! `/v1/me`: who a client is to the service, and what it may send, so that a page shows what its user may do.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::problem::Problem;
use crate::tokens::Caller;
use inkproof_service::ModelName;
use inkproof_store::Role;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(me))
}

#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// As the audit names it.
    actor: String,
    /// clerk, operator, auditor or administrator (a monitor may not ask); null where no tokens are demanded and everything is allowed.
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    four_eyes: bool,
    max_images: usize,
    max_body: usize,
    max_pixels: u64,
    model: ModelName,
}

/// Who the token is to the service
#[utoipa::path(get, path = "/v1/me", tag = "operations", responses((status = OK, body = Me), Problem))]
async fn me(State(service): State<Shared>, Extension(caller): Extension<Caller>) -> Result<Json<Me>, Problem> {
    let asked = service.service.options().four_eyes;
    let four_eyes = service.ask(|store| store.four_eyes()).await?.unwrap_or(asked);
    let settings = &service.settings;
    Ok(Json(Me {
        actor: caller.actor.to_string(),
        role: caller.role,
        four_eyes,
        max_images: settings.max_images,
        max_body: settings.max_body,
        max_pixels: settings.max_pixels,
        model: ModelName::new(service.model()),
    }))
}
