//! From bytes to text: which encoding a source has, and that it keeps to it.
//!
//! A byte order mark decides, then the configuration, then it is UTF-8; strictly in each case: bytes that do not fit are
//! an error, never a replacement character. Everything above sees UTF-8 only, so places are those of the decoded text.
//! It does not guess an encoding from the text: [`super::likely`] only makes proposals, for people.

use std::io::{self, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::error::ReadError;
use super::lines::Lines;

/// The encoding of what has no byte order mark and no declaration.
pub(super) const DEFAULT: &str = "UTF-8";

/// UTF-8's byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The byte order marks of UTF-32, which begin or end with those of UTF-16; no tool is known that exports it.
const UTF_32_MARKS: [(&[u8], &str); 2] = [(b"\xff\xfe\0\0", "UTF-32LE"), (b"\0\0\xfe\xff", "UTF-32BE")];

/// Bytes that are looked at before anything is decoded: a mark, and enough to know UTF-16 without one.
const HEAD_BYTES: usize = 64;

/// Bytes of a source decoded at once: as many as are read at once of an archive.
const BUFFER_BYTES: usize = 64 * 1024;

/// The encoding with this label of the WHATWG Encoding Standard.
fn for_label(label: &str) -> Result<&'static Encoding, ReadError> {
    // The standard maps labels of dangerous encodings to one that decodes nothing; that one is of no use here.
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| ReadError::EncodingUnknown {
        label: super::names::shown(label),
    })
}

/// The text of a source as UTF-8, past its byte order mark, and the name of its encoding.
///
/// UTF-8 passes through as it is: its records are checked one by one, by [`broken_at`], where their place is known.
pub(super) fn text(
    name: &str,
    mut bytes: Box<dyn Read + Send>,
    label: Option<&str>,
) -> Result<(Box<dyn Read + Send>, &'static str), ReadError> {
    let declared = label.map_or(Ok(UTF_8), for_label)?;
    let mut head = Vec::new();
    fill_to(name, &mut bytes, &mut head, HEAD_BYTES)?;
    if let Some((_, encoding)) = UTF_32_MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Err(ReadError::Utf32 {
            name: name.to_owned(),
            encoding,
        });
    }
    let by_mark = Encoding::for_bom(&head);
    if let (None, None, Some(encoding)) = (label, by_mark, utf_16_without_mark(&head)) {
        let name = name.to_owned();
        return Err(ReadError::Utf16 { name, encoding });
    }
    let encoding = by_mark.map_or(declared, |(encoding, _)| encoding);
    head.drain(..by_mark.map_or(0, |(_, length)| length));
    let bytes = Cursor::new(head).chain(bytes);
    let mut text: Box<dyn Read + Send> = if encoding == UTF_8 {
        Box::new(bytes)
    } else {
        Box::new(Decoded::new(name, bytes, encoding, by_mark.is_some()))
    };
    // Some tools write the mark again at each save; none of them is text.
    let mut head = Vec::new();
    fill_to(name, &mut text, &mut head, MARK.len())?;
    while head.starts_with(MARK) {
        head.clear();
        fill_to(name, &mut text, &mut head, MARK.len())?;
    }
    Ok((Box::new(Cursor::new(head).chain(text)), encoding.name()))
}

/// The label of the UTF-16 that a text without a mark is in, if every second byte of its head is NUL and no other is, so
/// that it begins with ASCII characters in that form; the names of a header hardly do otherwise.
fn utf_16_without_mark(head: &[u8]) -> Option<&'static str> {
    let nuls = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    // Some letters outside of ASCII are borne.
    let most = half - half / 4;
    match (nuls(0), nuls(1)) {
        (0, low) if half > 1 && low >= most => Some("utf-16le"),
        (high, 0) if half > 1 && high >= most => Some("utf-16be"),
        _ => None,
    }
}

fn fill_to(name: &str, bytes: &mut impl Read, head: &mut Vec<u8>, length: usize) -> Result<(), ReadError> {
    let lacking = length.saturating_sub(head.len()) as u64;
    let read = bytes.take(lacking).read_to_end(head);
    read.map(|_| ()).map_err(|error| ReadError::from_io(name, error))
}

