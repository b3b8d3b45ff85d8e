//! What lies between the text and the parser: it knows where each record stands, and stops one without end.
//!
//! The `csv` crate limits nothing, counts only LF as a line, places a record before the line ends that it skips, and
//! skips blank lines without a word. The guard keeps the bytes that it delivered since the last record's end, so that
//! all of this can be said from the bytes themselves: where the record really starts, on which line, how many blank
//! lines lie before it. It does not parse: it learns from the parser where each record ended.

use std::io::{self, Read};

use super::error::ReadError;
use super::tally::Oddities;

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
/// Memory: at most the limit on a record and one buffer of the parser.
#[derive(Debug)]
pub(super) struct Guard<R> {
    inner: R,
    name: String,
    limit: usize,
    /// Delivered bytes; those before `start` belong to records that ended.
    window: Vec<u8>,
    start: usize,
    /// Offset in the text of the byte at `start`.
    origin: u64,
    /// Number of the record that is being read; 0 is the header.
    record: u64,
    lines: Lines,
    blank_lines: u64,
    oddities: Oddities,
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
            origin: 0,
            record: 0,
            lines: Lines::default(),
            blank_lines: 0,
            oddities: Oddities::default(),
            after_return: false,
        }
    }

    /// Learns that the parser finished a record just before this offset of the text, and says where it stands.
    pub(super) fn record_ended(&mut self, end: u64) -> Result<Extent<'_>, ReadError> {
        self.skip_line_ends();
        let (from, byte, line) = (self.start, self.origin, self.lines.ends + 1);
        let length = usize::try_from(end.saturating_sub(byte)).unwrap_or(usize::MAX);
        let to = from.saturating_add(length).min(self.window.len());
        let bytes = self.window.get(from..to).unwrap_or_default();
        let line_end = usize::from(matches!(bytes.last(), Some(b'\r' | b'\n')));
        if bytes.len() - line_end > self.limit {
            return Err(self.too_long());
        }
        self.lines.count(bytes);
        match bytes.last() {
            Some(b'\n') => self.oddities.lf += 1,
            Some(b'\r') => self.after_return = true,
            _ => {}
        }
        self.start = to;
        self.origin = end;
        self.record += 1;
        Ok(Extent { byte, line, bytes })
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
        self.blank_lines
    }

    /// Passes over the line ends before a record, as the parser does. Where a record has begun, its first byte is no
    /// line end, so nothing happens.
    fn skip_line_ends(&mut self) {
        let pending = self.window.get(self.start..).unwrap_or_default();
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
        self.start += length;
        self.origin += length as u64;
    }

    fn too_long(&self) -> ReadError {
        ReadError::RecordTooLong {
            name: self.name.clone(),
            record: self.record,
            line: self.lines.ends + 1,
            byte: self.origin,
            limit: self.limit,
        }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The parser asks for more, so it has taken all that is pending, and no record has ended in it. It asks once more
        // at the end of the text, so the last blank lines are counted here too.
        self.skip_line_ends();
        if self.window.len() - self.start > self.limit {
            return Err(io::Error::other(self.too_long()));
        }
        self.window.drain(..self.start);
        self.start = 0;
        let count = loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        let read = buffer.get(..count).unwrap_or_default();
        self.oddities.nuls += memchr::memchr_iter(0, read).count() as u64;
        self.window.extend_from_slice(read);
        Ok(count)
    }
}

/// How many lines end within a part of a record.
pub(super) fn line_ends(part: &[u8]) -> u64 {
    Lines::default().count(part)
}

/// Counts line ends in a text that comes in parts: LF, CRLF and CR each are one.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) ends: u64,
    /// The last byte was CR, and an LF now belongs to it.
    after_return: bool,
    /// There is a last byte, and it ends no line.
    open: bool,
}

impl Lines {
    /// Counts the line ends of the next part, and gives their number.
    pub(super) fn count(&mut self, part: &[u8]) -> u64 {
        let before = self.ends;
        for at in memchr::memchr2_iter(b'\r', b'\n', part) {
            let after_return = match at.checked_sub(1) {
                None => self.after_return,
                Some(previous) => part.get(previous) == Some(&b'\r'),
            };
            let second_half = after_return && part.get(at) == Some(&b'\n');
            self.ends += u64::from(!second_half);
        }
        if let Some(last) = part.last() {
            self.after_return = *last == b'\r';
            self.open = !matches!(last, b'\r' | b'\n');
        }
        self.ends - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_alike_however_the_text_is_cut() {
        let check = |text: &str, expected: u64| {
            for size in 1..=text.len().max(1) {
                let mut lines = Lines::default();
                let sum: u64 = text.as_bytes().chunks(size).map(|part| lines.count(part)).sum();
                assert_eq!((sum, lines.ends), (expected, expected), "{text:?} in parts of {size}");
            }
        };
        check("", 0);
        check("a", 0);
        check("a\nb\n", 2);
        check("a\r\nb\r\n", 2);
        check("a\rb\r", 2);
        check("\n\r\n\r\r\n\n\r", 6);
    }

    /// A text of endless repetition, as no file could hold it.
    struct Endless {
        first: &'static [u8],
        then: u8,
        given: u64,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(self.then);
            if self.given == 0 {
                buffer[..self.first.len()].copy_from_slice(self.first);
            }
            self.given += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_record_without_end_is_stopped_within_its_limit_and_a_buffer() {
        let endless = Endless {
            first: b"\r\n\n\"",
            then: b'x',
            given: 0,
        };
        let mut guard = Guard::new(endless, "a.csv".into(), 1 << 20);
        let mut buffer = vec![0; 1 << 16];
        let error = loop {
            if let Err(error) = guard.read(&mut buffer) {
                break ReadError::from_io("a.csv", error);
            }
        };
        assert_eq!(
            error.to_string(),
            "the header of a.csv, which starts at line 3, byte 3, is longer than 1048576 bytes"
        );
        assert!(
            guard.inner.given <= (1 << 20) + (1 << 16) + 4,
            "{} read",
            guard.inner.given
        );
        assert!(guard.window.capacity() <= 1 << 21, "{} kept", guard.window.capacity());
    }

    #[test]
    fn blank_lines_without_end_are_no_record_and_take_no_memory() {
        let endless = Endless {
            first: b"\r\n",
            then: b'\n',
            given: 0,
        };
        let mut guard = Guard::new(endless, "a.csv".into(), 100);
        let mut buffer = vec![0; 1 << 12];
        for _ in 0..1000 {
            guard.read_exact(&mut buffer).unwrap();
        }
        guard.skip_line_ends();
        assert_eq!(
            (guard.blank_lines(), guard.text_bytes()),
            ((1000 << 12) - 1, 1000 << 12)
        );
        assert!(guard.window.capacity() <= 1 << 14, "{} kept", guard.window.capacity());
    }
}
