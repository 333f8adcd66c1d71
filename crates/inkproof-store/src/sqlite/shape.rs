//! What a file has of tables, indexes, triggers and views, against what the migrations make.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{in_own_words, said};
use crate::{Result, StoreError};

/// Words of SQLite by kind and name.
type Objects = BTreeMap<(String, String), String>;

/// In sentences, what is not as these migrations make it.
pub fn differences(connection: &Connection, migrations: &[&str]) -> Result<Vec<String>> {
    let model = Connection::open_in_memory().map_err(said)?;
    for step in migrations {
        model.execute_batch(&in_own_words(step)).map_err(said)?;
    }
    let (mut found, mut different) = (objects(connection)?, Vec::new());
    for ((kind, name), words) in objects(&model)? {
        match found.remove(&(kind.clone(), name.clone())) {
            None => different.push(format!("the {kind} '{name}' is missing")),
            Some(other) if other != words => different.push(format!("the {kind} '{name}' was changed")),
            Some(_) => {}
        }
    }
    different.extend(found.into_keys().map(|(kind, name)| format!("a {kind} '{name}' was added")));
    Ok(different)
}

/// Refuses what would do more, or show something else, than it is told.
///
/// # Errors
/// [`StoreError::Added`].
pub fn require_no_helpers(connection: &Connection) -> Result<()> {
    const FIND: &str = "SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index') LIMIT 1";
    let mut statement = connection.prepare_cached(FIND).map_err(said)?;
    let mut rows = statement.query([]).map_err(said)?;
    let Some(row) = rows.next().map_err(said)? else { return Ok(()) };
    let (kind, name): (String, String) = (row.get(0).map_err(said)?, row.get(1).map_err(said)?);
    Err(StoreError::Added(format!("{kind} '{name}'")))
}

fn objects(connection: &Connection) -> Result<Objects> {
    const FIND: &str = "SELECT type, name, tbl_name || ': ' || coalesce(sql, '') FROM sqlite_master";
    let mut statement = connection.prepare(FIND).map_err(said)?;
    let object = |row: &rusqlite::Row<'_>| Ok(((row.get(0)?, row.get(1)?), normalised(&row.get::<_, String>(2)?)));
    statement.query_map([], object).map_err(said)?.collect::<Result<_, _>>().map_err(said)
}

/// A table that was renamed has quotes around its name.
fn normalised(words: &str) -> String {
    words.replace('"', "").split_whitespace().collect::<Vec<_>>().join(" ")
}
