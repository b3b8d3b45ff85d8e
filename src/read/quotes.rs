//! Whether the quotes of a record stand where RFC 4180 wants them.
//!
//! The `csv` crate forgives all of these without a word, and each may make a wrong customer or swallow whole records: text
//! behind a closing quote is appended to the field; a quote that is never closed takes in the rest of the file; two such
//! errors may cancel each other out, and what lies between them is then one field. So a record of several lines is
//! doubted if one of its later lines is a record by itself, as [`super::alone`] decides it: one that fits, where the
//! record does not fit or the header is wide, or one that resembles the record, the line with the closing quote included.
//!
//! An odd quote at the end of an unquoted field is either an inch (`Pipe 12"`) or the far end of a quote that was opened
//! elsewhere, or forgotten. It is bad for certain in the first field, which holds no measure, and where the record quotes
//! another field, since who quotes would have quoted this one; else it may be the far end, and the caller knows whether
//! one is expected. Every other quote inside an unquoted field is a character like any other and hurts nobody. Where
//! reading goes on behind a bad quote is for [`super::resume`].

use memchr::{memchr, memchr2};

use super::alone::{Alone, Shape};

/// What the quotes of one record are like. Offsets are those of quotes that open a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// As they should be.
    Sound,
    /// An odd quote ends the unquoted field that it stands in: bad for certain, or an inch unless a far end is expected.
    Loose { quote: usize, certain: bool },
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
        Quotes::Sound | Quotes::Loose { .. } => hidden(record, fields, shape).map_or(quotes, |opened| Quotes::Open {
            opened,
            last: opened,
            text: None,
        }),
    }
}

/// Whether a record of several lines, whose quotes are sound by themselves, may be doubted, whatever its fields.
pub(super) fn may_hide(record: &[u8], shape: &Shape) -> bool {
    hidden(record, usize::MAX, shape).is_some()
}

/// A record without its line end.
pub(super) fn without_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// Looks at a record from its first quote on, without a thought about its lines.
fn walk(record: &[u8], first: usize, delimiter: u8) -> Quotes {
    let mut at = if first == 0 { At::FieldStart } else { At::Plain };
    let before = record.get(..first).unwrap_or_default();
    if let Some(last) = before.last() {
        at = at.after(*last, delimiter);
    }
    let mut loose = LooseEnds::new(memchr(delimiter, before).is_none());
    let (mut stray, mut opened) = (None, first);
    for (offset, byte) in record.iter().enumerate().skip(first) {
        let next = at.after(*byte, delimiter);
        if at == At::FieldStart && next == At::Quoted {
            opened = offset;
            loose.has_quoted = true;
        }
        if at == At::Closed && next == At::Plain {
            stray.get_or_insert((opened, offset));
        }
        loose.step(at, next, *byte, offset);
        at = next;
    }
    match stray {
        _ if at == At::Quoted => Quotes::Open {
            opened: stray.map_or(opened, |(opened, _)| opened),
            last: opened,
            text: None,
        },
        Some((opened, text)) => Quotes::Stray { opened, text },
        None => loose.end(),
    }
}

/// Finds the first odd quote at the end of an unquoted field; spaces behind it do not count.
struct LooseEnds {
    /// The field at hand is the record's first.
    is_first: bool,
    /// The record quotes a field.
    has_quoted: bool,
    /// The field at hand has an odd number of quotes.
    odd: bool,
    /// The quote with which the field at hand ends so far.
    last: Option<usize>,
    /// The quote that was found, and whether it stands in the first field.
    found: Option<(usize, bool)>,
}

impl LooseEnds {
    fn new(is_first: bool) -> Self {
        Self {
            is_first,
            has_quoted: false,
            odd: false,
            last: None,
            found: None,
        }
    }

    fn step(&mut self, at: At, next: At, byte: u8, offset: usize) {
        match (at, byte) {
            _ if next == At::FieldStart => {
                self.end_field();
                self.is_first = false;
            }
            (At::Plain, b'"') => {
                self.odd = !self.odd;
                self.last = Some(offset);
            }
            (_, b' ' | b'\r' | b'\n') => {}
            _ => self.last = None,
        }
    }

