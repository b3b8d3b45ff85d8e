//! Runs beside each other: customers of other runs, other processes, readers, other versions.

use rollcall::ledger::{Balance, Check, Claimed, InputTotals, Ledger, LedgerError, Reader, verify};
use rollcall::model::row_state::{RowEvent, RowState};
use uuid::Uuid;

use crate::book::{Book, NAMESPACE, claim, key, path, reject, row};

/// The state and code of a row for a customer of whom an earlier run has a row in this state, once where the new row is
/// planned after that, and once where it was planned before and is claimed after.
#[test]
fn a_customer_of_another_run_is_a_duplicate_a_conflict_or_nobody() {
    use RowState::{Conflict, Created, Duplicate, Existing, InFlight, Pending, Refused, Rejected, Unresolved};
    let check_so = |indexed: bool, earlier: RowState, data: u8, expected: RowState, code: Option<&str>| {
        let about = format!("{earlier:?}, data {data}, indexed {indexed}");
        let index = |book: &Book, input: i64| {
            if indexed {
                book.index(input);
            }
        };
        let book = Book::new();
        let before = book.begin(1);
        book.bring(before, earlier);
        index(&book, before);
        let input = book.begin(2);
        assert_eq!(book.plan(vec![row(input, 1, "C-1", data)]), [expected], "{about}");
        assert_eq!(book.row(key(input, 1)).code.as_deref(), code, "{about}");

        let book = Book::new();
        let (early, late) = (book.begin(1), book.begin(2));
        book.plan(vec![row(late, 1, "C-1", data)]);
        index(&book, late);
        book.bring(early, earlier);
        index(&book, early);
        let claimed = book.claim(claim(late, 1, "C-1", data)).unwrap();
        let granted = Claimed::Granted { in_doubt: false };
        let told = if expected == Pending {
            granted
        } else {
            Claimed::Settled(expected)
        };
        assert_eq!(claimed, told, "{about}, when claimed");
        let late = book.row(key(late, 1));
        let after = if expected == Pending { InFlight } else { expected };
        assert_eq!(
            (late.state, late.code.as_deref()),
            (after, code),
            "{about}, when claimed"
        );
    };
    let check = |earlier, data, expected, code| {
        for indexed in [false, true] {
            check_so(indexed, earlier, data, expected, code);
        }
    };
    for there in [Created, Existing] {
        check(there, 1, Duplicate, Some("customer.created_before"));
        check(there, 2, Conflict, Some("customer.other_data"));
    }
    for in_doubt in [InFlight, Unresolved] {
        check(in_doubt, 1, Pending, None);
        check(in_doubt, 2, Conflict, Some("customer.in_doubt"));
    }
    for nobody in [Rejected, Duplicate, Conflict, Pending, Refused] {
        check(nobody, 1, Pending, None);
        check(nobody, 2, Pending, None);
    }
}

/// What is written ahead changes nothing but the speed: nobody takes a row that waits for one that was sent.
#[test]
fn planned_rows_are_indexed_once_and_count_as_claimed_only_when_they_are() {
    let book = Book::new();
    let input = book.begin(1);
    let rows = (1..=3).map(|record| row(input, record, &format!("C-{record}"), 1));
    book.plan(rows.chain([reject(input, 4)]).collect());
    assert_eq!(book.ledger.index_planned(NAMESPACE, input, 1).unwrap(), Some(3));
    assert_eq!(book.ledger.index_planned(NAMESPACE, input, 3).unwrap(), None);
    let claimed_for = |customer| {
        let rows = book.reader.claimed_for(NAMESPACE, customer).unwrap();
        rows.iter().map(|row| row.key.record).collect::<Vec<_>>()
    };
    for (record, customer) in [(1, "C-1"), (2, "C-2")] {
        assert!(claimed_for(customer).is_empty(), "{customer}");
        book.claim(claim(input, record, customer, 1)).unwrap();
        assert_eq!(claimed_for(customer), [record]);
    }
    book.index(input);
    assert_eq!(claimed_for("C-1"), [1]);
    assert!(claimed_for("C-3").is_empty());
    let verified = verify(book.ledger.path()).unwrap();
    assert_eq!(verified.count(Check::Customers), (2, 0), "{:?}", verified.troubles);
}

#[test]
fn customers_of_another_namespace_are_other_customers() {
    let book = Book::new();
    book.bring(book.begin(1), RowState::Created);
    let input = book.begin(2);
    let states = book.ledger.plan(Uuid::from_u128(8), vec![row(input, 1, "C-1", 2)]);
    assert_eq!(states.unwrap().wait().unwrap(), [RowState::Pending]);
}

