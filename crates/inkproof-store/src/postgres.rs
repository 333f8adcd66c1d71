//! A store in PostgreSQL, for several servers: plain columns, no extension.
//!
//! Writers wait for each other at the head of the audit, which each locks first. A server that went away is looked for
//! again for some seconds, and what was being done is done again, except where the order to make it last was given already.

mod address;
mod forget;
mod pool;
pub(crate) mod shape;
mod tls;

use std::path::Path;
use std::thread;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, GenericClient, IsolationLevel};

use crate::database::{Database, Erasable, Opening, Row, Session, Value, Work};
use crate::schema::MIGRATIONS;
use crate::{Result, StoreError};

pub use address::{Address, without_password};
pub use pool::Pool;

/// How long to wait before each new attempt.
const PAUSES_MS: [u64; 7] = [0, 200, 500, 1000, 2000, 4000, 4000];
/// Serialises migrations of all programs: `inkp`.
const MIGRATION_LOCK: i64 = 0x696e_6b70;

/// A database on a server.
pub struct Postgres {
    pool: Pool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

impl Postgres {
    /// Connects.
    ///
    /// # Errors
    /// The place cannot be understood, the server cannot be reached, there are no tables and none are to be made, or they are
    /// of another version than may be opened so.
    pub fn open(place: &str, opening: Opening) -> Result<Self> {
        let address = Address::parse(place);
        let address = address.map_err(|why| StoreError::Open { place: without_password(place), why })?;
        let database = Self { pool: Pool::new(address) };
        let mut client = database.pool.take()?;
        migrate(&mut client, place, opening)?;
        client.keep();
        Ok(database)
    }

    fn run(&self, kind: Kind, work: Work<'_>) -> Result<()> {
        let mut failed = Ok(());
        for pause in PAUSES_MS {
            thread::sleep(Duration::from_millis(pause));
            failed = self.pool.take().and_then(|mut client| {
                attempt(&mut client, kind, work)?;
                client.keep();
                Ok(())
            });
            match failed {
                // Other connections that are kept are as dead as this one.
                Err(StoreError::Unreachable(_)) => self.pool.clear(),
                Err(StoreError::Locked) => {}
                _ => return failed,
            }
        }
        failed
    }
}

/// Once through `work`; on an error nothing was written, but for [`StoreError::Uncertain`].
fn attempt(client: &mut Client, kind: Kind, work: Work<'_>) -> Result<()> {
    let builder = client.build_transaction();
    let builder = match kind {
        Kind::Read => builder.isolation_level(IsolationLevel::RepeatableRead).read_only(true),
        Kind::Write => builder.isolation_level(IsolationLevel::ReadCommitted),
    };
    let mut transaction = builder.start().map_err(said)?;
    if kind == Kind::Write {
        shape::require_no_helpers(&mut transaction)?;
    }
    work(&mut transaction)?;
    transaction.commit().map_err(|error| match (said(error), kind) {
        (StoreError::Unreachable(why) | StoreError::Overloaded(why), Kind::Write) => StoreError::Uncertain(why),
        (other, _) => other,
    })
}

impl Database for Postgres {
    fn read(&self, work: Work<'_>) -> Result<()> {
        self.run(Kind::Read, work)
    }

    fn write(&self, work: Work<'_>) -> Result<()> {
        self.run(Kind::Write, work)
    }

    fn forget(&self, tables: &[Erasable]) -> Result<bool> {
        let mut client = self.pool.take()?;
        let forgotten = forget::forget(&mut client, tables)?;
        client.keep();
        Ok(forgotten)
    }

    fn backup(&self, _: &Path, _: fn() -> bool) -> Option<Result<()>> {
        None
    }

    /// The server looks after its own files.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn differences(&self) -> Result<Vec<String>> {
        let version = self.version()?;
        let mut client = self.pool.take()?;
        let found = shape::differences(&mut *client, version)?;
        client.keep();
        Ok(found)
    }

    fn kind(&self) -> &'static str {
        "PostgreSQL"
    }

    fn version(&self) -> Result<i64> {
        let mut client = self.pool.take()?;
        let found =
            version(&mut *client)?.ok_or_else(|| StoreError::damaged("the version of the tables is missing"))?;
        client.keep();
        Ok(found)
    }
}

