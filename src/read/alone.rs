//! What a line is when it is read by itself, from its beginning, and whether it is a record that a bad quote has
//! swallowed.
//!
//! Nobody can tell from inside a quoted field whether it should have ended. Three things can be seen from a line alone:
//!
//! 1. It has exactly the header's number of fields, and quotes as a program writes them. So it *fits*; in a header of five
//!    columns or more no line of a value does so by chance.
//! 2. It has that number, whatever its header, and *resembles* the record in which it stands: a cell before its bad quote,
//!    if it has one, equals the record's own cell in the same column (`INDIVIDUAL`); or the first cells of both are codes
//!    (figures in them, no space); or both are words, both empty, or the record's own first line has the header's number
//!    of fields once its quotes are passed over, and the line has a cell before its bad quote. Only the equal cell counts
//!    where a space stands behind each separator, for so people write and not programs: `York, England`.
//! 3. It is a trailer: it begins as one and has a number in the field that counts.
//!
//! A line that resembles may have a quote inside an unquoted field, for that is how the far end of a bad quote looks to
//! someone who comes from the line's beginning. A header of one column, which no customer fits, is no evidence of
//! anything. It looks at one line and at the first bytes of the record, and reads nothing.

use memchr::{memchr, memchr_iter, memchr2};

use super::quotes::At;
use super::trailer;

/// UTF-8's byte order mark, which stands before the header of an export that was joined to another.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Columns from which a line inside a quoted field that has as many fields is a record and not a value: nobody writes
/// an address line with four separators.
const WIDE_COLUMNS: usize = 5;

/// Bytes of a record's first line that a line is compared with, so that one huge first line is not gone over for each
/// line behind it. The first cells of any true record stand in them.
const COMPARED_BYTES: usize = 1024;

/// Bytes of the longest code: an identifier has at most 128 characters.
const CODE_BYTES: usize = 128;

/// What a record of the source looks like.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) delimiter: u8,
    /// Fields of the header.
    pub(super) columns: usize,
    pub(super) trailer: Option<TrailerShape>,
}

/// What a trailer looks like; it may have any number of fields.
#[derive(Clone, Debug)]
pub(super) struct TrailerShape {
    /// How its first field begins.
    pub(super) text: Vec<u8>,
    /// The field that counts, from 1.
    pub(super) count_field: usize,
}

/// What a line is when it is read by itself, from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alone {
    /// A record that fits the header, or a trailer.
    Fits,
    /// The beginning of a record of several lines with so many fields so far.
    Begins(usize),
    /// Neither.
    Neither,
}

impl Shape {
    /// What a line without its end is by itself.
    pub(super) fn of_line(&self, line: &[u8]) -> Alone {
        let line = line.strip_prefix(MARK).unwrap_or(line);
        let pass = Pass::over(line, At::FieldStart, self.delimiter);
        let fields = pass.separators + 1;
        let is_trailer = || {
            self.trailer
                .as_ref()
                .is_some_and(|shape| shape.is(line, self.delimiter))
        };
        match pass {
            _ if line.is_empty() || !pass.is_sound() => Alone::Neither,
            Pass { inside: false, .. } if fields == self.columns || is_trailer() => Alone::Fits,
            Pass { inside: true, .. } if fields <= self.columns || is_trailer() => Alone::Begins(fields),
            _ => Alone::Neither,
        }
    }

    /// Whether a line that fits the header by itself ends the trust in a quote that is open around it.
    pub(super) fn is_wide(&self) -> bool {
        self.columns >= WIDE_COLUMNS
    }

