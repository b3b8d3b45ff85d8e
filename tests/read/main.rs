//! Reading as a whole: records and places equal those of a plain `csv::Reader` over the whole text, however the text
//! arrives and however large the chunks are, and every line of the file is accounted for. What bad quotes do is in
//! `quotes`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod quotes;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ByteRecord;
use proptest::prelude::*;

use rollcall::config::settings::InputSettings;
use rollcall::model::chunk::{Broken, Chunk};
use rollcall::model::position::Position;
use rollcall::read::{Dialect, Oddities, ReadError, Records, Tally};

fn settings(delimiter: Option<u8>) -> InputSettings {
    InputSettings {
        delimiter,
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

/// A reader that gives a few bytes at a time, each read as many as the next number of a cycle says.
struct Drip {
    text: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
    reads: usize,
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.reads % self.sizes.len()];
        self.reads += 1;
        let count = size.min(buffer.len()).min(self.text.len() - self.at);
        buffer[..count].copy_from_slice(&self.text[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// A record with its place and what is wrong with its quotes.
type Found = (Position, Vec<Vec<u8>>, Option<Broken>);

/// UTF-8's byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a source gives from beginning to end: the header and every record.
type Whole = (Vec<String>, Vec<Found>, Tally);

fn fields(record: &ByteRecord) -> Vec<Vec<u8>> {
    record.iter().map(<[u8]>::to_vec).collect()
}

fn drain(mut records: Records, capacity: usize) -> Result<Whole, ReadError> {
    let mut chunk = Chunk::new(capacity);
    let mut all = Vec::new();
    loop {
        let more = records.fill(&mut chunk)?;
        assert!(!more || !chunk.is_empty(), "an empty chunk, and more to come");
        let found = |(position, record)| (position, fields(record), chunk.broken(position));
        all.extend(chunk.iter().map(found));
        if !more {
            // Oddities have a test of their own.
            let oddities = Oddities::default();
            let tally = Tally {
                oddities,
                bytes_again: 0,
                ..records.tally()
            };
            return Ok((records.header().to_vec(), all, tally));
        }
    }
}

/// Line ends in a text, as a person counts them.
fn line_ends(text: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    text.chars()
        .filter(|character| matches!(character, '\r' | '\n'))
        .count() as u64
}

fn plain_reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text)
}

/// The first byte of the record that was read last.
fn start_of(record: &ByteRecord, text: &[u8]) -> usize {
    let mut start = usize::try_from(record.position().unwrap().byte()).unwrap();
    while matches!(text[start], b'\r' | b'\n') {
        start += 1;
    }
    start
}

/// A text without the byte order marks before its records, and where they stood in what is left: the first that a plain
/// reader takes for the beginning of a record is taken away, again and again from the beginning.
fn without_marks(text: &[u8], delimiter: u8) -> (Vec<u8>, Vec<usize>) {
    let (mut text, mut places) = (text.to_vec(), Vec::new());
    'again: loop {
        let mut record = ByteRecord::new();
        let mut reader = plain_reader(&text, delimiter);
        while reader.read_byte_record(&mut record).unwrap() {
            let start = start_of(&record, &text);
            if text[start..].starts_with(MARK) {
                text.drain(start..start + MARK.len());
                places.push(start);
                continue 'again;
            }
        }
        return (text, places);
    }
}

/// The same from the `csv` crate over the whole text at once. The places it gives are corrected by looking at the text
/// from its beginning each time. `None` if there is no header.
fn reference(marked: &[u8], delimiter: u8) -> Option<Whole> {
    let (text, marks) = without_marks(marked, delimiter);
    let text = text.as_slice();
    // A last line of nothing but marks is a blank one.
    let marks_end = marked.ends_with(MARK) && (text.is_empty() || text.ends_with(b"\n") || text.ends_with(b"\r"));
    // Where a place of what is left is in the text, and the text up to there.
    let place = |at: usize| at + marks.iter().filter(|mark| **mark <= at).count() * MARK.len();
    let until = |at: usize| line_ends(&marked[..place(at)]);
    let mut reader = plain_reader(text, delimiter);
    let mut header: Option<Vec<Vec<u8>>> = None;
    let mut all = Vec::new();
    let mut tally = Tally::default();
    let mut record = ByteRecord::new();
    let open = !text.ends_with(b"\n") && !text.ends_with(b"\r");
    let mut end = 0;
    while reader.read_byte_record(&mut record).unwrap() {
        let start = start_of(&record, text);
        tally.blank_lines += until(start) - until(end);
        end = usize::try_from(reader.position().byte()).unwrap();
        let lines = line_ends(&marked[place(start)..place(end)]) + u64::from(open && end == text.len());
        let found = fields(&record);
        if found
            .iter()
            .all(|field| String::from_utf8_lossy(field).trim().is_empty())
        {
            tally.separator_lines += lines;
        } else if header.is_none() {
            tally.first_header_lines = lines;
            header = Some(found);
        } else if header.as_ref() == Some(&found) {
            tally.header_lines += lines;
        } else {
            tally.records += 1;
            tally.record_lines += lines;
            let position = Position {
                record: tally.records,
                line: until(start) + 1,
                byte: place(start) as u64,
            };
            all.push((position, found, None));
        }
    }
    tally.blank_lines += line_ends(marked) - until(end) + u64::from(marks_end);
    tally.lines = line_ends(marked) + u64::from(open || marks_end);
    tally.bytes = marked.len() as u64;
    let names = header?.into_iter().map(|name| String::from_utf8(name).unwrap());
    Some((names.collect(), all, tally))
}

/// Holds what was found equal to what is expected. Where a bad quote was found, the `csv` crate is no reference; what
/// must hold then too is in [`quotes::check_places`].
fn check_same(found: &Result<Whole, ReadError>, text: &[u8], expected: Option<&Whole>, may_have_bad_quotes: bool) {
    match (found, expected) {
        (Err(ReadError::QuoteOpen { .. } | ReadError::QuoteStray { .. }), _) => assert!(may_have_bad_quotes),
        (Err(error), Some(_)) => panic!("{error}"),
        (found, None) => assert!(matches!(found, Err(ReadError::NoHeader { .. }))),
        (Ok(found), Some(expected)) => {
            quotes::check_places(found, text);
            if found.1.iter().any(|(.., broken)| broken.is_some()) {
                assert!(may_have_bad_quotes);
            } else {
                assert_eq!(found, expected);
            }
        }
    }
}

/// Texts made of what matters to a parser, in any order, so that most of them are wrong in some way.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        3 => Just("\n"),
        2 => Just("\r\n"),
        2 => Just("\r"),
        4 => Just(","),
        1 => Just(";"),
        3 => Just("\""),
        1 => Just("\"\""),
        1 => Just(" "),
        3 => Just("a"),
        1 => Just("1.5"),
        1 => Just("ü"),
        1 => Just("佐藤"),
        1 => Just("\u{feff}"),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat().into_bytes())
}

