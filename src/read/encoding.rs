//! From bytes to text: which encoding a source has, and that it keeps to it.
//!
//! So far every source is UTF-8, with or without a byte order mark, strictly: a byte that does not fit is an error,
//! never a replacement character. Other encodings have their place in [`text`], which is where a decoder would go
//! between the bytes and the parser. It does not guess an encoding from the text.

use std::io::{Cursor, Read};

use encoding_rs::{Encoding, UTF_8};

use super::error::ReadError;

/// UTF-8's byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The byte order marks of encodings that are not read yet; the longer ones first, since UTF-32's begins with UTF-16's.
const OTHER_MARKS: [(&[u8], &str); 4] = [
    (b"\xff\xfe\0\0", "UTF-32LE"),
    (b"\0\0\xfe\xff", "UTF-32BE"),
    (b"\xff\xfe", "UTF-16LE"),
    (b"\xfe\xff", "UTF-16BE"),
];

/// The encoding with this label of the WHATWG Encoding Standard.
pub(super) fn for_label(label: &str) -> Result<&'static Encoding, ReadError> {
    let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| ReadError::EncodingUnknown {
        label: super::names::shown(label),
    })?;
    if encoding != UTF_8 {
        return Err(ReadError::EncodingNotYet {
            encoding: encoding.name(),
        });
    }
    Ok(encoding)
}

/// The text of a source as UTF-8, past its byte order mark. Records are checked one by one, by [`broken_at`], where
/// their place is known.
pub(super) fn text(
    name: &str,
    mut bytes: Box<dyn Read + Send>,
    label: &str,
) -> Result<Box<dyn Read + Send>, ReadError> {
    for_label(label)?;
    let mut head = Vec::new();
    fill_to(name, &mut bytes, &mut head, 4)?;
    if let Some((_, encoding)) = OTHER_MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Err(ReadError::NotUtf8ByMark {
            name: name.to_owned(),
            encoding,
        });
    }
    // Some tools write the mark again at each save; none of them is text.
    while head.starts_with(MARK) {
        head.drain(..MARK.len());
        fill_to(name, &mut bytes, &mut head, MARK.len())?;
    }
    Ok(Box::new(Cursor::new(head).chain(bytes)))
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
    std::str::from_utf8(record).err().map(|error| error.valid_up_to())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8]) -> Result<Vec<u8>, ReadError> {
        let mut decoded = Vec::new();
        text("a.csv", Box::new(bytes), "utf-8")?
            .read_to_end(&mut decoded)
            .unwrap();
        Ok(decoded)
    }

    #[test]
    fn the_byte_order_mark_is_no_text() {
        let check = |bytes: &'static [u8], expected: &[u8]| assert_eq!(read(bytes).unwrap(), expected);
        check(b"\xef\xbb\xbfid\n1\n", b"id\n1\n");
        check(b"\xef\xbb\xbf\xef\xbb\xbfid", b"id");
        check(b"id\n1\n", b"id\n1\n");
        check(b"\xef\xbb\xbf", b"");
        check(b"\xef\xbb", b"\xef\xbb");
        check(b"", b"");
        check(b"id\xef\xbb\xbf", b"id\xef\xbb\xbf");
    }

    #[test]
    fn marks_of_other_encodings_are_named() {
        for (mark, encoding) in OTHER_MARKS {
            let error = read(mark).unwrap_err();
            assert!(error.to_string().contains(encoding), "{error}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn labels_are_those_of_the_standard() {
        assert_eq!(for_label("UTF8").unwrap().name(), "UTF-8");
        assert_eq!(
            for_label("latin1").unwrap_err().to_string(),
            "the encoding windows-1252 is not read yet"
        );
        assert_eq!(
            for_label("klingon").unwrap_err().to_string(),
            "`klingon` is no encoding"
        );
    }
}
