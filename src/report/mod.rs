//! What became of a run, from the ledger alone: the same report can be made again at any time.
//!
//! `summary` and `figures` compute, `tables` is the one list of figures, and the other files only show them. Nothing here knows a pipeline or asks for
//! the time.

mod csv;
mod figures;
mod html;
mod json;
mod summary;
mod tables;
mod terminal;
mod text;
mod words;

pub use self::csv::write_csv;
pub use figures::exceptions::{Cause, ClearedBy, Exception, ExceptionCounts, Place, Standing};
pub use figures::histogram::Latency;
pub use figures::pace::{Pace, Span};
pub use html::{HtmlError, html};
pub use json::{run_json, runs_json, write_json};
pub use summary::{Report, Summary};
pub use terminal::report_text;
pub use text::{counted, grouped, read_text, run_line, run_text, runs_text};
