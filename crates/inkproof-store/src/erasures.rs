//! Erasures that are not finished: the writer is gone, and the key may still be in the database's files, because somebody
//! reads there what was before, or because the program was ended in between. The same of an account whose rule was removed,
//! and of its id; and of a job that ended or was removed, and of its keys.
//!
//! The audit is the queue. When the files are cleared, it gets an entry that says up to which erasure; those after the last
//! such entry are pending. Each opening of the store tries to finish them, and so does a server from time to time.

use serde_json::json;

use crate::database::{Erasable, Session};
use crate::{Actor, Event, NewEntry, Result, Store, StoreError};

/// Erasures that are not finished.
struct Pending {
    count: i64,
    /// The number of the last one's entry.
    up_to: i64,
    /// What of it was erased.
    tables: Vec<Erasable>,
}

impl Store {
    /// How many erasures are not finished.
    ///
    /// # Errors
    /// What the database says.
    pub fn pending_erasures(&self) -> Result<i64> {
        Ok(self.read(pending)?.count)
    }

    /// Finishes them, unless somebody still reads what was before; how many are left.
    ///
    /// # Errors
    /// [`StoreError::MayNotRewrite`], and what the database says.
    pub fn finish_erasures(&self, by: &Actor) -> Result<i64> {
        let Pending { count, up_to, tables } = self.read(pending)?;
        if count == 0 || !self.database.forget(&tables)? {
            return Ok(count);
        }
        self.write(|chain| {
            // Somebody else may have done it at the same time.
            if cleared(chain.session)? >= up_to {
                return Ok(());
            }
            let entry = NewEntry {
                actor: by.clone(),
                event: Event::Cleared,
                writer: None,
                model: None,
                outcome: "cleared".to_owned(),
                details: json!({"up_to": up_to}),
            };
            chain.append(entry, None).map(drop)
        })?;
        Ok(0)
    }

    /// The same right after an erasure, which is done whatever comes of this: whether something is left for later.
    pub(crate) fn clear_away(&self, by: &Actor) -> Result<bool> {
        match self.finish_erasures(by) {
            Ok(left) => Ok(left > 0),
            Err(StoreError::MayNotRewrite) => Err(StoreError::MayNotRewrite),
            Err(_) => Ok(true),
        }
    }
}

fn pending(session: &mut dyn Session) -> Result<Pending> {
    const STATEMENT: &str = "SELECT event, count(*), max(sequence) FROM audit
        WHERE event IN ('erased', 'mandate-removed', 'job-ended', 'job-removed') AND sequence > $1 GROUP BY event";
    let cleared = cleared(session)?;
    let mut pending = Pending { count: 0, up_to: cleared, tables: Vec::new() };
    for mut found in session.query(STATEMENT, &[cleared.into()])? {
        let table = match found.text()?.as_str() {
            "erased" => Erasable::Writers,
            "mandate-removed" => Erasable::Mandates,
            _ => Erasable::Jobs,
        };
        if !pending.tables.contains(&table) {
            pending.tables.push(table);
        }
        pending.count += found.integer()?;
        pending.up_to = pending.up_to.max(found.integer()?);
    }
    Ok(pending)
}

/// The number of the last erasure after which the files were cleared; 0 before the first.
fn cleared(session: &mut dyn Session) -> Result<i64> {
    const STATEMENT: &str = "SELECT details FROM audit WHERE event = 'cleared' ORDER BY sequence DESC LIMIT 1";
    let Some(mut found) = session.query(STATEMENT, &[])?.pop() else { return Ok(0) };
    let details: serde_json::Value = serde_json::from_str(&found.text()?).map_err(StoreError::damaged)?;
    Ok(details["up_to"].as_i64().unwrap_or_default())
}
