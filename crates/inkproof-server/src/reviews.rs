//! `/v1/reviews`: questioned signatures that a person has to decide on.

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use inkproof::Decision;
use inkproof_service::{OpenReview, Seen};
use inkproof_store::{Review, Settlement};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::bodies::Owner;
use crate::images::failed;
use crate::paging::{Paging, Path, Query};
use crate::problem::{Kind, Problem};
use crate::tokens::Caller;

/// Bytes of a settlement and of its note.
const MOST_BODY: usize = 64 << 10;
const MOST_NOTE: usize = 4000;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, settle))
}

/// A page of reviews.
#[derive(Debug, Serialize, ToSchema)]
struct Reviews {
    #[schema(value_type = Vec<Object>)]
    reviews: Vec<Review>,
    /// The cursor of the next page; null where this is the last.
    next: Option<String>,
}

/// What a person says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Said {
    /// accepted or rejected; without it the review stays open and only the note is kept.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    decision: Option<Decision>,
    #[serde(default)]
    note: Option<String>,
}

/// Decisions that wait for a person, the oldest first
#[utoipa::path(get, path = "/v1/reviews", tag = "reviews", params(Paging),
    responses((status = OK, body = Reviews), Problem))]
async fn list(State(service): State<Shared>, Query(paging): Query<Paging>) -> Result<Json<Reviews>, Problem> {
    let (after, limit) = (paging.cursor()?.unwrap_or(0), paging.limit()?);
    let reviews = service.ask(move |store| store.reviews(after, limit)).await?;
    let next = reviews.last().filter(|_| reviews.len() == limit).map(|review| review.decision.to_string());
    Ok(Json(Reviews { reviews, next }))
}

/// What is wanted with a review.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct With {
    /// Add the inks and where they agree; written down in the audit.
    pictures: bool,
}

/// One of them
///
/// With `pictures`, as long as it is open, also the inks and where they agree. That is written down in the audit as `viewed`
/// before it is answered, and `picture-rate` says how often a token may ask for it.
#[utoipa::path(get, path = "/v1/reviews/{review}", tag = "reviews", params(("review" = i64, Path), With),
    responses((status = OK, body = OpenReview), Problem))]
async fn show(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(review): Path<i64>,
    Query(with): Query<With>,
) -> Result<Json<OpenReview>, Problem> {
    if !with.pictures {
        return Ok(Json(server.ask(move |store| store.review(review)).await?.into()));
    }
    server.picture_rates.check(&caller)?;
    let opening = server.clone();
    let open = move || opening.service.open_review(review).map_err(failed);
    let opened = server.workers.place(&caller.owner)?.compute(open).await??;
    if opened.pictures.is_some() {
        server.looks(Seen::Review(review), opened.pseudonym, caller.actor).await?;
    }
    Ok(Json(opened))
}

/// Accept or reject a questioned signature, or note something
#[utoipa::path(post, path = "/v1/reviews/{review}", tag = "reviews", params(("review" = i64, Path)), request_body = Said,
    responses((status = OK, body = Object), Problem))]
async fn settle(
    State(service): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<i64>,
    body: Body,
) -> Result<Json<Review>, Problem> {
    let said = said(&service, caller.owner, body).await?;
    let review = service.ask(move |store| {
        if store.settle(number, &said, &caller.actor)? {
            tracing::warn!(review = number, "settled by who asked: without tokens there is no second pair of eyes");
        }
        store.review(number)
    });
    Ok(Json(review.await?))
}

async fn said(service: &Shared, owner: Owner, body: Body) -> Result<Settlement, Problem> {
    let received = service.bodies.receive(owner, body).await?;
    if received.bytes.len() > MOST_BODY {
        return Err(Kind::TooLarge.with(format!("give at most {MOST_BODY} bytes")));
    }
    let wrong = |error| Kind::Malformed.with(format!("the JSON document cannot be read: {error}"));
    let Said { decision, note } = serde_json::from_slice(&received.bytes).map_err(wrong)?;
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > MOST_NOTE) {
        return Err(Kind::TooLarge.with(format!("the note has more than {MOST_NOTE} characters")).on_field("note"));
    }
    match decision {
        Some(Decision::Undecided) => Err(Kind::Malformed.with("give accepted or rejected").on_field("decision")),
        None if note.is_none() => Err(Kind::Malformed.with("give a decision, a note or both").on_field("decision")),
        decision => Ok(Settlement { decision, note }),
    }
}
