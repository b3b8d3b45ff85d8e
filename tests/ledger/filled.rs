//! A ledger in which everything has happened that can, for the tests that damage, copy and verify it.

use std::path::{Path, PathBuf};

use rollcall::ledger::{Correction, InputTotals, Planned, PlannedFinding};
use rollcall::model::outcome::Outcome;
use rollcall::model::row_state::RowEvent;
use rollcall::model::rule::Severity;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::book::{Book, claim, key, path, row};

/// Records of each of its runs.
pub(crate) const RECORDS: u64 = 12;

/// What a run writes of its rows: sent, refused, unresolved and sent again, released, rejected, repeated.
pub(crate) fn fill(book: &Book, content: u8) -> i64 {
    // The second run corrects records of the first.
    let input = book.begin_correcting(content, (content == 2).then_some(1));
    let run = i64::from(content);
    book.ledger.run_event(run, "started", None).unwrap();
    book.plan((1..=RECORDS).map(|record| planned(input, record, content)).collect());
    let totals = InputTotals {
        records: RECORDS,
        blank_lines: 2,
        record_lines: RECORDS,
        lines: RECORDS + 3,
        ..InputTotals::default()
    };
    book.ledger.end_input(input, totals).unwrap();
    book.ledger.run_event(run, "planned", None).unwrap();
    for record in (1..=9).chain([12]) {
        send(book, input, record, content);
    }
    book.ledger.run_event(run, "finished", None).unwrap();
    input
}

/// The customer of a record.
fn customer(record: u64, content: u8) -> String {
    format!("C-{content}-{record}")
}

/// A record as it is planned: the 10th is rejected, the 11th repeats another, the 12th has a warning.
fn planned(input: i64, record: u64, content: u8) -> Planned {
    let of = (content == 2 && record <= 2).then(|| key(1, 9 + record));
    let row = Planned {
        corrects: of.map(|of| Correction {
            of,
            changed: record == 1,
        }),
        ..row(input, record, &customer(record, content), content)
    };
    let finding = |code, severity, field| PlannedFinding {
        code,
        severity,
        field,
        column: Some(3),
    };
    match record {
        10 => Planned {
            event: RowEvent::Rejected,
            idempotency_id: None,
            findings: vec![
                finding("phone.not_valid", Severity::Error, Some("telephone_number")),
                finding("field.required", Severity::Error, Some("last_name")),
            ],
            ..row
        },
        11 => Planned {
            event: RowEvent::Duplicate,
            code: Some("row.same_as_earlier".to_owned()),
            ..row
        },
        12 => Planned {
            findings: vec![finding("phone.not_valid", Severity::Warning, Some("telephone_number"))],
            ..row
        },
        _ => row,
    }
}

/// A record's life after it is planned: most are created, some only after a second try.
fn send(book: &Book, input: i64, record: u64, content: u8) {
    let events: &[RowEvent] = match record {
        7 => &[
            RowEvent::Refused,
            RowEvent::Retried,
            RowEvent::Claimed,
            RowEvent::Refused,
        ],
        8 => &[RowEvent::Unresolved, RowEvent::Claimed, RowEvent::Existing],
        9 => &[RowEvent::Released, RowEvent::Claimed, RowEvent::Created],
        _ => &[RowEvent::Created],
    };
    let claim = || claim(input, record, &customer(record, content), content);
    book.claim(claim()).unwrap();
    for event in events {
        if *event == RowEvent::Claimed {
            book.claim(claim()).unwrap();
            continue;
        }
        if *event == RowEvent::Retried {
            book.ledger.retry(vec![key(input, record)]).unwrap();
            continue;
        }
        let outcome = Outcome {
            attempts: 1,
            http_status: Some(201),
            code: (*event == RowEvent::Refused).then(|| "api.refused".to_owned()),
            ..Outcome::plain(key(input, record), *event, 1)
        };
        book.runtime.block_on(book.ledger.outcome(outcome)).unwrap();
    }
}

/// A ledger with two runs that are finished, of which nobody writes any more.
///
/// Its day is that of the tests' book, so its beginning is set to that day too: no run can have it otherwise.
pub(crate) fn sound() -> (TempDir, PathBuf) {
    let book = Book::new();
    let (first, second) = (fill(&book, 1), fill(&book, 2));
    book.add_to(first, second);
    let Book {
        folder, ledger, reader, ..
    } = book;
    drop((ledger, reader));
    let path = path(&folder);
    change(&path, DAY);
    (folder, path)
}

/// 2024-02-29, the day of the book's runs, in milliseconds.
pub(crate) const DAY: &str = "UPDATE run SET created_ms = 1709164800000";

/// Does to a ledger what nobody may.
pub(crate) fn change(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
}
