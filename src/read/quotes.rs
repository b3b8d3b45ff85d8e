//! Whether the quotes of a record stand where RFC 4180 wants them.
//!
//! The `csv` crate forgives both of these without a word, and either may swallow whole records: text behind a closing
//! quote is appended to the field, and a quote that is never closed takes in the rest of the file. Two such errors may
//! also cancel each other out, and what lies between them is then one field. A quote inside an unquoted field is a
//! character like any other and hurts nobody. Where reading goes on behind such a quote is for [`super::resume`].

use memchr::{memchr, memchr2};

use super::resume::{Alone, Shape};

/// Columns from which a line inside a quoted field that has as many fields is a record and not a value: nobody writes
/// an address line with four separators.
const WIDE_COLUMNS: usize = 5;

/// What the quotes of one record are like. Offsets are those of quotes that open a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// As they should be.
    Sound,
    /// Text stands behind the quote that closes the first of these; the record has one line.
    Stray { opened: usize, text: usize },
    /// Other records may be in it: since the first of these quotes nothing can be trusted. `text` stands behind a
    /// closing quote; without it, `last` is never closed.
    Open {
        opened: usize,
        last: usize,
        text: Option<usize>,
    },
}

/// Looks at a record as it stands in the text, with or without its line end; it has so many fields.
pub(super) fn look(record: &[u8], fields: usize, shape: &Shape) -> Quotes {
    // Most records have no quote at all.
    let Some(first) = memchr(b'"', record) else {
        return Quotes::Sound;
    };
    let quotes = walk(record, first, shape.delimiter);
    if memchr2(b'\r', b'\n', without_end(record)).is_none() {
        return quotes;
    }
    // The quote that is seen to be bad may be the second of two, with other records in a field before it that looks sound.
    let earliest = |opened: usize| hidden(record, usize::MAX, shape).map_or(opened, |hidden| hidden.min(opened));
    match quotes {
        Quotes::Stray { opened, text } => Quotes::Open {
            opened: earliest(opened),
            last: opened,
            text: Some(text),
        },
        Quotes::Open { opened, last, text } => Quotes::Open {
            opened: earliest(opened),
            last,
            text,
        },
        Quotes::Sound => hidden(record, fields, shape).map_or(Quotes::Sound, |opened| Quotes::Open {
            opened,
            last: opened,
            text: None,
        }),
    }
}

/// A record without its line end.
pub(super) fn without_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// Looks at a record from its first quote on, without a thought about its lines.
fn walk(record: &[u8], first: usize, delimiter: u8) -> Quotes {
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
            stray.get_or_insert((opened, offset));
        }
        at = next;
    }
    match stray {
        _ if at == At::Quoted => Quotes::Open {
            opened: stray.map_or(opened, |(opened, _)| opened),
            last: opened,
            text: None,
        },
        Some((opened, text)) => Quotes::Stray { opened, text },
        None => Quotes::Sound,
    }
}

/// The first quote of a sound record in whose field stands a line that is a record by itself. That alone makes no quote
/// wrong: an address may hold separators. It does where the record does not fit the header, or where the header is so
/// wide that no value looks like a record by chance.
fn hidden(record: &[u8], fields: usize, shape: &Shape) -> Option<usize> {
    if fields == shape.columns && shape.columns < WIDE_COLUMNS {
        return None;
    }
    let (mut at, mut opened) = (At::FieldStart, 0);
    for (offset, byte) in record.iter().enumerate() {
        let next = at.after(*byte, shape.delimiter);
        if at == At::FieldStart && next == At::Quoted {
            opened = offset;
        }
        if next == At::Quoted && matches!(byte, b'\r' | b'\n') {
            let rest = record.get(offset + 1..).unwrap_or_default();
            let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            if shape.of_line(rest.get(..length).unwrap_or_default()) == Alone::Fits {
                return Some(opened);
            }
        }
        at = next;
    }
    None
}

/// Whether a line that fits the header by itself ends the trust in a quote that is open around it.
pub(super) fn is_wide(columns: usize) -> bool {
    columns >= WIDE_COLUMNS
}

/// Where in a record a parser stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote that closes the field, unless another follows and both are one character.
    Closed,
}

impl At {
    pub(super) fn after(self, byte: u8, delimiter: u8) -> Self {
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

    fn shape(delimiter: u8, columns: usize) -> Shape {
        Shape {
            delimiter,
            columns,
            trailer: None,
        }
    }

    fn check(record: &str, fields: usize, columns: usize, expected: Quotes) {
        assert_eq!(
            look(record.as_bytes(), fields, &shape(b',', columns)),
            expected,
            "{record:?}"
        );
    }

    fn open(opened: usize, last: usize, text: Option<usize>) -> Quotes {
        Quotes::Open { opened, last, text }
    }

    #[test]
    fn stray_and_open_quotes_are_found_and_all_others_are_sound() {
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
            check(record, 2, 2, Quotes::Sound);
        }
        check("\"An\"n,b\n", 2, 2, Quotes::Stray { opened: 0, text: 4 });
        check("a,\"b\" ,c\n", 3, 3, Quotes::Stray { opened: 2, text: 5 });
        check("\"a\n2,\"b\n", 1, 2, open(0, 0, Some(6)));
        check("\"a", 1, 1, open(0, 0, None));
        check("a,b,\"c\n1,2,3\n", 3, 3, open(4, 4, None));
        check("a,\"b\"\"", 2, 2, open(2, 2, None));
        check("\"a\"b,\"c", 2, 2, open(0, 5, None));
        assert_eq!(look(b"a;\"b", 2, &shape(b';', 2)), open(2, 2, None));
    }

    #[test]
    fn a_line_inside_a_field_that_is_a_record_by_itself_is_suspicious() {
        let swallowed = "1,\"An\n2,Bob,x\n3,12\",x\n";
        check(swallowed, 3, 3, Quotes::Sound);
        check(swallowed, 3, 4, Quotes::Sound);
        // The record does not fit, and the line inside it does.
        check("1,\"An\n2,Bob,x\n3,12\",x,y\n", 4, 3, open(2, 2, None));
        // As many columns as no address line has.
        check("1,\"An\n2,Bob,x,y,z\n3,12\",x,y,z\n", 5, 5, open(2, 2, None));
        check("1,\"An\rc/o x, y, z\r\n3,12\",x,y,z\n", 5, 5, Quotes::Sound);
        // The last line holds the quote that closes the field, so it is no record.
        check("1,\"Rue 1\nParis, 4\",x,y,z\n", 5, 5, Quotes::Sound);
        // The first of two bad quotes, though only the second is seen to be bad.
        check("1,\"An\n2,Bob,x\n3,12\",\"y\n4,Cy,x\n", 3, 3, open(2, 20, None));
        check("1,\"a\n2,b\",\"c\n3,d,e,f,g\n\",h,i\n", 5, 5, open(10, 10, None));
    }
}
