//! Where reading goes on behind a quote that is missing or too much: at the next line on which a record begins that fits
//! the header.
//!
//! Nobody can tell from inside a quoted field whether it should have ended; but a line that has exactly as many fields as
//! the header, and quotes as a program writes them, is hardly ever the inside of a value. The search looks at each line
//! once, however many lines could begin a record, since all that are not decided at the end of a line stand inside a
//! quoted field there, and the lines that follow mean the same for each of them. It does not read: whoever searches
//! shows it the text as far as it is known.

use memchr::{memchr, memchr_iter, memchr2};

use super::quotes::{At, is_wide};

/// UTF-8's byte order mark, which stands before the header of an export that was joined to another.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a record of the source looks like.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) delimiter: u8,
    /// Fields of the header.
    pub(super) columns: usize,
    /// How the first field of a trailer begins; a trailer may have any number of fields.
    pub(super) trailer: Option<Vec<u8>>,
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
        let is_trailer = self.trailer.as_ref().is_some_and(|text| {
            let line = line.strip_prefix(b"\"").unwrap_or(line);
            line.starts_with(text)
        });
        match pass {
            _ if line.is_empty() || !pass.sound => Alone::Neither,
            Pass { inside: false, .. } if fields == self.columns || is_trailer => Alone::Fits,
            Pass { inside: true, .. } if fields <= self.columns || is_trailer => Alone::Begins(fields),
            _ => Alone::Neither,
        }
    }
}

/// What a line does to a parser that comes to it in some state.
#[derive(Clone, Copy)]
struct Pass {
    /// Separators outside quotes.
    separators: usize,
    /// Whether the line ends inside a quoted field.
    inside: bool,
    /// No text behind a closing quote, and no quote inside an unquoted field: RFC 4180 allows neither, and the second is
    /// how the end of a quoted field looks to someone who does not know of its beginning.
    sound: bool,
}

impl Pass {
    fn over(line: &[u8], from: At, delimiter: u8) -> Self {
        let first = memchr(b'"', line).unwrap_or(line.len());
        let (plain, quoted) = line.split_at_checked(first).unwrap_or((line, b""));
        let mut pass = Self {
            separators: 0,
            inside: false,
            sound: true,
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
            let stray = at == At::Closed && next == At::Plain;
            let loose = at == At::Plain && *byte == b'"';
            pass.sound &= !stray && !loose;
            at = next;
        }
        pass.inside = at == At::Quoted;
        pass
    }
}

/// A search through the lines behind an offending quote.
#[derive(Debug)]
pub(super) struct Search {
    /// Where the next line begins that was not looked at.
    at: usize,
    /// The line of the quote itself is passed over.
    at_quote: bool,
    /// Lines that begin a record which is not decided yet, with its fields so far: each number of fields once, with the
    /// first line that has it, since all that follow fare alike.
    begun: Vec<(usize, usize)>,
    /// The first line known to begin a record that fits.
    best: Option<usize>,
}

impl Search {
    /// Begins on the line of the quote at this offset.
    pub(super) fn behind(opened: usize) -> Self {
        Self {
            at: opened,
            at_quote: true,
            begun: Vec::new(),
            best: None,
        }
    }

    /// Looks at the lines that are known whole; `ended` says that the text has no more. Gives the offset of the line where
    /// reading goes on, once it is decided.
    pub(super) fn look(&mut self, text: &[u8], ended: bool, shape: &Shape) -> Option<usize> {
        while let Some((line, next)) = line_at(text, self.at, ended) {
            let start = std::mem::replace(&mut self.at, next);
            if std::mem::take(&mut self.at_quote) {
                continue;
            }
            self.take(start, line, shape);
            if self.begun.is_empty() && self.best.is_some() {
                return self.best;
            }
        }
        if ended { self.best } else { None }
    }

    /// The best that is known if nothing further can be looked at.
    pub(super) fn best(&self) -> Option<usize> {
        self.best
    }

    /// How far it has looked.
    pub(super) fn looked(&self) -> usize {
        self.at
    }

    fn take(&mut self, start: usize, line: &[u8], shape: &Shape) {
        let alone = shape.of_line(line);
        if alone == Alone::Fits && is_wide(shape.columns) {
            // A record that would hold this line is one with a bad quote itself.
            self.begun.clear();
        } else if !self.begun.is_empty() {
            self.go_on(line, shape);
        }
        match alone {
            Alone::Fits => self.offer(start),
            // A line behind one that fits is too late.
            Alone::Begins(fields) if self.best.is_none() => {
                if self.begun.iter().all(|(known, _)| *known != fields) {
                    self.begun.push((fields, start));
                }
            }
            Alone::Begins(_) | Alone::Neither => {}
        }
    }

