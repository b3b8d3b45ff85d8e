//! The sandbox over HTTP, as a client meets it: its contract, its faults, its start and end.

mod answers;
mod contract;
mod faults;
mod in_process;
mod kinds;
mod lifetime;

mod plan;
mod setup;
