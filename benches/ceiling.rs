//! The least code that reads a file of customers, normalizes what has a normal form, writes each row as JSON and hashes
//! it, with the libraries and the number of threads that `rollcall validate` has.
//!
//! It finds nothing, knows no position, keeps no order, compares no rows and reports nothing: what `validate` does beside
//! this is what `validate` adds. `scripts/compare` divides the one by the other.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::wildcard_enum_match_arm,
    reason = "a program for measuring, which ends where it fails"
)]

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use csv::{ByteRecord, ReaderBuilder};
use email_address::{EmailAddress, Options};
use jiff::civil::Date;
use rlibphonenumber::{PhoneNumberFormat, PhoneNumberUtil, Region};
use rollcall::model::field::FieldId;
use rollcall::model::kind::Kind;
use sha1::{Digest, Sha1};

/// Records that go to a worker at a time.
const BATCH: usize = 512;

/// Columns in one of which the region of a telephone number stands.
const COUNTRIES: [&str; 2] = ["mailing_address.country_code", "registered_address.country_code"];

/// A column that feeds a field.
struct Column {
    at: usize,
    path: &'static str,
    kind: Kind,
}

/// What a worker has for itself.
struct Worker {
    columns: Arc<Vec<Column>>,
    words: Arc<HashSet<&'static str>>,
    countries: [Option<usize>; 2],
    phones: PhoneNumberUtil,
    value: String,
    json: Vec<u8>,
}

impl Worker {
    /// Appends the normal form of a cell to `self.value`.
    fn normalize(&mut self, kind: Kind, cell: &str, region: Option<Region>) {
        match kind {
            Kind::Phone => match self.phones.parse(cell, region) {
                Ok(number) if self.phones.is_valid_number(&number) => {
                    self.value
                        .push_str(&self.phones.format(&number, PhoneNumberFormat::E164));
                }
                _ => self.value.push_str(cell),
            },
            Kind::Date | Kind::BirthDate => match cell.parse::<Date>() {
                Ok(date) => self.value.push_str(&date.to_string()),
                Err(_) => self.value.push_str(cell),
            },
            Kind::Email => {
                let is_valid = EmailAddress::parse_with_options(cell, Options::default().with_required_tld()).is_ok();
                self.value.push_str(if is_valid { cell } else { "" });
            }
            Kind::Country => {
                let code = cell.to_ascii_uppercase();
                let is_known = Region::from_code(&code).is_ok();
                self.value.push_str(if is_known { &code } else { cell });
            }
            Kind::Choice(_) | Kind::ChoiceList(_) => {
                let word = cell.to_ascii_uppercase();
                self.value.push_str(self.words.get(&*word).copied().unwrap_or(cell));
            }
            _ => self.value.push_str(cell),
        }
    }

    /// The hash of a row's JSON.
    fn row(&mut self, record: &ByteRecord) -> u64 {
        let cells = self.countries.iter().flatten().filter_map(|at| record.get(*at));
        let mut codes = cells.filter_map(|cell| std::str::from_utf8(cell).ok());
        let region = codes.find_map(|code| Region::from_code(code).ok());
        self.json.clear();
        self.json.push(b'{');
        let columns = Arc::clone(&self.columns);
        for column in columns.iter() {
            let cell = record.get(column.at).and_then(|cell| std::str::from_utf8(cell).ok());
            let Some(cell) = cell.map(str::trim).filter(|cell| !cell.is_empty()) else {
                continue;
            };
            self.value.clear();
            self.normalize(column.kind, cell, region);
            if self.json.len() > 1 {
                self.json.push(b',');
            }
            serde_json::to_writer(&mut self.json, column.path).unwrap();
            self.json.push(b':');
            serde_json::to_writer(&mut self.json, &self.value).unwrap();
        }
        self.json.push(b'}');
        let digest = Sha1::new()
            .chain_update(b"namespace")
            .chain_update(&self.json)
            .finalize();
        digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (file, workers) = (arguments.next().unwrap(), arguments.next().unwrap());
    let workers: usize = workers.parse().unwrap();
    let begun = Instant::now();
    let mut reader = ReaderBuilder::new().buffer_capacity(1 << 18).from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |path: &str| header.iter().position(|name| name == path);
    let columns = FieldId::all().map(FieldId::field).filter_map(|field| {
        let (path, kind) = (field.path, field.kind);
        Some(Column {
            at: at(path)?,
            path,
            kind,
        })
    });
    let columns: Arc<Vec<Column>> = Arc::new(columns.collect());
    let words = columns.iter().flat_map(|column| column.kind.choices().iter().copied());
    let words: Arc<HashSet<&'static str>> = Arc::new(words.collect());

    let (give_back, recycled) = mpsc::channel::<Vec<ByteRecord>>();
    for _ in 0..workers * 2 + 2 {
        give_back.send(vec![ByteRecord::new(); BATCH]).unwrap();
    }
    let (batches, to_do) = mpsc::channel::<(Vec<ByteRecord>, usize)>();
    let to_do = Mutex::new(to_do);
    let (rows, sum) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let mut worker = Worker {
                columns: Arc::clone(&columns),
                words: Arc::clone(&words),
                countries: COUNTRIES.map(at),
                phones: PhoneNumberUtil::new().unwrap(),
                value: String::new(),
                json: Vec::new(),
            };
            let (give_back, to_do, rows, sum) = (give_back.clone(), &to_do, &rows, &sum);
            scope.spawn(move || {
                loop {
                    let next = to_do.lock().unwrap().recv();
                    let Ok((batch, len)) = next else { break };
                    let done = batch.iter().take(len).map(|record| worker.row(record));
                    sum.fetch_add(done.fold(0, u64::wrapping_add), Ordering::Relaxed);
                    rows.fetch_add(len as u64, Ordering::Relaxed);
                    drop(give_back.send(batch));
                }
            });
        }
        // Only the workers give back from here on: if they fail, there is an end.
        drop(give_back);
        while let Ok(mut batch) = recycled.recv() {
            let mut len = 0;
            while len < BATCH && reader.read_byte_record(&mut batch[len]).unwrap() {
                len += 1;
            }
            if len == 0 {
                break;
            }
            batches.send((batch, len)).unwrap();
        }
        drop(batches);
    });
    let (rows, seconds) = (rows.into_inner(), begun.elapsed().as_secs_f64());
    let per_second = rows as f64 / seconds;
    println!(
        "{rows} rows in {seconds:.3} s: {per_second:.0} rows/s, sum {:016x}",
        sum.into_inner()
    );
}
