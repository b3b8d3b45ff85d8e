//! A file as it was run, beside a ledger that may lack something.

use rollcall::sandbox::{Fault, FaultEntry, Options, RequestKind, ServerKind};
use serde_json::json;

use crate::books::{Books, CUSTOMERS, customer, customers};

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_run_is_in_balance_and_its_sides_agree() {
    let books = Books::run().await;
    let before = books.sandbox.tally().requests;
    let said = books.names(&[]).await;
    assert_eq!(books.sandbox.tally().requests, before, "nobody asks the API");
    assert_eq!(said.of_class(0, "matched"), CUSTOMERS);
    let totals = &said.summary["control_totals"];
    assert_eq!(totals["agree"], true);
    assert_eq!(totals["source"], totals["api"]);
    assert_eq!(totals["source"]["customers"], CUSTOMERS);
    assert_eq!(said.summary["next"], json!([]));
    let done = books.bench.expect(0, &["reconcile", "customers.csv"]).await;
    assert!(
        done.stdout.ends_with("in balance: every record is answered for\n"),
        "{done:#?}"
    );
    assert!(done.stdout.contains("which read this very file"), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_ledger_lacks_is_named_and_no_other() {
    let books = Books::run().await;
    for record in [7, 1, 12] {
        books.change(&format!(
            "DELETE FROM event WHERE record = {record}; DELETE FROM row WHERE record = {record}"
        ));
        let said = books.reconcile(1, &["customers.csv"]).await;
        assert!(said.names().contains(&format!("not_in_ledger {record}")), "{said:#?}");
        assert!(
            said.names().iter().all(|name| name.starts_with("not_in_ledger ")),
            "{said:#?}"
        );
    }
    let said = books
        .names(&["not_in_ledger 1", "not_in_ledger 7", "not_in_ledger 12"])
        .await;
    assert_eq!(said.summary["next"][0], "rollcall ledger verify");
    assert_eq!(said.summary["control_totals"]["agree"], false);
    assert_eq!(said.summary["control_totals"]["ledger"]["customers"], CUSTOMERS - 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_under_another_name_is_known_by_its_bytes() {
    let books = Books::run().await;
    books.write("renamed.csv", &customers());
    books.reconcile(0, &["renamed.csv"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_ledger_lacks_is_named_once_with_the_api_too() {
    let books = Books::run().await;
    // With its line in the index, as a deleted row would leave nothing: the API has somebody whom no row knows.
    books.change(
        "DELETE FROM event WHERE record = 5; DELETE FROM row WHERE record = 5; DELETE FROM customer WHERE record = 5",
    );
    let said = books.reconcile(1, &["customers.csv", "--api"]).await;
    assert_eq!(said.names(), ["not_in_ledger 5"]);
    assert_eq!(said.summary["strangers"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_compared_with_its_run_wherever_it_lies() {
    let books = Books::run().await;
    std::fs::create_dir(books.bench.path("copy")).unwrap();
    let mut records = customers();
    records[3] = records[3].replace("@example.org", "@example.com");
    books.write("copy/customers.csv", &records);
    let said = books.reconcile(1, &["copy/customers.csv"]).await;
    assert_eq!(said.names(), ["changed_since 4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_no_run_has_read_is_not_sent_and_that_is_said() {
    let books = Books::run().await;
    books.write("other.csv", &[customer(1), customer(99)]);
    let said = books.reconcile(1, &["other.csv"]).await;
    assert_eq!(said.names(), ["not_yet_sent 1", "not_yet_sent 2"]);
    assert_eq!(said.summary["files"][0]["compared_with"], json!(null));
    assert_eq!(said.summary["next"][0], "rollcall run other.csv");
    let done = books.bench.expect(1, &["reconcile", "other.csv"]).await;
    assert!(
        done.stdout.contains("no run has read this file, or one of its name"),
        "{done:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_matched_apart_and_conflicts_fail() {
    let books = Books::new().await;
    let other = customer(2).replace("@example.org", "@example.com");
    books.write("customers.csv", &[customer(1), customer(2), customer(1), other]);
    books.bench.expect(1, &["run", "customers.csv"]).await;
    let said = books.names(&["duplicate 3", "failed 4", "exception 4"]).await;
    assert_eq!((said.of_class(0, "matched"), said.of_class(0, "duplicate")), (2, 1));
    // The next day's export has all of them again: every record is there, by the first run.
    books.write("tomorrow.csv", &[customer(1), customer(2)]);
    books.bench.expect(0, &["run", "tomorrow.csv"]).await;
    let said = books.reconcile(0, &["tomorrow.csv"]).await;
    assert_eq!(said.of_class(0, "duplicate"), 2);
    assert_eq!(said.summary["control_totals"]["api"]["customers"], 2);
    // What is open in the other file is listed, and does not break this one.
    assert_eq!(said.summary["open_exceptions"], 1);
    assert_eq!(said.names(), ["duplicate 1", "duplicate 2", "exception 4"]);
}

/// A sandbox that answers the first creates with this status, so many of them.
async fn with_answers(status: u16, creates: u64) -> Books {
    let refuse = FaultEntry {
        until_request: Some(creates),
        ..FaultEntry::new(Fault::answer(status)).on(&[RequestKind::Create])
    };
    let mut books = Books::with(Options {
        plan: refuse.into(),
        kind: ServerKind::SavesSuccesses,
        ..Options::default()
    })
    .await;
    books.bench.set("ROLLCALL_SEND_MAX_ATTEMPTS", "3");
    books.write("customers.csv", &[customer(1)]);
    books.bench.expect(1, &["run", "customers.csv"]).await;
    books
}

/// The API refuses a customer, and takes the same one, corrected, from a later run.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_is_answered_for_by_a_later_run() {
    let books = with_answers(422, 1).await;
    let said = books.names(&["failed 1", "exception 1"]).await;
    assert_eq!(
        (&said.named[0]["state"], &said.named[0]["code"]),
        (&json!("refused"), &json!("api.refused"))
    );
    assert_eq!(said.summary["control_totals"]["ledger"]["customers"], 1);
    assert_eq!(said.summary["control_totals"]["api"]["customers"], 0);
    books.write("fixed.csv", &[customer(1).replace("@example.org", "@example.com")]);
    books.bench.expect(0, &["run", "fixed.csv"]).await;
    let said = books.reconcile(0, &["customers.csv", "fixed.csv"]).await;
    assert_eq!(said.names(), ["corrected 1"]);
}

/// It may or may not be there: the same data is safe to send again.
#[tokio::test(flavor = "multi_thread")]
async fn an_unresolved_row_is_to_be_retried() {
    let books = with_answers(500, 3).await;
    let said = books.names(&["failed 1", "exception 1"]).await;
    assert_eq!(said.named[0]["state"], "unresolved");
    assert_eq!(said.summary["next"], json!(["rollcall retry 1"]));
    books.bench.expect(0, &["run", "customers.csv"]).await;
    books.names(&[]).await;
}

/// A rejected record stays an exception until a later run brings its customer to the API.
#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_row_is_answered_for_by_a_later_run() {
    let books = Books::new().await;
    let mut records = customers();
    let good = records[4].clone();
    records[4] = good.replace("c5@example.org", "nowhere");
    books.write("customers.csv", &records);
    books.bench.expect(1, &["run", "customers.csv"]).await;
    let said = books.names(&["failed 5", "exception 5"]).await;
    assert_eq!(said.summary["files"][0]["failed"][0]["code"], "email.not_valid");
    let next = [
        "rollcall rejects 1 -o to-fix-1.csv",
        "rollcall run to-fix-1.csv --corrects 1",
        "rollcall dispose 1 5 --reason TEXT --by NAME",
    ];
    assert_eq!(said.summary["next"], json!(next));
    // The corrected record comes in a file of its own.
    books.write("fixed.csv", &[good]);
    books.bench.expect(0, &["run", "fixed.csv"]).await;
    let said = books.reconcile(0, &["customers.csv", "fixed.csv"]).await;
    assert_eq!(said.names(), ["corrected 5"]);
    assert_eq!(said.named[0]["by"], json!({ "run_id": 2, "record": 1 }));
    assert_eq!(said.summary["control_totals"]["source"]["customers"], CUSTOMERS);
    books.reconcile(0, &["customers.csv"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_are_reconciled_each_with_its_run() {
    let books = Books::new().await;
    books.write("one.csv", &[customer(1), customer(2)]);
    books.write("two.csv", &[customer(3), customer(4), customer(1)]);
    books.bench.expect(0, &["run", "one.csv", "two.csv"]).await;
    let said = books.reconcile(0, &["one.csv", "two.csv"]).await;
    assert_eq!(said.names(), ["duplicate 3"]);
    assert_eq!(said.summary["control_totals"]["api"]["customers"], 4);
    books.change(
        "DELETE FROM event WHERE input_id = 2 AND record = 2; DELETE FROM row WHERE input_id = 2 AND record = 2",
    );
    let said = books.reconcile(1, &["one.csv", "two.csv"]).await;
    assert_eq!(said.names(), ["not_in_ledger 2", "duplicate 3"]);
    assert_eq!(said.named[0]["file"], "two.csv");
    books.reconcile(0, &["one.csv"]).await;
    // The same content twice would count each customer twice.
    books.write("copy.csv", &[customer(1), customer(2)]);
    let done = books.bench.expect(2, &["reconcile", "one.csv", "copy.csv"]).await;
    assert!(
        done.stderr.contains("copy.csv has the same content as one.csv"),
        "{done:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trailer_that_counts_otherwise_breaks_the_balance() {
    let books = Books::new().await;
    let trailer = |count: usize| format!("TRAILER,{count},,,,");
    let with = |count| [customers(), vec![trailer(count)]].concat();
    let trailer = "[input]\ntrailer = { starts-with = \"TRAILER\", count-field = 2 }\n";
    books.bench.write("rollcall.toml", trailer);
    books.write("customers.csv", &with(12));
    books.bench.expect(0, &["run", "customers.csv"]).await;
    let said = books.names(&[]).await;
    assert_eq!(
        said.summary["files"][0]["trailer"],
        json!({ "fits": true, "declared": 12, "problem": null })
    );
    books.write("customers.csv", &with(13));
    let said = books.reconcile(1, &["customers.csv"]).await;
    assert_eq!((said.names().len(), said.of_class(0, "matched")), (0, CUSTOMERS));
    assert_eq!(said.summary["files"][0]["trailer"]["fits"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_settings_are_said() {
    let books = Books::run().await;
    books
        .bench
        .write("rollcall.toml", "[input]\nnull-words = [\"nobody\"]\n");
    let said = books.reconcile(0, &["customers.csv"]).await;
    assert_eq!(said.summary["files"][0]["compared_with"]["other_settings"], true);
    let done = books.bench.expect(0, &["reconcile", "customers.csv"]).await;
    assert!(
        done.stdout.contains("the configuration is not that of run 1"),
        "{done:#?}"
    );
}

/// The table has a line for each record, whatever it is.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_every_record() {
    let books = Books::run().await;
    let done = books
        .bench
        .expect(0, &["reconcile", "customers.csv", "--format", "csv"])
        .await;
    let table = crate::bench::table(&done.stdout);
    assert_eq!(table.len() as u64, CUSTOMERS);
    for (number, line) in (1..).zip(&table) {
        assert_eq!(line["record"], number.to_string());
        assert_eq!((line["class"].as_str(), line["state"].as_str()), ("matched", "created"));
        assert_eq!(line["customer_id"], format!("C-{number}"));
    }
    assert!(
        done.stderr.ends_with("in balance: every record is answered for\n"),
        "{done:#?}"
    );
}
