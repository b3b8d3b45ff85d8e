//! Verifying: a sound ledger is called sound at any moment, and whatever is changed in it is named.

use rollcall::ledger::{
    Addition, BackupError, Check, Correction, InputTotals, Observation, Planned, Reader, Seen, Verification, backup,
    verify,
};
use rollcall::model::row_state::RowEvent;

use crate::book::{Book, claim, id, key, row};
use crate::filled::{RECORDS, change, fill, sound};

fn troubled(found: &Verification) -> Vec<Check> {
    let troubled = |check: &Check| found.count(*check).1 > 0;
    Check::ALL.into_iter().filter(troubled).collect()
}

#[test]
fn a_sound_ledger_is_sound_and_every_check_has_looked_at_something() {
    let (_folder, path) = sound();
    let found = verify(&path).unwrap();
    assert_eq!(found.troubles, []);
    assert!(found.is_sound() && !found.is_damaged() && found.summed);
    assert_eq!((found.runs, found.rows), (2, 2 * RECORDS));
    let seen = |check| found.count(check).0;
    for check in Check::ALL {
        assert!(seen(check) > 0, "{check:?} has looked at nothing");
    }
    // Ten rows were claimed in each run; three of them twice, each claim has an outcome, and one refusal was asked again.
    assert_eq!(seen(Check::Customers), 20);
    assert_eq!(seen(Check::Events), 2 * (7 * 2 + 2 * 4 + 5));
    // Corrections, decisions, observations and a stranger; a comparison and its events bear no checksums.
    let summed = 2 + 3 + 4 + 1;
    assert_eq!(seen(Check::Additions), summed + 1 + 3);
    assert_eq!(seen(Check::Sums), seen(Check::Events) + found.rows + summed);
    assert_eq!(seen(Check::Findings), 6);
}