/// The offset of the first byte that is not UTF-8.
///
/// It is asked of a record as it stands in the text, quotes and separators included, and so of its fields: they are
/// what remains when ASCII characters are taken away, and no character can be split by one.
pub(super) fn broken_at(record: &[u8]) -> Option<usize> {
    // It is fast, and does not say where.
    if simdutf8::basic::from_utf8(record).is_ok() {
        return None;
    }
    std::str::from_utf8(record).err().map(|error| error.valid_up_to())
}

/// A source that is decoded as it is read.
struct Decoded<R> {
    name: String,
    inner: R,
    decoder: Decoder,
    by_mark: bool,
    /// Stored bytes; those before `taken` are decoded.
    stored: Vec<u8>,
    taken: usize,
    /// Decoded text; what is before `given` was delivered.
    text: Vec<u8>,
    given: usize,
    /// Decoded so far.
    lines: Lines,
    bytes: u64,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reading,
    /// The source has no more bytes, but the decoder may have some.
    Ending,
    /// All is decoded.
    Ended,
    /// The next byte does not fit; what is before it is delivered first.
    Broken,
}

impl<R: Read> Decoded<R> {
    fn new(name: &str, inner: R, encoding: &'static Encoding, by_mark: bool) -> Self {
        Self {
            name: name.to_owned(),
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            by_mark,
            stored: Vec::with_capacity(BUFFER_BYTES),
            taken: 0,
            text: Vec::new(),
            given: 0,
            lines: Lines::default(),
            bytes: 0,
            phase: Phase::Reading,
        }
    }

    /// Reads more stored bytes if there are none, and decodes what there is.
    fn decode(&mut self) -> io::Result<()> {
        if self.phase == Phase::Reading && self.taken == self.stored.len() {
            self.stored.clear();
            self.taken = 0;
            let limit = BUFFER_BYTES as u64;
            if self.inner.by_ref().take(limit).read_to_end(&mut self.stored)? < BUFFER_BYTES {
                self.phase = Phase::Ending;
            }
        }
        let source = self.stored.get(self.taken..).unwrap_or_default();
        self.text.resize(BUFFER_BYTES, 0);
        let last = self.phase == Phase::Ending;
        let (result, read, written) = self
            .decoder
            .decode_to_utf8_without_replacement(source, &mut self.text, last);
        self.taken += read;
        self.text.truncate(written);
        self.given = 0;
        self.lines.count(&self.text);
        self.bytes += written as u64;
        match result {
            DecoderResult::InputEmpty if last => self.phase = Phase::Ended,
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => self.phase = Phase::Broken,
        }
        Ok(())
    }

