//! The flags of a clerk, each typed: in which form the file is written, and what is sent though nothing was changed.

use rollcall::sandbox::Options;

use crate::bench::{Bench, sandbox};
use crate::cells::cells;
use crate::corrects::{BAD, CORRECT, GOOD, refused, rejected};
use crate::sheet::{assert_sound, ends};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_a_spreadsheet_of_europe_has_its_mark_its_separator_and_its_line_ends_and_comes_back() {
    let (sandbox, bench, source) = rejected().await;
    let plain = ["rejects", "1", "-o", "plain.csv"];
    bench.expect(0, &plain).await;
    let (header, records) = cells(&bench.path("plain.csv"));
    for (separator, byte) in [(";", b';'), ("tab", b'\t'), (",", b',')] {
        let name = format!("{separator}.csv");
        let all = ["rejects", "1", "-o", &name, "--bom", "--delimiter", separator, "--crlf"];
        bench.expect(0, &all).await;
        let bytes = std::fs::read(bench.path(&name)).unwrap();
        assert!(bytes.starts_with(b"\xef\xbb\xbfid"), "{separator}");
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap();
        assert!(first.ends_with(b"_message\r"), "{separator}");
        assert_eq!(first.split(|found| *found == byte).count(), header.len(), "{separator}");
        assert_eq!(
            cells(&bench.path(&name)),
            (header.clone(), records.clone()),
            "{separator}"
        );
        // Each by itself.
        let marked = format!("marked-{separator}.csv");
        bench.expect(0, &["rejects", "1", "-o", &marked, "--bom"]).await;
        let plain = std::fs::read(bench.path("plain.csv")).unwrap();
        assert_eq!(
            std::fs::read(bench.path(&marked)).unwrap(),
            [&b"\xef\xbb\xbf"[..], &plain].concat()
        );
    }
    // The clerk's edit, in the form that her program has.
    let written = std::fs::read_to_string(bench.path(";.csv")).unwrap();
    assert_eq!(written.matches(BAD).count(), 2);
    bench.write("to-fix.csv", written.replace(BAD, GOOD));
    bench.expect(0, &CORRECT).await;
    assert_eq!(sandbox.customers().len(), source.rows.len());
    assert_eq!(ends(&bench, 2), ["created", "created"]);
    assert_sound(&bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_and_not_changed_is_sent_again_where_that_is_asked() {
    let (sandbox, bench, source) = refused().await;
    bench.expect(0, &["rejects", "1", "-o", "to-fix.csv"]).await;
    let requests = sandbox.tally().requests.create;
    bench.expect(1, &CORRECT).await;
    assert_eq!(sandbox.tally().requests.create, requests, "nothing was asked for");
    assert_eq!(ends(&bench, 2), ["rejected correction.unchanged"; 3]);
    let again = [&CORRECT[..], &["--send-unchanged"]].concat();
    let done = bench.expect(0, &again).await;
    assert!(
        done.stderr
            .contains("corrections of run 1: 3 records, 0 changed and 3 unchanged"),
        "{done:#?}"
    );
    assert_eq!(ends(&bench, 3), ["created correction.unchanged"; 3]);
    assert_eq!(sandbox.customers().len(), source.rows.len());
    // Twice is once.
    let requests = sandbox.tally().requests.create;
    bench.expect(0, &again).await;
    assert_eq!(sandbox.tally().requests.create, requests);
    assert_sound(&bench);
}

/// A row with a field too few: a spreadsheet's doing is asked about there too, though no cell has a column.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_another_number_of_fields_is_asked_about_what_a_spreadsheet_did_to_it() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let header = "id,customer_type,first_name,last_name,mailing_address.postal_code,mailing_address.country_code";
    let source = format!("{header}\nC-1,INDIVIDUAL,Ada,02118,US\nC-2,INDIVIDUAL,Bea,Roe,02118,US\n");
    bench.write("customers.csv", source);
    bench
        .expect(1, &["run", "customers.csv", "--max-rejects", "100%"])
        .await;
    bench.expect(0, &["rejects", "1", "-o", "rejects.csv"]).await;
    let written = std::fs::read_to_string(bench.path("rejects.csv")).unwrap();
    // The clerk puts the field in that is missing, and the program drops a zero.
    let fixed = written.replacen("Ada,", "Ada,Roe,", 1);
    assert_ne!(fixed, written);
    bench.write("to-fix.csv", fixed.replacen("02118", "2118", 1));
    let asked = bench.expect(4, &CORRECT).await;
    let says = "cells that stand in no column: 1 record, leading zeros or a plus were dropped\n";
    assert!(asked.stderr.contains(says), "{asked:#?}");
    assert_eq!(sandbox.customers().len(), 1);
    bench.write("to-fix.csv", fixed);
    bench.expect(0, &CORRECT).await;
    assert_eq!(
        sandbox.customer("C-1").unwrap()["mailing_address"]["postal_code"],
        "02118"
    );
}
