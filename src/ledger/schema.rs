//! The tables of the ledger, their versions, and what an opening asks of them.
//!
//! What is refused and what is only told is decided in `open`.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::{Value, ValueRef};

use super::place::Place;
use super::query::{EVENT_COLUMNS, ROW_COLUMNS, verify_line};
use super::store::unsigned;
use super::{LedgerError, sum};
use crate::model::row::RowKey;

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

/// What [`shape`] says of version n, from 1 on: a number that damage made another is not believed. A step that was
/// released is never changed, and neither are these.
const SHAPES: [i64; 3] = [
    6_293_218_171_975_743_448,
    4_134_641_934_851_859_872,
    -267_827_578_053_307_923,
];
/// Lines at each end of a table that are read at every opening: a page of them.
const END_LINES: u32 = 64;

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

/// What every opening asks, at the cost of a few pages however large the ledger is: whether this is a ledger, of a known
/// version with that version's tables, as long as its header says, and whether both ends of its tables are whole. Gives
/// the version, 0 for an empty file.
///
/// What lies between the ends is not read: each line bears a checksum, which is verified when it is used.
pub(super) fn check(connection: &Connection, place: &Place) -> Result<i64, LedgerError> {
    let found = known(connection, place)?;
    if found != 0 || !is_empty(connection)? {
        if version_of_tables(connection)? != Some(found) {
            return Err(other_tables(found));
        }
        ends(connection, is_summed(found))?;
    }
    Ok(found)
}

/// What an opening asks that is to look at damage: whatever would be refused as damaged is told, and the version is the
/// one whose tables are there.
pub(super) fn look(connection: &Connection, place: &Place, damage: &mut Vec<LedgerError>) -> Result<i64, LedgerError> {
    let found = match known(connection, place) {
        Err(error) if error.is_damage() => {
            damage.push(error);
            // SQLite then reads a file that is shorter than its header says, too. This connection cannot write.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
            known(connection, place)?
        }
        found => found?,
    };
    if found == 0 && is_empty(connection)? {
        return Ok(0);
    }
    match version_of_tables(connection) {
        Ok(Some(version)) if version == found => Ok(found),
        Ok(version) => {
            damage.push(other_tables(found));
            Ok(version.unwrap_or(found))
        }
        Err(error) if error.is_damage() => {
            damage.push(error);
            Ok(found)
        }
        Err(error) => Err(error),
    }
}

/// The version that a file has by its header, if it can be this program's ledger; 0 for an empty one.
fn known(connection: &Connection, place: &Place) -> Result<i64, LedgerError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let foreign = || LedgerError::Foreign {
        path: place.named.clone(),
    };
    let is_empty = is_empty(connection).map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) if place.was_ledger(APPLICATION_ID) => {
            LedgerError::Damaged("the beginning of the file is overwritten".to_owned())
        }
        Some(rusqlite::ErrorCode::NotADatabase) => foreign(),
        _ => error.into(),
    })?;
    if !is_empty && pragma("application_id")? != APPLICATION_ID {
        return Err(foreign());
    }
    let found = pragma("user_version")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(LedgerError::Version {
            path: place.named.clone(),
            found,
            known,
        });
    }
    Ok(found)
}

/// Whether a file has no tables at all.
fn is_empty(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// The version whose tables these are, if it is one.
fn version_of_tables(connection: &Connection) -> Result<Option<i64>, LedgerError> {
    let shape = shape(connection)?;
    Ok((1_i64..)
        .zip(SHAPES)
        .find(|(_, known)| *known == shape)
        .map(|(version, _)| version))
}

fn other_tables(found: i64) -> LedgerError {
    LedgerError::Damaged(format!("its tables are not those of version {found}"))
}

/// Whether lines of a version bear checksums.
pub(super) fn is_summed(version: i64) -> bool {
    version >= SUMMED_SINCE
}

/// Lets a reader see a ledger of an older version as one of the newest.
pub(super) fn show_as_newest(connection: &Connection, version: i64) -> Result<(), LedgerError> {
    let views = usize::try_from(version).ok().and_then(|version| VIEWS.get(version));
    for view in views.copied().unwrap_or_default() {
        connection.execute_batch(view)?;
    }
    Ok(())
}

/// A number for the tables, their columns and the indexes: of what they are, and not of the words that made them, which
/// another version of SQLite may write in another way.
fn shape(connection: &Connection) -> Result<i64, LedgerError> {
    let mut statement = connection.prepare(
        "SELECT parts.type, parts.name, parts.tbl_name, tables.wr, tables.strict,
                columns.cid, columns.name, columns.type, columns.\"notnull\", columns.pk
         FROM main.sqlite_schema AS parts
         LEFT JOIN pragma_table_list(parts.name) AS tables ON tables.schema = 'main'
         LEFT JOIN pragma_table_xinfo(parts.name, 'main') AS columns
         WHERE parts.name NOT LIKE 'sqlite%' ORDER BY parts.type, parts.name, columns.cid",
    )?;
    let mut values: Vec<Value> = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..10 {
            values.push(row.get(column)?);
        }
    }
    Ok(sum::of("shape", values.iter().map(ValueRef::from)))
}

/// Reads the first lines of each large table, and the last ones, which were written last: what is torn off or written
/// over is most often there.
fn ends(connection: &Connection, summed: bool) -> Result<(), LedgerError> {
    let tables = [
        ("row", "input_id, record", ROW_COLUMNS),
        ("event", "input_id, record, seq", EVENT_COLUMNS),
        ("finding", "input_id, record, seq", 0),
        ("customer", "customer_key", 0),
        ("run", "run_id", 0),
    ];
    for (table, key, columns) in tables {
        for order in [key.to_owned(), key.replace(',', " DESC,") + " DESC"] {
            let select = format!("SELECT * FROM main.{table} ORDER BY {order} LIMIT {END_LINES}");
            let mut statement = connection.prepare(&select)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if summed && columns > 0 {
                    let (input, record) = (row.get(0)?, unsigned(row.get(1)?));
                    verify_line(table, RowKey { input, record }, row, 0, columns)?;
                }
            }
        }
    }
    Ok(())
}

/// Brings a ledger to the newest version, one step after the other.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
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
