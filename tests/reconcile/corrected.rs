//! Records that runs of corrections answer for, written into the ledger as such a run writes them.

use rollcall::config::{Layers, resolve};
use rollcall::ledger::{
    Claim, Correction, InputTotals, Ledger, NewInput, NewRun, Planned, PlannedFinding, Reader, RunEntry,
};
use rollcall::model::digest::Digest;
use rollcall::model::ids::IdempotencyId;
use rollcall::model::outcome::Outcome;
use rollcall::model::position::Position;
use rollcall::model::row::RowKey;
use rollcall::model::row_state::RowEvent;
use rollcall::model::rule::Severity;
use rollcall::pipeline::{Inputs, deciding};

use crate::books::{Books, customers};

const RECORD: u64 = 5;

/// The run of a file of corrections.
fn corrections(first: &RunEntry, is_good: bool) -> NewRun {
    let name = if is_good { "fixed.csv" } else { "to-fix.csv" };
    NewRun {
        operation: "customers.create",
        target: first.target.clone(),
        namespace: first.namespace,
        config_digest: first.config_digest,
        today: first.today.clone(),
        corrects: Some(1),
        inputs: vec![NewInput {
            name: name.to_owned(),
            digest: Digest([u8::from(is_good); 32]),
            bytes: 9,
        }],
    }
}

