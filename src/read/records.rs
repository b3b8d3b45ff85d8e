//! From text to chunks of records, each with its place.
//!
//! Parses with the `csv` crate by RFC 4180 (quotes, doubled quotes, line ends inside quotes; LF, CRLF or CR between
//! records) on the caller's thread. What is no record is counted as what it is: blank lines, lines of separators, repeated
//! headers, trailers. A byte order mark before a record, as joined files have it, is passed over. A record whose quotes cannot be trusted ends before the next line on which one begins that fits the
//! header. It does not hold the number of fields or their length against a record: both are findings, for `normalize`.

use std::io::{Cursor, Read};

use csv::ByteRecord;

use super::alone::{Shape, TrailerShape};
use super::dialect::{self, Dialect, HEAD_BYTES};
use super::encoding;
use super::error::ReadError;
use super::guard::{Extent, Guard};
use super::kinds::Kind;
use super::likely;
use super::lines::line_ends;
use super::names;
use super::packing::Limits;
use super::quotes;
use super::repair::{self, Repair};
use super::source::Source;
use super::tally::Tally;
use super::trailer::Trailers;
use crate::config::settings::InputSettings;
use crate::model::chunk::{Broken, Chunk};
use crate::model::position::Position;

mod broken;
#[cfg(test)]
mod tests;
mod unparsed;

/// The parser's buffer: it and the guard's window stay in a second-level cache.
const BUFFER_BYTES: usize = 64 * 1024;

/// Bytes of text after which a chunk counts as full: chunks of ordinary records never reach it, and chunks of huge
/// records don't multiply the limit on a record by the number of slots.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// The records of one source, in order.
pub struct Records {
    name: String,
    reader: csv::Reader<Guard<Box<dyn Read + Send>>>,
    /// Records were taken without the parser, which stands before them.
    is_behind: bool,
    dialect: Dialect,
    /// Name of the encoding that was decoded.
    encoding: &'static str,
    header: Vec<String>,
    shape: Shape,
    trailers: Option<Trailers>,
    repair: Option<Repair>,
    /// Bytes that may be delivered or looked at again, at all and for each byte that was read.
    allowance: (u64, u64),
    /// Records in which the far end of an open quote is expected.
    far_end_within: u32,
    /// What was counted so far; the guard knows the rest.
    counted: Counted,
}

/// Lines by what stands on them.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    records: u64,
    record_lines: u64,
    first_header_lines: u64,
    separator_lines: u64,
    header_lines: u64,
    trailer_lines: u64,
}

/// What was read where.
struct Next {
    position: Position,
    kind: Kind,
    broken: Option<Broken>,
    /// Lines that it takes up.
    lines: u64,
}

impl Records {
    /// Starts reading a source, up to its header.
    pub fn open(source: &Source, input: &InputSettings) -> Result<Self, ReadError> {
        let own = repair::settings(source, input)?;
        let input = own.as_ref().unwrap_or(input);
        Self::from_bytes(source.name(), source.open(Limits::of(input))?, input)
    }

