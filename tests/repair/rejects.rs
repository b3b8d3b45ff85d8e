//! A repair file holds the source's records as they were, and what is wrong with them; read again, they are the same.

use csv::{ByteRecord, QuoteStyle, Terminator, WriterBuilder};
use rollcall::sandbox::{FaultPlan, Options};

use crate::bench::{Bench, customers, sandbox, table};
use crate::cells::{bench_that_only_plans, cells, first};

const OWN: [&str; 6] = ["_file", "_record", "_line", "_state", "_codes", "_message"];

/// What cells are made of: everything that a spreadsheet or a CSV writer treats in a way of its own.
const PIECES: [&str; 24] = [
    "=1+1",
    "+4930123456",
    "-1",
    "@SUM(A1)",
    "'",
    "''",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\"",
    "\"\"",
    ",",
    ";",
    "|",
    " ",
    "\u{ff0b}49",
    "\u{ff1d}",
    "\u{ff20}",
    "Ünal",
    "0049",
    "rejected",
    "7",
    "x",
];

/// A cell of up to three pieces.
fn cell(random: &mut fastrand::Rng) -> String {
    (0..random.usize(..4))
        .map(|_| PIECES[random.usize(..PIECES.len())])
        .collect()
}

/// The rejects of a bench whose run sends nothing.
async fn rejects_of(bench: &Bench, source: &str, flags: &[&str]) -> (Vec<String>, Vec<ByteRecord>) {
    let done = bench.run(&["run", source]).await;
    // Where nothing is left to send, there is nothing to stop.
    assert!([Some(1), Some(4)].contains(&done.code), "{done:?}");
    bench
        .expect(0, &[&["rejects", "-o", "to-fix.csv"], flags].concat())
        .await;
    cells(&bench.path("to-fix.csv"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_comes_back_as_the_source_has_it_whatever_is_in_it() {
    let forms: [(u8, bool, &[&str]); 6] = [
        (b',', false, &[]),
        (b';', false, &["--bom", "--crlf"]),
        (b'\t', true, &["--delimiter", ";"]),
        (b',', true, &["--delimiter", "tab", "--crlf"]),
        (b'|', true, &["--bom"]),
        (b';', true, &["--delimiter", "tab", "--bom"]),
    ];
    for (seed, (delimiter, crlf, flags)) in forms.into_iter().enumerate() {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        let mut writer = WriterBuilder::new();
        writer.delimiter(delimiter);
        if crlf {
            writer.terminator(Terminator::CRLF).quote_style(QuoteStyle::Always);
        }
        let mut writer = writer.from_writer(Vec::new());
        let header = ["id", "customer_type", "+phone", "last_name", "'=note", "first_name"];
        writer.write_record(header).unwrap();
        for number in 0..60 {
            let id = format!("C-{number}");
            let [a, b, c, d] = [(); 4].map(|()| cell(&mut random));
            writer.write_record([&id, "NOBODY", &a, &b, &c, &d]).unwrap();
        }
        let bench = bench_that_only_plans();
        bench.write("source.csv", writer.into_inner().unwrap());
        bench.write("rollcall.toml", "[columns]\nignore = [\"+phone\", \"'=note\"]\n");
        let (names, records) = rejects_of(&bench, "source.csv", flags).await;
        let (known, expected) = cells(&bench.path("source.csv"));
        assert_eq!(names, [known, OWN.map(str::to_owned).to_vec()].concat(), "seed {seed}");
        assert_eq!(records.len(), expected.len(), "seed {seed}");
        for (record, expected) in records.iter().zip(&expected) {
            assert_eq!(first(record, record.len() - OWN.len()), *expected, "seed {seed}");
        }
        // Nothing in the file is a formula to a spreadsheet.
        let text = std::fs::read(bench.path("to-fix.csv")).unwrap();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let separator = match flags {
            [_, ";", ..] => b';',
            [_, "tab", ..] => b'\t',
            _ => b',',
        };
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(separator);
        for record in reader.from_reader(text).into_records().map(Result::unwrap) {
            assert!(
                !record
                    .iter()
                    .any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff0b}']))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_customers_come_back_and_each_exception_is_there_once() {
    let bench = bench_that_only_plans();
    let file = customers(400, 61, 20.0);
    bench.write("customers.csv", &file.csv);
    let (_, records) = rejects_of(&bench, "customers.csv", &[]).await;
    let (header, source) = cells(&bench.path("customers.csv"));
    let truth = source.iter().zip(&file.truth);
    let expected: Vec<_> = truth
        .filter(|(_, truth)| ["rejected", "conflict"].contains(&truth.as_str()))
        .collect();
    assert!(expected.len() > 40, "{}", expected.len());
    assert_eq!(records.len(), expected.len());
    for (record, (source, truth)) in records.iter().zip(expected) {
        assert_eq!(first(record, source.len()), *source);
        let own: Vec<_> = record.iter().skip(header.len()).collect();
        assert_eq!((own[0], own[3]), (&b"customers.csv"[..], truth.as_bytes()));
        assert!(!own[4].is_empty() && !own[5].is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn validate_writes_the_same_records_with_the_same_words() {
    let bench = bench_that_only_plans();
    bench.write("customers.csv", customers(300, 62, 20.0).csv);
    rejects_of(&bench, "customers.csv", &["--state", "rejected"]).await;
    bench
        .expect(1, &["validate", "customers.csv", "--rejects", "checked.csv"])
        .await;
    let read = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
    let rejected = |record: &std::collections::BTreeMap<String, String>| record["_state"] == "rejected";
    let checked: Vec<_> = table(&read("checked.csv")).into_iter().filter(rejected).collect();
    assert!(!checked.is_empty());
    assert_eq!(table(&read("to-fix.csv")), checked);
}

/// Records whose fields cannot be trusted: too few, too many, a quote that is never closed.
const UNEVEN: &str = "id,customer_type,first_name,last_name,email_address\n\
    C-1,INDIVIDUAL,Ada,Beispiel\n\
    C-2,INDIVIDUAL,Ada,Beispiel,ada@example.org,more\n\
    C-3,INDIVIDUAL,\"Ada,Beispiel,ada@example.org\n\
    C-4,INDIVIDUAL,Ada,,ada@example.org\n";

#[tokio::test(flavor = "multi_thread")]
async fn records_without_the_header_s_width_are_rejected_again_also_once_a_spreadsheet_filled_them_up() {
    let bench = bench_that_only_plans();
    bench.write("source.csv", UNEVEN);
    let (header, records) = rejects_of(&bench, "source.csv", &[]).await;
    let widths: Vec<usize> = records.iter().map(ByteRecord::len).collect();
    assert_eq!((header.len(), widths), (11, vec![10, 12, 7, 11]));
    assert_eq!(&records[2][0], b"C-3,INDIVIDUAL,\"Ada,Beispiel,ada@example.org");
    // A spreadsheet writes every row as wide as the widest.
    let (mut writer, text) = (
        csv::Writer::from_writer(Vec::new()),
        std::fs::read(bench.path("to-fix.csv")).unwrap(),
    );
    let mut reader = csv::ReaderBuilder::new();
    for record in reader
        .has_headers(false)
        .flexible(true)
        .from_reader(&*text)
        .into_byte_records()
    {
        let mut record = record.unwrap();
        while record.len() < 12 {
            record.push_field(b"");
        }
        writer.write_byte_record(&record).unwrap();
    }
    bench.write("saved.csv", writer.into_inner().unwrap());
    assert_eq!(cells(&bench.path("saved.csv")), (header, records));
    bench
        .expect(1, &["validate", "saved.csv", "--rejects", "again.csv"])
        .await;
    let codes = |name: &str| -> Vec<Vec<u8>> {
        let from_end = |record: &ByteRecord| record.get(record.len() - 2).unwrap().to_vec();
        cells(&bench.path(name)).1.iter().map(from_end).collect()
    };
    let again = codes("again.csv");
    assert_eq!(again[..2], codes("to-fix.csv")[..2]);
    assert_eq!(
        (&*again[0], &*again[2], &*again[3]),
        (
            &b"record.field_count"[..],
            &b"record.field_count"[..],
            &b"field.required"[..]
        )
    );
    // What was said before is replaced, and stands there once.
    assert_eq!(cells(&bench.path("again.csv")).0.len(), 11);
}

/// The rows of a file with its columns in another order, and every empty cell filled in.
fn repaired(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let rows = reader
        .has_headers(false)
        .from_reader(bytes)
        .into_records()
        .map(Result::unwrap);
    rows.map(|row| {
        let cells = [4, 3, 2, 1, 0, 10, 9, 8, 7, 6, 5].map(|column| row[column].to_owned());
        cells
            .map(|cell| if cell.is_empty() { "Roe".to_owned() } else { cell })
            .to_vec()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repaired_file_is_read_whatever_a_spreadsheet_made_of_its_form_and_the_configuration_says_of_exports() {
    let bench = bench_that_only_plans();
    let settings = "[input]\ndelimiter = \"|\"\nencoding = \"windows-1252\"\n\
                    trailer = { starts-with = \"TRL\", count-field = 2 }\n";
    bench.write("rollcall.toml", settings);
    let source = "id|customer_type|first_name|last_name|telephone_number\n\
                  C-1|INDIVIDUAL|Zo\u{eb}||+4930123456\nTRL|1\n";
    let source: Vec<u8> = source
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap())
        .collect();
    bench.write("export.csv", source);
    let (_, records) = rejects_of(&bench, "export.csv", &[]).await;
    assert_eq!(&records[0][2], "Zoë".as_bytes());
    let rows = repaired(&std::fs::read(bench.path("to-fix.csv")).unwrap());
    let saved = |delimiter: u8, style: QuoteStyle| {
        let mut writer = WriterBuilder::new()
            .delimiter(delimiter)
            .quote_style(style)
            .from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    };
    let utf_16 = |text: &str| -> Vec<u8> {
        "\u{feff}"
            .chars()
            .chain(text.chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let one_byte = |text: &str| -> Vec<u8> {
        text.chars()
            .map(|letter| u8::try_from(u32::from(letter)).unwrap())
            .collect()
    };
    let comma = saved(b',', QuoteStyle::Necessary);
    let mut payloads = Vec::new();
    for bytes in [
        comma.clone().into_bytes(),
        format!("\u{feff}{}", saved(b';', QuoteStyle::Always)).into_bytes(),
        saved(b'\t', QuoteStyle::Always).into_bytes(),
        saved(b'|', QuoteStyle::Necessary).into_bytes(),
        format!("sep=;\n{}", saved(b';', QuoteStyle::Necessary)).into_bytes(),
        utf_16(&saved(b'\t', QuoteStyle::Necessary)),
        one_byte(&saved(b';', QuoteStyle::Necessary)),
    ] {
        bench.write("saved.csv", bytes);
        bench
            .expect(0, &["validate", "saved.csv", "--accepted", "payloads"])
            .await;
        payloads.push(std::fs::read_to_string(bench.path("payloads")).unwrap());
    }
    assert!(
        payloads[0].contains("+4930123456") && payloads[0].contains("Zoë"),
        "{}",
        payloads[0]
    );
    assert!(payloads.iter().all(|payload| *payload == payloads[0]), "{payloads:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_run_cleared_is_left_out_unless_it_is_asked_for() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let header = "id,customer_type,first_name,last_name\n";
    bench.write(
        "first.csv",
        format!("{header}C-1,INDIVIDUAL,Ada,\nC-2,INDIVIDUAL,Grace,\n"),
    );
    bench.write("later.csv", format!("{header}C-1,INDIVIDUAL,Ada,Beispiel\n"));
    bench.expect(1, &["run", "first.csv"]).await;
    bench.expect(0, &["run", "later.csv"]).await;
    let done = bench
        .expect(0, &["rejects", "1", "-o", "open.csv", "--format", "json"])
        .await;
    let said: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (&said["written"]["rejected"], &said["cleared"]["rejected"]),
        (&1.into(), &1.into())
    );
    assert_eq!(said["next"][0], "rollcall run open.csv --corrects 1");
    let ids = |name: &str| -> Vec<Vec<u8>> {
        cells(&bench.path(name))
            .1
            .iter()
            .map(|record| record[0].to_vec())
            .collect()
    };
    assert_eq!(ids("open.csv"), [b"C-2"]);
    bench.expect(0, &["rejects", "1", "-o", "all.csv", "--all"]).await;
    assert_eq!(ids("all.csv"), [b"C-1", b"C-2"]);
    // Of the later run there is nothing to write, and no file is left.
    let done = bench.expect(0, &["rejects", "2", "-o", "none.csv"]).await;
    assert!(done.stdout.starts_with("nothing to write"), "{done:?}");
    assert!(!bench.path("none.csv").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_says_what_the_api_said_and_no_value_of_the_row() {
    let refusing = "[[fault]]\nfault = \"answer\"\nstatus = 422\non = \"create\"\nbody = \"echo\"\nsave = false\n";
    let plan = FaultPlan::from_toml(refusing).unwrap();
    let sandbox = sandbox(Options {
        plan,
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_SEND_CANARY", "0");
    bench.set("ROLLCALL_SEND_MAX_FAILURES", "100%");
    bench.write("rollcall.toml", "[columns]\n\"Nachname\" = \"last_name\"\n");
    bench.write(
        "c.csv",
        "id,customer_type,first_name,Nachname\nC-1,INDIVIDUAL,Ada,Beispiel\n",
    );
    bench.expect(1, &["run", "c.csv"]).await;
    bench.expect(0, &["rejects", "-o", "to-fix.csv"]).await;
    let rows = table(&std::fs::read_to_string(bench.path("to-fix.csv")).unwrap());
    let (codes, message) = (&rows[0]["_codes"], &rows[0]["_message"]);
    assert_eq!((codes.as_str(), rows[0]["_state"].as_str()), ("api.refused", "refused"));
    assert!(message.contains("; the API said: "), "{message}");
    assert!(message.ends_with(": correct what it names"), "{message}");
    assert!(!message.contains("Beispiel"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_overwritten_and_a_source_must_be_what_it_was() {
    let bench = bench_that_only_plans();
    bench.write("source.csv", UNEVEN);
    rejects_of(&bench, "source.csv", &[]).await;
    let before = std::fs::read(bench.path("to-fix.csv")).unwrap();
    for taken in ["to-fix.csv", "source.csv", ".rollcall/ledger.db"] {
        let done = bench.expect(2, &["rejects", "-o", taken]).await;
        assert!(done.stderr.contains("hint: "), "{done:?}");
    }
    assert_eq!(std::fs::read(bench.path("to-fix.csv")).unwrap(), before);
    bench.expect(2, &["rejects", "7", "-o", "x.csv"]).await;
    bench.write("moved.csv", UNEVEN);
    bench.write("source.csv", UNEVEN.replace("C-4", "C-5"));
    let done = bench.expect(3, &["rejects", "-o", "x.csv"]).await;
    assert!(
        done.stderr.contains("does not have the content that run 1 read"),
        "{done:?}"
    );
    assert!(!bench.path("x.csv").exists());
    bench
        .expect(0, &["rejects", "-o", "x.csv", "--source", "moved.csv"])
        .await;
    assert_eq!(std::fs::read(bench.path("x.csv")).unwrap(), before);
}
