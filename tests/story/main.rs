//! The whole story on 10,000 rows: a night with bad rows and a service that breaks, a morning at a clerk's desk, and the
//! question of an auditor, answered in balance.
//!
//! The clerk here is a program: it knows from the generator's truth which cell is wrong, and what the customer's really is.
//! `scripts/spreadsheet --story` plays the same story, and there LibreOffice opens, edits and saves the file.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]
#![expect(clippy::print_stdout, reason = "the story prints the figures of its steps")]

#[allow(dead_code, reason = "the bench serves other tests too")]
#[path = "../run/bench.rs"]
mod bench;
mod clerk;
#[allow(dead_code, reason = "the generator serves other tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;

use std::collections::BTreeMap;

use rollcall::sandbox::{FaultPlan, FaultRates, Options, Sandbox, ServerKind};
use serde_json::Value;

use bench::{Bench, Done, number, sandbox, table};
use clerk::{Desk, Spreadsheet, by_program};

/// Rows of the story; `STORY_ROWS` is another number.
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

/// A figure of a step.
fn figure(step: &str, figure: impl std::fmt::Debug) {
    println!("story: {step} = {figure:?}");
}

/// The clerk's edits in `to-fix-1.csv`, saved as `to-fix.csv`.
async fn clerk(bench: &Bench, desk: &Desk) {
    let rejects = std::fs::read_to_string(bench.path("to-fix-1.csv")).unwrap();
    let edits = desk.edits(&rejects);
    figure("rows to be fixed", table(&rejects).len());
    figure("cells that the clerk types", edits.len());
    let Some(spreadsheet) = Spreadsheet::of_environment() else {
        bench.write("to-fix.csv", by_program(&rejects, &edits));
        return;
    };
    let [from, careless, saved] = ["to-fix-1.csv", "careless.csv", "to-fix.csv"].map(|name| bench.path(name));
    // First as somebody does who agrees to everything, and is told what that did to cells that she never saw.
    spreadsheet.edit(&from, &edits, false, &careless);
    let asked = bench.expect(4, &["run", "careless.csv", "--corrects", "1"]).await;
    figure("asked about where nothing was opened as text", columns_asked(&asked));
    assert!(
        asked.stderr.contains("leading zeros or a plus were dropped"),
        "{asked:#?}"
    );
    // Then as the clerk's page says.
    spreadsheet.edit(&from, &edits, true, &saved);
}

/// The columns in which changes are asked about.
fn columns_asked(asked: &Done) -> Vec<String> {
    let lines = asked
        .stderr
        .lines()
        .filter_map(|line| line.trim().strip_prefix("column "));
    lines
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect()
}

/// The customers of a file without a defect, created at an API of their own.
async fn as_they_should_be(desk: &Desk) -> Sandbox {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    bench.write("right.csv", desk.right());
    bench.expect(0, &["run", "right.csv"]).await;
    sandbox
}

/// What a customer's data are, without what each API makes up for itself.
fn data(mut customer: Value) -> Value {
    let own = customer.as_object_mut().unwrap();
    own.retain(|name, _| !["created_at", "updated_at", "idempotency_id"].contains(&name.as_str()));
    customer
}

/// Rows of a run by state.
async fn states(bench: &Bench, run: &str) -> BTreeMap<String, u64> {
    let report = bench.report(&[run]).await;
    serde_json::from_value(report["totals"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_from_a_broken_night_to_a_balance() {
    let (bench, sandbox) = night().await;
    let desk = Desk::of(number("STORY_ROWS").unwrap_or(ROWS), SEED);
    bench.write("customers.csv", &desk.export);

    bench.expect(1, &["run", "customers.csv"]).await;
    let after_the_night = states(&bench, "1").await;
    for state in ["created", "duplicate", "rejected", "conflict", "refused", "unresolved"] {
        assert!(after_the_night[state] > 0, "{state}: {after_the_night:?}");
    }
    assert_eq!(after_the_night["rejected"], desk.bad_records());
    figure("after the night", &after_the_night);
    // The auditor would be told what is open.
    bench.expect(1, &["reconcile", "customers.csv", "--api"]).await;

    // The service is well again, and the clerk comes in.
    sandbox.set_plan(FaultPlan::default()).unwrap();
    sandbox.set_faults(FaultRates::default()).unwrap();
    let rejects = ["rejects", "1", "-o", "to-fix-1.csv", "--state", "rejected,conflict"];
    bench.expect(0, &rejects).await;
    clerk(&bench, &desk).await;
    // She filled in countries, too, about which nothing was said: that has to be meant.
    let correct = ["run", "to-fix.csv", "--corrects", "1"];
    let asked = bench.expect(4, &correct).await;
    figure("asked about before anything is sent", columns_asked(&asked));
    assert!(!columns_asked(&asked).is_empty(), "{asked:#?}");
    assert!(
        columns_asked(&asked)
            .iter()
            .all(|column| column.ends_with("country_code`")),
        "{asked:#?}"
    );
    assert!(asked.stderr.contains("--accept-other-changes"), "{asked:#?}");
    let correct = [&correct[..], &["--accept-other-changes"]].concat();
    let corrected = bench.expect(0, &correct).await;
    assert!(corrected.stdout.contains("corrects run 1"), "{corrected:#?}");
    // Typing it once more does nothing.
    let again = bench.expect(0, &correct).await;
    assert!(again.stderr.contains("nothing to do"), "{again:#?}");

    // What needs no correction is sent again.
    bench.expect(0, &["retry", "1", "--include-refused"]).await;
    let after_the_retry = states(&bench, "1").await;
    figure("after the retry", &after_the_retry);
    assert_eq!((after_the_retry["refused"], after_the_retry["unresolved"]), (0, 0));

    let balance = bench.expect(0, &["reconcile", "customers.csv", "--api"]).await;
    // The lists of every record that was corrected are long; the control totals come before them.
    let totals = balance.stdout.lines().filter(|line| !line.contains(": record "));
    totals.for_each(|line| println!("{line}"));

    let mut expected = desk.customers();
    let right = as_they_should_be(&desk).await;
    for held in sandbox.customers() {
        assert_eq!(held.creates, 1, "created {} times", held.creates);
        assert!(expected.remove(&held.customer_id), "a customer whom nobody asked for");
        let (is, should) = (sandbox.customer(&held.customer_id), right.customer(&held.customer_id));
        assert_eq!(data(is.unwrap()), data(should.unwrap()), "other data than meant");
    }
    figure(
        "customers at the API, each once and as meant",
        sandbox.customers().len(),
    );
    assert!(expected.is_empty(), "{} customers are missing", expected.len());
}