    fn broken(&self) -> io::Error {
        io::Error::other(ReadError::NotInEncoding {
            name: self.name.clone(),
            encoding: self.decoder.encoding().name(),
            by_mark: self.by_mark,
            line: self.lines.ends + 1,
            byte: self.bytes,
        })
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            match self.phase {
                Phase::Reading | Phase::Ending => self.decode()?,
                Phase::Ended => return Ok(0),
                Phase::Broken => return Err(self.broken()),
            }
        }
        let count = self.text.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], label: Option<&str>) -> Result<Vec<u8>, ReadError> {
        let mut decoded = Vec::new();
        let (mut text, _) = text("a.csv", Box::new(Cursor::new(bytes.to_vec())), label)?;
        let read = text.read_to_end(&mut decoded);
        read.map_err(|error| ReadError::from_io("a.csv", error))?;
        Ok(decoded)
    }

    #[test]
    fn the_byte_order_mark_is_no_text() {
        let check = |bytes: &[u8], expected: &[u8]| assert_eq!(read(bytes, None).unwrap(), expected);
        check(b"\xef\xbb\xbfid\n1\n", b"id\n1\n");
        check(b"\xef\xbb\xbf\xef\xbb\xbfid", b"id");
        check(b"id\n1\n", b"id\n1\n");
        check(b"\xef\xbb\xbf", b"");
        check(b"\xef\xbb", b"\xef\xbb");
        check(b"", b"");
        check(b"i\0", b"i\0");
        check(b"i\0d\0\0\0", b"i\0d\0\0\0");
        check(b"i\0d,nm\0\n", b"i\0d,nm\0\n");
        check(b"id\xef\xbb\xbf", b"id\xef\xbb\xbf");
        check(b"\xff\xfei\0d\0", b"id");
        check(b"\xff\xfe\xff\xfei\0d\0", b"id");
        check(b"\xfe\xff\0i\x01\x7e", "iž".as_bytes());
        check(b"\xff\xfe\x3d\xd8\0\xde", "😀".as_bytes());
        check(b"\xff\xfe", b"");
    }

    #[test]
    fn a_mark_stands_over_the_declaration_and_that_over_utf8() {
        let check = |bytes: &[u8], label: &str, expected: (&str, &str)| {
            let (mut decoded, encoding) = text("a.csv", Box::new(Cursor::new(bytes.to_vec())), Some(label)).unwrap();
            let mut all = String::new();
            decoded.read_to_string(&mut all).unwrap();
            assert_eq!((all.as_str(), encoding), expected, "{label}");
        };
        check(b"\xef\xbb\xbfZo\xc3\xab", "latin1", ("Zoë", "UTF-8"));
        check(b"\xff\xfee\0", "utf-8", ("e", "UTF-16LE"));
        check(b"Zo\xeb \x80", "latin1", ("Zoë €", "windows-1252"));
        check(b"Zo\xeb", "iso-8859-2", ("Zoë", "ISO-8859-2"));
        check(b"\x8d\xb2\x93\xa1", "shift_jis", ("佐藤", "Shift_JIS"));
        check(b"\xc8\xe2\xe0\xed", "CP1251", ("Иван", "windows-1251"));
        check(b"i\0d\0", "utf-16le", ("id", "UTF-16LE"));
        check(b"\0i\0d", "utf-16be", ("id", "UTF-16BE"));
        check(b"Zo\xc3\xab", "UTF8", ("Zoë", "UTF-8"));
    }

    #[test]
    fn a_text_longer_than_every_buffer_is_decoded_whole() {
        let line = "1,Zoë,佐藤,😀\n";
        let expected = line.repeat(3 * BUFFER_BYTES / line.len());
        // One byte in front puts every border between buffers into the middle of a character, sooner or later.
        for shift in ["", "x", "xy", "xyz"] {
            let expected = format!("{shift}{expected}");
            let stored: Vec<u8> = expected.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let stored = [b"\xff\xfe".as_slice(), &stored].concat();
            assert!(read(&stored, None).unwrap() == expected.as_bytes(), "{shift:?}");
        }
    }

    #[test]
    fn bytes_that_do_not_fit_are_an_error_that_names_the_place() {
        let check = |bytes: &[u8], label: Option<&str>, expected: &str| {
            let error = read(bytes, label).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert!(error.hint().is_some());
        };
        check(
            b"id\n1\n\x81\n",
            Some("shift_jis"),
            "a.csv is not Shift_JIS: line 3, byte 5 of the decoded text",
        );
        check(
            b"\xff\xfei\0d",
            None,
            "a.csv is not UTF-16LE, as its byte order mark says: line 1, byte 1 of the decoded text",
        );
        check(
            b"\xff\xfei\0\n\0\x3d\xd8i\0",
            None,
            "a.csv is not UTF-16LE, as its byte order mark says: line 2, byte 2 of the decoded text",
        );
        check(
            b"i\0d\0\n\0",
            None,
            "a.csv seems to be UTF-16 without a byte order mark (utf-16le)",
        );
        check(
            b"\0i\0d\x01\x7e\0,\0n",
            None,
            "a.csv seems to be UTF-16 without a byte order mark (utf-16be)",
        );
        check(
            b"\0\0\xfe\xff",
            None,
            "a.csv is UTF-32BE by its byte order mark, which is not read",
        );
        check(
            b"\xff\xfe\0\0",
            None,
            "a.csv is UTF-32LE by its byte order mark, which is not read",
        );
        for label in ["klingon", "iso-2022-kr", "replacement"] {
            check(b"", Some(label), &format!("`{label}` is no encoding"));
        }
    }
}
