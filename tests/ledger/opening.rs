//! Opening: what is no ledger, what is one no more, and what stands where one should be made. Each is an error with what
//! to type next, and leaves every byte as it was.
//!
//! Tests may run as a user whom no permission stops, so they look at modes and never wait for the system to refuse.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rollcall::ledger::{Ledger, LedgerError, Reader, Unfit};
use rollcall::model::row_state::{RowEvent, RowState};
use tempfile::TempDir;

use crate::book::{Book, NAMESPACE, claim, key, path, row};

/// A ledger with rows and outcomes, closed; gives its folder.
fn closed() -> (TempDir, PathBuf) {
    let book = Book::new();
    let input = book.begin(1);
    book.plan(
        (1..=40)
            .map(|record| row(input, record, &format!("C-{record}"), 1))
            .collect(),
    );
    for record in 1..=5 {
        book.claim(claim(input, record, &format!("C-{record}"), 1)).unwrap();
        book.outcome(key(input, record), RowEvent::Created).unwrap();
    }
    let Book { folder, .. } = book;
    let path = path(&folder);
    (folder, path)
}

/// A ledger as `kill -9` leaves it, with its log beside it, in a folder of its own.
fn killed() -> (TempDir, PathBuf) {
    let book = Book::new();
    let input = book.begin(1);
    book.plan(
        (1..=40)
            .map(|record| row(input, record, &format!("C-{record}"), 1))
            .collect(),
    );
    book.claim(claim(input, 1, "C-1", 1)).unwrap();
    book.outcome(key(input, 1), RowEvent::Created).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("ledger.db");
    fs::copy(path(&book.folder), &copy).unwrap();
    fs::copy(beside(&path(&book.folder), "-wal"), beside(&copy, "-wal")).unwrap();
    (folder, copy)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Every plain file below a folder with its bytes. SQLite's index of the log says nothing that the log does not, and the
/// lock is empty.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(bytes(&path));
        } else if path.is_file() && !name.ends_with("db-shm") && !name.ends_with("db.lock") {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

/// Opens for writing and for reading, both of which must fail; gives what they say. Nothing is changed by it.
fn refused(folder: &Path, ledger: &Path) -> [LedgerError; 2] {
    let before = bytes(folder);
    let write = Ledger::open(ledger).map(drop).unwrap_err();
    let read = Reader::open(ledger).map(drop).unwrap_err();
    assert!(write.hint().is_some() && read.hint().is_some(), "{write:?} {read:?}");
    let mut after = bytes(folder);
    // Even a reader makes a log beside a ledger in WAL mode; an empty one says nothing.
    after.retain(|path, bytes| before.contains_key(path) || !bytes.is_empty());
    assert!(before == after, "{write}: {:?} {:?}", before.keys(), after.keys());
    [write, read]
}

fn is_damage(error: &LedgerError) -> bool {
    let said = error.to_string();
    said.contains("damaged") && error.hint().is_some_and(|hint| hint.contains("restore a copy"))
}

#[test]
fn a_truncated_zeroed_or_overwritten_ledger_is_damage_and_stays_as_it_is() {
    type Harm = fn(&mut Vec<u8>);
    let harms: [(&str, Harm); 7] = [
        ("its last page is torn off", |bytes| bytes.truncate(bytes.len() - 4096)),
        ("half of it is missing", |bytes| bytes.truncate(bytes.len() / 2)),
        ("it ends in the first page", |bytes| bytes.truncate(1000)),
        ("nothing but zeros", |bytes| bytes.fill(0)),
        ("its header is overwritten", |bytes| bytes[..16].fill(0x20)),
        ("its first page is zeros", |bytes| bytes[..4096].fill(0)),
        ("all behind the first page is zeros", |bytes| bytes[4096..].fill(0)),
    ];
    for (what, harm) in harms {
        let (folder, ledger) = closed();
        let mut damaged = fs::read(&ledger).unwrap();
        harm(&mut damaged);
        fs::write(&ledger, damaged).unwrap();
        for error in refused(folder.path(), &ledger) {
            assert!(is_damage(&error), "{what}: {error} {error:?}");
        }
    }
}

/// The number of the version is damaged: each other number is noticed by the tables, which are not that version's.
#[test]
fn a_version_that_does_not_fit_the_tables_is_not_believed() {
    let (folder, ledger) = closed();
    let whole = fs::read(&ledger).unwrap();
    assert_eq!(
        whole[60..64],
        [0, 0, 0, 4],
        "the version is where SQLite's file format says"
    );
    for bit in 0..32 {
        let mut damaged = whole.clone();
        damaged[60 + bit / 8] ^= 1 << (bit % 8);
        fs::write(&ledger, &damaged).unwrap();
        for error in refused(folder.path(), &ledger) {
            // The bit of the four and the sign make older versions of it, every other one a newer.
            let newer = matches!(error, LedgerError::Version { .. });
            let low = matches!(bit, 26 | 7);
            assert!(if low { is_damage(&error) } else { newer }, "bit {bit}: {error:?}");
        }
    }
}

/// Without its log a ledger is what it was when the log was last folded in: older, and never another.
#[test]
fn a_ledger_without_its_log_is_older_or_damaged_and_never_misread() {
    let (_folder, ledger) = killed();
    fs::remove_file(beside(&ledger, "-wal")).unwrap();
    // In this one nothing was folded in yet, so there is no ledger in it.
    let read = Reader::open(&ledger).and_then(|reader| reader.runs());
    assert!(matches!(read, Err(LedgerError::NotFound { .. })), "{read:?}");
    drop(Ledger::open(&ledger).unwrap());
    assert_eq!(Reader::open(&ledger).unwrap().runs().unwrap(), []);

    // And here the first run was: the second is forgotten, and what is in the first is as it was.
    let (_folder, ledger) = closed();
    let known = Reader::open(&ledger).unwrap().runs().unwrap();
    let reader = Reader::open(&ledger).unwrap();
    let open = Ledger::open(&ledger).unwrap();
    let pending = open.plan(NAMESPACE, vec![row(known[0].inputs[0].input_id, 41, "C-41", 1)]);
    pending.unwrap().wait().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("ledger.db");
    fs::copy(&ledger, &copy).unwrap();
    drop((open, reader));
    let reader = Reader::open(&copy).unwrap();
    assert_eq!(reader.runs().unwrap(), known);
    assert_eq!(reader.totals(&known[0]).unwrap().of(RowState::Created), 5);
    assert_eq!(reader.planned(known[0].inputs[0].input_id).unwrap(), 40);
}

/// SQLite deletes such a log, or reads it into the new ledger.
#[test]
fn a_log_beside_a_missing_or_empty_ledger_is_refused_and_kept() {
    for empty in [false, true] {
        let (folder, ledger) = killed();
        fs::remove_file(&ledger).unwrap();
        if empty {
            fs::write(&ledger, "").unwrap();
        }
        for error in refused(folder.path(), &ledger) {
            let LedgerError::Unfit(Unfit::Stale { log, .. }) = &error else {
                panic!("{error:?}")
            };
            assert_eq!(*log, beside(&ledger, "-wal"));
            assert!(error.to_string().contains("ledger.db-wal"), "{error}");
            assert!(error.hint().unwrap().contains("mv "), "{error:?}");
        }
        // What the hint says works.
        fs::rename(beside(&ledger, "-wal"), beside(&ledger, "-wal.aside")).unwrap();
        drop(Ledger::open(&ledger).unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.db");
    fs::write(beside(&ledger, "-journal"), "a journal").unwrap();
    for error in refused(folder.path(), &ledger) {
        assert!(matches!(error, LedgerError::Unfit(Unfit::Stale { .. })), "{error:?}");
    }
    // A log of no bytes has nothing in it.
    fs::write(beside(&ledger, "-journal"), "").unwrap();
    drop(Ledger::open(&ledger).unwrap());
}

/// A refused ledger keeps even its log: it may be the newer rollcall's, with outcomes that are nowhere else.
#[test]
fn a_refused_ledger_keeps_its_log() {
    let (folder, ledger) = killed();
    let open = rusqlite::Connection::open(&ledger).unwrap();
    open.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    open.pragma_update(None, "user_version", 99).unwrap();
    drop(open);
    assert!(fs::metadata(beside(&ledger, "-wal")).unwrap().len() > 0);
    for error in refused(folder.path(), &ledger) {
        assert!(matches!(error, LedgerError::Version { found: 99, .. }), "{error:?}");
    }
}

/// A customer whose earlier row is damaged is nobody's: the claim fails, and nobody is created twice.
#[test]
fn a_damaged_row_of_an_earlier_run_is_not_passed_over_for_another_customer() {
    let book = Book::new();
    let first = book.begin(1);
    let customer = |record| match record {
        150 => "CUSTOMER-ONE".to_owned(),
        _ => format!("C-{record}"),
    };
    book.plan(
        (1..=300)
            .map(|record| row(first, record, &customer(record), 1))
            .collect(),
    );
    book.claim(claim(first, 150, "CUSTOMER-ONE", 1)).unwrap();
    book.outcome(key(first, 150), RowEvent::Created).unwrap();
    let Book {
        folder, ledger, reader, ..
    } = book;
    drop((ledger, reader));
    let mut damaged = fs::read(path(&folder)).unwrap();
    let at = damaged.windows(12).position(|seen| seen == b"CUSTOMER-ONE").unwrap();
    damaged[at] = b'K';
    fs::write(path(&folder), &damaged).unwrap();
    let ledger = Ledger::open(&path(&folder)).unwrap();
    let planned = ledger.plan(NAMESPACE, vec![row(first, 301, "CUSTOMER-ONE", 2)]);
    let planned = planned.unwrap().wait();
    assert!(matches!(planned, Err(LedgerError::Damaged(_))), "{planned:?}");
}

/// A reader in the middle of its rows: the run goes on, the log grows, and is cut when the reader has gone.
#[test]
fn a_long_reader_does_not_stop_a_run_and_its_log_is_cut_afterwards() {
    let book = Book::new();
    let input = book.begin(1);
    let long = "C".repeat(3000);
    let plan = |from: u64, count: u64| {
        let rows = (from..from + count).map(|record| row(input, record, &format!("{long}{record}"), 1));
        book.plan(rows.collect());
    };
    let size_of_log = || fs::metadata(beside(&path(&book.folder), "-wal")).unwrap().len();
    plan(1, 2);
    let mut grown = 0;
    let read = book.reader.rows(input, 1, u64::MAX, |_| {
        if grown == 0 {
            for part in 0..6 {
                plan(3 + part * 1000, 1000);
            }
            grown = size_of_log();
        }
        Ok::<_, LedgerError>(())
    });
    read.unwrap();
    assert!(grown > 20_000_000, "{grown}");
    // The first commit folds the log in, the next begins it anew and cuts it.
    plan(6003, 1);
    plan(6004, 1);
    assert!(size_of_log() <= 4 * 1000 * 4096, "{}", size_of_log());
    assert_eq!(book.reader.planned(input).unwrap(), 6004);
}

#[cfg(unix)]
#[path = "places.rs"]
mod places;
