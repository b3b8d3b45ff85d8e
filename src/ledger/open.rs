//! How the file of a ledger is opened: for writing, for reading, and for looking at damage.
//!
//! What is asked of the file itself is in `schema`, and of its place in `place`.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::place::Place;
use super::{LedgerError, schema, sum};

/// Pages in the log from which on a commit folds it into the file: 4 MiB, SQLite's own default, said here since the
/// next constant builds on it.
const LOG_PAGES: i64 = 1000;
/// What is left of a log that had grown while a reader stood in the way, in bytes: four times what it has without.
/// A reader in the middle of its rows keeps the log from being folded in, for as long as it reads: the log grows then by
/// what the run writes, and the run goes on. The first commit after the reader has gone cuts it.
const LOG_LIMIT: i64 = 4 * LOG_PAGES * 4096;

/// Statements that a connection keeps prepared: more than it ever uses.
const KEPT_STATEMENTS: usize = 32;

/// Opens the file at a place for writing; an empty file becomes a ledger. What is refused is left as it is.
pub(super) fn to_write(place: &Place) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&place.real, flags)?;
    // Until the file is known for a ledger, even its log stays beside it as it was found.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    schema::check(&connection, place)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    // WAL with FULL: a commit is on disk when it returns, and readers never wait for the writer.
    keep_log(&connection, &place.named)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_LIMIT, |_| Ok(()))?;
    // 16 MiB hold the upper pages of the customer table for a million customers.
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
    keep_plans(&connection)?;
    sum::teach(&connection)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Lets a prepared statement keep its plan. Without this SQLite makes the plan anew for every other value that is bound:
/// half of what a row cost the ledger.
fn keep_plans(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
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
pub(super) fn to_read(path: &Path) -> Result<(Connection, bool), LedgerError> {
    reading(path, schema::check)
}

/// Opens a ledger for reading as far as anything of it can be read. What [`to_read`] would refuse as damaged is added to
/// `damage`, also where nothing can be read and an error is given.
pub(super) fn to_look(path: &Path, damage: &mut Vec<LedgerError>) -> Result<(Connection, bool), LedgerError> {
    reading(path, |connection, place| schema::look(connection, place, damage))
}

fn reading(
    path: &Path,
    judge: impl FnOnce(&Connection, &Place) -> Result<i64, LedgerError>,
) -> Result<(Connection, bool), LedgerError> {
    let place = Place::to_read(path)?;
    let open = |source| LedgerError::Open {
        path: path.to_owned(),
        source: Arc::new(source),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(&place.real, flags).and_then(|connection| {
        // A writer's checkpoint holds a reader up for a moment, never for long.
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(connection)
    });
    let version = opened
        .map_err(LedgerError::from)
        .and_then(|connection| Ok((judge(&connection, &place)?, connection)));
    match version {
        Ok((0, _)) => Err(LedgerError::NotFound { path: path.to_owned() }),
        Ok((version, connection)) => {
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            keep_plans(&connection)?;
            connection.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
            schema::show_as_newest(&connection, version)?;
            Ok((connection, schema::is_summed(version)))
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
