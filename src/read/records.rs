//! From text to chunks of records, each with its place.
//!
//! Parses with the `csv` crate by RFC 4180 (quotes, doubled quotes, line ends inside quotes; LF, CRLF or CR between
//! records) on the caller's thread. Blank lines are skipped and counted. It does not compare a record with the header
//! and does not look at the length of a field: both are findings of one record, for `normalize`.

use std::io::{Cursor, Read};

use csv::ByteRecord;

use super::dialect::{Dialect, HEAD_BYTES};
use super::encoding;
use super::error::ReadError;
use super::guard::{self, Guard};
use super::likely;
use super::names;
use super::packing::Limits;
use super::quotes;
use super::source::Source;
use super::tally::Tally;
use crate::config::settings::InputSettings;
use crate::model::chunk::Chunk;
use crate::model::position::Position;

/// The parser's buffer: it and the guard's window stay in a second-level cache.
const BUFFER_BYTES: usize = 64 * 1024;

/// Bytes of text after which a chunk counts as full: chunks of ordinary records never reach it, and chunks of huge
/// records don't multiply the limit on a record by the number of slots.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// The records of one source, in order.
pub struct Records {
    name: String,
    reader: csv::Reader<Guard<Box<dyn Read + Send>>>,
    dialect: Dialect,
    /// Name of the encoding that was decoded.
    encoding: &'static str,
    header: Vec<String>,
    /// How many were read, the header not counted.
    count: u64,
    /// Whether the last record has text behind a closing quote.
    stray_quote: bool,
}

impl Records {
    /// Starts reading a source, up to its header.
    pub fn open(source: &Source, input: &InputSettings) -> Result<Self, ReadError> {
        Self::from_bytes(source.name(), source.open(Limits::of(input))?, input)
    }

    /// Starts reading unpacked bytes that are still to be decoded and whose dialect is still to be found.
    pub fn from_bytes(name: &str, bytes: Box<dyn Read + Send>, input: &InputSettings) -> Result<Self, ReadError> {
        let (mut text, encoding) = encoding::text(name, bytes, input.encoding.as_deref())?;
        let mut head = Vec::new();
        let read = text.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head);
        read.map_err(|error| ReadError::from_io(name, error))?;
        let dialect = Dialect::of(&head, input.delimiter)?;
        let mut records = Self::from_text(name, Box::new(Cursor::new(head).chain(text)), dialect, input)?;
        records.encoding = encoding;
        Ok(records)
    }

    /// Starts reading a text of a known dialect.
    pub fn from_text(
        name: &str,
        text: Box<dyn Read + Send>,
        dialect: Dialect,
        input: &InputSettings,
    ) -> Result<Self, ReadError> {
        let guard = Guard::new(text, name.to_owned(), input.max_record_bytes);
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(guard);
        let name = name.to_owned();
        let mut records = Self {
            name,
            reader,
            dialect,
            encoding: encoding::DEFAULT,
            header: Vec::new(),
            count: 0,
            stray_quote: false,
        };
        let mut first = ByteRecord::new();
        if records.read(&mut first, 0)?.is_none() {
            return Err(ReadError::NoHeader { name: records.name });
        }
        if first.len() > input.max_columns {
            let (columns, limit) = (first.len(), input.max_columns);
            return Err(ReadError::TooManyColumns {
                name: records.name,
                columns,
                limit,
            });
        }
        records.header = first
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        Ok(records)
    }

    /// The names of the columns, as the source writes them.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// How the source is written.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The name of the source's encoding, as the WHATWG Encoding Standard writes it.
    pub fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// What was read so far.
    pub fn tally(&self) -> Tally {
        let guard = self.reader.get_ref();
        Tally {
            records: self.count,
            blank_lines: guard.blank_lines(),
            lines: guard.lines(),
            bytes: guard.text_bytes(),
            oddities: guard.oddities(),
        }
    }

    /// Empties a chunk and fills it with the next records; `false` says that they are the last, if there are any. The
    /// chunk must have room for a record. After an error it holds the records before the broken one, and nothing
    /// further can be read. [`Chunk::source`] is the caller's.
    pub fn fill(&mut self, chunk: &mut Chunk) -> Result<bool, ReadError> {
        chunk.clear();
        let from = self.reader.position().byte();
        while let Some(slot) = chunk.slot() {
            let Some(position) = self.read(slot, self.count + 1)? else {
                return Ok(false);
            };
            self.count = position.record;
            chunk.keep(position);
            if self.stray_quote {
                chunk.mark_stray_quote();
            }
            if self.reader.position().byte() - from >= CHUNK_BYTES {
                break;
            }
        }
        Ok(true)
    }

    /// Reads the next record, which has this number, and checks its limits and its encoding; `None` at the end of the
    /// text.
    fn read(&mut self, record: &mut ByteRecord, number: u64) -> Result<Option<Position>, ReadError> {
        let more = self.reader.read_byte_record(record);
        if !more.map_err(|error| ReadError::from_csv(&self.name, error))? {
            return Ok(None);
        }
        let end = self.reader.position().byte();
        let extent = self.reader.get_mut().record_ended(end)?;
        let position = Position {
            record: number,
            line: extent.line,
            byte: extent.byte,
        };
        if let Some(at) = encoding::broken_at(extent.bytes) {
            let before = extent.bytes.get(..at).unwrap_or_default();
            return Err(ReadError::NotUtf8 {
                name: self.name.clone(),
                record: number,
                line: position.line + guard::line_ends(before),
                byte: position.byte + at as u64,
                column: broken_column(record, &self.header),
                likely: likely::readings(extent.bytes, at),
            });
        }
        self.stray_quote = quotes::is_stray(&self.name, position, extent.bytes, self.dialect.delimiter)?;
        Ok(Some(position))
    }
}

