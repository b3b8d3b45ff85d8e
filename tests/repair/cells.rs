//! What the tests of repairs share: the bench of the tests of runs, and files by their cells.

use std::path::Path;

use csv::ByteRecord;
use rollcall::config::settings::InputSettings;
use rollcall::model::chunk::Chunk;
use rollcall::read::{Records, Source};

use crate::bench::Bench;

/// The limits of a reading, and nothing declared.
fn undeclared() -> InputSettings {
    InputSettings {
        delimiter: None,
        encoding: None,
        default_region: None,
        date_formats: Vec::new(),
        null_words: Vec::new(),
        max_record_bytes: 1 << 20,
        max_field_bytes: 1 << 16,
        max_columns: 512,
        max_unpacked_bytes: 1 << 30,
        max_unpack_ratio: 100,
        trailer: None,
        max_rejects: None,
        workers: 1,
    }
}

/// A file's header and records, as the program reads them.
pub(crate) fn cells(path: &Path) -> (Vec<String>, Vec<ByteRecord>) {
    let source = Source::from_argument(path, path.parent().unwrap()).unwrap();
    let mut records = Records::open(&source, &undeclared()).unwrap();
    let (mut chunk, mut found) = (Chunk::new(64), Vec::new());
    let mut more = true;
    while more {
        more = records.fill(&mut chunk).unwrap();
        found.extend(chunk.iter().map(|(_, record)| record.clone()));
    }
    (records.header().to_vec(), found)
}

/// The first cells of a record.
pub(crate) fn first(record: &ByteRecord, count: usize) -> ByteRecord {
    record.iter().take(count).collect()
}

/// A bench without an API, whose runs stop at the brake once everything is checked.
pub(crate) fn bench_that_only_plans() -> Bench {
    let mut bench = Bench::new();
    bench.turn_to("http://127.0.0.1:9", "http://127.0.0.1:9/token");
    bench.set("ROLLCALL_INPUT_MAX_REJECTS", "0");
    bench
}
