//! The ledger as the pipeline speaks to it: what each call writes, what it refuses, and what a reader sees.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod backup;
mod book;
mod damage;
mod filled;
mod flips;
mod opening;
mod rows;
mod runs;
mod verify;
