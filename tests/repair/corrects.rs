//! `rollcall run FILE --corrects RUN`: what a row may correct, and what stops it.

use rollcall::ledger::Correction;
use rollcall::sandbox::{FaultRates, Options, Sandbox};
use serde_json::{Value, json};

use crate::bench::{Bench, sandbox};
use crate::sheet::{Sheet, assert_sound, ends, key, ledger, refuse, row, run, take};

const FIRST: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];
pub(crate) const CORRECT: [&str; 6] = ["run", "to-fix.csv", "--corrects", "1", "--max-rejects", "100%"];
pub(crate) const BAD: &str = "ann at example.com";
pub(crate) const GOOD: &str = "ann@example.com";

/// Five customers of whom the second and the fourth have a bad address, and who were run.
pub(crate) async fn rejected() -> (Sandbox, Bench, Sheet) {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let mut source = Sheet::customers(5, 71);
    source.set(2, "email_address", BAD);
    source.set(4, "email_address", BAD);
    bench.write("customers.csv", source.text());
    bench.expect(1, &FIRST).await;
    (sandbox, bench, source)
}

/// Three customers whom the API refused.
pub(crate) async fn refused() -> (Sandbox, Bench, Sheet) {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let source = Sheet::customers(3, 72);
    bench.write("customers.csv", source.text());
    refuse(&sandbox);
    bench.expect(1, &FIRST).await;
    assert_eq!(row(&bench, 1, 1).state.word(), "refused");
    take(&sandbox);
    (sandbox, bench, source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_cell_creates_its_customer_and_is_tied_to_its_record() {
    let (sandbox, bench, source) = rejected().await;
    bench
        .expect(1, &["validate", "customers.csv", "--rejects", "to-fix.csv"])
        .await;
    let mut repair = Sheet::read(std::fs::read(bench.path("to-fix.csv")).unwrap());
    repair.set(1, "email_address", GOOD);
    bench.write("to-fix.csv", repair.text());

    let done = bench.expect(1, &[&CORRECT[..], &["--format", "json"]].concat()).await;
    assert!(
        done.stderr
            .contains("corrections of run 1: 2 records, 1 changed and 1 unchanged"),
        "{done:#?}"
    );
    let said: Value = serde_json::from_str(done.stdout.lines().last().unwrap()).unwrap();
    let figures = json!({ "of_run": 1, "records": 2, "changed": 1, "unchanged": 1 });
    assert_eq!(said["process"]["corrections"], figures);
    assert_eq!(run(&bench, 2).corrects, Some(1));
    assert_eq!(
        ends(&bench, 2),
        ["created", "rejected correction.unchanged email.not_valid"]
    );
    let corrected = |record| ledger(&bench).correction(key(&bench, 2, record)).unwrap().unwrap();
    let of = |record, changed| Correction {
        of: key(&bench, 1, record),
        changed,
    };
    assert_eq!((corrected(1), corrected(2)), (of(2, true), of(4, false)));
    assert!(sandbox.customer(source.get(2, "id").trim()).is_some());
    assert_eq!(sandbox.customers().len(), 4);

    // What is done needs the source no more.
    std::fs::remove_file(bench.path("customers.csv")).unwrap();
    let requests = sandbox.tally().requests;
    let done = bench.expect(1, &CORRECT).await;
    assert!(done.stderr.contains("nothing to do"), "{done:#?}");
    assert_eq!(sandbox.tally().requests.create, requests.create);
    assert_sound(&bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_without_a_change_is_sent_again_only_when_asked() {
    let (sandbox, bench, source) = refused().await;
    let mut repair = source.repair("customers.csv", &[1, 2, 3]);
    repair.set(2, "email_address", GOOD);
    bench.write("to-fix.csv", repair.text());
    bench.expect(1, &CORRECT).await;
    let kept_back = "rejected correction.unchanged";
    assert_eq!(ends(&bench, 2), [kept_back, "created", kept_back]);
    assert_eq!(sandbox.customers().len(), 1);

    bench.expect(0, &[&CORRECT[..], &["--send-unchanged"]].concat()).await;
    let sent = "created correction.unchanged";
    assert_eq!(ends(&bench, 3), [sent, "duplicate", sent]);
    assert_eq!(sandbox.customers().len(), 3);
    assert_sound(&bench);
}

/// What is sent is the same, whatever the cell looks like: the API would say the same again.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_changes_nothing_that_is_sent_is_none() {
    let (_sandbox, bench, source) = refused().await;
    let mut repair = source.repair("customers.csv", &[1]);
    let country = source.filled(1, ["mailing_address.country_code", "registered_address.country_code"]);
    let cell = source.get(1, country);
    let upper = cell.to_uppercase();
    let other = if cell == upper { cell.to_lowercase() } else { upper };
    repair.set(1, country, &other);
    bench.write("to-fix.csv", repair.text());
    bench.expect(1, &CORRECT).await;
    assert_eq!(ends(&bench, 2), ["rejected correction.unchanged"]);
    let correction = ledger(&bench).correction(key(&bench, 2, 1)).unwrap().unwrap();
    assert!(!correction.changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_was_not_in_the_run_is_a_finding() {
    let (sandbox, bench, source) = refused().await;
    let before = sandbox.tally().requests.create;
    for (column, cell) in [
        ("_record", "99"),
        ("_record", "0"),
        ("_record", ""),
        ("_record", "first"),
        ("_file", "february.csv"),
        ("id", "I9-7654321"),
        ("id", ""),
    ] {
        let mut repair = source.repair("customers.csv", &[2]);
        repair.set(1, "email_address", GOOD);
        repair.set(1, column, cell);
        bench.write("to-fix.csv", repair.text());
        bench.expect(1, &CORRECT).await;
        let latest = ledger(&bench).latest().unwrap().unwrap();
        let ends = ends(&bench, latest);
        let expected = "rejected correction.unknown_record";
        assert!(
            ends[0].starts_with(expected) && ends.len() == 1,
            "{column} {cell}: {ends:?}"
        );
        assert_eq!(ledger(&bench).correction(key(&bench, latest, 1)).unwrap(), None);
    }
    assert_eq!(sandbox.tally().requests.create, before, "nobody was sent");

    // A path by which the file is known from elsewhere is no other file.
    let mut repair = source.repair("/exports/customers.csv", &[2]);
    repair.set(1, "email_address", GOOD);
    bench.write("to-fix.csv", repair.text());
    bench.expect(0, &CORRECT).await;
    assert_sound(&bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_for_one_record_are_both_findings() {
    let (sandbox, bench, source) = rejected().await;
    let before = sandbox.tally().requests.create;
    let mut repair = source.repair("customers.csv", &[2, 4, 2]);
    for row in 1..=3 {
        repair.set(row, "email_address", GOOD);
    }
    bench.write("to-fix.csv", repair.text());
    bench.expect(1, &CORRECT).await;
    let repeated = "rejected correction.repeated";
    assert_eq!(ends(&bench, 2), [repeated, "created", repeated]);
    assert_eq!(sandbox.tally().requests.create, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_change_stops_the_run_and_leaves_nothing_behind_until_it_is_accepted() {
    let (sandbox, bench, source) = rejected().await;
    let (before, ledger_before) = (sandbox.tally().requests, ledger(&bench).runs().unwrap());
    let mut repair = source.repair("customers.csv", &[2, 4]);
    repair.set(1, "email_address", GOOD);
    repair.set(2, "email_address", GOOD);
    let phone = source.get(2, "telephone_number").to_owned();
    repair.set(1, "telephone_number", "+49 30 901820");
    let city = source.filled(4, ["mailing_address.city", "registered_address.city"]);
    repair.set(2, city, "Elsewhere");
    bench.write("to-fix.csv", repair.text());

    let done = bench.expect(4, &CORRECT).await;
    for expected in [
        "column `telephone_number`: 1 record, another value",
        "to-fix.csv:2: record 1: [",
        "→ [+99 99 999999]",
        &format!("column `{city}`: 1 record, another value"),
        "hint: put these cells back",
        "--accept-other-changes",
    ] {
        assert!(done.stderr.contains(expected), "{expected}: {done:#?}");
    }
    for value in [phone.trim(), "+49 30 901820", GOOD, BAD] {
        assert!(!done.stderr.contains(value), "{done:#?}");
    }
    assert!(
        !done.stderr.contains("email_address"),
        "that was to be corrected: {done:#?}"
    );
    assert_eq!(ledger(&bench).runs().unwrap(), ledger_before, "nothing is written down");
    assert_eq!(sandbox.tally().requests, before, "nothing is sent");

    let accepted = [&CORRECT[..], &["--accept-other-changes"]].concat();
    bench.expect(0, &accepted).await;
    assert_eq!(ends(&bench, 2), ["created", "created"]);
    // It was accepted once and for all.
    let done = bench.expect(0, &CORRECT).await;
    assert!(done.stderr.contains("nothing to do"), "{done:#?}");
    assert_sound(&bench);
}

/// Any cell may be what the API refused, so only what spreadsheets do by themselves is asked about.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_refused_record_any_cell_may_be_corrected_and_a_spreadsheets_doing_is_asked_about() {
    let (_sandbox, bench, mut source) = refused().await;
    source.set(1, "telephone_number", "+442079460000");
    source.set(2, "telephone_number", "+442079460001");
    bench.write("other.csv", source.text());
    bench.expect(0, &["run", "other.csv"]).await;
    let mut repair = source.repair("other.csv", &[1, 2]);
    repair.set(1, "telephone_number", "442079460000");
    repair.set(2, "telephone_number", "4.42079E+11");
    repair.set(2, "email_address", GOOD);
    bench.write("to-fix.csv", repair.text());
    let done = bench.expect(4, &["run", "to-fix.csv", "--corrects", "2"]).await;
    for expected in ["leading zeros or a plus were dropped", "in scientific notation"] {
        assert!(done.stderr.contains(expected), "{expected}: {done:#?}");
    }
    assert!(!done.stderr.contains("email_address"), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_and_rows_may_stand_in_another_order() {
    let (sandbox, bench, source) = rejected().await;
    let mut repair = source.repair("customers.csv", &[2, 4]);
    repair.set(1, "email_address", GOOD);
    repair.set(2, "email_address", "noor@example.com");
    repair.header.reverse();
    repair.rows.reverse();
    repair.rows.iter_mut().for_each(|row| row.reverse());
    bench.write("to-fix.csv", repair.text());
    bench.expect(0, &CORRECT).await;
    let of = |record| ledger(&bench).correction(key(&bench, 2, record)).unwrap().unwrap().of;
    assert_eq!((of(1), of(2)), (key(&bench, 1, 4), key(&bench, 1, 2)));
    let email = |record| sandbox.customer(source.get(record, "id").trim()).unwrap()["email_address"].clone();
    assert_eq!((email(2), email(4)), (json!(GOOD), json!("noor@example.com")));
}

/// A record with a field too few is written as it is; the clerk puts the missing field where it belongs.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_did_not_fit_the_header_is_corrected_as_a_whole() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let mut source = Sheet::customers(3, 73);
    let whole = source.rows[1].clone();
    source.rows[1].remove(5);
    bench.write("customers.csv", source.text());
    bench.expect(1, &FIRST).await;
    bench
        .expect(1, &["validate", "customers.csv", "--rejects", "to-fix.csv"])
        .await;
    bench.expect(1, &CORRECT).await;
    assert_eq!(ends(&bench, 2), ["rejected correction.unchanged record.field_count"]);

    source.rows[1] = whole;
    bench.write("to-fix.csv", source.repair("customers.csv", &[2]).text());
    bench.expect(0, &CORRECT).await;
    assert_eq!(ends(&bench, 3), ["created"]);
    let correction = ledger(&bench).correction(key(&bench, 3, 1)).unwrap().unwrap();
    assert_eq!((correction.of, correction.changed), (key(&bench, 1, 2), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_ties_nothing_and_a_run_that_is_not_there_are_refused() {
    let (_sandbox, bench, source) = rejected().await;
    bench.write("plain.csv", Sheet::customers(2, 74).text());
    let done = bench.expect(2, &["run", "plain.csv", "--corrects", "1"]).await;
    assert!(done.stderr.contains("no column _record"), "{done:#?}");
    assert!(done.stderr.contains("rollcall rejects RUN -o FILE"), "{done:#?}");
    bench.write("to-fix.csv", source.repair("customers.csv", &[2]).text());
    let done = bench.expect(2, &["run", "to-fix.csv", "--corrects", "7"]).await;
    assert!(done.stderr.contains("no run 7"), "{done:#?}");
    bench.expect(2, &["run", "to-fix.csv", "--send-unchanged"]).await;
    assert_eq!(ledger(&bench).runs().unwrap().len(), 1);

    // It may be run as any file, and is told how it would be a correction.
    let done = bench.expect(1, &["run", "to-fix.csv", "--max-rejects", "100%"]).await;
    assert!(done.stderr.contains("--corrects RUN"), "{done:#?}");
    assert_eq!(ends(&bench, 2), ["rejected email.not_valid"]);
}

/// They are sent anyway, under the ids that they had, so the clerk is only told.
#[tokio::test(flavor = "multi_thread")]
async fn unresolved_records_without_a_change_are_sent_again_with_a_warning() {
    let sandbox = sandbox(Options {
        faults: FaultRates {
            error_500_after_commit: 0.5,
            reset_after: 0.5,
            ..FaultRates::default()
        },
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_MAX_ATTEMPTS", "2");
    let source = Sheet::customers(3, 75);
    bench.write("customers.csv", source.text());
    bench.expect(1, &FIRST).await;
    assert_eq!(ends(&bench, 1), ["unresolved"; 3]);
    sandbox.set_faults(FaultRates::default()).unwrap();
    bench.write("to-fix.csv", source.repair("customers.csv", &[1, 2, 3]).text());
    bench.expect(0, &CORRECT).await;
    assert_eq!(ends(&bench, 2), ["created correction.unchanged"; 3]);
    assert!(sandbox.customers().iter().all(|customer| customer.creates == 1));
    assert_eq!(
        sandbox.tally().duplicates_refused,
        0,
        "the ids are those of the first run"
    );
}

/// The count of a whole export says nothing of a few records of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_declared_trailer_is_not_asked_of_a_repair_file() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    bench.write(
        "rollcall.toml",
        "[input]\ntrailer = { starts-with = \"TRAILER\", count-field = 2 }\n",
    );
    let mut source = Sheet::customers(3, 76);
    source.set(2, "email_address", BAD);
    source.set(3, "email_address", BAD);
    bench.write("customers.csv", source.text() + "TRAILER,3\n");
    bench.expect(1, &FIRST).await;
    let mut repair = source.repair("customers.csv", &[2, 3]);
    repair.set(1, "email_address", GOOD);
    bench.write("to-fix.csv", repair.text());
    // Nor does the brake of rejects hold, unless it is asked to.
    let braked = ["run", "to-fix.csv", "--corrects", "1", "--max-rejects", "0"];
    let done = bench.expect(4, &braked).await;
    let hint = "see what is wrong with `rollcall report 2 --format csv`, or allow more: rollcall run to-fix.csv --corrects 1 \
                --max-rejects 1";
    assert!(done.stderr.contains(hint), "{done:#?}");
    bench.expect(1, &["run", "to-fix.csv", "--corrects", "1"]).await;
    assert_eq!(
        ends(&bench, 2),
        ["created", "rejected correction.unchanged email.not_valid"]
    );
    repair.set(2, "email_address", GOOD);
    bench.write("to-fix.csv", repair.text());
    bench.expect(0, &CORRECT).await;
    assert_eq!(ends(&bench, 3), ["duplicate", "created"]);
}