/// Texts that a program wrote: records of quoted and plain fields, one kind of line end after the other, blank lines.
fn sound_text() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        Just("x"),
        Just(""),
        Just("\"\""),
        Just("\"a,b\""),
        Just("\"two\r\nlines\""),
        Just("\"old\rmac\"\"s\n\n\""),
        Just("\"say \"\"ü\"\"\""),
    ];
    let end =
        prop_oneof![4 => Just("\n"), 4 => Just("\r\n"), 2 => Just("\r"), 1 => Just("\n\n"), 1 => Just("\r\n\r\r\n")];
    let record = (prop::collection::vec(field, 1..6), end).prop_map(|(fields, end)| fields.join(",") + end);
    prop::collection::vec(record, 0..30).prop_map(|records| records.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_and_places_equal_a_plain_reader_however_the_text_arrives(
        (text, sound) in prop_oneof![any_text().prop_map(|text| (text, false)), sound_text().prop_map(|text| (text, true))],
        capacity in 1..9_usize,
        sizes in prop::collection::vec(1..9_usize, 1..5),
        semicolon in any::<bool>(),
    ) {
        // A mark at the very beginning is the decoder's to remove, and no text of a parser's begins with one.
        let text = String::from_utf8(text).unwrap().trim_start_matches('\u{feff}').to_owned().into_bytes();
        let delimiter = if semicolon { b';' } else { b',' };
        // Quotes that are sound with commas between fields are not with semicolons.
        let may_be_bad = !(sound && delimiter == b',') && text.contains(&b'"');
        let expected = reference(&text, delimiter);
        let input = settings(Some(delimiter));
        let dialect = Dialect::of(&text, Some(delimiter)).unwrap();
        let drip = |text: &[u8]| Box::new(Drip { text: text.to_vec(), at: 0, sizes: sizes.clone(), reads: 0 });
        let parsed = Records::from_text("a.csv", drip(&text), dialect, &input);
        let parsed = parsed.and_then(|records| drain(records, capacity));
        check_same(&parsed, &text, expected.as_ref(), may_be_bad);
        let whole = Records::from_text("a.csv", Box::new(io::Cursor::new(text.clone())), dialect, &input);
        let whole = whole.and_then(|records| drain(records, 100));
        prop_assert_eq!(parsed.map_err(|error| error.to_string()), whole.map_err(|error| error.to_string()));
        let marked = [b"\xef\xbb\xbf", text.as_slice()].concat();
        let decoded = Records::from_bytes("a.csv", drip(&marked), &input);
        check_same(&decoded.and_then(|records| drain(records, capacity)), &text, expected.as_ref(), may_be_bad);
    }
}

