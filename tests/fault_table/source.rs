//! The file changes while a run works on it, or between two processes of a run.
//!
//! What counts: nobody is sent with data that were not checked, and the right file goes on.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use rollcall::sandbox::{Options, Sandbox};

use crate::bench::{Bench, Customers, customers, sandbox};
use crate::judge::hold_once;
use crate::verdict::Evidence;

const RUN: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];

/// What happens to the file.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Bytes are appended.
    Appended,
    /// Its last half is overwritten, byte by byte, with digits turned into others.
    Overwritten,
    /// Its last half is overwritten with question marks, as a program does that has reserved room and not written yet.
    Blotted,
    /// Its last half is cut off.
    Cut,
    /// Another file takes its name.
    Replaced,
}

const CHANGES: [Change; 5] = [
    Change::Appended,
    Change::Overwritten,
    Change::Blotted,
    Change::Cut,
    Change::Replaced,
];

/// The file's text with every digit of its last half turned into another. Ids hold digits, so nobody there is who he was.
fn altered(csv: &[u8]) -> Vec<u8> {
    let half = csv.len() / 2;
    let alter = |(at, &byte): (usize, &u8)| match byte {
        b'0'..=b'8' if at > half => byte + 1,
        b'9' if at > half => b'0',
        _ => byte,
    };
    csv.iter().enumerate().map(alter).collect()
}

/// The file's text with every letter and digit of its last half turned into a question mark: records that break rules.
fn blotted(csv: &[u8]) -> Vec<u8> {
    let half = csv.len() / 2;
    let blot = |(at, &byte): (usize, &u8)| match byte {
        byte if at > half && byte.is_ascii_alphanumeric() => b'?',
        _ => byte,
    };
    csv.iter().enumerate().map(blot).collect()
}

fn change(path: &Path, file: &Customers, change: Change) {
    match change {
        Change::Appended => {
            let other = customers(5, 99, 0.0).csv;
            let start = other.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let mut open = std::fs::File::options().append(true).open(path).unwrap();
            open.write_all(&other[start..]).unwrap();
        }
        // In place: the same file, which the process has open.
        Change::Overwritten => {
            let mut open = std::fs::File::options().write(true).open(path).unwrap();
            open.write_all(&altered(&file.csv)).unwrap();
        }
        Change::Blotted => {
            let mut open = std::fs::File::options().write(true).open(path).unwrap();
            open.write_all(&blotted(&file.csv)).unwrap();
        }
        Change::Cut => {
            let open = std::fs::File::options().write(true).open(path).unwrap();
            open.set_len(file.csv.len() as u64 / 2).unwrap();
        }
        Change::Replaced => {
            let other = path.with_extension("new");
            std::fs::write(&other, altered(&file.csv)).unwrap();
            std::fs::rename(&other, path).unwrap();
        }
    }
}

/// Fails unless everybody at the API is one of the file's, under the id that the run has planned.
fn hold_planned(sandbox: &Sandbox, file: &Customers, about: &str) {
    let strangers: Vec<String> = sandbox
        .customers()
        .into_iter()
        .filter(|held| !file.accepted.contains(&held.customer_id) || held.creates != 1)
        .map(|held| held.customer_id)
        .collect();
    assert!(strangers.is_empty(), "{about}: {strangers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_sent_sends_nobody_who_was_not_checked() {
    for how in CHANGES {
        let sandbox = sandbox(Options::default()).await;
        let mut bench = Bench::against(&sandbox);
        bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "2");
        bench.set("ROLLCALL_INPUT_WORKERS", "1");
        // So long that much of it is not read a second time yet when the first are created.
        let file = customers(8000, 41, 85.0);
        bench.write("customers.csv", &file.csv);
        let mut working = bench.start(&RUN);
        assert!(working.end_or(|_| sandbox.tally().requests.create >= 5).await);
        change(&bench.path("customers.csv"), &file, how);
        let done = working.end().await;
        let about = format!("{how:?}: {done:#?}");
        hold_planned(&sandbox, &file, &about);
        match how {
            // The process has the old file open, and what is behind the last open record is not read.
            Change::Replaced => assert_eq!(done.code, Some(1), "{about}"),
            Change::Appended => assert!(matches!(done.code, Some(1 | 3)), "{about}"),
            Change::Overwritten | Change::Blotted | Change::Cut => assert_eq!(done.code, Some(3), "{about}"),
        }
        if done.code == Some(3) {
            let causes = ["while it was being read", "is not what it was when run"];
            assert!(causes.iter().any(|cause| done.stderr.contains(cause)), "{about}");
            assert!(done.stderr.contains("hint: "), "{about}");
        }
        bench.write("customers.csv", &file.csv);
        bench.expect(1, &RUN).await;
        Evidence::gather(&bench, &sandbox, &file.accepted).await.hold(&about);
    }
}

