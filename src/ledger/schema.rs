//! The tables of the ledger, their versions, and what an opening asks of them.
//!
//! The tables themselves are in `tables`. What is refused and what is only told is decided in `open`.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::{Value, ValueRef};

use super::place::Place;
use super::query::{EVENT_COLUMNS, ROW_COLUMNS, verify_line};
use super::store::unsigned;
use super::{LedgerError, sum};
use crate::model::row::RowKey;
use tables::{VERSION_1, VERSION_2, VERSION_3, VERSION_4, VIEWS_OF_VERSION_1, VIEWS_OF_VERSION_2, VIEWS_OF_VERSION_3};

mod tables;

/// Marks the file as a ledger of rollcall: "roll" in ASCII.
const APPLICATION_ID: i64 = 0x726f_6c6c;

/// One step for each version; a ledger of version n has had the first n. Steps are never changed once released.
const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3, VERSION_4];

/// What makes a ledger of version n look like one of the newest version to a reader, which must not change it: views in
/// the connection's own memory stand before tables that lack columns.
const VIEWS: &[&[&str]] = &[
    &[],
    &[VIEWS_OF_VERSION_1, VIEWS_OF_VERSION_2, VIEWS_OF_VERSION_3],
    &[VIEWS_OF_VERSION_2, VIEWS_OF_VERSION_3],
    &[VIEWS_OF_VERSION_3],
    &[],
];
/// The newest version, to which a run brings every ledger.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// From this version on each line of `row` and `event` bears a checksum.
const SUMMED_SINCE: i64 = 3;

/// What [`shape`] says of version n, from 1 on: a number that damage made another is not believed. A step that was
/// released is never changed, and neither are these.
const SHAPES: [i64; 4] = [
    6_293_218_171_975_743_448,
    4_134_641_934_851_859_872,
    -267_827_578_053_307_923,
    -1_674_668_426_965_705_865,
];
/// Lines at each end of a table that are read at every opening: a page of them.
const END_LINES: u32 = 64;

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
    let known = newest();
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