    /// Whether a line without its end has the header's number of fields and resembles the record that begins like this.
    pub(super) fn resembles(&self, line: &[u8], record: &[u8]) -> bool {
        let line = line.strip_prefix(MARK).unwrap_or(line);
        let pass = Pass::over(line, At::FieldStart, self.delimiter);
        if self.columns < 2 || pass.separators + 1 != self.columns || pass.stray {
            return false;
        }
        let before = pass.bad_cell.unwrap_or(pass.separators);
        let first_line = first_line(record);
        let cells = || line.split(|byte| *byte == self.delimiter);
        let own_cells = || first_line.split(|byte| *byte == self.delimiter).map(bare);
        let mut pairs = cells().map(bare).zip(own_cells()).take(before);
        if pairs.any(|(cell, own)| !cell.is_empty() && cell == own) {
            return true;
        }
        let mut behind_separators = cells().take(before + 1).skip(1);
        if before > 0 && behind_separators.all(|cell| cell.starts_with(b" ")) {
            return false;
        }
        let first = (Lead::of(cells()), Lead::of(own_cells()));
        let is_whole = || {
            let own = Pass::over(first_line, At::FieldStart, self.delimiter).separators;
            own + 1 < self.columns && memchr_iter(self.delimiter, first_line).count() + 1 == self.columns
        };
        match first {
            (Lead::Code, Lead::Code) => true,
            (Lead::Words, Lead::Words) | (Lead::Nothing, Lead::Nothing) => before > 0,
            _ => before > 0 && is_whole(),
        }
    }
}

impl TrailerShape {
    /// Whether a line is a trailer by itself: its beginning alone may be that of a line of an address.
    fn is(&self, line: &[u8], delimiter: u8) -> bool {
        let begins = line.strip_prefix(b"\"").unwrap_or(line).starts_with(&self.text);
        let count = || {
            let index = self.count_field.checked_sub(1)?;
            line.split(|byte| *byte == delimiter).map(bare).nth(index)
        };
        begins && trailer::number(count()).is_some()
    }
}

/// The first line of a record, or as much of it as is compared.
fn first_line(record: &[u8]) -> &[u8] {
    let known = record.get(..COMPARED_BYTES).unwrap_or(record);
    let length = memchr2(b'\r', b'\n', known).unwrap_or(known.len());
    known.get(..length).unwrap_or_default()
}

/// A cell without the spaces and quotes around it.
fn bare(cell: &[u8]) -> &[u8] {
    let around = |byte: &u8| matches!(byte, b' ' | b'"');
    let start = cell.iter().position(|byte| !around(byte)).unwrap_or(cell.len());
    let end = cell
        .iter()
        .rposition(|byte| !around(byte))
        .map_or(start, |last| last + 1);
    cell.get(start..end).unwrap_or_default()
}

/// What the first cell of a line is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Nothing,
    /// Figures and perhaps letters, as identifiers have them.
    Code,
    Words,
}

impl Lead {
    fn of<'line>(mut cells: impl Iterator<Item = &'line [u8]>) -> Self {
        let cell = bare(cells.next().unwrap_or_default());
        let is_code = cell.len() <= CODE_BYTES
            && cell.iter().any(u8::is_ascii_digit)
            && !cell.iter().any(u8::is_ascii_whitespace);
        match cell {
            [] => Self::Nothing,
            _ if is_code => Self::Code,
            _ => Self::Words,
        }
    }
}

/// What a line does to a parser that comes to it in some state.
#[derive(Clone, Copy)]
pub(super) struct Pass {
    /// Separators outside quotes.
    pub(super) separators: usize,
    /// Whether the line ends inside a quoted field.
    pub(super) inside: bool,
    /// Text behind a closing quote.
    stray: bool,
    /// Separators before the first quote inside an unquoted field, or before that which is open at the line's end.
    bad_cell: Option<usize>,
    /// A quote inside an unquoted field.
    loose: bool,
}

impl Pass {
    pub(super) fn over(line: &[u8], from: At, delimiter: u8) -> Self {
        let first = memchr(b'"', line).unwrap_or(line.len());
        let (plain, quoted) = line.split_at_checked(first).unwrap_or((line, b""));
        let mut pass = Self {
            separators: 0,
            inside: false,
            stray: false,
            bad_cell: None,
            loose: false,
        };
        let mut at = from;
        if from != At::Quoted {
            pass.separators = memchr_iter(delimiter, plain).count();
            if let Some(last) = plain.last() {
                at = At::FieldStart.after(*last, delimiter);
            }
        }
        for byte in quoted {
            let next = at.after(*byte, delimiter);
            pass.separators += usize::from(next == At::FieldStart);
            pass.stray |= at == At::Closed && next == At::Plain;
            if at == At::Plain && *byte == b'"' {
                pass.loose = true;
                pass.bad_cell.get_or_insert(pass.separators);
            }
            at = next;
        }
        pass.inside = at == At::Quoted;
        if pass.inside {
            pass.bad_cell.get_or_insert(pass.separators);
        }
        pass
    }