/// Each change that a disk, a hand or a defect could make to one table, and the check that names it.
#[rustfmt::skip]
const CHANGES: &[(&str, Check, &str)] = &[
    ("UPDATE correction SET of_record = 9 WHERE record = 1", Check::Sums, "the table correction"),
    ("UPDATE correction SET changed = 0 WHERE record = 1", Check::Sums, "the table correction"),
    ("UPDATE disposition SET who = 'Vera Nowak' WHERE input_id = 2", Check::Sums, "the table disposition"),
    ("UPDATE disposition SET reason = 'none' WHERE input_id = 2", Check::Sums, "the table disposition"),
    ("UPDATE observation SET seen = 0 WHERE record = 2", Check::Sums, "the table observation"),
    ("UPDATE observation SET fields = 'id' WHERE record = 3 ", Check::Sums, "the table observation"),
    ("UPDATE stranger SET customer_id = 'STRANGER-2'", Check::Sums, "the table stranger"),
    ("UPDATE run SET corrects = 2 WHERE run_id = 2", Check::Runs, "a run that was not begun before it"),
    ("UPDATE run SET corrects = NULL WHERE run_id = 2", Check::Additions, "that its own run does not correct"),
    ("UPDATE run SET corrects = 9 WHERE run_id = 2", Check::References, "the table run belongs to no line of run"),
    ("DELETE FROM row WHERE record = 10 AND input_id = 1", Check::Additions, "it corrects a record that is not there"),
    ("DELETE FROM row WHERE record = 1 AND input_id = 2", Check::Additions, "it is about a row that is not there"),
    ("DELETE FROM row WHERE record = 10 AND input_id = 2", Check::Additions, "the table disposition: it is about a row"),
    ("DELETE FROM row WHERE record = 4 AND input_id = 1", Check::Additions, "the table observation: it is about a row"),
    ("DELETE FROM disposition WHERE input_id = 1 AND seq = 1", Check::Additions, "what was decided before it is missing"),
    ("DELETE FROM comparison_event WHERE seq = 1", Check::Additions, "what happened to the comparison before it"),
    ("UPDATE comparison_event SET kind = 'closed' WHERE seq = 3", Check::Additions, "nothing of that kind happens"),
    ("UPDATE comparison_event SET number = NULL WHERE seq = 1", Check::Additions, "nothing of that kind happens"),
    ("UPDATE comparison_event SET kind = 'ended', number = NULL WHERE seq = 2", Check::Additions, "had ended before it"),
    ("UPDATE comparison SET namespace = zeroblob(16)", Check::Additions, "customers of another namespace"),
    ("UPDATE comparison SET scope = zeroblob(8)", Check::Additions, "what was compared is not known"),
    ("UPDATE comparison SET target = 'http://other'", Check::Additions, "it asked another API than any run"),
    ("UPDATE comparison SET who = CAST(X'80' AS TEXT)", Check::Additions, ""),
    ("DELETE FROM comparison", Check::References, "the table observation belongs to no line of comparison"),
    ("DELETE FROM comparison", Check::References, "the table stranger belongs to no line of comparison"),
    ("DELETE FROM event WHERE record = 7 AND input_id = 1 AND seq = 3", Check::Events, "event 3 is missing"),
    ("DELETE FROM event WHERE record = 7 AND input_id = 1 AND seq = 5", Check::Totals, "1 rows are still to be sent"),
    ("DELETE FROM event WHERE record = 7 AND input_id = 1 AND seq IN (2, 3)", Check::Events, "event 2 is missing"),
    ("UPDATE row SET customer_id = 'C-9' WHERE record = 3 AND input_id = 1", Check::Sums, "does not fit its checksum"),
    ("UPDATE row SET line = line + 1 WHERE record = 12 AND input_id = 1", Check::Sums, "does not fit its checksum"),
    ("UPDATE row SET sum = sum + 1 WHERE record = 3 AND input_id = 1", Check::Sums, "does not fit its checksum"),
    ("UPDATE event SET http_status = 500 WHERE record = 3 AND input_id = 1 AND seq = 2", Check::Sums, "the table event"),
    ("UPDATE event SET event = 8 WHERE record = 3 AND input_id = 1 AND seq = 2", Check::Sums, "the table event"),
    ("UPDATE event SET event = 6 WHERE record = 3 AND input_id = 1 AND seq = 1", Check::Rows, "cannot follow each other"),
    ("UPDATE event SET event = 99 WHERE record = 3 AND input_id = 1 AND seq = 1", Check::Events, "no event has the code"),
    ("DELETE FROM event WHERE record = 8 AND input_id = 1 AND seq = 2", Check::Events, "event 2 is missing"),
    ("DELETE FROM event WHERE record = 8 AND input_id = 1 AND seq IN (2, 3)", Check::Events, "event 2 is missing"),
    ("DELETE FROM event WHERE record = 3 AND input_id = 1 AND seq = 2", Check::Totals, "1 rows are still to be sent"),
    ("DELETE FROM row WHERE record = 3 AND input_id = 1", Check::Events, "a row that is not there"),
    ("DELETE FROM row WHERE record = 10 AND input_id = 1", Check::Findings, "a row that is not there"),
    ("DELETE FROM row WHERE record = 11 AND input_id = 1", Check::Records, "record 11 is missing before it"),
    ("DELETE FROM row WHERE record = 11 AND input_id = 1", Check::Totals, "counted 12 records, and there are 11 rows"),
    ("DELETE FROM finding WHERE record = 10 AND input_id = 1", Check::Findings, "no finding says why"),
    ("DELETE FROM finding WHERE record = 10 AND input_id = 1 AND seq = 0", Check::Findings, "finding 0 is missing"),
    ("UPDATE finding SET severity = 'error' WHERE record = 12", Check::Findings, "a finding says that it should be"),
    ("UPDATE finding SET code = 'phone.not_falid' WHERE record = 12", Check::Codes, "does not know"),
    ("UPDATE finding SET field = 'nonsense' WHERE record = 12", Check::Codes, "does not know"),
    ("DELETE FROM customer WHERE record = 5 AND input_id = 1", Check::Customers, "missing in the index"),
    ("UPDATE customer SET customer_key = customer_key + 1 WHERE record = 5 AND input_id = 1", Check::Customers, "missing in"),
    ("INSERT INTO customer VALUES (7, 1, 11)", Check::Customers, "the index has 21 lines, and 20 of them are of rows"),
    ("UPDATE run SET namespace = zeroblob(16) WHERE run_id = 1", Check::Customers, "missing in the index"),
    ("UPDATE run SET namespace = zeroblob(15) WHERE run_id = 1", Check::Runs, ""),
    ("UPDATE run SET operation = 'customers.delete' WHERE run_id = 1", Check::Runs, "such an operation"),
    ("UPDATE run SET today = '2024-02-20' WHERE run_id = 1", Check::Runs, "the day on which it began"),
    ("UPDATE input SET run_id = 2 WHERE input_id = 1", Check::Runs, "it has no source"),
    ("UPDATE input SET ordinal = 5 WHERE input_id = 1", Check::Runs, "its sources is not numbered"),
    ("DELETE FROM input WHERE input_id = 1", Check::References, "the table row has lines of an input"),
    ("DELETE FROM run WHERE run_id = 1", Check::References, "a line of the table input belongs to no line of run"),
    ("DELETE FROM run_event WHERE run_id = 1 AND seq = 1", Check::RunEvents, "cannot follow nothing"),
    ("DELETE FROM run_event WHERE run_id = 1 AND seq = 2", Check::RunEvents, "not numbered without a gap"),
    ("DELETE FROM run_event WHERE run_id = 1 AND seq >= 2", Check::Rows, "never planned to its end"),
    ("UPDATE run_event SET kind = 'begun' WHERE run_id = 1 AND seq = 1", Check::RunEvents, "cannot follow nothing"),
    ("UPDATE run_event SET reason = 'why' WHERE run_id = 1 AND seq = 3", Check::Codes, "no known reason"),
    ("UPDATE input_total SET records = 13 WHERE input_id = 1", Check::Totals, "counted 13 records, and there are 12 rows"),
    ("DELETE FROM input_total WHERE input_id = 1", Check::Totals, "what the reader counted is missing"),
    ("UPDATE input_total SET blank_lines = 3 WHERE input_id = 1", Check::Lines, "15 lines were read, 15 of them"),
    ("UPDATE input_total SET blank_lines = 1 WHERE input_id = 1", Check::Lines, "the first record is on line 2"),
    ("UPDATE input_total SET lines = 0 WHERE input_id = 1", Check::Lines, "0 lines were read, 14 of them"),
    ("UPDATE input_total SET record_lines = 11 WHERE input_id = 1", Check::Lines, "15 lines were read, 13 of them"),
];

