//! A local HTTP API that keeps the customer API's contract and breaks on demand.
//!
//! `rollcall sandbox` serves it, `rollcall run --sandbox` starts one of its own, and the end-to-end tests take what it
//! recorded for the truth: not what the client believes it created, but what took effect here.
//!
//! # What it keeps
//! A token endpoint (client credentials), `POST /v1/customers`, `GET /v1/customers/{id}` and `GET /v1/customers`, strict
//! about headers, scopes and payloads. A valid create is saved for ever under its idempotency id, and customer ids are
//! unique. With a state file, effects outlive the process.
//!
//! # How it breaks
//! [`FaultPlan`] says what goes wrong, with which requests, when and how often; [`FaultRates`] is its simplest form. Who is
//! struck depends on the seed, on the request and on how often it was asked, never on the order of arrival, so a
//! concurrent run breaks the same way twice. [`ServerKind`] says what becomes of the idempotency id of a try that failed.
//!
//! # Where it runs
//! [`Sandbox`] serves on a loopback address. [`InProcess`] answers in the process, on paused time as well. Both decide and
//! answer by the same code; only what happens to a connection is the former's alone.
//!
//! # What it deliberately does not do
//! It shares no type, table or constant with the rest of the crate: a double that shares the client's types shares its
//! bugs. Its rules were written from the contract a second time. It knows no applications and no owners or officers, it
//! speaks no TLS, and it listens on loopback addresses only.

mod answers;
mod arrivals;
mod capacity;
mod customers;
mod desk;
mod faults;
mod in_process;
mod options;
mod payload;
mod plan;
mod quota;
mod rates;
mod rules;
mod script;
mod server;
mod service;
mod state_file;
mod store;
mod tally;
mod token;
mod window;
mod wrong;

pub use arrivals::{Arrival, highest_in_window};
pub use in_process::{InProcess, NoAnswer};
pub use options::{Options, ServerKind};
pub use plan::{
    AnswerBody, CapacityStep, DuplicateStyle, Fault, FaultAnswer, FaultEntry, FaultPlan, HeaderStyle, Over, PlanError,
    RateLimitHeaders,
};
pub use rates::FaultRates;
pub use server::{Sandbox, SandboxError};
pub use state_file::{KeptEffect, StateFileError, effects};
pub use store::CustomerRecord;
pub use tally::{RequestCounts, RequestKind, Tally, Violations};