/// A row in doubt is settled where another run has created the same customer under the same id meanwhile, so that one
/// customer is counted once. With other data it is sent again: only the API knows what became of it.
#[test]
fn a_row_in_doubt_is_settled_by_its_own_id_only() {
    for (state, data, expected) in [
        (RowState::Unresolved, 1, Claimed::Settled(RowState::Duplicate)),
        (RowState::InFlight, 1, Claimed::Settled(RowState::Duplicate)),
    ] {
        let book = Book::new();
        let doubtful = book.bring(book.begin(1), state);
        let input = book.begin(2);
        book.plan(vec![row(input, 1, "C-1", data)]);
        book.claim(claim(input, 1, "C-1", data)).unwrap();
        book.outcome(key(input, 1), RowEvent::Created).unwrap();
        let claimed = book.again().claim(claim(doubtful.input, 1, "C-1", 1)).unwrap();
        assert_eq!(claimed, expected, "{state:?}");
    }
}

#[test]
fn planning_resumes_behind_what_is_planned_and_totals_add_up() {
    let book = Book::new();
    let input = book.begin(1);
    assert_eq!(book.reader.planned(input).unwrap(), 0);
    book.plan(
        (1..=3)
            .map(|record| row(input, record, &format!("C-{record}"), 1))
            .collect(),
    );
    let book = book.again();
    assert_eq!(book.reader.planned(input).unwrap(), 3);
    book.plan(vec![reject(input, 4)]);
    assert_eq!(book.reader.planned(input).unwrap(), 4);

    let balance = || Balance::of(&book.reader, &book.run(1)).unwrap();
    assert!(
        !balance().complete && balance().adds_up(),
        "nobody knows yet how many there are"
    );
    let totals = |records| InputTotals {
        records,
        blank_lines: 1,
        separator_lines: 2,
        header_lines: 3,
        trailer_lines: 4,
        record_lines: 5,
        lines: 6,
    };
    book.ledger.end_input(input, totals(4)).unwrap();
    assert!(balance().complete && balance().adds_up() && !balance().is_settled());
    assert_eq!(
        (
            balance().totals.of(RowState::Pending),
            balance().totals.of(RowState::Rejected)
        ),
        (3, 1)
    );
    // What was counted once stays: an input is what its digest says.
    book.ledger.end_input(input, totals(5)).unwrap();
    assert_eq!(balance().records, 4);

    let other = book.begin(2);
    book.plan(vec![row(other, 1, "C-9", 1)]);
    book.ledger.end_input(other, totals(2)).unwrap();
    let other = Balance::of(&book.reader, &book.run(2)).unwrap();
    assert!(!other.adds_up(), "a record without a row is out of balance");
}

#[test]
fn a_second_handle_is_refused_at_once_and_readers_are_not() {
    let book = Book::new();
    let input = book.begin(1);
    let second = Ledger::open(book.ledger.path());
    assert!(matches!(second, Err(LedgerError::Locked { .. })), "{second:?}");
    let reader = Reader::open(book.ledger.path()).unwrap();
    assert_eq!(reader.planned(input).unwrap(), 0);
    book.plan(vec![row(input, 1, "C-1", 1)]);
    assert_eq!(reader.planned(input).unwrap(), 1, "what is answered is committed");
    // The lock's file stays, and means nothing without the process.
    drop(book.again());
}

/// A reader in the middle of its rows sees none that are committed meanwhile, and whole commits afterwards.
#[test]
fn a_reader_sees_whole_commits_only() {
    let book = Book::new();
    let input = book.begin(1);
    let rows = |from: u64| (from..from + 2).map(|record| row(input, record, &format!("C-{record}"), 1));
    book.plan(rows(1).collect());
    let mut seen = Vec::new();
    let visit = book.reader.rows(input, 1, u64::MAX, |entry| {
        if seen.is_empty() {
            book.plan(rows(3).collect());
        }
        seen.push(entry.key.record);
        Ok::<_, LedgerError>(())
    });
    visit.unwrap();
    assert_eq!(seen, [1, 2]);
    assert_eq!(book.rows(input).len(), 4);
}

/// People copy the one file: after a clean end it is whole.
#[test]
fn a_closed_ledger_is_one_file() {
    let book = Book::new();
    let key = book.bring(book.begin(1), RowState::Created);
    let Book { folder, ledger, .. } = book;
    drop(ledger);
    let copy = folder.path().join("copy.db");
    std::fs::copy(path(&folder), &copy).unwrap();
    let reader = Reader::open(&copy).unwrap();
    assert_eq!(reader.planned(key.input).unwrap(), 1);
}

#[test]
fn a_ledger_of_a_newer_rollcall_is_neither_written_nor_read() {
    let book = Book::new();
    book.bring(book.begin(1), RowState::Created);
    let Book { folder, ledger, .. } = book;
    drop(ledger);
    let newer = rusqlite::Connection::open(path(&folder)).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let refused = [
        Ledger::open(&path(&folder)).map(drop).unwrap_err(),
        Reader::open(&path(&folder)).map(drop).unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, LedgerError::Version { found: 99, .. }), "{error:?}");
        assert!(error.hint().is_some());
    }
}
