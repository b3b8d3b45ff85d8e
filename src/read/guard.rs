//! What lies between the text and the parser: it knows where each record stands, and stops one without end.
//!
//! The `csv` crate limits nothing, counts only LF as a line, places a record before the line ends that it skips, and
//! skips blank lines without a word. The guard keeps the bytes that it delivered since the last record's end, so that
//! all of this can be said from the bytes themselves: where the record really starts, on which line, how many blank
//! lines lie before it. It does not parse: it learns from the parser where each record ended. What it keeps can be
//! delivered a second time, when a quote has misled the parser.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memchr2;

use super::alone::MARK;
use super::error::ReadError;
use super::lines::Lines;
use super::tally::Oddities;

#[cfg(test)]
mod tests;

/// Bytes that are read at once to look ahead of the parser: as many as the parser reads.
const AHEAD_BYTES: usize = 64 * 1024;

/// The place and the bytes of one record.
pub(super) struct Extent<'window> {
    /// Offset of the first byte in the text.
    pub(super) byte: u64,
    /// Line of the first byte, from 1.
    pub(super) line: u64,
    /// The record as it stands in the text, with its line end as far as the parser took it.
    pub(super) bytes: &'window [u8],
}

/// A reader that remembers what it delivered since the last record ended.
///
/// Memory: at most the limit on a record and two buffers of the parser.
#[derive(Debug)]
pub(super) struct Guard<R> {
    inner: R,
    name: String,
    limit: usize,
    /// Bytes of the text; those before `start` belong to records that ended, those from `given` on the parser has yet to
    /// get. While no quote misleads it, it has got them all.
    window: Vec<u8>,
    start: usize,
    given: usize,
    /// The most that is delivered next of what is in the window. It begins with a line and doubles, so that a text full of
    /// bad quotes is not delivered by the buffer for each of them.
    step: usize,
    /// The text has no more bytes than the window.
    ended: bool,
    /// Why the text cannot be read beyond the window, until the parser comes there.
    failed: Option<io::Error>,
    /// Bytes delivered or looked at more than once.
    again: u64,
    /// Offset in the text of the byte at `start`.
    origin: u64,
    /// Number of the record that is being read; 0 is the header.
    record: u64,
    lines: Lines,
    blank_lines: u64,
    oddities: Oddities,
    /// Byte order marks stand since the last line end, and nothing else.
    only_marks: bool,
    /// The last record ended with CR, and whether an LF belongs to it is not known yet.
    after_return: bool,
}

impl<R> Guard<R> {
    /// Guards a text against records of more than `limit` bytes, line end not counted.
    pub(super) fn new(inner: R, name: String, limit: usize) -> Self {
        Self {
            inner,
            name,
            limit,
            window: Vec::new(),
            start: 0,
            given: 0,
            step: 0,
            ended: false,
            failed: None,
            again: 0,
            origin: 0,
            record: 0,
            lines: Lines::default(),
            blank_lines: 0,
            oddities: Oddities::default(),
            only_marks: false,
            after_return: false,
        }
    }

    /// Learns that the parser finished a record just before this offset of the text, and gives the record's length;
    /// `None` if it is too long.
    pub(super) fn record_ended(&mut self, end: u64) -> Option<usize> {
        self.skip_line_ends();
        let length = usize::try_from(end.saturating_sub(self.origin)).unwrap_or(usize::MAX);
        let length = length.min(self.window.len() - self.start);
        let last = self.pending().get(..length).and_then(<[u8]>::last);
        let line_end = usize::from(matches!(last, Some(b'\r' | b'\n')));
        (length - line_end <= self.limit).then_some(length)
    }

