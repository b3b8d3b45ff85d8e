//! Corrections over time: of corrections, after kills, of customers whom another run created, and with sources that moved.

use std::time::Duration;

use rollcall::ledger::Clearing;
use rollcall::sandbox::Options;

use crate::bench::{Bench, sandbox};
use crate::sheet::{Sheet, assert_sound, ends, key, ledger, refuse, row, run, take};

const FIRST: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];
const BAD: &str = "ann at example.com";
const GOOD: &str = "ann@example.com";

fn correct<'a>(file: &'a str, run: &'a str) -> [&'a str; 6] {
    ["run", file, "--corrects", run, "--max-rejects", "100%"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_of_a_correction_is_tied_to_the_one_before_it() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let mut source = Sheet::customers(3, 81);
    source.set(2, "email_address", BAD);
    bench.write("customers.csv", source.text());
    bench.expect(1, &FIRST).await;

    let mut second = source.repair("customers.csv", &[2]);
    second.set(1, "email_address", "ann at example.org");
    bench.write("second.csv", second.text());
    bench.expect(1, &correct("second.csv", "1")).await;

    // What is rejected of it has its own columns, and names it.
    let mut third = source.repair("second.csv", &[2]);
    third.set(1, "_record", "1");
    third.set(1, "email_address", GOOD);
    bench.write("third.csv", third.text());
    bench.expect(0, &correct("third.csv", "2")).await;
    let of = |run| ledger(&bench).correction(key(&bench, run, 1)).unwrap().unwrap().of;
    assert_eq!((of(3), of(2)), (key(&bench, 2, 1), key(&bench, 1, 2)));
    let first = row(&bench, 1, 2);
    let clearing = ledger(&bench).clearing(run(&bench, 1).namespace, &first).unwrap();
    assert_eq!(clearing, Some(Clearing::Corrected(key(&bench, 3, 1))));
    assert_eq!(sandbox.customers().len(), 3);
    assert_sound(&bench);

    // A file that says it is about the first run corrects nothing of the second.
    bench.write("wrong.csv", source.repair("customers.csv", &[1]).text());
    bench.expect(1, &correct("wrong.csv", "2")).await;
    assert!(ends(&bench, 4)[0].starts_with("rejected correction.unknown_record"));
}

/// Nor does a detour over another run send what was refused or create who was not in the first.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_correction_kept_back_is_kept_back_from_the_next_one_too() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let source = Sheet::customers(3, 82);
    bench.write("customers.csv", source.text());
    refuse(&sandbox);
    bench.expect(1, &FIRST).await;
    take(&sandbox);
    let before = sandbox.tally().requests.create;
    let mut second = source.repair("customers.csv", &[1, 2]);
    second.set(2, "id", "I9-7654321");
    bench.write("second.csv", second.text());
    bench.expect(1, &correct("second.csv", "1")).await;
    let kept_back = ["rejected correction.unchanged", "rejected correction.unknown_record"];
    assert_eq!(ends(&bench, 2), kept_back);

    let mut third = second.clone();
    for record in [1, 2] {
        third.set(record, "_file", "second.csv");
        third.set(record, "_record", &record.to_string());
    }
    bench.write("third.csv", third.text());
    bench.expect(1, &correct("third.csv", "2")).await;
    assert_eq!(ends(&bench, 3), kept_back);
    assert_eq!(sandbox.tally().requests.create, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_created_in_the_meantime_is_a_duplicate_or_a_conflict() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let mut source = Sheet::customers(2, 83);
    source.set(1, "email_address", BAD);
    source.set(2, "email_address", BAD);
    bench.write("customers.csv", source.text());
    bench.expect(1, &FIRST).await;
    let mut repair = source.repair("customers.csv", &[1, 2]);
    source.set(1, "email_address", GOOD);
    source.set(2, "email_address", GOOD);
    bench.write("mended.csv", source.text());
    bench.expect(0, &["run", "mended.csv"]).await;
    repair.set(1, "email_address", GOOD);
    repair.set(2, "email_address", "other@example.com");
    bench.write("to-fix.csv", repair.text());
    bench.expect(1, &correct("to-fix.csv", "1")).await;
    assert_eq!(ends(&bench, 3), ["duplicate", "conflict"]);
    assert_eq!(sandbox.customers().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_correction_goes_on_and_every_record_is_tied_once() {
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(5),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "8");
    let mut source = Sheet::customers(200, 84);
    for record in 1..=200 {
        source.set(record, "email_address", BAD);
    }
    bench.write("customers.csv", source.text());
    bench.expect(1, &FIRST).await;
    let records: Vec<usize> = (1..=200).rev().collect();
    let mut repair = source.repair("customers.csv", &records);
    for record in 1..=200 {
        repair.set(record, "email_address", GOOD);
        repair.set(record, "_line", "changed, and of no account");
    }
    // One other change, accepted once: the command goes on without being asked again.
    repair.set(7, "mailing_address.city", "Elsewhere");
    bench.write("to-fix.csv", repair.text());
    let command = correct("to-fix.csv", "1");
    let mut working = bench.start(&[&command[..], &["--accept-other-changes"]].concat());
    assert!(
        working.end_or(|_| sandbox.tally().requests.create >= 40).await,
        "it ended too early"
    );
    working.kill();
    let created = sandbox.customers().len();
    assert!((1..200).contains(&created), "{created}");
    bench.expect(0, &command).await;
    assert_eq!(ledger(&bench).runs().unwrap().len(), 2);
    assert_eq!(sandbox.customers().len(), 200);
    assert!(sandbox.customers().iter().all(|customer| customer.creates == 1));
    for record in 1..=200 {
        let correction = ledger(&bench).correction(key(&bench, 2, record)).unwrap().unwrap();
        assert_eq!(
            (correction.of, correction.changed),
            (key(&bench, 1, 201 - record), true)
        );
    }
    assert_sound(&bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_moved_are_named_and_those_that_changed_are_refused() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let (mut january, mut february) = (Sheet::customers(2, 85), Sheet::customers(2, 86));
    january.set(1, "email_address", BAD);
    february.set(1, "email_address", BAD);
    bench.write("january.csv", january.text());
    bench.write("february.csv", february.text());
    bench
        .expect(1, &["run", "january.csv", "february.csv", "--max-rejects", "100%"])
        .await;
    let mut repair = january.repair("january.csv", &[1]);
    repair.rows.push(february.repair("february.csv", &[1]).rows.remove(0));
    repair.set(1, "email_address", GOOD);
    repair.set(2, "email_address", GOOD);
    bench.write("to-fix.csv", repair.text());
    std::fs::create_dir(bench.path("archive")).unwrap();
    std::fs::rename(bench.path("january.csv"), bench.path("archive/old.csv")).unwrap();

    let command = correct("to-fix.csv", "1");
    let done = bench.expect(3, &command).await;
    assert!(
        done.stderr.contains("january.csv of run 1 is not there") && done.stderr.contains("--source"),
        "{done:#?}"
    );
    let named =
        |first: &'static str, second: &'static str| [&command[..], &["--source", first, "--source", second]].concat();
    let done = bench.expect(3, &named("february.csv", "archive/old.csv")).await;
    assert!(done.stderr.contains("does not have the content"), "{done:#?}");
    bench
        .expect(2, &[&command[..], &["--source", "february.csv"]].concat())
        .await;
    assert_eq!(ledger(&bench).runs().unwrap().len(), 1, "nothing is written down");

    bench.expect(0, &named("archive/old.csv", "february.csv")).await;
    let of = |record| ledger(&bench).correction(key(&bench, 2, record)).unwrap().unwrap().of;
    let inputs = run(&bench, 1).inputs;
    assert_eq!((of(1).input, of(2).input), (inputs[0].input_id, inputs[1].input_id));

    // Where the run had two sources, a row has to say which it means.
    let file = repair.column("_file");
    repair.header.remove(file);
    repair.rows.iter_mut().for_each(|row| drop(row.remove(file)));
    bench.write("to-fix.csv", repair.text());
    bench.expect(1, &named("archive/old.csv", "february.csv")).await;
    let unknown = "rejected correction.unknown_record";
    assert_eq!(ends(&bench, 3), [unknown, unknown]);
}
