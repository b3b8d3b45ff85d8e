//! The schema: made, refused, migrated, and cut off in the middle of that.

use std::path::Path;

use super::*;
use crate::ledger::open::{to_read, to_write};

/// Opens as the writer does, without a lock.
fn open(path: &Path) -> Result<Connection, LedgerError> {
    let mut place = Place::to_write(path)?;
    place.settle()?;
    to_write(&place)
}

/// A file that SQLite makes is open to whom the umask says; a ledger's is not.
#[cfg(unix)]
fn close_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) {}

#[test]
fn a_new_ledger_is_private_and_opens_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    drop(open(&path).unwrap());
    drop(open(&path).unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn foreign_and_newer_files_are_refused_and_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE x (y)")
        .unwrap();
    close_to_others(&path);
    assert!(matches!(open(&path), Err(LedgerError::Foreign { .. })));
    let text = directory.path().join("notes.txt");
    std::fs::write(
        &text,
        "not a database, and longer than the header of one would be .........",
    )
    .unwrap();
    close_to_others(&text);
    assert!(matches!(open(&text), Err(LedgerError::Foreign { .. })));
    let newer = directory.path().join("newer.db");
    open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(open(&newer), Err(LedgerError::Version { found: 99, .. })));
}

#[test]
fn a_ledger_of_version_1_is_read_as_it_is_and_written_after_its_migration() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.db");
    let old = Connection::open(&path).unwrap();
    close_to_others(&path);
    old.execute_batch(VERSION_1).unwrap();
    old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute_batch(
        "INSERT INTO run VALUES (1, 'customers.create', 'sandbox', zeroblob(16), zeroblob(32), '0.1.0', '2026-01-31', 0);
         INSERT INTO input VALUES (7, 1, 0, 'a.csv', zeroblob(32), 99);
         INSERT INTO input_total VALUES (7, 5, 2);",
    )
    .unwrap();
    drop(old);
    let totals = || {
        let runs = super::super::Reader::open(&path).unwrap().runs().unwrap();
        runs[0].inputs[0].totals.unwrap()
    };
    let version = || {
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let before = totals();
    assert_eq!(
        (before.records, before.blank_lines, before.trailer_lines, version()),
        (5, 2, 0, 1)
    );
    drop(open(&path).unwrap());
    assert_eq!((totals(), version()), (before, 4));
}

/// A ledger of version 2 with rows and events, whose writer has gone.
fn old_ledger(path: &Path, rows: u32) {
    let old = Connection::open(path).unwrap();
    close_to_others(path);
    old.pragma_update(None, "journal_mode", "WAL").unwrap();
    old.execute_batch(VERSION_1).unwrap();
    old.execute_batch(VERSION_2).unwrap();
    old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    old.pragma_update(None, "user_version", 2).unwrap();
    old.execute_batch(
        "INSERT INTO run VALUES (1, 'customers.create', 'sandbox', zeroblob(16), zeroblob(32), '0.1.0', '2026-01-31', 0);
         INSERT INTO input VALUES (7, 1, 0, 'a.csv', zeroblob(32), 99);",
    )
    .unwrap();
    for record in 1..=rows {
        let line = (record, format!("C-{record}"));
        old.execute(
            "INSERT INTO row VALUES (7, ?1, ?1, ?1, 0, ?2, zeroblob(16), NULL)",
            line,
        )
        .unwrap();
        for (seq, event) in [(1, 4), (2, 6)] {
            let line = (record, seq, event);
            old.execute(
                "INSERT INTO event VALUES (7, ?1, ?2, ?3, 5, 1, 201, NULL, NULL, NULL)",
                line,
            )
            .unwrap();
        }
    }
}

fn created(path: &Path) -> u64 {
    let reader = super::super::Reader::open(path).unwrap();
    let run = reader.run(1).unwrap().unwrap();
    reader
        .totals(&run)
        .unwrap()
        .of(crate::model::row_state::RowState::Created)
}

/// A released step is never changed: its tables would be another version's.
#[test]
fn the_tables_of_each_version_are_pinned() {
    let connection = Connection::open_in_memory().unwrap();
    sum::teach(&connection).unwrap();
    let shapes: Vec<i64> = MIGRATIONS
        .iter()
        .map(|step| {
            connection.execute_batch(step).unwrap();
            shape(&connection).unwrap()
        })
        .collect();
    assert_eq!(shapes, SHAPES);
    // Each part counts: a column, its type, a key, an index, a table, a trigger.
    for change in [
        "ALTER TABLE event ADD COLUMN more TEXT",
        "CREATE INDEX more ON event (at_ms)",
        "DROP INDEX input_by_run",
        "CREATE TABLE more (x)",
        "CREATE TRIGGER more AFTER INSERT ON event BEGIN VALUES (1); END",
        "CREATE VIEW more AS VALUES (1)",
    ] {
        connection.execute_batch("BEGIN").unwrap();
        connection.execute_batch(change).unwrap();
        assert_ne!(shape(&connection).unwrap(), SHAPES[3], "{change}");
        connection.execute_batch("ROLLBACK").unwrap();
    }
    // What SQLite keeps for itself does not.
    connection.execute_batch("ANALYZE").unwrap();
    assert_eq!(shape(&connection).unwrap(), SHAPES[3]);
}

/// The power fails while a ledger is migrated: whatever part of the log is on disk, the ledger is whole, of the old
/// version or of the new one, and the next opening finishes the work.
#[test]
fn a_migration_that_is_cut_off_anywhere_is_harmless() {
    const ROWS: u32 = 300;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    old_ledger(&at("old.db"), ROWS);
    std::fs::copy(at("old.db"), at("migrated.db")).unwrap();
    assert_eq!(
        created(&at("old.db")),
        u64::from(ROWS),
        "an old ledger is read as it is"
    );
    // The log of the whole migration, taken before it is folded into the file.
    let migrated = open(&at("migrated.db")).unwrap();
    let log = std::fs::read(at("migrated.db-wal")).unwrap();
    assert!(log.len() > 40_000, "{}", log.len());
    let mut versions = [0; 2];
    for cut in (0..log.len()).step_by(2039).chain([log.len()]) {
        std::fs::copy(at("old.db"), at("cut.db")).unwrap();
        std::fs::write(at("cut.db-wal"), &log[..cut]).unwrap();
        let (reader, summed) = to_read(&at("cut.db")).unwrap();
        drop(reader);
        versions[usize::from(summed)] += 1;
        assert_eq!(created(&at("cut.db")), u64::from(ROWS), "cut at {cut}");
        drop(open(&at("cut.db")).unwrap());
        assert_eq!(created(&at("cut.db")), u64::from(ROWS), "cut at {cut}, finished");
    }
    assert!(versions.iter().all(|count| *count > 0), "{versions:?}");
    drop(migrated);
}
