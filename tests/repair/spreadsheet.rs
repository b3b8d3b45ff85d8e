//! A repair file that a real spreadsheet program opened and saved, as `scripts/spreadsheet` recorded it.
//!
//! What a spreadsheet does to cells that look like numbers and dates cannot be undone, and is listed here, so that nothing
//! else can go wrong unseen. The run that corrects notices it before anything is sent.

use std::path::{Path, PathBuf};

use rollcall::model::mapping::REJECT_COLUMNS;
use rollcall::sandbox::Options;

use crate::bench::{Bench, sandbox};
use crate::cells::cells;

/// What LibreOffice does to a record's cell in a column, from before to after: leading zeros, long numbers, dates.
const DAMAGE: [(usize, &str, &str, &str); 8] = [
    (2, "id", "00042", "42"),
    (2, "mailing_address.postal_code", "02118", "2118"),
    (
        3,
        "tax_reference_number",
        "0012345678901234567",
        "1.23456789012346E+016",
    ),
    (4, "mailing_address.postal_code", "01010", "1010"),
    (4, "tax_reference_number", "1E5", "100000"),
    (6, "date_of_birth", "3/4/1990", "03/04/1990"),
    (6, "telephone_number", "0049300074321", "49300074321"),
    (6, "tax_reference_number", "1.500", "1.5"),
];

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/spreadsheet")
        .join(name)
}

#[test]
fn a_saved_file_has_the_clerk_s_cells_but_for_what_a_spreadsheet_is_known_to_do() {
    let (header, before) = cells(&recorded("before.csv"));
    for name in ["saved-csv.csv", "saved-ods.csv", "saved-xlsx.csv"] {
        let (saved_header, saved) = cells(&recorded(name));
        assert_eq!((&saved_header, saved.len()), (&header, before.len()), "{name}");
        let mut damage = Vec::new();
        for (number, (before, saved)) in before.iter().zip(&saved).enumerate() {
            assert_eq!(before.len(), saved.len(), "{name}: record {}", number + 1);
            for ((column, before), saved) in header.iter().zip(before).zip(saved) {
                if before != saved {
                    let text = |cell| std::str::from_utf8(cell).unwrap().to_owned();
                    damage.push((number + 1, column.clone(), text(before), text(saved)));
                }
            }
        }
        let known = DAMAGE
            .map(|(number, column, before, saved)| (number, column.to_owned(), before.to_owned(), saved.to_owned()));
        assert_eq!(damage, known, "{name}");
    }
    // What would be carried out as a formula, or lose its plus, did not.
    let cell =
        |record: usize, column: &str| &before[record - 1][header.iter().position(|name| name == column).unwrap()];
    assert_eq!(cell(1, "telephone_number"), b"+44 20 7946 0958");
    assert_eq!(cell(3, "telephone_number"), b"'+49 30 0074321");
    assert_eq!(cell(4, "first_name"), b"=1+1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_never_makes_a_customer_of_a_record_that_was_filled_up() {
    let bench = Bench::new();
    for name in ["saved-csv.csv", "saved-ods.csv", "saved-xlsx.csv"] {
        std::fs::copy(recorded(name), bench.path(name)).unwrap();
        bench.expect(1, &["validate", name, "--rejects", "again.csv"]).await;
        let again = std::fs::read(bench.path("again.csv")).unwrap();
        let mut reader = csv::ReaderBuilder::new();
        let rows = reader
            .flexible(true)
            .from_reader(&*again)
            .into_records()
            .map(Result::unwrap);
        let codes: Vec<String> = rows.map(|row| row[row.len() - 2].to_owned()).collect();
        assert_eq!(codes.len(), 7, "{name}: {codes:?}");
        for uneven in [4, 6] {
            assert_eq!(codes[uneven], "record.field_count", "{name}");
        }
        std::fs::remove_file(bench.path("again.csv")).unwrap();
    }
}

/// The source of which the recorded file has the rejects: its rows without what rollcall wrote behind them.
fn source() -> Vec<u8> {
    let (header, rows) = cells(&recorded("before.csv"));
    let own = header.len() - REJECT_COLUMNS.len();
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(&header[..own]).unwrap();
    for row in &rows {
        let width = own.min(row.len() - REJECT_COLUMNS.len());
        writer.write_record(row.iter().take(width)).unwrap();
    }
    writer.into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_round_trip_is_asked_about_before_anything_is_sent_and_then_corrects() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    bench.write("source.csv", source());
    bench.expect(1, &["run", "source.csv", "--max-rejects", "100%"]).await;
    let before = sandbox.customers().len();
    for name in ["saved-csv.csv", "saved-ods.csv", "saved-xlsx.csv"] {
        // The clerk filled in the one name that was missing, and the program did the rest.
        let saved = std::fs::read_to_string(recorded(name)).unwrap();
        assert!(saved.contains("Ada,,"), "{name}");
        bench.write("to-fix.csv", saved.replacen("Ada,,", "Ada,Roe,", 1));
        let asked = bench.expect(4, &["run", "to-fix.csv", "--corrects", "1"]).await;
        for column in ["column `id`", "column `telephone_number`", "--accept-other-changes"] {
            assert!(asked.stderr.contains(column), "{name}: {asked:#?}");
        }
        assert_eq!(sandbox.customers().len(), before, "{name}");
    }
    let accepted = ["run", "to-fix.csv", "--corrects", "1", "--accept-other-changes"];
    bench.expect(1, &accepted).await;
    assert_eq!(sandbox.customer("C-1").unwrap()["last_name"], "Roe");
}