    /// No text behind a closing quote, and no quote inside an unquoted field: RFC 4180 allows neither, and the second is
    /// how the end of a quoted field looks to someone who does not know of its beginning.
    pub(super) fn is_sound(&self) -> bool {
        !self.stray && !self.loose
    }
}

#[cfg(test)]
impl Shape {
    /// Commas, and a trailer that begins with this text and counts in its second field.
    pub(super) fn with_trailer(columns: usize, text: &str) -> Self {
        Self {
            delimiter: b',',
            columns,
            trailer: Some(TrailerShape {
                text: text.as_bytes().to_vec(),
                count_field: 2,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(columns: usize) -> Shape {
        Shape::with_trailer(columns, "T")
    }

    #[test]
    fn a_line_resembles_the_record_that_has_swallowed_it() {
        let check = |record: &str, line: &str, expected: bool| {
            let columns = line.split(',').count();
            let found = shape(columns).resembles(line.as_bytes(), record.as_bytes());
            assert_eq!(found, expected, "{line:?} in {record:?}");
            let other = shape(columns + 1).resembles(line.as_bytes(), record.as_bytes());
            assert!(!other, "{line:?} has another number of fields");
        };
        // Both first cells are codes.
        check("A-1,INDIVIDUAL,Zoe,\"1 High", "A-2,INDIVIDUAL,Jose,12\"", true);
        check("\"A1,Ann,Lee\n", "A2\",Bob,Lee", true);
        check("7,\"Ann", "\u{feff}1b2c-3d,Lee\"", true);
        check("7,Ann,\"Road", "8,Bob,\"", true);
        // A cell is the same, in the same column and before the bad quote.
        check("ANNA,INDIVIDUAL,\"Ann", "12 b, INDIVIDUAL, Bob\"", true);
        check("12,Ann,\"Low Road", "York,Bob,Ann\"", false);
        check("12,x,\"Low Road", "York, UK\",x", false);
        // Words, which a program wrote and a person did not.
        check("Ann,\"Lee", "Bob,Lee\"", true);
        check("Ann,\"Lee", "York, UK\"", false);
        check("Ann,\"Lee", "York\",x", false);
        check(",\"Lee", ",Bob\"", true);
        // A first line that is whole once its quote is passed over.
        check("ANNA,\"INDIVIDUAL,Ann", "17,INDIVIDUAL,Bob\"", true);
        check("1,\"12 Low Road", "York,England\"", false);
        // Lines of values.
        check("12,Ann,\"12 Low Road", "York, UK, England\",x,y", false);
        check("1,\"Rue 1", "1000, Bruxelles\",x", false);
        check("1,\"Rue 1", "80331 Munich,Bavaria\",x", false);
        // Text behind a closing quote, and a header that no customer fits.
        check("A1,\"Ann", "A2,\"B\"ob", false);
        check("A1", "A2\"", false);
    }

    #[test]
    fn a_trailer_is_one_with_a_number_in_its_field() {
        let check = |line: &str, expected| assert_eq!(shape(5).of_line(line.as_bytes()), expected, "{line:?}");
        check("T,7", Alone::Fits);
        check("\"T\",\"7\"", Alone::Fits);
        check("T7, 007 ,x", Alone::Fits);
        check("Tower B", Alone::Neither);
        check("Tower B, York", Alone::Neither);
        check("T", Alone::Neither);
    }

    #[test]
    fn a_huge_first_line_is_not_compared_to_its_end() {
        let record = format!("{},INDIVIDUAL,\"", "x".repeat(COMPARED_BYTES));
        assert!(!shape(3).resembles(b"12,INDIVIDUAL,Bob\"", record.as_bytes()));
        assert!(shape(3).resembles(b"12,INDIVIDUAL,Bob\"", &record.as_bytes()[COMPARED_BYTES - 1..]));
    }
}
