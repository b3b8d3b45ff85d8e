//! The sandbox over HTTP, as a client meets it: its contract, its faults, its start and end.

mod contract;
mod faults;
mod lifetime;
mod setup;
