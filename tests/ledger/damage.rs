//! Damage: what a disk or a hand does to the file is noticed before anything is made of it, or changes nothing.

use rollcall::ledger::{Ledger, LedgerError, Reader, RowEntry, Standing};
use rollcall::model::row_state::{RowEvent, RowState};

use crate::book::{Book, NAMESPACE, claim, key, path, row};
use crate::filled::{change, sound};

/// Everything that is read of rows, or why it is not.
fn read(path: &std::path::Path, input: i64) -> Result<Vec<RowEntry>, LedgerError> {
    let mut rows = Vec::new();
    Reader::open(path)?.rows(input, 1, u64::MAX, |row| {
        rows.push(row);
        Ok::<_, LedgerError>(())
    })?;
    Ok(rows)
}

/// Where each row stands, by the shorter way.
fn stand(path: &std::path::Path, input: i64) -> Result<Vec<Standing>, LedgerError> {
    let mut standings = Vec::new();
    Reader::open(path)?.standings(input, 1, u64::MAX, |standing| {
        standings.push(standing);
        Ok::<_, LedgerError>(())
    })?;
    Ok(standings)
}

/// Each byte of the tables' pages is turned, one at a time, in a copy of its own.
#[test]
fn no_byte_that_a_disk_turns_changes_what_became_of_a_row_unnoticed() {
    let book = Book::new();
    let input = book.begin(1);
    let plan = (1..=20).map(|record| row(input, record, &format!("C-{record}"), 1));
    book.plan(plan.collect());
    for record in 1..=10 {
        book.claim(claim(input, record, &format!("C-{record}"), 1)).unwrap();
        book.outcome(key(input, record), rollcall::model::row_state::RowEvent::Created)
            .unwrap();
    }
    let Book {
        folder, ledger, reader, ..
    } = book;
    drop((ledger, reader));
    let whole = std::fs::read(path(&folder)).unwrap();
    let expected = read(&path(&folder), input).unwrap();
    assert_eq!(expected.iter().filter(|row| row.state == RowState::Created).count(), 10);

    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut noticed, mut harmless, mut missing, mut stood) = (0, 0, 0, 0);
    let copy = folder.path().join("copy.db");
    for _ in 0..4000 {
        let (at, bit) = (random.usize(..whole.len()), random.u32(..8));
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << bit;
        std::fs::write(&copy, &damaged).unwrap();
        if let Ok(standings) = stand(&copy, input) {
            let created = standings.iter().filter(|row| row.state == RowState::Created);
            let known = |row: &Standing| (1..=10).contains(&row.record);
            assert!(created.clone().all(known), "byte {at}, bit {bit}: {standings:?}");
            stood += usize::from(created.count() == 10);
        }
        match read(&copy, input) {
            Err(_) => noticed += 1,
            Ok(rows) if rows == expected => harmless += 1,
            // A pointer to a line, or the count of them, is no line: a line that is not found is missing, never misread.
            Ok(rows) => {
                let known = |row: &RowEntry| expected.contains(row) || row.state != RowState::Created;
                assert!(rows.iter().all(known), "byte {at}, bit {bit}: {rows:?}");
                missing += 1;
            }
        }
    }
    println!("{noticed} noticed, {harmless} harmless, {missing} with lines missing; {stood} stood");
    assert!(
        noticed > 100 && harmless > 0 && stood < 3900,
        "{noticed} {harmless} {stood}"
    );
}

/// Events are read beside their rows: one whose key is another is not passed over in silence, and keeps no other from its
/// row.
#[test]
fn an_event_under_another_key_is_damage_wherever_that_key_is() {
    let created = RowEvent::Created as i64;
    // The row of record 6 is not there: its own events are passed over, and no other.
    for record in [2, 4, 6, 13, 1_u64 << 40] {
        let (_folder, file) = sound();
        change(&file, "DELETE FROM row WHERE input_id = 1 AND record = 6");
        read(&file, 1).unwrap();
        // Opened before, since whoever opens it looks at both ends of a table.
        let reader = Reader::open(&file).unwrap();
        change(
            &file,
            &format!(
                "UPDATE event SET record = {record}, seq = 99 WHERE input_id = 1 AND record = 3 AND event = {created}"
            ),
        );
        let rows = reader.rows(1, 1, u64::MAX, |_| Ok::<_, LedgerError>(()));
        let standings = reader.standings(1, 1, u64::MAX, |_| Ok::<_, LedgerError>(()));
        for found in [rows, standings] {
            assert!(
                matches!(found, Err(LedgerError::Damaged(_))),
                "record {record}: {found:?}"
            );
        }
        reader.rows(2, 1, u64::MAX, |_| Ok::<_, LedgerError>(())).unwrap();
    }
}

/// The writer believes a damaged row no more than a reader does: it claims nothing, and stops.
#[test]
fn a_row_that_does_not_fit_its_checksum_is_not_claimed() {
    let book = Book::new();
    let input = book.begin(1);
    // Both ends of a table are looked at when a ledger is opened: this row is in its middle.
    let customer = |record| match record {
        150 => "CUSTOMER-ONE".to_owned(),
        _ => format!("C-{record}"),
    };
    book.plan(
        (1..=300)
            .map(|record| row(input, record, &customer(record), 1))
            .collect(),
    );
    let Book {
        folder,
        ledger,
        reader,
        runtime,
    } = book;
    drop((ledger, reader));
    let mut bytes = std::fs::read(path(&folder)).unwrap();
    let at = bytes.windows(12).position(|seen| seen == b"CUSTOMER-ONE").unwrap();
    bytes[at] = b'K';
    std::fs::write(path(&folder), &bytes).unwrap();
    assert!(matches!(read(&path(&folder), input), Err(LedgerError::Damaged(_))));
    let ledger = Ledger::open(&path(&folder)).unwrap();
    let claimed = runtime.block_on(ledger.claim(NAMESPACE, vec![claim(input, 150, "CUSTOMER-ONE", 1)]));
    assert!(matches!(claimed, Err(LedgerError::Damaged(_))), "{claimed:?}");
}

/// What a run says at its end on a broken ledger: which rows were claimed on disk and have no outcome there.
#[test]
fn rows_in_doubt_are_those_with_a_claim_and_no_outcome_on_disk() {
    use rollcall::model::row_state::RowEvent;
    let book = Book::new();
    let input = book.begin(1);
    book.plan(
        (1..=4)
            .map(|record| row(input, record, &format!("C-{record}"), 1))
            .collect(),
    );
    assert_eq!(book.ledger.in_doubt(), 0);
    for record in 1..=3 {
        book.claim(claim(input, record, &format!("C-{record}"), 1)).unwrap();
    }
    assert_eq!(book.ledger.in_doubt(), 3);
    book.outcome(key(input, 1), RowEvent::Created).unwrap();
    assert_eq!(book.ledger.in_doubt(), 2);
    // The writer stops at an event that cannot happen: nothing changes any more, and each caller learns why.
    assert!(book.outcome(key(input, 4), RowEvent::Created).is_err());
    let later = book.outcome(key(input, 2), RowEvent::Created).unwrap_err();
    let LedgerError::Stopped { cause } = later else {
        panic!("{later:?}");
    };
    assert!(matches!(*cause, LedgerError::Illegal { .. }), "{cause:?}");
    assert_eq!(book.ledger.in_doubt(), 2);
}
