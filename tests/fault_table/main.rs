//! The fault table: one test a row, each named as what holds, each judged by what the sandbox recorded.
//!
//! Rows that other programs hold: kill -9 while planning and while sending (`tests/run/kills.rs`), two processes on one
//! ledger and a lost ledger (`tests/run/interrupts.rs`, `tests/run/again.rs`), a disk that fails at any write
//! (`tests/disk/`).

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod backup;
#[allow(dead_code, reason = "the bench serves other tests too")]
#[path = "../run/bench.rs"]
mod bench;
mod clock;
#[allow(dead_code, reason = "the generator serves other tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;
mod judge;
mod ledger;
mod processes;
#[allow(dead_code, reason = "the shim serves other tests too")]
#[path = "../disk/shim.rs"]
mod shim;
mod source;
#[path = "../run/verdict.rs"]
mod verdict;
