//! A repair file that a real spreadsheet program opened, edited and saved, as `scripts/spreadsheet` recorded it.
//!
//! The program typed the clerk's edits into its cells itself, opened once as it proposes and once as the clerk's page
//! advises, all cells as text. What a spreadsheet does to cells that look like numbers and dates cannot be undone, and is
//! listed here, so that nothing else can go wrong unseen. The run that corrects notices it before anything is sent.

use std::path::{Path, PathBuf};

use rollcall::model::mapping::REJECT_COLUMNS;
use rollcall::sandbox::{Options, Sandbox};

use crate::bench::{Bench, sandbox, table};
use crate::cells::cells;
use crate::sheet::{assert_sound, ends};

/// Saved at once, and with a file of LibreOffice's own or of Excel's in between.
const WAYS: [&str; 3] = ["csv", "ods", "xlsx"];

/// What LibreOffice does to a record's cell in a column where it opens the file as it proposes, from what was there or was
/// typed to what it saves: leading zeros, long numbers, dates. The date was typed into a cell that looked like another.
const DAMAGE: [(usize, &str, &str, &str); 6] = [
    (2, "id", "00042", "42"),
    (2, "mailing_address.postal_code", "02118", "2118"),
    (4, "tax_reference_number", "1E5", "100000"),
    (
        5,
        "tax_reference_number",
        "0012345678901234567",
        "1.23456789012346E+016",
    ),
    (7, "date_of_birth", "1990-04-03", "04/03/1990"),
    (7, "telephone_number", "0049300074321", "49300074321"),
];

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/spreadsheet")
        .join(name)
}

/// The cells that a saved file ought to have: those of before, and what was typed into them.
fn edited() -> (Vec<String>, Vec<Vec<Vec<u8>>>) {
    let (header, before) = cells(&recorded("before.csv"));
    let owned = |record: &csv::ByteRecord| record.iter().map(<[u8]>::to_vec).collect();
    let mut records: Vec<Vec<Vec<u8>>> = before.iter().map(owned).collect();
    for edit in table(&std::fs::read_to_string(recorded("edits.csv")).unwrap()) {
        let row: usize = edit["row"].parse().unwrap();
        let column = header.iter().position(|name| *name == edit["column"]).unwrap();
        records[row - 1][column] = edit["text"].clone().into_bytes();
    }
    (header, records)
}

/// Where a saved file has other cells than were there or were typed.
fn damage(name: &str) -> Vec<(usize, String, String, String)> {
    let (header, expected) = edited();
    let (saved_header, saved) = cells(&recorded(name));
    assert_eq!((&saved_header, saved.len()), (&header, expected.len()), "{name}");
    let mut damage = Vec::new();
    for (number, (expected, saved)) in (1..).zip(expected.iter().zip(&saved)) {
        assert_eq!(expected.len(), saved.len(), "{name}: record {number}");
        for ((column, expected), saved) in header.iter().zip(expected).zip(saved) {
            if expected != saved {
                let text = |cell: &[u8]| std::str::from_utf8(cell).unwrap().to_owned();
                damage.push((number, column.clone(), text(expected), text(saved)));
            }
        }
    }
    damage
}

