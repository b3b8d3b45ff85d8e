//! rollcall answers for every row: it takes CSV exports of customers, checks and normalizes each row, creates each
//! customer at a REST API exactly once, and can prove afterwards what became of every row.
//!
//! The library is the program; the binary only calls [`cli::main`]. ARCHITECTURE.md is the map. Stages (`read`,
//! `normalize`, `profile`, `ledger`, `send`, `report`) import `model` and `config` and never each other; `pipeline` knows them all.

pub mod account;
pub mod cli;
pub mod clock;
pub mod config;
pub mod ledger;
pub mod metrics;
pub mod model;
pub mod normalize;
pub mod pipeline;
pub mod private;
pub mod profile;
pub mod propose;
pub mod read;
pub mod reconcile;
pub mod report;
pub mod sandbox;
pub mod send;
