//! `/v1/find`: where on the pages of a file signatures are, and which pages are signed.

use axum::Json;
use axum::extract::{Request, State};
use inkproof::find::Field;
use inkproof_service::{Found, ImageField, find_signatures};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::images::{called, failed};
use crate::problem::{Kind, Problem};
use crate::upload::{self, Upload};

/// More parts of a page than any form has.
const MOST_FIELDS: usize = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(find))
}

/// Find the signatures on the pages of a file
///
/// `questioned` is the file; `page` says one of its pages, otherwise all are looked at. Each `field`, as
/// `customer=10%,80%,35%,8%` (left, top, width and height in per cent of the page, or as `20mm`), is a part of the page that has
/// to be signed. With `explain` that page, or the first that is signed or should be looked at, has pictures: of itself, and of
/// what was found. Nothing is kept.
#[utoipa::path(post, path = "/v1/find", tag = "verify",
    request_body(content((upload::Form = "multipart/form-data"), (upload::Json = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "application/pdf"))),
    responses((status = OK, description = "Page by page", body = Found), Problem))]
async fn find(State(server): State<Shared>, request: Request) -> Result<Json<Found>, Problem> {
    let found = server.with_upload(request, move |server, mut upload| {
        upload.require_no_references()?;
        let (fields, page) = (upload.fields()?, upload.take_questioned()?);
        let name = called(&page, ImageField::Questioned);
        let page = upload.named(&page, &name);
        let limits = server.service.verifier().limits();
        find_signatures(&server.finder, &page, &fields, upload.explain, limits).map_err(failed)
    });
    found.await.map(Json)
}

impl Upload {
    /// The parts of a page that have to be signed.
    fn fields(&self) -> Result<Vec<Field>, Problem> {
        if self.fields.len() > MOST_FIELDS {
            return Err(Kind::Malformed.with(format!("give at most {MOST_FIELDS}")).on_field("fields"));
        }
        let field = |text: &String| text.parse().map_err(|error| Kind::Malformed.with(error).on_field("fields"));
        self.fields.iter().map(field).collect()
    }
}
