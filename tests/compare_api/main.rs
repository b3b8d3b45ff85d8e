//! Comparisons with the API: what is seen is what the API has, nobody is created, and nothing is asked twice.
//!
//! Each case has a folder, a ledger that a run filled, and a service: the sandbox, whose record is believed, or a list
//! that no sandbox would give.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod bench;
mod lists;
mod resumed;
mod seen;
mod troubled;