#[test]
fn whatever_is_changed_is_named_with_its_place() {
    let (folder, path) = sound();
    for (sql, check, says) in CHANGES {
        let copy = folder.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        change(&copy, &format!("PRAGMA foreign_keys = OFF; {sql}"));
        let found = verify(&copy).unwrap();
        assert!(troubled(&found).contains(check), "{sql}: {:?}", found.troubles);
        let named = |trouble: &&rollcall::ledger::Trouble| trouble.check == *check && trouble.what.contains(says);
        let named = found.troubles.iter().find(named);
        assert!(named.is_some(), "{sql}: {:?}", found.troubles);
        let balance = found.troubles.iter().all(|trouble| trouble.check.is_balance());
        assert_eq!(found.is_damaged(), !balance, "{sql}");
        if let Some(trouble) = named
            && sql.contains("record = 3 ")
            && *check != Check::Totals
        {
            let place = trouble.place;
            assert_eq!(
                (place.run, place.input, place.record),
                (Some(1), Some(1), Some(3)),
                "{sql}"
            );
        }
    }
}

/// Whoever can write the file can write checksums too: what a line says is held against the rest of the ledger as well.
#[test]
fn a_line_that_was_added_with_its_checksum_must_still_fit_the_ledger() {
    // Lines that the ledger itself writes when it is told what cannot be.
    let book = Book::new();
    let (first, second) = (fill(&book, 1), fill(&book, 2));
    book.add_to(first, second);
    let seen = |record, seen, payload_id| Observation {
        key: key(first, record),
        at_ms: 7,
        seen,
        payload_id,
        fields: None,
    };
    let impossible = [
        Addition::Observation(1, seen(5, Seen::Same, Some(id(3)))),
        Addition::Observation(1, seen(6, Seen::Same, None)),
        Addition::Observation(1, seen(7, Seen::Absent, Some(id(1)))),
        Addition::Observation(1, seen(40, Seen::Absent, None)),
        Addition::Ended(1),
    ];
    let count = impossible.len() as u64;
    book.ledger.add(impossible.into()).unwrap();
    let third = book.begin_correcting(3, Some(1));
    let corrects = |record, of| Planned {
        corrects: Some(Correction { of, changed: true }),
        ..row(third, record, &format!("C-3-{record}"), 3)
    };
    // A later record than itself, a record that is not there, a record of a run that is not corrected.
    book.plan(vec![
        corrects(1, key(third, 2)),
        corrects(2, key(first, 99)),
        corrects(3, key(second, 1)),
        corrects(4, key(first, 1)),
    ]);
    let found = verify(book.ledger.path()).unwrap();
    assert_eq!(found.count(Check::Additions).1, count + 3, "{:#?}", found.troubles);
    assert_eq!(found.count(Check::Sums).1, 0);
}

