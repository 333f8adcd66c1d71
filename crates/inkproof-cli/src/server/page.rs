//! The web page: files that are part of the program, served as they are.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Shared;

/// Address, media type and content.
const FILES: &[(&str, &str, &str)] = &[("/", "text/html; charset=utf-8", include_str!("../../web/index.html"))];

pub fn routes() -> Router<Shared> {
    let file = |router: Router<Shared>, &(address, media_type, content): &(&'static str, &'static str, &'static str)| {
        router.route(address, get(move || async move { answer(media_type, content) }))
    };
    FILES.iter().fold(Router::new(), file)
}

/// A page that is open while the program is replaced asks anew.
fn answer(media_type: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), content).into_response()
}
