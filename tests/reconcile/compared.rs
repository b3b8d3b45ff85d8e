//! A file beside the ledger and what the API has: whatever somebody did over there is named, exactly.

use rollcall::config::{Layers, Origin, resolve};
use rollcall::ledger::{Addition, Ledger, NewComparison, Observation, Reader, Seen};
use rollcall::model::digest::Digest;
use rollcall::model::row::RowKey;
use rollcall::pipeline::{self, Inputs, Progress, ReconcileRequest};
use rollcall::reconcile::{Class, Item};
use rollcall::sandbox::FaultPlan;
use rollcall::send::Stop;
use serde_json::json;

use crate::bench::{Bench, NAMESPACE, Working};
use crate::books::{Books, CUSTOMERS, customer, file};

const WITH_API: [&str; 2] = ["customers.csv", "--api"];

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_the_api_lost_is_named() {
    let books = Books::run().await;
    let said = books.reconcile(0, &WITH_API).await;
    assert_eq!(said.names(), [""; 0]);
    assert_eq!(said.summary["files"][0]["api"]["same"], CUSTOMERS);

    assert!(books.sandbox.remove("C-7"));
    let said = books.reconcile(1, &WITH_API).await;
    assert_eq!(said.names(), ["missing_at_api 7"]);
    assert_eq!(said.summary["control_totals"]["api"]["customers"], CUSTOMERS - 1);
    // Without --api what the API confirmed counts.
    books.names(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_data_at_the_api_is_named_by_field_and_not_by_value() {
    let books = Books::run().await;
    assert!(books.sandbox.alter("C-3", |customer| {
        customer["email_address"] = json!("somebody.else@example.org");
    }));
    let said = books.reconcile(1, &WITH_API).await;
    assert_eq!(said.names(), ["other_data_at_api 3"]);
    assert_eq!(said.named[0]["fields"], json!(["email_address"]));
    assert!(!format!("{said:?}").contains("example.org"), "{said:?}");
    assert_eq!(said.summary["control_totals"]["agree"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_about_whom_no_row_is_is_named() {
    let books = Books::run().await;
    let elsewhere = Bench::against(&books.sandbox);
    elsewhere.write("one.csv", file(&[customer(99)]));
    elsewhere.expect(0, &["run", "one.csv"]).await;
    let said = books.reconcile(1, &WITH_API).await;
    assert_eq!(said.names(), ["stranger C-99"]);
    assert_eq!(said.summary["control_totals"]["agree"], false);
}

/// A comparison that looked at every row but one: the program ends none so, and would not be misled by one.
fn all_but(books: &Books, left_out: u64) -> i64 {
    let path = books.bench.ledger();
    let ledger = Ledger::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let run = reader.run(1).unwrap().unwrap();
    let new = NewComparison {
        target: run.target,
        namespace: run.namespace,
        scope: Digest([1; 32]),
    };
    let comparison = ledger.begin_comparison(new).unwrap();
    let seen = (1..=CUSTOMERS).filter(|record| *record != left_out).map(|record| {
        let key = RowKey { input: 1, record };
        let observation = Observation {
            key,
            at_ms: 1,
            seen: Seen::Same,
            payload_id: reader.row(key).unwrap().unwrap().idempotency_id,
            fields: None,
        };
        Addition::Observation(comparison, observation)
    });
    ledger.add(seen.chain([Addition::Ended(comparison)]).collect()).unwrap();
    comparison
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_nobody_asked_about_is_not_taken_for_matched() {
    let books = Books::run().await;
    tokio::task::block_in_place(|| {
        let comparison = all_but(&books, 5);
        let mut layers = Layers::load(None, std::iter::empty()).unwrap();
        layers.set("api.namespace", NAMESPACE, Origin::Sandbox);
        let settings = resolve(&layers).unwrap();
        let reader = Reader::open(&books.bench.ledger()).unwrap();
        let inputs = Inputs::open(&[books.bench.path("customers.csv")], &settings).unwrap();
        let (stop, progress) = (Stop::new(), Progress::default());
        let request = ReconcileRequest {
            settings: &settings,
            target: "",
            comparison: Some(comparison),
            stop: &stop,
            progress: &progress,
        };
        let mut named = Vec::new();
        let all = pipeline::reconcile(&reader, &inputs, &request, |item| {
            if let Item::Record(record) = item
                && record.class != Class::Matched
            {
                named.push((record.position.record, record.class));
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(named, [(5, Class::NotCompared)]);
        assert!(!all.is_in_balance());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_is_waited_for_and_that_is_said() {
    let books = Books::run().await;
    let down = FaultPlan::from_toml("[[fault]]\nfault = \"refuse\"\n").unwrap();
    books.sandbox.set_plan(down).unwrap();
    let mut waiting = books.bench.start(&[&["reconcile"], &WITH_API[..]].concat());
    let waits = |working: &Working| working.said().contains("waiting for it since 20");
    assert!(waiting.end_or(waits).await, "it ended");
    let said = waiting.said();
    assert!(said.contains("send.give-up-after") && said.contains("hint: "), "{said}");
    assert!(!said.contains("takes requests again"), "{said}");
    books.sandbox.set_plan(FaultPlan::default()).unwrap();
    let done = waiting.end().await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(done.stderr.contains("the service takes requests again\n"), "{done:#?}");
}
