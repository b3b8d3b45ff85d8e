//! Security from outside: the real binary, hostile services on loopback, folders and values that mean no good.
//!
//! Every case has a folder and an environment of its own, and every service ends with its test's process.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod bench;
mod canaries;
mod caps;
mod looking;
mod outputs;
mod planted;
mod secrets;
mod server;
mod sources;
mod tables;
mod terminal;
mod tls;
