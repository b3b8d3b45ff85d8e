//! The program from end to end: the real binary against a sandbox in this process, judged by what the sandbox recorded.
//!
//! Every case has a folder and an environment of its own. What a run claims is held against the sandbox, never against
//! the program's own words alone.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod again;
mod bench;
mod brakes;
mod fixtures;
#[allow(dead_code, reason = "the generator serves other tests and the example too")]
#[path = "../../fixtures/generator/mod.rs"]
mod generator;
mod interrupts;
mod kills;
mod memory;
mod rate;
mod troubled;
mod verdict;
#[allow(dead_code, reason = "the view serves other tests too")]
#[path = "../disk/view.rs"]
mod view;
