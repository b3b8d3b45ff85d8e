//! Tables that people open in spreadsheets: what others wrote is no formula in them, and a record stays what it was.

use std::collections::BTreeMap;

use crate::bench::Bench;
use crate::server::{Server, well};

/// What a spreadsheet may carry out, as ids, as names and as values.
const FORMULAS: [&str; 7] = ["=Oslo", "+A1", "-1", "@SUM", "\u{ff1d}x", "+4930123456", "=cmd|'/c'!A0"];
/// A file's and a column's name.
const NAME: &str = "=evil.csv";
const COLUMN: &str = "=last name";

fn begins_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}'])
}

/// The records of a table by the names of its columns.
fn table(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn ground(url: &str) -> Bench {
    let mut bench = Bench::against(url);
    bench.set("ROLLCALL_SEND_CANARY", "0");
    bench.write("rollcall.toml", format!("[columns]\n\"{COLUMN}\" = \"last_name\"\n"));
    bench
}

#[test]
fn no_cell_of_a_report_is_a_formula() {
    let server = Server::start(None, well);
    let bench = ground(&server.url("http"));
    let mut csv = format!("id,customer_type,first_name,{COLUMN}\n");
    for id in FORMULAS {
        csv.push_str(&format!("{id},INDIVIDUAL,Ann,Roe\n"));
    }
    bench.write(NAME, csv);
    bench.run(&["run", &format!("./{NAME}"), "--max-rejects", "100%"]);
    let report = bench.expect(0, &["report", "--format", "csv"]).stdout;
    let lines = table(&report);
    for (column, cell) in lines.iter().flatten() {
        assert!(!begins_formula(cell), "{column}: {cell}");
    }
    let (rows, figures): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line["section"] == "record");
    assert_eq!(rows.len(), FORMULAS.len(), "{report}");
    assert!(figures.len() > 50, "{report}");
    let mut sent = 0;
    for (row, id) in rows.iter().zip(FORMULAS) {
        // An id that was not kept has no cell to spoil.
        if !row["customer_id"].is_empty() {
            assert_eq!(row["customer_id"], format!("'{id}"));
            sent += 1;
        }
    }
    assert!(sent > 4, "{report}");
}

#[test]
fn a_rejects_file_has_no_formula_and_is_read_as_its_source_was() {
    let bench = ground("http://127.0.0.1:9");
    let mut csv = format!("id,customer_type,first_name,{COLUMN},telephone_number\n");
    for (number, value) in FORMULAS.iter().enumerate() {
        csv.push_str(&format!("C-{number},INDIVIDUAL,{value},,+4930123456\n"));
    }
    bench.write(NAME, &csv);
    bench.expect(1, &["validate", NAME, "--rejects", "out.csv"]);
    let rejects = std::fs::read_to_string(bench.path("out.csv")).unwrap();
    let rows = table(&rejects);
    assert_eq!(rows.len(), FORMULAS.len());
    for (row, value) in rows.into_iter().zip(FORMULAS) {
        for (column, cell) in &row {
            assert!(!begins_formula(cell) && !begins_formula(column), "{column}: {cell}");
        }
        assert_eq!(row["first_name"], format!("'{value}"));
        assert!(
            row["_file"].starts_with('\'') && row["_message"].contains(COLUMN),
            "{row:?}"
        );
    }
    // Repaired, it is read as the original would be.
    let repaired = |csv: &str| csv.replace(",,", ",Roe,");
    let figures = |name: &str, csv: &str| {
        bench.write(name, repaired(csv));
        bench.run(&["validate", name, "--accepted", "payloads"]);
        std::fs::read_to_string(bench.path("payloads")).unwrap()
    };
    let payloads = figures("again.csv", &rejects);
    assert!(payloads.lines().count() > 3, "{payloads}");
    assert_eq!(payloads, figures("first.csv", &csv));
}
