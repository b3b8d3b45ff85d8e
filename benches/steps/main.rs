//! What each step of a row costs by itself: `cargo bench`. `cargo test` runs each once, so that none can rot.
//!
//! The figures are those of one machine at one time: compare them with each other in one run. How the whole program stands
//! beside others is for `scripts/compare`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for measuring, which ends where it fails"
)]

mod book;
#[allow(dead_code, reason = "the generator serves tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;
mod wire;

use std::io::Cursor;

use csv::{ByteRecord, ReaderBuilder};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use rollcall::config::settings::Settings;
use rollcall::config::{Layers, Origin, resolve};
use rollcall::model::chunk::Chunk;
use rollcall::model::ids::IdempotencyId;
use rollcall::model::mapping::Mapping;
use rollcall::model::operation::CREATE_CUSTOMER;
use rollcall::model::position::Position;
use rollcall::model::row::{Checked, Payloads};
use rollcall::normalize::Normalizer;
use rollcall::read::{Records, map};
use uuid::Uuid;

use generator::{Kinds, Plan, write};

/// Rows of a text that is read or checked.
const ROWS: u64 = 2_000;

fn main() {
    divan::main();
}

/// Settings without a file, for the sandbox's namespace.
fn settings() -> Settings {
    let mut layers = Layers::load(None, std::iter::empty()).unwrap();
    let values = [
        ("api.base-url", "http://127.0.0.1:9/api"),
        ("api.token-url", "http://127.0.0.1:9/token"),
        ("api.client-id", "bench"),
        ("api.client-secret", "bench"),
        ("api.namespace", "5a17db0c-0000-5000-8000-73616e64626f"),
    ];
    for (key, value) in values {
        layers.set(key, value, Origin::Sandbox);
    }
    resolve(&layers).unwrap()
}

/// Fictitious customers, a twentieth of them with a defect.
fn customers() -> Vec<u8> {
    let plan = Plan {
        rows: ROWS,
        seed: 1,
        defects_percent: 5.0,
        kinds: Kinds::Mixed,
    };
    let mut csv = Vec::new();
    write(&plan, &mut csv, None).unwrap();
    csv
}

fn records(csv: Vec<u8>) -> Records {
    Records::from_bytes("bench.csv", Box::new(Cursor::new(csv)), &settings().input).unwrap()
}

/// The parser alone, into one record that is used again.
#[divan::bench]
fn read_csv_crate_alone(bencher: Bencher<'_, '_>) {
    let csv = customers();
    let counters = (BytesCount::of_slice(&csv), ItemsCount::new(ROWS));
    bencher.counter(counters.0).counter(counters.1).bench(|| {
        let mut reader = ReaderBuilder::new().has_headers(false).from_reader(&*csv);
        let (mut record, mut fields) = (ByteRecord::new(), 0);
        while reader.read_byte_record(&mut record).unwrap() {
            fields += record.len();
        }
        fields
    });
}

/// The reader: decoding, dialect, parser, limits, positions, quotes, what is no record.
#[divan::bench]
fn read_records(bencher: Bencher<'_, '_>) {
    let csv = customers();
    let counters = (BytesCount::of_slice(&csv), ItemsCount::new(ROWS));
    let inputs = bencher.counter(counters.0).counter(counters.1);
    inputs
        .with_inputs(|| (records(csv.clone()), Chunk::new(512)))
        .bench_values(|(mut records, mut chunk)| {
            let mut read = 0;
            while records.fill(&mut chunk).unwrap() {
                read += chunk.len();
            }
            read
        });
}

/// Records that were read, with what it takes to check them.
fn to_check(csv: Vec<u8>) -> (Normalizer, Mapping, Vec<ByteRecord>) {
    let settings = settings();
    let mut records = records(csv);
    let mapping = map("bench.csv", records.header(), &settings.columns).unwrap();
    let (mut chunk, mut kept) = (Chunk::new(512), Vec::new());
    loop {
        let more = records.fill(&mut chunk).unwrap();
        kept.extend(chunk.iter().map(|(_, record)| record.clone()));
        if !more {
            break;
        }
    }
    let normalizer = Normalizer::new(&settings, "2026-11-23".parse().unwrap()).unwrap();
    (normalizer, mapping, kept)
}