/// The number and the name of the first column that is not UTF-8; `None` where the broken bytes fall together to a
/// character once the quotes between them are gone.
fn broken_column(record: &ByteRecord, header: &[String]) -> Option<(usize, String)> {
    let index = record.iter().position(|field| encoding::broken_at(field).is_some())?;
    let name = header
        .get(index)
        .map_or_else(|| String::from("no name"), |name| names::shown(name));
    Some((index + 1, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> InputSettings {
        InputSettings {
            delimiter: None,
            encoding: None,
            default_region: None,
            date_formats: Vec::new(),
            null_words: Vec::new(),
            max_record_bytes: 40,
            max_field_bytes: 40,
            max_columns: 3,
            max_unpacked_bytes: 1 << 30,
            max_unpack_ratio: 100,
            max_rejects: None,
            workers: 1,
        }
    }

    fn open(text: &'static [u8]) -> Result<Records, ReadError> {
        Records::from_bytes("a.csv", Box::new(text), &settings())
    }

    /// Number, line, byte and fields of every record, or what stopped the reading.
    fn check(text: &'static [u8], expected: &str) {
        let mut read = Vec::new();
        let mut chunk = Chunk::new(2);
        let result = open(text).and_then(|mut records| {
            loop {
                let filled = records.fill(&mut chunk);
                for (place, record) in chunk.iter() {
                    let fields: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
                    let place = format!("{}:{}:{}", place.record, place.line, place.byte);
                    read.push(format!("{place} {}", fields.join("/")));
                }
                if !filled? {
                    return Ok(records.tally());
                }
            }
        });
        read.push(result.map_or_else(
            // What likely encodings read has tests of its own.
            |error| error.to_string().lines().next().unwrap_or_default().to_owned(),
            |tally| {
                format!(
                    "{} blank, {} lines, {} bytes",
                    tally.blank_lines, tally.lines, tally.bytes
                )
            },
        ));
        assert_eq!(read.join(" | "), expected, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn records_have_their_true_places() {
        check(
            b"id,n\n1,a\n2,b\n",
            "1:2:5 1/a | 2:3:9 2/b | 0 blank, 3 lines, 13 bytes",
        );
        check(
            b"id,n\r\n1,a\r\n2,b",
            "1:2:6 1/a | 2:3:11 2/b | 0 blank, 3 lines, 14 bytes",
        );
        check(
            b"id,n\r1,a\r2,b\r",
            "1:2:5 1/a | 2:3:9 2/b | 0 blank, 3 lines, 13 bytes",
        );
        check(
            b"id,n\n\"1\n\r\n\",a\n2,b\n",
            "1:2:5 1\n\r\n/a | 2:5:14 2/b | 0 blank, 5 lines, 18 bytes",
        );
    }

    #[test]
    fn blank_lines_are_skipped_and_counted() {
        check(b"\n\r\nid,n\n\n1,a\r\n\r\n\n", "1:5:9 1/a | 5 blank, 7 lines, 17 bytes");
        check(
            b"id,n\n \n,\n\"\"\n",
            "1:2:5   | 2:3:7 / | 3:4:9  | 0 blank, 4 lines, 12 bytes",
        );
    }

    #[test]
    fn a_header_alone_is_a_source_without_records() {
        check(b"id,n", "0 blank, 1 lines, 4 bytes");
        check(b"id,n\r\n", "0 blank, 1 lines, 6 bytes");
        check(b"\n\n", "a.csv has no header: it holds no record at all");
    }

    #[test]
    fn a_byte_order_mark_does_not_count() {
        check(b"\xef\xbb\xbfid,n\n1,a\n", "1:2:5 1/a | 0 blank, 2 lines, 9 bytes");
    }

    #[test]
    fn ragged_records_come_out_as_they_are() {
        check(
            b"id,n\n1\n2,b,c,d\n",
            "1:2:5 1 | 2:3:7 2/b/c/d | 0 blank, 3 lines, 15 bytes",
        );
    }

    #[test]
    fn quotes_that_may_hide_records_stop_the_reading() {
        check(
            b"id,n\n1,a\n2,\"b\n3,c\n",
            "1:2:5 1/a | a quote in record 2 of a.csv is never closed: line 3, byte 11",
        );
        check(
            b"id,n\n1,\"a\n2,\"b\n",
            "record 1 of a.csv begins on line 2 and has text behind a closing quote: line 3, byte 13",
        );
        check(
            b"id,\"n\n1,a\n",
            "a quote in the header of a.csv is never closed: line 1, byte 3",
        );
        check(
            b"id,\"n\"x\n",
            "the header of a.csv begins on line 1 and has text behind a closing quote: line 1, byte 6",
        );
    }

    #[test]
    fn a_stray_quote_on_one_line_is_of_its_record_alone() {
        let mut chunk = Chunk::new(4);
        let mut records = open(b"id,n\n1,\"An\"n\n2,A\"nn\n").unwrap();
        records.fill(&mut chunk).unwrap();
        let stray: Vec<_> = chunk
            .iter()
            .map(|(position, _)| chunk.has_stray_quote(position))
            .collect();
        assert_eq!(stray, [true, false]);
    }

    #[test]
    fn what_is_not_utf8_is_named_by_its_place() {
        check(
            b"id,n\n1,a\n2,\"b\n\xfc\"\n",
            "1:2:5 1/a | record 2 of a.csv is not UTF-8: line 4, byte 14, column 2 (`n`)",
        );
        check(
            b"id,\xfc\n",
            "the header of a.csv is not UTF-8: line 1, byte 3, column 2 (no name)",
        );
        // A character in two halves, on both sides of a separator or of a quote.
        check(
            b"id,n\n\xc3,\xa9\n",
            "record 1 of a.csv is not UTF-8: line 2, byte 5, column 1 (`id`)",
        );
        check(
            b"id,n\n\"\xc3\"\xa9,b\n",
            "record 1 of a.csv is not UTF-8: line 2, byte 6",
        );
    }

    #[test]
    fn the_limit_on_a_record_is_exact() {
        check(
            b"id,n\n1,34567890123456789012345678901234567890\r\n2,b",
            "1:2:5 1/34567890123456789012345678901234567890 | 2:3:47 2/b | 0 blank, 3 lines, 50 bytes",
        );
        check(
            b"id,n\n1,345678901234567890123456789012345678901\n",
            "record 1 of a.csv, which starts at line 2, byte 5, is longer than 40 bytes",
        );
        check(
            b"id,n\n1,a\n2,\"b\n3,c\n4,d\n5,e\n6,f\n7,g\n8,h\n9,i\n0,j\n1,k\n",
            "1:2:5 1/a | record 2 of a.csv, which starts at line 3, byte 9, is longer than 40 bytes",
        );
    }

    #[test]
    fn a_header_has_a_limit_of_columns() {
        check(b"a,b,c\n", "0 blank, 1 lines, 6 bytes");
        check(b"a,b,c,d\n", "the header of a.csv has 4 columns, more than 3");
    }

    #[test]
    fn a_chunk_of_huge_records_is_full_before_its_slots_are() {
        let text = "id,n\n".to_owned() + &format!("1,{}\n", "x".repeat(400_000)).repeat(7);
        let input = InputSettings {
            max_record_bytes: 1 << 20,
            ..settings()
        };
        let mut records = Records::from_bytes("a.csv", Box::new(Cursor::new(text)), &input).unwrap();
        let mut chunk = Chunk::new(1000);
        let mut lengths = Vec::new();
        while records.fill(&mut chunk).unwrap() {
            lengths.push(chunk.len());
        }
        assert_eq!((lengths, chunk.len()), (vec![3, 3], 1));
    }
}
