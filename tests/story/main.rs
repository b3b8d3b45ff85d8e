//! The whole story on 10,000 rows: a night with bad rows and a service that breaks, a morning at a clerk's desk, and the
//! question of an auditor, answered in balance.
//!
//! The clerk here is a program: it knows from the generator's truth which cell is wrong, and what the customer's really is.
//! What a spreadsheet program does to such a file on the way is in `fixtures/spreadsheet` and `scripts/spreadsheet`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

#[allow(dead_code, reason = "the bench serves other tests too")]
#[path = "../run/bench.rs"]
mod bench;
mod clerk;
#[allow(dead_code, reason = "the generator serves other tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;

use std::collections::BTreeMap;

use rollcall::sandbox::{FaultPlan, FaultRates, Options, Sandbox, ServerKind};

use bench::{Bench, sandbox};
use clerk::Desk;

const ROWS: u64 = 10_000;
const SEED: u64 = 2026;

/// Some rows are refused for good, and some answers never come.
const NIGHT: &str = r#"
[[fault]]
fault = "answer"
status = 422
on = "create"
share = 0.005

[[fault]]
fault = "answer"
status = 500
on = "create"
share = 0.05
save = false

[[fault]]
fault = "reset"
after-effect = true
on = "create"
share = 0.02
"#;

async fn night() -> (Bench, Sandbox) {
    let sandbox = sandbox(Options {
        kind: ServerKind::SavesSuccesses,
        plan: FaultPlan::from_toml(NIGHT).unwrap(),
        seed: SEED,
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    // So few that some rows are left without a clear answer.
    bench.set("ROLLCALL_SEND_MAX_ATTEMPTS", "2");
    (bench, sandbox)
}

/// Rows of the latest run by state.
async fn states(bench: &Bench) -> BTreeMap<String, u64> {
    let report = bench.report(&[]).await;
    serde_json::from_value(report["totals"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_from_a_broken_night_to_a_balance() {
    let (bench, sandbox) = night().await;
    let desk = Desk::of(ROWS, SEED);
    bench.write("customers.csv", &desk.export);

    bench.expect(1, &["run", "customers.csv"]).await;
    let after_the_night = states(&bench).await;
    for state in ["created", "duplicate", "rejected", "conflict", "refused", "unresolved"] {
        assert!(after_the_night[state] > 0, "{state}: {after_the_night:?}");
    }
    assert_eq!(after_the_night["rejected"], desk.bad_records());
    // The auditor would be told what is open.
    bench.expect(1, &["reconcile", "customers.csv", "--api"]).await;

    // The service is well again, and the clerk comes in.
    sandbox.set_plan(FaultPlan::default()).unwrap();
    sandbox.set_faults(FaultRates::default()).unwrap();
    bench.expect(1, &["retry", "1", "--include-refused"]).await;
    let after_the_retry = states(&bench).await;
    assert_eq!((after_the_retry["refused"], after_the_retry["unresolved"]), (0, 0));

    bench.expect(0, &["rejects", "1", "-o", "to-fix.csv"]).await;
    let fixed = desk.fix(&std::fs::read_to_string(bench.path("to-fix.csv")).unwrap());
    bench.write("to-fix.csv", fixed);
    // She filled in countries, too, about which nothing was said: that has to be meant.
    let correct = ["run", "to-fix.csv", "--corrects", "1"];
    let asked = bench.expect(4, &correct).await;
    assert!(asked.stderr.contains("--accept-other-changes"), "{asked:#?}");
    let correct = [&correct[..], &["--accept-other-changes"]].concat();
    let corrected = bench.expect(0, &correct).await;
    assert!(corrected.stdout.contains("corrects run 1"), "{corrected:#?}");
    // Typing it once more does nothing.
    let again = bench.expect(0, &correct).await;
    assert!(again.stderr.contains("nothing to do"), "{again:#?}");

    let balance = bench.expect(0, &["reconcile", "customers.csv", "--api"]).await;
    println!("{}", balance.stdout);

    let mut expected = desk.customers();
    for held in sandbox.customers() {
        assert_eq!(held.creates, 1, "created {} times", held.creates);
        assert!(expected.remove(&held.customer_id), "a customer whom nobody asked for");
    }
    assert!(expected.is_empty(), "{} customers are missing", expected.len());
}
