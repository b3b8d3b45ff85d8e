//! How a source separates fields and lines: from its head, or as the configuration says.
//!
//! Detection really parses the head with each separator, so that quoted separators don't count. The header decides
//! which separators are possible at all: a list in a cell (`US;CA`) never makes `;` the separator of a file whose header
//! has none. It does not detect quotes (RFC 4180 knows one) nor whether there is a header (there is).

use std::fmt;

use csv::ByteRecord;

use super::error::ReadError;

/// Bytes of text that detection looks at: more than a hundred records of the usual size.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// The separators that are looked for; of equals, the first.
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How the line begins with which Excel is told the separator; the separator is its last character.
const DECLARATION: &[u8] = b"sep=";

/// The separator that a line without its end declares and does nothing else: `sep=;`.
pub(super) fn declared(line: &[u8]) -> Option<u8> {
    let (begin, separator) = line.split_at_checked(DECLARATION.len())?;
    match separator {
        [b'"' | b'\r' | b'\n'] => None,
        [separator] if begin.eq_ignore_ascii_case(DECLARATION) => Some(*separator).filter(u8::is_ascii),
        _ => None,
    }
}

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// `\r`
    Cr,
    /// Several of them.
    Mixed,
    /// No line ends within the head.
    None,
}

impl LineEnd {
    fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
            Self::Cr => "CR",
            Self::Mixed => "mixed line ends",
            Self::None => "no line end",
        }
    }
}

/// How a source is written. Shown as `comma-separated, LF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What separates fields.
    pub delimiter: u8,
    /// What ends records, as far as the head shows. It tells and decides nothing: each of the three ends a record.
    pub line_end: LineEnd,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.delimiter {
            b',' => f.write_str("comma")?,
            b';' => f.write_str("semicolon")?,
            b'\t' => f.write_str("tab")?,
            b'|' => f.write_str("pipe")?,
            other => write!(f, "`{}`", char::from(other).escape_debug())?,
        }
        write!(f, "-separated, {}", self.line_end.name())
    }
}

impl Dialect {
    /// The dialect of a text that begins with `head`. A separator of the configuration is taken as it is, if it can be
    /// one; then one that the first line declares as Excel wants it.
    pub fn of(head: &[u8], delimiter: Option<u8>) -> Result<Self, ReadError> {
        let delimiter = delimiter.or_else(|| declared(first_line(head)));
        if let Some(delimiter) = delimiter {
            if matches!(delimiter, b'"' | b'\r' | b'\n') || !delimiter.is_ascii() {
                return Err(ReadError::Delimiter { delimiter });
            }
            let line_end = Look::at(head, delimiter).line_end;
            return Ok(Self { delimiter, line_end });
        }
        let (mut best, mut best_score) = (
            Self {
                delimiter: b',',
                line_end: LineEnd::None,
            },
            None,
        );
        for delimiter in DELIMITERS {
            let look = Look::at(head, delimiter);
            if best_score.is_none_or(|score| look.score() > score) {
                best_score = Some(look.score());
                best = Self {
                    delimiter,
                    line_end: look.line_end,
                };
            }
        }
        Ok(best)
    }
}

/// The first line of a text, without its end; nothing if it is longer than the head.
fn first_line(head: &[u8]) -> &[u8] {
    let length = memchr::memchr2(b'\r', b'\n', head).unwrap_or_default();
    head.get(..length).unwrap_or_default()
}

/// What the head looks like with one separator.
struct Look {
    columns: usize,
    records: usize,
    /// Records with as many fields as the header, itself included, and no quote torn apart.
    even_records: usize,
    line_end: LineEnd,
}

impl Look {
    fn at(head: &[u8], delimiter: u8) -> Self {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(head);
        let mut look = Self {
            columns: 0,
            records: 0,
            even_records: 0,
            line_end: LineEnd::None,
        };
        let mut record = ByteRecord::new();
        while let Ok(true) = reader.read_byte_record(&mut record) {
            let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
            // The head may cut its last record anywhere, so that one says nothing beside others.
            let cut = end >= head.len() && head.len() >= HEAD_BYTES;
            if cut && look.records > 0 {
                break;
            }
            if look.records == 0 {
                look.columns = record.len();
            }
            look.records += 1;
            // An odd quote is half of a pair that this separator tears apart.
            let torn = record
                .iter()
                .any(|field| memchr::memchr_iter(b'"', field).count() % 2 == 1);
            look.even_records += usize::from(record.len() == look.columns && !torn);
            look.see_line_end(head, end);
        }
        look
    }

