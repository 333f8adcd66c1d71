//! Lists in pages: a cursor, which the page before gave, and how many are wanted.

use axum::extract::FromRequestParts;
use axum::extract::rejection::{PathRejection, QueryRejection};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::{Kind, Problem};

const LIMIT: usize = 50;
const MOST: usize = 500;

/// Which page is wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// `next` of the page before; the first page without it.
    cursor: Option<String>,
    /// How many at most; 50 by default, and no more than 500.
    limit: Option<usize>,
    /// How the ids of writers, or of accounts, begin.
    pub prefix: Option<String>,
}

impl Paging {
    /// # Errors
    /// Where no page gave the cursor.
    pub fn cursor(&self) -> Result<Option<i64>, Problem> {
        let wrong = |_| Kind::Malformed.with("give the cursor as the page before gave it").on_field("cursor");
        self.cursor.as_ref().map(|cursor| cursor.parse().map_err(wrong)).transpose()
    }

    /// # Errors
    /// Where it is 0 or too many.
    pub fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(LIMIT);
        if !(1..=MOST).contains(&limit) {
            return Err(Kind::Malformed.with(format!("give a limit of 1 to {MOST}")).on_field("limit"));
        }
        Ok(limit)
    }
}

/// The query of an address; what is wrong with it is a problem.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

/// Parts of an address; what is wrong with them is a problem.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Kind::Malformed.with(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Kind::Malformed.with(rejection.body_text())
    }
}
