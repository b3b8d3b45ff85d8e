//! A run is taken up by its number: what is open is sent, what was refused only when somebody asks, and nobody twice.

use rollcall::sandbox::{FaultPlan, Options, Sandbox};

use crate::bench::{Bench, customers, sandbox};

/// A bench whose service refuses, or fails on, a part of the creates.
async fn troubled(plan: &str) -> (Sandbox, Bench, usize) {
    let plan = FaultPlan::from_toml(plan).unwrap();
    let sandbox = sandbox(Options {
        plan,
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_CANARY", "0");
    bench.set("ROLLCALL_SEND_MAX_FAILURES", "100%");
    bench.set("ROLLCALL_SEND_MAX_ATTEMPTS", "2");
    let file = customers(120, 71, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.expect(1, &["run", "customers.csv"]).await;
    (sandbox, bench, file.accepted.len())
}

/// How many rows of the latest run stand in a state.
async fn count(bench: &Bench, state: &str) -> usize {
    let records = bench.records(&[]).await;
    records.iter().filter(|record| record["state"] == state).count()
}

const REFUSING: &str = "[[fault]]\nfault = \"answer\"\nstatus = 422\non = \"create\"\nshare = 0.3\nsave = false\n";
const FAILING: &str = "[[fault]]\nfault = \"answer\"\nstatus = 500\non = \"create\"\nshare = 0.5\nsave = false\n";

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_are_sent_again_only_when_somebody_asks_and_once() {
    let (sandbox, bench, accepted) = troubled(REFUSING).await;
    let refused = count(&bench, "refused").await;
    assert!(refused > 5, "{refused}");
    sandbox.set_plan(FaultPlan::default()).unwrap();
    let requests = sandbox.tally().requests.create;
    let done = bench.expect(1, &["retry"]).await;
    assert!(done.stderr.contains("nothing to do"), "{done:?}");
    assert_eq!(sandbox.tally().requests.create, requests);
    bench.expect(0, &["retry", "1", "--include-refused"]).await;
    assert_eq!(count(&bench, "refused").await, 0);
    let tally = sandbox.tally();
    assert_eq!(tally.requests.create, requests + refused as u64);
    assert_eq!(sandbox.customers().len(), accepted);
    assert_eq!(tally.customers_created, accepted as u64);
    // Twice is once.
    for arguments in [
        &["retry", "1", "--include-refused"][..],
        &["retry", "--state", "refused"],
    ] {
        let done = bench.expect(0, arguments).await;
        assert!(done.stderr.contains("nothing to do: this run is finished"), "{done:?}");
    }
    assert_eq!(sandbox.tally().requests.create, tally.requests.create);
    bench.expect(0, &["ledger", "verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_still_refuses_leaves_the_rows_refused_and_the_next_try_open() {
    let (sandbox, bench, _) = troubled(REFUSING).await;
    let refused = count(&bench, "refused").await;
    let all = FaultPlan::from_toml(&REFUSING.replace("0.3", "1.0")).unwrap();
    sandbox.set_plan(all).unwrap();
    for _ in 0..2 {
        bench.expect(1, &["retry", "--state", "refused"]).await;
        assert_eq!(count(&bench, "refused").await, refused);
    }
    sandbox.set_plan(FaultPlan::default()).unwrap();
    bench.expect(0, &["retry", "--include-refused"]).await;
    bench.expect(0, &["ledger", "verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unresolved_rows_are_sent_again_under_their_ids() {
    let (sandbox, bench, accepted) = troubled(FAILING).await;
    let unresolved = count(&bench, "unresolved").await;
    assert!(unresolved > 5, "{unresolved}");
    let ids = |records: Vec<std::collections::BTreeMap<String, String>>| -> Vec<String> {
        records
            .into_iter()
            .map(|record| record["idempotency_id"].clone())
            .collect()
    };
    let before = ids(bench.records(&[]).await);
    sandbox.set_plan(FaultPlan::default()).unwrap();
    let done = bench.expect(0, &["retry", "1", "--state", "unresolved"]).await;
    assert!(done.stdout.starts_with("run 1: finished"), "{done:?}");
    assert_eq!(ids(bench.records(&[]).await), before);
    assert_eq!(
        (sandbox.customers().len(), count(&bench, "unresolved").await),
        (accepted, 0)
    );
    let requests = sandbox.tally().requests.create;
    bench.expect(0, &["retry", "1"]).await;
    assert_eq!(sandbox.tally().requests.create, requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_that_a_later_run_brought_to_the_api_is_left_alone() {
    let (sandbox, bench, accepted) = troubled(REFUSING).await;
    sandbox.set_plan(FaultPlan::default()).unwrap();
    // The same customers in another file: a run of its own.
    let mut again = std::fs::read(bench.path("customers.csv")).unwrap();
    again.push(b'\n');
    bench.write("again.csv", again);
    bench.expect(0, &["run", "again.csv"]).await;
    let requests = sandbox.tally().requests.create;
    let done = bench.run(&["retry", "1", "--include-refused"]).await;
    assert!(done.stderr.contains("nothing to do"), "{done:?}");
    assert_eq!(sandbox.tally().requests.create, requests);
    assert_eq!(sandbox.customers().len(), accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_settings_and_other_sources_are_refused_before_anything_is_sent() {
    let (sandbox, mut bench, accepted) = troubled(FAILING).await;
    sandbox.set_plan(FaultPlan::default()).unwrap();
    let requests = sandbox.tally().requests.create;
    let csv = std::fs::read(bench.path("customers.csv")).unwrap();
    bench.set("ROLLCALL_INPUT_DEFAULT_REGION", "NO");
    let done = bench.expect(2, &["retry", "1"]).await;
    assert!(done.stderr.contains("run 1 was made with other settings"), "{done:?}");
    assert!(
        done.stderr.contains("hint: ") && done.stderr.contains("--config"),
        "{done:?}"
    );
    bench.set("ROLLCALL_INPUT_DEFAULT_REGION", "");
    bench.write("customers.csv", [&csv[..], b"\n"].concat());
    let done = bench.expect(3, &["retry", "1"]).await;
    assert!(done.stderr.contains("does not have the content"), "{done:?}");
    std::fs::remove_file(bench.path("customers.csv")).unwrap();
    let done = bench.expect(3, &["retry"]).await;
    assert!(done.stderr.contains("--source"), "{done:?}");
    bench.expect(2, &["retry", "9"]).await;
    assert_eq!(sandbox.tally().requests.create, requests);
    bench.write("archive.csv", &csv);
    bench.expect(0, &["retry", "1", "--source", "archive.csv"]).await;
    assert_eq!(sandbox.customers().len(), accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_stops_says_how_it_goes_on() {
    let (sandbox, bench, accepted) = troubled(REFUSING).await;
    let all = FaultPlan::from_toml(&REFUSING.replace("0.3", "1.0")).unwrap();
    sandbox.set_plan(all).unwrap();
    let pace = ["--rate", "500", "--max-in-flight", "1"];
    let done = bench
        .expect(
            4,
            &[&["retry", "--include-refused", "--max-failures", "0"], &pace[..]].concat(),
        )
        .await;
    let next = "rollcall retry 1 --rate 500 --max-in-flight 1 --max-failures 100%";
    assert!(done.stderr.contains(next), "{done:?}");
    sandbox.set_plan(FaultPlan::default()).unwrap();
    // What was opened stays open; what was refused meanwhile is asked for again.
    bench
        .run(&["retry", "1", "--rate", "500", "--max-failures", "100%"])
        .await;
    assert_eq!(count(&bench, "pending").await, 0);
    bench.expect(0, &["retry", "1", "--include-refused"]).await;
    assert_eq!(sandbox.customers().len(), accepted);
}