#[test]
fn a_saved_file_has_the_clerk_s_cells_but_for_what_a_spreadsheet_is_known_to_do() {
    let known =
        DAMAGE.map(|(number, column, before, saved)| (number, column.to_owned(), before.to_owned(), saved.to_owned()));
    for way in WAYS {
        assert_eq!(damage(&format!("edited-{way}.csv")), known, "{way}");
        assert_eq!(damage(&format!("text-{way}.csv")), [], "{way}");
    }
    // What would be carried out as a formula, or lose its plus, did not.
    let (header, saved) = cells(&recorded("edited-csv.csv"));
    let cell = |record: usize, column: &str| &saved[record - 1][header.iter().position(|name| name == column).unwrap()];
    assert_eq!(cell(1, "telephone_number"), b"+44 20 7946 0958");
    assert_eq!(cell(3, "telephone_number"), b"'+49 30 0074321");
    let (_, before) = cells(&recorded("before.csv"));
    let first_name = header.iter().position(|name| name == "first_name").unwrap();
    assert_eq!(&before[3][first_name], b"=1+1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_never_makes_a_customer_of_a_record_that_was_filled_up() {
    let bench = Bench::new();
    for way in WAYS {
        let name = format!("edited-{way}.csv");
        std::fs::copy(recorded(&name), bench.path(&name)).unwrap();
        bench.expect(1, &["validate", &name, "--rejects", "again.csv"]).await;
        let again = std::fs::read(bench.path("again.csv")).unwrap();
        let mut reader = csv::ReaderBuilder::new();
        let rows = reader
            .flexible(true)
            .from_reader(&*again)
            .into_records()
            .map(Result::unwrap);
        let codes: Vec<String> = rows.map(|row| row[row.len() - 2].to_owned()).collect();
        assert_eq!(codes.len(), 5, "{name}: {codes:?}");
        for uneven in [2, 4] {
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

/// A run of which the recorded file has the rejects.
async fn rejected() -> (Bench, Sandbox) {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    bench.write("source.csv", source());
    bench.expect(1, &["run", "source.csv", "--max-rejects", "100%"]).await;
    (bench, sandbox)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_that_was_edited_is_the_one_that_rejects_writes() {
    let (bench, _sandbox) = rejected().await;
    bench.expect(0, &["rejects", "1", "-o", "to-fix.csv"]).await;
    let written = std::fs::read_to_string(bench.path("to-fix.csv")).unwrap();
    assert_eq!(written, std::fs::read_to_string(recorded("before.csv")).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_edited_as_text_corrects_as_it_stands_and_nothing_is_asked() {
    for way in WAYS {
        let (bench, sandbox) = rejected().await;
        std::fs::copy(recorded(&format!("text-{way}.csv")), bench.path("to-fix.csv")).unwrap();
        // One row nobody got to, one is half right, and two have too few cells.
        bench
            .expect(1, &["run", "to-fix.csv", "--corrects", "1", "--max-rejects", "100%"])
            .await;
        let expected = [
            "created",
            "created",
            "created",
            "rejected tax.not_valid",
            "rejected correction.unchanged field.required tax.not_valid",
            "rejected correction.unchanged record.field_count",
            "created",
            "rejected correction.unchanged record.field_count",
        ];
        let ends: Vec<String> = ends(&bench, 2).iter().map(|end| without_notes(end)).collect();
        assert_eq!(ends, expected, "{way}");
        let named = |id: &str| sandbox.customer(id).unwrap()["last_name"].clone();
        assert_eq!(
            [named("C-1"), named("00042"), named("C-3")],
            ["Roe", "Smith-Jones", "Muster"]
        );
        let last = sandbox.customer("C-6").unwrap();
        assert_eq!(
            (&last["last_name"], &last["date_of_birth"]),
            (&"O'Neil".into(), &"1990-04-03".into())
        );
        assert_eq!(
            sandbox.customer("00042").unwrap()["mailing_address"]["postal_code"],
            "02118"
        );
        assert_sound(&bench);
    }
}

/// State and errors of a record, without what is only a note about its text.
fn without_notes(end: &str) -> String {
    let words = end.split(' ').filter(|word| !word.starts_with("text."));
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_edited_as_the_program_proposes_is_asked_about_before_anything_is_sent_and_then_corrects() {
    for way in WAYS {
        let (bench, sandbox) = rejected().await;
        std::fs::copy(recorded(&format!("edited-{way}.csv")), bench.path("to-fix.csv")).unwrap();
        let correct = ["run", "to-fix.csv", "--corrects", "1", "--max-rejects", "100%"];
        let asked = bench.expect(4, &correct).await;
        for column in ["id", "telephone_number"] {
            assert!(
                asked.stderr.contains(&format!("column `{column}`")),
                "{way}: {asked:#?}"
            );
        }
        // What was typed where something was to be corrected is nobody's question.
        for column in ["last_name", "first_name", "date_of_birth"] {
            assert!(
                !asked.stderr.contains(&format!("column `{column}`")),
                "{way}: {asked:#?}"
            );
        }
        assert!(asked.stderr.contains("--accept-other-changes"), "{way}: {asked:#?}");
        assert_eq!(sandbox.customers().len(), 0, "{way}");

        bench
            .expect(1, &[&correct[..], &["--accept-other-changes"]].concat())
            .await;
        let ends = ends(&bench, 2);
        for (record, expected) in [
            (1, "created"),
            // The zeros of its id are lost, so it is somebody else.
            (2, "rejected correction.unknown_record"),
            (3, "created"),
            // 4 March or 3 April: nobody decides that for the clerk.
            (7, "rejected date.format"),
        ] {
            assert!(
                without_notes(&ends[record - 1]).starts_with(expected),
                "{way}: {ends:?}"
            );
        }
        assert_eq!(sandbox.customers().len(), 2, "{way}");
        assert_sound(&bench);
    }
}
