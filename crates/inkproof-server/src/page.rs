//! The web page: files that are part of the program, served as they are.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::Shared;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Address, media type and content.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("../web/index.html")),
    ("/style.css", CSS, include_str!("../web/style.css")),
    ("/icon.svg", SVG, include_str!("../web/icon.svg")),
    ("/app.js", JS, include_str!("../web/app.js")),
    ("/api.js", JS, include_str!("../web/api.js")),
    ("/audit.js", JS, include_str!("../web/audit.js")),
    ("/bulk.js", JS, include_str!("../web/bulk.js")),
    ("/crop.js", JS, include_str!("../web/crop.js")),
    ("/dom.js", JS, include_str!("../web/dom.js")),
    ("/images.js", JS, include_str!("../web/images.js")),
    ("/jobs.js", JS, include_str!("../web/jobs.js")),
    ("/pages.js", JS, include_str!("../web/pages.js")),
    ("/picker.js", JS, include_str!("../web/picker.js")),
    ("/reviews.js", JS, include_str!("../web/reviews.js")),
    ("/theme.js", JS, include_str!("../web/theme.js")),
    ("/verdict.js", JS, include_str!("../web/verdict.js")),
    ("/verify.js", JS, include_str!("../web/verify.js")),
    ("/waiting.js", JS, include_str!("../web/waiting.js")),
    ("/writers.js", JS, include_str!("../web/writers.js")),
    ("/wrong.js", JS, include_str!("../web/wrong.js")),
];

pub fn routes() -> Router<Shared> {
    let file = |router: Router<Shared>,
                &(address, media_type, content): &(&'static str, &'static str, &'static str)| {
        router.route(address, get(move || async move { answer(media_type, content) }))
    };
    FILES.iter().fold(Router::new(), file)
}

/// A page that is open while the program is replaced asks again.
fn answer(media_type: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), content).into_response()
}
