//! The folder of the ledger is full, read-only, or gone while a run works.

use std::time::Duration;

use rollcall::sandbox::Options;

use crate::bench::{Bench, customers, sandbox};
use crate::shim::{self, ENOSPC, EROFS, Fault};
use crate::verdict::Evidence;

#[tokio::test(flavor = "multi_thread")]
async fn standard_input_that_finds_no_room_ends_with_what_to_do_and_sends_nothing() {
    let sandbox = sandbox(Options::default()).await;
    let mut bench = Bench::against(&sandbox);
    let file = customers(60, 38, 0.0);
    bench.write("input", &file.csv);
    let fault = Fault {
        mode: "fail-ever",
        errno: ENOSPC,
        at: 1,
        spool: true,
        ..Fault::default()
    };
    shim::arm(&mut bench, fault);
    shim::let_strike(&bench);
    let done = bench.run_on(&bench.path("input"), &["run", "-"]).await;
    let trace = shim::trace(&bench);
    assert!(trace.struck.is_some(), "{trace:?} {done:#?}");
    assert_eq!(done.code, Some(3), "{done:#?}");
    assert!(
        done.stderr.contains("standard input cannot be kept") && done.stderr.contains("hint: make room there"),
        "{done:#?}"
    );
    assert_eq!(sandbox.tally().requests.token, 0);
    shim::disarm(&mut bench);
    let done = bench.run_on(&bench.path("input"), &["run", "-"]).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("with room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_becomes_read_only_ends_the_run_with_what_to_do() {
    let sandbox = sandbox(Options::default()).await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "2");
    let file = customers(80, 39, 0.0);
    bench.write("customers.csv", &file.csv);
    let fault = Fault {
        mode: "fail-ever",
        errno: EROFS,
        at: 150,
        ..Fault::default()
    };
    shim::arm(&mut bench, fault);
    shim::let_strike(&bench);
    let done = bench.expect(3, &["run", "customers.csv"]).await;
    assert!(shim::trace(&bench).struck.is_some());
    assert!(
        done.stderr.contains("error: ") && done.stderr.contains("hint: check the disk"),
        "{done:#?}"
    );
    assert!(sandbox.tally().requests.create > 0, "it was sending");
    shim::disarm(&mut bench);
    bench.expect(0, &["run", "customers.csv"]).await;
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("writable again");
}

/// Somebody puts a backup in the ledger's place, or takes its lock away, while a run is at work.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_replaced_under_a_run_stops_it_and_costs_nobody() {
    for lock_only in [false, true] {
        let sandbox = sandbox(Options {
            latency: Duration::from_millis(4),
            ..Options::default()
        })
        .await;
        let mut bench = Bench::against(&sandbox);
        bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
        let file = customers(300, 47, 0.0);
        bench.write("customers.csv", &file.csv);
        let mut working = bench.start(&["run", "customers.csv", "--canary", "0"]);
        assert!(working.end_or(|_| sandbox.tally().requests.create >= 40).await);
        if lock_only {
            std::fs::remove_file(bench.path(".rollcall/ledger.db.lock")).unwrap();
        } else {
            bench.expect(0, &["ledger", "backup", "copy.db"]).await;
            std::fs::rename(bench.path("copy.db"), bench.ledger()).unwrap();
            std::fs::remove_file(bench.path(".rollcall/ledger.db-wal")).unwrap();
        }
        let done = working.end().await;
        assert_eq!(done.code, Some(3), "lock only: {lock_only}, {done:#?}");
        assert!(done.stderr.contains("moved, deleted or replaced"), "{done:#?}");
        let sent = sandbox.tally().requests.create;
        assert!(sent < 300, "it stopped at once: {sent}");
        bench.expect(0, &["run", "customers.csv"]).await;
        Evidence::gather(&bench, &sandbox, &file.accepted)
            .await
            .hold("with the ledger that is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_deleted_under_a_run_is_an_error_and_costs_nobody() {
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(4),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
    let file = customers(150, 40, 0.0);
    bench.write("customers.csv", &file.csv);
    let mut working = bench.start(&["run", "customers.csv"]);
    assert!(working.end_or(|_| sandbox.tally().requests.create >= 50).await);
    bench.lose_ledger();
    let done = working.end().await;
    assert_eq!(done.code, Some(3), "what nobody can look up is no success: {done:#?}");
    assert!(done.stderr.contains("hint: "), "{done:#?}");
    bench.expect(0, &["run", "customers.csv"]).await;
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("with a new ledger");
}