    /// Starts reading unpacked bytes that are still to be decoded and whose dialect is still to be found.
    pub fn from_bytes(name: &str, bytes: Box<dyn Read + Send>, input: &InputSettings) -> Result<Self, ReadError> {
        let (mut text, encoding) = encoding::text(name, bytes, input.encoding.as_deref())?;
        let mut head = Vec::new();
        let read = text.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head);
        read.map_err(|error| ReadError::from_io(name, error))?;
        let dialect = Dialect::of(&head, repair::delimiter(&head).or(input.delimiter))?;
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
        let shape = Shape {
            delimiter: dialect.delimiter,
            columns: 0,
            trailer: None,
        };
        let mut records = Self {
            name: name.to_owned(),
            reader,
            is_behind: false,
            dialect,
            encoding: encoding::DEFAULT,
            header: Vec::new(),
            shape,
            trailers: None,
            repair: None,
            allowance: (broken::AGAIN_BYTES, broken::AGAIN_PER_BYTE),
            far_end_within: 0,
            counted: Counted::default(),
        };
        let mut first = ByteRecord::new();
        loop {
            let Some(next) = records.read(&mut first, 0)? else {
                return Err(ReadError::NoHeader { name: records.name });
            };
            if next.kind == Kind::Separators {
                records.counted.separator_lines += next.lines;
                continue;
            }
            records.counted.first_header_lines += next.lines;
            // A line that declares the separator belongs to the header that follows it.
            let is_first = records.counted.first_header_lines == next.lines;
            if !(is_first && records.declares_separator(&first)) {
                break;
            }
        }
        records.take_header(&first, input)?;
        Ok(records)
    }

    /// Whether a record is the line with which Excel is told the separator.
    fn declares_separator(&self, record: &ByteRecord) -> bool {
        let line: Vec<&[u8]> = record.iter().collect();
        dialect::declared(&line.join(&[self.shape.delimiter][..])).is_some()
    }

    fn take_header(&mut self, header: &ByteRecord, input: &InputSettings) -> Result<(), ReadError> {
        if header.len() > input.max_columns {
            return Err(ReadError::TooManyColumns {
                name: self.name.clone(),
                columns: header.len(),
                limit: input.max_columns,
            });
        }
        self.shape.columns = header.len();
        let mut names = repair::names(header);
        self.repair = Repair::of(&mut names);
        self.header = if self.repair.is_some() {
            names
        } else {
            let names = header.iter().map(|name| String::from_utf8_lossy(name).into_owned());
            names.collect()
        };
        // A trailer counts the records of the source, and these are a part of them.
        let trailer = input.trailer.as_ref().filter(|_| self.repair.is_none());
        self.shape.trailer = trailer.map(|trailer| TrailerShape {
            text: trailer.starts_with.clone().into_bytes(),
            count_field: trailer.count_field,
        });
        self.trailers = trailer.map(|trailer| Trailers::new(trailer, header.len()));
        Ok(())
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
        let (guard, counted) = (self.reader.get_ref(), self.counted);
        Tally {
            records: counted.records,
            record_lines: counted.record_lines,
            first_header_lines: counted.first_header_lines,
            blank_lines: guard.blank_lines(),
            separator_lines: counted.separator_lines,
            header_lines: counted.header_lines,
            trailer_lines: counted.trailer_lines,
            lines: guard.lines(),
            bytes: guard.text_bytes(),
            bytes_again: guard.again(),
            oddities: guard.oddities(),
        }
    }

    /// Empties a chunk and fills it with the next records; `false` says that they are the last, if there are any. The
    /// chunk must have room for a record. After an error it holds the records before the broken one, and nothing
    /// further can be read. [`Chunk::source`] is the caller's.
    pub fn fill(&mut self, chunk: &mut Chunk) -> Result<bool, ReadError> {
        let more = self.fill_unparsed(chunk);
        chunk.parse();
        more
    }

    /// The same, but most records are still to be parsed, by [`Chunk::parse`]: by a thread that has more time.
    pub fn fill_unparsed(&mut self, chunk: &mut Chunk) -> Result<bool, ReadError> {
        chunk.clear();
        chunk.delimiter = self.shape.delimiter;
        let from = self.reader.get_ref().text_bytes();
        while !chunk.is_full() {
            if !(self.take_unparsed(chunk) || self.take_parsed(chunk)?) {
                return self.end().map(|()| false);
            }
            if self.reader.get_ref().text_bytes().saturating_sub(from) >= CHUNK_BYTES && !chunk.is_empty() {
                break;
            }
        }
        Ok(true)
    }

    /// Reads up to the next record, parses it and keeps it; `false` if there is none.
    fn take_parsed(&mut self, chunk: &mut Chunk) -> Result<bool, ReadError> {
        while let Some(slot) = chunk.slot() {
            let Some(next) = self.read(slot, self.counted.records + 1)? else {
                return Ok(false);
            };
            match next.kind {
                Kind::Record => {}
                Kind::Separators => self.counted.separator_lines += next.lines,
                Kind::Header => self.counted.header_lines += next.lines,
                Kind::Trailer => {
                    self.counted.trailer_lines += next.lines;
                    if let Some(trailers) = &mut self.trailers {
                        trailers.trailer(slot, next.position.line);
                    }
                }
            }
            if next.kind != Kind::Record {
                continue;
            }
            self.counted.records = next.position.record;
            self.counted.record_lines += next.lines;
            if let Some(trailers) = &mut self.trailers {
                trailers.record(next.position.line);
            }
            if let (Some(repair), None) = (&self.repair, next.broken) {
                repair.restore(slot);
            }
            chunk.keep(next.position);
            if let Some(broken) = next.broken {
                chunk.mark_broken(broken);
            }
            break;
        }
        Ok(true)
    }

    /// What can be said only of the whole.
    fn end(&self) -> Result<(), ReadError> {
        let tally = self.tally();
        debug_assert!(tally.adds_up(), "{tally:?}");
        let problem = self.trailers.as_ref().and_then(|trailers| trailers.end(tally.lines));
        problem.map_or(Ok(()), |problem| {
            Err(ReadError::Trailer {
                name: self.name.clone(),
                problem,
            })
        })
    }

    /// Reads the next record, which has this number if it is one, and checks its limits, its quotes and its encoding;
    /// `None` at the end of the text.
    fn read(&mut self, record: &mut ByteRecord, number: u64) -> Result<Option<Next>, ReadError> {
        let parsed = loop {
            if std::mem::take(&mut self.is_behind) {
                self.catch_up()?;
            }
            let parsed = match self.reader.read_byte_record(record) {
                // Set anew, the parser drops a mark without a word, and takes nothing behind it in its buffer for the end.
                Ok(false) if self.reader.get_mut().skip_marks() => {
                    let line = self.reader.get_ref().extent(0).line;
                    self.go_back(line)?;
                    continue;
                }
                Ok(false) => return Ok(None),
                Ok(true) => {
                    let end = self.reader.position().byte();
                    self.reader.get_mut().record_ended(end)
                }
                Err(error) => {
                    let error = ReadError::from_csv(&self.name, error);
                    if !matches!(error, ReadError::RecordTooLong { .. }) {
                        return Err(error);
                    }
                    None
                }
            };
            // The parser takes a mark, and with it the quote behind it, for a part of the first field.
            if !self.reader.get_mut().skip_marks() {
                break parsed;
            }
            let line = self.reader.get_ref().extent(0).line;
            self.go_back(line)?;
        };
        let (length, broken, is_cut) = self.judge_quotes(parsed, record.len(), number)?;
        let extent = self.reader.get_ref().extent(length);
        if is_cut {
            // One field, so that what is fed back unrepaired fits no header.
            record.clear();
        }
        let position = Position {
            record: number,
            line: extent.line,
            byte: extent.byte,
        };
        if let Some(at) = encoding::broken_at(extent.bytes) {
            return Err(self.not_utf8(record, position, &extent, at));
        }
        let kind = if broken.is_some() {
            Kind::Record
        } else {
            Kind::of(record, extent.bytes, &self.header, &self.shape)
        };
        if is_cut {
            record.push_field(quotes::without_end(extent.bytes));
        }
        let lines = self.reader.get_mut().take(length);
        if is_cut {
            self.go_back(position.line)?;
        }
        Ok(Some(Next {
            position,
            kind,
            broken,
            lines,
        }))
    }

    fn not_utf8(&self, record: &ByteRecord, position: Position, extent: &Extent<'_>, at: usize) -> ReadError {
        let before = extent.bytes.get(..at).unwrap_or_default();
        ReadError::NotUtf8 {
            name: self.name.clone(),
            record: position.record,
            line: position.line + line_ends(before),
            byte: position.byte + at as u64,
            column: broken_column(record, &self.header),
            likely: likely::readings(extent.bytes, at),
        }
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
