//! Files that were changed since they were run: what was changed is named, and no record that was not.

use crate::books::{Books, CUSTOMERS, customer, customers};

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_was_changed_is_named_and_no_other() {
    let books = Books::run().await;
    for at in [0, 5, 11] {
        let mut records = customers();
        records[at] = records[at].replace("@example.org", "@example.com");
        books.write("customers.csv", &records);
        let said = books.names(&[&format!("changed_since {}", at + 1)]).await;
        assert_eq!(said.of_class(0, "matched"), CUSTOMERS - 1);
        assert_eq!(said.summary["next"][0], "rollcall run customers.csv");
    }
    let done = books.bench.expect(1, &["reconcile", "customers.csv"]).await;
    assert!(
        done.stdout.contains("the file is not what run 1 read: digest "),
        "{done:#?}"
    );
    assert!(done.stdout.contains("out of balance: 1 changed_since\n"), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_was_changed_is_a_change_of_its_record() {
    let books = Books::run().await;
    let mut records = customers();
    records[3] = records[3].replace("C-4,", "K-4,");
    books.write("customers.csv", &records);
    let said = books.names(&["changed_since 4"]).await;
    let totals = &said.summary["control_totals"];
    let ids = |side: &str| &totals[side]["customer_ids"];
    assert_ne!(ids("source"), ids("ledger"), "{totals:#}");
    assert_eq!(ids("ledger"), ids("api"), "{totals:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_added_is_not_sent_and_moves_no_other() {
    let books = Books::run().await;
    for at in [0, 6, 12] {
        let mut records = customers();
        records.insert(at, customer(99));
        books.write("customers.csv", &records);
        let said = books.names(&[&format!("not_yet_sent {}", at + 1)]).await;
        assert_eq!(said.of_class(0, "matched"), CUSTOMERS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_taken_away_is_gone_and_moves_no_other() {
    let books = Books::run().await;
    for at in [0, 6, 11] {
        let mut records = customers();
        records.remove(at);
        books.write("customers.csv", &records);
        let said = books.names(&[&format!("gone {}", at + 1)]).await;
        assert_eq!(said.of_class(0, "matched"), CUSTOMERS - 1);
        assert_eq!(said.summary["files"][0]["gone"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_in_another_order_are_the_same_records() {
    let books = Books::run().await;
    let mut records = customers();
    records.reverse();
    books.write("customers.csv", &records);
    books.names(&[]).await;
    // A record that was changed is named all the same.
    records[0] = records[0].replace("@example.org", "@example.com");
    books.write("customers.csv", &records);
    books.names(&["changed_since 1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_repeated_is_not_taken_for_the_first() {
    let books = Books::run().await;
    let mut records = customers();
    records.push(customer(3));
    books.write("customers.csv", &records);
    let said = books.names(&["not_yet_sent 13"]).await;
    assert_eq!(said.of_class(0, "matched"), CUSTOMERS);
}

/// The changed file was run too: then it is what that run read, and the first run's records are answered for.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_that_was_run_again_is_compared_with_its_own_run() {
    let books = Books::new().await;
    let mut records = customers();
    records[4] = records[4].replace("c5@example.org", "nowhere");
    books.write("customers.csv", &records);
    books.bench.expect(1, &["run", "customers.csv"]).await;
    books.write("customers.csv", &customers());
    books.names(&["changed_since 5", "exception 5"]).await;
    books.bench.expect(0, &["run", "customers.csv"]).await;
    let said = books.reconcile(0, &["customers.csv"]).await;
    assert_eq!(
        (said.of_class(0, "matched"), said.of_class(0, "duplicate")),
        (1, CUSTOMERS - 1)
    );
}
