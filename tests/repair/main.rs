//! The clerk's morning: what a run left behind is written to be repaired, every repair is tied to the record that it
//! corrects, and what needs no correction is sent again.
//!
//! The real binary works against a sandbox, as in `tests/run`, and is judged by the sandbox and by the ledger. Files are
//! compared as the program's own reader gives their cells, since that is what the checks see.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

#[allow(dead_code, reason = "the bench serves other tests too")]
#[path = "../run/bench.rs"]
mod bench;
mod cells;
mod corrects;
mod corrects_again;
mod flags;
#[allow(dead_code, reason = "the generator serves other tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;
mod rejects;
mod retry;
mod sheet;
mod spreadsheet;
mod typed;
