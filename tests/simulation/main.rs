//! Thousands of small worlds on paused time: random faults, kills and lost ledgers against a model of what is true.
//!
//! Each seed stands for one history: settings, a kind of server, a network, a plan of faults, deaths of the process. The
//! real sender runs over a simulated wire to the real sandbox; `judge` says what must hold. `scripts/simulate` is the long
//! form. It deliberately knows neither files nor SQLite: other tests have these.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests print their figures and fail as tests do, by a panic"
)]

mod bounds;
mod bugs;
mod case;
mod client;
mod judge;
mod ledger;
mod limits;
mod scenarios;
mod seeds;
mod storm;
mod wire;
mod world;
