//! What a database has of tables, indexes, triggers, rules and the like, against what the migrations make: a list for each
//! version, which a test compares with what they do make.

use std::collections::BTreeSet;

use postgres::GenericClient;

use super::said;
use crate::{Result, StoreError};

/// For each version what there has to be, a line for each thing.
pub const SHAPES: [&str; 4] = [
    include_str!("version-1.txt"),
    include_str!("version-2.txt"),
    include_str!("version-3.txt"),
    include_str!("version-4.txt"),
];

/// Everything that is neither the server's own nor an extension's, in this database; the store's own without its schema.
const OURS: &str = "
    WITH ours AS (
        SELECT c.oid, c.relkind, c.relpersistence, c.relrowsecurity,
            CASE WHEN n.nspname = current_schema() THEN '' ELSE quote_ident(n.nspname) || '.' END || c.relname AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
            AND NOT EXISTS (SELECT 1 FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    )";

/// What does more, or shows something else, than it is told.
const HELPERS: &str = "
    SELECT 'view ' || name FROM ours WHERE relkind IN ('v', 'm')
    UNION ALL SELECT 'trigger ' || tgname || ' on ' || name FROM pg_trigger JOIN ours ON ours.oid = tgrelid
        WHERE NOT tgisinternal
    UNION ALL SELECT 'disabled trigger on ' || name FROM pg_trigger t JOIN ours ON ours.oid = tgrelid
        WHERE tgisinternal AND tgenabled <> 'O'
    UNION ALL SELECT 'rule ' || rulename || ' on ' || name FROM pg_rewrite JOIN ours ON ours.oid = ev_class
        WHERE rulename <> '_RETURN'
    UNION ALL SELECT 'policy ' || polname || ' on ' || name FROM pg_policy JOIN ours ON ours.oid = polrelid
    UNION ALL SELECT 'heir of ' || name FROM pg_inherits JOIN ours ON ours.oid = inhparent
    UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger";

const REST: &str = "
    UNION ALL SELECT 'relation ' || name || ' ' || relkind::text || relpersistence::text
            || CASE WHEN relrowsecurity THEN ' with row security' ELSE '' END
        FROM ours WHERE relkind NOT IN ('i', 'I')
    UNION ALL SELECT 'column ' || name || '.' || attname || ' ' || format_type(atttypid, atttypmod)
            || CASE WHEN attnotnull THEN ' not null' ELSE '' END || attgenerated::text || attidentity::text
            || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
        FROM pg_attribute JOIN ours ON ours.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'constraint ' || conname || ' on ' || name || ' ' || pg_get_constraintdef(c.oid)
        FROM pg_constraint c JOIN ours ON ours.oid = conrelid WHERE contype <> 'n'
    UNION ALL SELECT replace(pg_get_indexdef(indexrelid), quote_ident(current_schema()) || '.', '')
            || CASE WHEN indisvalid THEN '' ELSE ' invalid' END
        FROM pg_index JOIN ours ON ours.oid = indrelid WHERE relkind = 'r'";

/// In sentences, what is not as the migrations to this version make it.
pub fn differences(client: &mut impl GenericClient, version: i64) -> Result<Vec<String>> {
    let place = usize::try_from(version - 1).ok();
    let shape = place.and_then(|place| SHAPES.get(place)).ok_or_else(|| StoreError::damaged("it has no version"))?;
    let (found, expected) = (found(client)?, shape.lines().map(str::to_owned).collect::<BTreeSet<_>>());
    let missing = expected.difference(&found).map(|line| format!("there is no {line}"));
    let added = found.difference(&expected).map(|line| format!("somebody added or changed {line}"));
    let mut different: Vec<String> = missing.chain(added).collect();
    let rows: i64 = client.query_one("SELECT count(*) FROM inkproof_store", &[]).map_err(said)?.get(0);
    if rows != 1 {
        different.push(format!("the table inkproof_store has {rows} rows instead of one"));
    }
    Ok(different)
}

pub fn found(client: &mut impl GenericClient) -> Result<BTreeSet<String>> {
    let rows = client.query(&format!("{OURS}{HELPERS}{REST}"), &[]).map_err(said)?;
    Ok(rows.iter().map(|row| row.get::<_, String>(0).split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

/// Refuses what would do more, or show something else, than it is told.
///
/// # Errors
/// [`StoreError::Added`].
pub fn require_no_helpers(client: &mut impl GenericClient) -> Result<()> {
    let found = client.query_opt(&format!("SELECT * FROM ({OURS}{HELPERS}) helpers LIMIT 1"), &[]).map_err(said)?;
    found.map_or(Ok(()), |row| Err(StoreError::Added(row.get(0))))
}