    fn end_field(&mut self) {
        if let Some(quote) = self.last.take().filter(|_| self.odd) {
            self.found.get_or_insert((quote, self.is_first));
        }
        self.odd = false;
    }

    fn end(mut self) -> Quotes {
        self.end_field();
        self.found.map_or(Quotes::Sound, |(quote, is_first)| Quotes::Loose {
            quote,
            certain: is_first || self.has_quoted,
        })
    }
}

/// The first quote in whose field a line begins that is a record by itself, the field's last line included.
fn hidden(record: &[u8], fields: usize, shape: &Shape) -> Option<usize> {
    let fit_is_enough = fields != shape.columns || shape.is_wide();
    let (mut at, mut opened) = (At::FieldStart, 0);
    for (offset, byte) in record.iter().enumerate() {
        let next = at.after(*byte, shape.delimiter);
        if at == At::FieldStart && next == At::Quoted {
            opened = offset;
        }
        if next == At::Quoted && matches!(byte, b'\r' | b'\n') {
            let rest = record.get(offset + 1..).unwrap_or_default();
            let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            let fits = fit_is_enough && shape.of_line(line) == Alone::Fits;
            if fits || shape.resembles(line, record) {
                return Some(opened);
            }
        }
        at = next;
    }
    None
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
            "12\" pipe,5'10\" tall,\"a\"\n",
            "a,the \"b\"\n",
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
    fn an_odd_quote_at_the_end_of_an_unquoted_field_is_loose() {
        let loose = |quote, certain| Quotes::Loose { quote, certain };
        check("A3\",b\n", 2, 2, loose(2, true));
        check("A3\" ,b\n", 2, 2, loose(2, true));
        check("a,Pipe 12\"\r\n", 2, 2, loose(9, false));
        check("a,5'10\",b\n", 3, 3, loose(6, false));
        check("\"a\",Ann\",\"b\"", 3, 3, loose(7, true));
        check("a,Ann\",\"b\nc\"", 3, 3, loose(5, true));
        check("a,12\",13\"", 3, 3, loose(4, false));
    }

    #[test]
    fn a_line_inside_a_field_that_is_a_record_by_itself_is_suspicious() {
        let swallowed = "1,\"An\n2,Bob,x\n3,12\",x\n";
        check(swallowed, 3, 3, open(2, 2, None));
        check(swallowed, 3, 4, Quotes::Sound);
        // Two records next to each other; the far end of the quote is on the line of the second.
        check("1,An,\"x\n2,Bob,12\"\n", 3, 3, open(5, 5, None));
        check("A1,\"An,x\nA2,Bob\",x\n", 3, 3, open(3, 3, None));
        check("A1,An,\"x\nA2\",Bob,x\n", 5, 3, open(6, 6, None));
        check("A1,An,\"x\nA2,Bob,\"\n", 3, 3, open(6, 6, None));
        check("1,\"12 Low Road\nYork, England\",x\n", 3, 3, Quotes::Sound);
        check("1,\"b, c\nd, e\"\n", 2, 2, Quotes::Sound);
        // The record does not fit, and the line inside it does.
        check("1,\"An\n2,Bob,x\n3,12\",x,y\n", 4, 3, open(2, 2, None));
        // As many columns as no address line has.
        check("1,\"An\n2,Bob,x,y,z\n3,12\",x,y,z\n", 5, 5, open(2, 2, None));
        check("1,\"An\rc/o x, y, z\r\nYork, 12\",x,y,z\n", 5, 5, Quotes::Sound);
        // The last line holds the quote that closes the field, so it is no record.
        check("1,\"Rue 1\nParis, 4\",x,y,z\n", 5, 5, Quotes::Sound);
        // The first of two bad quotes, though only the second is seen to be bad.
        check("1,\"An\n2,Bob,x\n3,12\",\"y\n4,Cy,x\n", 3, 3, open(2, 20, None));
        check("1,\"a\n2,b\",\"c\n3,d,e,f,g\n\",h,i\n", 5, 5, open(10, 10, None));
    }
}
