//! The writer that fails: by an error of SQLite, and by a defect of its own.

use super::*;
use crate::model::digest::Digest;

fn run() -> NewRun {
    NewRun {
        operation: "customers.create",
        target: "x".repeat(100_000),
        namespace: Uuid::nil(),
        config_digest: Digest([0; 32]),
        today: "2026-01-31".to_owned(),
        corrects: None,
        inputs: Vec::new(),
    }
}

/// A ledger whose writer does what the test says, beginning with a place as a run has it.
fn working(path: &Path, work: impl FnOnce(Store, &Queue, &Known) + Send + 'static) -> Ledger {
    let mut place = Place::to_write(path).unwrap();
    let lock = Lock::take(&place).unwrap();
    place.settle().unwrap();
    let store = Store::new(open::to_write(&place).unwrap());
    Ledger::start(place, lock, move |queue, known| work(store, queue, known)).unwrap()
}

/// Files of no ledger, which are not there and stay so.
fn nowhere() -> Stay {
    Stay::of(&Place {
        named: PathBuf::new(),
        real: PathBuf::from("/nowhere/ledger.db"),
        notices: Vec::new(),
    })
}

/// A ledger whose SQLite fails by itself: the setting makes every later write an error of its own kind.
fn failing(folder: &Path, name: &str, setting: &'static str, value: i64) -> Ledger {
    working(&folder.join(name), move |mut store, queue, known| {
        let connection = &store.connection;
        connection
            .pragma_query_value(None, setting, |_| Ok(()))
            .unwrap_or_default();
        connection
            .pragma_update_and_check(None, setting, value, |_| Ok(()))
            .unwrap_or_default();
        write_all(&mut store, &nowhere(), queue, known);
    })
}

/// A defect of rollcall in the middle of a commit: whoever waits is let go, whoever comes is told, nobody hangs, and
/// nothing of the commit is on disk.
#[test]
fn a_writer_that_panics_lets_everybody_go_and_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    drop(working(&path, |mut store, queue, known| {
        write_all(&mut store, &nowhere(), queue, known);
    }));
    let ledger = working(&path, |mut store, queue, _| {
        store.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        store.begin_run(&run(), 1).unwrap();
        let first = queue.take(0);
        assert!(first.is_none(), "the writer breaks off here, on purpose");
    });
    let first = ledger.begin_run(run()).unwrap_err();
    let later = ledger.begin_run(run()).unwrap_err();
    for error in [&first, &later] {
        let LedgerError::Stopped { cause } = error else {
            panic!("{error:?}")
        };
        assert!(matches!(**cause, LedgerError::Panicked), "{cause:?}");
        assert!(error.hint().unwrap().contains("type the same command again"));
    }
    drop(ledger);
    let reader = crate::ledger::Reader::open(&path).unwrap();
    assert_eq!(reader.latest().unwrap(), None, "nothing of it is on disk");
    drop(Ledger::open(&path).unwrap());
}

#[test]
fn an_error_stops_the_writer_and_everybody_after_it_is_told_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    for (setting, words) in [
        ("max_page_count", "the disk is full"),
        ("query_only", "may not be written"),
    ] {
        let ledger = failing(folder.path(), &format!("{setting}.db"), setting, 1);
        let first = ledger.begin_run(run()).unwrap_err();
        assert!(first.to_string().contains(words), "{first}");
        let later = ledger.begin_run(run()).unwrap_err();
        let LedgerError::Stopped { cause } = &later else {
            panic!("{later:?}")
        };
        assert!(cause.to_string().contains(words), "{cause}");
        assert_eq!(later.hint(), first.hint());
        drop(ledger);
        let reader = crate::ledger::Reader::open(&folder.path().join(format!("{setting}.db"))).unwrap();
        assert_eq!(reader.latest().unwrap(), None, "nothing of it is on disk");
    }
}
