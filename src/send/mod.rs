//! The only asynchronous stage: rows to the API, each to a clear outcome or an honest "unknown".
//!
//! [`Sender::send`] reads as the plan: the gate of the run, a permit, an access token, a turn at the rate limit, the
//! attempt, its classification, the outcome. Every attempt for a row carries the same idempotency id and the same
//! bytes, so an attempt with no clear answer is repeated and never guessed about.
//!
//! The stage deliberately does not know the ledger, the order of rows or how many are sent at once: whoever calls it
//! has claimed the row before and records the outcome after. It marks no row for what is not the row's fault.

mod answer;
mod budget;
mod classify;
mod compare;
mod concurrency;
mod counters;
mod course;
mod error;
mod gate;
mod http;
mod page;
mod patience;
mod quota;
mod rate_limit;
mod rebuild;
mod redact;
mod retry;
mod sender;
mod stop;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_outages;
#[cfg(test)]
mod tests_of_runs;
#[cfg(test)]
mod tests_of_spoiled_ids;
#[cfg(test)]
mod tests_of_spoiled_rows;
mod tls;
mod token;
mod transport;
mod unescape;
mod wire;

pub use counters::Counters;
pub use course::Sent;
pub use error::SendError;
pub use page::{Listed, PageAt};
pub use rebuild::Observed;
pub use sender::{ANSWERS, LATENCY_BOUNDS, Latencies, Live, Looked, Probed, Said, Sender};
pub use stop::{RunStop, Stop, StopReason};
pub use wire::{Exchange, Failure, Payload, Reply, Wire};
