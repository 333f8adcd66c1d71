//! What makes sure that nothing of an erased writer or account is left in the file or its log.
//!
//! Deleted rows are overwritten in the file by `secure_delete`, but pages that were split before may hold copies. So the
//! tables with ids and keys, which are small, are rewritten in other pages, and the log emptied. Nothing of that is begun while
//! a reader needs what was there before: it could not be finished, and the log would only grow.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::{PATIENCE, held, said};
use crate::database::Erasable;
use crate::{Result, StoreError};

/// How long others are waited for, and wait.
const MOMENT: Duration = Duration::from_millis(250);

/// Rewrites tables and empties the log; false where others are in the way.
pub fn forget(writer: &Mutex<Connection>, tables: &[Erasable]) -> Result<bool> {
    if !log_is_in_the_file(writer)? {
        return Ok(false);
    }
    let mut writer = held(writer);
    // Whoever writes waits for this as long as it waits for others.
    writer.busy_timeout(MOMENT).map_err(said)?;
    // The table that goes has rows that others refer to.
    writer.pragma_update(None, "foreign_keys", false).map_err(said)?;
    let rewritten = tables.iter().try_for_each(|table| rewrite(&mut writer, table.name()));
    writer.pragma_update(None, "foreign_keys", true).map_err(said)?;
    let emptied = rewritten.map_err(said).and_then(|()| checkpoint(&writer, "TRUNCATE"));
    writer.busy_timeout(PATIENCE).map_err(said)?;
    match emptied {
        Err(StoreError::Locked) => Ok(false),
        emptied => emptied,
    }
}

/// Brings the log into the file as far as readers let it, which holds up nobody, and waits a moment for them.
fn log_is_in_the_file(writer: &Mutex<Connection>) -> Result<bool> {
    const LOOKS: u32 = 25;
    for _ in 0..LOOKS {
        if checkpoint(&held(writer), "PASSIVE")? {
            return Ok(true);
        }
        thread::sleep(MOMENT / LOOKS);
    }
    Ok(false)
}

/// Whether all of the log is in the file now.
fn checkpoint(connection: &Connection, how: &str) -> Result<bool> {
    let whole = connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
        let (busy, pages, in_the_file): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && pages == in_the_file)
    });
    whole.map_err(said)
}

fn rewrite(connection: &mut Connection, table: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1";
    let made: String = transaction.query_row(made, [table], |row| row.get(0))?;
    let copy = made.replacen(table, &format!("{table}_anew"), 1);
    transaction.execute_batch(&format!(
        "{copy}; INSERT INTO {table}_anew SELECT * FROM {table} ORDER BY number; DROP TABLE {table};
         ALTER TABLE {table}_anew RENAME TO {table}"
    ))?;
    transaction.commit()
}
