//! The tables, a step for each version. They are in PostgreSQL's words, which `sqlite` turns into its own.
//!
//! All times are milliseconds since 1970. What a writer is called in `audit`, `reviews` and `mandates` is the pseudonym, which
//! only `writers` connects to the id; what an account is called in `audit`, only `mandates` does. `global`, `kept`, `image`, and of an enrolled writer's reviews `ink` and `note`, are sealed
//! with the writer's key, and `writers.key` with a master key from elsewhere, which `chain.master` names. What jobs keep is
//! sealed with keys of their own, which the master key seals (`jobs`).

/// What brings a store from version n to n + 1. A step that has shipped never changes.
pub const MIGRATIONS: [&str; 4] = [FIRST, SECOND, THIRD, FOURTH];

/// From this version on stores are sealed with a master key.
pub const SEALED: i64 = 2;

/// From this version on stores keep signing rules of accounts.
pub const WITH_MANDATES: i64 = 3;

/// From this version on stores keep jobs.
pub const WITH_JOBS: i64 = 4;

const FIRST: &str = "
CREATE TABLE chain (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    sequence BIGINT NOT NULL,
    hash BYTEA,
    last_reference BIGINT NOT NULL
);
INSERT INTO chain (one, sequence, last_reference) VALUES (1, 0, 0);

CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    writer BYTEA,
    model TEXT,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL,
    seal BYTEA,
    hash BYTEA NOT NULL
);
CREATE INDEX audit_by_event ON audit (event, sequence);
CREATE INDEX audit_by_writer ON audit (writer, sequence);

CREATE TABLE writers (
    number BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    pseudonym BYTEA NOT NULL UNIQUE,
    key BYTEA NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL UNIQUE
);

CREATE TABLE signatures (
    id BIGINT PRIMARY KEY,
    writer BIGINT NOT NULL REFERENCES writers (number) ON DELETE CASCADE,
    added BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    approved BIGINT,
    approved_by TEXT,
    written BIGINT,
    model TEXT NOT NULL,
    preprocess TEXT NOT NULL,
    global BYTEA NOT NULL,
    kept BYTEA NOT NULL,
    image BYTEA
);
CREATE INDEX signatures_by_writer ON signatures (writer, id);

CREATE TABLE reviews (
    decision BIGINT PRIMARY KEY,
    writer BYTEA,
    ink BYTEA,
    settled BIGINT,
    settled_by TEXT,
    outcome TEXT,
    note BYTEA
);
CREATE INDEX reviews_open ON reviews (decision) WHERE settled IS NULL;
CREATE INDEX reviews_by_writer ON reviews (writer);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires BIGINT,
    revoked BIGINT
);

CREATE TABLE requests (
    actor TEXT NOT NULL,
    key BYTEA NOT NULL,
    request BYTEA NOT NULL,
    writer BYTEA NOT NULL,
    answer TEXT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX requests_by_writer ON requests (writer);
CREATE INDEX requests_by_time ON requests (time);
";

/// Answers to requests are in the audit from here on; older ones, which it does not know, are forgotten. The index tells
/// quickly whether the store has seen a time. `master` is the id of the master key that seals the writers' keys, `mark` what
/// it makes of the audit's head.
const SECOND: &str = "
DELETE FROM requests;
CREATE INDEX audit_by_time ON audit (time, sequence);
ALTER TABLE chain ADD COLUMN master BYTEA;
ALTER TABLE chain ADD COLUMN mark BYTEA;
ALTER TABLE tokens ADD COLUMN owner TEXT;
";

/// Signing rules of accounts, a row for each rule: one that holds, and one that waits for somebody's approval, at most. A row has
/// the number of the audit's entry that tells of it. Erasures rewrite the table, so that its indexes are those of its keys.
const THIRD: &str = "
CREATE TABLE mandates (
    number BIGINT PRIMARY KEY,
    account TEXT NOT NULL,
    pseudonym BYTEA NOT NULL,
    rule TEXT NOT NULL,
    added BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    approved BIGINT,
    approved_by TEXT,
    UNIQUE (account, number)
);
";

/// Jobs, what was handed in with them and the lines of their tables. A job has the number of the audit's entry that tells of its
/// beginning; a line that number and its place in one. Ends of jobs rewrite the table with their keys, so that its indexes are
/// those of its keys.
const FOURTH: &str = "
CREATE TABLE jobs (
    number BIGINT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    rows BIGINT NOT NULL,
    files BIGINT NOT NULL,
    upload BIGINT NOT NULL,
    created BIGINT NOT NULL,
    outcome TEXT,
    ended BIGINT,
    upload_key BYTEA,
    table_key BYTEA NOT NULL
);

CREATE TABLE job_files (
    number BIGINT PRIMARY KEY,
    upload BIGINT NOT NULL,
    name BYTEA NOT NULL,
    content BYTEA NOT NULL
);
CREATE INDEX job_files_by_upload ON job_files (upload, number);

CREATE TABLE job_rows (
    number BIGINT PRIMARY KEY,
    writer BYTEA,
    outcome TEXT NOT NULL,
    line BYTEA NOT NULL
);
";
