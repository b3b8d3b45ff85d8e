//! Trailers: records that say how many records are before them, held against what was read.
//!
//! An export may be joined from several, each with a trailer of its own, which counts from the one before it. What is
//! wrong is said at the end of the reading, so that every record is checked by then; and since nothing is sent before a
//! first reading has come to its end without an error, nothing is sent. A text so short that records begin with it, too,
//! would make trailers of customers: a line that begins with it and is filled as a record is an error. It does not find trailers: `kinds` does.

use std::fmt;

use csv::ByteRecord;

use crate::config::settings::TrailerSettings;

/// What is wrong with the trailers of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailerProblem {
    /// There is none.
    Missing {
        /// Records that were read.
        records: u64,
        /// The last line.
        line: u64,
    },
    /// Records stand behind the last one.
    Behind {
        /// How many.
        records: u64,
        /// Line of the first of them.
        line: u64,
        /// Line of the last trailer.
        trailer_line: u64,
    },
    /// It counts otherwise.
    Count {
        /// What it says.
        declared: u64,
        /// Records that were read since the trailer before it.
        records: u64,
        /// Its line.
        line: u64,
    },
    /// Its field is no number, or it has no such field.
    NoNumber {
        /// The field, from 1.
        field: usize,
        /// Records that were read since the trailer before it.
        records: u64,
        /// Its line.
        line: u64,
    },
    /// It is filled as a record is, so that it may be a customer.
    FilledAsRecord {
        /// How many of its fields are filled.
        filled: usize,
        /// Columns of the header.
        columns: usize,
        /// Its line.
        line: u64,
    },
}

/// The end of a sentence that begins with the source's name.
impl fmt::Display for TrailerProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { records, line } => write!(
                f,
                "ends on line {line} without a trailer, and {} read",
                records_were(*records)
            ),
            Self::Behind {
                records,
                line,
                trailer_line,
            } => write!(
                f,
                "counts nothing behind its last trailer on line {trailer_line}, and {} read from line {line} on",
                records_were(*records)
            ),
            Self::Count {
                declared,
                records,
                line,
            } => write!(
                f,
                "has a trailer on line {line} that counts {declared}, and {} read",
                records_were(*records)
            ),
            Self::NoNumber { field, records, line } => write!(
                f,
                "has a trailer on line {line} without a number of records in field {field}, and {} read",
                records_were(*records)
            ),
            Self::FilledAsRecord { filled, columns, line } => write!(
                f,
                "begins line {line} as a trailer and fills {filled} of {columns} fields as a record does, so the text that \
                 begins trailers also begins records"
            ),
        }
    }
}

fn records_were(count: u64) -> String {
    if count == 1 {
        "1 record was".to_owned()
    } else {
        format!("{count} records were")
    }
}

impl TrailerProblem {
    /// What to do next.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "the file was cut off, or is written without a trailer: ask for the export again, or take input.trailer away"
            }
            Self::Behind { .. } => {
                "the file was cut off, or was joined to one without a trailer: ask for the export again"
            }
            Self::Count { .. } => {
                "records are missing or too many: ask for the export again; header, blank lines and the trailer itself \
                 count as no records"
            }
            Self::NoNumber { .. } => {
                "count-field of input.trailer is the field that holds the count, from 1; if the line is a record, its \
                 starts-with also begins records: make it longer, up to the trailer's whole first field"
            }
            Self::FilledAsRecord { .. } => {
                "make starts-with of input.trailer longer, up to the trailer's whole first field: a line whose first \
                 field is that text and nothing else is always a trailer"
            }
        }
    }
}

/// Fields that a trailer as wide as the header fills: its name and its count. No record has so few: a customer has an
/// identifier, a name and, unless the configuration says it for all, a type.
const FILLED_OF_TRAILER: usize = 2;

/// The trailers of a source as they are read.
#[derive(Debug)]
pub(super) struct Trailers {
    /// How the first field of a trailer begins.
    text: Vec<u8>,
    /// Columns of the header.
    columns: usize,
    /// The field with the count, from 1.
    count_field: usize,
    /// Records since the beginning or the last trailer.
    records: u64,
    /// Line of the first of them.
    first_line: u64,
    /// Line of the last trailer.
    last: Option<u64>,
    /// The first that is wrong.
    problem: Option<TrailerProblem>,
}

impl Trailers {
    pub(super) fn new(settings: &TrailerSettings, columns: usize) -> Self {
        Self {
            text: settings.starts_with.clone().into_bytes(),
            columns,
            count_field: settings.count_field,
            records: 0,
            first_line: 0,
            last: None,
            problem: None,
        }
    }

    /// Counts a record.
    pub(super) fn record(&mut self, line: u64) {
        if self.records == 0 {
            self.first_line = line;
        }
        self.records += 1;
    }

    /// Holds a trailer against the records before it.
    pub(super) fn trailer(&mut self, trailer: &ByteRecord, line: u64) {
        let field = self.count_field;
        let records = std::mem::take(&mut self.records);
        self.last = Some(line);
        if let Some(filled) = self.filled_as_record(trailer) {
            let columns = self.columns;
            self.problem
                .get_or_insert(TrailerProblem::FilledAsRecord { filled, columns, line });
            return;
        }
        let wrong = match number(field.checked_sub(1).and_then(|index| trailer.get(index))) {
            None => TrailerProblem::NoNumber { field, records, line },
            Some(declared) if declared != records => TrailerProblem::Count {
                declared,
                records,
                line,
            },
            Some(_) => return,
        };
        self.problem.get_or_insert(wrong);
    }

    /// How many fields of a trailer are filled, if that makes a record of it: its first field only begins with the text,
    /// and a program wrote it as wide as the header and filled more of it than a trailer of a name and a count.
    fn filled_as_record(&self, trailer: &ByteRecord) -> Option<usize> {
        let is_whole_text = trailer.get(0).is_some_and(|first| first.trim_ascii() == self.text);
        let filled = trailer.iter().filter(|field| !field.trim_ascii().is_empty()).count();
        (!is_whole_text && trailer.len() == self.columns && filled > FILLED_OF_TRAILER).then_some(filled)
    }

    /// What is wrong, now that the source has ended on this line.
    pub(super) fn end(&self, line: u64) -> Option<TrailerProblem> {
        let records = self.records;
        self.problem.clone().or(match self.last {
            None => Some(TrailerProblem::Missing { records, line }),
            Some(trailer_line) if records > 0 => Some(TrailerProblem::Behind {
                records,
                line: self.first_line,
                trailer_line,
            }),
            Some(_) => None,
        })
    }
}

/// A count: figures, with spaces around them and zeros before them as fixed columns have them.
pub(super) fn number(field: Option<&[u8]>) -> Option<u64> {
    let text = std::str::from_utf8(field?).ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_figures_and_nothing_else() {
        for (text, expected) in [
            ("12", Some(12)),
            (" 12\t", Some(12)),
            ("0000012", Some(12)),
            ("0", Some(0)),
            ("", None),
            (" ", None),
            ("+12", None),
            ("-1", None),
            ("12.0", None),
            ("1,200", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(number(Some(text.as_bytes())), expected, "{text:?}");
        }
        assert_eq!(number(None), None);
    }
}
