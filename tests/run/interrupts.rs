//! Ctrl-C: the run finishes what is on the wire, ends, and goes on with the same command.

use std::process::Command;
use std::time::Duration;

use rollcall::sandbox::Options;

use crate::bench::{Bench, Working, customers, sandbox};
use crate::verdict::Evidence;

/// The shell's own `kill`, which every system has.
fn signal(working: &Working, name: &str) {
    let kill = format!("kill -s {name} {}", working.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_leaves_nobody_in_doubt_and_goes_on() {
    for name in ["INT", "TERM"] {
        let sandbox = sandbox(Options {
            latency: Duration::from_millis(10),
            ..Options::default()
        })
        .await;
        let bench = Bench::against(&sandbox);
        let file = customers(300, 21, 0.0);
        bench.write("customers.csv", &file.csv);
        let mut working = bench.start(&["run", "customers.csv"]);
        assert!(working.end_or(|_| sandbox.tally().requests.create >= 60).await);
        signal(&working, name);
        let done = working.end().await;
        assert_eq!(done.code, Some(130), "{name}: {done:#?}");
        assert!(
            done.stderr.contains("go on with rollcall run customers.csv"),
            "{done:#?}"
        );
        let report = bench.report(&[]).await;
        assert_eq!(
            (&report["status"], &report["reason"]),
            (&"stopped".into(), &"interrupted".into())
        );
        assert_eq!(report["totals"]["in_flight"], 0, "{report}");
        assert_eq!(report["totals"]["created"], sandbox.customers().len(), "{report}");

        bench.expect(0, &["run", "customers.csv"]).await;
        Evidence::gather(&bench, &sandbox, &file.accepted).await.hold(name);
        assert_eq!(sandbox.tally().replays, 0, "nobody was sent twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_ends_at_once_and_is_as_safe_as_a_kill() {
    let slow = sandbox(Options {
        latency: Duration::from_secs(3600),
        ..Options::default()
    })
    .await;
    let (port, bench) = (slow.address().port(), Bench::against(&slow));
    let file = customers(60, 22, 0.0);
    bench.write("customers.csv", &file.csv);
    // The token comes from a sandbox that answers; the customers go to one that never does.
    let quick = sandbox(Options::default()).await;
    let mut bench = bench;
    bench.turn_to(&slow.base_url(), &quick.token_url());
    let mut working = bench.start(&["run", "customers.csv"]);
    assert!(working.end_or(|_| slow.tally().requests.create >= 1).await);
    signal(&working, "INT");
    assert!(working.end_or(|working| working.said().contains("stopping:")).await);
    signal(&working, "INT");
    let done = working.end().await;
    assert_eq!(done.code, Some(130), "{done:#?}");
    assert_ne!(bench.report(&[]).await["totals"]["in_flight"], 0, "rows are in doubt");
    slow.stop().await;

    let again = crate::bench::sandbox_at(Options::default(), port).await;
    bench.turn_to(&again.base_url(), &again.token_url());
    bench.expect(0, &["run", "customers.csv"]).await;
    Evidence::gather(&bench, &again, &file.accepted)
        .await
        .hold("twice interrupted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_ledger_is_refused_at_once() {
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(40),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    // Slow enough that the first is still at it, however busy the machine is.
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
    let file = customers(300, 23, 0.0);
    bench.write("customers.csv", &file.csv);
    let mut working = bench.start(&["run", "customers.csv"]);
    assert!(working.end_or(|_| sandbox.tally().requests.create >= 10).await);
    let second = bench.expect(3, &["run", "customers.csv"]).await;
    assert!(
        second.stderr.contains("another rollcall is working on the ledger"),
        "{second:#?}"
    );
    let status = bench.expect(0, &["status"]).await;
    assert!(status.stdout.contains("unfinished"), "reading is allowed: {status:#?}");
    let first = working.end().await;
    assert_eq!(first.code, Some(0), "{first:#?}");
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("two processes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_while_planning_sends_nothing_and_goes_on() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    // Enough records that planning takes many commits, and few of them to send.
    let file = customers(20_000, 24, 97.0);
    bench.write("customers.csv", &file.csv);
    let run = ["run", "customers.csv", "--max-rejects", "100%"];
    let mut working = bench.start(&run);
    assert!(working.end_or(|_| bench.planned().0 > 0).await);
    signal(&working, "INT");
    let done = working.end().await;
    assert_eq!(done.code, Some(130), "{done:#?}");
    assert!(!bench.planned().1, "it was too late: all is planned");
    assert_eq!(sandbox.tally().requests.token, 0);
    bench.expect(1, &run).await;
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("while planning");
}
