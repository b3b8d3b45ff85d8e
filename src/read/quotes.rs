//! Whether the quotes of a record stand where RFC 4180 wants them.
//!
//! The `csv` crate forgives both of these without a word, and either may swallow whole records: text behind a closing
//! quote is appended to the field, and a quote that is never closed takes in the rest of the file. A quote inside an
//! unquoted field is a character like any other and hurts nobody.

use memchr::memchr;

use super::error::ReadError;
use super::guard::line_ends;
use crate::model::position::Position;

/// Whether a record has a stray quote that can only hurt the record itself. One that may have taken in other records is
/// an error: nobody could tell them from a record that is merely wrong.
pub(super) fn is_stray(name: &str, start: Position, record: &[u8], delimiter: u8) -> Result<bool, ReadError> {
    let quotes = look(record, delimiter);
    let (Quotes::Stray(at) | Quotes::Open(at)) = quotes else {
        return Ok(false);
    };
    let lines_before = line_ends(record.get(..at).unwrap_or_default());
    let (name, number) = (name.to_owned(), start.record);
    let (line, byte) = (start.line + lines_before, start.byte + at as u64);
    match quotes {
        Quotes::Open(_) => Err(ReadError::QuoteOpen {
            name,
            record: number,
            line,
            byte,
        }),
        Quotes::Stray(_) if lines_before > 0 || number == 0 => Err(ReadError::QuoteStray {
            name,
            record: number,
            from: start.line,
            line,
            byte,
        }),
        Quotes::Stray(_) | Quotes::Sound => Ok(true),
    }
}

/// What the quotes of one record are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// As they should be.
    Sound,
    /// Text stands behind a closing quote, from this offset on.
    Stray(usize),
    /// The quote at this offset is not closed, so the record ends where the text does.
    Open(usize),
}

/// Looks at a record as it stands in the text, with or without its line end.
fn look(record: &[u8], delimiter: u8) -> Quotes {
    // Most records have no quote at all.
    let Some(first) = memchr(b'"', record) else {
        return Quotes::Sound;
    };
    let mut at = if first == 0 { At::FieldStart } else { At::Plain };
    if let Some(before) = first.checked_sub(1).and_then(|before| record.get(before)) {
        at = at.after(*before, delimiter);
    }
    let (mut stray, mut opened) = (None, first);
    for (offset, byte) in record.iter().enumerate().skip(first) {
        let next = at.after(*byte, delimiter);
        if at == At::FieldStart && next == At::Quoted {
            opened = offset;
        }
        if at == At::Closed && next == At::Plain {
            stray.get_or_insert(offset);
        }
        at = next;
    }
    match stray {
        _ if at == At::Quoted => Quotes::Open(opened),
        Some(offset) => Quotes::Stray(offset),
        None => Quotes::Sound,
    }
}

/// Where in a record a parser stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote that closes the field, unless another follows and both are one character.
    Closed,
}

impl At {
    fn after(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Closed,
            (Self::FieldStart | Self::Closed, b'"') | (Self::Quoted, _) => Self::Quoted,
            (_, byte) if byte == delimiter => Self::FieldStart,
            (Self::Closed, b'\r' | b'\n') => Self::Closed,
            (Self::FieldStart | Self::Plain | Self::Closed, _) => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stray_and_open_quotes_are_found_and_all_others_are_sound() {
        let check = |record: &str, expected| assert_eq!(look(record.as_bytes(), b','), expected, "{record:?}");
        for record in [
            "",
            "a,b\n",
            "\"a\",\"b\"\r\n",
            "a,\"b\"\r",
            "\"\"",
            "\"\",\"\"",
            "a,\"b \"\"c\"\"\"\n",
            "\"two\r\nlines\",b\n",
            "12\" pipe,5'10\",a\"\n",
            "a, \"b\"\n",
        ] {
            check(record, Quotes::Sound);
        }
        check("\"An\"n,b\n", Quotes::Stray(4));
        check("a,\"b\" ,c\n", Quotes::Stray(5));
        check("\"a\n2,\"b\n", Quotes::Stray(6));
        check("\"a", Quotes::Open(0));
        check("a,b,\"c\n1,2,3\n", Quotes::Open(4));
        check("a,\"b\"\"", Quotes::Open(2));
        check("\"a\"b,\"c", Quotes::Open(5));
        assert_eq!(look(b"a;\"b", b';'), Quotes::Open(2));
    }
}