    /// The next bytes of the text as a record of this length.
    pub(super) fn extent(&self, length: usize) -> Extent<'_> {
        Extent {
            byte: self.origin,
            line: self.lines.ends + 1,
            bytes: self.pending().get(..length).unwrap_or_default(),
        }
    }

    /// Counts the next bytes as a record of this length and passes on to what follows; gives the lines that it takes up.
    pub(super) fn take(&mut self, length: usize) -> u64 {
        let to = self.start.saturating_add(length).min(self.window.len());
        let bytes = self.window.get(self.start..to).unwrap_or_default();
        let lines = self.lines.count(bytes) + u64::from(self.lines.open);
        match bytes.last() {
            Some(b'\n') => self.oddities.lf += 1,
            Some(b'\r') => self.after_return = true,
            _ => {}
        }
        self.origin += bytes.len() as u64;
        self.start = to;
        self.given = self.given.max(to);
        self.record += 1;
        self.only_marks = false;
        lines
    }

    /// What is known of the text from the record's first byte on.
    pub(super) fn pending(&self) -> &[u8] {
        self.window.get(self.start..).unwrap_or_default()
    }

    /// Whether the text ends with what is pending.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes of a record at most, line end not counted.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes of the text up to the last record's end and the blank lines known behind it.
    pub(super) fn text_bytes(&self) -> u64 {
        self.origin
    }

    /// Lines of the text up to there; a last line need not have an end.
    pub(super) fn lines(&self) -> u64 {
        self.lines.ends + u64::from(self.lines.open)
    }

    /// What is unusual about the text so far.
    pub(super) fn oddities(&self) -> Oddities {
        Oddities {
            cr: self.oddities.cr + u64::from(self.after_return),
            open_end: self.lines.open,
            ..self.oddities
        }
    }

    /// Lines without a record that the parser skipped.
    pub(super) fn blank_lines(&self) -> u64 {
        self.blank_lines + u64::from(self.only_marks)
    }

    /// Bytes that were delivered or looked at more than once.
    pub(super) fn again(&self) -> u64 {
        self.again
    }

    /// Counts bytes that somebody else has looked at once more.
    pub(super) fn looked_again(&mut self, bytes: usize) {
        self.again += bytes as u64;
    }

    /// Bytes of the text that were read.
    pub(super) fn read_bytes(&self) -> u64 {
        self.origin + self.pending().len() as u64
    }

    /// Passes over the line ends before a record, as the parser does. Where a record has begun, its first byte is no
    /// line end, so nothing happens.
    fn skip_line_ends(&mut self) {
        let pending = self.window.get(self.start..self.given).unwrap_or_default();
        if let Some(first) = pending.first()
            && std::mem::take(&mut self.after_return)
        {
            let is_second_half = *first == b'\n';
            self.oddities.crlf += u64::from(is_second_half);
            self.oddities.cr += u64::from(!is_second_half);
        }
        let length = pending.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let skipped = pending.get(..length).unwrap_or_default();
        self.blank_lines += self.lines.count(skipped);
        self.only_marks &= skipped.is_empty();
        self.start += length;
        self.origin += length as u64;
    }

    /// Passes over the line ends before a record, whether the parser has got them or not; says whether it has not, and so
    /// no longer knows where it stands.
    pub(super) fn finish_line_end(&mut self) -> bool {
        let given = std::mem::replace(&mut self.given, self.window.len());
        self.skip_line_ends();
        self.given = given.max(self.start);
        given < self.start
    }

    /// Takes back what the parser got of the record at hand, which it has not looked at: delivered anew, it counts once.
    pub(super) fn take_back(&mut self) {
        self.given = self.start;
    }

    /// Passes over the byte order marks before a record, if there are any: what stands behind is then still to be parsed.
    pub(super) fn skip_marks(&mut self) -> bool {
        self.skip_line_ends();
        let mut skipped = 0;
        while let Some(behind) = self.pending().strip_prefix(MARK) {
            let to = self.window.len() - behind.len();
            let mark = self.window.get(self.start..to).unwrap_or_default();
            self.lines.count(mark);
            self.origin += mark.len() as u64;
            self.start = to;
            self.given = self.given.max(to);
            skipped += 1;
        }
        self.oddities.marks += skipped;
        self.only_marks |= skipped > 0;
        skipped > 0
    }

    /// Says that the record at hand is too long.
    pub(super) fn too_long(&self) -> ReadError {
        ReadError::RecordTooLong {
            name: self.name.clone(),
            record: self.record,
            line: self.lines.ends + 1,
            byte: self.origin,
            limit: self.limit,
        }
    }
}

impl<R: Read> Guard<R> {
    /// Reads on into the window where less than this many bytes are pending, and says whether it did. Why it could not is
    /// said when the parser comes there.
    pub(super) fn read_on(&mut self, enough: usize) -> bool {
        if self.ended || self.failed.is_some() || self.pending().len() >= enough.min(self.limit) {
            return false;
        }
        self.window.drain(..self.start);
        self.given = self.given.saturating_sub(self.start);
        self.start = 0;
        let read = self.read_ahead();
        read.map_err(|error| self.fails_behind(error)).is_ok()
    }

    /// Reads on into the window, ahead of the parser.
    pub(super) fn read_ahead(&mut self) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let old = self.window.len();
        self.window.resize(old + AHEAD_BYTES, 0);
        let read = match self.window.get_mut(old..) {
            Some(buffer) => read_from(&mut self.inner, buffer),
            None => Ok(0),
        };
        self.window.truncate(old + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        let new = self.window.get(old..).unwrap_or_default();
        self.oddities.nuls += memchr::memchr_iter(0, new).count() as u64;
        Ok(())
    }

    /// Remembers why the text cannot be read on until the parser comes there: what is before it is sound.
    pub(super) fn fails_behind(&mut self, error: io::Error) {
        self.failed = Some(error);
    }

    /// Delivers the next part of what is in the window already.
    fn deliver(&mut self, buffer: &mut [u8]) -> usize {
        let rest = self.window.get(self.given..).unwrap_or_default();
        if self.step == 0 {
            self.step = memchr2(b'\r', b'\n', rest).map_or(rest.len(), |end| end + 1);
        }
        let count = self.step.min(rest.len()).min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest.get(..count).unwrap_or_default()) {
            *to = *from;
        }
        self.step = self.step.saturating_mul(2);
        self.given += count;
        count
    }
}

fn read_from(inner: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match inner.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Delivers again from the record on that is pending: the offset must be its own.
impl<R> Seek for Guard<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(self.origin) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.again += self.given.saturating_sub(self.start) as u64;
        self.given = self.start;
        self.step = 0;
        Ok(self.origin)
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The parser asks for more, so it has taken all that is pending, and no record has ended in it. It asks once more
        // at the end of the text, so the last blank lines are counted here too.
        self.skip_line_ends();
        if self.given.saturating_sub(self.start) > self.limit {
            return Err(io::Error::other(self.too_long()));
        }
        if self.given < self.window.len() {
            return Ok(self.deliver(buffer));
        }
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.ended {
            return Ok(0);
        }
        self.window.drain(..self.start);
        self.start = 0;
        self.given = self.window.len();
        let count = read_from(&mut self.inner, buffer)?;
        self.ended = count == 0;
        let read = buffer.get(..count).unwrap_or_default();
        self.oddities.nuls += memchr::memchr_iter(0, read).count() as u64;
        self.window.extend_from_slice(read);
        self.given = self.window.len();
        Ok(count)
    }
}
