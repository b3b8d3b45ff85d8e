//! From bytes to records: opens a source, decodes it, and parses it into chunks of records with their positions.
//!
//! The layers lie under each other, each a `Read` for the next:
//!
//! ```text
//! source     file or spooled stdin, read twice
//! packing    gzip, zstd, xz and bzip2, by content
//! encoding   byte order mark away, UTF-16 and declared encodings to UTF-8
//! dialect    separator and line end, from the head of the text
//! guard      keeps the bytes since the last record's end, to deliver them again; stops a record without end
//! plain      where a record ends that is as it should be, without the parser
//! alone      what a line is by itself
//! quotes     whether a record ends where it should
//! resume     the next line on which a record begins that fits the header
//! records    csv → recycled chunks, each record with number, line and byte
//! kinds      records, and what stands between them: separators, repeated headers, trailers
//! repair     the cells of a repair file as its source had them
//! trailer    whether a declared count is that of the records
//! header     names of columns → fields of the API
//! ```
//!
//! One thread reads one source. Cutting a file into parts at line ends would be faster and wrong: a quoted field may
//! hold line ends, and one stray quote turns the inside of every field after it into the outside.
//!
//! What it deliberately does not do: it repairs nothing and judges no value. A record with too few or too many fields
//! and a field that is too long come out as they are, since they are findings of that record and not errors of the
//! file. So is a record with a quote that is missing or too much: it ends before the next line that fits the header, and
//! is marked. Whatever does stop the reading is a [`ReadError`] that names the place. No value of a record is ever part of an error; where the encoding is in question,
//! a few characters outside ASCII are, with the shape of what is around them.

mod alone;
mod dialect;
mod encoding;
mod error;
mod guard;
mod guess;
mod header;
mod headless;
mod kinds;
mod likely;
mod lines;
mod names;
mod packing;
mod patterns;
mod plain;
mod problem;
mod quotes;
mod records;
mod repair;
mod required;
mod resume;
mod source;
mod tally;
#[cfg(test)]
mod texts;
mod trailer;

pub use dialect::{Dialect, LineEnd};
pub use error::ReadError;
pub use guess::{Guess, guess};
pub use header::{map, map_what_fits};
pub use headless::looks_like_data;
pub use likely::Reading;
pub use patterns::expand;
pub use problem::HeaderProblem;
pub use records::Records;
pub use source::{Change, Digest, Fingerprint, STANDARD_INPUT, Source};
pub use tally::{Oddities, Tally};
pub use trailer::TrailerProblem;
