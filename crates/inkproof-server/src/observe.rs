//! What is recorded of each request: a line of the log and a figure, without images, names or tokens.
//!
//! A request is recorded by its route, as in `/v1/writers/{id}`, never by its address, which holds a writer's id, and by a
//! number of its own that its answer carries, too.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing_subscriber::EnvFilter;

use crate::Shared;
use crate::log::{self, LogGuard};
use crate::problem::Kind;
use crate::settings::{LogFormat, Settings};

const REQUEST_ID: &str = "x-request-id";

/// From now on log lines go to standard error, until what it returns is dropped.
///
/// # Errors
/// An invalid level.
pub fn start_log(settings: &Settings) -> Result<LogGuard> {
    let filter = EnvFilter::try_new(&settings.log_level)
        .with_context(|| format!("log-level {} cannot be read", settings.log_level))?;
    let (writer, guard) = log::to(std::io::stderr()).context("no thread to write the log with")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    match settings.log {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(guard)
}

/// Tells of a request once it is answered.
pub async fn observe(State(service): State<Shared>, request: Request, next: Next) -> Response {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let begun = Instant::now();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    service.metrics.answered(method, &route, status, took);
    let milliseconds = (took.as_secs_f64() * 10_000.0).round() / 10.0;
    tracing::info!(request = number, method, route, status, milliseconds, "answered");
    response.headers_mut().insert(REQUEST_ID, HeaderValue::from(number));
    response
}

/// A method's name. A client may make up any, and figures are kept for each: those that no route has are one.
pub fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

/// The answer where a handler panicked.
pub fn panicked(service: &Shared, _: Box<dyn Any + Send>) -> Response {
    service.metrics.panicked();
    Kind::Internal.with("internal error; the log of the service says where").into_response()
}
