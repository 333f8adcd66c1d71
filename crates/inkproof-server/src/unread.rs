//! What is left of a request's body when it is answered early, as one that is refused.
//!
//! A connection that is closed while its client still sends is reset, and the client never sees why it was refused. So the
//! rest is received and thrown away first, within limits.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use http_body::{Frame, SizeHint};

use crate::Shared;

/// So long the rest may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body that can be had back after it was given away.
#[derive(Debug, Clone)]
struct Lent(Arc<Mutex<Body>>);

/// Answers a request, and receives what its handler left unread.
pub async fn receive_rest(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let lent = Lent(Arc::new(Mutex::new(body)));
    let response = next.run(Request::from_parts(parts, Body::new(lent.clone()))).await;
    let most = 2 * service.settings.max_body as u64;
    // Of a body that came too slowly the rest would, too.
    let is_slow = response.status() == StatusCode::REQUEST_TIMEOUT;
    if !is_slow && !lent.is_end_stream() && lent.size_hint().lower() <= most {
        // Whoever sends more, or longer, is cut off.
        tokio::time::timeout(PATIENCE, discard(Body::new(lent), most)).await.ok();
    }
    response
}

async fn discard(body: Body, most: u64) {
    let mut parts = body.into_data_stream();
    let mut received = 0;
    while let Some(Ok(part)) = parts.next().await {
        received += part.len() as u64;
        if received > most {
            return;
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
