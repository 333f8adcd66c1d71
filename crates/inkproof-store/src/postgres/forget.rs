//! What makes sure that nothing of an erased writer or account is left in the table's file.
//!
//! `VACUUM FULL` writes a table with ids and keys, which is small, to a new file. It copies rows that a transaction begun
//! before their deletion can still see, it skips a table that the user may not rewrite with no more than a warning, and it
//! keeps everybody from the table while it waits. So it is begun when no older transaction is left, waits hardly at all, and
//! what it did is looked at. The server's log, its archive and its replicas are the server's matter.

use std::thread;
use std::time::Duration;

use postgres::Client;
use postgres::error::SqlState;

use super::{pool, said};
use crate::database::Erasable;
use crate::{Result, StoreError};

/// How often, and how long each time, older transactions are waited for: a quarter of a second in all.
const LOOKS: usize = 25;
const BETWEEN: Duration = Duration::from_millis(10);

/// Rewrites tables; false where somebody else is in the way.
///
/// # Errors
/// [`StoreError::MayNotRewrite`], and what the server says.
pub fn forget(client: &mut Client, tables: &[Erasable]) -> Result<bool> {
    if !older_have_ended(client)? {
        return Ok(false);
    }
    for table in tables {
        if !rewrite(client, table.name())? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn rewrite(client: &mut Client, table: &str) -> Result<bool> {
    let before = file_of(client, table)?;
    client.batch_execute("SET lock_timeout = '250ms'; SET statement_timeout = 0").map_err(said)?;
    let rewritten = client.batch_execute(&format!("VACUUM FULL {table}"));
    client.batch_execute(pool::SETTINGS).map_err(said)?;
    match rewritten {
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Err(StoreError::MayNotRewrite),
        Err(error) => match said(error) {
            StoreError::Locked => Ok(false),
            other => Err(other),
        },
        Ok(()) if file_of(client, table)? == before => Err(StoreError::MayNotRewrite),
        Ok(()) => Ok(true),
    }
}

/// Waits for the transactions that go on in this database now; whether all of them ended.
fn older_have_ended(client: &mut Client) -> Result<bool> {
    let mut older = running(client)?;
    for _ in 0..LOOKS {
        if older.is_empty() {
            return Ok(true);
        }
        thread::sleep(BETWEEN);
        let now = running(client)?;
        older.retain(|transaction| now.contains(transaction));
    }
    Ok(older.is_empty())
}

/// Everybody's transactions but this one, also prepared ones; each holds a lock that every user may see.
fn running(client: &mut Client) -> Result<Vec<String>> {
    const STATEMENT: &str = "
        SELECT virtualtransaction FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'virtualxid' AND datname = current_database() AND pid <> pg_backend_pid()
        UNION ALL SELECT transaction::text FROM pg_prepared_xacts WHERE database = current_database()";
    let found = client.query(STATEMENT, &[]).map_err(said)?;
    Ok(found.iter().map(|row| row.get(0)).collect())
}

fn file_of(client: &mut Client, table: &str) -> Result<i64> {
    let found = client.query_one(&format!("SELECT pg_relation_filenode('{table}')::bigint"), &[]).map_err(said)?;
    Ok(found.get(0))
}