/// A run with one row that corrects the record of the first run: created, or rejected once more.
async fn correct(books: &Books, is_good: bool) {
    let path = books.bench.ledger();
    let ledger = tokio::task::block_in_place(|| Ledger::open(&path).unwrap());
    let reader = Reader::open(&path).unwrap();
    let first = reader.run(1).unwrap().unwrap();
    let corrects = Correction {
        of: RowKey {
            input: 1,
            record: RECORD,
        },
        changed: true,
    };
    let idempotency_id = IdempotencyId::from_bytes([7; 16]);
    let finding = PlannedFinding {
        code: "email.not_valid",
        severity: Severity::Error,
        field: Some("email_address"),
        column: Some(4),
    };
    let planned = |input| Planned {
        input,
        position: Position {
            record: 1,
            line: 2,
            byte: 20,
        },
        event: if is_good {
            RowEvent::Accepted
        } else {
            RowEvent::Rejected
        },
        customer_id: Some("C-5".to_owned()),
        idempotency_id: is_good.then_some(idempotency_id),
        code: None,
        findings: if is_good { Vec::new() } else { vec![finding] },
        corrects: Some(corrects),
    };
    let input = tokio::task::block_in_place(|| {
        let (run_id, inputs) = ledger.begin_run(corrections(&first, is_good)).unwrap();
        ledger
            .plan(first.namespace, vec![planned(inputs[0])])
            .unwrap()
            .wait()
            .unwrap();
        let totals = InputTotals {
            records: 1,
            ..InputTotals::default()
        };
        ledger.end_input(inputs[0], totals).unwrap();
        ledger.run_event(run_id, "planned", None).unwrap();
        inputs[0]
    });
    if is_good {
        let key = RowKey { input, record: 1 };
        let claim = Claim {
            key,
            customer_id: "C-5".to_owned(),
            idempotency_id,
        };
        ledger.claim(first.namespace, vec![claim]).await.unwrap();
        ledger.outcome(Outcome::plain(key, RowEvent::Created, 1)).await.unwrap();
    }
    tokio::task::block_in_place(|| drop(ledger));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_answered_for_by_the_last_of_its_corrections() {
    let books = Books::new().await;
    let mut records = customers();
    records[4] = records[4].replace("c5@example.org", "nowhere");
    books.write("customers.csv", &records);
    books.bench.expect(1, &["run", "customers.csv"]).await;
    correct(&books, false).await;
    // The correction is rejected too: both are open, and both are of this file.
    let said = books.names(&["failed 5", "exception 5", "exception 1"]).await;
    assert_eq!(said.summary["open_exceptions_of_these_files_in_other_runs"], 1);
    correct(&books, true).await;
    // The second correction answers for the record, and so for the first correction of it.
    let said = books.reconcile(0, &["customers.csv"]).await;
    assert_eq!(said.names(), ["corrected 5"]);
    assert_eq!(said.named[0]["by"], serde_json::json!({ "run_id": 3, "record": 1 }));
    assert_eq!(said.summary["open_exceptions"], 0);

    // Whoever compares with the API has to look at the run of the correction too.
    let path = books.bench.path("customers.csv");
    let looked_at = tokio::task::block_in_place(|| {
        let settings = resolve(&Layers::load(None, std::iter::empty()).unwrap()).unwrap();
        let inputs = Inputs::open(&[path], &settings).unwrap();
        let reader = Reader::open(&books.bench.ledger()).unwrap();
        deciding(&reader, &inputs, &settings, "").unwrap()
    });
    let looked_at: Vec<_> = looked_at
        .iter()
        .map(|one| (one.run.run_id, one.input.name.as_str(), one.file))
        .collect();
    assert_eq!(looked_at, [(1, "customers.csv", Some(0)), (3, "fixed.csv", None)]);
}

/// A file with a bad record, its repair file and the run of that: in balance.
async fn repaired(all: bool) -> Books {
    let books = Books::new().await;
    let mut records = customers();
    records[4] = records[4].replace("c5@example.org", "nowhere");
    records[7] = records[7].replace("c8@example.org", "nowhere");
    books.write("customers.csv", &records);
    books
        .bench
        .expect(1, &["run", "customers.csv", "--max-rejects", "2"])
        .await;
    books.bench.expect(0, &["rejects", "-o", "to-fix.csv"]).await;
    let repair = std::fs::read_to_string(books.bench.path("to-fix.csv")).unwrap();
    let mut repair = repair.replacen("nowhere", "c5@example.org", 1);
    if all {
        repair = repair.replacen("nowhere", "c8@example.org", 1);
    }
    books.bench.write("to-fix.csv", repair);
    let correct = ["run", "to-fix.csv", "--corrects", "1"];
    books.bench.expect(i32::from(!all), &correct).await;
    books
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_a_correction_that_the_ledger_lacks_is_named() {
    for (lost, stays) in [(1, 8), (2, 5)] {
        let books = repaired(true).await;
        let said = books.reconcile(0, &["customers.csv"]).await;
        assert_eq!(said.names(), ["corrected 5", "corrected 8"]);
        books.change(&format!(
            "DELETE FROM event WHERE input_id = 2 AND record = {lost}; DELETE FROM row WHERE input_id = 2 AND record = {lost}"
        ));
        for arguments in [&["customers.csv"][..], &["customers.csv", "--api"]] {
            let said = books.reconcile(1, arguments).await;
            let names = said.names();
            let lost_row = said.named.iter().find(|value| value["what"] == "lost").unwrap();
            let expected = serde_json::json!({ "what": "lost", "run_id": 2, "file": "to-fix.csv", "record": lost });
            assert_eq!(*lost_row, expected, "{names:?}");
            assert_eq!(
                names.iter().filter(|name| name.starts_with("lost")).count(),
                1,
                "{names:?}"
            );
            assert!(names.contains(&format!("corrected {stays}")), "{names:?}");
            assert_eq!(said.summary["lost_of_these_files_in_other_runs"], 1);
            assert_eq!(said.summary["next"][0], "rollcall ledger verify");
        }
        let done = books.bench.expect(1, &["reconcile", "customers.csv"]).await;
        assert!(
            done.stdout.contains(&format!("  run 2: to-fix.csv: record {lost}\n")),
            "{done:#?}"
        );
        let done = books
            .bench
            .expect(1, &["reconcile", "customers.csv", "--format", "csv"])
            .await;
        assert!(done.stdout.contains(&format!("\nlost,to-fix.csv,{lost},")), "{done:#?}");
    }
}

/// Nothing else is out of balance: a person has decided about the record, and the row of its correction is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_row_breaks_the_balance_by_itself() {
    let books = repaired(false).await;
    let dispose = ["dispose", "1", "8", "--reason", "left", "--by", "N. Clerk"];
    books.bench.expect(0, &dispose).await;
    let said = books.reconcile(0, &["customers.csv"]).await;
    assert_eq!(said.names()[..2], ["corrected 5", "disposed 8"]);
    books.change(
        "DELETE FROM event WHERE input_id = 2 AND record = 2; DELETE FROM row WHERE input_id = 2 AND record = 2",
    );
    let said = books.reconcile(1, &["customers.csv"]).await;
    assert_eq!(said.names()[..3], ["corrected 5", "disposed 8", "exception 8"]);
    assert_eq!(said.names()[3..], ["lost 2"]);
    assert_eq!(said.summary["next"], serde_json::json!(["rollcall ledger verify"]));
}