    /// Moves the records that are begun on by a line, which all of them reach inside a quoted field.
    fn go_on(&mut self, line: &[u8], shape: &Shape) {
        let pass = Pass::over(line, At::Quoted, shape.delimiter);
        if !pass.sound {
            self.begun.clear();
            return;
        }
        for (fields, _) in &mut self.begun {
            *fields += pass.separators;
        }
        if pass.inside {
            self.begun.retain(|(fields, _)| *fields <= shape.columns);
            return;
        }
        for (fields, start) in std::mem::take(&mut self.begun) {
            if fields == shape.columns {
                self.offer(start);
            }
        }
    }

    fn offer(&mut self, start: usize) {
        self.best = Some(self.best.map_or(start, |best| best.min(start)));
    }
}

/// The line at an offset, without its end, and where the next one begins; `None` if it is not known whole.
fn line_at(text: &[u8], at: usize, ended: bool) -> Option<(&[u8], usize)> {
    let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
    let Some(length) = memchr2(b'\r', b'\n', rest) else {
        return ended.then_some((rest, text.len()));
    };
    let line = rest.get(..length)?;
    match (rest.get(length), rest.get(length + 1)) {
        (Some(b'\r'), Some(b'\n')) => Some((line, at + length + 2)),
        // An LF may follow that belongs to it.
        (Some(b'\r'), None) if !ended => None,
        _ => Some((line, at + length + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(columns: usize) -> Shape {
        Shape {
            delimiter: b',',
            columns,
            trailer: Some(b"TRL".to_vec()),
        }
    }

    /// Searches behind the first quote of a text that becomes known in parts of every size; `@` marks the line where
    /// reading goes on.
    fn check(marked: &str, columns: usize) {
        let expected = marked.find('@');
        let text = marked.replace('@', "");
        let opened = text.find('"').unwrap();
        for size in 1..=text.len() {
            let mut search = Search::behind(opened);
            let found = (1..=text.len().div_ceil(size)).find_map(|parts| {
                let known = (parts * size).min(text.len());
                search.look(&text.as_bytes()[..known], known == text.len(), &shape(columns))
            });
            assert_eq!(found, expected, "{marked:?} in parts of {size}");
        }
    }

    #[test]
    fn reading_goes_on_at_the_first_line_that_fits() {
        check("1,\"a\n@2,b\n3,c\n", 2);
        check("1,\"a\r\n2\r\n@3,c\r\n", 2);
        check("1,\"a\r2,b,c\r@3,c\r4,d", 2);
        check("1,\"a\n\n@2,\"\"", 2);
        check("1,\"a\n2,x,y,z\n", 2);
        // A byte order mark and a trailer.
        check("1,\"a\n@\u{feff}id,n\n", 2);
        check("1,\"a\n@TRL,7,x,y\n", 2);
        check("1,\"a\n@\"TRL\"\n", 2);
        check("1,\"a\n x TRL\n", 2);
    }

    #[test]
    fn a_line_with_a_bad_quote_of_its_own_does_not_fit() {
        check("1,\"a\n2,\"b\"x\n@3,c\n", 2);
        check("1,\"a\n2,b\"\n@3,c\n", 2);
        check("1,\"a\n2,\"b\n3,\"c\n4,\"d\n", 2);
        check("1,\"a\n2,\"b\n3,\"c\n4,\"d\n@5,e\n", 2);
    }

    #[test]
    fn a_record_of_several_lines_fits_as_a_whole() {
        check("1,\"a\n@2,\"two\nlines\"\n3,c\n", 2);
        check("1,\"a\n@2,\"two,\n4,\"\"d\"\"\nlines\"\n3,c\n", 2);
        check("1,\"a\n2,\"two\nlines\",x\n@3,c\n", 2);
        // An address line with separators, in a narrow header and in a wide one.
        check("1,\"a\n@2,\"two\nb,c,d\nlines\",x,y\n", 4);
        check("1,\"a\n2,\"two\n@b,c,d,e,f\nlines\",x,y,z\n", 5);
        // It never ends, so that the first line that fits by itself is the one.
        check("1,\"a\n2,\"two\n@3,c\n4,d\n", 2);
    }
}
