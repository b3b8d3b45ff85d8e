//! The ledger as the pipeline speaks to it: what each call writes, what it refuses, and what a reader sees.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod book;
mod damage;
mod opening;
mod rows;
mod runs;
