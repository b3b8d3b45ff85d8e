//! The flags of a clerk, each typed: in which form the file is written, and what is sent though nothing was changed.

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
