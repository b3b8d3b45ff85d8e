//! A disk that fails: at every write of the ledger in turn the process is killed, the write torn or refused, the disk
//! full, or the power cut; and the same command goes on until every accepted customer exists exactly once.
//!
//! The faults come from `shim.c`, a library that is loaded into the real program before the system's own. What each
//! fault may leave behind is judged in `case`, which moments are tried in `sweep`, and that the judge sees what it is
//! there for in `controls`. `scripts/disk` is the long form. It does not test SQLite, only what rollcall makes of it.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

#[allow(dead_code, reason = "the bench serves other tests too")]
#[path = "../run/bench.rs"]
mod bench;
mod case;
mod controls;
#[allow(dead_code, reason = "the generator serves other tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;
#[allow(dead_code, reason = "the shim serves other tests too")]
mod shim;
mod sweep;
#[path = "../run/verdict.rs"]
mod verdict;
mod view;
