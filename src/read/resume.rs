//! Where reading goes on behind a quote that is missing or too much: at the next line on which a record begins that fits
//! the header.
//!
//! Nobody can tell from inside a quoted field whether it should have ended; but a line that has exactly as many fields as
//! the header, and quotes as a program writes them, is hardly ever the inside of a value. Nor is one that resembles the
//! record with the bad quote, though it has the far end of that quote in it: it is read, and its own quote is judged. The
//! search looks at each line once, however many lines could begin a record, since all that are not decided at the end of a line stand inside a
//! quoted field there, and the lines that follow mean the same for each of them. It does not read: whoever searches
//! shows it the text as far as it is known.

use memchr::memchr2;

use super::alone::{Alone, Pass, Shape};
use super::quotes::At;

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
            self.take(start, line, text, shape);
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

    /// Takes a line that stands behind the beginning of this record.
    fn take(&mut self, start: usize, line: &[u8], record: &[u8], shape: &Shape) {
        let alone = shape.of_line(line);
        if alone == Alone::Fits && shape.is_wide() {
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
            Alone::Neither if self.best.is_none() && shape.resembles(line, record) => self.offer(start),
            Alone::Begins(_) | Alone::Neither => {}
        }
    }

    /// Moves the records that are begun on by a line, which all of them reach inside a quoted field.
    fn go_on(&mut self, line: &[u8], shape: &Shape) {
        let pass = Pass::over(line, At::Quoted, shape.delimiter);
        if !pass.is_sound() {
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
        Shape::with_trailer(columns, "TRL")
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
        check("1,\"a\n@\"TRL\",7\n", 3);
        check("1,\"a\nTRL\n", 2);
        check("1,\"a\n x TRL\n", 2);
    }

    #[test]
    fn a_line_with_a_bad_quote_of_its_own_does_not_fit() {
        check("1,\"a\n2,\"b\"x\n@3,c\n", 2);
        check("1,\"a\nb, c\"\n@3,c\n", 2);
        check("1,\"a\n2,\"b\n3,\"c\n4,\"d\n", 2);
        check("1,\"a\n2,\"b\n3,\"c\n4,\"d\n@5,e\n", 2);
    }

    #[test]
    fn a_line_with_the_far_end_of_the_quote_is_read_where_it_resembles_the_record() {
        check("1,\"a\n@2,b\"\n3,c\n", 2);
        check("1,x,\"a\n@2\",x,b\n3,x,c\n", 3);
        // What stands before it is earlier, if it fits.
        check("1,\"a,b\n@2,\"two\n3,lines\",c\n4,x,y\n", 3);
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
