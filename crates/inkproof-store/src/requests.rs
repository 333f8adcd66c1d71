//! Answers to enrolments that came with an idempotency key, so that the same request, sent again, is answered and not done
//! again. Of key and request only hashes are kept, the latter with the writer's key.

use std::collections::HashMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::audit::{Chain, feed};
use crate::database::{Session, Value};
use crate::writer_row::WriterRow;
use crate::{Actor, Hash, Hex, Pseudonym, RequestKey, Result, StoreError, Time};

const COLUMNS: &str = "actor, key, request, writer, answer, time";

/// How long an answer is kept.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What was answered before; None where it was not.
pub(crate) fn answer(session: &mut dyn Session, by: &Actor, key: &RequestKey) -> Result<Option<Vec<i64>>> {
    const FIND: &str = "SELECT request, writer, answer FROM requests WHERE actor = $1 AND key = $2";
    let found = session.query(FIND, &[by.as_str().into(), hash_of_key(key).0[..].into()])?.pop();
    let Some(mut row) = found else { return Ok(None) };
    let (request, writer, answer) = (row.bytes()?, Pseudonym::from_slice(&row.bytes()?)?, row.text()?);
    let Some(writer) = WriterRow::behind(session, writer)? else { return Ok(None) };
    if request != hash_of_request(&writer, key).0 {
        return Err(StoreError::KeyReused);
    }
    serde_json::from_str(&answer).map(Some).map_err(StoreError::damaged)
}

/// Keeps an answer; its hash, which goes into the audit.
pub(crate) fn remember(
    chain: &mut Chain<'_>,
    by: &Actor,
    key: &RequestKey,
    writer: &WriterRow,
    answer: &[i64],
) -> Result<Hash> {
    let now = chain.now.milliseconds();
    chain.session.execute("DELETE FROM requests WHERE time < $1", &[(now - KEPT_MS).into()])?;
    let insert = format!("INSERT INTO requests ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
    let values: [Value; 6] = [
        by.as_str().into(),
        hash_of_key(key).0[..].into(),
        hash_of_request(writer, key).0[..].into(),
        writer.pseudonym.0[..].into(),
        json!(answer).to_string().as_str().into(),
        now.into(),
    ];
    chain.session.execute(&insert, &values)?;
    Ok(seal_of(&values))
}

/// Whether an answer of that time is forgotten when the next is remembered.
pub(crate) fn is_forgotten(time: Time, now: Time) -> bool {
    time.milliseconds() < now.milliseconds() - KEPT_MS
}

/// Compares the answers with the hashes of them that the audit has.
pub(crate) fn check(
    session: &mut dyn Session,
    mut expected: HashMap<Hash, (Pseudonym, Time)>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    for row in session.query(&format!("SELECT {COLUMNS} FROM requests"), &[])? {
        if expected.remove(&seal_of(row.values())).is_none() {
            wrong.push("an answer to a request was changed, or the audit knows nothing of it".to_owned());
        }
    }
    wrong.extend(expected.into_values().map(|(_, time)| format!("the answer to a request of {time} is missing")));
    Ok(())
}

fn seal_of(row: &[Value]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"inkproof request 1");
    row.iter().for_each(|value| feed(&mut hash, value));
    Hex(hash.finalize().into())
}

fn hash_of_key(key: &RequestKey) -> Hash {
    Hex(Sha256::digest(key.key.as_bytes()).into())
}

fn hash_of_request(writer: &WriterRow, key: &RequestKey) -> Hash {
    Hex(Sha256::new().chain_update(writer.key.bytes()).chain_update(key.request.0).finalize().into())
}