    /// Takes the line end that the parser stopped behind; it stops between CR and LF.
    fn see_line_end(&mut self, head: &[u8], end: usize) {
        let last = end.checked_sub(1).and_then(|at| head.get(at));
        let seen = match (last, head.get(end)) {
            (Some(b'\r'), Some(b'\n')) => LineEnd::CrLf,
            (Some(b'\r'), _) => LineEnd::Cr,
            (Some(b'\n'), _) => LineEnd::Lf,
            _ => return,
        };
        self.line_end = match self.line_end {
            LineEnd::None => seen,
            known if known == seen => known,
            LineEnd::Lf | LineEnd::CrLf | LineEnd::Cr | LineEnd::Mixed => LineEnd::Mixed,
        };
    }

    /// How well the separator fits: the more separators in the header the better, times the square of the share of
    /// records that are even. A separator that the header lacks scores nothing.
    fn score(&self) -> usize {
        let share = self.even_records * 1000 / self.records.max(1);
        share * share * self.columns.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: &str) {
        assert_eq!(
            Dialect::of(head.as_bytes(), None).unwrap().to_string(),
            expected,
            "{head:?}"
        );
    }

    #[test]
    fn the_separator_is_detected() {
        check("id,city\n1,Berlin\n", "comma-separated, LF");
        check("id;city\r\n1;Berlin\r\n", "semicolon-separated, CRLF");
        check("id\tcity\r1\tBerlin\r", "tab-separated, CR");
        check("id|city\n1|Berlin\r\n", "pipe-separated, mixed line ends");
        check("id,city", "comma-separated, no line end");
        check("id\n1\n2\n", "comma-separated, LF");
        check("", "comma-separated, no line end");
    }

    #[test]
    fn the_first_line_may_declare_the_separator() {
        check("sep=;\r\nid;a,b,c\r\n", "semicolon-separated, CRLF");
        check("SEP=:\nid:a,b,c\n", "`:`-separated, LF");
        check("sep=;,\nid,a\n", "comma-separated, LF");
        check("sep=\"\nid,a\n", "comma-separated, LF");
        let dialect = Dialect::of(b"sep=;\nid,a\n", Some(b',')).unwrap();
        assert_eq!(dialect.to_string(), "comma-separated, LF");
    }

    #[test]
    fn separators_inside_cells_do_not_count() {
        check(
            "id;name\n1;\"Doe, John\"\n2;\"Roe, Jane, Dr\"\n",
            "semicolon-separated, LF",
        );
        check("id,countries\n1,US;CA;MX\n2,GB;DE;FR\n", "comma-separated, LF");
        check("id|\"a,b,c,d\"\n1|\"1,2,3,4\"\n", "pipe-separated, LF");
        check("\"a;b\";c;d\n1;2;3\n", "semicolon-separated, LF");
    }

    #[test]
    fn ragged_records_do_not_mislead() {
        check(
            "id;name, first;city\n1;a;b\n2;a;b;c\n3;a;b\n",
            "semicolon-separated, LF",
        );
        check("id,name,city\n1,a,b,\n2,a,b,\n", "comma-separated, LF");
    }

    #[test]
    fn a_head_that_cuts_its_last_record_is_read_as_far_as_it_goes() {
        let text = "id;city\n".to_owned() + &"1;Berlin\n".repeat(HEAD_BYTES / 9);
        check(&text[..HEAD_BYTES.min(text.len())], "semicolon-separated, LF");
    }

    #[test]
    fn the_configuration_overrides() {
        let dialect = Dialect::of(b"a,b:c\n", Some(b':')).unwrap();
        assert_eq!(dialect.to_string(), "`:`-separated, LF");
        for byte in [b'"', b'\n', b'\r', 0xe9] {
            assert!(matches!(
                Dialect::of(b"a", Some(byte)),
                Err(ReadError::Delimiter { .. })
            ));
        }
    }
}
