//! The life of a row: what is written, what is refused, what the next process finds.

use rollcall::ledger::{Claimed, LedgerError, Planned, Reader, RowEntry};
use rollcall::model::digest::Digest;
use rollcall::model::ids::RequestId;
use rollcall::model::outcome::Outcome;
use rollcall::model::position::Position;
use rollcall::model::row_state::{RowEvent, RowState, next};

use crate::book::{Book, NAMESPACE, claim, id, key, reject, row};
use crate::filled::sound;

#[test]
fn what_was_written_is_read_back_by_the_next_process() {
    let book = Book::new();
    let input = book.begin(1);
    book.ledger.run_event(1, "started", None).unwrap();
    let states = book.plan(vec![row(input, 1, "C-1", 1), reject(input, 2)]);
    assert_eq!(states, [RowState::Pending, RowState::Rejected]);
    book.claim(claim(input, 1, "C-1", 1)).unwrap();
    let outcome = Outcome {
        attempts: 3,
        http_status: Some(400),
        code: Some("api.refused".to_owned()),
        detail: Some("<last_name> is not accepted".to_owned()),
        request_id: Some(RequestId::from_bytes([9; 16])),
        ..Outcome::plain(key(input, 1), RowEvent::Refused, 77)
    };
    let state = book.runtime.block_on(book.ledger.outcome(outcome)).unwrap();
    assert_eq!(state, RowState::Refused);
    let stopped = Some("api.not_permitted");
    book.ledger.run_event(1, "stopped", stopped.map(str::to_owned)).unwrap();

    let book = book.again();
    let expected = RowEntry {
        key: key(input, 1),
        position: Position {
            record: 1,
            line: 2,
            byte: 10,
        },
        customer_id: Some("C-1".to_owned()),
        idempotency_id: Some(id(1)),
        state: RowState::Refused,
        attempts: 3,
        http_status: Some(400),
        code: Some("api.refused".to_owned()),
        detail: Some("<last_name> is not accepted".to_owned()),
        request_id: Some(RequestId::from_bytes([9; 16])),
    };
    assert_eq!(book.row(expected.key), expected);
    let [codes, _] = book.reader.finding_codes(key(input, 2)).unwrap();
    assert_eq!(codes, ["phone.not_valid", "record.length"]);
    let run = book.run(1);
    assert_eq!((run.namespace, run.today.as_str()), (NAMESPACE, "2024-02-29"));
    assert_eq!((run.inputs[0].bytes, run.inputs[0].digest), (99, Digest([1; 32])));
    let events: Vec<_> = run
        .events
        .iter()
        .map(|event| (event.kind.as_str(), event.reason.as_deref()))
        .collect();
    assert_eq!(events, [("started", None), ("stopped", stopped)]);
}

/// The whole table: every event on a row in every state is what the state machine says, or refused with nothing written.
#[test]
fn an_event_that_cannot_happen_is_refused_and_nothing_is_written() {
    let pairs = RowState::ALL
        .into_iter()
        .flat_map(|state| RowEvent::ALL.map(|event| (state, event)));
    for (state, event) in pairs {
        let book = Book::new();
        let key = book.bring(book.begin(1), state);
        let before = book.row(key);
        let about = format!("{state:?} {event:?}");
        match (next(Some(state), event), book.outcome(key, event)) {
            (Some(after), Ok(told)) => assert_eq!((told, book.row(key).state), (after, after), "{about}"),
            (None, Err(LedgerError::Illegal { .. })) => {
                let later = book.outcome(key, RowEvent::Created);
                assert!(matches!(later, Err(LedgerError::Stopped { .. })), "{about}: {later:?}");
                assert_eq!(book.again().row(key), before, "{about}");
            }
            (expected, found) => panic!("{about}: {found:?}, not {expected:?}"),
        }
    }
}

/// What is written in one commit with an illegal event is not written either, and nobody is told that it was.
#[test]
fn a_commit_is_whole_or_not_at_all() {
    let book = Book::new();
    let input = book.begin(1);
    let illegal = Planned {
        event: RowEvent::Created,
        ..row(input, 2, "C-2", 2)
    };
    let planned = book
        .ledger
        .plan(NAMESPACE, vec![row(input, 1, "C-1", 1), illegal])
        .unwrap()
        .wait();
    assert!(matches!(planned, Err(LedgerError::Illegal { .. })), "{planned:?}");
    assert_eq!(book.again().rows(input), []);
}

/// In every part of every input.
#[test]
fn where_rows_stand_is_what_whole_entries_say() {
    let (_folder, file) = sound();
    let reader = Reader::open(&file).unwrap();
    let mut answered = 0;
    for input in reader.runs().unwrap().iter().flat_map(|run| &run.inputs) {
        for (first, last) in [(1, u64::MAX), (1, 3), (4, 9), (12, 12), (13, 20)] {
            let (mut entries, mut standings) = (Vec::new(), Vec::new());
            reader
                .rows(input.input_id, first, last, |row| {
                    entries.push((row.position.record, row.state, row.http_status.is_some()));
                    Ok::<_, LedgerError>(())
                })
                .unwrap();
            reader
                .standings(input.input_id, first, last, |row| {
                    standings.push((row.record, row.state, row.was_answered));
                    Ok::<_, LedgerError>(())
                })
                .unwrap();
            assert_eq!(standings, entries);
            answered += entries.iter().filter(|(.., answered)| *answered).count();
        }
    }
    assert!(answered > 0, "no row of the ledger was answered");
}

#[test]
fn what_is_read_in_a_moment_is_of_that_moment() {
    let book = Book::new();
    let input = book.begin(1);
    book.plan(vec![row(input, 1, "C-1", 1)]);
    let moment = book.reader.moment().unwrap();
    assert_eq!(book.reader.planned(input).unwrap(), 1);
    book.plan(vec![row(input, 2, "C-2", 2)]);
    assert_eq!(book.reader.planned(input).unwrap(), 1);
    drop(moment);
    assert_eq!(book.reader.planned(input).unwrap(), 2);
}

#[test]
fn a_released_row_is_pending_again_and_attempts_add_up() {
    let book = Book::new();
    let key = book.bring(book.begin(1), RowState::Unresolved);
    let mut claims = Vec::new();
    for attempts in [2, 3] {
        claims.push(book.claim(claim(key.input, 1, "C-1", 1)).unwrap());
        let outcome = Outcome {
            attempts,
            ..Outcome::plain(key, RowEvent::Unresolved, 1)
        };
        book.runtime.block_on(book.ledger.outcome(outcome)).unwrap();
    }
    assert_eq!(claims, [Claimed::Granted { in_doubt: true }; 2]);
    assert_eq!((book.row(key).attempts, book.row(key).state), (5, RowState::Unresolved));

    let other = book.bring(book.begin(2), RowState::InFlight);
    assert_eq!(book.outcome(other, RowEvent::Released).unwrap(), RowState::Pending);
}

/// In flight when the process died: the next one takes the row again, in doubt, and its own events go on.
#[test]
fn a_row_in_flight_at_the_end_of_a_process_is_claimed_in_doubt_by_the_next() {
    let book = Book::new();
    let key = book.bring(book.begin(1), RowState::InFlight);
    let book = book.again();
    assert_eq!(book.row(key).state, RowState::InFlight);
    let claimed = book.claim(claim(key.input, 1, "C-1", 1)).unwrap();
    assert_eq!(claimed, Claimed::Granted { in_doubt: true });
    assert_eq!(book.outcome(key, RowEvent::Created).unwrap(), RowState::Created);
}