/// Changes the file in the first pass, and takes it back afterwards.
async fn while_it_is_checked(how: Change) {
    let sandbox = sandbox(Options::default()).await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_INPUT_WORKERS", "1");
    let file = customers(12_000, 42, 97.0);
    bench.write("customers.csv", &file.csv);
    let mut working = bench.start(&RUN);
    assert!(working.end_or(|_| bench.planned().0 > 0).await);
    assert!(!bench.planned().1, "it was too late: all is planned");
    change(&bench.path("customers.csv"), &file, how);
    let done = working.end().await;
    let about = format!("{how:?}: {done:#?}");
    if matches!(how, Change::Replaced) {
        assert_eq!(done.code, Some(1), "the old file is read to its end: {about}");
    } else {
        assert_eq!(done.code, Some(3), "{about}");
        assert!(done.stderr.contains("while it was being read"), "{about}");
        assert!(done.stderr.contains("hint: "), "{about}");
        assert_eq!(sandbox.tally().requests.token, 0, "{about}");
    }
    bench.write("customers.csv", &file.csv);
    let again = bench.run(&RUN).await;
    assert_eq!(again.code, Some(1), "the right file goes on after {about}\n{again:#?}");
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold(&about);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_or_replaced_while_it_is_checked_sends_nothing_that_is_not_its_own() {
    while_it_is_checked(Change::Cut).await;
    while_it_is_checked(Change::Replaced).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_while_it_is_checked_sends_nothing_and_the_right_file_goes_on() {
    while_it_is_checked(Change::Appended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_overwritten_while_it_is_checked_sends_nothing_and_the_right_file_goes_on() {
    while_it_is_checked(Change::Overwritten).await;
}

/// The worst of the three: what was never in the right file stays rejected, and the run adds up.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_blotted_while_it_is_checked_loses_nobody_when_the_right_file_goes_on() {
    while_it_is_checked(Change::Blotted).await;
}

/// A clerk corrects one customer after a kill, runs the corrected file, and then the first one again.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_behind_a_kill_is_a_run_of_its_own_and_nobody_exists_twice() {
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(4),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
    let file = customers(200, 43, 0.0);
    bench.write("customers.csv", &file.csv);
    let mut working = bench.start(&RUN);
    assert!(working.end_or(|_| sandbox.tally().requests.create >= 60).await);
    working.kill();
    // The last three records are away, and the others stand in another order.
    let text = String::from_utf8(file.csv.clone()).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(reader.headers().unwrap()).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for record in records.iter().rev().skip(3) {
        writer.write_record(record).unwrap();
    }
    bench.write("customers.csv", writer.into_inner().unwrap());
    let second = bench.run(&RUN).await;
    assert!(matches!(second.code, Some(0 | 1)), "{second:#?}");
    let report = bench.report(&[]).await;
    assert!(
        report["totals"]["duplicate"].as_u64() > Some(40),
        "known from the first run: {report}"
    );
    bench.write("customers.csv", &file.csv);
    let third = bench.run(&RUN).await;
    assert!(matches!(third.code, Some(0 | 1)), "{third:#?}");
    hold_once(&sandbox, &file.accepted, "three processes, two runs");
    let runs = rollcall::ledger::Reader::open(&bench.ledger()).unwrap().runs().unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(rollcall::ledger::RunEntry::is_finished), "{runs:?}");
}
