//! Where a record stands in its source.

/// The place of one record in its source, after decompression and decoding.
///
/// The number of the record is what a person counts: the header is not a record, the first data record is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Number of the record; 1 is the first data record.
    pub record: u64,
    /// Line on which the record starts; 1 is the first line of the file. LF, CRLF and CR each end a line.
    pub line: u64,
    /// Offset of the record's first byte in the decoded text, counted from 0 and past a byte order mark.
    pub byte: u64,
}
