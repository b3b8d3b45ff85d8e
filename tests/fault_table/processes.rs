//! Processes that stand still, and processes beside each other.

use std::time::Duration;

use rollcall::sandbox::Options;
use tokio::time::sleep;

use crate::bench::{Bench, customers, sandbox};
use crate::judge::{hold_once, signal};
use crate::verdict::Evidence;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stands_still_for_longer_than_its_token_lives_goes_on_by_itself() {
    let life = Duration::from_secs(2);
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(5),
        token_life: life,
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
    let file = customers(300, 34, 0.0);
    bench.write("customers.csv", &file.csv);
    let mut working = bench.start(&["run", "customers.csv"]);
    assert!(working.end_or(|_| sandbox.tally().requests.create >= 60).await);
    signal(working.id(), "STOP");
    // A request may still be on its way when the process stops.
    sleep(life / 2).await;
    let (before, tokens) = (sandbox.tally().requests.create, sandbox.tally().requests.token);
    sleep(life).await;
    assert_eq!(sandbox.tally().requests.create, before, "it stands still");
    // It stands still with the ledger in its hands.
    let second = bench.expect(3, &["run", "customers.csv"]).await;
    assert!(second.stderr.contains("another rollcall is working"), "{second:#?}");
    signal(working.id(), "CONT");
    let done = working.end().await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("stood still");
    assert!(sandbox.tally().requests.token > tokens, "its token had ended");
}

/// Both derive the same ids, so the API gives the second its saved answer: each ledger has everybody as created.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_a_ledger_each_and_the_same_file_create_everybody_once() {
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(2),
        latency_jitter: Duration::from_millis(4),
        ..Options::default()
    })
    .await;
    let file = customers(200, 35, 0.0);
    let benches = [Bench::against(&sandbox), Bench::against(&sandbox)];
    for bench in &benches {
        bench.write("customers.csv", &file.csv);
    }
    let [first, second] = benches.each_ref().map(|bench| bench.start(&["run", "customers.csv"]));
    let (first, second) = tokio::join!(first.end(), second.end());
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{first:#?} {second:#?}");
    hold_once(&sandbox, &file.accepted, "two ledgers");
    for bench in &benches {
        let evidence = Evidence::gather(bench, &sandbox, &file.accepted).await;
        evidence.hold("either ledger");
        let totals = &bench.report(&[]).await["totals"];
        assert_eq!(totals["created"], file.accepted.len(), "{totals}");
    }
    assert!(sandbox.tally().replays > 0, "they met");
}
