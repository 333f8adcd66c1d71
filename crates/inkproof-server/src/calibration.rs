//! `/v1/calibration`: from where on signatures are accepted, fixed on the store's own writers.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use inkproof_service::{DEFAULT_FRR, KeptCalibration, OwnCalibration};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::images::failed;
use crate::limits;
use crate::problem::{Kind, Problem};
use crate::tokens::Caller;

/// Bytes of a request.
const MOST_BODY: usize = 4 << 10;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show, calibrate, undo))
}

/// What was measured, and since when it holds where it was kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Measured {
    Kept(KeptCalibration),
    Tried(OwnCalibration),
}

/// The calibration that holds.
#[derive(Debug, Serialize, ToSchema)]
struct Shown {
    /// Null where the model's own thresholds hold.
    calibration: Option<KeptCalibration>,
}

/// What is promised.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Promise {
    /// The share of genuine signatures that are not accepted at most, above 0 and below 0.5; 0.05 where it is not given.
    frr: f64,
    /// Whether it is to hold; without, it is only measured.
    keep: bool,
}

impl Default for Promise {
    fn default() -> Self {
        Self { frr: DEFAULT_FRR, keep: true }
    }
}

/// From where on enrolled writers' signatures are accepted
#[utoipa::path(get, path = "/v1/calibration", tag = "operations", responses((status = OK, body = Shown), Problem))]
async fn show(State(server): State<Shared>) -> Result<Json<Shown>, Problem> {
    let asked = server.clone();
    let calibration = limits::blocking(move || asked.service.calibration()).await?.map_err(failed)?;
    Ok(Json(Shown { calibration }))
}

/// Fix it on the enrolled writers
///
/// So that of genuine signatures at most the share `frr` is not accepted, but goes to a person or is rejected. No forgery is
/// needed for that: how many forgeries are accepted then is estimated in the answer. It is written down in the audit and holds
/// from then on, whichever program uses the store with this model; with `keep` false it is only measured.
#[utoipa::path(post, path = "/v1/calibration", tag = "operations", request_body = Promise,
    responses((status = OK, body = Measured), Problem))]
async fn calibrate(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Json<Measured>, Problem> {
    let deadline = Instant::now() + Duration::from_secs(server.settings.request_seconds);
    let received = server.bodies.receive(caller.owner.clone(), body).await?;
    if received.bytes.len() > MOST_BODY {
        return Err(Kind::TooLarge.with(format!("give at most {MOST_BODY} bytes")));
    }
    let wrong = |error| Kind::Malformed.with(format!("the JSON document cannot be read: {error}"));
    let promise = match &received.bytes[..] {
        [] => Promise::default(),
        bytes => serde_json::from_slice(bytes).map_err(wrong)?,
    };
    let asked = server.clone();
    let work = move || {
        let measured = asked.service.measure_calibration(promise.frr, Some(deadline), |_| ())?;
        if promise.keep {
            asked.service.keep_calibration(&measured, &caller.actor).map(Measured::Kept)
        } else {
            Ok(Measured::Tried(measured))
        }
    };
    let measured = server.workers.place(&caller.owner)?.compute(work).await?;
    measured.map(Json).map_err(failed)
}

/// Go by the model's own thresholds again
#[utoipa::path(delete, path = "/v1/calibration", tag = "operations", responses((status = OK, body = Shown), Problem))]
async fn undo(State(server): State<Shared>, Extension(caller): Extension<Caller>) -> Result<Json<Shown>, Problem> {
    let asked = server.clone();
    limits::blocking(move || asked.service.undo_calibration(&caller.actor)).await?.map_err(failed)?;
    Ok(Json(Shown { calibration: None }))
}