impl Session for postgres::Transaction<'_> {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64> {
        postgres::Transaction::execute(self, statement, &parameters(values)).map_err(said)
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>> {
        let found = postgres::Transaction::query(self, statement, &parameters(values)).map_err(said)?;
        found.iter().map(row).collect()
    }

    fn locking(&self) -> &'static str {
        " FOR UPDATE"
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn row(row: &postgres::Row) -> Result<Row> {
    let value = |place: usize| {
        let got = match *row.columns()[place].type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(place).map(Value::from),
            Type::INT4 => row.try_get::<_, Option<i32>>(place).map(|value| value.map(i64::from).into()),
            Type::TEXT => row.try_get::<_, Option<&str>>(place).map(Value::from),
            Type::BYTEA => row.try_get::<_, Option<&[u8]>>(place).map(Value::from),
            ref other => return Err(StoreError::damaged(format_args!("a column of type {other}"))),
        };
        got.map_err(said)
    };
    Ok(Row::new((0..row.len()).map(value).collect::<Result<_>>()?))
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, kind) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Integer(value), &Type::INT4) => i32::try_from(*value)?.to_sql(kind, out),
            (Self::Integer(value), _) => value.to_sql_checked(kind, out),
            (Self::Text(text), _) => text.to_sql_checked(kind, out),
            (Self::Bytes(bytes), _) => bytes.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn migrate(client: &mut Client, place: &str, opening: Opening) -> Result<()> {
    // Most often there is nothing to do, and nobody is kept from anything.
    if let Some(found) = version(client)?
        && opening.steps(found, &MIGRATIONS)?.is_empty()
    {
        return if opening == Opening::AsItIs { Ok(()) } else { shape::require_no_helpers(client) };
    }
    let mut transaction = client.transaction().map_err(said)?;
    transaction.batch_execute("SET LOCAL statement_timeout = 0").map_err(said)?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).map_err(said)?;
    let found = match version(&mut transaction)? {
        Some(found) => found,
        None if opening != Opening::Create => return Err(StoreError::Missing(without_password(place))),
        None => {
            let table = "CREATE TABLE inkproof_store (version BIGINT NOT NULL); INSERT INTO inkproof_store VALUES (0)";
            transaction.batch_execute(table).map_err(said)?;
            0
        }
    };
    let steps = opening.steps(found, &MIGRATIONS)?;
    if opening != Opening::AsItIs {
        shape::require_no_helpers(&mut transaction)?;
    }
    if steps.is_empty() {
        return Ok(());
    }
    for step in steps {
        transaction.batch_execute(step).map_err(said)?;
    }
    transaction.execute("UPDATE inkproof_store SET version = $1", &[&(MIGRATIONS.len() as i64)]).map_err(said)?;
    transaction.commit().map_err(said)
}

/// The version of the tables; None where there are none.
fn version(client: &mut impl GenericClient) -> Result<Option<i64>> {
    let there = client.query_one("SELECT to_regclass('inkproof_store') IS NOT NULL", &[]).map_err(said)?;
    if !there.get::<_, bool>(0) {
        return Ok(None);
    }
    let found = client.query_one("SELECT version FROM inkproof_store", &[]).map_err(said)?;
    Ok(Some(found.get(0)))
}

pub fn said(error: postgres::Error) -> StoreError {
    let why = describe(&error);
    match error.code() {
        None if error.is_closed() || is_io(&error) => StoreError::Unreachable(why),
        Some(
            &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::TOO_MANY_CONNECTIONS,
        ) => StoreError::Unreachable(why),
        Some(
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::LOCK_NOT_AVAILABLE,
        ) => StoreError::Locked,
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION | &SqlState::INSUFFICIENT_PRIVILEGE) => StoreError::ReadOnly,
        Some(&SqlState::DISK_FULL) => StoreError::Full,
        Some(&SqlState::QUERY_CANCELED) => StoreError::Overloaded(why),
        _ => StoreError::Database(why),
    }
}

/// The error and what is behind it, which the crate's own words leave out; on one line.
fn describe(error: &postgres::Error) -> String {
    let source = std::error::Error::source(error);
    let text = source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_io(error: &postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}