fn check_all(normalizer: &Normalizer, mapping: &Mapping, records: &[ByteRecord]) -> usize {
    let checked = records
        .iter()
        .map(|record| normalizer.check(mapping, Position::default(), record, Payloads::Kept));
    checked.filter(|checked| matches!(checked, Checked::Row(_))).count()
}

/// A whole row: cleaned, normalized, written as JSON, with its id.
#[divan::bench]
fn check_rows(bencher: Bencher<'_, '_>) {
    let (normalizer, mapping, records) = to_check(customers());
    check_all(&normalizer, &mapping, &records);
    let items = bencher.counter(ItemsCount::new(records.len()));
    items.bench_local(|| check_all(&normalizer, &mapping, &records));
}

/// A row with one field beside the identifier and the type: field, value, and the country of the address, if any. The first
/// has no other field.
const KINDS: [(&str, &str, &str); 14] = [
    ("nothing", "", ""),
    ("first_name", "Alexandra", ""),
    ("first_name", "민준", ""),
    ("employer_name", "Königliche Brauerei", ""),
    ("email_address", "alexandra@example.org", ""),
    ("telephone_number", "+442079460958", "GB"),
    ("telephone_number", "020 7946 0958", "GB"),
    ("telephone_number", "2079460958", "GB"),
    ("nationality", "PT", ""),
    ("nationality", "Korea, Republic of", ""),
    ("date_of_birth", "1986-02-03", ""),
    ("employment_status", "Self-Employed", ""),
    ("mailing_address.postal_code", "SW1A 2AA", "GB"),
    ("tax_reference_number", "QQ123456C", "GB"),
];

#[divan::bench(args = 0..KINDS.len())]
fn check_one_field(bencher: Bencher<'_, '_>, index: usize) {
    let (field, value, country) = KINDS[index];
    let mut csv = String::from("id,customer_type");
    let mut row = String::from("A-1,INDIVIDUAL");
    let others = [("mailing_address.country_code", country), (field, value)];
    for (name, value) in others.iter().filter(|(_, value)| !value.is_empty()) {
        csv.push_str(&format!(",{name}"));
        row.push_str(&format!(",\"{value}\""));
    }
    for name in ["first_name", "last_name"].iter().filter(|name| **name != field) {
        csv.push_str(&format!(",{name}"));
        row.push_str(",Ada");
    }
    let (normalizer, mapping, records) = to_check(format!("{csv}\n{row}\n").into_bytes());
    check_all(&normalizer, &mapping, &records);
    bencher.bench_local(|| check_all(&normalizer, &mapping, black_box(&records)));
}

/// The id of a payload that is there.
#[divan::bench]
fn derive_id(bencher: Bencher<'_, '_>) {
    let payload = vec![b'x'; 600];
    bencher.bench(|| IdempotencyId::derive(Uuid::nil(), &CREATE_CUSTOMER, black_box(&payload)));
}

/// The first pass's part of the ledger: a commit of a thousand rows, on disk.
#[divan::bench(sample_count = 20)]
fn ledger_plan(bencher: Bencher<'_, '_>) {
    let mut book = book::Book::new();
    bencher.counter(ItemsCount::new(book::ROWS)).bench_local(|| book.plan());
}

/// The second pass's: a thousand rows claimed and their outcomes written, on disk.
#[divan::bench(sample_count = 20)]
fn ledger_outcomes(bencher: Bencher<'_, '_>) {
    let mut book = book::Book::new();
    let inputs = bencher.counter(ItemsCount::new(book::ROWS));
    inputs.bench_local(|| {
        let rows = book.plan();
        book.send(rows);
    });
}

/// A thousand rows through the sender, 32 at a time, over a wire that answers at once: gate, permit, token, turn, answer.
#[divan::bench(args = [0, 1_000_000], sample_count = 20)]
fn send_over_nothing(bencher: Bencher<'_, '_>, rate_per_second: u32) {
    let wired = wire::Wired::new(settings(), rate_per_second);
    bencher
        .counter(ItemsCount::new(wire::ROWS))
        .bench_local(|| wired.send());
}