#[test]
fn lines_of_marks_alone_are_blank_to_the_end() {
    let text = b"id,n\n1,a\n\xef\xbb\xbf\n\xef\xbb\xbf";
    for size in 1..text.len() {
        let (text, sizes) = (text.to_vec(), vec![size]);
        let drip = Drip {
            text: text.clone(),
            at: 0,
            sizes,
            reads: 0,
        };
        let dialect = Dialect::of(&text, None).unwrap();
        let records = Records::from_text("a.csv", Box::new(drip), dialect, &settings(None)).unwrap();
        let whole = drain(records, 1).unwrap();
        assert_eq!((whole.2.blank_lines, whole.2.lines), (2, 4), "{size}");
    }
}

#[test]
fn what_stands_behind_a_mark_is_read_wherever_the_text_is_cut() {
    let text = b"id,n\n\n\n\xef\xbb\xbf1,a\n\xef\xbb\xbf\n\n\xef\xbb\xbf\"2\",b\r\n3,c\n\xef\xbb\xbf\n";
    let expected = reference(text, b',').unwrap();
    assert_eq!(expected.1.len(), 3);
    for first in 1..text.len() {
        for (second, third) in (1..6).flat_map(|second| (1..6).map(move |third| (second, third))) {
            let drip = Drip {
                text: text.to_vec(),
                at: 0,
                sizes: vec![first, second, third],
                reads: 0,
            };
            let dialect = Dialect::of(text, None).unwrap();
            let records = Records::from_text("a.csv", Box::new(drip), dialect, &settings(None)).unwrap();
            assert_eq!(
                drain(records, 1).unwrap(),
                expected,
                "cut by {first}, {second}, {third}"
            );
        }
    }
}

#[test]
fn chunks_of_records_larger_than_the_buffers_come_out_alike() {
    let long = "x".repeat(150_000);
    let text = format!("id,n\r\n1,\"{long}\r\n\"\r\n\r\n2,b\r3,{long}\n4,\"é\"").into_bytes();
    for sizes in [vec![1 << 20], vec![7000, 65_536], vec![65_535, 1]] {
        let drip = Drip {
            text: text.clone(),
            at: 0,
            sizes,
            reads: 0,
        };
        let records = Records::from_bytes("a.csv", Box::new(drip), &settings(None)).unwrap();
        check_same(&drain(records, 2), &text, reference(&text, b',').as_ref(), false);
    }
}

/// A reader that counts what it gives.
struct Counted<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn a_quote_that_is_never_closed_ends_within_the_limit_and_names_its_place() {
    let given = Arc::new(AtomicU64::new(0));
    let text = io::Cursor::new("id,name\r\n1,Ada\r\n2,\"Grace\n").chain(io::repeat(b'x'));
    let endless = Box::new(Counted(text, Arc::clone(&given)));
    let mut records = Records::from_bytes("a.csv", endless, &settings(None)).unwrap();
    let mut chunk = Chunk::new(10);
    let error = records.fill(&mut chunk).unwrap_err();
    assert_eq!(
        error.to_string(),
        "record 2 of a.csv, which starts at line 3, byte 16, is longer than 1048576 bytes"
    );
    assert!(error.hint().unwrap().contains("a quote that is not closed at line 3"));
    assert_eq!(chunk.len(), 1, "the record before it is there");
    let most = (1 << 20) + 2 * (1 << 16);
    assert!(given.load(Ordering::Relaxed) <= most, "{given:?} bytes read");
}
