//! Whether the service lives, whether it can serve, and its figures.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::metrics;
use crate::problem::{Kind, Problem};
use crate::{Shared, machine};
use inkproof_service::ModelName;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// What `/healthz` and `/readyz` answer.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    status: &'static str,
    version: &'static str,
    model: ModelName,
}

impl Health {
    fn new(service: &Shared) -> Self {
        Self { status: "ok", version: env!("CARGO_PKG_VERSION"), model: ModelName::new(service.model()) }
    }
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = OK, body = Health)))]
async fn healthz(State(service): State<Shared>) -> Json<Health> {
    Json(Health::new(&service))
}

/// Whether requests can be served: the store answers and has room, and the service is not stopping
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = OK, body = Health), Problem))]
async fn readyz(State(service): State<Shared>) -> Result<Json<Health>, Problem> {
    if service.is_stopping() {
        return Err(Kind::Unavailable.with("the service is stopping"));
    }
    let least = service.settings.min_free;
    let (_, free) = service.ask(|store| Ok((store.head()?, machine::free_bytes(Path::new(store.place()))))).await?;
    if free.is_some_and(|free| free < least) {
        return Err(Kind::Unavailable.with(format!(
            "the disk of the store is full, or nearly so: fewer than {least} bytes (min-free) are left; make room"
        )));
    }
    Ok(Json(Health::new(&service)))
}

/// Figures in the text format of Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = OK, body = String), Problem))]
async fn metrics(State(service): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], service.metrics.text(&service.workers)).into_response()
}
