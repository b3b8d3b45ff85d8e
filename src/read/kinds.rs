//! What a parsed record is: a record, or something else that stands between records and is counted as what it is.
//!
//! Spreadsheets export lines of separators, programs join exports with their headers, and some systems end an export with
//! a count. None of these is a customer, and none is an error. It looks at whole fields only, and never at the values of
//! what is a record.

use csv::ByteRecord;

use super::alone::Shape;

/// What a parsed record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A record.
    Record,
    /// Nothing but separators, spaces and empty quotes.
    Separators,
    /// The header once more.
    Header,
    /// A trailer, as the configuration declares it.
    Trailer,
}

impl Kind {
    /// What a record is that stands in the text like this.
    pub(super) fn of(record: &ByteRecord, text: &[u8], header: &[String], shape: &Shape) -> Self {
        let first = record.get(0).unwrap_or_default();
        if shape
            .trailer
            .as_ref()
            .is_some_and(|trailer| first.starts_with(&trailer.text))
        {
            return Self::Trailer;
        }
        // One byte tells nearly every record from these.
        let may_be_blank = |byte: &u8| *byte == shape.delimiter || matches!(byte, b'"' | b' ' | b'\t');
        if text.first().is_some_and(may_be_blank) && record.iter().all(is_blank) {
            return Self::Separators;
        }
        if header.first().is_some_and(|name| first == name.as_bytes()) && repeats(record, header) {
            return Self::Header;
        }
        Self::Record
    }
}

/// Whether what stands in the text like this is a record for certain, its fields unseen: most are. It must be written as
/// [`super::plain`] has it.
pub(super) fn is_surely_record(text: &[u8], header: &[String], shape: &Shape) -> bool {
    let first = text.strip_prefix(b"\"").unwrap_or(text);
    let begins = |with: &[u8]| with.contains(&b'"') || first.starts_with(with);
    let is_first = |name: &[u8]| {
        let ends = |byte: &u8| *byte == shape.delimiter || matches!(byte, b'"' | b'\r' | b'\n');
        begins(name) && first.get(name.len()).is_none_or(ends)
    };
    // A separator is never part of a word, so that such a byte stands in a field.
    let fills = |byte: &u8| *byte != shape.delimiter && byte.is_ascii_alphanumeric();
    let may_be_trailer = shape.trailer.as_ref().is_some_and(|trailer| begins(&trailer.text));
    let may_be_header = header.first().is_some_and(|name| is_first(name.as_bytes()));
    !may_be_trailer && !may_be_header && text.iter().any(fills)
}

fn is_blank(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|field| field.trim().is_empty())
}

/// Whether all fields are those of the header.
fn repeats(record: &ByteRecord, header: &[String]) -> bool {
    let same = |(field, name): (&[u8], &String)| field == name.as_bytes();
    record.len() == header.len() && record.iter().zip(header).all(same)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::alone::TrailerShape;
    use super::super::plain::{self, Plain};
    use super::super::texts;
    use super::*;

    #[test]
    fn what_is_no_record_is_told_by_whole_fields() {
        let check = |text: &str, expected| {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(std::io::Cursor::new(text).chain("\n".as_bytes()));
            let mut record = ByteRecord::new();
            reader.read_byte_record(&mut record).unwrap();
            let shape = Shape {
                delimiter: b',',
                columns: 2,
                trailer: Some(TrailerShape {
                    text: b"TRL".to_vec(),
                    count_field: 2,
                }),
            };
            let header = ["id", "n"].map(str::to_owned);
            assert_eq!(
                Kind::of(&record, text.as_bytes(), &header, &shape),
                expected,
                "{text:?}"
            );
        };
        for text in [",", ",,,,", "\"\",\"\"", "  ,\t", " \t", "\" \",", "\u{20},\u{a0}"] {
            check(text, Kind::Separators);
        }
        for text in ["id,n", "\"id\",\"n\""] {
            check(text, Kind::Header);
        }
        for text in ["TRL,2", "TRL2,x,y,z", "\"TRL\"", "TRL"] {
            check(text, Kind::Trailer);
        }
        for text in [
            "1,a", ",a", "\"\",a", " ,0", "id,n,", "id", "id,m", "ID,n", " TRL,2", "trl,2", "x,TRL",
        ] {
            check(text, Kind::Record);
        }
    }

    #[test]
    fn what_is_surely_a_record_is_one_by_its_fields_and_most_are() {
        let header = ["a", "b"].map(str::to_owned);
        let (mut record, mut sure, mut records) = (ByteRecord::new(), 0, 0);
        for (name, trailer) in [("a", None), ("", Some("b")), ("a", Some("a b"))] {
            let header = [name.to_owned(), header[1].clone()];
            let shape = Shape {
                delimiter: b',',
                columns: 2,
                trailer: trailer.map(|text| TrailerShape {
                    text: text.as_bytes().to_vec(),
                    count_field: 2,
                }),
            };
            for text in texts::of(b"ab,\" \n", 6) {
                let Plain::Ends { length, .. } = plain::end(&text, b',') else {
                    continue;
                };
                let text = &text[..length];
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
                if !reader.read_byte_record(&mut record).unwrap() {
                    continue;
                }
                let kind = Kind::of(&record, text, &header, &shape);
                let is_sure = is_surely_record(text, &header, &shape);
                assert!(!is_sure || kind == Kind::Record, "{text:?}: {kind:?}");
                sure += usize::from(is_sure);
                records += usize::from(kind == Kind::Record);
            }
        }
        assert!(sure > records / 2, "{sure} of {records}");
    }
}
