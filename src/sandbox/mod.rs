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
//! [`FaultRates`] gives each request a chance of an error before or after its effect, of a connection dropped before or
//! after it, of a 503, of a gateway's HTML page, of a token that ends early. Which request breaks depends on the seed,
//! on the request and on how often it was asked, never on the order of arrival, so a concurrent run breaks the same way
//! twice.
//!
//! # What it deliberately does not do
//! It shares no type, table or constant with the rest of the crate: a double that shares the client's types shares its
//! bugs. Its rules were written from the contract a second time. It knows no applications and no owners or officers, it
//! speaks no TLS, and it listens on loopback addresses only.

mod answers;
mod customers;
mod desk;
mod faults;
mod front;
mod options;
mod payload;
mod rules;
mod server;
mod state_file;
mod store;
mod tally;
mod token;
mod window;

pub use faults::FaultRates;
pub use options::{Options, Saved};
pub use server::{Sandbox, SandboxError};
pub use state_file::StateFileError;
pub use store::CustomerRecord;
pub use tally::{RequestCounts, Tally, Violations};
