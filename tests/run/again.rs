//! Customers that were there before: from an earlier run, from a lost ledger, from somebody else.

use std::collections::BTreeMap;

use rollcall::sandbox::Options;

use crate::bench::{Bench, Customers, customers, sandbox};
use crate::verdict::Evidence;

const RUN: [&str; 2] = ["run", "customers.csv"];

/// The state and code of each record of the latest run.
async fn ends(bench: &Bench) -> BTreeMap<(String, String), usize> {
    let mut ends = BTreeMap::new();
    for record in bench.records(&[]).await {
        *ends
            .entry((record["state"].clone(), record["code"].clone()))
            .or_default() += 1;
    }
    ends
}

fn expected(ends: &[(&str, &str, usize)]) -> BTreeMap<(String, String), usize> {
    ends.iter()
        .map(|(state, code, count)| (((*state).to_owned(), (*code).to_owned()), *count))
        .collect()
}

/// The same customers, the first with another e-mail address.
fn with_a_change(file: &Customers) -> String {
    let text = String::from_utf8(file.csv.clone()).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = reader.headers().unwrap().clone();
    let email = header.iter().position(|name| name == "email_address").unwrap();
    writer.write_record(&header).unwrap();
    for (number, record) in reader.records().map(Result::unwrap).enumerate() {
        let changed = |column| (number, column) == (0, email);
        let cells = record.iter().enumerate();
        writer
            .write_record(cells.map(|(column, cell)| if changed(column) { "changed@example.org" } else { cell }))
            .unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_is_rebuilt_and_nobody_is_created_twice() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let file = customers(200, 41, 4.0);
    bench.write("customers.csv", &file.csv);
    bench.expect(1, &RUN).await;
    let before = sandbox.customers();
    bench.lose_ledger();
    bench.expect(1, &RUN).await;
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("rebuilt");
    let tally = sandbox.tally();
    assert_eq!(
        tally.replays,
        before.len() as u64,
        "everyone was asked for again, under the same id"
    );
    assert_eq!(tally.customers_created, before.len() as u64);
    eprintln!(
        "reliability: customers recognized after a lost ledger = {}",
        before.len()
    );
    let again = tally.customers_created - before.len() as u64;
    eprintln!("reliability: customers created twice after a lost ledger = {again}");
}

/// The ledger is lost when half of the customers are there; one of them is there with other data.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_is_made_anew_by_looking_and_nobody_is_created() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let (file, rest) = (customers(40, 45, 0.0), customers(20, 46, 0.0));
    let text = |file: &Customers| String::from_utf8(file.csv.clone()).unwrap();
    bench.write("customers.csv", text(&file));
    bench.expect(0, &RUN).await;
    bench.lose_ledger();
    let (_, others) = text(&rest)
        .split_once('\n')
        .map(|(head, rest)| (head.to_owned(), rest.to_owned()))
        .unwrap();
    bench.write("customers.csv", with_a_change(&file) + &others);
    let before = sandbox.tally().requests.create;

    let done = bench.expect(4, &["ledger", "rebuild", "customers.csv"]).await;
    assert!(done.stderr.contains("20 customers are not at the API"), "{done:#?}");
    assert!(
        done.stderr
            .contains("hint: create them with rollcall run customers.csv"),
        "{done:#?}"
    );
    let looked_up = expected(&[
        ("conflict", "api.other_data", 1),
        ("existing", "api.duplicate_customer", 39),
        ("pending", "", 20),
    ]);
    assert_eq!(ends(&bench).await, looked_up);
    let tally = sandbox.tally();
    assert_eq!(
        (tally.requests.create - before, tally.customers_created),
        (0, 40),
        "nobody was created"
    );

    bench.expect(1, &RUN).await;
    assert_eq!(sandbox.tally().customers_created, 60);
    let done = bench.expect(1, &["ledger", "rebuild", "customers.csv"]).await;
    assert!(done.stderr.contains("nothing to do"), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_a_new_run_that_knows_the_customers_of_the_first() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let file = customers(50, 42, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.expect(0, &RUN).await;
    let one_more = customers(1, 43, 0.0);
    let one_more = String::from_utf8(one_more.csv).unwrap();
    let (_, one_more) = one_more.split_once('\n').unwrap();
    bench.write("customers.csv", with_a_change(&file) + one_more);
    bench.expect(1, &RUN).await;
    assert_eq!(bench.report(&[]).await["run_id"], 2);
    let expected = expected(&[
        ("duplicate", "customer.created_before", 49),
        ("conflict", "customer.other_data", 1),
        ("created", "", 1),
    ]);
    assert_eq!(ends(&bench).await, expected);
    let tally = sandbox.tally();
    assert_eq!((tally.customers_created, tally.requests.create), (51, 51));

    // The first file again: its run is known and finished.
    bench.write("customers.csv", &file.csv);
    let done = bench.expect(0, &RUN).await;
    assert!(done.stderr.contains("nothing to do"), "{done:#?}");
    assert_eq!(sandbox.tally().requests.create, 51);
}

/// Somebody else created the customers, under ids that nobody here knows.
#[tokio::test(flavor = "multi_thread")]
async fn customers_of_somebody_else_exist_or_conflict() {
    for duplicate_status in [400, 409, 422] {
        let sandbox = sandbox(Options {
            duplicate_status,
            ..Options::default()
        })
        .await;
        let file = customers(30, 44, 0.0);
        let mut other = Bench::against(&sandbox);
        other.set("ROLLCALL_API_NAMESPACE", "22222222-2222-4222-8222-222222222222");
        other.write("customers.csv", &file.csv);
        other.expect(0, &RUN).await;

        let bench = Bench::against(&sandbox);
        bench.write("customers.csv", with_a_change(&file));
        bench.expect(1, &RUN).await;
        let expected = expected(&[
            ("existing", "api.duplicate_customer", 29),
            ("conflict", "api.other_data", 1),
        ]);
        assert_eq!(ends(&bench).await, expected, "{duplicate_status}");
        let tally = sandbox.tally();
        assert_eq!((tally.customers_created, tally.duplicates_refused), (30, 30));
        assert_eq!(bench.report(&[]).await["balanced"], true);
    }
}