/// Who asks for a refused row again opens it before its run is taken up: a kill in between leaves a sound ledger.
#[test]
fn a_finished_run_with_rows_that_were_asked_for_again_is_sound() {
    let book = Book::new();
    let input = fill(&book, 1);
    book.ledger.retry(vec![key(input, 7)]).unwrap();
    let troubles = |about: &str| {
        let found = verify(book.ledger.path()).unwrap();
        let troubles = found
            .troubles
            .into_iter()
            .filter(|trouble| !trouble.what.contains("its day"));
        assert_eq!(troubles.collect::<Vec<_>>(), [], "{about}");
    };
    troubles("asked for");
    book.ledger.run_event(1, "started", None).unwrap();
    book.claim(claim(input, 7, "C-1-7", 1)).unwrap();
    troubles("claimed again");
}

/// A run that began before midnight and took its day after it, and a clock that cannot have been that wrong.
#[test]
fn a_run_may_begin_at_midnight() {
    let (_folder, path) = sound();
    for (day, is_sound) in [("2024-02-28", true), ("2024-02-29", true), ("2024-03-01", false)] {
        change(&path, &format!("UPDATE run SET today = '{day}'"));
        assert_eq!(verify(&path).unwrap().is_sound(), is_sound, "{day}");
    }
}

/// Whatever a run was doing when it was looked at or killed, its ledger is sound.
#[test]
fn a_ledger_is_sound_at_every_moment_of_a_run() {
    let book = Book::new();
    let file = book.ledger.path().to_owned();
    let sound = |about: &str, rows: u64| {
        // The run of the book is of another day than that of its tests.
        let found = verify(&file).unwrap();
        let other = found
            .troubles
            .iter()
            .filter(|trouble| !trouble.what.contains("its day"));
        assert_eq!(other.count(), 0, "{about}: {:?}", found.troubles);
        assert_eq!(found.rows, rows, "{about}");
    };
    sound("empty", 0);
    let input = book.begin(1);
    sound("begun", 0);
    book.ledger.run_event(1, "started", None).unwrap();
    book.plan(vec![row(input, 1, "C-1", 1), row(input, 2, "C-2", 1)]);
    sound("half planned", 2);
    book.ledger.run_event(1, "started", None).unwrap();
    book.plan(vec![row(input, 3, "C-3", 1)]);
    let totals = InputTotals {
        records: 3,
        ..InputTotals::default()
    };
    book.ledger.end_input(input, totals).unwrap();
    sound("counted", 3);
    book.ledger.run_event(1, "planned", None).unwrap();
    book.claim(claim(input, 1, "C-1", 1)).unwrap();
    sound("in flight", 3);
    book.outcome(key(input, 1), RowEvent::Unresolved).unwrap();
    book.ledger.run_event(1, "finished", None).unwrap();
    book.ledger.run_event(1, "started", None).unwrap();
    book.claim(claim(input, 1, "C-1", 1)).unwrap();
    book.outcome(key(input, 1), RowEvent::Attempted).unwrap();
    let interrupted = Some("interrupted".to_owned());
    book.ledger.run_event(1, "stopped", interrupted).unwrap();
    sound("stopped", 3);
}

