//! Decisions of people: who may decide what, and that a decision is kept.

use crate::books::{Books, customers};

/// A file with one record that is rejected.
async fn rejected() -> Books {
    let books = Books::new().await;
    let mut records = customers();
    records[4] = records[4].replace("c5@example.org", "nowhere");
    books.write("customers.csv", &records);
    books.bench.expect(1, &["run", "customers.csv"]).await;
    books
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_about_which_somebody_decided_is_answered_for() {
    let books = rejected().await;
    books.names(&["failed 5", "exception 5"]).await;
    let decide = ["dispose", "1", "5", "--by", "A. Clerk", "--reason"];
    let done = books
        .bench
        .expect(0, &[&decide[..], &["closed the account"]].concat())
        .await;
    assert!(
        done.stdout.contains("by      A. Clerk\n  reason  closed the account\n"),
        "{done:#?}"
    );
    let said = books.reconcile(0, &["customers.csv"]).await;
    assert_eq!(said.names(), ["disposed 5", "exception 5"]);
    assert_eq!(said.named[0]["disposition"]["by"], "A. Clerk");
    assert_eq!(said.named[1]["open"], false);
    assert_eq!(said.summary["control_totals"]["source"]["customers"], 11);
    // The last decision counts, and the first is kept.
    let done = books.bench.expect(0, &[&decide[..], &["was test data"]].concat()).await;
    assert!(done.stdout.contains("decision 2 about this record"), "{done:#?}");
    let said = books.reconcile(0, &["customers.csv"]).await;
    assert_eq!(said.named[0]["disposition"]["reason"], "was test data");
    books.bench.expect(0, &["ledger", "verify"]).await;
    assert_eq!(books.bench.report(&[]).await["totals"]["rejected"], 1, "no row changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_about_what_needs_no_decision() {
    let books = rejected().await;
    let dispose = |record: &'static str| ["dispose", "1", record, "--reason", "x", "--by", "y"];
    let refused = async |arguments: &[&str], says: &str| {
        let done = books.bench.expect(2, arguments).await;
        assert!(
            done.stderr.contains(says) && done.stderr.contains("\nhint: "),
            "{done:#?}"
        );
    };
    refused(
        &dispose("1"),
        "record 1 of run 1 is created and needs nobody's decision",
    )
    .await;
    refused(&dispose("99"), "the ledger has no record 99 of run 1").await;
    refused(&["dispose", "9", "1", "--reason", "x"], "the ledger has no run 9").await;
    let reason = |reason: &'static str| ["dispose", "1", "5", "--reason", reason];
    refused(&reason(""), "--reason is empty").await;
    refused(&reason(" \t"), "--reason is empty").await;
    refused(&reason("a\u{1b}[31m"), "--reason has a control character").await;
    refused(&["dispose", "1", "5", "--reason", "x", "--by", " "], "--by is empty").await;
    refused(
        &["dispose", "1", "5", "--reason", "x", "--file", "b.csv"],
        "run 1 has no file b.csv",
    )
    .await;
    books.names(&["failed 5", "exception 5"]).await;
    // Once it was cleared, there is nothing to decide.
    books.write("fixed.csv", &customers()[4..5]);
    books.bench.expect(0, &["run", "fixed.csv"]).await;
    refused(&dispose("5"), "record 5 of run 1 was cleared by record 1 of run 2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_open_to_be_sent_is_sent_first() {
    let books = Books::new().await;
    let mut records = customers();
    records[4] = records[4].replace("c5@example.org", "nowhere");
    books.write("customers.csv", &records);
    books
        .bench
        .expect(4, &["run", "customers.csv", "--max-rejects", "0"])
        .await;
    let done = books
        .bench
        .expect(2, &["dispose", "1", "1", "--reason", "x", "--by", "y"])
        .await;
    assert!(
        done.stderr
            .contains("record 1 of run 1 is pending: it is open to be sent"),
        "{done:#?}"
    );
    assert!(
        done.stderr
            .contains("hint: send it first: rollcall run customers.csv\n"),
        "{done:#?}"
    );
    let said = books.reconcile(1, &["customers.csv"]).await;
    assert_eq!((said.of_class(0, "not_yet_sent"), said.of_class(0, "failed")), (11, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_several_files_wants_the_file_named() {
    let books = Books::new().await;
    let mut records = customers();
    records[4] = records[4].replace("c5@example.org", "nowhere");
    books.write("one.csv", &records[..2]);
    books.write("two.csv", &records[2..]);
    books.bench.expect(1, &["run", "one.csv", "two.csv"]).await;
    let dispose = ["dispose", "1", "3", "--reason", "x", "--by", "y"];
    let done = books.bench.expect(2, &dispose).await;
    assert!(
        done.stderr
            .contains("hint: name one with --file; the run's files are: one.csv, two.csv\n"),
        "{done:#?}"
    );
    books
        .bench
        .expect(0, &[&dispose[..], &["--file", "two.csv"]].concat())
        .await;
    books.reconcile(0, &["two.csv", "one.csv"]).await;
}
