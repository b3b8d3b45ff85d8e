//! The tables of the ledger and their versions.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::lock::private;
use super::{LedgerError, sum};

/// Marks the file as a ledger of rollcall: "roll" in ASCII.
const APPLICATION_ID: i64 = 0x726f_6c6c;

/// One step for each version; a ledger of version n has had the first n. Steps are never changed once released.
const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3];

/// What makes a ledger of version n look like one of the newest version to a reader, which must not change it: views in
/// the connection's own memory stand before tables that lack columns.
const VIEWS: &[&[&str]] = &[
    &[],
    &[VIEWS_OF_VERSION_1, VIEWS_OF_VERSION_2],
    &[VIEWS_OF_VERSION_2],
    &[],
];
/// From this version on each line of `row` and `event` bears a checksum.
const SUMMED_SINCE: i64 = 3;

/// `row.event` and `event.event` are indexes of `RowEvent::ALL`. Times are milliseconds since 1970, UTC.
const VERSION_1: &str = "
-- One invocation over one or more inputs. What happened to it is in run_event.
CREATE TABLE run (
    run_id        INTEGER PRIMARY KEY,
    operation     TEXT NOT NULL,
    target        TEXT NOT NULL,
    namespace     BLOB NOT NULL,
    config_digest BLOB NOT NULL,
    tool_version  TEXT NOT NULL,
    today         TEXT NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT;

-- started, planned, stopped (with a reason), finished.
CREATE TABLE run_event (
    run_id INTEGER NOT NULL REFERENCES run,
    seq    INTEGER NOT NULL,
    at_ms  INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One source of a run, by its bytes. The name is for people; the digest is its identity.
CREATE TABLE input (
    input_id INTEGER PRIMARY KEY,
    run_id   INTEGER NOT NULL REFERENCES run,
    ordinal  INTEGER NOT NULL,
    name     TEXT NOT NULL,
    digest   BLOB NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT;
CREATE INDEX input_by_run ON input (run_id, ordinal);

-- What the reader counted when it had read the input to its end.
CREATE TABLE input_total (
    input_id    INTEGER PRIMARY KEY REFERENCES input,
    records     INTEGER NOT NULL,
    blank_lines INTEGER NOT NULL
) STRICT;

-- One record as it was planned. Sorted as it is read, so that appending is cheap.
CREATE TABLE row (
    input_id       INTEGER NOT NULL REFERENCES input,
    record         INTEGER NOT NULL,
    line           INTEGER NOT NULL,
    byte           INTEGER NOT NULL,
    event          INTEGER NOT NULL,
    customer_id    TEXT,
    idempotency_id BLOB,
    code           TEXT,
    PRIMARY KEY (input_id, record)
) STRICT, WITHOUT ROWID;

-- What happened to a row after it was planned, in the order of seq.
CREATE TABLE event (
    input_id    INTEGER NOT NULL,
    record      INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    event       INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    http_status INTEGER,
    code        TEXT,
    detail      TEXT,
    request_id  BLOB,
    PRIMARY KEY (input_id, record, seq)
) STRICT, WITHOUT ROWID;

-- What is wrong with a rejected record: codes and places, never values.
CREATE TABLE finding (
    input_id INTEGER NOT NULL,
    record   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    code     TEXT NOT NULL,
    field    TEXT,
    col      INTEGER,
    PRIMARY KEY (input_id, record, seq)
) STRICT, WITHOUT ROWID;

-- Which rows were ever claimed for a customer: who may be at the API. The key is a hash of namespace and customer id.
CREATE TABLE customer (
    customer_key INTEGER NOT NULL,
    input_id     INTEGER NOT NULL,
    record       INTEGER NOT NULL,
    PRIMARY KEY (customer_key, input_id, record)
) STRICT, WITHOUT ROWID;
";

/// Findings of records that are sent, warnings and repairs: before, every finding was an error. Lines that are no records,
/// by what they are: ledgers of version 1 did not count them apart.
const VERSION_2: &str = "
ALTER TABLE finding ADD COLUMN severity TEXT NOT NULL DEFAULT 'error';
ALTER TABLE input_total ADD COLUMN separator_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN header_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN trailer_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN record_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE input_total ADD COLUMN lines INTEGER NOT NULL DEFAULT 0;
";

/// A checksum for each line that says what became of a customer. Lines of older ledgers get theirs here, so that none is
/// ever without: see `sum`. The tables are made anew, since nothing is updated.
const VERSION_3: &str = "
CREATE TABLE row_3 (
    input_id       INTEGER NOT NULL REFERENCES input,
    record         INTEGER NOT NULL,
    line           INTEGER NOT NULL,
    byte           INTEGER NOT NULL,
    event          INTEGER NOT NULL,
    customer_id    TEXT,
    idempotency_id BLOB,
    code           TEXT,
    sum            INTEGER NOT NULL,
    PRIMARY KEY (input_id, record)
) STRICT, WITHOUT ROWID;
INSERT INTO row_3
SELECT input_id, record, line, byte, event, customer_id, idempotency_id, code,
       line_sum('row', input_id, record, line, byte, event, customer_id, idempotency_id, code)
FROM row ORDER BY input_id, record;
DROP TABLE row;
ALTER TABLE row_3 RENAME TO row;

CREATE TABLE event_3 (
    input_id    INTEGER NOT NULL,
    record      INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    event       INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    http_status INTEGER,
    code        TEXT,
    detail      TEXT,
    request_id  BLOB,
    sum         INTEGER NOT NULL,
    PRIMARY KEY (input_id, record, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO event_3
SELECT input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id,
       line_sum('event', input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id)
FROM event ORDER BY input_id, record, seq;
DROP TABLE event;
ALTER TABLE event_3 RENAME TO event;
";

const VIEWS_OF_VERSION_2: &str = "
CREATE TEMP VIEW row AS SELECT *, NULL AS sum FROM main.row;
CREATE TEMP VIEW event AS SELECT *, NULL AS sum FROM main.event;
";

const VIEWS_OF_VERSION_1: &str = "
CREATE TEMP VIEW input_total AS
SELECT input_id, records, blank_lines, 0 AS separator_lines, 0 AS header_lines, 0 AS trailer_lines,
       0 AS record_lines, 0 AS lines
FROM main.input_total;
CREATE TEMP VIEW finding AS
SELECT input_id, record, seq, code, field, col, 'error' AS severity FROM main.finding;
";

/// Opens a ledger for writing; makes the file, readable by its owner only, if there is none.
pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    let open = |source| LedgerError::Open {
        path: path.to_owned(),
        source: Arc::new(source),
    };
    private(OpenOptions::new().create(true).truncate(false).write(true))
        .open(path)
        .map_err(open)?;
    let mut connection = Connection::open_with_flags(on_disk(path), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check(&connection, path)?;
    // WAL with FULL: a commit is on disk when it returns, and readers never wait for the writer.
    keep_log(&connection, path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // 16 MiB hold the upper pages of the customer table for a million customers.
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(32);
    sum::teach(&connection)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Changes to a log, to the very end of the statement: SQLite names the new mode first, and fails to make it afterwards.
fn keep_log(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("PRAGMA journal_mode = WAL")?;
    let modes: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, rusqlite::Error>>()?;
    if modes == ["wal"] {
        return Ok(());
    }
    Err(LedgerError::Open {
        path: path.to_owned(),
        source: Arc::new(io::Error::other(format!(
            "SQLite cannot keep its log there: its journal mode is {}, not wal",
            modes.join(", ")
        ))),
    })
}

/// Opens a ledger for reading only; says whether its lines bear checksums.
pub(super) fn open_read_only(path: &Path) -> Result<(Connection, bool), LedgerError> {
    if !path.exists() {
        return Err(LedgerError::NotFound { path: path.to_owned() });
    }
    let open = |source| LedgerError::Open {
        path: path.to_owned(),
        source: Arc::new(source),
    };
    if path.is_dir() {
        return Err(open(io::ErrorKind::IsADirectory.into()));
    }
    let opened = Connection::open_with_flags(on_disk(path), OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|connection| {
        // A writer's checkpoint holds a reader up for a moment, never for long.
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(connection)
    });
    let version = opened
        .map_err(LedgerError::from)
        .and_then(|connection| Ok((check(&connection, path)?, connection)));
    match version {
        Ok((0, _)) => Err(LedgerError::NotFound { path: path.to_owned() }),
        Ok((version, connection)) => {
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            let views = usize::try_from(version).ok().and_then(|version| VIEWS.get(version));
            for view in views.copied().unwrap_or_default() {
                connection.execute_batch(view)?;
            }
            Ok((connection, version >= SUMMED_SINCE))
        }
        // Even a reader makes files beside a ledger in WAL mode.
        Err(LedgerError::Sqlite(error)) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) => {
            Err(open(io::Error::other(error)))
        }
        // A process died while it made the file, which is still empty once the next run has rolled the making back.
        Err(LedgerError::Sqlite(error)) if is_half_made(&error) => Err(LedgerError::NotFound { path: path.to_owned() }),
        Err(error) => Err(error),
    }
}

/// Whether a journal is to be rolled back, which a reader may not do. Only the making of a ledger has one: afterwards
/// there is a log.
fn is_half_made(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
}

/// The path in a form in which SQLite takes it for nothing but a file: not `:memory:`, not a URI.
fn on_disk(path: &Path) -> PathBuf {
    Path::new(".").join(path)
}

/// Refuses other programs' databases and newer ledgers; gives the version, 0 for an empty file.
fn check(connection: &Connection, path: &Path) -> Result<i64, LedgerError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| {
            let foreign = error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase);
            if foreign {
                LedgerError::Foreign { path: path.to_owned() }
            } else {
                error.into()
            }
        })?;
    if tables > 0 && pragma("application_id")? != APPLICATION_ID {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    let found = pragma("user_version")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(LedgerError::Version {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (step, migration) in (1_i64..).zip(MIGRATIONS).filter(|(step, _)| *step > version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