/// What every other command refuses at opening is what `verify` is for: it says all that can be said of it, and a backup
/// is refused with the same list.
#[test]
fn a_ledger_that_is_refused_at_opening_is_verified_as_far_as_it_can_be_read() {
    type Harm = fn(&mut Vec<u8>);
    // What is said, and whether rows are still found.
    let harms: [(Harm, &str, bool); 6] = [
        (|bytes| bytes[63] = 2, "its tables are not those of version 2", true),
        (|bytes| bytes[60] = 0x80, "its tables are not those of version", true),
        (|bytes| bytes.truncate(bytes.len() - 4096), "invalid page number", true),
        (|bytes| bytes.truncate(2 * 4096), "disk image is malformed", false),
        (
            |bytes| bytes[..16].fill(0x20),
            "the beginning of the file is overwritten",
            false,
        ),
        (|bytes| bytes[4096..].fill(0), "disk image is malformed", false),
    ];
    let (folder, path) = sound();
    let whole = std::fs::read(&path).unwrap();
    for (number, (harm, says, has_rows)) in harms.into_iter().enumerate() {
        let mut damaged = whole.clone();
        harm(&mut damaged);
        std::fs::write(&path, &damaged).unwrap();
        assert!(Reader::open(&path).is_err(), "{number}: it is not refused");
        let found = verify(&path).unwrap();
        assert!(found.is_damaged(), "{number}");
        let said = |trouble: &rollcall::ledger::Trouble| trouble.what.contains(says);
        assert!(found.troubles.iter().any(said), "{number}: {:#?}", found.troubles);
        assert_eq!(found.rows > 0, has_rows, "{number}: {:#?}", found.troubles);
        // Of sums over rows that cannot all be read nothing is said.
        assert_eq!(found.count(Check::Totals).1, 0, "{number}: {:#?}", found.troubles);
        let Err(BackupError::Unsound(same)) = backup(&path, &folder.path().join("backup.db")) else {
            panic!("{number}: a copy was made")
        };
        assert_eq!(same.troubles, found.troubles, "{number}");
        assert!(
            std::fs::read(&path).unwrap() == damaged,
            "{number}: verifying changed it"
        );
    }
}

/// A ledger of version 2 has no checksums, which is said, and everything else is verified.
#[test]
fn an_older_ledger_is_verified_without_checksums() {
    let (_folder, path) = sound();
    change(
        &path,
        "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;
         DROP TABLE correction; DROP TABLE disposition; DROP TABLE observation; DROP TABLE stranger;
         DROP TABLE comparison_event; DROP TABLE comparison;
         CREATE TABLE run_2 (run_id INTEGER PRIMARY KEY, operation TEXT NOT NULL, target TEXT NOT NULL,
             namespace BLOB NOT NULL, config_digest BLOB NOT NULL, tool_version TEXT NOT NULL, today TEXT NOT NULL,
             created_ms INTEGER NOT NULL) STRICT;
         INSERT INTO run_2 SELECT run_id, operation, target, namespace, config_digest, tool_version, today, created_ms
         FROM run;
         DROP TABLE run; ALTER TABLE run_2 RENAME TO run; ALTER TABLE run_event DROP COLUMN who;
         ALTER TABLE row DROP COLUMN sum; ALTER TABLE event DROP COLUMN sum; PRAGMA user_version = 2;",
    );
    let found = verify(&path).unwrap();
    assert!(found.is_sound() && !found.summed, "{:?}", found.troubles);
    assert_eq!((found.rows, found.count(Check::Sums)), (2 * RECORDS, (0, 0)));
    change(&path, "DELETE FROM event WHERE record = 8 AND input_id = 1 AND seq = 2");
    assert!(troubled(&verify(&path).unwrap()).contains(&Check::Events));
}
