//! Why reading stopped, and what to do about it.
//!
//! Findings about single records are not here: they are values of `normalize`. Messages name the file, the record, the
//! line and the byte, and column names, which are data of the file and so are escaped and cut; never a value. Where bytes are not
//! UTF-8, [`likely`] shows a few characters outside ASCII and the shape of what is around them.

use std::io;

use super::likely::{self, Reading};
use super::problem::{self, HeaderProblem};
use super::source::Change;
use super::trailer::TrailerProblem;

#[cfg(test)]
mod tests;

/// Why a source cannot be read, or cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No such file.
    #[error("{name} does not exist")]
    NotFound {
        /// The source.
        name: String,
    },
    /// The file's permissions forbid it.
    #[error("{name} may not be read by this user")]
    NotPermitted {
        /// The source.
        name: String,
    },
    /// A directory in place of a file.
    #[error("{name} is a directory")]
    Directory {
        /// The source.
        name: String,
    },
    /// Not one byte.
    #[error("{name} is empty")]
    Empty {
        /// The source.
        name: String,
    },
    /// Nothing but blank lines, or an archive of nothing.
    #[error("{name} has no header: it holds no record at all")]
    NoHeader {
        /// The source.
        name: String,
    },
    /// Another file format, known by its first bytes.
    #[error("{name} is {format}, not CSV")]
    Foreign {
        /// The source.
        name: String,
        /// What it is, with its article.
        format: &'static str,
        /// What to do about it.
        advice: &'static str,
    },
    /// The operating system could not read it.
    #[error("{name} cannot be read")]
    Io {
        /// The source.
        name: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// An archive that is cut off.
    #[error("{name} ends before its {packing} archive does")]
    ArchiveTruncated {
        /// The source.
        name: String,
        /// The archive's format.
        packing: &'static str,
    },
    /// An archive with wrong bytes in it.
    #[error("{name} is not a sound {packing} archive")]
    ArchiveDamaged {
        /// The source.
        name: String,
        /// The archive's format.
        packing: &'static str,
        /// What the unpacking library says.
        #[source]
        source: io::Error,
    },
    /// An archive that unpacks to more than an export would.
    #[error("{name} is a {packing} archive that unpacks to more than {limit} {exceeded}: byte {byte} of the text")]
    ArchiveTooLarge {
        /// The source.
        name: String,
        /// The archive's format.
        packing: &'static str,
        /// What there is too much of.
        exceeded: &'static str,
        /// The limit.
        limit: u64,
        /// Unpacked bytes read by then.
        byte: u64,
        /// The setting that limits it.
        key: &'static str,
    },
    /// The file is not the one that was looked at before.
    #[error("{name} {change} while it was being read")]
    Changed {
        /// The source.
        name: String,
        /// What happened to it.
        change: Change,
    },
    /// A source that can be read only once could not be kept.
    #[error("{name} cannot be kept in a temporary file in {directory}")]
    Spool {
        /// The source.
        name: String,
        /// The directory for private temporary files.
        directory: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A label that names no encoding.
    #[error("{label} is no encoding")]
    EncodingUnknown {
        /// The label in the configuration, ready to be shown.
        label: String,
    },
    /// A byte order mark of an encoding that is not read.
    #[error("{name} is {encoding} by its byte order mark, which is not read")]
    Utf32 {
        /// The source.
        name: String,
        /// The encoding's name.
        encoding: &'static str,
    },
    /// UTF-16 that neither a byte order mark nor the configuration declares.
    #[error("{name} seems to be UTF-16 without a byte order mark ({encoding})")]
    Utf16 {
        /// The source.
        name: String,
        /// The label of the encoding.
        encoding: &'static str,
    },
    /// Bytes that the declared encoding, or that of the byte order mark, does not know.
    #[error("{name} is not {encoding}{}: line {line}, byte {byte} of the decoded text", mark_text(*.by_mark))]
    NotInEncoding {
        /// The source.
        name: String,
        /// The encoding's name.
        encoding: &'static str,
        /// Whether a byte order mark says the encoding, and not the configuration.
        by_mark: bool,
        /// Line of the offending bytes.
        line: u64,
        /// Bytes of decoded text before the offending ones.
        byte: u64,
    },
    /// A byte that cannot stand where it stands in UTF-8.
    #[error(
        "{} of {name} is not UTF-8: line {line}, byte {byte}{}{}",
        which(*.record), column_text(.column.as_ref()), likely::list(.likely)
    )]
    NotUtf8 {
        /// The source.
        name: String,
        /// Number of the record; 0 is the header.
        record: u64,
        /// Line of the offending byte.
        line: u64,
        /// Offset of the offending byte in the text.
        byte: u64,
        /// The column, from 1, and its escaped name.
        column: Option<(usize, String)>,
        /// What likely encodings would read there, the likeliest first; masked.
        likely: Vec<Reading>,
    },
    /// A separator that cannot be one.
    #[error("{shown} cannot separate fields", shown = char::from(*.delimiter).escape_debug())]
    Delimiter {
        /// The byte in the configuration.
        delimiter: u8,
    },
    /// A record past the limit; nearly always a quote that is not closed.
    #[error("{} of {name}, which starts at line {line}, byte {byte}, is longer than {limit} bytes", which(*.record))]
    RecordTooLong {
        /// The source.
        name: String,
        /// Number of the record; 0 is the header.
        record: u64,
        /// Line on which the record starts.
        line: u64,
        /// Offset of the record's first byte in the text.
        byte: u64,
        /// The limit.
        limit: usize,
    },
    /// A quote in the header that is not closed.
    #[error("a quote in the header of {name} is never closed: line {line}, byte {byte}")]
    QuoteOpen {
        /// The source.
        name: String,
        /// Line of the quote.
        line: u64,
        /// Offset of the quote in the text.
        byte: u64,
    },
    /// Text behind a closing quote in the header.
    #[error("the header of {name} has text behind a closing quote: line {line}, byte {byte}")]
    QuoteStray {
        /// The source.
        name: String,
        /// Line of the text behind the quote.
        line: u64,
        /// Offset of that text.
        byte: u64,
    },
    /// So many bad quotes that reading on would go over the text again and again.
    #[error("so many quotes of {name} are missing or too much that it is not read on: line {line}")]
    TooManyQuotes {
        /// The source.
        name: String,
        /// Line on which the last record with a bad quote starts.
        line: u64,
    },
    /// A trailer that does not fit what was read.
    #[error("{name} {problem}")]
    Trailer {
        /// The source.
        name: String,
        /// What is wrong.
        problem: TrailerProblem,
    },
    /// A pattern that no file fits.
    #[error("no file fits {pattern}")]
    NoMatch {
        /// The pattern, ready to be shown.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("{pattern} is neither a file nor a pattern: {problem}")]
    Pattern {
        /// The pattern, ready to be shown.
        pattern: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A header wider than the limit.
    #[error("the header of {name} has {columns} columns, more than {limit}")]
    TooManyColumns {
        /// The source.
        name: String,
        /// How many it has.
        columns: usize,
        /// The limit.
        limit: usize,
    },
    /// The header does not fit the fields of the API; every problem at once.
    #[error("the header of {name} does not fit:{}", problem::list(.problems))]
    Header {
        /// The source.
        name: String,
        /// Every problem, in the order of the columns.
        problems: Vec<HeaderProblem>,
    },
    /// The parser gave up for a reason of its own; not known to happen.
    #[error("{name} cannot be parsed")]
    Csv {
        /// The source.
        name: String,
        /// What the parser says.
        #[source]
        source: csv::Error,
    },
}

impl ReadError {
    /// Whether the configuration is to blame rather than the source.
    pub fn is_configuration(&self) -> bool {
        if let Self::Header { problems, .. } = self {
            return problems.iter().any(HeaderProblem::is_configuration);
        }
        matches!(self, Self::EncodingUnknown { .. } | Self::Delimiter { .. })
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let fixed = |text: &str| Some(text.to_owned());
        match self {
            Self::NotFound { .. } => fixed("check the path; `-` reads standard input"),
            Self::NotPermitted { .. } => fixed("give this user permission to read it"),
            Self::Directory { .. } => fixed("name the files in it"),
            Self::Empty { .. } => fixed("check the export: not even a header arrived"),
            Self::NoHeader { .. } => fixed("the first record must name the columns; `rollcall fields` lists the names"),
            Self::Foreign { advice, .. } => fixed(advice),
            Self::ArchiveTruncated { .. } | Self::ArchiveDamaged { .. } => {
                fixed("copy or make the archive again; nothing after this point can be trusted")
            }
            Self::ArchiveTooLarge { key, .. } => Some(format!(
                "an archive like this may be made to do harm; if it is a true export, raise {key}"
            )),
            Self::Changed { change, .. } => fixed(change.hint()),
            Self::Spool { .. } => fixed("make room there, or set data.dir to a directory that this user may write"),
            Self::EncodingUnknown { .. } => {
                fixed("input.encoding takes a label of the WHATWG Encoding Standard, such as utf-8 or windows-1252")
            }
            Self::Utf32 { .. } => fixed("save the file as UTF-8"),
            Self::Utf16 { encoding, .. } => Some(format!("set input.encoding = \"{encoding}\"")),
            Self::NotInEncoding { by_mark: true, .. } => {
                fixed("the file was cut or damaged there; make the export again, or save it as UTF-8")
            }
            Self::NotInEncoding { .. } => {
                fixed("input.encoding names another encoding than the file has, or the file was damaged there")
            }
            Self::NotUtf8 { likely, .. } => Some(likely::hint(likely)),
            Self::Delimiter { .. } => {
                fixed("input.delimiter takes one ASCII character that is no quote and no line end")
            }
            Self::RecordTooLong { line, .. } => Some(format!(
                "look for a quote that is not closed at line {line}; if records are really this long, raise \
                 input.max-record-bytes"
            )),
            Self::QuoteOpen { .. } => fixed(
                "everything behind this quote would be one name: close it, or write it twice if it belongs to the name",
            ),
            Self::QuoteStray { .. } => fixed(
                "a quote of the header is missing or too much; a quote that belongs to a quoted name is written twice",
            ),
            Self::TooManyQuotes { .. } => {
                fixed("ask for the export as RFC 4180 has it: a quote that belongs to a quoted value is written twice")
            }
            Self::Trailer { problem, .. } => fixed(problem.hint()),
            Self::NoMatch { .. } => {
                fixed("check the folder and the pattern; * stands for any part of a name, ? for one character")
            }
            Self::Pattern { .. } => fixed("check the path; in a pattern, [ opens a set of characters that ] closes"),
            Self::TooManyColumns { .. } => fixed("check the separator; if it is right, raise input.max-columns"),
            Self::Header { problems, .. } => problem::hint(problems),
            Self::Io { .. } | Self::Csv { .. } => None,
        }
    }

    /// The error behind an `io::Error`: our own where a layer below wrapped one, else the operating system's.
    pub(super) fn from_io(name: &str, error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(source) => Self::Io {
                name: name.to_owned(),
                source,
            },
        }
    }

    /// The error behind a `csv::Error`.
    pub(super) fn from_csv(name: &str, error: csv::Error) -> Self {
        let name = name.to_owned();
        if !error.is_io_error() {
            return Self::Csv { name, source: error };
        }
        // The crate's own conversion would wrap the error instead of giving it back.
        let csv::ErrorKind::Io(source) = error.into_kind() else {
            let source = io::ErrorKind::Other.into();
            return Self::Io { name, source };
        };
        Self::from_io(&name, source)
    }
}

fn which(record: u64) -> String {
    match record {
        0 => String::from("the header"),
        record => format!("record {record}"),
    }
}

fn mark_text(by_mark: bool) -> &'static str {
    if by_mark { ", as its byte order mark says" } else { "" }
}

fn column_text(column: Option<&(usize, String)>) -> String {
    column.map_or_else(String::new, |(number, name)| format!(", column {number} ({name})"))
}
