//! The brakes: nothing is sent from a file that has too many rejects, and no more when too many rows fail.

use std::ops::Range;
use std::time::Duration;

use rollcall::sandbox::{Options, Sandbox};

use crate::bench::{Bench, Customers, customers, sandbox};
use crate::verdict::Evidence;

const RUN: [&str; 2] = ["run", "customers.csv"];

#[tokio::test(flavor = "multi_thread")]
async fn too_many_rejects_send_nothing_and_a_higher_limit_goes_on() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let file = customers(200, 31, 10.0);
    let rejects = file.truth.iter().filter(|truth| *truth == "rejected").count();
    bench.write("customers.csv", &file.csv);
    let low = (rejects - 1).to_string();
    for limit in ["0", "0%", low.as_str(), "0.5%"] {
        let done = bench.expect(4, &["run", "customers.csv", "--max-rejects", limit]).await;
        assert!(done.stderr.contains("stopped before anything was sent"), "{done:#?}");
        assert!(done.stderr.contains(&format!("--max-rejects {rejects}")), "{done:#?}");
        let report = bench.report(&[]).await;
        assert_eq!(report["reason"], "brake.max_rejects");
        assert_eq!((&report["run_id"], &report["balanced"]), (&1.into(), &true.into()));
    }
    let tally = sandbox.tally();
    assert_eq!(
        (tally.requests.token, tally.requests.create),
        (0, 0),
        "nothing was sent"
    );

    let limit = rejects.to_string();
    bench
        .expect(1, &["run", "customers.csv", "--max-rejects", &limit])
        .await;
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("brake");
}

/// The same customers, those of these records with another name.
fn renamed(file: &Customers, records: &Range<usize>) -> String {
    let mut reader = csv::Reader::from_reader(file.csv.as_slice());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = reader.headers().unwrap().clone();
    writer.write_record(&header).unwrap();
    for (number, record) in reader.records().map(Result::unwrap).enumerate() {
        let name = if record[1].to_lowercase().contains("corp") {
            "registered_name"
        } else {
            "first_name"
        };
        let cells = header.iter().zip(&record).map(|(column, cell)| {
            if column == name && records.contains(&number) {
                format!("Another {cell}")
            } else {
                cell.to_owned()
            }
        });
        writer.write_record(cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// A bench whose customers exist already, made by somebody else, those of `records` with other data: each of them fails.
async fn bench_with_failures(sandbox: &Sandbox, file: &Customers, records: &Range<usize>) -> Bench {
    let mut other = Bench::against(sandbox);
    other.set("ROLLCALL_API_NAMESPACE", "22222222-2222-4222-8222-222222222222");
    other.write("customers.csv", renamed(file, records));
    other.expect(0, &RUN).await;
    let bench = Bench::against(sandbox);
    bench.write("customers.csv", &file.csv);
    bench
}

async fn total(bench: &Bench, state: &str) -> u64 {
    bench.report(&[]).await["totals"][state].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failures_stop_the_run_and_a_higher_limit_goes_on() {
    let sandbox = sandbox(Options::default()).await;
    let file = customers(300, 32, 0.0);
    let mut bench = bench_with_failures(&sandbox, &file, &(120..300)).await;
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
    let done = bench.expect(4, &[&RUN[..], &["--max-failures", "20"]].concat()).await;
    assert!(done.stderr.contains("send.max-failures allows 20"), "{done:#?}");
    assert!(done.stderr.contains("--max-failures 100%"), "{done:#?}");
    let failed = total(&bench, "conflict").await;
    // What was on the wire is finished: at most three rows for each request that may be in flight.
    assert!((21..=32).contains(&failed), "{failed} failed");
    assert_eq!(bench.report(&[]).await["reason"], "brake.max_failures");
    assert_eq!(bench.report(&[]).await["balanced"], true);

    let before = sandbox.tally().requests;
    bench.expect(4, &[&RUN[..], &["--max-failures", "20"]].concat()).await;
    let done = bench.expect(4, &RUN).await;
    assert!(
        done.stderr.contains("failed, and send.max-failures allows"),
        "a tenth is the default: {done:#?}"
    );
    assert_eq!(
        sandbox.tally().requests,
        before,
        "the brake holds again before anything is sent"
    );
    bench.expect(1, &[&RUN[..], &["--max-failures", "100%"]].concat()).await;
    assert_eq!(
        (total(&bench, "conflict").await, total(&bench, "existing").await),
        (180, 120)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_canary_goes_alone_and_nobody_follows_if_it_fails() {
    let sandbox = sandbox(Options::default()).await;
    let file = customers(200, 33, 0.0);
    let bench = bench_with_failures(&sandbox, &file, &(10..16)).await;
    let before = sandbox.tally().requests.create;
    let done = bench.expect(4, &RUN).await;
    assert!(
        done.stderr.contains("6 of 50 rows, sent alone first, failed"),
        "{done:#?}"
    );
    assert_eq!(sandbox.tally().requests.create - before, 50, "nobody else was sent");
    assert_eq!(bench.report(&[]).await["reason"], "brake.canary");
    assert_eq!(total(&bench, "pending").await, 150);
    let done = bench.expect(4, &RUN).await;
    assert!(done.stderr.contains("--canary 0"), "it holds again: {done:#?}");
    assert_eq!(sandbox.tally().requests.create - before, 50, "nobody was sent for that");

    bench.expect(1, &[&RUN[..], &["--canary", "0"]].concat()).await;
    assert_eq!(
        (total(&bench, "conflict").await, total(&bench, "existing").await),
        (6, 194)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_does_well_is_followed_by_all() {
    let sandbox = sandbox(Options::default()).await;
    let file = customers(120, 34, 0.0);
    let bench = bench_with_failures(&sandbox, &file, &(0..2)).await;
    bench.expect(1, &[&RUN[..], &["--canary", "20"]].concat()).await;
    assert_eq!(
        (total(&bench, "conflict").await, total(&bench, "existing").await),
        (2, 118)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_time_is_over_ends_and_goes_on_later() {
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(20),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "1");
    let file = customers(200, 35, 0.0);
    bench.write("customers.csv", &file.csv);
    let done = bench.expect(4, &[&RUN[..], &["--deadline", "1s"]].concat()).await;
    assert!(done.stderr.contains("its time was over"), "{done:#?}");
    let report = bench.report(&[]).await;
    assert_eq!(
        (&report["reason"], &report["totals"]["in_flight"]),
        (&"run.deadline".into(), &0.into())
    );
    // A busy machine may not even have planned all of them by then.
    assert!(total(&bench, "created").await < 200);
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "32");
    bench.expect(0, &RUN).await;
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("deadline");
}
