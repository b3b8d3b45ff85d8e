//! Reconciling, by the whole binary: whatever is wrong on one of the sides is named, exactly, and nothing else.
//!
//! Every case has a folder, a ledger and a sandbox of its own. The ledger is changed behind the program's back where a
//! case is about a ledger that lacks something.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

#[allow(dead_code, reason = "the bench serves other tests too")]
#[path = "../run/bench.rs"]
mod bench;
mod books;
mod cases;
mod changed;
mod compared;
mod corrected;
mod disposed;
#[allow(dead_code, reason = "the generator serves other tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;
