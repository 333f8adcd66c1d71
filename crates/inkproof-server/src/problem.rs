//! What is wrong with a request, as RFC 9457 has it: one JSON document that says what, which field, and what to do.

use std::collections::BTreeMap;
use std::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The answer to a request that is refused or fails.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// Which kind of problem: a name that programs can rely on, as in `urn:inkproof:problem:unfit-image`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// The field of the request that it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong with each image, where several things may be.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub images: Box<[ImageProblem]>,
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<u64>,
}

/// What is wrong with one image of a request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ImageProblem {
    /// Its field.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// 400: the request cannot be understood.
    Malformed,
    /// 401: there is no valid token.
    Unauthenticated,
    /// 403: the role of the token, the page it comes from or the four-eyes rule does not allow it.
    Forbidden,
    /// 404: there is nothing at the address, or no such writer, reference, review or rule of an account.
    NotFound,
    /// 405: the address is right and the method is not.
    WrongMethod,
    /// 408: the request took too long to arrive.
    TooSlow,
    /// 409: what the request is about is in another state by now.
    Conflict,
    /// 413: the request or an image of it is over a limit.
    TooLarge,
    /// 415: the body is of a media type that is not read here.
    MediaType,
    /// 422: an image cannot be used.
    UnfitImage,
    /// 422: something speaks against a reference that is to be enrolled.
    Inconsistent,
    /// 422: the idempotency key was used for another request.
    KeyReused,
    /// 429: too many requests from one token or address, or too many of them refused.
    TooMany,
    /// 429: all workers and places in the queue are taken, or all memory for requests is.
    Busy,
    /// 500: something failed here; the log says what.
    Internal,
    /// 503: the service is stopping, or its store cannot answer now.
    Unavailable,
    /// 503: the answer took longer than a request may take.
    TookTooLong,
}

impl Kind {
    /// Its name, its title and its status.
    fn facts(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::Malformed => {
                ("urn:inkproof:problem:malformed", "The request cannot be understood", StatusCode::BAD_REQUEST)
            }
            Self::Unauthenticated => {
                ("urn:inkproof:problem:unauthenticated", "A valid token is needed", StatusCode::UNAUTHORIZED)
            }
            Self::Forbidden => {
                ("urn:inkproof:problem:forbidden", "The token's role does not allow this", StatusCode::FORBIDDEN)
            }
            Self::NotFound => ("urn:inkproof:problem:not-found", "Not found", StatusCode::NOT_FOUND),
            Self::WrongMethod => (
                "urn:inkproof:problem:wrong-method",
                "The address does not take this method",
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            Self::TooSlow => {
                ("urn:inkproof:problem:too-slow", "The request took too long to arrive", StatusCode::REQUEST_TIMEOUT)
            }
            Self::Conflict => ("urn:inkproof:problem:conflict", "It is in another state by now", StatusCode::CONFLICT),
            Self::TooLarge => {
                ("urn:inkproof:problem:too-large", "The request is over a limit", StatusCode::PAYLOAD_TOO_LARGE)
            }
            Self::MediaType => (
                "urn:inkproof:problem:media-type",
                "The request is of a kind not read here",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ),
            Self::UnfitImage => {
                ("urn:inkproof:problem:unfit-image", "An image cannot be used", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::Inconsistent => (
                "urn:inkproof:problem:inconsistent",
                "A reference does not fit the others",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::KeyReused => (
                "urn:inkproof:problem:key-reused",
                "The idempotency key was used for another request",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::TooMany => ("urn:inkproof:problem:too-many", "Too many requests", StatusCode::TOO_MANY_REQUESTS),
            Self::Busy => ("urn:inkproof:problem:busy", "The service is busy", StatusCode::TOO_MANY_REQUESTS),
            Self::Internal => {
                ("urn:inkproof:problem:internal", "Something went wrong here", StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Unavailable => {
                ("urn:inkproof:problem:unavailable", "The service cannot answer now", StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::TookTooLong => {
                ("urn:inkproof:problem:took-too-long", "The answer took too long", StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }

    /// A problem of this kind, with what is wrong this time and what to do.
    pub fn with(self, detail: impl fmt::Display) -> Problem {
        let (kind, title, status) = self.facts();
        let (status, detail) = (status.as_u16(), detail.to_string());
        Problem { kind, title, status, detail, field: None, images: Box::default(), retry_after: None }
    }
}

impl Problem {
    /// The same, about a field.
    #[must_use]
    pub fn on_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, with what is wrong with each image.
    #[must_use]
    pub fn on_images(mut self, images: Vec<ImageProblem>) -> Self {
        self.images = images.into();
        self
    }

    /// The same, with the seconds after which to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The HTTP status; 500 where the number is not one.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status(), self.retry_after);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// In the OpenAPI document every request may end in a problem.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let problem = |description| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            RefOr::T(ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build())
        };
        BTreeMap::from([
            ("4XX".to_owned(), problem("What is wrong with the request")),
            ("5XX".to_owned(), problem("What failed here")),
        ])
    }
}
