//! What became of a run, from the ledger alone: the same report can be made again at any time.
//!
//! `summary` computes the figures, the other files only show them. Nothing here knows a pipeline or asks for the time.

mod csv;
mod json;
mod summary;
mod text;

pub use self::csv::write_csv;
pub use json::{run_json, runs_json};
pub use summary::Summary;
pub use text::{counted, grouped, read_text, run_text, runs_text};
