//! Where a record ends that is written as RFC 4180 has it: nearly every record.
//!
//! It goes from quote to quote and sees the line end, where a parser goes from byte to byte; so the thread that reads need
//! not parse such a record, and a worker does. It decides nothing about the others: whatever is odd is for the parser and
//! for [`super::quotes`], and so is what may be hidden in the lines of a value.

use memchr::memchr3;

/// Bytes of a record that is looked at: forty times an ordinary one. Of a longer one the parser is no more to blame than
/// its length, and one that is not plain is gone over in vain only so far.
pub(super) const MOST_BYTES: usize = 16 * 1024;

/// What is seen at the beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// A record of this length, with the first byte of its line end. By themselves its quotes are sound.
    Ends {
        length: usize,
        /// A value has several lines.
        lines: bool,
    },
    /// Something else.
    Odd,
    /// What is known of the text does not tell.
    Unknown,
}

/// Looks at a text that begins with the first byte of a record, which is no line end.
pub(super) fn end(text: &[u8], delimiter: u8) -> Plain {
    let text = text.get(..MOST_BYTES).unwrap_or(text);
    let (mut at, mut lines) = (0, false);
    loop {
        let Some(found) = mark(text, at) else {
            return Plain::Unknown;
        };
        if text.get(found) != Some(&b'"') {
            return Plain::Ends {
                length: found + 1,
                lines,
            };
        }
        let before = found.checked_sub(1).and_then(|before| text.get(before));
        if before.is_some_and(|before| *before != delimiter) {
            return Plain::Odd;
        }
        let Some(closed) = closing(text, found + 1, &mut lines) else {
            return Plain::Unknown;
        };
        match text.get(closed + 1) {
            None => return Plain::Unknown,
            Some(b'\r' | b'\n') => {
                return Plain::Ends {
                    length: closed + 2,
                    lines,
                };
            }
            Some(next) if *next == delimiter => at = closed + 2,
            Some(_) => return Plain::Odd,
        }
    }
}

/// The next quote or line end.
fn mark(text: &[u8], from: usize) -> Option<usize> {
    let found = memchr3(b'"', b'\r', b'\n', text.get(from..)?);
    found.map(|found| from + found)
}

/// The quote that closes a field, and whether it has several lines; a doubled quote closes nothing.
fn closing(text: &[u8], mut from: usize, lines: &mut bool) -> Option<usize> {
    loop {
        let found = mark(text, from)?;
        let is_quote = text.get(found) == Some(&b'"');
        let is_doubled = is_quote && text.get(found + 1) == Some(&b'"');
        if is_quote && !is_doubled {
            return Some(found);
        }
        *lines |= !is_quote;
        from = found + 1 + usize::from(is_doubled);
    }
}

#[cfg(test)]
mod tests {
    use super::super::alone::Shape;
    use super::super::quotes::{Quotes, look, may_hide, without_end};
    use super::super::texts;
    use super::*;

    #[test]
    fn records_with_sound_quotes_are_plain() {
        let one = |length| Plain::Ends { length, lines: false };
        let check = |text: &str, expected| assert_eq!(end(text.as_bytes(), b','), expected, "{text:?}");
        check("a,b\nc", one(4));
        check("a,b\r\nc", one(4));
        check(",\n", one(2));
        check("\"a\",b\n", one(6));
        check("a,\"b, \"\"c\"\"\"\r\n", one(13));
        check("\"\",\"\"\n\"", one(6));
        check("a,\"b\nc\"\n", Plain::Ends { length: 8, lines: true });
        check("a,\"b\nc", Plain::Unknown);
        check("a,b\"\n", Plain::Odd);
        check("a, \"b\"\n", Plain::Odd);
        check("\"a\"b,c\n", Plain::Odd);
        check("a,b", Plain::Unknown);
        check("a,\"b", Plain::Unknown);
        check("a,\"b\"", Plain::Unknown);
        check("a,\"b\"\"", Plain::Unknown);
        assert_eq!(end(b"a;\"b\";c\n", b';'), one(8));
        let long = [b"x".repeat(MOST_BYTES), b"\n".to_vec()].concat();
        assert_eq!(end(&long, b','), Plain::Unknown);
        assert_eq!(end(&long[1..], b','), one(MOST_BYTES));
    }

    #[test]
    fn what_is_plain_is_what_the_parser_reads_and_no_quote_in_it_is_doubted() {
        let shape = Shape {
            delimiter: b',',
            columns: 2,
            trailer: None,
        };
        let mut record = csv::ByteRecord::new();
        let begins_record = |text: &Vec<u8>| !matches!(text.first(), None | Some(b'\r' | b'\n'));
        for text in texts::of(b"a,\"\r\n", 7).into_iter().filter(begins_record) {
            let seen = end(&text, b',');
            let known = end(&text[..text.len() - 1], b',');
            assert!(known == Plain::Unknown || known == seen, "{text:?} has another end");
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_slice());
            assert!(reader.read_byte_record(&mut record).unwrap());
            let parsed = usize::try_from(reader.position().byte()).unwrap();
            let quotes = look(&text[..parsed], record.len(), &shape);
            match seen {
                Plain::Ends { length, lines } => {
                    let record = &text[..parsed];
                    let inside = memchr::memchr2(b'\r', b'\n', without_end(record)).is_some();
                    assert_eq!((length, lines), (parsed, inside), "{text:?}");
                    let is_sound = quotes == Quotes::Sound;
                    assert!(is_sound || lines && may_hide(record, &shape), "{text:?}: {quotes:?}");
                }
                // Nothing is lost by what is not seen, save that it is slow.
                Plain::Odd => assert!(text.contains(&b'"'), "{text:?}"),
                Plain::Unknown => assert_eq!(parsed, text.len(), "{text:?}"),
            }
        }
    }
}
