//! How much is in a store.

use serde::Serialize;

use crate::database::Session;
use crate::schema::{WITH_JOBS, WITH_MANDATES};
use crate::{Head, Result, Store};

/// What a store says of itself.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// Where it is, without a password.
    pub place: String,
    /// `SQLite` or `PostgreSQL`.
    pub kind: &'static str,
    /// The version of its tables.
    pub version: i64,
    /// How much is in it.
    pub counts: Counts,
    /// Erasures after which the keys may still be in the database's files.
    pub pending_erasures: i64,
    /// The end of its audit.
    pub head: Head,
    /// References by the digest of the model that embedded them.
    pub models: Vec<(String, i64)>,
}

/// How many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Enrolled writers.
    pub writers: i64,
    /// Their references, with those that wait.
    pub references: i64,
    /// Those of them that somebody has to approve.
    pub waiting: i64,
    /// Decisions that wait for a person.
    pub reviews: i64,
    /// Tokens, also those that are not valid any more.
    pub tokens: i64,
    /// Accounts with a signing rule, or one that waits.
    pub mandates: i64,
    /// Jobs, also those that have ended.
    pub jobs: i64,
}

/// As what rows are counted of.
const ACCOUNTS: &str = "(SELECT DISTINCT account FROM mandates) accounts";

impl Store {
    /// What the store says of itself, also one of an older version.
    ///
    /// # Errors
    /// What the database says.
    pub fn info(&self) -> Result<Info> {
        let (head, version) = (self.head()?, self.database.version()?);
        let pending_erasures = self.pending_erasures()?;
        self.read(|session| {
            Ok(Info {
                place: self.place.clone(),
                kind: self.database.kind(),
                version,
                counts: Counts {
                    writers: count(session, "writers")?,
                    references: count(session, "signatures")?,
                    waiting: count(session, "signatures WHERE approved IS NULL")?,
                    reviews: count(session, "reviews WHERE settled IS NULL")?,
                    tokens: count(session, "tokens")?,
                    mandates: if version < WITH_MANDATES { 0 } else { count(session, ACCOUNTS)? },
                    jobs: if version < WITH_JOBS { 0 } else { count(session, "jobs")? },
                },
                pending_erasures,
                head,
                models: models(session)?,
            })
        })
    }
}

pub(crate) fn count(session: &mut dyn Session, of: &str) -> Result<i64> {
    let rows = session.query(&format!("SELECT count(*) FROM {of}"), &[])?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.integer())
}

fn models(session: &mut dyn Session) -> Result<Vec<(String, i64)>> {
    let rows = session.query("SELECT model, count(*) FROM signatures GROUP BY model ORDER BY model", &[])?;
    rows.into_iter().map(|mut row| Ok((row.text()?, row.integer()?))).collect()
}
