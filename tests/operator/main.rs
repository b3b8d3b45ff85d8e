//! What the operator of a nightly run has: `rollcall doctor`, the events of a run, its metrics. The real binary against a
//! sandbox in this process.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod bench;
mod doctor;
mod events;
mod metrics;
mod open_metrics;
